"""The ``Range`` header, as the HTTPS servers of collections read it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ("ByteRange", "read_ranges")

_RANGE: Final = re.compile(r"([0-9]{1,18})-([0-9]{0,18})")


class ByteRange(NamedTuple):
    """A part of a file."""

    start: int
    end: int
    """Exclusive."""

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.end - self.start

    @property
    def content_range(self) -> str:
        """The ``Content-Range`` header: the size of the file is not in it."""
        return f"bytes {self.start}-{self.end - 1}/*"


def read_ranges(header: str | None, size: int) -> list[ByteRange] | None:
    """
    Return the requested parts of a file; `None` for all of it.

    Args:
        header: The ``Range`` header.
        size: The size of the file.

    Raises:
        ValueError: A range begins at or after the end of the file, is reversed, or counts from the end of the file.
    """
    unit, equals, text = (header or "").partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    ranges: list[ByteRange] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"no range of bytes: {part.strip()!r}")
        start, end = int(match[1]), min(int(match[2] or size), size - 1) + 1
        if start >= end:
            raise ValueError(f"no bytes of the file are in {part.strip()!r}")
        ranges.append(ByteRange(start, end))
    return ranges
