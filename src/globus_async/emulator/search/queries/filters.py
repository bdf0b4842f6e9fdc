"""Filters, each of which selects entries of an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from ..geometry import Point, Shape
from .coercion import coerce
from .wildcards import Wildcard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..geometry import Box
    from ..inverted_index import FieldIndex, InvertedIndex
    from ..values import Scalar
    from .budget import Budget

__all__ = (
    "All",
    "Exists",
    "Filter",
    "InBox",
    "Interval",
    "Like",
    "MatchAll",
    "MatchAny",
    "NoneOf",
    "OneOf",
    "Range",
    "RelatedTo",
    "select",
)


class Filter(Protocol):
    """A condition on entries."""

    def entries(self, index: InvertedIndex, budget: Budget) -> set[int]:
        """
        Return the numbers of the entries that satisfy it; a set of its own.

        Args:
            index: The index.
            budget: The work that the query may do.

        Raises:
            SearchError: 504, the query takes too long.
        """
        ...


@dataclass(frozen=True, slots=True)
class MatchAll:
    """The field has all of the values."""

    path: str
    values: tuple[Scalar, ...]

    def entries(self, index: InvertedIndex, budget: Budget) -> set[int]:
        """Return the entries that satisfy it."""
        found: set[int] | None = None
        for value in self.values:
            entries = MatchAny(self.path, (value,)).entries(index, budget)
            found = entries if found is None else found & entries
        return set(index.entries) if found is None else found


@dataclass(frozen=True, slots=True)
class MatchAny:
    """The field has at least one of the values."""

    path: str
    values: tuple[Scalar, ...]

    def entries(self, index: InvertedIndex, budget: Budget) -> set[int]:
        """Return the entries that satisfy it."""
        field = index.fields.get(self.path)
        if field is None:
            return set()
        budget.spend(1 + len(self.values))
        known = (coerce(field.kind, value) for value in self.values)
        return index.matching(self.path, [value for value in known if value is not None])


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of values; `None` is an open end."""

    low: Scalar | None = None
    high: Scalar | None = None
    with_low: bool = True
    with_high: bool = True

    def values(self, field: FieldIndex) -> Iterator[Scalar]:
        """Return the values of a field that it contains."""
        low = None if self.low is None else coerce(field.kind, self.low)
        high = None if self.high is None else coerce(field.kind, self.high)
        if (low is None) != (self.low is None) or (high is None) != (self.high is None):
            return  # an end of another type
        for value in field.exact:
            if isinstance(value, Point | Shape):
                continue
            if low is not None and not (low < value or (self.with_low and low == value)):  # type: ignore[operator]
                continue
            if high is not None and not (value < high or (self.with_high and value == high)):  # type: ignore[operator]
                continue
            yield value


@dataclass(frozen=True, slots=True)
class Range:
    """The field has a value in one of the intervals."""

    path: str
    intervals: tuple[Interval, ...]

    def entries(self, index: InvertedIndex, budget: Budget) -> set[int]:
        """Return the entries that satisfy it."""
        field = index.fields.get(self.path)
        if field is None:
            return set()
        found: set[int] = set()
        for each in self.intervals:
            budget.spend(1 + len(field.exact))
            found |= {number for value in each.values(field) for number in field.exact[value]}
        return found


@dataclass(frozen=True, slots=True)
class Exists:
    """The field, or one within it, has a value."""

    path: str

    def entries(self, index: InvertedIndex, budget: Budget) -> set[int]:
        """Return the entries that satisfy it."""
        within = f"{self.path}."
        fields = [field for path, field in index.fields.items() if path == self.path or path.startswith(within)]
        budget.spend(1 + sum(len(field.values) for field in fields) // 10)
        return set[int]().union(*(field.values for field in fields))


@dataclass(frozen=True, slots=True)
class Like:
    """The field has a text of which the whole fits a pattern."""

    path: str
    pattern: str

    def entries(self, index: InvertedIndex, budget: Budget) -> set[int]:
        """Return the entries that satisfy it."""
        field, pattern = index.fields.get(self.path), Wildcard(self.pattern)
        if field is None or field.kind != "string":
            return set()
        found: set[int] = set()
        for value, entries in field.exact.items():
            if isinstance(value, str):
                budget.spend(pattern.steps(value))
                if pattern.matches(value):
                    found |= entries
        return found


@dataclass(frozen=True, slots=True)
class NoneOf:
    """The opposite of a filter."""

    filter: Filter

    def entries(self, index: InvertedIndex, budget: Budget) -> set[int]:
        """Return the entries that satisfy it."""
        return index.entries.keys() - self.filter.entries(index, budget)


@dataclass(frozen=True, slots=True)
class All:
    """All of some filters."""

    filters: tuple[Filter, ...]

    def entries(self, index: InvertedIndex, budget: Budget) -> set[int]:
        """Return the entries that satisfy it."""
        return select(index, self.filters, set(index.entries), budget)


@dataclass(frozen=True, slots=True)
class OneOf:
    """At least one of some filters."""

    filters: tuple[Filter, ...]

    def entries(self, index: InvertedIndex, budget: Budget) -> set[int]:
        """Return the entries that satisfy it."""
        return set[int]().union(*(each.entries(index, budget) for each in self.filters))


@dataclass(frozen=True, slots=True)
class InBox:
    """The field has a point in a box, or a shape that has a point in it."""

    path: str
    box: Box

    def entries(self, index: InvertedIndex, budget: Budget) -> set[int]:
        """Return the entries that satisfy it."""
        field = index.fields.get(self.path)
        found: set[int] = set()
        for value, entries in () if field is None else field.exact.items():
            budget.spend(value.size if isinstance(value, Shape) else 1)
            inside = isinstance(value, Point) and self.box.contains(value)
            if inside or (isinstance(value, Shape) and self.box.intersects(value)):
                found |= entries
        return found


@dataclass(frozen=True, slots=True)
class RelatedTo:
    """The field has a point or shape that intersects a shape, or is within it."""

    path: str
    shape: Shape
    relation: Literal["intersects", "within"]

    def entries(self, index: InvertedIndex, budget: Budget) -> set[int]:
        """Return the entries that satisfy it."""
        field = index.fields.get(self.path)
        found: set[int] = set()
        for value, entries in () if field is None else field.exact.items():
            shape = value.shape if isinstance(value, Point) else value
            if isinstance(shape, Shape):
                budget.spend(shape.size * self.shape.size)
                if self._holds(shape):
                    found |= entries
        return found

    def _holds(self, shape: Shape) -> bool:
        return shape.is_within(self.shape) if self.relation == "within" else shape.intersects(self.shape)


def select(index: InvertedIndex, filters: tuple[Filter, ...], entries: set[int], budget: Budget) -> set[int]:
    """
    Return those of some entries that satisfy all filters.

    Raises:
        SearchError: 504, the query takes too long.
    """
    for each in filters:
        budget.spend(1 + len(entries) // 10)
        entries = entries & each.entries(index, budget)
    return entries
