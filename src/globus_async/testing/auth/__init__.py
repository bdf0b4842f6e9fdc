"""The Globus Auth half of the emulator."""
