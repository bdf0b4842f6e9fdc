"""Listings: numbers of items and pages, in each paging style of the service, and pages as responses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import httpx
import pytest

from globus_async import GlobusSDKUsageError, ListingTruncated, Pages
from globus_async.services.transfer import TransferClient
from tests.services.transfer.scripted import A, client_of
from tests.toolkit.clock import FakeClock

MANY = 2500


class Service:
    """Lists numbered items in each paging style, with a maximum page size."""

    def __init__(self, *, allowed: int = 1000) -> None:
        self.allowed = allowed
        self.queries: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        self.queries.append(query)
        path = request.url.path
        limit = min(int(query.get("limit", query.get("max_results", query.get("page[limit]", "100")))), self.allowed)
        if path.endswith(("/task_list", "/event_list")) and "endpoint_manager/task_list" not in path:
            return self.page(int(query.get("offset", "0")), limit, lambda end: {"total": MANY})
        if path.endswith("/endpoint_search"):
            return self.page(int(query.get("offset", "0")), limit, lambda end: {"has_next_page": end < MANY})
        if path.endswith(("/successful_transfers", "/skipped_errors")):
            return self.page(
                int(query.get("marker", "0")), 100, lambda end: {"next_marker": end if end < MANY else None}
            )
        if path.endswith("/task_list"):
            start = int(query.get("last_key", "key,0").removeprefix("key,"))
            return self.page(start, limit, lambda end: {"has_next_page": end < MANY, "last_key": f"key,{end}"})
        if path.endswith("/shared_endpoint_list"):
            start = int(query.get("next_token", "0"))
            return self.page(
                start, limit, lambda end: {"next_token": str(end) if end < MANY else None}, "shared_endpoints"
            )
        start = int(query.get("page[marker]", "0"))
        link = f"https://elsewhere.example/v2/x?page%5Bmarker%5D={{}}&page%5Blimit%5D={limit}"
        return self.page(
            start, limit, lambda end: {"links": {"next": link.format(end)} if end < MANY else None}, "data"
        )

    @staticmethod
    def page(start: int, limit: int, more: Callable[[int], dict[str, Any]], key: str = "DATA") -> httpx.Response:
        end = min(start + limit, MANY)
        items = [{"id": number} for number in range(start, end)]
        return httpx.Response(200, json={key: items, "limit": limit, **more(end)})


def call(tc: TransferClient, name: str, **options: Any) -> Pages[Any]:
    method: Any = getattr(tc, name)
    args = () if name in {*UNBOUND, "list_tunnels", "list_stream_access_points"} else (A,)
    result: Pages[Any] = method(*args, **options)
    return result


UNBOUND = ("task_list", "endpoint_search", "endpoint_manager_task_list")
COUNTED = [
    ("task_list", 10, MANY),
    ("task_event_list", 10, MANY),
    ("endpoint_manager_task_event_list", 10, MANY),
    ("endpoint_manager_task_list", 10, MANY),
    ("endpoint_search", 25, 1000),
    ("task_successful_transfers", 100, MANY),
    ("task_skipped_errors", 100, MANY),
    ("endpoint_manager_task_successful_transfers", 100, MANY),
    ("endpoint_manager_task_skipped_errors", 100, MANY),
    ("get_shared_endpoint_list", 1000, MANY),
    ("list_tunnels", MANY, MANY),
    ("get_tunnel_events", MANY, MANY),
    ("list_stream_access_points", MANY, MANY),
]


@pytest.mark.parametrize(("name", "default", "everything"), COUNTED)
async def test_numbers_of_items(name: str, default: int, everything: int) -> None:
    """The default is that of release 1, ``None`` is all items, a number is that many; in order, each item once."""
    async with client_of(Service(), clock=FakeClock(skipping=True)) as tc:
        for options, expected in (
            ({}, default),
            ({"num_results": 1}, 1),
            ({"num_results": 120}, 120),
            ({"num_results": None}, everything),
        ):
            is_silent = expected == MANY or ("num_results" in options and options["num_results"] is not None)
            with (
                nullcontext() if is_silent else pytest.warns(ListingTruncated, match=rf"^{name}\(\).* {expected} items")
            ):
                items = await call(tc, name, **options).list()
            assert [item["id"] for item in items] == list(range(expected))


@pytest.mark.parametrize(
    "name", ["task_list", "task_event_list", "endpoint_search", "endpoint_manager_task_event_list"]
)
async def test_limit_and_offset(name: str) -> None:
    """``limit`` alone is one page of that size, as in globus-sdk; with ``num_results`` it is the page size."""
    service = Service()
    async with client_of(service, clock=FakeClock(skipping=True)) as tc:
        items = await call(tc, name, limit=30, offset=5).list()
        assert [item["id"] for item in items] == list(range(5, 35))
        assert service.queries == [{"limit": "30", "offset": "5"}]
        service.queries.clear()
        items = await call(tc, name, limit=30, num_results=70).list()
        assert [item["id"] for item in items] == list(range(70))
        assert [(query["limit"], query["offset"]) for query in service.queries] == [
            ("30", "0"),
            ("30", "30"),
            ("10", "60"),
        ]


async def test_page_sizes() -> None:
    """Without a limit pages have the maximum size of the service."""
    service = Service()
    async with client_of(service, clock=FakeClock(skipping=True)) as tc:
        await tc.task_list(num_results=None).list()
        with pytest.warns(ListingTruncated, match="maximum of 1000"):
            await tc.endpoint_search("x", num_results=None).list()
        await tc.task_list(10)
    sizes = [int(query["limit"]) for query in service.queries]
    assert sizes == [1000] * 3 + [100] * 10 + [10]


async def test_first_page() -> None:
    """Awaiting a listing returns the first page: a response with items and the cursor of the next page."""
    async with client_of(Service(), clock=FakeClock(skipping=True)) as tc:
        page = await tc.task_list(num_results=None, limit=100)
        assert page["total"] == MANY
        assert len(page) == 100
        assert page.next_cursor == {"offset": 100}
        pages = tc.task_list(num_results=None, limit=100).pages(after=page.next_cursor)
        second: Any = await anext(pages)
        assert second.items[0] == {"id": 100}


@pytest.mark.parametrize("name", [name for name, _, everything in COUNTED if everything == MANY])
async def test_resumed_listing(name: str) -> None:
    """An interrupted listing can be iterated again from the start or from the end of a page."""
    async with client_of(Service(), clock=FakeClock(skipping=True)) as tc:
        listing = call(tc, name, num_results=None)
        async for _ in listing:
            break
        first = await anext(listing.pages())
        rest = [item["id"] async for page in listing.pages(after=first.next_cursor) for item in page]
        assert [item["id"] for item in first] + rest == list(range(MANY))


@pytest.mark.parametrize("name", ["task_list", "endpoint_search"])
@pytest.mark.parametrize("option", ["num_results", "limit"])
@pytest.mark.parametrize("bad", [0, -1, 1.5, "10", True])
async def test_invalid_numbers(name: str, option: str, bad: Any) -> None:
    """An invalid number of results is refused when the listing is created."""
    service = Service()
    async with client_of(service) as tc:
        with pytest.raises(GlobusSDKUsageError):
            call(tc, name, **{option: bad})
    assert service.queries == []


async def test_invalid_filters() -> None:
    """Invalid filters are refused when the listing is created."""
    async with client_of(Service()) as tc:
        with pytest.raises(GlobusSDKUsageError, match="filter_endpoint"):
            tc.endpoint_manager_task_list(filter_endpoint_use="source")
        with pytest.raises(GlobusSDKUsageError):
            tc.task_list(filter={"status": ["A/B"]})
