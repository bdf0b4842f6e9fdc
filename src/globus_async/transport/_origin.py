"""The state shared by all calls to one origin: calls in flight, rate limits, retry budget, and requested pauses."""

from __future__ import annotations

import logging
import weakref
from typing import TYPE_CHECKING, Self

from ._bulk_context import current_bulk
from ._rate_limit import RateLimit, RateLimiter
from ._rate_limit_store import StoreAccess
from ._retry import RetryBudget
from ._waiting_calls import InFlightLimit

if TYPE_CHECKING:
    from types import TracebackType

    from ..clock import Clock
    from ._call_report import CallReport
    from ._rate_limit_store import RateLimitStore

__all__ = ("Origin", "Slot")

_log = logging.getLogger("globus_async")


class Origin:
    """
    The shared state of one origin (scheme, host and port).

    Args:
        url: The origin, as a URL.
        max_in_flight: Maximum number of calls in flight.
        clock: The source of time.
        stores: The access to the stores of rate limits, which all origins of a transport share.

    Attributes:
        budget: The budget that retries are paid from.
        clock: The source of time.
        paused_until: Until when no calls are sent, as the service requested; on the monotonic clock.
    """

    __slots__ = ("_in_flight", "_limiters", "_logged_pause", "_stores", "_url", "budget", "clock", "paused_until")

    def __init__(self, url: str, max_in_flight: int, clock: Clock, stores: dict[int, StoreAccess]) -> None:
        self._url = url
        self._stores = stores
        self.budget: RetryBudget = RetryBudget()
        self.clock: Clock = clock
        self._logged_pause = float("-inf")
        self.paused_until: float = self._logged_pause
        self._in_flight = InFlightLimit(max_in_flight)
        self._limiters: dict[tuple[int, RateLimit], tuple[RateLimiter, object]] = {}

    def slot(
        self,
        report: CallReport | None = None,
        *,
        bypass_limits: bool,
        identity: object = None,
        rate: RateLimit | None = None,
    ) -> Slot:
        """
        Return the slot for one attempt, to be entered with ``async with``.

        Args:
            report: The report of the call to the transport's observer, if there is one.
            bypass_limits: Wait for no slot and no rate limit: a token refresh, which calls in flight may await.
            identity: The authorizer, whose calls are counted together.
            rate: The rate limit.
        """
        if bypass_limits:
            return Slot(self, None, None, report)
        return Slot(self, self._in_flight, None if rate is None else self._limiter(identity, rate), report)

    def _limiter(self, identity: object, rate: RateLimit) -> RateLimiter:
        key = (id(identity), rate)
        known = self._limiters.get(key)
        if known is None:
            # removed along with the identity; keyed by its id, because an authorizer need not be hashable
            limiters = self._limiters
            end = None if identity is None else weakref.ref(identity, lambda _: limiters.pop(key, None))
            known = limiters[key] = self._new_limiter(rate), end
        return known[0]

    def _new_limiter(self, rate: RateLimit) -> RateLimiter:
        if rate.store is None:
            return RateLimiter(rate, self.clock)
        from ._shared_rate_limit import SharedRateLimiter  # noqa: PLC0415 -- few programs share a rate limit

        return SharedRateLimiter(
            rate,
            self.clock,
            store=self._access(rate.store),
            key=f"{self._url} {rate.identity}",
            in_flight=self._in_flight,
        )

    def _access(self, store: RateLimitStore) -> StoreAccess:
        known = self._stores.get(id(store))
        if known is None:
            known = self._stores[id(store)] = StoreAccess(store, self.clock)
        return known

    async def wait_until_resumed(self, report: CallReport | None = None) -> None:
        """Wait for the end of the pause that the service requested, if any, and report it."""
        if self.paused_until <= self.clock.monotonic():
            return
        wait = self._pause()
        await (wait if report is None else report.throttled(wait, "pause"))

    async def _pause(self) -> None:
        """Wait for the end of the pause."""
        bulk = current_bulk.get()
        if bulk is not None:
            bulk.begin_wait(self.clock)
        try:
            while (wait := self.paused_until - self.clock.monotonic()) > 0:
                if wait > 1 and self._logged_pause < self.paused_until:
                    self._logged_pause = self.paused_until
                    _log.info("all calls to the service pause for %.1f s, as it requested", wait)
                await self.clock.sleep(wait)
        finally:
            if bulk is not None:
                bulk.end_wait()


class Slot:
    """Permission for one attempt: a slot of the rate limit, and one of the calls in flight."""

    __slots__ = ("_in_flight", "_is_kept", "_limiter", "_report", "origin")

    def __init__(
        self, origin: Origin, in_flight: InFlightLimit | None, limiter: RateLimiter | None, report: CallReport | None
    ) -> None:
        self.origin: Origin = origin
        self._report = report
        self._in_flight = in_flight
        self._limiter = limiter
        self._is_kept = False

    async def __aenter__(self) -> Self:
        bulk = current_bulk.get()
        if bulk is None:
            await self._acquire(in_bulk=False)
            return self
        bulk.begin_wait(self.origin.clock)
        try:
            await self._acquire(in_bulk=True)
        finally:
            bulk.end_wait()
        return self

    async def _acquire(self, *, in_bulk: bool) -> None:
        if self._limiter is not None:
            wait = self._limiter.acquire(in_bulk=in_bulk)
            await (wait if self._report is None else self._report.throttled(wait, "rate limit"))
        if self._in_flight is not None:
            try:
                wait = self._in_flight.acquire(in_bulk=in_bulk)
                await (wait if self._report is None else self._report.queued(wait))
            except BaseException:
                self._release()
                raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_kept:
            self.release()

    def keep(self) -> None:
        """Keep the slot when the attempt ends, because the response is streamed; until `release`."""
        self._is_kept = True

    def release(self) -> None:
        """Release the slot."""
        self._release()
        if self._in_flight is not None:
            self._in_flight.release()

    def mark_sent(self) -> bool:
        """
        Count the attempt against the rate limit from now on: it is being sent.

        Returns:
            Whether it may be sent; else its slot has passed, and is to be renewed with `renew`.
        """
        if self._limiter is not None:
            if not self._limiter.mark_sent():
                return False
            self._limiter = None
        return True

    async def renew(self) -> None:
        """Wait for a slot of the rate limit in place of the one that has passed."""
        if self._limiter is not None:
            await self._limiter.renew()

    def _release(self) -> None:
        if self._limiter is not None:
            self._limiter.release()
            self._limiter = None
