"""Listings of hits, waits, and errors of the client of Search."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from globus_async import ListingTruncated
from globus_async.errors import GlobusAPIError, GlobusSDKUsageError, PaginationStalled
from globus_async.scopes import SearchScopes
from globus_async.services import search
from globus_async.services.search import (
    DeleteByQuery,
    SearchClient,
    SearchQuery,
    SearchQueryV1,
    SearchScrollQuery,
    SearchTaskEndReason,
)
from tests.services.search.scripted import INDEX, ScriptedIndex, search_client
from tests.toolkit.clock import FakeClock

TASK = str(UUID(int=0))


class Hits:
    """A service that finds so many subjects."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.asked: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return a page of hits."""
        query: dict[str, Any] = json.loads(request.content) if request.content else dict(request.url.params)
        self.asked.append(query)
        begin = int(query["marker"].removeprefix("m")) if "marker" in query else int(query.get("offset", 0))
        end = min(begin + int(query.get("limit", 10)), self.total)
        hits = [{"subject": str(number), "entries": []} for number in range(begin, end)]
        document: dict[str, Any] = {
            "gmeta": hits,
            "count": len(hits),
            "total": self.total,
            "has_next_page": end < self.total,
        }
        if request.url.path.endswith("/scroll"):
            document["marker"] = f"m{end}" if end < self.total else None
        elif begin + int(query.get("limit", 10)) > 10_000:
            return httpx.Response(400, json={"code": "BadRequest.ValidationError", "message": "beyond 10000"})
        return httpx.Response(200, json={**document, "facet_results": [{"name": "x", "buckets": []}]})


Search = Callable[..., Any]
both = pytest.mark.parametrize(
    "find",
    [
        lambda sc, **options: sc.search(INDEX, "x", **options),
        lambda sc, **options: sc.post_search(INDEX, {"q": "x"}, **options),
        lambda sc, **options: sc.post_search(
            INDEX, SearchQueryV1(q="x", **{k: options.pop(k) for k in ("limit", "offset") if k in options}), **options
        ),
    ],
    ids=["search", "post_search", "query"],
)


class TestPages:
    @both
    async def test_from_the_offset_in_pages_of_the_limit(self, find: Search) -> None:
        """Of arguments and of queries; the number of hits is another thing."""
        service = Hits(40)
        async with search_client(service) as sc:
            found = [int(hit["subject"]) async for hit in find(sc, offset=21, limit=5, num_results=13)]
        assert found == list(range(21, 34))
        assert [(int(query["offset"]), int(query["limit"])) for query in service.asked] == [(21, 5), (26, 5), (31, 3)]

    @both
    async def test_the_end_at_the_maximum(self, find: Search) -> None:
        """It warns and points to scroll; nothing beyond is requested. A smaller number of one's own does not warn."""
        service = Hits(25_000)
        async with search_client(service) as sc:
            with pytest.warns(ListingTruncated, match=r"maximum of 10000 items.*scroll\(\), which has no maximum"):
                assert len(await find(sc, offset=50, limit=3000).list()) == 9950
            assert len(await find(sc, num_results=200).list()) == 200
            page = await find(sc)
        assert len(page) == 100
        assert page["facet_results"][0]["name"] == "x"

    async def test_scroll_has_no_maximum(self) -> None:
        """It continues after any page, in another client, by the marker or the cursor, also from an error."""
        service = Hits(12_345)
        async with search_client(service) as sc:
            assert len(await sc.scroll(INDEX, SearchScrollQuery("*"), limit=5000).list()) == 12_345
            page = await sc.scroll(INDEX, {"q": "*", "limit": 10})
            cursor = json.loads(json.dumps(page.next_cursor))
            for listing in (
                sc.scroll(INDEX, {"q": "*"}, marker=page["marker"], num_results=2),
                sc.scroll(INDEX, SearchScrollQuery("*", marker=page["marker"]), num_results=2),
            ):
                assert [hit["subject"] async for hit in listing] == ["10", "11"]
            assert "marker" not in service.asked[0]
        async with search_client(service) as sc:
            async for again in sc.scroll(INDEX, {"q": "*"}).pages(after=cursor):
                assert next(iter(again))["subject"] == "10"
                break

    @pytest.mark.parametrize(
        "page",
        [
            {"gmeta": [], "has_next_page": True},
            {"gmeta": [{"subject": "a"}], "has_next_page": True, "marker": "same"},
            {"gmeta": [{"subject": "a"}], "has_next_page": True, "marker": None},
        ],
    )
    async def test_pages_without_progress(self, page: dict[str, Any]) -> None:
        """They are an error, and not requested for ever."""
        requests = 0

        def respond(_: httpx.Request) -> httpx.Response:
            nonlocal requests
            requests += 1
            return httpx.Response(200, json=page)

        async with search_client(respond) as sc:
            with pytest.raises(PaginationStalled):
                await sc.scroll(INDEX, {"q": "*"}).list()
            if "marker" not in page:
                with pytest.raises(PaginationStalled):
                    await sc.search(INDEX, "x").list()
        assert requests <= 4

    async def test_one_empty_page_at_the_end_of_a_scroll(self) -> None:
        """The service says that it may come."""
        pages = iter(
            [
                {"gmeta": [{"subject": "a"}], "has_next_page": True, "marker": "m"},
                {"gmeta": [], "has_next_page": False, "marker": None},
            ]
        )
        async with search_client(lambda _: httpx.Response(200, json=next(pages))) as sc:
            assert len(await sc.scroll(INDEX, {"q": "*"}).list()) == 1

    async def test_what_is_refused(self) -> None:
        """Before anything is sent."""
        service = Hits(1)
        calls: list[Callable[[Any], object]] = [
            lambda sc: sc.search(INDEX, ["x"]),
            lambda sc: sc.search(INDEX, "x", limit=10_001),
            lambda sc: sc.search(INDEX, "x", offset=10_000),
            lambda sc: sc.search(INDEX, "x", fields="subject"),
            lambda sc: sc.post_search(INDEX, {"q": "x", "offset": -1}),
            lambda sc: sc.post_search(INDEX, {"q": "x", "limit": "5"}),
            lambda sc: sc.post_search(INDEX, "x"),
            lambda sc: sc.scroll(INDEX, {"q": "x"}, marker=5),
            lambda sc: sc.search("", "x"),
        ]
        async with search_client(service) as sc:
            for call in calls:
                with pytest.raises(GlobusSDKUsageError):
                    call(sc)
            for subjects in ([], [""], [5], {"a": 1}.items()):
                with pytest.raises(GlobusSDKUsageError):
                    await sc.batch_delete_by_subject(INDEX, subjects)  # type: ignore[arg-type]
        assert service.asked == []


@pytest.mark.parametrize(
    ("message", "query"),
    [
        ("must be a query", "*"),
        ("must be a query", None),
        ("neither text nor filters", {}),
        ("neither text nor filters", DeleteByQuery()),
        ("neither text nor filters", DeleteByQuery("", filters=[])),
        ("filter_principal_sets", SearchQuery("*", filter_principal_sets="a")),
    ],
)
async def test_deletions_of_more_than_a_query_says_are_refused(message: str, query: Any) -> None:
    """A list of filters may be empty by mistake, and a deletion disregards some conditions."""
    index = ScriptedIndex()
    async with search_client(index) as sc:
        with pytest.raises(GlobusSDKUsageError, match=message):
            await sc.delete_by_query(INDEX, query)
    assert index.requests == 0


class TestWaits:
    @pytest.mark.parametrize(
        ("state", "reason", "message"),
        [("SUCCESS", "success", None), ("FAILED", "failed", "too many fields"), ("CANCELLED", "cancelled", None)],
    )
    async def test_outcomes(self, state: str, reason: str, message: str | None) -> None:
        """With the message of the service; waits share their polls."""
        index, seen = ScriptedIndex(), list[str]()
        index.states, index.polls_before_end = {0: state}, 3
        async with search_client(index, clock=FakeClock(skipping=True)) as sc:
            await sc.ingest(INDEX, {"ingest_type": "GMetaList", "ingest_data": {"gmeta": []}})
            waits = [sc.wait_for_task(TASK, progress=lambda task: seen.append(task["state"])) for _ in range(3)]
            outcomes = await asyncio.gather(*waits)
        assert [(outcome.reason, outcome.message) for outcome in outcomes] == [(reason, message)] * 3
        assert outcomes[0].is_success == (state == "SUCCESS")
        assert set(seen) == {"PENDING", state}
        assert index.requests < 3 * 4
        assert (message or reason) in repr(outcomes[0])

    async def test_time_limits_and_unknown_tasks(self) -> None:
        """The task continues; the error of a task that does not exist is raised."""
        index = ScriptedIndex()
        index.polls_before_end = 10**6
        async with search_client(index, clock=FakeClock(skipping=True)) as sc:
            await sc.ingest(INDEX, {"ingest_type": "GMetaList", "ingest_data": {"gmeta": []}})
            outcome = await sc.wait_for_task(TASK, timeout=60)
            assert (outcome.reason, outcome.has_ended) == (SearchTaskEndReason.TIMED_OUT, False)
            found = await sc.wait_for_tasks([str(UUID(int=5)), TASK], timeout=1)
        assert isinstance(found[0].error, search.NotFound)
        assert found[1].value.task["state"] == "PENDING"


@pytest.mark.parametrize(
    ("call", "scope"),
    [
        (lambda sc: sc.search(INDEX, "x"), SearchScopes.search),
        (lambda sc: sc.scroll(INDEX, {"q": "x"}), SearchScopes.search),
        (lambda sc: sc.get_entry(INDEX, "x"), SearchScopes.search),
        (lambda sc: sc.delete_entry(INDEX, "x"), SearchScopes.ingest),
        (lambda sc: sc.ingest(INDEX, {}), SearchScopes.ingest),
        (lambda sc: sc.get_task(TASK), SearchScopes.ingest),
        (lambda sc: sc.create_index("a", "b"), SearchScopes.all),
        (lambda sc: sc.get_role_list(INDEX), SearchScopes.all),
    ],
)
async def test_the_error_of_a_missing_scope_names_it(call: Callable[[SearchClient], Any], scope: object) -> None:
    """An app requires the scope for queries only, as in globus-sdk."""
    document = {"code": "Forbidden.Generic", "message": "no", "error_data": {"cause": "a role"}}
    async with search_client(lambda _: httpx.Response(403, json=document)) as sc:
        with pytest.raises(search.PermissionDenied, match=str(scope)) as caught:
            await call(sc)
        assert sc.default_scope_requirements == [SearchScopes.search]
    assert caught.value.required_scope == str(scope)
    assert caught.value.error_data == {"cause": "a role"}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NotFound.NoSuchIndex", search.NotFound),
        (409, "Conflict.LimitExceeded", search.LimitExceeded),
        (409, "Conflict.IncompatibleIndexStatus", search.IncompatibleIndexStatus),
        (400, "BadRequest.ValidationError", search.InvalidDocument),
        (504, "Timeout", search.SearchAPIError),
    ],
)
async def test_errors(status: int, code: str, kind: type[GlobusAPIError]) -> None:
    """By their codes; the problems of a document are in the messages."""
    problems = {"messages": {"json": {"ingest_data": {"visible_to": ["Missing data"]}}}}
    document = {"code": code, "message": "Request failed.", "error_data": problems, "request_id": "a" * 32}
    async with search_client(lambda _: httpx.Response(status, json=document)) as sc:
        with pytest.raises(kind, match=r"visible_to.*Missing data") as caught:
            await sc.ingest(INDEX, {})
    assert caught.value.request_id == "a" * 32
