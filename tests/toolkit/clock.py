"""A clock that is turned by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from types import TracebackType

import anyio.to_thread

__all__ = ("FakeClock", "threads_at_rest")

_PASSES = 20
"""Passes of the loop that what was woken is given before time goes on."""


async def threads_at_rest() -> None:
    """Wait until no thread of anyio is at work, such as one that signs: its time is not that of a `FakeClock`."""
    threads = anyio.to_thread.current_default_thread_limiter()
    for _ in range(5_000):
        await asyncio.sleep(0)
        if not threads.borrowed_tokens:
            return
        await asyncio.sleep(0.001)


@dataclass(order=True)
class _Alarm:
    at: float
    order: int
    ring: Callable[[], None] = field(compare=False)
    off: bool = field(default=False, compare=False)


class FakeClock:
    """
    A `globus_async._clock.Clock` that stands still until it is turned.

    Args:
        wall: POSIX seconds to begin with.
        skipping: Let each `sleep` turn the clock itself instead of waiting to be woken.
    """

    def __init__(self, wall: float = 1_800_000_000.0, *, skipping: bool = False) -> None:
        self._wall = wall
        self._monotonic = 1000.0
        self._skipping = skipping
        self._alarms: list[_Alarm] = []
        self._order = itertools.count()
        self.slept: list[float] = []
        """The arguments of `sleep`, in order."""

    def wall(self) -> float:
        """Return POSIX seconds."""
        return self._wall

    def monotonic(self) -> float:
        """Return monotonic seconds."""
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has advanced so far."""
        self.slept.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        if self._skipping:
            await asyncio.sleep(0)
            self._advance_to(self._monotonic + seconds)
            return
        woken = asyncio.get_running_loop().create_future()
        alarm = self.set_alarm(seconds, lambda: None if woken.done() else woken.set_result(None))
        try:
            await woken
        finally:
            alarm.off = True

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[asyncio.Timeout]:
        """Limit a block by this clock: `TimeoutError` when it has advanced that far."""
        return _Timeout(self, seconds)

    @property
    def pending(self) -> tuple[float, ...]:
        """The seconds until each alarm, of a sleeper or a timeout."""
        return tuple(alarm.at - self._monotonic for alarm in sorted(self._alarms) if not alarm.off)

    async def asleep(self, count: int = 1) -> None:
        """Let the loop run until that many alarms are set."""
        for passes in range(10_000):
            if len(self.pending) >= count:
                return
            await asyncio.sleep(0 if passes < 1000 else 0.001)  # a thread may be at work
        raise AssertionError(f"{len(self.pending)} alarms are set, waited for {count}")

    async def advance(self, seconds: float) -> None:
        """Advance both clocks; sleepers are woken in order and run before time advances further."""
        end = self._monotonic + seconds
        while True:
            for _ in range(_PASSES):
                await asyncio.sleep(0)
            due = [alarm for alarm in self._alarms if not alarm.off and alarm.at <= end]
            if not due:
                break
            self._advance_to(min(due).at)
        self._advance_to(end)
        for _ in range(_PASSES):
            await asyncio.sleep(0)

    def step_wall(self, seconds: float) -> None:
        """Set the wall clock forward or back, as a correction does; no sleeper is woken."""
        self._wall += seconds

    def suspend(self, seconds: float) -> None:
        """Advance the wall clock alone, as while a machine is suspended; no sleeper is woken."""
        self._wall += seconds

    def jump(self, seconds: float) -> None:
        """Advance both clocks at once: sleepers and timeouts are due in the same pass of the event loop."""
        self._advance_to(self._monotonic + seconds)

    def set_alarm(self, seconds: float, ring: Callable[[], None]) -> _Alarm:
        """Call a function when the clock has advanced so far."""
        alarm = _Alarm(self._monotonic + seconds, next(self._order), ring)
        heapq.heappush(self._alarms, alarm)
        return alarm

    def _advance_to(self, instant: float) -> None:
        if instant > self._monotonic:
            self._wall += instant - self._monotonic
            self._monotonic = instant
        while self._alarms and (self._alarms[0].off or self._alarms[0].at <= instant):
            alarm = heapq.heappop(self._alarms)
            if not alarm.off:
                alarm.off = True
                alarm.ring()


class _Timeout:
    """`asyncio.timeout`, by the fake clock."""

    def __init__(self, clock: FakeClock, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = seconds
        self._alarm: _Alarm | None = None

    async def __aenter__(self) -> asyncio.Timeout:
        self._timeout = asyncio.timeout(None)
        await self._timeout.__aenter__()
        if self._seconds is not None:
            if self._seconds <= 0:
                self._expire()
            else:
                self._alarm = self._clock.set_alarm(self._seconds, self._expire)
        return self._timeout

    def _expire(self) -> None:
        with suppress(RuntimeError):  # it has been ended otherwise at the same moment
            self._timeout.reschedule(float("-inf"))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._alarm is not None:
            self._alarm.off = True
        await self._timeout.__aexit__(kind, error, trace)
