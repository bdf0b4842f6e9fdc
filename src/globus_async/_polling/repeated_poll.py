"""Polling one document repeatedly: when the next poll is due, and which failed polls are repeated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeVar

from .._single_flight import copy_error
from ..errors import GlobusError, GlobusSDKUsageError, is_transient
from ..errors.arguments import check_number
from .shared_poller import Poll

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .shared_poller import SharedPoller

__all__ = ("PollingInterval", "RepeatedPoll", "check_polling_interval")

D = TypeVar("D")

PollingInterval = float | tuple[float, float]
"""
Seconds from one poll to the next: a number, or a pair of minimum and maximum.

With a pair, the interval is a tenth of the time waited so far, within these bounds.
"""

_MAX_FAILURES: Final = 5
_MAX_RETRY_AFTER: Final = 600.0
_TOLERANCE: Final = 0.1
_GROWTH: Final = 0.1


class RepeatedPoll(Poll[D]):
    """
    Polls one document at growing intervals, until a deadline.

    Args:
        poller: The poller of the documents of its kind.
        document_id: The document.
        interval: Seconds from one poll to the next.
        timeout: Seconds until the last poll; ``None`` for no limit.

    Attributes:
        last_error: The error of the last failed poll.
        has_succeeded: Whether a poll succeeded.
    """

    __slots__ = (
        "_deadline",
        "_failures",
        "_interval",
        "_is_last",
        "_poller",
        "_started",
        "_transport",
        "has_succeeded",
        "last_error",
    )

    def __init__(
        self, poller: SharedPoller[D], document_id: str, interval: PollingInterval, timeout: float | None = None
    ) -> None:
        self._interval = check_polling_interval(interval)
        self._transport = poller.transport
        self._started = self._transport.clock.monotonic()
        super().__init__(document_id, self._started)
        self._poller = poller
        self._is_last: Callable[[D], bool] = bool
        self._deadline = math.inf if timeout is None else self._started + timeout
        self._failures = 0
        self.last_error: GlobusError | None = None
        self.has_succeeded: bool = False

    def poll_until(self, is_last: Callable[[D], bool]) -> Awaitable[D | None]:
        """
        Fetch the document whenever a poll is due, until it is the last one that the caller needs.

        A failed poll with a transient error (no response, 429, 5xx, also those of the token endpoint) is repeated at
        the next interval, or when its ``Retry-After`` has passed.

        Args:
            is_last: Returns whether a document is the last one; it must not change the document.

        Returns:
            An awaitable of that document; of ``None`` if the poll at the deadline was made.

        Raises:
            GlobusAPIError: A poll failed with a permanent error; or, without a deadline, five in a row failed.
            NetworkError: Without a deadline, five in a row failed.
            TokenRefreshError: The same, if there is no access token.
        """
        self._is_last = is_last
        return self._poller.run(self)

    def take(self, result: D | GlobusError) -> bool:
        """Take the result of a poll; return whether no further poll is needed."""
        retry_after: float | None = None
        if isinstance(result, GlobusError):
            self._failures += 1
            self.last_error = copy_error(result)
            if not is_transient(result) or (self._deadline == math.inf and self._failures >= _MAX_FAILURES):
                return super().take(result)
            retry_after = getattr(result, "retry_after", None)
        else:
            self._failures, self.has_succeeded = 0, True
            if self._is_last(result):
                return super().take(result)
        return self.schedule_next(retry_after or 0.0)

    def schedule_next(self, retry_after: float = 0.0) -> bool:
        """Schedule the next poll; return whether the deadline has passed."""
        now = self._transport.clock.monotonic()
        minimum, maximum = self._interval
        interval = min(maximum, max(minimum, _GROWTH * (now - self._started)))
        # jitter, so that the polls of many processes do not synchronize
        interval = min(maximum, max(minimum, interval * (1 + _TOLERANCE * (2 * self._transport.jitter() - 1))))
        interval = max(interval, min(retry_after, _MAX_RETRY_AFTER))
        self.due: float = min(now + interval, self._deadline)
        self.latest: float = self.due + min(_TOLERANCE * interval, max(0.0, self._deadline - now - interval))
        return now >= self._deadline


def check_polling_interval(interval: PollingInterval) -> tuple[float, float]:
    """
    Return the minimum and maximum seconds from one poll to the next.

    Raises:
        GlobusSDKUsageError: An interval below one second, or not a valid pair.
    """
    bounds = interval if isinstance(interval, tuple) else (interval, interval)
    if len(bounds) != 2:
        raise GlobusSDKUsageError(
            f"polling_interval must be seconds, or a pair of minimum and maximum; got {len(bounds)} values"
        )
    for bound in bounds:
        check_number("polling_interval", bound, minimum=1)
    minimum, maximum = bounds
    if minimum > maximum:
        raise GlobusSDKUsageError(f"polling_interval has a minimum above its maximum: {interval!r:.80}")
    return minimum, maximum
