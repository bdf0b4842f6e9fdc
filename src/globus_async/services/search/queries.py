"""Queries: search, scroll, and delete what a query finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ..._http.query import comma_joined
from ...client import BaseClient
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_text, check_type
from ...paging import Pages, PagingStyle, marker_has_next, offset_has_next
from .documents import HitDocument, TaskSubmissionDocument
from .query.documents import SearchQueryV1, SearchScrollQuery
from .query.members import MAX_RESULTS, ResultField, check_limit, check_offset, principal_set_names, result_fields

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("QueryMethods",)

_PAGE_SIZE: Final = 100
_BEYOND: Final = "use filters, or scroll(), which has no maximum"
_BY_MARKER: Final[PagingStyle] = marker_has_next._replace(size_parameter="limit", start=(("marker", None),))


class QueryMethods(BaseClient):
    """Queries."""

    def search(
        self,
        index_id: UUID | str,
        q: str,
        *,
        offset: int | MissingType = MISSING,
        limit: int | MissingType = MISSING,
        advanced: bool | MissingType = MISSING,
        bypass_visible_to: bool | MissingType = MISSING,
        filter_principal_sets: str | Iterable[str] | MissingType = MISSING,
        fields: ResultField | Iterable[ResultField] | MissingType = MISSING,
        num_results: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[HitDocument]:
        """
        Search an index for a text.

        Args:
            index_id: The index. UUID.
            q: The text: words, of which each may occur in any field; ``*`` finds everything.
            offset: Number of hits to skip, below 10,000.
            limit: Hits per page, at most 10,000 and by default 100.
            advanced: Whether the text has operators and field names; an invalid text is then an error.
            bypass_visible_to: Whether to find entries that the caller may not see; for admins and owners of the index.
            filter_principal_sets: Find only entries in which the caller is in one of these principal sets.
            fields: The parts of entries to return: some of ``content`` (the default), ``visible_to`` and
                ``principal_sets``.
            num_results: Maximum number of hits; ``None`` for all, of which the service returns 10,000 at most.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the hits, ``await`` returns the first page, with the ``total``.

        Raises:
            InvalidDocument: 400; an advanced text has mistakes.
            NotFound: 404 ``NotFound.NoSuchIndex``.
            PermissionDenied: 403; the token lacks the scope ``search``.

        Warns:
            ListingTruncated: There may be more than the 10,000 hits that the service returns; `scroll` returns all.

        Example:
            >>> async for hit in sc.search(index_id, "copper"):
            ...     print(hit["subject"], hit["entries"][0]["content"]["year"])
            https://example.org/samples/1 2021
            https://example.org/samples/3 2024
            >>> page = await sc.search(index_id, "sample", limit=2)
            >>> page["total"], len(page), page.next_cursor
            (3, 2, {'offset': 2})

        **Differs from globus-sdk:** iterating fetches further pages, from ``offset`` on and of ``limit`` hits, and
        warns if it ends at the service's maximum. A page has 100 hits by default, also if the listing is awaited, for
        which the service's default is 10.

        REST: `GET /v1/index/<index_id>/search <https://docs.globus.org/api/search/reference/get_query/>`_
        """
        check_text("q", q)
        _check_page(offset, limit)
        sets = MISSING if isinstance(filter_principal_sets, MissingType) else principal_set_names(filter_principal_sets)
        return self.listing(
            fill_path("/v1/index/{index_id}/search", index_id),
            HitDocument,
            style=offset_has_next,
            params={
                "q": q,
                "offset": offset,
                "advanced": advanced,
                "bypass_visible_to": bypass_visible_to,
                "filter_principal_sets": comma_joined(sets),
                "fields": comma_joined(MISSING if isinstance(fields, MissingType) else result_fields(fields)),
            },
            query_params=query_params,
            num_results=num_results,
            page_size=_PAGE_SIZE if isinstance(limit, MissingType) else limit,
            max_results=MAX_RESULTS,
            beyond_maximum=_BEYOND,
            items_key="gmeta",
        )

    def post_search(
        self,
        index_id: UUID | str,
        data: Mapping[str, object],
        *,
        offset: int | MissingType = MISSING,
        limit: int | MissingType = MISSING,
        num_results: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[HitDocument]:
        """
        Search an index with a query document: filters, facets, boosts, sort criteria.

        Args:
            index_id: The index. UUID.
            data: The query: a `SearchQueryV1`, a `SearchQuery`, or a dict of the same form; it is not changed.
            offset: Number of hits to skip, below 10,000. By default that of the query.
            limit: Hits per page, at most 10,000. By default that of the query, or 100 without it.
            num_results: Maximum number of hits; ``None`` for all, of which the service returns 10,000 at most.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the hits, ``await`` returns the first page, with the ``total`` and the
            ``facet_results``.

        Raises:
            InvalidDocument: 400; the query has mistakes.
            NotFound: 404 ``NotFound.NoSuchIndex``.
            PermissionDenied: 403; the token lacks the scope ``search``.

        Warns:
            ListingTruncated: There may be more than the 10,000 hits that the service returns; `scroll` returns all.

        Example:
            >>> query = SearchQueryV1(q="sample", facets=[Facet.terms("material")], sort=[Sort("year", "asc")])
            >>> page = await sc.post_search(index_id, query, limit=1)
            >>> page["total"], page["gmeta"][0]["subject"]
            (3, 'https://example.org/samples/2')
            >>> page["facet_results"][0]["buckets"][0]["value"]
            'copper'

        **Differs from globus-sdk:** as `search`.

        REST: `POST /v1/index/<index_id>/search <https://docs.globus.org/api/search/reference/post_query/>`_
        """
        check_type("data", data, Mapping, "a query, such as SearchQueryV1(q=...)")
        offset, limit = _given(offset, data, "offset"), _given(limit, data, "limit")
        _check_page(offset, limit)
        return self.listing(
            fill_path("/v1/index/{index_id}/search", index_id),
            HitDocument,
            style=offset_has_next,
            method="POST",
            data={**data, "offset": offset, "limit": _PAGE_SIZE if isinstance(limit, MissingType) else limit},
            query_params=query_params,
            num_results=num_results,
            max_results=MAX_RESULTS,
            beyond_maximum=_BEYOND,
            items_key="gmeta",
        )

    def scroll(
        self,
        index_id: UUID | str,
        data: Mapping[str, object],
        *,
        marker: str | MissingType = MISSING,
        limit: int | MissingType = MISSING,
        num_results: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[HitDocument]:
        """
        Return all hits of a query, however many; without order, facets and offset.

        To continue after a failure, also in another process, pass the ``resume_from`` of the error, or the
        ``next_cursor`` of the last page, to ``pages(after=...)``; or the ``marker`` of that page here.

        Args:
            index_id: The index. UUID.
            data: The query: a `SearchScrollQuery`, or a dict of the same form; it is not changed.
            marker: The ``marker`` of a page, to continue after it. By default that of the query.
            limit: Hits per page, at most 10,000. By default that of the query, or 100 without it.
            num_results: Maximum number of hits; ``None`` for all.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the hits, ``await`` returns the first page, with the ``total``.

        Raises:
            InvalidDocument: 400; the query has mistakes.
            NotFound: 404 ``NotFound.NoSuchIndex``.
            PermissionDenied: 403; the token lacks the scope ``search``.
            PaginationStalled: The service repeats a marker.

        Example:
            >>> query = SearchScrollQuery("*", limit=2)
            >>> pages = sc.scroll(index_id, query).pages()
            >>> first = await anext(pages)
            >>> [len(page) async for page in sc.scroll(index_id, query).pages(after=first.next_cursor)]
            [1]

        **Differs from globus-sdk:** a page has 100 hits by default, and not 10. ``limit`` and ``num_results`` are new.

        REST: `POST /v1/index/<index_id>/scroll <https://docs.globus.org/api/search/reference/scroll_query/>`_
        """
        check_type("data", data, Mapping, "a query, such as SearchScrollQuery('*')")
        marker, limit = _given(marker, data, "marker"), _given(limit, data, "limit")
        if not isinstance(marker, MissingType):
            check_text("marker", marker)
        _check_page(MISSING, limit)
        return self.listing(
            fill_path("/v1/index/{index_id}/scroll", index_id),
            HitDocument,
            style=_BY_MARKER,
            method="POST",
            data={**data, "marker": marker, "limit": _PAGE_SIZE if isinstance(limit, MissingType) else limit},
            query_params=query_params,
            num_results=num_results,
            items_key="gmeta",
        )

    async def delete_by_query(
        self,
        index_id: UUID | str,
        data: Mapping[str, object],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[TaskSubmissionDocument]:
        """
        Delete all subjects that a query finds, by a task.

        Args:
            index_id: The index. UUID.
            data: The query: a `DeleteByQuery`, a `SearchQuery` of which only text and filters count, or a dict of the
                same form; no `SearchQueryV1` and no `SearchScrollQuery`.
            query_params: Further query parameters.

        Returns:
            The ``task_id``, for `wait_for_task`.

        Raises:
            GlobusSDKUsageError: The query is one of `post_search` or `scroll`; it has no text and no filters; or it has
                principal sets, which a deletion disregards, so that it would delete more than the query finds.
            InvalidDocument: 400; the query has mistakes.
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.

        Example:
            >>> query = DeleteByQuery(filters=Filter.match_any("material", "glass"))
            >>> task = await sc.delete_by_query(index_id, query)
            >>> (await sc.wait_for_task(task["task_id"])).is_success
            True

        REST: `POST /v1/index/<index_id>/delete_by_query <https://docs.globus.org/api/search/reference/delete_by_query/>`_
        """
        check_type("data", data, Mapping, "a query, such as DeleteByQuery(filters=...)")
        if isinstance(data, (SearchQueryV1, SearchScrollQuery)):
            raise GlobusSDKUsageError(
                f"delete_by_query takes a DeleteByQuery, got a {type(data).__name__}, which the service refuses:"
                " write DeleteByQuery(q, filters=...)"
            )
        if not data.get("q") and not data.get("filters"):
            raise GlobusSDKUsageError(
                "the query has neither text nor filters; to delete all entries, pass the text '*'"
            )
        if data.get("filter_principal_sets"):
            raise GlobusSDKUsageError("a deletion disregards filter_principal_sets; leave them out of the query")
        return await self.call(
            "POST",
            fill_path("/v1/index/{index_id}/delete_by_query", index_id),
            TaskSubmissionDocument,
            data=data,
            query_params=query_params,
        )


def _given(argument: Any, data: Mapping[str, object], name: str) -> Any:
    """Return an argument, or the member of the query that it replaces."""
    value = data.get(name, MISSING) if isinstance(argument, MissingType) else argument
    return MISSING if value is None else value


def _check_page(offset: object, limit: object) -> None:
    if not isinstance(offset, MissingType):
        check_offset(offset)
    if not isinstance(limit, MissingType):
        check_limit(limit)
