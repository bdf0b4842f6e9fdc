"""Points and shapes on a plane of longitudes and latitudes, in degrees."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ("Box", "Point", "Position", "Ring", "Shape", "parse_point", "parse_polygon", "parse_shape")

Position: TypeAlias = tuple[float, float]
"""Longitude and latitude."""
Ring: TypeAlias = tuple[Position, ...]

_POSITIONS: Final = 10_000
"""The greatest number of positions of one shape."""


@dataclass(frozen=True, slots=True)
class Point:
    """A position."""

    lat: float
    lon: float

    def __str__(self) -> str:
        return f"{self.lat},{self.lon}"

    @property
    def shape(self) -> Shape:
        """The point as a shape."""
        return Shape(lines=(((self.lon, self.lat),),))


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; it crosses the date line if its left side is east of its right one."""

    top: float
    left: float
    bottom: float
    right: float

    def contains(self, point: Point) -> bool:
        """Return whether a point is inside or on a side."""
        if not self.bottom <= point.lat <= self.top:
            return False
        if self.left <= self.right:
            return self.left <= point.lon <= self.right
        return point.lon >= self.left or point.lon <= self.right

    def intersects(self, shape: Shape) -> bool:
        """Return whether the box and a shape have a point in common."""
        spans = [(self.left, self.right)] if self.left <= self.right else [(self.left, 180.0), (-180.0, self.right)]
        return any(self._rectangle(left, right).intersects(shape) for left, right in spans)

    def _rectangle(self, left: float, right: float) -> Shape:
        top, bottom = self.top, self.bottom
        return Shape(polygons=((((left, top), (right, top), (right, bottom), (left, bottom), (left, top)),),))


@dataclass(frozen=True, slots=True)
class Shape:
    """Lines, of which one with a single position is a point, and polygons, each an outer ring and its holes."""

    lines: tuple[Ring, ...] = ()
    polygons: tuple[tuple[Ring, ...], ...] = ()

    @property
    def size(self) -> int:
        """The number of its positions."""
        return sum(1 for _ in self._positions())

    def intersects(self, other: Shape) -> bool:
        """Return whether two shapes have a point in common."""
        if any(other.covers(each) for each in self._positions()) or any(map(self.covers, other._positions())):
            return True
        edges = list(other._edges())
        return any(_touch(one, two) for one in self._edges() for two in edges)

    def is_within(self, other: Shape) -> bool:
        """Return whether no point of the shape is outside another one."""
        if not all(map(other.covers, self._positions())):
            return False
        edges = list(other._edges())
        if any(_cross(one, two) for one in self._edges() for two in edges):
            return False
        # a hole of the other shape that lies inside this one
        holes = (position for polygon in other.polygons for hole in polygon[1:] for position in hole)
        return not any(self._surrounds(position) for position in holes)

    def covers(self, position: Position) -> bool:
        """Return whether a position is inside, or on an edge."""
        if any(_on(edge, position) for edge in self._edges()):
            return True
        return any(line == (position,) for line in self.lines) or self._surrounds(position)

    def _surrounds(self, position: Position) -> bool:
        """Return whether a position is inside a polygon and not on an edge."""
        if any(_on(edge, position) for edge in self._edges()):
            return False
        return any(
            _inside(polygon[0], position) and not any(_inside(hole, position) for hole in polygon[1:])
            for polygon in self.polygons
        )

    def _rings(self) -> Iterator[Ring]:
        yield from self.lines
        for polygon in self.polygons:
            yield from polygon

    def _positions(self) -> Iterator[Position]:
        for ring in self._rings():
            yield from ring

    def _edges(self) -> Iterator[tuple[Position, Position]]:
        for ring in self._rings():
            yield from pairwise(ring)


def _side(one: Position, two: Position, position: Position) -> float:
    """Return on which side of a line a position is: by its sign."""
    return (two[0] - one[0]) * (position[1] - one[1]) - (two[1] - one[1]) * (position[0] - one[0])


def _on(edge: tuple[Position, Position], position: Position) -> bool:
    (x1, y1), (x2, y2) = edge
    x, y = position
    return min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2) and _side(*edge, position) == 0


def _cross(one: tuple[Position, Position], two: tuple[Position, Position]) -> bool:
    """Return whether two edges cross between their ends."""
    a, b = _side(*one, two[0]), _side(*one, two[1])
    c, d = _side(*two, one[0]), _side(*two, one[1])
    return ((a > 0 > b) or (a < 0 < b)) and ((c > 0 > d) or (c < 0 < d))


def _touch(one: tuple[Position, Position], two: tuple[Position, Position]) -> bool:
    ends = any(_on(one, each) for each in two) or any(_on(two, each) for each in one)
    return ends or _cross(one, two)


def _inside(ring: Ring, position: Position) -> bool:
    """Return whether a ring goes around a position: whether a ray from it crosses the ring an odd number of times."""
    x, y = position
    inside = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def parse_point(value: object) -> Point | None:
    """Return the point of ``{"lat": ..., "lon": ...}`` or of a GeoJSON point; `None` if it is neither."""
    kind, items = _geometry(value)
    if isinstance(value, dict) and value.keys() == {"lat", "lon"}:
        members = cast("dict[str, Any]", value)
        position = _position([members["lon"], members["lat"]])
    else:
        position = _position(items) if kind == "Point" else None
    return None if position is None else Point(position[1], position[0])


def parse_shape(value: object) -> Shape | None:
    """Return the shape of a GeoJSON geometry; `None` if it is none."""
    kind, items = _geometry(value)
    match kind:
        case "Point":
            return _lines([[items]], shortest=1)
        case "MultiPoint":
            return _lines([[each] for each in items], shortest=1)
        case "LineString":
            return _lines([items], shortest=2)
        case "MultiLineString":
            return _lines(items, shortest=2)
        case "Polygon":
            return _polygons([items])
        case "MultiPolygon":
            return _polygons(items)
        case _:
            return None


def parse_polygon(value: object) -> Shape | None:
    """Return the shape of a GeoJSON polygon, whose rings are closed; `None` if it is none."""
    kind, items = _geometry(value)
    return _polygons([items]) if kind == "Polygon" else None


def _geometry(value: object) -> tuple[object, list[object]]:
    """Return the type and the coordinates of a geometry."""
    members = cast("dict[str, Any]", value) if isinstance(value, dict) else dict[str, Any]()
    items: object = members.get("coordinates")
    return (members.get("type"), cast("list[object]", items)) if isinstance(items, list) else (None, [])


def _lines(items: list[object], *, shortest: int) -> Shape | None:
    lines = [_ring(each, shortest) for each in items]
    return Shape(lines=tuple(line for line in lines if line)) if lines and all(lines) else None


def _polygons(items: list[object]) -> Shape | None:
    polygons = [_rings(each) for each in items]
    return Shape(polygons=tuple(rings for rings in polygons if rings)) if polygons and all(polygons) else None


def _rings(value: object) -> tuple[Ring, ...] | None:
    """Return the rings of a polygon, each of which ends where it starts."""
    if not isinstance(value, list):
        return None
    rings = [_ring(each, 4) for each in cast("list[object]", value)]
    closed = tuple(ring for ring in rings if ring and ring[0] == ring[-1])
    return closed if len(closed) == len(rings) else None


def _ring(value: object, shortest: int) -> Ring | None:
    if not isinstance(value, list) or not shortest <= len(cast("list[object]", value)) <= _POSITIONS:
        return None
    positions = [_position(each) for each in cast("list[object]", value)]
    return None if None in positions else tuple(each for each in positions if each is not None)


def _position(value: object) -> Position | None:
    if not isinstance(value, list) or len(cast("Sequence[object]", value)) not in {2, 3}:
        return None
    lon, lat = cast("list[object]", value)[:2]
    for number, limit in ((lon, 180), (lat, 90)):
        if isinstance(number, bool) or not isinstance(number, int | float) or abs(number) > limit:
            return None
    return float(cast("float", lon)), float(cast("float", lat))
