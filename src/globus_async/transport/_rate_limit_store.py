"""The stores of rate limits that several processes share, and how a process gets along while one is unavailable."""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from ..errors import GlobusError

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("Pace", "RateLimitStore", "Reservation", "StoreAccess")

_log = logging.getLogger("globus_async")

_MAX_RESPONSE_SECONDS: Final = 1.0
_SECONDS_BETWEEN_TRIES: Final = 1.0
_MIN_SHARE_WITHOUT: Final = 9
"""How much longer than the last try a process does without an unavailable store at least."""
_NO_RESPONSE: Final = "no response in time"
_MAX_CALLS_AHEAD: Final = 1000
"""A longer wait is not due to the calls of other processes: each reserves one slot at a time."""


class RateLimitStore(Protocol):
    """
    A store that several processes reserve their calls in, so that one rate limit holds for all of them.

    It keeps one instant for each key, and needs nothing but an atomic change of it, by one clock: its own. The next
    slot is then at ``tat - (burst - 1) * interval``, or now if that has passed, and ``tat`` becomes ``max(tat, now) +
    interval``. This is the generic cell rate algorithm. A store that is unavailable raises any exception.
    """

    async def reserve(self, key: str, *, interval: float, burst: int) -> float:
        """
        Reserve the next slot of a key.

        Args:
            key: The service and the identity whose calls are counted together.
            interval: Seconds between two slots.
            burst: How many slots are free at once after a pause.

        Returns:
            The seconds until the reserved slot; 0 if it is free at once.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """
    How the slots of a shared rate limit are spread.

    Args:
        interval: Seconds between two slots.
        burst: How many slots are free at once after a pause.
        validity: Seconds after the slot in which its call may be sent.
        max_wait: The longest credible wait for a slot, in seconds.
    """

    interval: float
    burst: int
    validity: float
    max_wait: float

    @classmethod
    def of(cls, calls: int, seconds: float) -> Pace:
        """
        Return the pace of at most so many calls in any period of so many seconds.

        The slots of one call more begin in ``calls + 1 - burst`` intervals, which is 99 / 92 periods or more; each call
        is sent within 4 percent of a period after its slot. So 3.5 percent of a period are left for calls that take
        longer than others to arrive at the service. The sustained rate is 92 percent of the limit.
        """
        interval = seconds / (0.92 * calls)
        return cls(interval, 1 + calls // 100, 0.04 * seconds, max(_MAX_CALLS_AHEAD * interval, seconds))


@dataclass(frozen=True, slots=True)
class Reservation:
    """
    The right to send one call.

    Attributes:
        begins_at: When it may be sent at the earliest, on the monotonic clock.
        ends_at: When it may be sent at the latest.
    """

    begins_at: float
    ends_at: float


class StoreAccess:
    """
    The access of one process to a store: bounded in time, checked, and interrupted while the store is unavailable.

    Args:
        store: The store.
        clock: The clock of the process.
    """

    __slots__ = ("_clock", "_retry_at", "_store", "_unavailable_since")

    def __init__(self, store: RateLimitStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._unavailable_since: float | None = None
        self._retry_at = 0.0

    @property
    def is_available(self) -> bool:
        """Whether the last reservation succeeded, or there was none yet."""
        return self._unavailable_since is None

    async def reserve(self, key: str, pace: Pace) -> Reservation | None:
        """
        Reserve the next slot.

        Returns:
            The reservation; ``None`` if the store is unavailable, which is found out at most once a second.
        """
        begin, was_unavailable = self._clock.monotonic(), self._unavailable_since is not None
        if was_unavailable:
            if begin < self._retry_at:
                return None
            self._retry_at = math.inf  # for all others
        try:
            outcome = await self._ask(key, pace)
            is_quick = self._clock.monotonic() - begin < _MAX_RESPONSE_SECONDS
            if outcome is _NO_RESPONSE and is_quick and not was_unavailable:
                outcome = await self._ask(key, pace)  # the event loop may have been busy
        finally:
            # a store that takes its time to fail, even when it is cancelled, must not take that of the calls
            now = self._clock.monotonic()
            self._retry_at = now + max(_SECONDS_BETWEEN_TRIES, _MIN_SHARE_WITHOUT * (now - begin))
        if isinstance(outcome, str):
            self._report(outcome)
            return None
        if was_unavailable and self._unavailable_since is not None:
            seconds = self._clock.monotonic() - self._unavailable_since
            self._unavailable_since = None
            _log.warning("the store of the rate limit is available again, after %.1f s", seconds)
        return outcome

    def interrupt(self, problem: str) -> None:
        """Do without the store for a second."""
        self._retry_at = self._clock.monotonic() + _SECONDS_BETWEEN_TRIES
        self._report(problem)

    def _report(self, problem: str) -> None:
        """Report that the store is unavailable, once until it is available again."""
        if self._unavailable_since is None:
            self._unavailable_since = self._clock.monotonic()
            _log.warning(
                "the store of the rate limit is unavailable (%s); this process observes the limit by itself",
                problem,
            )

    async def _ask(self, key: str, pace: Pace) -> Reservation | str:
        """Return a reservation, or the problem, which quotes nothing but errors of this library."""
        asked_at = self._clock.monotonic()
        task = asyncio.current_task()
        cancelling = 0 if task is None else task.cancelling()
        try:
            # a later response would be of no use, since a reservation is valid from the moment of the question
            async with self._clock.timeout(min(pace.validity, _MAX_RESPONSE_SECONDS)):
                wait: object = await self._store.reserve(key, interval=pace.interval, burst=pace.burst)
        except asyncio.CancelledError:
            if task is None or task.cancelling() > cancelling:
                raise
            return "its call was cancelled by another task"
        except TimeoutError:
            return _NO_RESPONSE
        except GlobusError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 -- of a caller's own store
            return type(error).__name__
        if isinstance(wait, bool) or not isinstance(wait, (int, float)) or not 0 <= wait <= pace.max_wait:
            return "its response is no number of seconds to wait"
        # the slot is somewhere between these two: the times on the way are not known
        return Reservation(self._clock.monotonic() + wait, asked_at + wait + pace.validity)
