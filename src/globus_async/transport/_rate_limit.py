"""Rate limiting: at most so many calls of one identity to one service in any period of so many seconds."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Final

from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_members, check_number, check_text, check_whole
from ._waiting_calls import WaitingCall, WaitingCalls

if TYPE_CHECKING:
    from ..clock import Clock
    from ._rate_limit_store import RateLimitStore

__all__ = ("INSTANT", "RateLimit", "RateLimiter")

_log = logging.getLogger("globus_async")

_MAX_CALLS: Final = 10**9
_BURST_SHARE: Final = 10
_ARRIVAL_MARGIN: Final = 0.05
INSTANT: Final = 1e-6
_SECONDS_BETWEEN_RECORDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class RateLimit:
    """
    The maximum number of calls in any period of so many seconds. An immutable value, passed to a client.

    A tenth of the calls may be made at once; further ones are spread evenly, a little slower than the limit, because
    calls do not all take the same time to arrive at the service. A ``logging`` record of ``globus_async`` with level
    ``INFO`` reports calls that wait for longer than a second. Each process has limits of its own.

    With a store, one limit holds for all processes that name the same store and identity. Then a hundredth of the calls
    may be made at once, and the sustained rate is 92 percent of the limit. While the store is unavailable, each process
    observes the limit by itself, and a record with level ``WARNING`` reports that once.

    Args:
        calls: Maximum number of calls in a period; at most a billion.
        seconds: Length of the period in seconds.
        store: The store that the processes share, such as `RedisRateLimits` or `SQLRateLimits`; closed by its owner.
        identity: Whose calls are counted together in the store, for each service: the id of a user or of a client. It
            is not secret. By default all calls with this store are.

    Example:
        >>> async with TransferClient(authorizer=authorizer, rate_limit=RateLimit(calls=50, seconds=10)) as client:
        ...     page = await client.task_list()
    """

    calls: int = 200
    seconds: float = 10.0
    _: KW_ONLY
    # not hashed, since a store need not be hashable
    store: RateLimitStore | None = field(default=None, hash=False)
    identity: str = field(default="", hash=False)

    def __post_init__(self) -> None:
        check_whole("calls", self.calls, maximum=_MAX_CALLS)
        check_number("seconds", self.seconds, positive=True)
        check_text("identity", self.identity)
        if self.store is not None:
            check_members("store", self.store, ("reserve",), "a store such as RedisRateLimits(database)")
        elif self.identity:
            raise GlobusSDKUsageError("identity has an effect only with a store, which several processes share")


class RateLimiter:
    """
    Spreads calls evenly, so that a rate limit is observed in every period, after a burst of a tenth of its calls.

    This is the generic cell rate algorithm. In no period of the limit's length, and 5 percent more because calls do not
    all take the same time to arrive, are there more calls than the limit allows, whether the service counts in fixed
    or sliding windows or with a token bucket.

    A call acquires a slot before it waits for a connection, and the slot counts from the moment the call is sent:
    calls that are delayed in between are not sent all at once later.
    """

    __slots__ = (
        "_acquired",
        "_burst",
        "_changed",
        "_clock",
        "_interval",
        "_logged_at",
        "_next_at",
        "_rate",
        "_throttled_since",
        "_timekeeper",
        "_tolerance",
        "_waiting",
    )

    def __init__(self, rate: RateLimit, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._burst = max(1, rate.calls // _BURST_SHARE)
        # n calls take (n - burst) intervals; one call more than allowed takes longer than the period
        self._interval = rate.seconds * (1 + _ARRIVAL_MARGIN) / (rate.calls + 1 - self._burst)
        self._tolerance = (self._burst - 1) * self._interval
        self._next_at = float("-inf")
        """When the next call would be sent if the calls so far had been sent evenly."""
        self._acquired = 0
        self._waiting = WaitingCalls()
        self._timekeeper: WaitingCall | None = None
        """The waiting call that waits for the time of the next slot, on behalf of all."""
        self._changed = asyncio.Event()
        self._throttled_since = self._logged_at = float("-inf")

    async def acquire(self, *, in_bulk: bool = False) -> None:
        """
        Wait for a slot. The caller must call `mark_sent` or `release` afterwards.

        Args:
            in_bulk: Whether other calls have precedence.
        """
        if self._waiting or self._time_to_slot() > INSTANT:
            await self._wait_for_slot(in_bulk=in_bulk)
        else:
            self._throttled_since = self._clock.monotonic()
            self._acquired += 1

    def mark_sent(self) -> bool:
        """Count the slot from now on: its call is being sent. Return whether it may be."""
        self._acquired -= 1
        self._next_at = max(self._next_at, self._clock.monotonic()) + self._interval
        self._changed.set()
        return True

    async def renew(self) -> None:
        """Wait until a call that has a slot may be sent: at once, without a store."""

    def release(self) -> None:
        """Release the slot of a call that was not sent."""
        self._acquired -= 1
        self._changed.set()

    def _time_to_slot(self) -> float:
        """Return the seconds until there is a further slot, were all acquired ones used; infinite if none may be."""
        if self._acquired >= self._burst:
            return float("inf")
        early = max(self._next_at - self._clock.monotonic(), 0.0)
        return early + self._acquired * self._interval - self._tolerance

    async def _wait_for_slot(self, *, in_bulk: bool) -> None:
        call = self._waiting.add(in_bulk=in_bulk)
        try:
            if self._timekeeper is None:
                self._timekeeper = call
            else:
                await call.woken
            while not call.has_slot:
                await self._next_slot()
                self._give_slot()
        except BaseException:
            if call.has_slot:
                self.release()
            else:
                self._waiting.discard(call)
            raise
        finally:
            if self._timekeeper is call:
                self._timekeeper = self._waiting.first()
                if self._timekeeper is not None:
                    self._timekeeper.wake()

    async def _next_slot(self) -> None:
        """Wait for the time of the next slot, or for an acquired one to be sent or released."""
        while (seconds := self._time_to_slot()) > INSTANT:
            self._log_throttling(seconds)
            self._changed.clear()
            if seconds < float("inf"):
                await self._clock.sleep(seconds)
            else:
                await self._changed.wait()

    def _give_slot(self) -> None:
        call = self._waiting.pop()
        if call is not None:
            self._acquired += 1
            call.wake()

    def _log_throttling(self, seconds: float) -> None:
        """Report calls that have to wait for longer than a second, at most every ten seconds."""
        now = self._clock.monotonic()
        throttled = now - self._throttled_since + (seconds if seconds < float("inf") else 0.0)
        if throttled > 1 and now - self._logged_at >= _SECONDS_BETWEEN_RECORDS:
            self._logged_at = now
            _log.info(
                "throttled for %.1f s by the rate limit of %d calls in %g s; %d calls wait",
                throttled,
                self._rate.calls,
                self._rate.seconds,
                len(self._waiting),
            )
