"""The types of fields, and their values as the index compares them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from .geometry import Point, Shape, parse_point, parse_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("FieldKind", "Leaf", "Misfit", "Scalar", "Value", "date_text", "detect", "fit", "parse_date", "text_of")

FieldKind: TypeAlias = Literal["boolean", "integer", "float", "date", "string", "geo_point", "geo_shape"]
Scalar: TypeAlias = str | int | float | bool
"""A value that is matched, sorted and counted; a date is in milliseconds since 1970."""
Value: TypeAlias = Scalar | Point | Shape

_ZONE: Final = r"Z|[+-]\d\d:?\d\d"
_DATE: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    rf"(?: (?P<time>\d\d:\d\d:\d\d)|T(?P<moment>\d\d:\d\d:\d\d(?:\.\d{{3}})?)(?P<zone>{_ZONE}))?"
    rf"|(?P<slashes>\d{{4}}/\d\d/\d\d) (?P<slashed>\d\d:\d\d:\d\d) (?P<offset>{_ZONE})",
    re.ASCII,
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LARGEST: Final = 2**63


@dataclass(slots=True)
class Leaf:
    """A field of one entry."""

    kind: FieldKind
    values: list[Value]
    """One value, or those of a list."""


class Misfit(ValueError):
    """A value that does not fit the type of its field."""


def parse_date(text: str) -> int | None:
    """Return a date of one of the five known formats, in milliseconds since 1970; `None` if it is none."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    date = found["date"] or found["slashes"].replace("/", "-")
    time = found["time"] or found["moment"] or found["slashed"] or "00:00:00"
    try:
        moment = datetime.fromisoformat(f"{date}T{time}{found['zone'] or found['offset'] or 'Z'}")
        return (moment.astimezone(UTC) - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None


def date_text(milliseconds: int) -> str:
    """Return the usual text of a date."""
    moment = _EPOCH + milliseconds * _MILLISECOND
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def detect(value: Scalar) -> FieldKind:
    """Return the type that a field gets by its first value."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "float"
        case _:
            return "string" if parse_date(value) is None else "date"


def fit(kind: FieldKind, value: object) -> Value:
    """
    Return a value as one of a type: widened where nothing is lost, never narrowed.

    Raises:
        Misfit: It is of another type.
    """
    return _FITS[kind](value)


def text_of(kind: FieldKind, value: Value) -> Scalar:
    """Return a value as results show it."""
    if kind == "date" and isinstance(value, int):
        return date_text(value)
    return str(value) if isinstance(value, Point | Shape) else value


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Misfit(value)


def _integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value < _LARGEST:
        return value
    raise Misfit(value)


def _float(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise Misfit(value)


def _date(value: object) -> int:
    moment = parse_date(value) if isinstance(value, str) else None
    if moment is None:
        raise Misfit(value)
    return moment


def _string(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            raise Misfit(value)


def _point(value: object) -> Point:
    point = parse_point(value)
    if point is None:
        raise Misfit(value)
    return point


def _shape(value: object) -> Shape:
    shape = parse_shape(value)
    if shape is None:
        raise Misfit(value)
    return shape


_FITS: Final[Mapping[FieldKind, Callable[[object], Value]]] = {
    "boolean": _boolean,
    "integer": _integer,
    "float": _float,
    "date": _date,
    "string": _string,
    "geo_point": _point,
    "geo_shape": _shape,
}
