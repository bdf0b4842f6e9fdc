"""The Globus Transfer half of the emulator."""
