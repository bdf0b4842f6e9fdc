"""The emulated Globus Timers."""
