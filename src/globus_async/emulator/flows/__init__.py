"""The emulated Globus Flows: flows, runs and their execution, web inputs, registered APIs and hosted actions."""
