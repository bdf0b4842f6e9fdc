"""Query documents: dicts with plain values, which need no client and do no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Final, Literal, Self, cast

from ...._http.missing import MISSING, MissingType
from ....errors import GlobusSDKUsageError
from ....errors.arguments import checked_members
from .facets import DateInterval, Facet
from .lists import clause_dict
from .members import Clauses, Query, QuerySettings, ResultField, SizedQuery
from .ranking import Boost, Sort

if TYPE_CHECKING:
    from .filters import Filter

__all__ = ("DeleteByQuery", "SearchQuery", "SearchQueryV1", "SearchScrollQuery")

_FACET_ARGUMENTS: Final = {
    "terms": ("size",),
    "date_histogram": ("date_interval", "histogram_range"),
    "numeric_histogram": ("size", "histogram_range"),
    "sum": (),
    "avg": (),
}


class SearchQuery(SizedQuery):
    """
    A query of the service's first dialect, whose methods can be chained.

    A dict with plain values, equal to the JSON object that is sent. `SearchQueryV1` is the newer dialect.

    Args:
        q: The text to search for; required unless there are filters.
        limit: Hits per page, at most 10,000.
        offset: Number of hits to skip, below 10,000.
        advanced: Whether the text has operators and field names; an invalid text is then an error.
        bypass_visible_to: Whether to find entries that the caller may not see; for admins and owners of the index.
        filters: Conditions on entries; all must hold. One with ``post_filter`` limits the hits, and not the facets.
        facets: The statistics to return.
        boosts: The importance of fields.
        sort: The order of hits.
        filter_principal_sets: Find only entries in which the caller is in one of these principal sets.
        additional_fields: Further members of the document.

    Raises:
        GlobusSDKUsageError: An invalid argument.

    Example:
        >>> query = SearchQuery("copper").set_limit(50).add_filter("year", [{"gte": 2020}], type="range")
        >>> query = query.add_facet("materials", "material").add_sort("year", order="asc")
        >>> [hit["subject"] async for hit in sc.post_search(index_id, query)]
        ['https://example.org/samples/1', 'https://example.org/samples/3']

    **Differs from globus-sdk:** which had this class until its version 3. Its arguments are checked.

    REST: `Query document <https://docs.globus.org/api/search/reference/post_query/>`_
    """

    allows_post_filter = True

    def __init__(
        self,
        q: str | MissingType = MISSING,
        *,
        limit: int | MissingType = MISSING,
        offset: int | MissingType = MISSING,
        advanced: bool | MissingType = MISSING,
        bypass_visible_to: bool | MissingType = MISSING,
        filters: Clauses | MissingType = MISSING,
        facets: Clauses | MissingType = MISSING,
        boosts: Clauses | MissingType = MISSING,
        sort: Clauses | MissingType = MISSING,
        filter_principal_sets: str | Iterable[str] | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        members = {
            "q": q,
            "limit": limit,
            "offset": offset,
            "advanced": advanced,
            "bypass_visible_to": bypass_visible_to,
            "filters": filters,
            "facets": facets,
            "boosts": boosts,
            "sort": sort,
            "filter_principal_sets": filter_principal_sets,
        }
        super().__init__(members, additional_fields)

    def set_offset(self, offset: int) -> Self:
        """Set the number of hits to skip, below 10,000."""
        return self._set("offset", offset)

    def add_facet(
        self,
        name: str | Facet | Mapping[str, object],
        field_name: str | None = None,
        *,
        type: Literal["terms", "date_histogram", "numeric_histogram", "sum", "avg"] = "terms",  # globus-sdk's name
        size: int | None = None,
        date_interval: DateInterval | None = None,
        histogram_range: tuple[date | str | float, date | str | float] | None = None,
        additional_fields: Mapping[str, object] | None = None,
    ) -> Self:
        """
        Add a statistic.

        Args:
            name: The name of its result; or a `Facet`, or a dict of the same form, without further arguments.
            field_name: The field.
            type: The kind of the statistic.
            size: The number of buckets.
            date_interval: The width of the buckets of a ``date_histogram``.
            histogram_range: The lowest and the highest value that are counted.
            additional_fields: Further members of the facet.
        """
        facet = _facet(name, field_name, type, size=size, date_interval=date_interval, histogram_range=histogram_range)
        return self._add("facets", {**facet, **checked_members("additional_fields", additional_fields)})

    def add_boost(
        self,
        field_name: str | Boost | Mapping[str, object],
        factor: float | None = None,
        *,
        additional_fields: Mapping[str, object] | None = None,
    ) -> Self:
        """Make the matches of a field more important by a factor."""
        if isinstance(field_name, str):
            field_name = Boost(field_name, cast("float", factor))
        elif factor is not None:
            raise GlobusSDKUsageError("a boost has its factor already")
        return self._add(
            "boosts", {**clause_dict("boosts", field_name), **checked_members("additional_fields", additional_fields)}
        )

    def add_sort(
        self,
        field_name: str | Sort | Mapping[str, object],
        *,
        order: Literal["asc", "desc"] | None = None,
        additional_fields: Mapping[str, object] | None = None,
    ) -> Self:
        """Add a criterion by which hits are sorted; by default ``"desc"``, the largest value first."""
        if isinstance(field_name, str):
            field_name = Sort(field_name, MISSING if order is None else order)
        elif order is not None:
            raise GlobusSDKUsageError("a sort criterion has its order already")
        return self._add(
            "sort", {**clause_dict("sort", field_name), **checked_members("additional_fields", additional_fields)}
        )


class SearchQueryV1(SearchQuery):
    """
    A query of the dialect ``query#1.0.0``.

    A dict with plain values, equal to the JSON object that is sent; its methods can be chained.

    Args:
        q: The text to search for; required unless there are filters.
        limit: Hits per page, at most 10,000.
        offset: Number of hits to skip, below 10,000.
        advanced: Whether the text has operators and field names; an invalid text is then an error.
        filters: Conditions on entries, which limit hits and facets; all must hold.
        facets: The statistics to return.
        post_facet_filters: Conditions on entries, which limit the hits, and not the facets.
        boosts: The importance of fields.
        sort: The order of hits.
        q_settings: How the text is read: its ``mode``, ``default_operator`` and ``fuzziness``.
        fields: The parts of entries to return: some of ``content`` (the default), ``visible_to`` and
            ``principal_sets``.
        filter_principal_sets: Find only entries in which the caller is in one of these principal sets.
        bypass_visible_to: Whether to find entries that the caller may not see; for admins and owners of the index.
        additional_fields: Further members of the document.

    Raises:
        GlobusSDKUsageError: An invalid argument.

    Example:
        >>> query = SearchQueryV1(
        ...     q="sample",
        ...     filters=Filter.match_any("material", "copper", "glass") & Filter.range("year", lt=2022),
        ...     sort=[Sort("year", "asc")],
        ... )
        >>> [hit["subject"] async for hit in sc.post_search(index_id, query)]
        ['https://example.org/samples/2', 'https://example.org/samples/1']

    **Differs from globus-sdk:** its arguments are checked, and absent instead of ``MISSING`` if they are not given;
    ``q_settings``, ``fields``, ``filter_principal_sets`` and ``bypass_visible_to`` are new, as are typed filters,
    facets, boosts and sort criteria.

    REST: `Query document <https://docs.globus.org/api/search/reference/post_query/>`_
    """

    allows_post_filter = False

    def __init__(
        self,
        *,
        q: str | MissingType = MISSING,
        limit: int | MissingType = MISSING,
        offset: int | MissingType = MISSING,
        advanced: bool | MissingType = MISSING,
        filters: Clauses | MissingType = MISSING,
        facets: Clauses | MissingType = MISSING,
        post_facet_filters: Clauses | MissingType = MISSING,
        boosts: Clauses | MissingType = MISSING,
        sort: Clauses | MissingType = MISSING,
        q_settings: QuerySettings | MissingType = MISSING,
        fields: ResultField | Iterable[ResultField] | MissingType = MISSING,
        filter_principal_sets: str | Iterable[str] | MissingType = MISSING,
        bypass_visible_to: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        members = {
            "@version": "query#1.0.0",
            "q": q,
            "limit": limit,
            "offset": offset,
            "advanced": advanced,
            "filters": filters,
            "facets": facets,
            "post_facet_filters": post_facet_filters,
            "boosts": boosts,
            "sort": sort,
            "q_settings": q_settings,
            "fields": fields,
            "filter_principal_sets": filter_principal_sets,
            "bypass_visible_to": bypass_visible_to,
        }
        Query.__init__(self, members, additional_fields)

    def add_post_facet_filter(self, filter: Filter | Mapping[str, object]) -> Self:
        """Add a condition that limits the hits, and not the facets."""
        return self._add("post_facet_filters", filter)


class SearchScrollQuery(SizedQuery):
    """
    A query for `SearchClient.scroll`, of the dialect ``scroll#1.0.0``: without order, facets and offset.

    A dict with plain values, equal to the JSON object that is sent; its methods can be chained.

    Args:
        q: The text to search for; required unless there are filters.
        limit: Hits per page, at most 10,000.
        advanced: Whether the text has operators and field names; an invalid text is then an error.
        marker: The position to continue from: the ``marker`` of a page.
        filters: Conditions on entries; all must hold.
        q_settings: How the text is read, as in `SearchQueryV1`.
        fields: The parts of entries to return, as in `SearchQueryV1`.
        filter_principal_sets: Find only entries in which the caller is in one of these principal sets.
        bypass_visible_to: Whether to find entries that the caller may not see; for admins and owners of the index.
        additional_fields: Further members of the document.

    Raises:
        GlobusSDKUsageError: An invalid argument.

    Example:
        >>> query = SearchScrollQuery("*", filters=Filter.exists("year")).set_limit(500)
        >>> len(await sc.scroll(index_id, query).list())
        3

    **Differs from globus-sdk:** sends the version ``scroll#1.0.0``, in which filters have no ``post_filter``; arguments
    are checked; ``filters``, ``q_settings``, ``fields``, ``filter_principal_sets`` and ``bypass_visible_to`` are new.

    REST: `Scroll query <https://docs.globus.org/api/search/reference/scroll_query/>`_
    """

    def __init__(
        self,
        q: str | MissingType = MISSING,
        *,
        limit: int | MissingType = MISSING,
        advanced: bool | MissingType = MISSING,
        marker: str | MissingType = MISSING,
        filters: Clauses | MissingType = MISSING,
        q_settings: QuerySettings | MissingType = MISSING,
        fields: ResultField | Iterable[ResultField] | MissingType = MISSING,
        filter_principal_sets: str | Iterable[str] | MissingType = MISSING,
        bypass_visible_to: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        members = {
            "@version": "scroll#1.0.0",
            "q": q,
            "limit": limit,
            "advanced": advanced,
            "marker": marker,
            "filters": filters,
            "q_settings": q_settings,
            "fields": fields,
            "filter_principal_sets": filter_principal_sets,
            "bypass_visible_to": bypass_visible_to,
        }
        super().__init__(members, additional_fields)

    def set_marker(self, marker: str) -> Self:
        """Set the position to continue from."""
        return self._set("marker", marker)


class DeleteByQuery(Query):
    """
    A query for `SearchClient.delete_by_query`, of the dialect ``delete_by_query#1.0.0``.

    A dict with plain values, equal to the JSON object that is sent; its methods can be chained.

    Args:
        q: The text to search for; required unless there are filters.
        advanced: Whether the text has operators and field names; an invalid text is then an error.
        filters: Conditions on entries; all must hold.
        q_settings: How the text is read, as in `SearchQueryV1`.
        bypass_visible_to: Whether to delete entries that the caller may not see; for admins and owners of the index.
        additional_fields: Further members of the document.

    Raises:
        GlobusSDKUsageError: An invalid argument.

    Example:
        >>> task = await sc.delete_by_query(index_id, DeleteByQuery(filters=Filter.range("year", lt=1900)))
        >>> (await sc.wait_for_task(task["task_id"])).reason
        <SearchTaskEndReason.SUCCESS: 'success'>

    REST: `Delete by query <https://docs.globus.org/api/search/reference/delete_by_query/>`_
    """

    def __init__(
        self,
        q: str | MissingType = MISSING,
        *,
        advanced: bool | MissingType = MISSING,
        filters: Clauses | MissingType = MISSING,
        q_settings: QuerySettings | MissingType = MISSING,
        bypass_visible_to: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        members = {
            "@version": "delete_by_query#1.0.0",
            "q": q,
            "advanced": advanced,
            "filters": filters,
            "q_settings": q_settings,
            "bypass_visible_to": bypass_visible_to,
        }
        super().__init__(members, additional_fields)


def _facet(
    name: str | Mapping[str, object],
    field_name: str | None,
    kind: str,
    *,
    size: int | None,
    date_interval: DateInterval | None,
    histogram_range: tuple[date | str | float, date | str | float] | None,
) -> Mapping[str, object]:
    arguments = {"size": size, "date_interval": date_interval, "histogram_range": histogram_range}
    given = [each for each, value in arguments.items() if value is not None]
    if not isinstance(name, str):
        if field_name is not None or given:
            raise GlobusSDKUsageError("a facet has its members already")
        return clause_dict("facets", name)
    if field_name is None:
        raise GlobusSDKUsageError("field_name is missing")
    for each in given:
        if each not in _FACET_ARGUMENTS.get(kind, given):
            raise GlobusSDKUsageError(f"a facet of type {kind} has no {each}")
    number = MISSING if size is None else size
    match kind:
        case "terms":
            return Facet.terms(field_name, name=name, size=number)
        case "date_histogram":
            bounds = MISSING if histogram_range is None else cast("tuple[date | str, date | str]", histogram_range)
            interval = cast("DateInterval", date_interval)
            return Facet.date_histogram(field_name, name=name, date_interval=interval, histogram_range=bounds)
        case "numeric_histogram":
            # a missing argument is refused
            numbers = cast("tuple[float, float]", histogram_range)
            return Facet.numeric_histogram(field_name, name=name, size=cast("int", size), histogram_range=numbers)
        case "sum":
            return Facet.sum(field_name, name=name)
        case "avg":
            return Facet.avg(field_name, name=name)
        case _:
            raise GlobusSDKUsageError(
                "type must be terms, date_histogram, numeric_histogram, sum or avg; pass a Facet for any other"
            )
