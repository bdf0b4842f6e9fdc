"""Filters of listings, as text or as a mapping of clauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias, cast
from uuid import UUID

from ..._http.missing import MissingType
from ..._http.path import number_text, shown
from ..._http.query import utc
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_type

__all__ = ("TransferFilter", "filter_text", "filter_texts")

_FilterValue: TypeAlias = str | UUID | int | datetime | None
TransferFilter: TypeAlias = str | Mapping[str, _FilterValue | Iterable[_FilterValue]]
"""
A filter: text in the service's syntax, or a mapping of clauses that must all match.

``{"type": ["TRANSFER", "DELETE"], "status": "ACTIVE"}`` is ``type:TRANSFER,DELETE/status:ACTIVE``. The values of a
clause are alternatives; a pair of aware datetimes is a range, whose bound may be ``None``.

Text is in the service's syntax: ``{"name": "~*.txt"}`` matches a pattern, ``"!a"`` is anything but ``a``, ``"=a"`` is
``a``, ``"a,b"`` is either. The values of a list mean themselves, whatever they begin with: ``{"name": ["!a"]}`` is the
name ``!a``. Use a list for text that comes from a user.
"""

_OPERATORS: Final = ("!", "~", "=", "<", ">")


def filter_text(value: TransferFilter | MissingType | None) -> str | MissingType | None:
    """
    Return a filter as text.

    Raises:
        GlobusSDKUsageError: A value with a reserved character, or a naive datetime.
    """
    if isinstance(value, Mapping):
        return "/".join(f"{_plain('a filter name', name, ':,/')}:{_clause(name, item)}" for name, item in value.items())
    if value is None or isinstance(value, (str, MissingType)):
        return value
    raise GlobusSDKUsageError(f"a filter must be text or a mapping, got {type(value).__name__}")


def filter_texts(
    value: TransferFilter | Iterable[TransferFilter] | MissingType | None,
) -> list[str | MissingType | None]:
    """Return one filter, or several alternative ones, as texts."""
    if value is None or isinstance(value, (str, MissingType)):
        return [value]
    if isinstance(value, Mapping):
        return [filter_text(cast("TransferFilter", value))]
    check_type("filter", value, Iterable, "text or a mapping, or several of these")
    return [filter_text(item) for item in value]


def _clause(name: str, value: _FilterValue | Iterable[_FilterValue]) -> str:
    if isinstance(value, str):
        return _plain(name, value, "/")
    if value is None or isinstance(value, (UUID, int, datetime)):
        return _word(name, value)
    if not isinstance(value, Iterable) or isinstance(value, (bytes, bytearray, Mapping)):
        raise GlobusSDKUsageError(f"{name} cannot be filtered by bytes, a mapping or an object")
    values = list(value)
    is_like_operator = any(isinstance(item, str) and item.startswith(_OPERATORS) for item in values)
    return ("=" if is_like_operator else "") + ",".join(_word(name, item) for item in values)


def _word(name: str, value: _FilterValue) -> str:
    match value:
        case None:
            return ""
        case datetime():
            utc(name, value)
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case str():
            return _plain(name, value, ",/")
        case UUID() | int():
            return number_text(name, value)
        case _:
            raise GlobusSDKUsageError(f"{name} cannot be filtered by {shown(value)}")


def _plain(name: str, text: object, reserved: str) -> str:
    if not isinstance(text, str):
        raise GlobusSDKUsageError(f"{name} must be text, got {shown(text)}")
    if any(char in text for char in reserved):
        raise GlobusSDKUsageError(
            f"{name} cannot be filtered by a value with {' or '.join(map(repr, reserved))}; pass the filter as text"
        )
    return text
