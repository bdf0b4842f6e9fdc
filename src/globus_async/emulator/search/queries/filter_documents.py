"""The documents of filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...kit.fields import BOOLEAN, FieldType
from ..content import field_path
from ..geometry import Box, Shape, parse_point, parse_polygon
from ..validation import PATH, TEXT, one_of
from .filters import All, Exists, InBox, Interval, Like, MatchAll, MatchAny, NoneOf, OneOf, Range, RelatedTo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..geometry import Point
    from ..validation import Members
    from ..values import Scalar
    from .filters import Filter

__all__ = ("SCALAR", "read_filters", "read_path")

_MAX_DEPTH: Final = 20


def _scalar(value: object) -> Scalar:
    if not isinstance(value, str | int | float):
        raise ValueError(value)  # noqa: TRY004 -- every wrong value is one
    return value


def _parsed(parse: Callable[[object], Any]) -> Callable[[object], Any]:
    def convert(value: object) -> Any:
        parsed = parse(value)
        if parsed is None:
            raise ValueError(value)
        return parsed

    return convert


SCALAR: Final = FieldType("a string, number or boolean", _scalar, "strings, numbers or booleans")
_POSITION: Final[FieldType[Point]] = FieldType("a position with lat and lon", _parsed(parse_point))
_POLYGON: Final[FieldType[Shape]] = FieldType("a GeoJSON polygon whose rings are closed", _parsed(parse_polygon))
_ORIGIN: Final = _POSITION.convert({"lat": 0, "lon": 0})
_RELATION: Final = one_of("intersects", "within")


def read_path(members: Members, name: str = "field_name") -> str:
    """Return the path of the field that a member names; an invalid name is reported."""
    return field_path(members.required(name, PATH, ""))


def read_filters(
    document: Members, name: str, *, required: bool = False, with_post_filter: bool = False, depth: int = 1
) -> list[tuple[Filter, bool]]:
    """
    Return the filters of a member, each with whether it is a post filter; problems are reported.

    Args:
        document: The members of a query or filter.
        name: The member with the list.
        required: A missing list is a problem.
        with_post_filter: The filters may have a member ``post_filter``, which is true by default for all but
            ``match_all``.
        depth: How deep the list is nested in filters.
    """
    return [_read(each, with_post_filter, depth) for each in document.children(name, required=required)]


def _read(members: Members, with_post_filter: bool, depth: int) -> tuple[Filter, bool]:
    kind = members.required("type", _TYPE, "")
    read = _READERS.get(kind)
    if read is None:
        return _NOTHING, False
    names, reader = read
    members.refuse_unknown({"type", *names, *(["post_filter"] if with_post_filter else [])})
    if depth > _MAX_DEPTH:
        members.report("type", f"Filters must not be nested more than {_MAX_DEPTH} levels deep.")
        return _NOTHING, False
    is_post = with_post_filter and members.optional("post_filter", BOOLEAN, kind != "match_all")
    return reader(members, depth), is_post


def _match_all(members: Members, _: int) -> Filter:
    return MatchAll(read_path(members), _values(members))


def _match_any(members: Members, _: int) -> Filter:
    return MatchAny(read_path(members), _values(members))


def _values(members: Members) -> tuple[Scalar, ...]:
    return members.listed("values", SCALAR, required=True)


def _range(members: Members, _: int) -> Filter:
    return Range(read_path(members), tuple(map(_interval, members.children("values", required=True))))


def _interval(members: Members) -> Interval:
    members.refuse_unknown(_ENDS)
    given = {name: members.optional(name, SCALAR, None) for name in _ENDS if name in members}
    if not given:
        members.report_whole("A range must have from, to, gt, gte, lt or lte.")
    if any(sum(name in given for name in names) > 1 for names in (_ENDS[::2], _ENDS[1::2])):
        members.report_whole("A range must have one lower and one upper end.")
    ends = {name: None if value == "*" else value for name, value in given.items()}
    low = next((ends[name] for name in _ENDS[::2] if name in ends), None)
    high = next((ends[name] for name in _ENDS[1::2] if name in ends), None)
    return Interval(low, high, "gt" not in ends, "lt" not in ends)


_ENDS: Final = ("from", "to", "gt", "lt", "gte", "lte")
"""The lower and the upper ends in turn."""


def _exists(members: Members, _: int) -> Filter:
    return Exists(read_path(members))


def _like(members: Members, _: int) -> Filter:
    return Like(read_path(members), members.required("value", TEXT, ""))


def _not(members: Members, depth: int) -> Filter:
    inner = members.child("filter", required=True)
    return _NOTHING if inner is None else NoneOf(_read(inner, False, depth + 1)[0])


def _and(members: Members, depth: int) -> Filter:
    return All(_nested(members, depth))


def _or(members: Members, depth: int) -> Filter:
    return OneOf(_nested(members, depth))


def _nested(members: Members, depth: int) -> tuple[Filter, ...]:
    return tuple(each for each, _ in read_filters(members, "filters", required=True, depth=depth + 1))


def _box(members: Members, _: int) -> Filter:
    top_left = members.required("top_left", _POSITION, _ORIGIN)
    bottom_right = members.required("bottom_right", _POSITION, _ORIGIN)
    if top_left.lat < bottom_right.lat:
        members.report("top_left", "Must not be south of bottom_right.")
    return InBox(read_path(members), Box(top_left.lat, top_left.lon, bottom_right.lat, bottom_right.lon))


def _shape(members: Members, _: int) -> Filter:
    path = read_path(members)
    shape = members.required("shape", _POLYGON, Shape())
    relation = members.optional("relation", _RELATION, "intersects")
    return RelatedTo(path, shape, "within" if relation == "within" else "intersects")


_READERS: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Members, int], Filter]]]] = {
    "match_all": (("field_name", "values"), _match_all),
    "match_any": (("field_name", "values"), _match_any),
    "range": (("field_name", "values"), _range),
    "exists": (("field_name",), _exists),
    "like": (("field_name", "value"), _like),
    "not": (("filter",), _not),
    "and": (("filters",), _and),
    "or": (("filters",), _or),
    "geo_bounding_box": (("field_name", "top_left", "bottom_right"), _box),
    "geo_shape": (("field_name", "shape", "relation"), _shape),
}
_TYPE: Final = one_of(*_READERS)
_NOTHING: Final = OneOf(())
