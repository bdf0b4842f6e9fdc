"""Polling one task: when the next poll is due, and which failed polls are repeated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ...._http.path import uuid_text
from ....errors import GlobusError, GlobusSDKUsageError, is_transient
from ....errors.arguments import check_number

if TYPE_CHECKING:
    from ..documents import TaskDocument
    from .shared_poller import SharedPoller

__all__ = ("PollingInterval", "TaskPoller", "check_polling_interval")

PollingInterval = float | tuple[float, float]
"""
Seconds from one poll to the next: a number, or a pair of minimum and maximum.

With a pair, the interval is a tenth of the time waited so far, within these bounds.
"""

_MAX_FAILURES: Final = 5
_MAX_RETRY_AFTER: Final = 600.0
_TOLERANCE: Final = 0.1
_GROWTH: Final = 0.1


class TaskPoller:
    """
    Polls one task at growing intervals, until a deadline.

    Attributes:
        task_id: The task. Lower-case UUID.
        last_error: The error of the last failed poll.
        has_polled: Whether a poll was made.
        has_succeeded: Whether a poll succeeded.
    """

    __slots__ = (
        "_deadline",
        "_due",
        "_failures",
        "_interval",
        "_poller",
        "_started",
        "_tolerance",
        "_transport",
        "has_polled",
        "has_succeeded",
        "last_error",
        "task_id",
    )

    def __init__(
        self, poller: SharedPoller, task_id: UUID | str, interval: PollingInterval, timeout: float | None = None
    ) -> None:
        self._interval = check_polling_interval(interval)
        self.task_id = uuid_text("task_id", task_id).lower()
        self._poller = poller
        self._transport = poller.transport
        self._started = self._due = self._transport.clock.monotonic()
        self._deadline = math.inf if timeout is None else self._started + timeout
        self._tolerance = 0.0
        self._failures = 0
        self.last_error: Exception | None = None
        self.has_polled = self.has_succeeded = False

    @property
    def is_finished(self) -> bool:
        """Whether the last poll, that at the deadline, was made."""
        return self.has_polled and self._transport.clock.monotonic() >= self._deadline

    async def poll(self) -> TaskDocument | None:
        """
        Fetch the task when its next poll is due.

        Returns:
            The task document; ``None`` if the poll failed with a transient error.

        Raises:
            GlobusAPIError: The poll failed with a permanent error; or, without a deadline, five in a row failed.
            NetworkError: Without a deadline, five in a row failed.
            TokenRefreshError: The same, if there is no access token.
        """
        retry_after: float | None = None
        try:
            task = await self._poller.poll(self.task_id, due=self._due, tolerance=self._tolerance)
        except GlobusError as error:
            self._failures += 1
            self.last_error = error
            if not is_transient(error) or (self._deadline == math.inf and self._failures >= _MAX_FAILURES):
                raise
            retry_after = getattr(error, "retry_after", None)
            task = None
        else:
            self._failures, self.has_succeeded = 0, True
        self.has_polled = True
        self._schedule_next(retry_after or 0.0)  # not after a cancellation: then the same poll is still due
        return task

    def _schedule_next(self, retry_after: float) -> None:
        now = self._transport.clock.monotonic()
        minimum, maximum = self._interval
        interval = min(maximum, max(minimum, _GROWTH * (now - self._started)))
        # jitter, so that the polls of many processes do not synchronize
        interval = min(maximum, max(minimum, interval * (1 + _TOLERANCE * (2 * self._transport.jitter() - 1))))
        interval = max(interval, min(retry_after, _MAX_RETRY_AFTER))
        self._tolerance = min(_TOLERANCE * interval, max(0.0, self._deadline - now - interval))
        self._due = min(now + interval, self._deadline)


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
