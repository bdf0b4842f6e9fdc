"""The endpoints of the emulated Globus Auth, one module per resource."""
