"""The definition language of Globus Flows: validation, and execution of one state at a time, without I/O or clock."""
