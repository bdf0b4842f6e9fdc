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

    __slots__ = ("_free", "_is_scheduled", "_waiting")

    def __init__(self) -> None:
        self._free = _PER_PASS
        self._is_scheduled = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    def enter(self) -> asyncio.Future[None]:
        """Return a future that is done when the call may begin: already, unless many began in this pass."""
        loop = asyncio.get_running_loop()
        begin: asyncio.Future[None] = loop.create_future()
        if not self._is_scheduled:
            self._is_scheduled = True
            loop.call_soon(self._begin_pass)
        if self._free:
            self._free -= 1
            begin.set_result(None)
        else:
            self._waiting.append(begin)
        return begin

    def _begin_pass(self) -> None:
        self._free = _PER_PASS
        while self._free and self._waiting:
            begin = self._waiting.popleft()
            if not begin.done():
                begin.set_result(None)
                self._free -= 1
        self._is_scheduled = not self._free
        if self._is_scheduled:
            asyncio.get_running_loop().call_soon(self._begin_pass)
