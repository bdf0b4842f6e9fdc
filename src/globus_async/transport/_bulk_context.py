"""The context of the calls of a bulk: it gives other calls precedence, and counts the time for which its calls wait."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("BulkContext", "current_bulk")


class BulkContext:
    """
    The waits of the calls of one bulk: for a slot of the rate limit, for one in flight, and for the end of a pause.

    Attributes:
        waiting: Number of calls that are waiting.
    """

    __slots__ = ("_changed", "_clock", "_seconds", "_since", "waiting")

    def __init__(self) -> None:
        self.waiting = 0
        self._seconds = self._since = 0.0
        self._clock: Clock | None = None
        self._changed = asyncio.Event()

    @property
    def throttled(self) -> float:
        """Seconds for which at least one call was waiting."""
        now = self._since if self._clock is None or not self.waiting else self._clock.monotonic()
        return self._seconds + now - self._since

    def begin_wait(self, clock: Clock) -> None:
        """Count a call that waits from now on."""
        if not self.waiting:
            self._clock, self._since = clock, clock.monotonic()
        self.waiting += 1

    def end_wait(self) -> None:
        """Count a call that no longer waits."""
        if self.waiting == 1:
            self._seconds = self.throttled
            self._changed.set()
        self.waiting -= 1

    async def no_call_waits(self) -> None:
        """Wait until no call is waiting, so that the next one is started when it is its turn."""
        while self.waiting:
            self._changed.clear()
            await self._changed.wait()


current_bulk: Final[ContextVar[BulkContext | None]] = ContextVar("bulk", default=None)
"""The context of the bulk that a call is part of, in the tasks of the bulk and in those that they start."""
