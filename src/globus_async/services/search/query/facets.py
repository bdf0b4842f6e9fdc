"""Facets: statistics about the fields of the entries that a query finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, Literal, TypeAlias, get_args

from ...._http.missing import MISSING, MissingType
from ....errors import GlobusSDKUsageError
from ....errors.arguments import check_text, check_whole, refusal
from .clauses import Clause, checked_field, checked_number, field_value
from .filters import Filter
from .lists import filter_dicts, is_several

__all__ = ("DateInterval", "Facet")

DateInterval: TypeAlias = Literal["year", "quarter", "month", "week", "day", "hour", "minute", "second"]
"""The width of the buckets of a `Facet.date_histogram`."""

_INTERVALS: Final = get_args(DateInterval)
_Filters: TypeAlias = Filter | Mapping[str, object] | Iterable[Filter | Mapping[str, object]] | MissingType


class Facet(Clause):
    """
    A statistic about a field, made by its class methods.

    All of them have these arguments:

    - ``field_name``: the field. Dots lead into nested objects; a dot that belongs to a name has a backslash before it.
    - ``name``: the name of the result, by default the field name; needed where a query has several facets of a field.
    - ``additional_filters``: only entries for which these hold are counted; for `SearchQueryV1` only.

    Example:
        >>> query = SearchQueryV1(q="*", facets=[Facet.terms("material", name="materials"), Facet.avg("year")])
        >>> page = await sc.post_search(index_id, query)
        >>> [(bucket["value"], bucket["count"]) for bucket in page["facet_results"][0]["buckets"]]
        [('copper', 2), ('glass', 1)]

    REST: `Facets <https://docs.globus.org/api/search/reference/post_query/#gfacet>`_
    """

    __slots__ = ()

    @classmethod
    def terms(
        cls,
        field_name: str,
        *,
        name: str | MissingType = MISSING,
        size: int | MissingType = MISSING,
        additional_filters: _Filters = MISSING,
    ) -> Facet:
        """Return the most frequent values with their counts: ``size`` of them, by the service's default 10."""
        if not isinstance(size, MissingType):
            check_whole("size", size)
        return _facet("terms", field_name, name, additional_filters, {"size": size})

    @classmethod
    def date_histogram(
        cls,
        field_name: str,
        *,
        date_interval: DateInterval,
        histogram_range: tuple[date | str, date | str] | MissingType = MISSING,
        name: str | MissingType = MISSING,
        additional_filters: _Filters = MISSING,
    ) -> Facet:
        """Return the numbers of dates in each year, month, ..., on request from one date to another."""
        if date_interval not in _INTERVALS:
            raise GlobusSDKUsageError(f"date_interval must be one of {', '.join(_INTERVALS)}")
        low_high: object = MISSING
        if not isinstance(histogram_range, MissingType):
            low, high = (field_value("histogram_range", bound) for bound in _pair(histogram_range))
            if not isinstance(low, str) or not isinstance(high, str):
                raise GlobusSDKUsageError("histogram_range must be a pair of dates")
            low_high = {"low": low, "high": high}
        members = {"date_interval": date_interval, "histogram_range": low_high}
        return _facet("date_histogram", field_name, name, additional_filters, members)

    @classmethod
    def numeric_histogram(
        cls,
        field_name: str,
        *,
        size: int,
        histogram_range: tuple[float, float],
        name: str | MissingType = MISSING,
        additional_filters: _Filters = MISSING,
    ) -> Facet:
        """Return the numbers of values in each of ``size`` intervals between the two numbers of a range."""
        check_whole("size", size)
        low, high = (checked_number("histogram_range", bound) for bound in _pair(histogram_range))
        if low >= high:
            raise GlobusSDKUsageError("histogram_range must be a pair of numbers, the lower one first")
        members = {"size": size, "histogram_range": {"low": low, "high": high}}
        return _facet("numeric_histogram", field_name, name, additional_filters, members)

    @classmethod
    def sum(
        cls,
        field_name: str,
        *,
        missing: float | MissingType = MISSING,
        name: str | MissingType = MISSING,
        additional_filters: _Filters = MISSING,
    ) -> Facet:
        """Return the sum of the values; ``missing`` is the value of entries without the field."""
        return _metric("sum", field_name, name, additional_filters, missing)

    @classmethod
    def avg(
        cls,
        field_name: str,
        *,
        missing: float | MissingType = MISSING,
        name: str | MissingType = MISSING,
        additional_filters: _Filters = MISSING,
    ) -> Facet:
        """Return the average of the values; ``missing`` is the value of entries without the field."""
        return _metric("avg", field_name, name, additional_filters, missing)

    @classmethod
    def distinct_count(
        cls,
        field_name: str,
        *,
        name: str | MissingType = MISSING,
        additional_filters: _Filters = MISSING,
    ) -> Facet:
        """Return the approximate number of different values; for `SearchQueryV1` only."""
        return _facet("distinct_count", field_name, name, additional_filters, {})

    @property
    def result_name(self) -> str:
        """The name of the result."""
        return str(self.get("name", self["field_name"]))


def _metric(kind: str, field_name: str, name: object, filters: object, missing: object) -> Facet:
    if missing is not MISSING:
        checked_number("missing", missing)
    return _facet(kind, field_name, name, filters, {"missing": missing})


def _facet(kind: str, field_name: str, name: object, filters: object, members: Mapping[str, object]) -> Facet:
    if name is not MISSING:
        check_text("name", name)
        if not name:
            raise refusal("name", name, "text that is not empty")
    found: dict[str, object] = {"type": kind, "field_name": checked_field(field_name), "name": name, **members}
    if filters is not MISSING:
        found["additional_filters"] = filter_dicts("additional_filters", filters, allow_post_filter=False)
    return Facet({key: value for key, value in found.items() if value is not MISSING})


def _pair(value: object) -> tuple[object, object]:
    bounds = list(value) if is_several(value) else []
    if len(bounds) != 2:
        raise refusal("histogram_range", value, "a pair of a lower and an upper bound")
    return bounds[0], bounds[1]
