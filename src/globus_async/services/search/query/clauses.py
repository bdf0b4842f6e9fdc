"""What filters, facets, boosts and sort criteria have in common: they are immutable JSON objects about a field."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, TypeAlias, TypeVar, cast
from uuid import UUID

from ...._http.query import utc
from ....errors import GlobusSDKUsageError
from ....errors.arguments import refusal

__all__ = ("Clause", "FieldValue", "checked_field", "checked_number", "copied", "field_path", "field_value")

FieldValue: TypeAlias = str | int | float | bool | date | UUID
"""A value of a field; a time has a time zone, and is sent in UTC."""

T = TypeVar("T")

_ESCAPED: Final = re.compile(r"\\.?", re.DOTALL)
_MAX: Final = 1e300
"""A larger whole number is beyond the range of a float."""


class Clause(Mapping[str, object]):
    """
    A part of a query: an immutable mapping, equal to the JSON object that is sent.

    Made by the functions of its classes, which check their arguments. Wherever a query takes one, it takes a plain dict
    of the same form too.
    """

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, object]) -> None:
        self._members = copied(dict(members))

    def __getitem__(self, key: str) -> Any:
        return copied(self._members[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._members})"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object, as a new dict."""
        return copied(self._members)


def copied(value: T) -> T:
    """
    Return a copy of a part of a query, of all its levels.

    Raises:
        GlobusSDKUsageError: It has more levels than Python can copy.
    """
    try:
        return copy.deepcopy(value)
    except RecursionError:
        raise GlobusSDKUsageError(
            "a query has hundreds of levels; filters of the same kind can share a level"
        ) from None


def field_path(*names: str) -> str:
    r"""
    Return the path of a field from the names of its members, in which dots and backslashes are escaped.

    Args:
        *names: The names, from the outermost to the innermost.

    Raises:
        GlobusSDKUsageError: A name that is not text, or is empty.

    Example:
        >>> print(field_path("sample", "weight.in.mg"))
        sample.weight\.in\.mg
    """
    if not names or not all(isinstance(name, str) and name for name in names):
        raise GlobusSDKUsageError("the path of a field consists of names, which are text and not empty")
    return ".".join(re.sub(r"[.\\]", lambda found: "\\" + found[0], name) for name in names)


def checked_field(value: object) -> str:
    """
    Return the argument ``field_name``.

    Raises:
        GlobusSDKUsageError: It is not text, has an empty part, or a backslash before anything but a dot or a backslash.
    """
    if not isinstance(value, str):
        raise refusal("field_name", value, "text (str)")
    if any(found not in {r"\.", r"\\"} for found in _ESCAPED.findall(value)):
        raise GlobusSDKUsageError(
            "field_name has a backslash that does not escape a dot; field_path() makes a path from names"
        )
    if not all(_ESCAPED.sub("x", value).split(".")):
        raise GlobusSDKUsageError(
            "field_name is empty, or has an empty part; a dot that belongs to a name is escaped, as field_path() does"
        )
    return value


def field_value(name: str, value: object) -> str | int | float | bool:
    """
    Return a value of a field as JSON has it.

    Raises:
        GlobusSDKUsageError: It is not text, a finite number, a boolean, a UUID, a date, or a time with time zone.
    """
    match value:
        case str() | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case UUID():
            return str(value)
        case datetime():
            return utc(name, value)
        case date():
            return value.isoformat()
        case _:
            raise refusal(name, value, "text, a finite number, a boolean, a UUID, a date, or a time with time zone")


def checked_number(name: str, value: Any, minimum: float = -math.inf, maximum: float = math.inf) -> float:
    """Return a finite number within bounds."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and -_MAX < value < _MAX and minimum <= value <= maximum:
        return cast("float", value)
    within = "" if math.isinf(maximum) else f" from {minimum:g} to {maximum:g}"
    raise refusal(name, value, f"a finite number{within}")
