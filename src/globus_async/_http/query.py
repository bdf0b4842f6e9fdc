"""Encoding of query parameters."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode
from uuid import UUID

from ..errors import GlobusSDKUsageError
from .missing import MISSING, MissingType
from .path import number_text, shown

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = (
    "NOT_UNICODE",
    "QueryValue",
    "as_bit",
    "comma_joined",
    "drop_missing",
    "encode_query",
    "first_not_unicode",
    "is_collection",
    "scalar_text",
    "time_range",
    "utc",
)

NOT_UNICODE: Final = "it is not valid Unicode text; it may be a file name that is not UTF-8"
"""What is wrong with text that has lone surrogates."""

QueryValue = str | int | float | bool | UUID | enum.Enum | Iterable[object] | MissingType | None


def encode_query(params: Mapping[str, object]) -> str:
    """
    Encode query parameters; `MISSING` and ``None`` are left out, booleans are ``true`` and ``false``.

    A list or other iterable repeats its key; for comma-separated lists, use `comma_joined`.
    """
    pairs = [
        (key, scalar_text(key, item))
        for key, value in drop_missing(params).items()
        for item in (value if _is_list(value) else (value,))
    ]
    try:
        return urlencode(pairs, quote_via=quote, safe="") if pairs else ""
    except UnicodeEncodeError:
        raise GlobusSDKUsageError(f"the query parameter {first_not_unicode(pairs)}: {NOT_UNICODE}") from None


def first_not_unicode(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the name, escaped, of the first pair of name and value that is not valid Unicode text."""
    for pair in pairs:
        try:
            "".join(pair).encode()
        except UnicodeEncodeError:
            return ascii(pair[0])[1:-1]
    return ""


def drop_missing(params: Mapping[str, object]) -> dict[str, object]:
    """Return query parameters without missing ones, and with iterators read, so that they can be encoded repeatedly."""
    return {
        key: tuple(item for item in value if item is not None and item is not MISSING) if _is_list(value) else value
        for key, value in params.items()
        if value is not None and value is not MISSING
    }


def is_collection(value: object) -> TypeIs[Iterable[object]]:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, enum.Enum))


def _is_list(value: object) -> TypeIs[Iterable[object]]:
    return is_collection(value) and not _is_mapping(value)


def _is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)


def scalar_text(key: str, value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case enum.Enum():
            return scalar_text(key, value.value)
        case int() | float() | UUID():
            return number_text(key, value)
        case datetime():
            return utc(key, value)
        case _:
            raise GlobusSDKUsageError(f"{key} cannot be sent as a query parameter: {shown(value)}")


def comma_joined(value: Iterable[object] | object) -> str | MissingType | None:
    """
    Join an iterable with commas, for comma-separated parameters; text is returned unchanged.

    Raises:
        GlobusSDKUsageError: An item has a comma, and would become two.
    """
    if value is None or isinstance(value, MissingType):
        return value
    if is_collection(value):
        items = [scalar_text("a list item", item) for item in value]
        for item in items:
            if "," in item:
                raise GlobusSDKUsageError(f"an item of a comma-separated list cannot have a comma, got {item!r}")
        return ",".join(items)
    return scalar_text("a parameter", value)


def as_bit(value: bool | MissingType | None) -> str | MissingType | None:
    """Return a boolean as ``1`` or ``0``, for the parameters in which the service expects that."""
    return value if value is None or isinstance(value, MissingType) else str(int(value))


def utc(name: str, value: datetime | str) -> str:
    """
    Return a time in RFC 3339, in UTC; text is returned unchanged.

    Raises:
        GlobusSDKUsageError: A datetime without a time zone, or out of range.
    """
    if isinstance(value, str):
        return value
    offset = value.utcoffset()
    if offset is None:
        raise GlobusSDKUsageError(
            f"{name} has no time zone; pass an aware datetime, such as datetime.now(timezone.utc) or value.astimezone()"
        )
    try:
        return f"{(value.replace(tzinfo=None) - offset).isoformat(timespec='seconds')}Z"
    except OverflowError:
        raise GlobusSDKUsageError(f"{name} is outside of the years 1 to 9999 in UTC") from None


def time_range(
    name: str, value: str | tuple[datetime | str | None, datetime | str | None] | MissingType | None
) -> str | MissingType | None:
    """
    Return a time range as text; a bound may be ``None``.

    Raises:
        GlobusSDKUsageError: A naive datetime, or a value that is not a pair.
    """
    if value is None or isinstance(value, (str, MissingType)):
        return value
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise GlobusSDKUsageError(f"{name} must be a pair (start, end), got {shown(value)}")
    if not all(side is None or isinstance(side, (str, datetime)) for side in value):
        raise GlobusSDKUsageError(f"{name} must have datetimes or text as its bounds, got {shown(value)}")
    return ",".join("" if side is None else utc(name, side) for side in value)
