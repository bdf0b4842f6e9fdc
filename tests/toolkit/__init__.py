"""
What the tests are made with: scripted servers, cancellation, time, schedules, leaks and secrets.

Everything is offline and repeats exactly. Import the modules by name::

    from tests.toolkit.raw_server import RawServer
"""
