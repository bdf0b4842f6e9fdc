"""A clock that stands still until a test turns it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

__all__ = ("ManualClock",)

_TURNS: Final = 12
"""Turns of the event loop that whoever was woken gets before time moves on."""


class ManualClock:
    """
    A `Clock` turned by hand: sleepers and timeouts come due in the order of their times, and nobody really waits.

    Example:
        >>> clock = ManualClock(start=1_700_000_000)
        >>> nap = asyncio.create_task(clock.sleep(3600))
        >>> await clock.advance(3600)
        >>> await nap
        >>> clock.wall()
        1700003600.0
    """

    def __init__(self, *, start: float = 1_800_000_000.0) -> None:
        """
        Stop the time.

        Args:
            start: What the wall clock shows at first, in POSIX seconds; the default lies in January 2027.
        """
        self._start = start
        self._elapsed = 0.0
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<ManualClock {self._elapsed:g} s after its start, {self.waiting} waiting>"

    def wall(self) -> float:
        """Return POSIX seconds."""
        return self._start + self._elapsed

    def monotonic(self) -> float:
        """Return seconds since the clock was made."""
        return self._elapsed

    @property
    def waiting(self) -> int:
        """How many sleeps and timeouts have not come due; those given up meanwhile are still counted."""
        return len(self._due)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been turned so far; zero or less only gives way to others."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        self._at(seconds, lambda: _in_its_loop(loop, lambda: _resolve(woken)))
        await woken

    @asynccontextmanager
    async def timeout(self, seconds: float | None) -> AsyncGenerator[asyncio.Timeout]:
        """Bound a block: `TimeoutError` once the clock has been turned so far, ``None`` for no bound."""
        loop = asyncio.get_running_loop()
        over = False
        async with asyncio.timeout(None) as bound:

            def expire() -> None:
                if not over and not bound.expired():
                    bound.reschedule(loop.time())

            if seconds is not None:
                if seconds <= 0:
                    expire()
                else:
                    self._at(seconds, lambda: _in_its_loop(loop, expire))
            try:
                yield bound
            finally:
                over = True

    async def advance(self, seconds: float, *, settle: Callable[[], Awaitable[object]] | None = None) -> None:
        """
        Turn the clock on, stopping at every moment at which somebody comes due.

        Args:
            seconds: How far; not negative.
            settle: Awaited after every stop, before time moves on; to wait for threads.
        """
        if not (seconds >= 0 and math.isfinite(seconds)):
            raise ValueError(f"time only moves on, got {seconds!r} seconds")
        end = self._elapsed + seconds
        await _give_way(settle)
        while (moment := self._next(end)) is not None:
            self._elapsed = max(self._elapsed, moment)
            self._wake()
            await _give_way(settle)
        self._elapsed = end
        await _give_way(settle)

    def _at(self, seconds: float, call: Callable[[], None]) -> None:
        with self._lock:
            heapq.heappush(self._due, (self._elapsed + seconds, next(self._order), call))

    def _next(self, end: float) -> float | None:
        with self._lock:
            return self._due[0][0] if self._due and self._due[0][0] <= end else None

    def _wake(self) -> None:
        """Wake all whose time is now, those who waited longest first."""
        while True:
            with self._lock:
                if not self._due or self._due[0][0] > self._elapsed:
                    return
                _, _, call = heapq.heappop(self._due)
            call()


def _in_its_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Run a callback in the loop of the one who waits; a loop that is closed waits no more."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _give_way(settle: Callable[[], Awaitable[object]] | None) -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    if settle is not None:
        await settle()
