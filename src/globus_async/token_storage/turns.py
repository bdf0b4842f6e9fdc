"""The order in which the tasks of an event loop come to a lock that processes share."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary, WeakValueDictionary

__all__ = ("Turns",)


class Turns:
    """
    Lets one task at a time ask for a lock of a file, in the order in which they came.

    Such a lock can only be polled. Tasks that do so at the same time take the processor from the one that holds it, and
    wait for each other at random. Each event loop has an order of its own.
    """

    __slots__ = ("_locks",)

    def __init__(self) -> None:
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Lock]] = (
            WeakKeyDictionary()
        )

    def of(self, name: str) -> asyncio.Lock:
        """Return the lock to hold while a lock of this name is asked for."""
        locks = self._locks.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
        return locks.setdefault(name, asyncio.Lock())
