"""Locks of the running event loop, for objects that outlive it."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary, WeakValueDictionary

__all__ = ("LoopLocks",)


class LoopLocks:
    """
    Locks by name, of which each event loop has its own.

    An object may be used by one event loop after another, or by several in threads; an ``asyncio.Lock`` may not. Tasks
    of one loop get a lock in the order in which they wait for it.
    """

    __slots__ = ("_locks",)

    def __init__(self) -> None:
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Lock]] = (
            WeakKeyDictionary()
        )

    def of(self, name: str) -> asyncio.Lock:
        """Return the lock of this name of the running event loop."""
        locks = self._locks.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
        return locks.setdefault(name, asyncio.Lock())
