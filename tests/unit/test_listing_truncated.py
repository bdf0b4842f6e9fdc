"""A listing that ends at a number that its caller did not choose warns of further items, at the caller's line."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from globus_async import MISSING, BaseClient, ListingTruncated, Page, Pages, bulk
from globus_async.paging import (
    PagingStyle,
    json_api,
    last_key,
    next_token,
    null_marker,
    offset_has_next,
    offset_total,
    single,
)
from tests.services.transfer.scripted import raw_response_of
from tests.toolkit.scripted import Scripted

Item = dict[str, int]
STYLES = [offset_total, offset_has_next, null_marker, last_key, next_token, json_api]
DEFAULT = 20


class Shelf:
    """A service with so many things, which tells of further ones in the way of a style; at most 10 a page."""

    def __init__(self, count: int, *, largest: int = 10) -> None:
        self.count = count
        self.largest = largest

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = request.url.params
        size = min(int(query.get("limit") or query.get("max_results") or query.get("page[limit]") or 1000), 10)
        cursors = ("offset", "marker", "last_key", "next_token", "page[marker]")
        start = next((int(query[name]) for name in cursors if name in query), 0)
        end = min(start + min(size, self.largest), self.count)
        document: dict[str, Any] = {"DATA": [{"n": number} for number in range(start, end)]}
        if "offset" in query:
            document["total"] = self.count
        more = end < self.count
        document |= {"has_next_page": more, "last_key": str(end)}
        document |= dict.fromkeys(("next_marker", "next_token"), str(end) if more else None)
        document["links"] = {"next": f"/x?page%5Bmarker%5D={end}" if more else None}
        return httpx.Response(200, json=document)


class Lister(BaseClient):
    """A client with a listing that has a default."""

    def things(self, style: PagingStyle = offset_total, *, num_results: Any = MISSING, **options: Any) -> Pages[Item]:
        """List things."""
        given: dict[str, Any] = {"default_results": DEFAULT, **options}
        return self.listing("/things", Item, style=style, num_results=num_results, **given)

    def named(self, _name: str) -> Pages[Item]:
        """List things by a name."""
        return self.listing("/things", Item, style=offset_total, num_results=MISSING, default_results=5)


@asynccontextmanager
async def lister(count: int, **options: Any) -> AsyncGenerator[tuple[Lister, Scripted]]:
    """Yield a client of a service with so many things."""
    service = Scripted(Shelf(count, **options))
    async with service.client(client_class=Lister) as client:
        assert isinstance(client, Lister)
        yield client, service


async def by_async_for(listing: Pages[Item]) -> list[Item]:
    return [item async for item in listing]


async def by_list(listing: Pages[Item]) -> list[Item]:
    return await listing.list()


async def by_pages(listing: Pages[Item]) -> list[Item]:
    return [item async for page in listing.pages() for item in page]


async def by_prefetch(listing: Pages[Item]) -> list[Item]:
    async with listing.prefetch() as items:
        return [item async for item in items]


async def by_single_pages(listing: Pages[Item]) -> list[Item]:
    return await listing.concurrency(1).list()


async def by_workers(listing: Pages[Item]) -> list[Item]:
    items = aiter(listing)

    async def work() -> list[Item]:
        return [item async for item in items]

    found = await asyncio.gather(*(work() for _ in range(3)))
    return [item for part in found for item in part]


async def by_task(listing: Pages[Item]) -> list[Item]:
    return await asyncio.create_task(listing.list())


async def by_bulk(listing: Pages[Item]) -> list[Item]:
    (outcome,) = await bulk(lambda each: each.list(), [listing])
    return outcome.value


WAYS = [by_async_for, by_list, by_pages, by_prefetch, by_single_pages, by_workers, by_task, by_bulk]
every_way = pytest.mark.parametrize(
    ("way", "style"),
    [(way, style) for way in WAYS for style in (offset_total, next_token)] + [(by_list, style) for style in STYLES],
)
styles = pytest.mark.parametrize("style", STYLES, ids=["total", "has_next", "marker", "key", "token", "link"])
Way = Callable[[Pages[Item]], Awaitable[list[Item]]]


@every_way
async def test_more_than_the_default(way: Way, style: PagingStyle) -> None:
    """One warning, which names the method, the number and the way out, at the line that called the method."""
    async with lister(DEFAULT + 1) as (client, _):
        listing = client.things(style)
        with pytest.warns(ListingTruncated) as caught:
            assert len(await way(listing)) == DEFAULT
    (told,) = caught
    assert (told.filename, told.lineno) == (__file__, line_of(test_more_than_the_default, "client.things("))
    assert str(told.message) == (
        "things() ended at its default of 20 items, and there are more; num_results=None lists all"
    )
    if way is not by_single_pages:  # which iterates another listing
        assert listing.truncated is True


async def test_a_listing_made_in_a_thread() -> None:
    """No line of a standard library is named, whether its own or that of a pool."""
    async with lister(DEFAULT + 1) as (client, _):
        listing = await asyncio.to_thread(client.things, offset_total)
        with pytest.warns(ListingTruncated) as caught:
            await listing.list()
    assert caught[0].filename == __file__


@every_way
@pytest.mark.parametrize("count", [0, 1, DEFAULT - 1, DEFAULT])
async def test_no_more_than_the_default(way: Way, style: PagingStyle, count: int) -> None:
    """No warning, and no request more than the items need."""
    async with lister(count) as (client, service):
        listing = client.things(style)
        assert len(await way(listing)) == count
        assert len(service.requests) == max(1, -(-count // 10))
    if way is not by_single_pages:
        assert listing.truncated is False


@every_way
@pytest.mark.parametrize(("options", "expected"), [({"num_results": 15}, 15), ({"num_results": DEFAULT}, DEFAULT)])
async def test_a_number_of_the_callers_own(
    way: Way, style: PagingStyle, options: dict[str, Any], expected: int
) -> None:
    """No warning; the listing tells that there are more."""
    async with lister(50) as (client, _):
        listing = client.things(style, **options)
        assert len(await way(listing)) == expected
    if way is not by_single_pages:
        assert listing.truncated is True


@every_way
async def test_all(way: Way, style: PagingStyle) -> None:
    """All items are listed without a warning."""
    async with lister(45) as (client, _):
        listing = client.things(style, num_results=None)
        assert len(await way(listing)) == 45
    if way is not by_single_pages:
        assert listing.truncated is False


@styles
async def test_awaiting(style: PagingStyle) -> None:
    """Awaiting warns if the listing ends with the first page; a page that is followed by others does not end it."""
    async with lister(25) as (client, _):
        with pytest.warns(ListingTruncated, match="default of 5 items") as caught:
            page = await client.things(style, default_results=5)
        assert (len(page), page.truncated) == (5, True)
        assert (caught[0].filename, caught[0].lineno) == (__file__, line_of(test_awaiting, "default_results=5"))
        assert (await client.things(style)).truncated is False
        assert (await client.things(style, num_results=None)).truncated is False
        assert (await client.things(style, num_results=5)).truncated is True
        pages = [page.truncated async for page in client.things(style, num_results=20).pages()]
        assert pages == [False, True]


async def test_before_the_end() -> None:
    """A listing that is left before its end does not warn, whatever was fetched ahead; and does not know yet."""
    async with lister(50) as (client, _):
        listing = client.things(default_results=12)
        assert listing.truncated is None
        async for _item in listing:
            break
        assert listing.truncated is None
        items = aiter(listing)
        assert [await anext(items) for _ in range(12)][-1] == {"n": 11}
        assert listing.truncated is None
        async with listing.prefetch() as ahead:
            assert await anext(ahead) == {"n": 0}
            await asyncio.sleep(0.01)
        assert listing.truncated is None
        with pytest.warns(ListingTruncated):
            assert await anext(items, None) is None
        assert listing.truncated is True
        assert await anext(items, None) is None  # no second warning
        assert len(await client.things(num_results=None).list()) == 50
        aiter(listing)
        assert listing.truncated is None


def ask(client: Lister, count: int) -> list[Pages[Item]]:
    return [client.things() for _ in range(count)]


async def test_once_per_line() -> None:
    """With Python's own filter the warning is shown once for each line that lists."""
    async with lister(50) as (client, _):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            for listing in ask(client, 5):
                await listing.list()
                await listing
            for _ in range(3):
                await client.things().list()
        lines = [told.lineno for told in caught]
        assert len(lines) == len(set(lines)) == 2


async def test_as_an_error() -> None:
    """A filter makes it an error, at the end of the iteration."""
    async with lister(50) as (client, _):
        with warnings.catch_warnings():
            warnings.simplefilter("error", ListingTruncated)
            items = aiter(client.things())
            got = [await anext(items) for _ in range(DEFAULT)]
            with pytest.raises(ListingTruncated):
                await anext(items)
            assert await anext(items, None) is None
            assert len(got) == DEFAULT


async def test_a_method_that_is_called_by_bulk() -> None:
    """A worker has no line of the program above it: the warning names the line that made the bulk."""
    async with lister(50) as (client, _):
        many = bulk(client.named, ["a"])
        with pytest.warns(ListingTruncated, match="named") as caught:
            pages = await many.values()
        assert [page.truncated for page in pages] == [True]
        line = line_of(test_a_method_that_is_called_by_bulk, "bulk(client.named")
        assert [(told.filename, told.lineno) for told in caught] == [(__file__, line)]


class TestMaximumOfTheService:
    """It cannot be raised by ``num_results=None``, and the service may not say that it has more."""

    @pytest.mark.parametrize("count", [30, 31])
    @pytest.mark.parametrize("asked", [None, 31])
    async def test_it_is_reached(self, count: int, asked: int | None) -> None:
        """The warning says so, and what to do."""
        async with lister(count) as (client, service):
            listing = client.things(offset_has_next, num_results=asked, max_results=30)
            with pytest.warns(ListingTruncated, match="service's maximum of 30 items, and there may be more"):
                assert len(await listing.list()) == 30
            assert listing.truncated is True
            assert len(service.requests) == 3

    async def test_it_is_not_reached(self) -> None:
        """There is nothing to say of 29 items, or of a number that the caller chose."""
        async with lister(29) as (client, _):
            assert len(await client.things(offset_has_next, num_results=None, max_results=30).list()) == 29
        async with lister(50) as (client, _):
            assert len(await client.things(offset_has_next, num_results=30, max_results=30).list()) == 30

    async def test_the_offset_counts(self) -> None:
        """The service rejects requests beyond its maximum, from wherever the listing starts."""
        async with lister(50) as (client, service):
            listing = client.things(
                offset_has_next, num_results=None, page_size=10, max_results=30, params={"offset": 15}
            )
            with pytest.warns(ListingTruncated, match="maximum of 30 items"):
                assert len(await listing.list()) == 15
            reached = [int(sent.url.params["offset"]) + int(sent.url.params["limit"]) for sent in service.requests]
            assert max(reached) == 30
            with pytest.warns(ListingTruncated):
                assert [len(page) async for page in listing.pages(after={"offset": 20})] == [10]


class TestKin:
    """Other ends of a listing."""

    async def test_a_size_among_the_query_parameters(self) -> None:
        """It is a number of the caller's own, as the method's parameter for it is."""
        async with lister(50) as (client, service):
            assert len(await client.things(query_params={"limit": "7"}).list()) == 7
            assert len(await client.things(query_params={"limit": 7}, num_results=9).list()) == 9
            for odd in ("", "0", "x", "9" * 5000):
                service.requests.clear()
                service.steps = (lambda _: httpx.Response(200, json={"DATA": [], "total": 0}),)
                await client.things(query_params={"limit": odd})
                assert service.requests[0].url.params["limit"] == odd

    async def test_one_page(self) -> None:
        """Where the caller limits a single page, the total tells of the rest."""
        documents = iter([{"total": 9, "DATA": [{}] * 4}, {"total": 9, "DATA": [{}] * 4}, {"DATA": [{}] * 4}])
        service = Scripted(lambda _: httpx.Response(200, json=next(documents)))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            for params, expected in (({"limit": 4}, True), ({"limit": 4, "offset": 5}, False), ({}, False)):
                listing = client.things(single, default_results=None, num_results=None, params=params)
                assert len(await listing.list()) == 4
                assert listing.truncated is expected
        assert [dict(sent.url.params) for sent in service.requests] == [
            {"limit": "4"},
            {"limit": "4", "offset": "5"},
            {},
        ]

    async def test_a_service_that_ignores_the_size(self) -> None:
        """Items that were cut off a page are missing, even of the last page; the cursor leads to them."""
        service = Scripted(lambda _: httpx.Response(200, json={"DATA": [{"n": 1}] * 8, "total": 8}))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            with pytest.warns(ListingTruncated):
                page = await client.things(default_results=5)
            assert (len(page), page.truncated, page.next_cursor) == (5, True, {"offset": 5})
            with pytest.warns(ListingTruncated):  # no page follows, but this one had more
                page = await client.things(null_marker, default_results=5)
            assert (len(page), page.truncated, page.next_cursor) == (5, True, None)

    async def test_a_listing_of_ones_own(self) -> None:
        """Without a method the warning names the line that uses the listing."""

        async def fetch(_cursor: object, read: Any) -> Page[Item]:
            return await read(raw_response_of(200, {"DATA": [{}], "total": 2}))  # type: ignore[no-any-return]

        listing: Pages[Item] = Pages(fetch, style=offset_total, num_results=MISSING, default_results=1)
        with pytest.warns(ListingTruncated, match="the listing") as caught:
            assert len([item async for item in listing]) == 1
        assert caught[0].lineno == line_of(self.test_a_listing_of_ones_own, "async for item in listing")


def line_of(function: Callable[..., object], text: str) -> int:
    """Return the line of a function that has a text, the first one."""
    lines, first = inspect.getsourcelines(function)
    return next(first + index for index, line in enumerate(lines) if text in line)
