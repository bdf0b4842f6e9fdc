"""The operations of the emulated Managers."""
