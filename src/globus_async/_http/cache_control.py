"""Reading the freshness lifetime of a response (RFC 9111 4.2): ``Cache-Control`` and ``Age``. Never raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .seconds import parse_seconds

__all__ = ("freshness_lifetime",)

_MAX_SECONDS: Final = 2**31
"""The largest value that RFC 9111 1.2.2 asks recipients to distinguish."""


def freshness_lifetime(headers: Mapping[str, str]) -> float | None:
    """
    Return for how long a response may be used.

    Args:
        headers: The headers of the response; repeated ones joined with commas.

    Returns:
        Seconds, at least 0; ``None`` if the response does not say. A directive that cannot be read, and ``no-store``
        and ``no-cache``, count as 0; of several ``max-age`` the smallest counts.
    """
    lifetimes: list[int] = []
    for directive in headers.get("cache-control", "").split(","):
        name, _, value = directive.partition("=")
        match name.strip().lower():
            case "max-age":
                lifetimes.append(_seconds(value) or 0)
            case "no-store" | "no-cache":
                lifetimes.append(0)
            case _:
                pass
    if not lifetimes:
        return None
    age = _seconds(headers.get("age", "0").partition(",")[0])  # of several the first, as RFC 9111 5.1 says
    return float(max(0, min(lifetimes) - (age or 0)))


def _seconds(text: str) -> int | None:
    return parse_seconds(text.strip().strip('"'), maximum=_MAX_SECONDS)
