"""Reading JSON: what is not JSON is refused, whatever its size, and nothing else is raised."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final, NoReturn

from typing_extensions import TypeIs

__all__ = ("LARGE", "decode_json", "is_large", "is_list", "is_object")

LARGE: Final = 1 << 20
"""More bytes than these take the standard library too long for an event loop: some ten milliseconds."""

_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_DIGITS: Final = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER: Final = b"0" * 19
"""With every digit a nought, what is in a whole number that ``orjson`` may make a float of."""


def is_object(value: object) -> TypeIs[dict[str, Any]]:
    """Say whether a decoded value is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeIs[list[Any]]:
    """Say whether a decoded value is a JSON array."""
    return isinstance(value, list)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member name is there twice")
    return members


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(pairs)


def _loader() -> Callable[[bytes], Any] | None:
    try:
        import orjson  # noqa: PLC0415 -- optional, and not worth its import before the first answer
    except ImportError:
        return None
    return orjson.loads


_loads: Callable[[bytes], Any] | None = None
_sought = False


def _found() -> Callable[[bytes], Any] | None:
    global _loads, _sought
    if not _sought:
        _loads, _sought = _loader(), True
    return _loads


def is_large(body: bytes) -> bool:
    """Say whether a body should be decoded apart from the event loop; ``orjson`` reads four times as much in a time."""
    return len(body) > LARGE and (_found() is None or len(body) > 4 * LARGE)


def decode_json(body: bytes, *, reject_duplicate_keys: bool = False, yield_to_threads: bool = False) -> Any:
    """
    Decode UTF-8 JSON, with ``orjson`` where it is installed.

    Args:
        body: The text, encoded.
        reject_duplicate_keys: Refuse a member name that is there twice.
        yield_to_threads: Let other threads run meanwhile.

    Raises:
        ValueError: Not UTF-8, not JSON (NaN and infinities are not), a number too large, nested too deeply, or with
            half a surrogate pair.
    """
    loads = _found()
    if loads is not None and not (reject_duplicate_keys or yield_to_threads or _LONG_NUMBER in body.translate(_DIGITS)):
        return loads(body)
    text = body.decode("utf-8")
    # a decoder in C holds the interpreter for the whole of a text; one that calls Python for every object does not
    hook = _unique if reject_duplicate_keys else _members if yield_to_threads else None
    try:
        document = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=hook)
        if _SURROGATE.search(body) is not None:
            json.dumps(document, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return document
