"""What is shared by all calls to one origin: places in flight, manners, a retry budget, and pauses it asks for."""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Self

from ._limiter import Limiter, RateLimit
from ._retry import RetryBudget

if TYPE_CHECKING:
    from types import TracebackType

    from ..clock import Clock

__all__ = ("Origin", "Turn")


class Origin:
    """
    What is remembered of one origin.

    Attributes:
        budget: What retries are paid from.
        held_until: On the monotonic clock, until when it wants no calls.
    """

    __slots__ = ("_clock", "_gate", "_limiters", "budget", "held_until")

    def __init__(self, max_in_flight: int, clock: Clock) -> None:
        self.budget = RetryBudget()
        self.held_until = float("-inf")
        self._clock = clock
        self._gate = asyncio.Semaphore(max_in_flight)
        self._limiters: dict[tuple[int, RateLimit], tuple[Limiter, object]] = {}

    def turn(self, *, bypass_limits: bool, identity: object = None, rate: RateLimit | None = None) -> Turn:
        """
        Return the turn of one attempt.

        Args:
            bypass_limits: Wait for no slot and no rate limit: a token refresh, which calls in flight may await.
            identity: Whose calls are counted together: the authorizer.
            rate: How many of them may go out.
        """
        if bypass_limits:
            return Turn(self, None, None)
        return Turn(self, self._gate, None if rate is None else self._limiter(identity, rate))

    def _limiter(self, identity: object, rate: RateLimit) -> Limiter:
        key = (id(identity), rate)
        known = self._limiters.get(key)
        if known is None:
            # forgotten with the identity, or with this; by its id, because not every authorizer need be hashable
            limiters = self._limiters
            end = None if identity is None else weakref.ref(identity, lambda _: limiters.pop(key, None))
            known = limiters[key] = Limiter(rate, self._clock), end
        return known[0]

    async def pause(self) -> None:
        """Wait until it takes calls again, if it asked for a pause."""
        while (wait := self.held_until - self._clock.monotonic()) > 0:
            await self._clock.sleep(wait)


class Turn:
    """Holds what one attempt needs to go out: a place within the rate, then a place in flight."""

    __slots__ = ("_gate", "_limiter", "origin")

    def __init__(self, origin: Origin, gate: asyncio.Semaphore | None, limiter: Limiter | None) -> None:
        self.origin = origin
        self._gate = gate
        self._limiter = limiter

    async def __aenter__(self) -> Self:
        if self._limiter is not None:
            await self._limiter.take()
        if self._gate is not None:
            try:
                await self._gate.acquire()
            except BaseException:
                self._give_back()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()
        if self._gate is not None:
            self._gate.release()

    def leave(self) -> None:
        """Take note that the request goes out now."""
        if self._limiter is not None:
            self._limiter.leave()
            self._limiter = None

    def _give_back(self) -> None:
        if self._limiter is not None:
            self._limiter.give_back()
            self._limiter = None
