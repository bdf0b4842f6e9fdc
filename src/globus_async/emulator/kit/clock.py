"""Clocks: the system's, and one that stands still until a test advances it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

__all__ = ("Clock", "ManualClock", "SystemClock")

_ITERATIONS: Final = 12
"""Iterations of the event loop that tasks get, once woken, before time moves on."""


class Clock(Protocol):
    """The source of the time, and the way to wait."""

    def wall(self) -> float:
        """Return POSIX seconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Limit a block: `TimeoutError` after so many seconds; `None` for no limit."""
        ...


class SystemClock:
    """The clock of this machine."""

    def __repr__(self) -> str:
        return "<SystemClock>"

    def wall(self) -> float:
        """Return POSIX seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[asyncio.Timeout]:
        """Limit a block: `TimeoutError` after so many seconds; `None` for no limit."""
        return asyncio.timeout(seconds)


class ManualClock:
    """
    A `Clock` that only `advance` moves: sleeps and timeouts end in the order of their times, without real waiting.

    Example:
        >>> clock = ManualClock(start=1_700_000_000)
        >>> sleeping = asyncio.create_task(clock.sleep(3600))
        >>> await clock.advance(3600)
        >>> await sleeping
        >>> clock.wall()
        1700003600.0
    """

    def __init__(self, *, start: float = 1_800_000_000.0) -> None:
        """
        Create a clock.

        Args:
            start: The first wall time, in POSIX seconds; the default is in January 2027.
        """
        if isinstance(start, bool) or not isinstance(start, int | float) or not math.isfinite(start):
            raise ValueError(f"a clock cannot start at {start!r}: pass POSIX seconds")
        self._start = start
        self._elapsed = 0.0
        self._is_advancing = False
        self._order = itertools.count()
        self._alarms: list[_Alarm] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<ManualClock {self._elapsed:g} s after its start, {self.waiting} waiting>"

    def wall(self) -> float:
        """Return POSIX seconds."""
        return self._start + self._elapsed

    def monotonic(self) -> float:
        """Return seconds since the clock was created."""
        return self._elapsed

    @property
    def waiting(self) -> int:
        """The number of sleeps and timeouts that have not ended."""
        with self._lock:
            return sum(not alarm.is_cancelled for alarm in self._alarms)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been advanced so far; with zero or less, let other tasks run once."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        alarm = self.set_alarm(seconds, lambda: None if over.done() else over.set_result(None))
        try:
            await over
        finally:
            alarm.is_cancelled = True

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[asyncio.Timeout]:
        """Limit a block: `TimeoutError` once the clock has been advanced so far; `None` for no limit."""
        return _Timeout(self, seconds)

    async def advance(self, seconds: float, *, settle: Callable[[], Awaitable[object]] | None = None) -> None:
        """
        Advance the clock, stopping at every moment at which a sleep or timeout ends.

        Calls at the same time are executed one after the other.

        Args:
            seconds: How far; not negative.
            settle: Awaited after every stop, before time moves on; to wait for threads.

        Raises:
            ValueError: A negative or infinite number of seconds.
        """
        if not (seconds >= 0 and math.isfinite(seconds)):
            raise ValueError(f"a clock cannot be advanced by {seconds!r} seconds: pass a finite number of 0 or more")
        while not self._begin():  # noqa: ASYNC110 -- the other call may be of another event loop
            await asyncio.sleep(0)
        try:
            end = self._elapsed + seconds
            await _run_others(settle)
            while (moment := self._next(end)) is not None:
                self._elapsed = max(self._elapsed, moment)
                self._call_due()
                await _run_others(settle)
            self._elapsed = end
            await _run_others(settle)
        finally:
            self._is_advancing = False

    def _begin(self) -> bool:
        """Return whether no other call advances the clock; then none will until this one ends."""
        with self._lock:
            begins, self._is_advancing = not self._is_advancing, True
        return begins

    def set_alarm(self, seconds: float, callback: Callable[[], None]) -> _Alarm:
        """Schedule a call in this event loop for when the clock has been advanced so far."""
        alarm = _Alarm(self._elapsed + seconds, next(self._order), asyncio.get_running_loop(), callback)
        with self._lock:
            heapq.heappush(self._alarms, alarm)
        return alarm

    def _next(self, end: float) -> float | None:
        """Return the time of the next alarm, if it is not after the end."""
        with self._lock:
            while self._alarms and self._alarms[0].is_cancelled:
                heapq.heappop(self._alarms)
            return self._alarms[0].at if self._alarms and self._alarms[0].at <= end else None

    def _call_due(self) -> None:
        """Call the alarms that are due, each in its own event loop, the earliest first."""
        while True:
            with self._lock:
                if not self._alarms or self._alarms[0].at > self._elapsed:
                    return
                alarm = heapq.heappop(self._alarms)
            if not alarm.is_cancelled and not alarm.loop.is_closed():
                alarm.loop.call_soon_threadsafe(alarm.callback)


@dataclass(order=True, slots=True)
class _Alarm:
    at: float
    order: int
    loop: asyncio.AbstractEventLoop = field(compare=False)
    callback: Callable[[], None] = field(compare=False)
    is_cancelled: bool = field(default=False, compare=False)


class _Timeout:
    """`asyncio.timeout` by a `ManualClock`."""

    def __init__(self, clock: ManualClock, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = seconds
        self._timeout = asyncio.timeout(None)
        self._alarm: _Alarm | None = None

    async def __aenter__(self) -> asyncio.Timeout:
        await self._timeout.__aenter__()
        if self._seconds is not None:
            if self._seconds <= 0:
                self._expire()
            else:
                self._alarm = self._clock.set_alarm(self._seconds, self._expire)
        return self._timeout

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._alarm is not None:
            self._alarm.is_cancelled = True
        await self._timeout.__aexit__(kind, error, trace)

    def _expire(self) -> None:
        if (self._alarm is None or not self._alarm.is_cancelled) and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time())


async def _run_others(settle: Callable[[], Awaitable[object]] | None) -> None:
    for _ in range(_ITERATIONS):
        await asyncio.sleep(0)
    if settle is not None:
        await settle()
