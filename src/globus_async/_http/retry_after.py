"""Parsing ``Retry-After``: whole seconds or an HTTP date. Invalid values are ignored."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ("parse_http_date", "parse_retry_after")

_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_VERY_LONG: Final = 1e9


def parse_http_date(text: str) -> float | None:
    """Parse a date in one of the three forms of RFC 9110 5.6.7; return POSIX seconds, or ``None`` if it is invalid."""
    try:
        date = parsedate_to_datetime(text)
        # the only zone is GMT; the form of C's asctime() has none
        if date.tzinfo is not None and not text.endswith(" GMT"):
            return None
        return date.replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError, IndexError):
        return None


def parse_retry_after(value: str | None, *, date: str | None, received_at: float) -> float | None:
    """
    Parse a ``Retry-After`` header.

    Args:
        value: The header: whole seconds, or an HTTP date.
        date: The ``Date`` of the response; the delay is measured from it, so that the clocks need not agree.
        received_at: POSIX seconds of this machine, used if the response has no ``Date``.

    Returns:
        Seconds to wait, at least 0; ``None`` if the header is missing or invalid.
    """
    if value is None:
        return None
    text = value.strip(" \t")
    if text.isascii() and text.isdigit():
        return float(text) if _SECONDS.fullmatch(text) else _VERY_LONG
    instant = parse_http_date(text)
    if instant is None:
        return None
    now = parse_http_date(date.strip(" \t")) if date is not None else None
    return max(0.0, instant - (received_at if now is None else now))
