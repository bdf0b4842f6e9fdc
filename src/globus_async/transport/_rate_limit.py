"""Rate limiting: at most so many calls of one identity to one service in any period of so many seconds."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors.arguments import check_number, check_whole

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("RateLimit", "RateLimiter")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """
    The maximum number of calls in any period of so many seconds. An immutable value, passed to a client.

    Args:
        calls: Maximum number of calls in a period.
        seconds: Length of the period in seconds.

    Example:
        >>> async with TransferClient(authorizer=authorizer, rate_limit=RateLimit(calls=50, seconds=10)) as client:
        ...     page = await client.task_list()
    """

    calls: int = 200
    seconds: float = 10.0

    def __post_init__(self) -> None:
        check_whole("calls", self.calls)
        check_number("seconds", self.seconds, positive=True)


class RateLimiter:
    """
    Enforces a rate limit with a sliding window, first come, first served.

    A call acquires a slot before it waits for a connection, and the slot counts from the moment the call is sent:
    calls that are delayed in between are not sent all at once later.
    """

    __slots__ = ("_acquired", "_changed", "_clock", "_queue_lock", "_rate", "_sent_at")

    def __init__(self, rate: RateLimit, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._queue_lock = asyncio.Lock()
        self._acquired = 0
        self._sent_at: deque[float] = deque()
        self._changed = asyncio.Event()

    async def acquire(self) -> None:
        """Wait for a slot. The caller must call `mark_sent` or `release` afterwards."""
        async with self._queue_lock:
            while len(self._sent_at) + self._acquired >= self._rate.calls:
                self._changed.clear()
                if not self._sent_at:
                    await self._changed.wait()  # no call has been sent yet; each will be sent, or release its slot
                elif (wait := self._sent_at[0] + self._rate.seconds - self._clock.monotonic()) > 0:
                    await self._clock.sleep(wait)
                else:
                    self._sent_at.popleft()
            self._acquired += 1

    def mark_sent(self) -> None:
        """Count the slot from now on: its call is being sent."""
        self._acquired -= 1
        self._sent_at.append(self._clock.monotonic())
        self._changed.set()

    def release(self) -> None:
        """Release the slot of a call that was not sent."""
        self._acquired -= 1
        self._changed.set()
