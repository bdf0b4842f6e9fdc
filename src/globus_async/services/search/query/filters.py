"""Filters: which entries a query finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, cast

from ...._http.missing import MISSING, MissingType
from ....errors import GlobusSDKUsageError
from ....errors.arguments import check_bool, check_iterable, refusal
from .clauses import Clause, FieldValue, checked_field, checked_number, field_value
from .lists import is_mapping, is_several

__all__ = ("Filter",)

_BOUNDS: Final = ("from", "to", "gt", "gte", "lt", "lte")
_OPEN: Final = "*"
_MIN_RING: Final = 4
"""Positions of the smallest ring: a triangle, with its first corner twice."""


class Filter(Clause):
    """
    A condition on entries; ``&``, ``|`` and ``~`` combine conditions.

    Made by its class methods, which check their arguments. Dots in ``field_name`` lead into nested objects; a dot that
    belongs to a name has a backslash before it (`field_path`).

    Example:
        >>> recent = Filter.range("year", gte=2020)
        >>> metal = Filter.match_any("material", "copper", "iron")
        >>> (recent & ~metal).to_dict()["type"]
        'and'
        >>> metal == {"type": "match_any", "field_name": "material", "values": ["copper", "iron"]}
        True
        >>> query = SearchQueryV1(filters=[recent, metal])
        >>> [hit["subject"] async for hit in sc.post_search(index_id, query)]
        ['https://example.org/samples/1', 'https://example.org/samples/3']

    REST: `Filters <https://docs.globus.org/api/search/reference/post_query/#gfilter>`_
    """

    __slots__ = ()

    @classmethod
    def match_all(cls, field_name: str, *values: FieldValue) -> Filter:
        """Return the condition that a field has all of these values."""
        return cls(_match("match_all", field_name, values))

    @classmethod
    def match_any(cls, field_name: str, *values: FieldValue) -> Filter:
        """Return the condition that a field has at least one of these values."""
        return cls(_match("match_any", field_name, values))

    @classmethod
    def range(
        cls,
        field_name: str,
        *ranges: Mapping[str, FieldValue],
        gt: FieldValue | MissingType = MISSING,
        gte: FieldValue | MissingType = MISSING,
        lt: FieldValue | MissingType = MISSING,
        lte: FieldValue | MissingType = MISSING,
    ) -> Filter:
        """
        Return the condition that a field has a value in a range, or in one of several.

        Args:
            field_name: The field.
            *ranges: Several ranges, as mappings with the names of the other arguments, or with ``from`` and ``to``,
                which are inclusive, and ``"*"`` for no bound.
            gt: Lower bound, exclusive.
            gte: Lower bound, inclusive.
            lt: Upper bound, exclusive.
            lte: Upper bound, inclusive.

        Raises:
            GlobusSDKUsageError: There is no range, or one without bounds, with two lower or two upper bounds, with
                bounds of different types, or with a lower bound above the upper one.
        """
        bounds = {"gt": gt, "gte": gte, "lt": lt, "lte": lte}
        given = {name: value for name, value in bounds.items() if value is not MISSING}
        all_ranges = (*ranges, given) if given else ranges
        if not all_ranges:
            raise GlobusSDKUsageError("a range has at least one bound: gt, gte, lt or lte")
        values = [_range(value) for value in all_ranges]
        return cls({"type": "range", "field_name": checked_field(field_name), "values": values})

    @classmethod
    def exists(cls, field_name: str) -> Filter:
        """Return the condition that a field has a value."""
        return cls({"type": "exists", "field_name": checked_field(field_name)})

    @classmethod
    def like(cls, field_name: str, value: str) -> Filter:
        """Return the condition that a field, of text, matches a pattern with the wildcards ``*`` and ``?``."""
        if not isinstance(value, str) or not value:
            raise refusal("value", value, "a pattern such as 'cop*', which is not empty")
        return cls({"type": "like", "field_name": checked_field(field_name), "value": value})

    @classmethod
    def geo_bounding_box(
        cls,
        field_name: str,
        *,
        top_left: Mapping[str, float] | tuple[float, float],
        bottom_right: Mapping[str, float] | tuple[float, float],
    ) -> Filter:
        """
        Return the condition that a field, mapped as geographical, lies in a rectangle.

        Args:
            field_name: The field.
            top_left: Its north-western corner: ``{"lat": ..., "lon": ...}``, or a pair of latitude and longitude, in
                degrees.
            bottom_right: Its south-eastern corner.

        Raises:
            GlobusSDKUsageError: A latitude beyond 90, a longitude beyond 180 degrees; or the corners are interchanged.
        """
        north_west, south_east = _corner("top_left", top_left), _corner("bottom_right", bottom_right)
        if north_west["lat"] < south_east["lat"]:
            raise GlobusSDKUsageError("top_left lies south of bottom_right")
        members = {"field_name": checked_field(field_name), "top_left": north_west, "bottom_right": south_east}
        return cls({"type": "geo_bounding_box", **members})

    @classmethod
    def geo_shape(
        cls,
        field_name: str,
        polygon: Iterable[Iterable[Sequence[float]]] | Mapping[str, object],
        *,
        relation: Literal["intersects", "within"] | MissingType = MISSING,
    ) -> Filter:
        """
        Return the condition that a field, mapped as geographical, meets a polygon.

        Args:
            field_name: The field.
            polygon: The polygon, as in GeoJSON: a list of rings, the outer one first; each is a list of pairs of
                longitude and latitude, in degrees, which ends where it begins. Or the GeoJSON object itself.
            relation: Whether the field and the polygon have a point in common (``"intersects"``, the default of the
                service), or the field lies in the polygon (``"within"``).

        Raises:
            GlobusSDKUsageError: It is not a polygon, or a coordinate is out of bounds.
        """
        if relation not in (MISSING, "intersects", "within"):
            raise GlobusSDKUsageError("relation must be 'intersects' or 'within'")
        members = {"field_name": checked_field(field_name), "shape": _polygon(polygon)}
        return cls({"type": "geo_shape", **members, **({} if relation is MISSING else {"relation": relation})})

    @classmethod
    def not_(cls, filter: Filter | Mapping[str, object]) -> Filter:
        """Return the condition that another one does not hold; ``~filter`` is the same."""
        return cls({"type": "not", "filter": _nested(filter)})

    @classmethod
    def and_(cls, *filters: Filter | Mapping[str, object]) -> Filter:
        """Return the condition that all of several conditions hold; ``a & b`` is the same."""
        return cls({"type": "and", "filters": _several(filters)})

    @classmethod
    def or_(cls, *filters: Filter | Mapping[str, object]) -> Filter:
        """Return the condition that one of several conditions holds; ``a | b`` is the same."""
        return cls({"type": "or", "filters": _several(filters)})

    def with_post_filter(self, post_filter: bool) -> Filter:
        """
        Return the same condition with the choice of whether it limits the hits only, and not the facets.

        For `SearchQuery` only, and not inside of another condition. A `SearchQueryV1` has ``post_facet_filters``.

        Args:
            post_filter: True for the hits only. The service's default is False for ``match_all``, and True otherwise.
        """
        check_bool("post_filter", post_filter)
        return Filter({**self, "post_filter": post_filter})

    def __and__(self, other: Filter | Mapping[str, object]) -> Filter:
        return Filter.and_(*self._parts("and"), *_parts(other, "and"))

    def __or__(self, other: Filter | Mapping[str, object]) -> Filter:
        return Filter.or_(*self._parts("or"), *_parts(other, "or"))

    def __invert__(self) -> Filter:
        return Filter(self["filter"]) if self["type"] == "not" and "post_filter" not in self else Filter.not_(self)

    def _parts(self, kind: str) -> list[Mapping[str, object]]:
        return _parts(self, kind)


def _parts(value: Filter | Mapping[str, object], kind: str) -> list[Mapping[str, object]]:
    """Return the parts of a condition of a kind; another condition is its own only part."""
    if isinstance(value, Filter) and value["type"] == kind and "post_filter" not in value:
        return list(value["filters"])
    return [value]


def _nested(value: object) -> dict[str, Any]:
    if not is_mapping(value) or not isinstance(value.get("type"), str):
        raise refusal("a filter", value, "a Filter, or a dict with a type")
    if "post_filter" in value:
        raise GlobusSDKUsageError("a filter inside of another one has no post_filter")
    return dict(value)


def _several(filters: Sequence[object]) -> list[dict[str, Any]]:
    if not filters:
        raise GlobusSDKUsageError("there must be at least one filter")
    return [_nested(value) for value in filters]


def _match(kind: str, field_name: str, values: Sequence[object]) -> dict[str, Any]:
    if not values:
        raise GlobusSDKUsageError(f"{kind} needs at least one value")
    if len(values) == 1 and isinstance(values[0], (list, tuple, set, frozenset)):
        raise GlobusSDKUsageError("values is a single list; write *values")
    found = [field_value("a value", value) for value in values]
    return {"type": kind, "field_name": checked_field(field_name), "values": found}


def _range(bounds: object) -> dict[str, Any]:
    if not is_mapping(bounds) or not bounds or not all(name in _BOUNDS for name in bounds):
        raise refusal("a range", bounds, "a mapping with some of gt, gte, lt, lte, or from and to")
    values = {str(name): field_value(str(name), value) for name, value in bounds.items()}
    low = [values[name] for name in ("from", "gt", "gte") if name in values]
    high = [values[name] for name in ("to", "lt", "lte") if name in values]
    if len(low) > 1 or len(high) > 1:
        raise GlobusSDKUsageError("a range has one lower and one upper bound, at most")
    if low and high and _OPEN not in {low[0], high[0]}:
        is_text = [isinstance(bound, str) for bound in (low[0], high[0])]
        if is_text[0] != is_text[1]:
            raise GlobusSDKUsageError("the bounds of a range are of different types")
        if not is_text[0] and cast("float", low[0]) > cast("float", high[0]):
            raise GlobusSDKUsageError("the lower bound of a range is above the upper one")
    return values


def _corner(name: str, value: object) -> dict[str, float]:
    pair = list(value) if is_several(value) else []
    if is_mapping(value) and set(value) == {"lat", "lon"}:
        pair = [value["lat"], value["lon"]]
    if len(pair) != 2:
        raise refusal(name, value, "{'lat': ..., 'lon': ...}, or a pair of latitude and longitude")
    return {"lat": checked_number("lat", pair[0], -90, 90), "lon": checked_number("lon", pair[1], -180, 180)}


def _polygon(value: Any) -> dict[str, Any]:
    rings = value
    if is_mapping(value):
        if value.get("type") != "Polygon" or "coordinates" not in value:
            raise GlobusSDKUsageError("the shape must be a GeoJSON object of the type Polygon, with coordinates")
        rings = value["coordinates"]
    check_iterable("the polygon", rings, Iterable, "a list of rings")
    return {"type": "Polygon", "coordinates": [_ring(ring) for ring in _list("a polygon", rings)]}


def _ring(value: object) -> list[list[float]]:
    positions = [_position(position) for position in _list("a ring of a polygon", value)]
    if len(positions) < _MIN_RING or positions[0] != positions[-1]:
        raise GlobusSDKUsageError("a ring of a polygon has at least four positions, and its last one is its first one")
    return positions


def _position(value: object) -> list[float]:
    position = _list("a position", value)
    if len(position) != 2:
        raise GlobusSDKUsageError("a position is a pair of longitude and latitude")
    return [checked_number("a longitude", position[0], -180, 180), checked_number("a latitude", position[1], -90, 90)]


def _list(name: str, value: object) -> list[Any]:
    if not is_several(value):
        raise refusal(name, value, "a list")
    found: list[Any] = list(value)
    if not found:
        raise GlobusSDKUsageError(f"{name} is empty")
    return found
