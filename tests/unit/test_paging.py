"""Listings: every style, sizes, beginnings, ends, errors in the middle, and services that lead in circles."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import BaseClient, ListingTruncated, RetryPolicy
from globus_async.errors import (
    GlobusAPIError,
    GlobusConnectionError,
    GlobusSDKUsageError,
    PaginationStalled,
    ResponseDecodeError,
)
from globus_async.paging import (
    Pages,
    PagingStyle,
    json_api,
    last_key,
    marker_has_next,
    marker_or_null,
    next_token,
    null_marker,
    offset_has_next,
    offset_total,
    single,
)
from tests.toolkit.leaks import Snapshot, recorded_problems
from tests.toolkit.random_cases import cases
from tests.toolkit.scripted import Scripted, respond

ONCE = RetryPolicy(max_retries=0)
Item = dict[str, int]


class Lister(BaseClient):
    """Has one listing, of any style."""

    def things(self, style: PagingStyle, **options: Any) -> Pages[Item]:
        """List things."""
        return self.listing("/things", Item, style=style, **options)


class Shelf:
    """A service with so many things, paged in one of the styles; ``max_size`` is its largest page."""

    def __init__(self, style: PagingStyle, count: int, *, max_size: int = 10, key: str = "DATA") -> None:
        self.style = style
        self.count = count
        self.max_size = max_size
        self.key = key

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return a page."""
        query = dict(request.url.params)
        size = min(int(query.get(self.style.size_parameter or "-", self.max_size)), self.max_size)
        begin = int(
            query.get("offset") or query.get("marker") or query.get("next_token") or query.get("page[marker]") or 0
        )
        begin = int(query["last_key"].removeprefix("k")) if "last_key" in query else begin
        end = min(begin + size, self.count)
        document: dict[str, object] = {self.key: [{"n": number} for number in range(begin, end)]}
        more = end < self.count
        match self.style:
            case _ if self.style is offset_total:
                document["total"] = self.count
            case _ if self.style is offset_has_next:
                document["has_next_page"] = more
            case _ if self.style is null_marker:
                document["next_marker"] = str(end) if more else None
            case _ if self.style is last_key:
                document |= {"has_next_page": more, "last_key": f"k{end}"}
            case _ if self.style is marker_has_next:
                document |= {"has_next_page": more, "marker": str(end)}
            case _ if self.style is marker_or_null:
                document["marker"] = str(end) if more else None
            case _ if self.style is next_token:
                document["next_token"] = str(end) if more else None
            case _ if self.style is json_api:
                document["links"] = {"next": f"https://evil.example/elsewhere?page%5Bmarker%5D={end}" if more else None}
            case _:
                pass
        return httpx.Response(200, json=document)


STYLES = {
    "offset and total": offset_total,
    "offset and has_next_page": offset_has_next,
    "marker": null_marker,
    "last key": last_key,
    "marker and has_next_page": marker_has_next,
    "marker or null": marker_or_null,
    "token": next_token,
    "JSON:API": json_api,
}
ODD: list[object] = [{"next": 5}, {"next": "https://[::1"}, {"next": "?page=1"}, {"next": {}}, [1], {"a": 1}, 1.5]
styles = pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
sized = pytest.mark.parametrize("style", [style for style in STYLES.values() if style.size_parameter])


def numbers(items: list[Item]) -> list[int]:
    """Take the numbers out of things."""
    return [item["n"] for item in items]


def params(service: Scripted) -> list[dict[str, str]]:
    """Return the query of every request."""
    return [dict(request.url.params) for request in service.requests]


async def everything(service: Scripted, style: PagingStyle, **options: Any) -> list[int]:
    """List all items."""
    async with service.client(client_class=Lister) as client:
        assert isinstance(client, Lister)
        return numbers(await client.things(style, **options).concurrency(1).list())


class TestStyles:
    @styles
    @pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25, 30])
    async def test_every_item_once_and_in_order(self, style: PagingStyle, count: int) -> None:
        """Whatever the number is to the size of a page; and no page is fetched in vain."""
        service = Scripted(Shelf(style, count))
        assert await everything(service, style) == list(range(count))
        assert len(service.requests) == max(1, -(-count // 10))

    async def test_one_page_only(self) -> None:
        """Some listings come whole."""
        service = Scripted(Shelf(single, 7))
        assert await everything(service, single) == list(range(7))
        assert len(service.requests) == 1

    async def test_requests_stay_on_the_service(self) -> None:
        """Only the query of a link in a response is used."""
        service = Scripted(Shelf(json_api, 25))
        await everything(service, json_api)
        assert {(request.url.host, request.url.path) for request in service.requests} == {
            ("transfer.api.globus.org", "/things")
        }
        assert params(service)[1:] == [{"page[marker]": "10"}, {"page[marker]": "20"}]

    async def test_another_items_key(self) -> None:
        """Some documents call their items otherwise."""
        service = Scripted(Shelf(null_marker, 25, key="identities"))
        assert await everything(service, null_marker, items_key="identities") == list(range(25))

    @pytest.mark.parametrize("document", [[], None, "x", {"DATA": None}, {"DATA": {}}, {"DATA": [1]}, {"DATA": "x"}])
    @styles
    async def test_an_invalid_page(self, style: PagingStyle, document: object) -> None:
        """An error of ours, and not an empty listing."""
        body = json.dumps(document).encode()
        headers = {"content-type": "application/json"}
        service = Scripted(lambda _: httpx.Response(200, content=body, headers=headers))
        async with service.client(client_class=Lister, retry=ONCE) as client:
            assert isinstance(client, Lister)
            with pytest.raises(ResponseDecodeError):
                await client.things(style).list()

    @pytest.mark.parametrize("token", [{"a": 1}, [1], 1.5])
    async def test_a_cursor_is_text_or_a_number(self, token: object) -> None:
        """The error does not warn of what a listing may have done: it does nothing."""
        service = Scripted(respond(200, {"DATA": [], "next_token": token}))
        async with service.client(client_class=Lister, retry=ONCE) as client:
            assert isinstance(client, Lister)
            with pytest.raises(ResponseDecodeError, match=r"neither text nor a number$"):
                await client.things(next_token).list()

    @pytest.mark.parametrize(
        ("styles", "member", "values"),
        [
            ((offset_total, single), "total", ("60", 60.0, True, [])),
            ((offset_has_next, last_key), "has_next_page", (1, "true")),
            ((json_api,), "links", ({"next": 5}, {"next": {}}, [], "/x?page=2", True)),
        ],
        ids=["total", "has_next_page", "links"],
    )
    async def test_what_tells_of_further_pages(
        self, styles: tuple[PagingStyle, ...], member: str, values: tuple[object, ...]
    ) -> None:
        """A value of another type is an error that names the member: the end of a listing is never a guess."""
        for style, value in itertools.product(styles, values):
            service = Scripted(respond(200, {"DATA": [{"n": 1}], member: value}))
            async with service.client(client_class=Lister, retry=ONCE) as client:
                assert isinstance(client, Lister)
                with pytest.raises(ResponseDecodeError, match=f"'{member}' should be") as raised:
                    await client.things(style).list()
            assert raised.value.retryable is False

    @settings(max_examples=cases(200), deadline=None)
    @given(
        st.sampled_from(list(STYLES.values())),
        st.dictionaries(
            st.sampled_from(["total", "has_next_page", "next_marker", "last_key", "next_token", "links"]),
            st.none() | st.booleans() | st.integers(-5, 50) | st.text(max_size=3) | st.sampled_from(ODD),
        ),
        st.integers(0, 3),
    )
    def test_any_next_page_member(self, style: PagingStyle, said: Mapping[str, object], count: int) -> None:
        """The listing ends, or says that it stalled; nothing else is raised, and nothing goes on for ever."""

        async def scenario() -> None:
            service = Scripted(respond(200, {"DATA": [{"n": 1}] * count, **said}))
            async with service.client(client_class=Lister, retry=ONCE) as client:
                assert isinstance(client, Lister)
                with contextlib.suppress(PaginationStalled, ResponseDecodeError):
                    await client.things(style, num_results=50).concurrency(1).list()
            assert len(service.requests) <= 51

        asyncio.run(scenario())


class TestSizes:
    @sized
    async def test_the_size_of_a_page(self, style: PagingStyle) -> None:
        """By the style's own parameter."""
        service = Scripted(Shelf(style, 25))
        assert await everything(service, style, page_size=7) == list(range(25))
        assert {sent[str(style.size_parameter)] for sent in params(service)} == {"7"}
        assert len(service.requests) == 4

    @styles
    @pytest.mark.parametrize("wanted", [1, 9, 10, 11, 24, 25, 26, 1000])
    async def test_no_more_items_than_requested(self, style: PagingStyle, wanted: int) -> None:
        """Neither of items nor of pages."""
        service = Scripted(Shelf(style, 25))
        assert await everything(service, style, num_results=wanted) == list(range(min(wanted, 25)))
        assert len(service.requests) == min(-(-wanted // 10), 3)

    @sized
    async def test_the_last_page_is_as_small_as_it_can_be(self, style: PagingStyle) -> None:
        """The rest is not sent for nothing."""
        service = Scripted(Shelf(style, 25))
        await everything(service, style, page_size=10, num_results=12)
        assert [sent[str(style.size_parameter)] for sent in params(service)] == ["10", "2"]

    async def test_the_services_maximum(self) -> None:
        """Asking beyond it would be an error."""
        service = Scripted(Shelf(offset_has_next, 5000, max_size=100))
        for wanted, expected in ((50, 50), (1000, 1000)):
            options = {"page_size": 100, "max_results": 1000, "num_results": wanted}
            assert len(await everything(service, offset_has_next, **options)) == expected
        for number in (None, 2000):
            beyond = {"page_size": 100, "max_results": 1000, "num_results": number}
            with pytest.warns(ListingTruncated):
                assert len(await everything(service, offset_has_next, **beyond)) == 1000

    @pytest.mark.parametrize("number", [0, -1, 1.5, True, "10", [1]])
    async def test_invalid_numbers(self, number: Any) -> None:
        """When the listing is made, before anything is sent."""
        service = Scripted()
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            for name in ("num_results", "page_size"):
                with pytest.raises(GlobusSDKUsageError, match="whole number"):
                    client.things(offset_total, **{name: number})
        assert not service.requests


class TestParameters:
    async def test_they_are_sent_with_every_page(self) -> None:
        """The method's and the caller's; an iterator is read once."""
        service = Scripted(Shelf(offset_total, 25))
        given = {"filter": iter(["a", "b"]), "none": None}
        await everything(service, offset_total, params={"own": 1}, query_params=given)
        for request in service.requests:
            assert request.url.params.get_list("filter") == ["a", "b"]
            assert request.url.params["own"] == "1"

    async def test_a_mapping_that_is_changed_meanwhile(self) -> None:
        """Does not change the listing; nor does the listing change it."""
        service = Scripted(Shelf(null_marker, 25))
        given: dict[str, object] = {"a": "1"}
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            async for _ in client.things(null_marker, query_params=given).pages():
                given["a"] = "2"
        assert [sent["a"] for sent in params(service)] == ["1", "1", "1"]
        assert given == {"a": "2"}

    @pytest.mark.parametrize("begin", [5, "5"])
    @pytest.mark.parametrize("where", ["params", "query_params"])
    async def test_a_callers_offset_is_the_start(self, begin: object, where: str) -> None:
        """And not where to stay."""
        service = Scripted(Shelf(offset_total, 25))
        assert await everything(service, offset_total, **{where: {"offset": begin}}) == list(range(5, 25))

    @pytest.mark.parametrize(
        ("style", "begin"),
        [(null_marker, {"marker": "5"}), (last_key, {"last_key": "k5"}), (next_token, {"next_token": "5"})],
    )
    async def test_a_callers_marker_is_the_start(self, style: PagingStyle, begin: dict[str, object]) -> None:
        """Of whatever style."""
        service = Scripted(Shelf(style, 25))
        assert await everything(service, style, query_params=begin) == list(range(5, 25))

    async def test_a_callers_own_size_of_page(self) -> None:
        """Passed through as it is, on every page."""
        service = Scripted(Shelf(offset_total, 25))
        assert await everything(service, offset_total, query_params={"limit": 4}, num_results=10) == list(range(10))
        assert {sent["limit"] for sent in params(service)} == {"4"}

    async def test_bad_parameters_are_refused_at_once(self) -> None:
        """Not when the first page is fetched."""
        async with Scripted().client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            with pytest.raises(GlobusSDKUsageError):
                client.things(offset_total, query_params={"a": object()})


class TestUse:
    async def test_nothing_is_sent_until_it_is_used(self) -> None:
        """Making a listing costs nothing, and it can be shown."""
        service = Scripted(Shelf(offset_total, 25))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            assert (
                repr(client.things(offset_total, num_results=5))
                == "<Pages: at most 5 items; await, iterate, or .pages()>"
            )
        assert not service.requests

    async def test_awaiting_returns_the_first_page(self) -> None:
        """A response: items, document, status, and where the next one is."""
        service = Scripted(Shelf(offset_total, 25))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            page = await client.things(offset_total)
        assert (len(page), page["total"], page.http_status, page.next_cursor) == (10, 25, 200, {"offset": 10})
        assert numbers(list(page)) == numbers(page.items) == list(range(10))
        assert len(service.requests) == 1

    @styles
    async def test_it_may_be_used_again(self, style: PagingStyle) -> None:
        """Each use begins at the beginning."""
        service = Scripted(Shelf(style, 15))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            things = client.things(style)
            assert numbers(await things.list()) == numbers([thing async for thing in things]) == list(range(15))
            assert len(await things) == 10

    async def test_the_end_stays_the_end(self) -> None:
        """Asking on after it fetches nothing."""
        service = Scripted(Shelf(null_marker, 5))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            pages = client.things(null_marker).pages()
            await anext(pages)
            for _ in range(3):
                with pytest.raises(StopAsyncIteration):
                    await anext(pages)
        assert len(service.requests) == 1


class TestResuming:
    @styles
    async def test_from_a_page(self, style: PagingStyle) -> None:
        """What is next of it, kept as long as you like."""
        service = Scripted(Shelf(style, 25))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            page = await client.things(style)
            rest = [numbers(list(later)) async for later in client.things(style).pages(after=page.next_cursor)]
        assert rest == [list(range(10, 20)), list(range(20, 25))]

    @styles
    async def test_from_an_error(self, style: PagingStyle) -> None:
        """It says where the listing stood; no item is lost or comes twice."""
        shelf = Shelf(style, 25)
        service = Scripted(shelf, respond(500, {"code": "X"}), shelf)
        got: list[int] = []
        async with service.client(client_class=Lister, retry=ONCE) as client:
            assert isinstance(client, Lister)
            pages = client.things(style).concurrency(1).pages()
            got += numbers(list(await anext(pages)))
            with pytest.raises(GlobusAPIError) as caught:
                await anext(pages)
            assert caught.value.resume_from is not None
            async for page in client.things(style).pages(after=caught.value.resume_from):
                got += numbers(list(page))
        assert got == list(range(25))

    async def test_an_error_at_the_first_page(self) -> None:
        """Leads to the beginning."""
        service = Scripted(respond(500), Shelf(offset_total, 5))
        async with service.client(client_class=Lister, retry=ONCE) as client:
            assert isinstance(client, Lister)
            with pytest.raises(GlobusAPIError) as caught:
                await client.things(offset_total).list()
            pages = client.things(offset_total).pages(after=caught.value.resume_from)
            assert [numbers(list(page)) async for page in pages] == [list(range(5))]

    async def test_the_same_iterator_continues_after_a_cancellation(self) -> None:
        """Nothing moved."""
        shelf = Shelf(null_marker, 25)
        hang = asyncio.Event()

        async def slow(request: httpx.Request) -> httpx.Response:
            await hang.wait()
            return shelf(request)

        service = Scripted(shelf, slow, slow, shelf)
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            pages = client.things(null_marker).pages()
            got = numbers(list(await anext(pages)))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await anext(pages)
            hang.set()
            async for page in pages:
                got += numbers(list(page))
        assert got == list(range(25))


def _stuck(style: PagingStyle) -> Callable[[httpx.Request], httpx.Response]:
    """Make a service whose every page leads to the same next one."""
    said: dict[str, object] = {
        "total": 100,
        "has_next_page": True,
        "next_marker": "m",
        "marker": "m",
        "last_key": "k",
        "next_token": "t",
        "links": {"next": "https://h/x?page%5Bmarker%5D=m"},
    }
    items = [] if style.predict_cursors is not None or style is offset_has_next else [{"n": 1}]
    return lambda _: httpx.Response(200, json={"DATA": items, **said})


class TestStalls:
    @styles
    async def test_a_page_that_leads_back_to_itself(self, style: PagingStyle) -> None:
        """An error after one page that was read already, instead of a loop."""
        service = Scripted(_stuck(style))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            with pytest.raises(PaginationStalled, match="repeats the cursor"):
                await client.things(style).list()
        assert len(service.requests) <= 2

    async def test_a_long_marker(self) -> None:
        """The error shows its beginning."""
        service = Scripted(respond(200, {"DATA": [], "next_marker": "x" * 5_000}))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            with pytest.raises(PaginationStalled) as caught:
                await client.things(null_marker).list()
        assert len(str(caught.value)) < 300

    @pytest.mark.parametrize("name", ["next_marker", "next_token"])
    async def test_a_cycle_of_several_pages(self, name: str) -> None:
        """Markers that come round again."""
        style = null_marker if name == "next_marker" else next_token
        turns = iter([*"abcab"] * 3)
        service = Scripted(lambda _: httpx.Response(200, json={"DATA": [{"n": 1}], name: next(turns)}))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            with pytest.raises(PaginationStalled):
                await client.things(style).list()
        assert len(service.requests) == 4

    @pytest.mark.parametrize("style", [last_key, marker_has_next])
    @pytest.mark.parametrize("start", [None, {"last_key": "k", "marker": "m"}])
    async def test_a_cursor_that_is_missing(self, style: PagingStyle, start: dict[str, str] | None) -> None:
        """There are more pages but no key: the first page is not read again, and the items are not lost."""
        service = Scripted(respond(200, {"DATA": [{"n": 1}], "has_next_page": True}))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            things = client.things(style)
            pages = aiter(things.pages(after=start))
            page = await anext(pages)
            with pytest.raises(PaginationStalled):
                await anext(pages)
            with pytest.raises(PaginationStalled):  # a loop of the caller's own ends as well
                things.pages(after=page.next_cursor)
        assert len(service.requests) == 1

    async def test_a_marker_without_has_next_page(self) -> None:
        """The marker alone says that there is a next page."""
        turns = iter(["a", "b", None])
        service = Scripted(lambda _: httpx.Response(200, json={"DATA": [{"n": 1}], "marker": next(turns)}))
        assert await everything(service, marker_has_next) == [1, 1, 1]


class TestAbandoned:
    @pytest.mark.parametrize("collecting", [True, False])
    async def test_a_thousand_listings_left_after_their_first_item(self, collecting: bool) -> None:
        """Nothing is open, nothing runs, nobody complains; with and without garbage collection."""
        service = Scripted(Shelf(offset_total, 1000))
        async with service.client(client_class=Lister) as client:
            assert isinstance(client, Lister)
            before = Snapshot.take()
            with recorded_problems() as problems:
                if not collecting:
                    gc.disable()
                try:
                    for _ in range(1000):
                        async for _thing in client.things(offset_total):
                            break
                finally:
                    gc.enable()
            before.assert_nothing_new()
            problems.assert_none()
        assert len(service.requests) == 1000


async def test_a_network_error_has_the_cursor() -> None:
    """As every other error of ours."""
    shelf = Shelf(offset_total, 25)

    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no", request=request)

    service = Scripted(shelf, down)
    async with service.client(client_class=Lister, retry=ONCE) as client:
        assert isinstance(client, Lister)
        with pytest.raises(GlobusConnectionError) as caught:
            await client.things(offset_total).concurrency(1).list()
    assert caught.value.resume_from == {"offset": 10}
