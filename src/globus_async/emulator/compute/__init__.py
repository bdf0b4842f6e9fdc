"""The emulated Globus Compute."""
