"""The routes of the emulated Transfer service, one module per resource."""
