"""The order in which the tasks of an event loop come to something that one task uses at a time."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary, WeakValueDictionary

__all__ = ("Turns",)


class Turns:
    """
    Lets one task of an event loop at a time use something, in the order in which they came.

    Each event loop has an order of its own: an object outlives the loops that use it, and an ``asyncio.Lock`` does not.
    """

    __slots__ = ("_locks",)

    def __init__(self) -> None:
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Lock]] = (
            WeakKeyDictionary()
        )

    def of(self, name: str) -> asyncio.Lock:
        """Return the lock of the running event loop to hold while the thing of this name is used."""
        locks = self._locks.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
        return locks.setdefault(name, asyncio.Lock())
