"""Listings with a total are fetched several pages at a time; `prefetch` fetches a page while one is worked on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.errors import GlobusConnectionError, GlobusSDKUsageError, PaginationStalled
from globus_async.paging import Cursor, Page, Pages, PagingStyle, null_marker, offset_has_next, offset_total
from tests.toolkit.cancel import every_suspension

Read = Callable[[RawResponse], Awaitable[Page[Any]]]


class Service:
    """A list of numbers in pages; records the requests, and how many were in flight at once."""

    def __init__(self, total: int, *, max_size: int = 100, page: Callable[[int, int], list[int]] | None = None) -> None:
        self.total = total
        self.max_size = max_size
        self.requests: list[tuple[int, int]] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self.broken: set[int] = set()
        self._page = page or (lambda offset, limit: list(range(offset, min(offset + limit, total))))

    async def fetch(self, cursor: Cursor, read: Read) -> Page[int]:
        offset = int(str(cursor.get("offset", 0)))
        limit = min(self.max_size, int(str(cursor.get("limit", self.max_size))))
        self.requests.append((offset, limit))
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        finally:
            self.in_flight -= 1
        if offset in self.broken:
            raise GlobusConnectionError("so it goes", stage="no response")
        items = self._page(offset, limit)
        return await page_of(
            read, {"DATA": items, "total": self.total, "has_next_page": offset + len(items) < self.total}
        )

    def pages(self, style: PagingStyle = offset_total, **options: Any) -> Pages[int]:
        return Pages(self.fetch, style=style, **options)


async def page_of(read: Read, document: Mapping[str, Any]) -> Page[int]:
    headers = Headers([(b"Content-Type", b"application/json")])
    body = json.dumps({**document, "DATA": [{"n": number} for number in document["DATA"]]}).encode()
    page = await read(RawResponse(method="GET", path="/x", status=200, reason="OK", headers=headers, body=body))
    page.items = [item["n"] for item in page.items]  # plain numbers, for these tests to compare
    return page


class TestConcurrentPages:
    async def test_ten_pages_at_a_time_in_order(self) -> None:
        """After the first page, ten are requested at once, and their items are in order."""
        service = Service(total=2500)
        assert await service.pages(page_size=100).list() == list(range(2500))
        assert service.max_in_flight == 10
        assert len(service.requests) == 25

    async def test_awaiting_fetches_the_first_page_only(self) -> None:
        """Who awaits a listing pays for one page."""
        service = Service(total=2500)
        assert len(await service.pages(page_size=100)) == 100
        assert len(service.requests) == 1

    async def test_no_more_items_than_requested(self) -> None:
        """A capped listing asks for no page beyond its cap, and for no item beyond it either."""
        service = Service(total=2500)
        assert await service.pages(page_size=100, num_results=450).list() == list(range(450))
        assert sorted(service.requests) == [(0, 100), (100, 100), (200, 100), (300, 100), (400, 50)]

    async def test_smaller_pages_than_requested(self) -> None:
        """The offset grows by the size that the service sends."""
        service = Service(total=950, max_size=100)
        assert await service.pages(page_size=1000).list() == list(range(950))
        assert len(service.requests) == 10

    async def test_one_at_a_time(self) -> None:
        """`concurrency(1)` goes page by page, `concurrency(3)` in windows of three."""
        for width in (1, 3):
            service = Service(total=1000)
            assert await service.pages(page_size=100).concurrency(width).list() == list(range(1000))
            assert service.max_in_flight == width

    @pytest.mark.parametrize("width", [0, -1, True, 1.5])
    def test_invalid_concurrency(self, width: Any) -> None:
        """A window has one page at least."""
        with pytest.raises(GlobusSDKUsageError, match="pages at a time"):
            Service(total=1).pages().concurrency(width)

    async def test_styles_without_a_total_go_page_by_page(self) -> None:
        """Where a page does not say how many there are, nothing is guessed."""
        service = Service(total=500)
        assert await service.pages(offset_has_next, page_size=100).list() == list(range(500))
        assert service.max_in_flight == 1

    async def test_after_a_short_page_pages_are_fetched_one_by_one(self) -> None:
        """When a page in the middle is short, what was fetched behind it is dropped, and the rest comes one by one."""
        short = Service(total=1000)
        short._page = lambda offset, limit: list(range(offset, min(offset + (60 if offset == 300 else limit), 1000)))
        assert await short.pages(page_size=100).list() == list(range(1000))
        before = [offset for offset, _ in short.requests[:10]]
        assert before == [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]
        assert [offset for offset, _ in short.requests[10:]] == [360, 460, 560, 660, 760, 860, 960]

    async def test_a_total_that_shrinks(self) -> None:
        """Empty pages end the listing; no page is requested twice."""
        service = Service(total=500)
        service._page = lambda offset, limit: list(range(offset, min(offset + limit, 250)))
        with pytest.raises(PaginationStalled):
            await service.pages(page_size=100).list()
        assert len(service.requests) <= 8

    async def test_an_error_comes_after_the_pages_before_it(self) -> None:
        """The pages before the one that failed are given; the error says where to go on, and that gives the rest."""
        service = Service(total=1000)
        service.broken = {500}
        pages = service.pages(page_size=100)
        seen: list[int] = []
        with pytest.raises(GlobusConnectionError) as caught:  # noqa: PT012 -- raised in the middle of the loop
            async for item in pages:
                seen.append(item)  # noqa: PERF401 -- what was seen before the error counts
        assert seen == list(range(500))
        assert caught.value.resume_from == {"offset": 500}
        service.broken.clear()
        rest = [item async for page in pages.pages(after=caught.value.resume_from) for item in page]
        assert rest == list(range(500, 1000))

    async def test_the_same_iterator_continues_after_an_error(self) -> None:
        """Iterating further after an error tries the same page again."""
        service = Service(total=1000)
        service.broken = {300}
        walk = service.pages(page_size=100).pages()
        seen = [item for _ in range(3) for item in await anext(walk)]
        with pytest.raises(GlobusConnectionError):
            await anext(walk)
        service.broken.clear()
        async for page in walk:
            seen += page
        assert seen == list(range(1000))

    async def test_other_exceptions_are_not_wrapped(self) -> None:
        """What is not an error of ours comes as it is, not in a group."""
        service = Service(total=1000)

        def defect() -> list[int]:
            raise KeyError("a defect")

        def page(offset: int, limit: int) -> list[int]:
            return list(range(offset, offset + limit)) if offset < 300 else defect()

        service._page = page
        with pytest.raises(KeyError):
            await service.pages(page_size=100).list()

    async def test_break_leaves_nothing_behind(self) -> None:
        """Leaving a listing in the middle leaves no task and no request under way."""
        service = Service(total=5000)
        async for item in service.pages(page_size=100):
            if item == 150:
                break
        assert service.in_flight == 0
        assert len(asyncio.all_tasks()) == 1

    async def test_cancelled_at_every_suspension(self) -> None:
        """However a walk is cancelled, no request goes on, and the same walk gives all the rest."""
        service = Service(total=2500)
        walk = service.pages(page_size=100).pages()
        seen: list[int] = []

        async def read() -> None:
            nonlocal walk
            walk = service.pages(page_size=100).pages()
            seen.clear()
            async for page in walk:
                seen.extend(page)

        async def all_is_well() -> None:
            assert service.in_flight == 0
            async for page in walk:
                seen.extend(page)
            assert seen == list(range(2500))

        assert await every_suspension(read, all_is_well) > 10

    @settings(deadline=None)
    @given(
        total=st.integers(0, 400),
        most=st.integers(1, 60),
        page_size=st.integers(1, 60) | st.none(),
        num_results=st.integers(1, 400) | st.none(),
        concurrency=st.integers(1, 9),
    )
    def test_concurrent_pages_have_the_same_items(
        self, total: int, most: int, page_size: int | None, num_results: int | None, concurrency: int
    ) -> None:
        """Whatever the sizes, a window changes nothing but the time it takes."""

        async def both() -> tuple[list[int], list[int]]:
            options: dict[str, Any] = {"page_size": page_size, "num_results": num_results}
            pages = Service(total, max_size=most).pages(**options)
            return await pages.concurrency(concurrency).list(), await pages.concurrency(1).list()

        windowed, single = asyncio.run(both())
        assert windowed == single == list(range(min(total, num_results or total)))


class TestShared:
    @pytest.mark.parametrize("how", ["items", "ahead", "pages"])
    async def test_workers_may_share_an_iterator(self, how: str) -> None:
        """Every item is given to one of them, and only once."""
        service = Service(total=500)
        seen: list[int] = []

        async def work(items: AsyncIterator[int]) -> None:
            async for item in items:
                seen.append(item)
                await asyncio.sleep(0)

        async def work_on(pages: AsyncIterator[Page[int]]) -> None:
            async for page in pages:
                seen.extend(page)
                await asyncio.sleep(0)

        listing = service.pages(page_size=7)
        async with listing.prefetch() as prefetch, asyncio.TaskGroup() as group:
            items, pages = aiter(listing), listing.pages()
            for _ in range(3):
                if how == "pages":
                    group.create_task(work_on(pages))
                else:
                    group.create_task(work(items if how == "items" else prefetch))
        assert sorted(seen) == list(range(500))

    async def test_a_cancelled_worker_loses_no_item(self) -> None:
        """The others go on where it waited."""
        service = Service(total=50)
        items = aiter(service.pages(page_size=7))
        first = asyncio.ensure_future(anext(items))
        second = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == 0
        assert [item async for item in items] == list(range(1, 50))


class TestNoEnd:
    async def test_pages_without_items(self) -> None:
        """A service that leads on for ever without giving anything is left; a few empty pages are walked through."""
        requests = 0

        async def fetch(_: Cursor, read: Read) -> Page[int]:
            nonlocal requests
            requests += 1
            return await page_of(read, {"DATA": [7] if requests == filled else [], "next_marker": str(requests)})

        for filled in (0, 500):
            requests = 0
            with pytest.raises(PaginationStalled, match="without an item"):
                await Pages(fetch, style=null_marker).list()
            assert requests == 1001 + filled


class TestPrefetch:
    async def test_the_next_page_is_fetched_meanwhile(self) -> None:
        """While a page is worked on the next one is fetched, and no more than that."""
        service = Service(total=500)
        async with service.pages(page_size=100).prefetch() as items:
            seen = []
            async for item in items:
                seen.append(item)
                for _ in range(3):
                    await asyncio.sleep(0)
                assert len(service.requests) <= item // 100 + 2
                if item % 100 == 99 and item < 499:
                    assert len(service.requests) == item // 100 + 2
        assert seen == list(range(500))
        assert len(service.requests) == 5

    async def test_leaving_early_ends_the_fetching(self) -> None:
        """The task of the page ahead is gone when the block is."""
        service = Service(total=500)
        async with service.pages(page_size=100).prefetch() as items:
            async for _ in items:
                break
            assert len(asyncio.all_tasks()) == 2
        assert len(asyncio.all_tasks()) == 1
        assert service.in_flight == 0

    async def test_an_error_is_raised_after_the_page_before_it(self) -> None:
        """The page before an error is given wholly, then the error, with where to go on."""
        service = Service(total=500)
        service.broken = {200}
        pages = service.pages(page_size=100)
        seen: list[int] = []
        with pytest.raises(GlobusConnectionError) as caught:  # noqa: PT012 -- raised in the middle of the loop
            async with pages.prefetch() as items:
                async for item in items:
                    seen.append(item)  # noqa: PERF401 -- what was seen before the error counts
        assert seen == list(range(200))
        service.broken.clear()
        async with pages.prefetch(after=caught.value.resume_from) as items:
            assert [item async for item in items] == list(range(200, 500))

    async def test_an_unused_error_is_not_reported(self) -> None:
        """Leaving the block before a failed page is used reports nothing."""
        service = Service(total=500)
        service.broken = {100}
        async with service.pages(page_size=100).prefetch() as items:
            await anext(items)
            for _ in range(5):
                await asyncio.sleep(0)

    async def test_it_cannot_be_used_outside_its_block(self) -> None:
        """Without an owner nothing is fetched."""
        service = Service(total=500)
        async with service.pages(page_size=100).prefetch() as items:
            pass
        with pytest.raises(GlobusSDKUsageError, match="async with"):
            await anext(items)

    async def test_the_end_stays_the_end(self) -> None:
        """An iterator that is over stays so."""
        async with Service(total=1).pages().prefetch() as items:
            assert [item async for item in items] == [0]
            assert [item async for item in items] == []

    async def test_a_cancelled_reader_loses_no_item(self) -> None:
        """Giving up on an item does not end the fetching: the next try gets it."""
        service = Service(total=200)
        async with service.pages(page_size=100).prefetch() as items:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await anext(items)
            assert [item async for item in items] == list(range(200))
        assert len(service.requests) == 2

    async def test_cancelled_at_every_suspension(self) -> None:
        """However the block is cancelled, no task outlives it."""
        service = Service(total=300)

        async def read() -> None:
            async with service.pages(page_size=100).prefetch() as items:
                async for _ in items:
                    pass

        async def nothing_left() -> None:
            for _ in range(5):
                await asyncio.sleep(0)
            assert service.in_flight == 0
            assert len(asyncio.all_tasks()) == 1

        assert await every_suspension(read, nothing_left) > 10

    async def test_other_styles(self) -> None:
        """What leads from page to page makes no difference."""
        service = Service(total=3)
        documents: list[dict[str, Any]] = [{"DATA": [0, 1], "next_marker": "m"}, {"DATA": [2], "next_marker": None}]

        async def fetch(cursor: Cursor, read: Read) -> Page[int]:
            service.requests.append((0, 0))
            return await page_of(read, documents[1 if cursor.get("marker") == "m" else 0])

        async with Pages(fetch, style=null_marker).prefetch() as items:
            assert [item async for item in items] == [0, 1, 2]
