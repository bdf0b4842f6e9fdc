"""Decoding a large JSON document some of its items at a time, so that other threads can run in between."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from typing_extensions import TypeIs

__all__ = ("NOT_DIVIDED", "decode_items")

NOT_DIVIDED: Final = object()
"""Stands for a document that has to be decoded at once."""

_MAX_PREFIX: Final = 65536
_MAX_OPENING: Final = 1024
_MAX_ATTEMPTS: Final = 8


def decode_items(body: bytes, decode: Callable[[bytes], Any], size: int) -> Any:
    """
    Decode a document most of which is an array of objects, as all listings are.

    The array is cut before objects that begin with the same member as its first one, and the document is decoded once
    for each part, with a mark in place of all items before it, and of all after it. If both marks are items of the
    array, it has been cut between two items.

    Args:
        body: The JSON text, encoded.
        decode: Decodes a text, or raises `ValueError`.
        size: The number of bytes to decode at a time, or a little more.

    Returns:
        The document, or `NOT_DIVIDED`: it is of another form, or not valid.
    """
    start = 0
    for _ in range(_MAX_ATTEMPTS):
        start = body.find(b"[", start, _MAX_PREFIX) + 1
        if not start:
            break
        opening = body[start : body.find(b":", start, start + _MAX_OPENING) + 1].strip()
        array = _Array.at(start, body, decode) if opening.startswith(b"{") else None
        document = NOT_DIVIDED if array is None else array.decode_parts(opening, size)
        if document is not NOT_DIVIDED:
            return document
    return NOT_DIVIDED


class _Array:
    """
    An array that is a document, or a member of one.

    Args:
        start: The index of its first item.
        body: The document.
        decode: Decodes a text.
        mark: Text that is no item.
        name: The name of the member, ``None`` if the array is the document.
    """

    __slots__ = ("_body", "_decode", "_mark", "_name", "_start")

    def __init__(self, start: int, body: bytes, decode: Callable[[bytes], Any], mark: str, name: str | None) -> None:
        self._start = start
        self._body = body
        self._decode = decode
        self._mark = mark
        self._name = name

    @classmethod
    def at(cls, start: int, body: bytes, decode: Callable[[bytes], Any]) -> _Array | None:
        """Return the array whose first item is at an index, if there is one."""
        mark = os.urandom(16).hex()  # which no document has
        for after in (b"]}", b"]"):
            try:
                outer = decode(b'%b"%b"%b' % (body[:start], mark.encode(), after))
            except ValueError:
                continue
            names = [None] if _is_list(outer) else [name for name, value in outer.items() if value == [mark]]
            return cls(start, body, decode, mark, names[0]) if names else None
        return None

    def decode_parts(self, opening: bytes, size: int) -> Any:
        """Decode the document, cut before objects that begin with ``opening``, or return `NOT_DIVIDED`."""
        body, start, mark = self._body, self._start, b'"%b"' % self._mark.encode()
        before, after = body[:start] + mark + b",", mark + (b"]" if self._name is None else b"]}")
        items: list[Any] = []
        while len(body) - start > 4 * size:
            end = start + size - 1
            for _ in range(_MAX_ATTEMPTS):
                end = body.find(opening, end + 1)
                if end < 0:
                    return NOT_DIVIDED
                part = memoryview(body)[start : body.rfind(b",", start, end) + 1]
                _, array = self._decode_marked(b"".join((before, part, after)))
                if len(array) > 2 and array[-1] == self._mark:
                    break
            else:
                return NOT_DIVIDED
            items += array[1:-1]
            start += len(part)
        document, array = self._decode_marked(before + body[start:])
        array[:1] = items
        return document

    def _decode_marked(self, text: bytes) -> tuple[Any, list[Any]]:
        """Decode a text; return the document and its array, or `NOT_DIVIDED` if that does not begin with a mark."""
        try:
            document = self._decode(text)
        except ValueError:  # cut within an item
            return NOT_DIVIDED, []
        array = document if self._name is None else document.get(self._name)
        return (document, array) if _is_list(array) and array[:1] == [self._mark] else (NOT_DIVIDED, [])


def _is_list(value: object) -> TypeIs[list[Any]]:
    return isinstance(value, list)
