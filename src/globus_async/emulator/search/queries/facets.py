"""Facets: counts and sums over the values of the hits of a query."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from ..values import date_text, text_of

if TYPE_CHECKING:
    from ..values import FieldKind, Value
    from .filters import Filter

__all__ = (
    "Average",
    "DateHistogram",
    "DistinctCount",
    "Facet",
    "Groups",
    "NumericHistogram",
    "Sum",
    "Terms",
    "facet_result",
)

Groups: TypeAlias = Sequence[Sequence["Value"]]
"""The values of a field, a sequence for each subject."""

_VERSION: Final = "2017-09-01"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Facet(Protocol):
    """A facet of a query."""

    @property
    def name(self) -> str:
        """Its name in the result."""
        ...

    @property
    def path(self) -> str:
        """The field."""
        ...

    @property
    def filters(self) -> tuple[Filter, ...]:
        """Filters of this facet alone."""
        ...

    def result(self, kind: FieldKind | None, groups: Groups) -> dict[str, Any]:
        """
        Return the members of its result.

        Args:
            kind: The type of the field; `None` if it has never had a value.
            groups: The values of each subject.
        """
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """The most frequent values."""

    name: str
    path: str
    filters: tuple[Filter, ...]
    size: int

    def result(self, kind: FieldKind | None, groups: Groups) -> dict[str, Any]:
        """Return the buckets, the largest first."""
        counts = Counter(value for values in groups for value in dict.fromkeys(values))
        if kind is None or kind in {"geo_point", "geo_shape"}:
            return {"buckets": []}
        ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        return {"buckets": [_bucket(text_of(kind, value), count) for value, count in ordered[: self.size]]}


@dataclass(frozen=True, slots=True)
class DateHistogram:
    """The number of subjects in each interval of time that has any."""

    name: str
    path: str
    filters: tuple[Filter, ...]
    interval: str
    low: int | None
    high: int | None

    def result(self, kind: FieldKind | None, groups: Groups) -> dict[str, Any]:
        """Return the buckets, the earliest first, each with the start of its interval."""
        counts: Counter[int] = Counter()
        for values in groups if kind == "date" else ():
            dates = [each for each in values if isinstance(each, int)]
            inside = [
                each
                for each in dates
                if (self.low is None or each >= self.low) and (self.high is None or each <= self.high)
            ]
            counts.update({_start(each, self.interval) for each in inside})
        return {"buckets": [_bucket(date_text(start), counts[start]) for start in sorted(counts)]}


@dataclass(frozen=True, slots=True)
class NumericHistogram:
    """The number of subjects in equal parts of a range."""

    name: str
    path: str
    filters: tuple[Filter, ...]
    size: int
    low: float
    high: float

    def result(self, kind: FieldKind | None, groups: Groups) -> dict[str, Any]:
        """Return the buckets; each contains its start, the last one also its end."""
        width = (self.high - self.low) / self.size
        ends = [self.low + n * width for n in range(self.size)] + [self.high]
        counts = [0] * self.size
        for values in groups if kind in {"integer", "float"} else ():
            numbers = [each for each in values if isinstance(each, int | float) and self.low <= each <= self.high]
            for part in {self._part(each, ends) for each in numbers}:
                counts[part] += 1
        spans = zip(ends, ends[1:], counts, strict=False)
        return {"buckets": [_bucket({"from": low, "to": high}, count) for low, high, count in spans]}

    def _part(self, number: float, ends: Sequence[float]) -> int:
        part = min(int((number - self.low) / (self.high - self.low) * self.size), self.size - 1)
        # division may miss an end by the last digit
        while part > 0 and number < ends[part]:
            part -= 1
        while part < self.size - 1 and number >= ends[part + 1]:
            part += 1
        return part


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of all numbers."""

    name: str
    path: str
    filters: tuple[Filter, ...]
    missing: float | None

    def result(self, kind: FieldKind | None, groups: Groups) -> dict[str, Any]:
        """Return the sum; null if it is too large for a number."""
        return {"value": _finite(sum(_numbers(kind, groups, self.missing)))}


@dataclass(frozen=True, slots=True)
class Average:
    """The average of all numbers."""

    name: str
    path: str
    filters: tuple[Filter, ...]
    missing: float | None

    def result(self, kind: FieldKind | None, groups: Groups) -> dict[str, Any]:
        """Return the average; null if there are no numbers."""
        numbers = _numbers(kind, groups, self.missing)
        return {"value": _finite(sum(numbers) / len(numbers)) if numbers else None}


@dataclass(frozen=True, slots=True)
class DistinctCount:
    """The number of different values."""

    name: str
    path: str
    filters: tuple[Filter, ...]

    def result(self, kind: FieldKind | None, groups: Groups) -> dict[str, Any]:  # noqa: ARG002 -- of all types
        """Return the number, which is exact here."""
        return {"approximate_value": len({value for values in groups for value in values})}


def facet_result(facet: Facet, kind: FieldKind | None, groups: Groups) -> dict[str, Any]:
    """Return the result of a facet."""
    head = {"@datatype": "GFacetResult", "@version": _VERSION, "name": facet.name}
    return {**head, **facet.result(kind, groups)}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _bucket(value: object, count: int) -> dict[str, Any]:
    return {"@datatype": "GBucket", "@version": _VERSION, "value": value, "count": count}


def _numbers(kind: FieldKind | None, groups: Groups, missing: float | None) -> list[float]:
    """Return all numbers; in place of those of a subject without any, the one for missing ones."""
    numbers: list[float] = []
    for values in groups:
        known = [each for each in values if isinstance(each, int | float)] if kind in {"integer", "float"} else []
        numbers += known or ([] if missing is None else [missing])
    return numbers


def _start(milliseconds: int, interval: str) -> int:
    """Return the start of the interval that a moment is in; a week starts on Monday."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match interval:
        case "year":
            start = day.replace(month=1, day=1)
        case "quarter":
            start = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "month":
            start = day.replace(day=1)
        case "week":
            start = day - timedelta(days=min(day.weekday(), (day - datetime.min.replace(tzinfo=UTC)).days))
        case "day":
            start = day
        case "hour":
            start = moment.replace(minute=0, second=0, microsecond=0)
        case "minute":
            start = moment.replace(second=0, microsecond=0)
        case _:
            start = moment.replace(microsecond=0)
    return (start - _EPOCH) // timedelta(milliseconds=1)
