"""Reading ``Retry-After``: whole seconds or one of three date forms, and never an exception."""

from __future__ import annotations

import calendar
import re
from email.utils import parsedate_tz
from typing import Final

__all__ = ("http_date", "retry_after")

_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_DATE: Final = re.compile(
    r"(?:[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
    r"|[A-Z][a-z]{5,8}, [0-9]{2}-[A-Z][a-z]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9 ][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4})"
)
_FAR: Final = 1e9


def http_date(text: str) -> float | None:
    """Read one of the three date forms of RFC 9110 5.6.7 as POSIX seconds."""
    if _DATE.fullmatch(text) is None:
        return None
    try:
        parts = parsedate_tz(text)
        return None if parts is None else float(calendar.timegm((*parts[:6], 0, 1, 0)))
    except (ValueError, OverflowError, IndexError):
        return None


def retry_after(value: str | None, *, date: str | None, received_at: float) -> float | None:
    """
    Read a ``Retry-After`` header.

    Args:
        value: The header: whole seconds, or a date in one of the three HTTP forms.
        date: The answer's own ``Date``, against which a date is measured, so that clocks need not agree.
        received_at: POSIX seconds of this machine, used when the answer has no ``Date``.

    Returns:
        Seconds to wait, at least 0; ``None`` if there is no header or it means nothing.
    """
    if value is None:
        return None
    text = value.strip(" \t")
    if text.isascii() and text.isdigit():
        return float(text) if _SECONDS.fullmatch(text) else _FAR
    instant = http_date(text)
    if instant is None:
        return None
    now = http_date(date.strip(" \t")) if date is not None else None
    return max(0.0, instant - (received_at if now is None else now))
