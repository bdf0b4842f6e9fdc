"""Numbers of seconds in headers: ``delta-seconds`` of RFC 9111 1.2.2."""

from __future__ import annotations

from typing import Final

__all__ = ("parse_seconds",)

_DIGITS: Final = frozenset("0123456789")


def parse_seconds(text: str, *, maximum: int) -> int | None:
    """
    Parse a whole number of seconds: ASCII digits, with any number of leading zeros.

    Args:
        text: The text, without white space around it.
        maximum: The result for all larger numbers, which have any number of digits.

    Returns:
        Seconds; ``None`` if the text is anything else, such as a sign, a fraction or digits of another script.
    """
    if not text or not _DIGITS.issuperset(text):
        return None
    digits = text.lstrip("0")
    return maximum if len(digits) > len(str(maximum)) else min(int(digits or "0"), maximum)
