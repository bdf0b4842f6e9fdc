"""A clock that stands still until a test turns it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

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
        self._alarms: list[_Alarm] = []
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
        """How many sleeps and timeouts have not come due."""
        with self._lock:
            return sum(not alarm.is_off for alarm in self._alarms)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been turned so far; zero or less only gives way to others."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        alarm = self.set_alarm(seconds, lambda: None if woken.done() else woken.set_result(None))
        try:
            await woken
        finally:
            alarm.is_off = True

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Bound a block: `TimeoutError` once the clock has been turned so far, ``None`` for no bound."""
        return _Bound(self, seconds)

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
            self._ring()
            await _give_way(settle)
        self._elapsed = end
        await _give_way(settle)

    def set_alarm(self, seconds: float, ring: Callable[[], None]) -> _Alarm:
        """Have something called in this event loop once the clock has been turned so far."""
        alarm = _Alarm(self._elapsed + seconds, next(self._order), asyncio.get_running_loop(), ring)
        with self._lock:
            heapq.heappush(self._alarms, alarm)
        return alarm

    def _next(self, end: float) -> float | None:
        """Tell when somebody comes due, if that is in time."""
        with self._lock:
            while self._alarms and self._alarms[0].is_off:
                heapq.heappop(self._alarms)
            return self._alarms[0].at if self._alarms and self._alarms[0].at <= end else None

    def _ring(self) -> None:
        """Wake all whose time has come, each in its own event loop, those who waited longest first."""
        while True:
            with self._lock:
                if not self._alarms or self._alarms[0].at > self._elapsed:
                    return
                alarm = heapq.heappop(self._alarms)
            if not alarm.is_off and not alarm.loop.is_closed():
                alarm.loop.call_soon_threadsafe(alarm.ring)


@dataclass(order=True, slots=True)
class _Alarm:
    at: float
    order: int
    loop: asyncio.AbstractEventLoop = field(compare=False)
    ring: Callable[[], None] = field(compare=False)
    is_off: bool = field(default=False, compare=False)


class _Bound:
    """`asyncio.timeout`, ended by another clock."""

    def __init__(self, clock: ManualClock, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = seconds
        self._bound = asyncio.timeout(None)
        self._alarm: _Alarm | None = None

    async def __aenter__(self) -> asyncio.Timeout:
        await self._bound.__aenter__()
        if self._seconds is not None:
            if self._seconds <= 0:
                self._expire()
            else:
                self._alarm = self._clock.set_alarm(self._seconds, self._expire)  # one thing in two classes
        return self._bound

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._alarm is not None:
            self._alarm.is_off = True
        await self._bound.__aexit__(kind, error, trace)

    def _expire(self) -> None:
        if (self._alarm is None or not self._alarm.is_off) and not self._bound.expired():
            self._bound.reschedule(asyncio.get_running_loop().time())


async def _give_way(settle: Callable[[], Awaitable[object]] | None) -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    if settle is not None:
        await settle()
