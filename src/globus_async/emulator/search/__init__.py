"""The emulated Globus Search."""
