"""Sizes, times and numbers as text for people. Plain functions, without a clock."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ("counted", "human_date", "human_duration", "human_size", "moment_of", "time_left")

MINUTE, HOUR, DAY = 60, 3600, 86400


def human_size(size: float | None) -> str:
    """Return a number of bytes as text, such as ``1.2 MB``."""
    amount = float(size or 0)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 999.5:  # otherwise it would be rounded to 1000
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} PB"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 file`` or ``1,200 files``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def human_duration(seconds: float) -> str:
    """Return a duration in its two largest units, such as ``3 minutes 5 seconds``."""
    whole = max(round(seconds), 1)
    parts: list[str] = []
    for size, noun in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")):
        if whole >= size:
            parts.append(counted(whole // size, noun))
            whole %= size
        elif parts:
            break  # not "1 day 5 seconds"
    return " ".join(parts[:2])


def time_left(seconds: float | None) -> str:
    """Return the time until the end of a task as text, no more precise than an estimate can be."""
    if seconds is None:
        return "time left unknown"
    if seconds < 8:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds / 10) * 10} seconds left"
    for size, limit, noun in ((MINUTE, 55 * MINUTE, "minute"), (HOUR, 22 * HOUR, "hour")):
        if seconds < limit:
            return f"about {counted(max(round(seconds / size), 1), noun)} left"
    if seconds > 90 * DAY:  # infinite, if a task that was running has not moved for hours
        return "months left"
    return f"about {counted(max(round(seconds / DAY), 1), 'day')} left"


def moment_of(text: object) -> datetime | None:
    """Return a time of Globus, whose form differs between its services; ``None`` for anything else."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and last hours of the calendar exist in some time zones only
        return None


def human_date(moment: datetime) -> str:
    """Return a time in UTC as text, such as ``29 Nov 2026, 14:05 UTC``."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"
