"""The tests of globus_async; their tools are in `tests.toolkit`."""
