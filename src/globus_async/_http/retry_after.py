"""Parsing ``Retry-After``: whole seconds or an HTTP date. The longest valid value counts."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from .seconds import parse_seconds

__all__ = ("parse_http_date", "parse_retry_after")

_VERY_LONG: Final = 10**9
_TIME: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
_DATE: Final = (
    rf"[A-Z][a-z]{{2}}, [0-9]{{2}} [A-Z][a-z]{{2}} [0-9]{{4}} {_TIME} GMT"
    rf"|[A-Z][a-z]{{5,8}}, [0-9]{{2}}-[A-Z][a-z]{{2}}-[0-9]{{2}} {_TIME} GMT"
    rf"|[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} [ 0-9][0-9] {_TIME} [0-9]{{4}}"
)
"""The three forms; Python's parser takes digits of any script, signs, underscores and other zones as well."""
_VALUES: Final = rf"[ \t]*({_DATE}|[^,]*)[ \t]*(?:,|\Z)"
"""The values of a repeated header, which are joined with commas; a date contains one itself."""


def parse_http_date(text: str) -> float | None:
    """Parse a date in one of the three forms of RFC 9110 5.6.7; return POSIX seconds, or ``None`` if it is invalid."""
    if re.fullmatch(_DATE, text) is None:
        return None
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError, IndexError):
        return None


def parse_retry_after(value: str | None, *, date: str | None, received_at: float) -> float | None:
    """
    Parse a ``Retry-After`` header.

    Args:
        value: The header: whole seconds, or an HTTP date; of several, joined with commas, the longest counts.
        date: The ``Date`` of the response; the delay is measured from it, so that the clocks need not agree.
        received_at: POSIX seconds of this machine, used if the response has no ``Date``.

    Returns:
        Seconds to wait, at least 0; ``None`` if the header is missing, or has no valid value.
    """
    if value is None:
        return None
    delays = [_parse_delay(text.strip(" \t"), date, received_at) for text in re.findall(_VALUES, value)]
    return max((delay for delay in delays if delay is not None), default=None)


def _parse_delay(text: str, date: str | None, received_at: float) -> float | None:
    seconds = parse_seconds(text, maximum=_VERY_LONG)
    if seconds is not None:
        return float(seconds)
    instant = parse_http_date(text)
    if instant is None:
        return None
    now = parse_http_date(date.strip(" \t")) if date is not None else None
    return max(0.0, instant - (received_at if now is None else now))
