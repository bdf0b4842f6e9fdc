"""A rate limit that holds for all processes with the same store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ._rate_limit import INSTANT, RateLimiter
from ._rate_limit_store import Pace

if TYPE_CHECKING:
    from ..clock import Clock
    from ._rate_limit import RateLimit
    from ._rate_limit_store import Reservation, StoreAccess
    from ._waiting_calls import InFlightLimit

__all__ = ("SharedRateLimiter",)

_MAX_MISSED: Final = 3


class SharedRateLimiter(RateLimiter):
    """
    Reserves each call in a store; its queue, and the limit of this process alone, come first.

    In the queue only the first call asks the store, and a reservation belongs to no call in particular: that of a
    cancelled call is used by the next one. A call is sent shortly after its slot, or with another reservation: calls
    that are delayed, of any number of processes, are not sent all at once later.

    The limit of this process alone counts the calls when they are sent. It allows whatever the store does, so that it
    matters only while the store is unavailable or faulty, and from the first moment on.

    Args:
        rate: The rate limit.
        clock: The source of time.
        store: The access to the store.
        key: The service and the identity whose calls are counted together.
        in_flight: The limit that a call waits for after this one. There are no reservations while it is reached.
    """

    __slots__ = ("_given", "_in_flight", "_key", "_pace", "_store", "_unused")

    def __init__(
        self, rate: RateLimit, clock: Clock, *, store: StoreAccess, key: str, in_flight: InFlightLimit
    ) -> None:
        super().__init__(rate, clock)
        pace = self._pace = Pace.of(rate.calls, rate.seconds)
        self._interval = pace.interval
        self._tolerance = (pace.burst - 1) * pace.interval + pace.validity
        self._burst = int(self._tolerance / pace.interval) + 1
        self._store = store
        self._key = key
        self._in_flight = in_flight
        self._given: list[Reservation] = []
        """The reservations of the calls that have a slot and are not sent yet, unless they have ended."""
        self._unused: list[Reservation] = []

    async def acquire(self, *, in_bulk: bool = False) -> None:
        """
        Wait for a slot. The caller must call `mark_sent` or `release` afterwards.

        Args:
            in_bulk: Whether other calls have precedence.
        """
        if not self._waiting:
            self._throttled_since = self._clock.monotonic()
        await self._wait_for_slot(in_bulk=in_bulk)

    def mark_sent(self) -> bool:
        """Count a call that is being sent; return whether there is a reservation for it, else `renew` it before."""
        if self._take(self._given) is None and self._take(self._unused) is None and self._store.is_available:
            return False
        return super().mark_sent()

    def release(self) -> None:
        """Release the slot of a call that was not sent; the next call uses the reservation."""
        reservation = self._take(self._given)
        if reservation is not None:
            self._unused.append(reservation)
        super().release()

    async def renew(self) -> None:
        """Wait for another reservation for a call that has a slot, but could not be sent in time."""
        await self._reserve()

    async def _next_slot(self) -> None:
        await super()._next_slot()
        # a call that waits for its place in flight would lose its reservation
        await self._in_flight.acquire()
        self._in_flight.release()
        await self._reserve()

    async def _reserve(self) -> None:
        """Wait for the slot of a reservation, and put that with the given ones; return if the store is unavailable."""
        for _ in range(_MAX_MISSED):
            reservation = self._take(self._unused, begun=False)
            if reservation is None:
                reservation = await self._store.reserve(self._key, self._pace)
            if reservation is None:
                return
            try:
                while (seconds := reservation.begins_at - self._clock.monotonic()) > INSTANT:
                    self._log_throttling(seconds)
                    await self._clock.sleep(seconds)
            except BaseException:
                self._unused.append(reservation)
                raise
            if reservation.ends_at >= self._clock.monotonic():
                self._given.append(reservation)
                return
        self._store.interrupt(f"{_MAX_MISSED} slots in a row had passed when this process was ready to send")

    def _take(self, reservations: list[Reservation], *, begun: bool = True) -> Reservation | None:
        """Remove and return the first reservation, if its slot has come or need not; discard those that have ended."""
        now = self._clock.monotonic()
        reservations[:] = sorted((each for each in reservations if each.ends_at >= now), key=_begin)
        if reservations and (not begun or reservations[0].begins_at <= now + INSTANT):
            return reservations.pop(0)
        return None


def _begin(reservation: Reservation) -> float:
    return reservation.begins_at
