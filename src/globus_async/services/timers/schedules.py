"""Schedules of timers, dicts that need no client and do no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ..._http.missing import MISSING, MissingType
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_type, check_whole
from .times import interval_seconds as checked_interval
from .times import time_text

__all__ = ("OnceTimerSchedule", "RecurringTimerSchedule")

_CONDITIONS: Final = ("iterations", "time")


class OnceTimerSchedule(dict[str, Any]):
    """
    The schedule of a timer that runs once.

    Args:
        datetime: When it runs: a datetime with time zone, or ISO 8601 text with one. By default now.

    Raises:
        GlobusSDKUsageError: A time without time zone.

    Example:
        >>> from datetime import datetime, timezone
        >>> OnceTimerSchedule(datetime(2027, 9, 22, 4, 30, tzinfo=timezone.utc))
        {'type': 'once', 'datetime': '2027-09-22T04:30:00+00:00'}

    **Differs from globus-sdk:** a time without time zone is refused instead of read as local; fractions of a second
    are rounded up, so that a time of now is not in the past when it arrives.

    REST: `Timer schedules <https://docs.globus.org/api/timers/timer-schedules/>`_
    """

    def __init__(self, datetime: str | datetime | MissingType = MISSING) -> None:
        super().__init__(type="once")
        if not isinstance(datetime, MissingType):
            self["datetime"] = time_text("datetime", datetime)


class RecurringTimerSchedule(dict[str, Any]):
    """
    The schedule of a timer that runs repeatedly: at its start and after every interval, without drift.

    The service skips a run while the previous one goes on; a skipped one does not count for ``iterations``.

    Args:
        interval_seconds: Seconds from one run to the next, or a timedelta: from one minute to 365 days.
        start: The first run: a datetime with time zone, or ISO 8601 text with one. By default now.
        end: When it ends, as the service has it: ``{"condition": "iterations", "count": 10}`` or
            ``{"condition": "time", "datetime": ...}``. By default it does not end.
        iterations: The number of runs, instead of ``end``.
        until: The time after which it does not run any more, instead of ``end``.

    Raises:
        GlobusSDKUsageError: An interval out of range, a time without time zone, several ends, or an unknown condition.

    Example:
        >>> from datetime import timedelta
        >>> RecurringTimerSchedule(timedelta(hours=12), iterations=10)
        {'type': 'recurring', 'interval_seconds': 43200, 'end': {'condition': 'iterations', 'count': 10}}

    **Differs from globus-sdk:** ``iterations`` and ``until`` are new; ``end={"condition": "iterations", "iterations":
    10}``, which the documentation of globus-sdk shows, is sent with the member ``count`` that the service has; the
    interval may be a timedelta and its range is checked; times without time zone are refused, and fractions of a second
    rounded up.

    REST: `Timer schedules <https://docs.globus.org/api/timers/timer-schedules/>`_
    """

    def __init__(
        self,
        interval_seconds: int | timedelta,
        start: str | datetime | MissingType = MISSING,
        end: Mapping[str, Any] | MissingType | None = MISSING,
        *,
        iterations: int | MissingType | None = MISSING,
        until: str | datetime | MissingType | None = MISSING,
    ) -> None:
        super().__init__(type="recurring", interval_seconds=checked_interval("interval_seconds", interval_seconds))
        if not isinstance(start, MissingType):
            self["start"] = time_text("start", start)
        ends = [each for each in (end, iterations, until) if each is not None and each is not MISSING]
        if len(ends) > 1:
            raise GlobusSDKUsageError("pass one of end, iterations and until")
        if not isinstance(iterations, MissingType) and iterations is not None:
            check_whole("iterations", iterations)
            self["end"] = {"condition": "iterations", "count": iterations}
        elif not isinstance(until, MissingType) and until is not None:
            self["end"] = {"condition": "time", "datetime": time_text("until", until)}
        elif ends:
            self["end"] = _end(ends[0])


def _end(end: object) -> dict[str, Any]:
    """Return an end condition, checked and as the service has it."""
    check_type("end", end, Mapping, "a mapping such as {'condition': 'iterations', 'count': 10}")
    members: dict[str, Any] = dict(end)  # type: ignore[call-overload]  # checked above
    condition = members.get("condition")
    if condition == "iterations" and "count" not in members and "iterations" in members:
        members["count"] = members.pop("iterations")
    allowed = {"condition", "count" if condition == "iterations" else "datetime"}
    if condition not in _CONDITIONS or members.keys() != allowed:
        raise GlobusSDKUsageError(
            "end must be {'condition': 'iterations', 'count': number} or {'condition': 'time', 'datetime': time}"
        )
    if condition == "iterations":
        check_whole("end['count']", members["count"])
    else:
        members["datetime"] = time_text("end['datetime']", members["datetime"])
    return members
