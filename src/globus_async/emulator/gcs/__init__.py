"""The emulated Managers of Globus Connect Server."""
