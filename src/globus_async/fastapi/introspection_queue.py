"""A bound on the concurrent introspections and on those that wait, in which tokens that were active go first."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ..errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ("IntrospectionQueue",)


class IntrospectionQueue:
    """
    Slots for introspections, with a queue for tokens that were active before and one for all others.

    Anybody can send tokens that are unknown here, so these cannot delay the known ones by more than one introspection.

    Args:
        slots: The maximum number of concurrent introspections.
        max_waiting: The maximum length of each queue.
    """

    def __init__(self, *, slots: int, max_waiting: int) -> None:
        self._free = slots
        self._max_waiting = max_waiting
        self._known: deque[asyncio.Future[None]] = deque()
        self._unknown: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._known) + len(self._unknown)

    @asynccontextmanager
    async def slot(self, *, known: bool) -> AsyncGenerator[None]:
        """
        Hold a slot for one introspection.

        Args:
            known: Whether the token was active when it was introspected before.

        Raises:
            NetworkError: The queue is full.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(self._known if known else self._unknown)
        try:
            yield
        finally:
            self._release()

    async def _wait(self, queue: deque[asyncio.Future[None]]) -> None:
        if len(queue) >= self._max_waiting:
            raise NetworkError("too many access tokens wait for their introspection", stage="not sent")
        granted = asyncio.get_running_loop().create_future()
        queue.append(granted)
        try:
            await granted
        except asyncio.CancelledError:
            if not granted.cancelled():
                self._release()  # the task was cancelled in the same step in which it got the slot
            elif granted in queue:
                queue.remove(granted)
            raise

    def _release(self) -> None:
        """Pass the slot on to the next in the queue, or free it."""
        for queue in (self._known, self._unknown):
            while queue:
                granted = queue.popleft()
                if not granted.done():
                    granted.set_result(None)
                    return
        self._free += 1
