"""Times and intervals of timers: with time zone, in whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_type, refusal

__all__ = ("interval_seconds", "time_text")

_MIN_INTERVAL: Final = 60
_MAX_INTERVAL: Final = 365 * 86_400
_EXPECTED_TIME: Final = "a datetime with time zone, or ISO 8601 text with one"


def time_text(name: str, value: datetime | str) -> str:
    """
    Return a time in ISO 8601; a datetime in whole seconds, rounded up in UTC, so that "now" is not in the past.

    Raises:
        GlobusSDKUsageError: It has no time zone, or is no time.
    """
    check_type(name, value, datetime | str, _EXPECTED_TIME)
    moment = value if isinstance(value, datetime) else _parsed(name, value)
    offset = moment.utcoffset()
    if offset is None:
        raise GlobusSDKUsageError(
            f"{name} has no time zone; pass {_EXPECTED_TIME}, such as datetime.now(timezone.utc) or value.astimezone()"
        )
    if not isinstance(value, datetime):
        return value
    try:
        moment = value.astimezone(UTC)
        rounded = moment + timedelta(microseconds=-moment.microsecond % 1_000_000)
    except OverflowError:
        raise GlobusSDKUsageError(f"{name} is outside of the years 1 to 9999") from None
    if rounded == moment and not offset % timedelta(minutes=1):
        return value.isoformat(timespec="seconds")
    # in UTC: the sum of a local time disregards changes of its offset; ISO 8601 has no offsets with seconds
    return rounded.isoformat(timespec="seconds")


def _parsed(name: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise GlobusSDKUsageError(f"{name} must be {_EXPECTED_TIME}; got other text") from None


def interval_seconds(name: str, value: timedelta | int) -> int:
    """
    Return the seconds from one run to the next.

    Raises:
        GlobusSDKUsageError: They are no whole number, or below a minute or above 365 days.
    """
    expected = "whole seconds or a timedelta, from 60 seconds to 365 days"
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds != seconds // 1:
        raise refusal(name, value, expected)
    if not _MIN_INTERVAL <= seconds <= _MAX_INTERVAL:
        raise refusal(name, seconds, expected)
    return int(seconds)
