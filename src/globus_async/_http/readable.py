"""Sizes and durations as people write them."""

from __future__ import annotations

from typing import Final

__all__ = ("readable_duration", "readable_rate", "readable_size")

_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")


def readable_size(size: float) -> str:
    """Return a number of bytes in powers of 1000, such as ``1.5 GB``."""
    exponent = 0
    while size >= 999.5 and exponent < len(_UNITS) - 1:
        size, exponent = size / 1000, exponent + 1
    return f"{size:.0f} {_UNITS[exponent]}" if exponent == 0 or size >= 99.95 else f"{size:.1f} {_UNITS[exponent]}"


def readable_duration(seconds: float) -> str:
    """Return a duration in its two largest units, such as ``2 min 5 s``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole} s" if minutes else f"{whole} s"


def readable_rate(rate: float) -> str:
    """Return a number of items per second, such as ``19.8 per second``."""
    return f"{f'{rate:.3g}' if rate < 100 else f'{rate:,.0f}'} per second"
