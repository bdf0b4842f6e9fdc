"""Manners: how many calls of one identity go out to one service in how many seconds."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import GlobusSDKUsageError

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("Limiter", "RateLimit")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """
    How many calls may go out in any stretch of so many seconds. An immutable value, given to a client.

    Args:
        calls: How many.
        seconds: In how many seconds.

    Example:
        >>> async with TransferClient(authorizer=authorizer, rate_limit=RateLimit(calls=50, seconds=10)) as client:
        ...     page = await client.task_list()
    """

    calls: int = 200
    seconds: float = 10.0

    def __post_init__(self) -> None:
        if not (isinstance(self.calls, int) and self.calls >= 1):
            raise GlobusSDKUsageError("calls must be a whole number, 1 or more")
        if not 0 < self.seconds < float("inf"):
            raise GlobusSDKUsageError("seconds must be a number above 0")


class Limiter:
    """
    Keeps within a rate: a window that slides, and a line in which those who come first are served first.

    A place is taken before a call queues for the network and counts from when the call leaves, so that calls held up
    in between do not go out together later.
    """

    __slots__ = ("_clock", "_free_again", "_left", "_line", "_rate", "_taken")

    def __init__(self, rate: RateLimit, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._line = asyncio.Lock()
        self._taken = 0
        self._left: deque[float] = deque()
        self._free_again = asyncio.Event()

    async def take(self) -> None:
        """Wait for a place; whoever is cancelled meanwhile leaves the line."""
        async with self._line:
            while len(self._left) + self._taken >= self._rate.calls:
                self._free_again.clear()
                if not self._left:
                    await self._free_again.wait()  # all are on their way out; each will leave or give its place back
                elif (wait := self._left[0] + self._rate.seconds - self._clock.monotonic()) > 0:
                    await self._clock.sleep(wait)
                else:
                    self._left.popleft()
            self._taken += 1

    def leave(self) -> None:
        """Take note that a call which has a place goes out now."""
        self._taken -= 1
        self._left.append(self._clock.monotonic())
        self._free_again.set()

    def give_back(self) -> None:
        """Take back the place of a call that did not go out."""
        self._taken -= 1
        self._free_again.set()
