"""Ranges of bytes: what is requested, and what a response says that it has. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = (
    "FileVersion",
    "Piece",
    "content_length",
    "is_page",
    "piece_of",
    "range_header",
    "total_size",
    "validators_of",
)

_CONTENT_RANGE: Final = re.compile(r"bytes (?P<first>\d{1,19})-(?P<last>\d{1,19})/(?P<total>\d{1,19}|\*)")
_UNSATISFIED: Final = re.compile(r"bytes \*/(?P<total>\d{1,19})")
_LENGTH: Final = re.compile(r"\d{1,19}")
_PAGES: Final = ("text/html", "application/xhtml+xml")
_NO_CODING: Final = frozenset({"", "identity"})


class Piece(NamedTuple):
    """
    The bytes of a file that a response has.

    Attributes:
        start: The number of the first byte.
        end: The number after the last byte.
        total: The size of the file; ``None`` if the response does not say.
    """

    start: int
    end: int
    total: int | None


class FileVersion(NamedTuple):
    """
    A version of a file, as far as a server lets versions be distinguished.

    Attributes:
        size: The size in bytes.
        validators: What differs between versions, by name; empty if the server says nothing.
    """

    size: int
    validators: Mapping[str, str]


def validators_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what tells the versions of a file apart, of the headers of a response."""
    return {name: headers[name] for name in ("etag", "last-modified") if name in headers}


def is_page(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether a response may be a page in place of the file, such as that of a proxy."""
    return status == 200 and headers.get("content-type", "").lower().startswith(_PAGES)


def range_header(start: int, end: int | None) -> str:
    """Return the header ``Range`` for bytes from ``start`` up to, not including, ``end``; ``None`` for all further."""
    return f"bytes={start}-{'' if end is None else end - 1}"


def content_length(headers: Mapping[str, str]) -> int | None:
    """Return the length of a body that is as in the file; ``None`` without a usable header, or with a coding."""
    if headers.get("content-encoding", "").lower() not in _NO_CODING:
        return None
    text = headers.get("content-length", "")
    return int(text) if _LENGTH.fullmatch(text) is not None else None


def total_size(headers: Mapping[str, str]) -> int | None:
    """Return the size of a file by a response that has none of its bytes (416)."""
    found = _UNSATISFIED.fullmatch(headers.get("content-range", ""))
    return None if found is None else int(found["total"])


def piece_of(status: int, headers: Mapping[str, str]) -> Piece | None:
    """Return the bytes that a response has; ``None`` if it does not say, or has something else than plain bytes."""
    if headers.get("content-encoding", "").lower() not in _NO_CODING:
        return None
    if headers.get("content-type", "").lower().startswith("multipart/byteranges"):
        return None  # the body has headers of its parts
    length = content_length(headers)
    if status == 200:
        return None if length is None else Piece(0, length, length)
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if status != 206 or found is None:
        return None
    start, end = int(found["first"]), int(found["last"]) + 1
    if end <= start or length not in {None, end - start}:
        return None
    total = None if found["total"] == "*" else int(found["total"])
    return None if total is not None and total < end else Piece(start, end, total)
