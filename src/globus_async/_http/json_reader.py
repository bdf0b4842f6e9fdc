"""
Decoding JSON, with one meaning whether ``orjson`` is installed or not.

Of members with the same name the last one counts; whole numbers are exact; NaN, infinities, numbers beyond the range of
a float, unpaired surrogates and more than 1024 nested levels are refused.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = ("LARGE", "decode_json", "is_large", "is_list", "is_object", "member_at")

LARGE: Final = 1 << 19
"""Bytes; the standard library may decode a larger body in more than ten milliseconds, too long for the event loop."""

_NO_VALUE: Final = object()
_MAX_DEPTH: Final = 1024
"""Nested levels; the limit of ``orjson``."""
_DECODES_DEEPER: Final = sys.version_info >= (3, 12)
"""Whether the standard library decodes more levels than the recursion limit."""
_DIGITS: Final = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER: Final = b"0" * 19
"""A number of so many digits, of which ``orjson`` may make a float; with zeros in place of all digits."""
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_PAIR_OR_ESCAPE: Final = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\[^u]", re.DOTALL)
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
"""A string, or the rest of the text from an unpaired quote: no byte is searched twice."""
_CLOSED_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_PIECE: Final = 1 << 18
_ITEMS: Final = 1 << 17
"""Bytes of items that are decoded at a time: too few for many levels, whose search takes longer than the decoding."""
_BACKSLASH: Final = ord("\\")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STRING_OR_BRACKET: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_LEVELS_AT_A_TIME: Final = 16


def is_object(value: object) -> TypeIs[dict[str, Any]]:
    """Return whether a decoded value is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeIs[list[Any]]:
    """Return whether a decoded value is a JSON array."""
    return isinstance(value, list)


@cache
def _orjson_loads() -> Callable[[bytes], Any] | None:
    try:
        import orjson  # noqa: PLC0415 -- optional, and not worth its import before the first response
    except ImportError:
        return None
    return orjson.loads


def is_large(body: bytes) -> bool:
    """Return whether a body should be decoded in a worker thread; ``orjson`` is several times faster."""
    return len(body) > LARGE and (_orjson_loads() is None or len(body) > 4 * LARGE)


def decode_json(body: bytes, *, reject_duplicate_keys: bool = False, yield_to_threads: bool = False) -> Any:
    """
    Decode UTF-8 JSON, with ``orjson`` where it is installed.

    Args:
        body: The JSON text, encoded.
        reject_duplicate_keys: Refuse an object with two members of the same name.
        yield_to_threads: Let other threads run during the decoding.

    Raises:
        ValueError: Not UTF-8, not JSON, or refused (see above).
    """
    loads = None if reject_duplicate_keys else _orjson_loads()
    hook = _unique_members if reject_duplicate_keys else None

    def decode(text: bytes) -> Any:
        if loads is None or _LONG_NUMBER in text.translate(_DIGITS):
            return _decode_with_standard_library(text, hook)
        return loads(text)

    if yield_to_threads or (loads is None and len(body) > 4 * _ITEMS):
        from .json_items import NOT_DIVIDED, decode_items  # noqa: PLC0415 -- only large bodies need it

        document = decode_items(body, decode, _ITEMS)
        if document is not NOT_DIVIDED:
            return document
    if yield_to_threads:
        # a decoder in C keeps other threads waiting until it ends, unless it calls a Python function for each object
        return _decode_with_standard_library(body, hook or _members)
    return decode(body)


def _decode_with_standard_library(
    body: bytes, hook: Callable[[list[tuple[str, Any]]], dict[str, Any]] | None = None
) -> Any:
    text = "".join(piece.decode("utf-8") for piece in _pieces(body))
    if _DECODES_DEEPER or sys.getrecursionlimit() > _MAX_DEPTH:
        _check_depth(body)
    try:
        document = _loads(text, hook)
    except RecursionError:
        _check_depth(body)
        document = _loads_deep(text, hook)
    if any(map(_has_unpaired_surrogate, _pieces(body))):
        raise ValueError("an unpaired surrogate in a string")
    return document


def _check_depth(body: bytes) -> None:
    brackets = sum(piece.count(b"[") + piece.count(b"{") for piece in _pieces(body))
    if brackets > _MAX_DEPTH and _depth(body) > _MAX_DEPTH:
        raise ValueError("nested too deeply")


def _has_unpaired_surrogate(body: bytes) -> bool:
    if b"\\" not in body:  # much faster than a regular expression
        return False
    return _SURROGATE.search(body) is not None and _SURROGATE.search(_PAIR_OR_ESCAPE.sub(b" ", body)) is not None


def _pieces(body: bytes) -> Iterator[bytes]:
    """
    Yield a text in pieces, between which other threads can run: functions in C keep them waiting.

    A piece ends behind the first or last quote of a string, so that no character and no escape is split.
    """
    start = 0
    while len(body) - start > _PIECE:
        end = body.find(b'"', start + _PIECE)
        while end >= 0 and body[end - 1] == _BACKSLASH:
            end = body.find(b'"', end + 1)
        if end < 0:
            break
        yield body[start : end + 1]
        start = end + 1
    yield body[start:]


def _loads(
    text: str,
    hook: Callable[[list[tuple[str, Any]]], dict[str, Any]] | None,
    parse_constant: Callable[[str], Any] | None = None,
) -> Any:
    return json.loads(
        text, parse_constant=parse_constant or _refuse_constant, parse_float=_finite, object_pairs_hook=hook
    )


def _loads_deep(text: str, hook: Callable[[list[tuple[str, Any]]], dict[str, Any]] | None) -> Any:
    """
    Decode a text with more levels than the interpreter allows where it is called.

    The text is decoded in parts of 16 levels, the innermost first. In the part around it, ``NaN``, which JSON does not
    have, stands for a decoded part.
    """
    unfinished: list[_Part] = [_Part()]
    depth = end = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        bracket = match[0]
        if bracket in {"[", "{"}:
            depth += 1
            if depth % _LEVELS_AT_A_TIME == 0:
                unfinished[-1].texts.append(text[end : match.start()])
                unfinished.append(_Part())
                end = match.start()
        elif bracket in {"]", "}"}:
            if depth % _LEVELS_AT_A_TIME == 0 and len(unfinished) > 1:
                part = unfinished.pop()
                part.texts.append(text[end : match.end()])
                unfinished[-1].texts.append("NaN")
                unfinished[-1].decoded.append(part.decode(hook))
                end = match.end()
            depth -= 1
    unfinished[-1].texts.append(text[end:])
    if len(unfinished) > 1:
        raise ValueError("a bracket is not closed")
    return unfinished[0].decode(hook)


class _Part:
    """A part of a text, and the decoded values of the parts within it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.decoded: list[Any] = []

    def decode(self, hook: Callable[[list[tuple[str, Any]]], dict[str, Any]] | None) -> Any:
        values = iter(self.decoded)

        def next_value(constant: str) -> Any:
            value = next(values, _NO_VALUE) if constant == "NaN" else _NO_VALUE
            return _refuse_constant(constant) if value is _NO_VALUE else value

        return _loads("".join(self.texts), hook, next_value)


def _depth(body: bytes) -> int:
    """Return the number of nested levels."""
    deepest = depth = 0
    *pieces, rest = _pieces(body)
    begun = b""
    for piece in pieces:  # each ends with a quote, so every string in it is closed, but for one that begins with it
        text = _CLOSED_STRING.sub(b"", begun + piece)
        begun = b'"' if text.endswith(b'"') else b""
        depth, deepest = _count_levels(text, depth, deepest)
    return _count_levels(_STRING.sub(b"", begun + rest), depth, deepest)[1]


def _count_levels(text: bytes, depth: int, deepest: int) -> tuple[int, int]:
    """Return the level at the end of a text without strings, and the deepest so far."""
    for bracket in text.translate(None, _NO_BRACKETS):
        if bracket in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return depth, deepest


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(pairs)


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member name occurs twice")
    return members


def member_at(document: object, path: str, default: object = None) -> object:
    """
    Return a member of a document, or of an object within it: ``results.data``.

    Args:
        document: The document.
        path: The names of the members, separated by dots.
        default: Returned if there is no such member.
    """
    value = document
    for name in path.split("."):
        if not is_object(value):
            return value  # the caller finds that it is of the wrong type
        if name not in value:
            return default
        value = value[name]
    return value
