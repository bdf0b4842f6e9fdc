"""The emulated Globus Transfer."""
