"""Actions: the providers that the emulator hosts, those of tests, and the execution of both."""
