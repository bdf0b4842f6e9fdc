"""The operations of Globus Compute."""
