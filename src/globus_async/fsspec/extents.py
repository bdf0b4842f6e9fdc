"""Which bytes to request for the ranges that are wanted: neighbours together, and some ahead. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from .known_files import KnownFile

__all__ = ("WHOLE_BYTES", "Extent", "extents_of", "merged")

WHOLE_BYTES: Final = 8 << 20
"""Files up to this size are read as a whole: shards of zarr, whose parts are wanted one by one."""
_MAX_GAP: Final = 1 << 20
_MAX_MERGED: Final = 32 << 20
_MIN_AHEAD: Final = 1 << 20
_MAX_AHEAD: Final = 32 << 20
_GROWTH: Final = 8
_TAIL: Final = 1 << 20


class Extent(NamedTuple):
    """
    Bytes to request.

    Attributes:
        start: The number of the first byte.
        end: The number after the last byte.
    """

    start: int
    end: int

    def has(self, start: int, end: int) -> bool:
        """Return whether a range is within."""
        return self.start <= start and end <= self.end


def merged(ranges: Iterable[tuple[int, int]]) -> list[Extent]:
    """Return the extents that have all ranges: those with small gaps are one, up to a size."""
    extents: list[Extent] = []
    for start, end in sorted(ranges):
        last = extents[-1] if extents else None
        joined = last is not None and (
            end <= last.end or (start - last.end <= _MAX_GAP and end - last.start <= _MAX_MERGED)
        )
        if last is not None and joined:
            extents[-1] = Extent(last.start, max(last.end, end))
        else:
            extents.append(Extent(start, end))
    return extents


def extents_of(file: KnownFile, ranges: Iterable[tuple[int, int]]) -> list[Extent]:
    """
    Return the extents to request for ranges of a file.

    A reader that stays near gets more and more at a time, since threads read the parts of a column in any order; one
    that jumps gets little.
    """
    size = file.facts.size
    if size <= WHOLE_BYTES:
        return [Extent(0, size)]
    extents = merged(ranges)
    if len(extents) > 1:
        return extents
    start, end = extents[0]
    if size - start <= _TAIL:
        return [Extent(size - _TAIL, size)]  # the tail has the index of many formats
    last, before = file.last_end, 0
    file.last_end = end
    if last is None or abs(start - last) > _MAX_AHEAD:
        file.ahead = _MIN_AHEAD
    else:
        file.ahead = min(file.ahead * _GROWTH, _MAX_AHEAD)
        before = file.ahead // 2
    lowest = max((known.end for known in file.segments if known.end <= start), default=0)
    highest = min((known.start for known in file.segments if known.start >= end), default=size)
    return [Extent(max(start - before, lowest), max(end, min(start + file.ahead, highest)))]
