"""The state shared by all calls to one origin: calls in flight, rate limits, retry budget, and requested pauses."""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Self

from ._rate_limit import RateLimit, RateLimiter
from ._retry import RetryBudget

if TYPE_CHECKING:
    from types import TracebackType

    from ..clock import Clock

__all__ = ("Origin", "Slot")


class Origin:
    """
    The shared state of one origin (scheme, host and port).

    Attributes:
        budget: The budget that retries are paid from.
        paused_until: Until when no calls are sent, as the service requested; on the monotonic clock.
    """

    __slots__ = ("_clock", "_in_flight", "_limiters", "budget", "paused_until")

    def __init__(self, max_in_flight: int, clock: Clock) -> None:
        self.budget = RetryBudget()
        self.paused_until = float("-inf")
        self._clock = clock
        self._in_flight = asyncio.Semaphore(max_in_flight)
        self._limiters: dict[tuple[int, RateLimit], tuple[RateLimiter, object]] = {}

    def slot(self, *, bypass_limits: bool, identity: object = None, rate: RateLimit | None = None) -> Slot:
        """
        Return the slot for one attempt, to be entered with ``async with``.

        Args:
            bypass_limits: Wait for no slot and no rate limit: a token refresh, which calls in flight may await.
            identity: The authorizer, whose calls are counted together.
            rate: The rate limit.
        """
        if bypass_limits:
            return Slot(self, None, None)
        return Slot(self, self._in_flight, None if rate is None else self._limiter(identity, rate))

    def _limiter(self, identity: object, rate: RateLimit) -> RateLimiter:
        key = (id(identity), rate)
        known = self._limiters.get(key)
        if known is None:
            # removed along with the identity; keyed by its id, because an authorizer need not be hashable
            limiters = self._limiters
            end = None if identity is None else weakref.ref(identity, lambda _: limiters.pop(key, None))
            known = limiters[key] = RateLimiter(rate, self._clock), end
        return known[0]

    async def wait_until_resumed(self) -> None:
        """Wait for the end of the pause that the service requested, if any."""
        while (wait := self.paused_until - self._clock.monotonic()) > 0:
            await self._clock.sleep(wait)


class Slot:
    """Permission for one attempt: a slot of the rate limit, and one of the calls in flight."""

    __slots__ = ("_in_flight", "_limiter", "origin")

    def __init__(self, origin: Origin, in_flight: asyncio.Semaphore | None, limiter: RateLimiter | None) -> None:
        self.origin = origin
        self._in_flight = in_flight
        self._limiter = limiter

    async def __aenter__(self) -> Self:
        if self._limiter is not None:
            await self._limiter.acquire()
        if self._in_flight is not None:
            try:
                await self._in_flight.acquire()
            except BaseException:
                self._release()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()
        if self._in_flight is not None:
            self._in_flight.release()

    def mark_sent(self) -> None:
        """Count the attempt against the rate limit from now on: it is being sent."""
        if self._limiter is not None:
            self._limiter.mark_sent()
            self._limiter = None

    def _release(self) -> None:
        if self._limiter is not None:
            self._limiter.release()
            self._limiter = None
