"""A store of rate limits in memory, by a clock of its own, that answers late, not at all, or wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from globus_async.clock import Clock

__all__ = ("MemoryRateLimits",)


class MemoryRateLimits:
    """
    The generic cell rate algorithm, as `RateLimitStore` describes it.

    Args:
        clock: The clock.

    Attributes:
        latency: Seconds on the way to the store, and back.
        fault: Called instead of the store, if there is one; its result is the response.
        asked: When the store was asked, and the key.
    """

    def __init__(self, clock: Clock) -> None:
        self.latency = (0.0, 0.0)
        self.fault: Callable[[], Any] | None = None
        self.asked: list[tuple[float, str]] = []
        self._clock = clock
        self._tat: dict[str, float] = {}

    async def reserve(self, key: str, *, interval: float, burst: int) -> float:
        """Reserve the next slot of a key."""
        self.asked.append((self._clock.monotonic(), key))
        way_there, way_back = self.latency
        await self._clock.sleep(way_there)
        if self.fault is not None:
            wait: float = await self.fault()
            return wait
        now = self._clock.monotonic()
        tat = max(self._tat.get(key, now), now)
        self._tat[key] = tat + interval
        await self._clock.sleep(way_back)
        return max(0.0, tat - (burst - 1) * interval - now)
