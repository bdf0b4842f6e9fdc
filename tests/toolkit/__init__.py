"""
Tools for tests: scripted servers, cancellation, clocks, schedules, leaks and secrets.

Everything is offline and deterministic. Import the modules by name::

    from tests.toolkit.raw_server import RawServer
"""
