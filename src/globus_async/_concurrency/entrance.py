"""A limit on how many calls begin in one pass of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

__all__ = ("Entrance",)

_PER_PASS: Final = 200
"""Calls whose first steps take a few milliseconds together."""


class Entrance:
    """
    Lets a limited number of calls begin in each pass of an event loop, in order.

    Thousands of tasks that are started at once all take their first step in the same pass, which nothing else
    interrupts. Most of them stop here, and the first steps are spread over the next passes.
    """

    __slots__ = ("_free", "_loop", "_waiting")

    def __init__(self) -> None:
        self._free = _PER_PASS
        self._loop: asyncio.AbstractEventLoop | None = None
        """The event loop that is to call `_begin_pass`."""
        self._waiting: deque[asyncio.Future[None]] = deque()

    def enter(self) -> asyncio.Future[None]:
        """Return a future that is done when the call may begin: already, unless many began in this pass."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:  # a former one may have been closed before the pass
            self._loop, self._free = loop, _PER_PASS
            self._waiting.clear()
            loop.call_soon(self._begin_pass, loop)
        begin: asyncio.Future[None] = loop.create_future()
        if self._free:
            self._free -= 1
            begin.set_result(None)
        else:
            self._waiting.append(begin)
        return begin

    def _begin_pass(self, loop: asyncio.AbstractEventLoop) -> None:
        self._free = _PER_PASS
        while self._free and self._waiting:
            begin = self._waiting.popleft()
            if not begin.done():
                begin.set_result(None)
                self._free -= 1
        if self._free:
            self._loop = None
        else:
            loop.call_soon(self._begin_pass, loop)
