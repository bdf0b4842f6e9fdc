"""Schedules of timers: at which moments a timer runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

__all__ = ("TOLERANCE", "Schedule")

TOLERANCE: Final = 1e-6
"""Seconds by which a moment may be early: POSIX seconds are floats, with an error of that order."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    The moments of a timer, its ticks: at the start and then after every interval, without drift.

    Times are POSIX seconds.
    """

    start: float
    interval: float | None = None
    """Seconds; `None` for a timer that runs once."""
    until: float | None = None
    """The last moment at which it runs."""
    count: int | None = None
    """The number of runs; skipped ticks do not count."""

    def moment(self, tick: int) -> float | None:
        """Return the time of a tick, counted from 0; `None` if it is after the end."""
        if self.interval is None:
            return self.start if tick == 0 else None
        moment = self.start + tick * self.interval
        return None if self.until is not None and moment > self.until + TOLERANCE else moment

    def first_after(self, now: float) -> int:
        """Return the first tick after a time."""
        if now < self.start - TOLERANCE:
            return 0
        if self.interval is None:
            return 1
        return math.floor((now - self.start + TOLERANCE) / self.interval) + 1
