"""The iterators over pages and items."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from .._concurrency.tasks import all_of
from ..errors import GlobusError, GlobusSDKUsageError, PaginationStalled
from ..porting import AsyncContextOnly, AsyncIterationOnly

if TYPE_CHECKING:
    from types import TracebackType

    from .page import Page
    from .styles import Cursor, PagingStyle
    from .truncation import ItemLimit

__all__ = ("ItemIterator", "PageIterator", "Prefetch")

T = TypeVar("T")

_MAX_EMPTY_PAGES: Final = 1000
"""Pages without items in a row; a service that filters its results may send some."""


class _OnEnd(Protocol):
    """Called when the caller has reached the end of a listing."""

    def __call__(self, *, truncated: bool) -> None: ...


class PageIterator(AsyncIterationOnly, Generic[T]):
    """
    Iterates over pages; stops with an error where pages lead back to earlier ones.

    Several pages are fetched at a time where their cursors can be predicted. A page is used only if the page before it
    leads to its cursor; after the first that is not, pages are fetched one by one.
    """

    __slots__ = (
        "_concurrency",
        "_cursor",
        "_empty_pages",
        "_ends_at_maximum",
        "_fetch_page",
        "_fetched",
        "_has_ended",
        "_is_truncated",
        "_lock",
        "_on_end",
        "_predicted",
        "_remaining",
        "_seen",
        "_style",
    )

    def __init__(
        self,
        fetch_page: Callable[[Cursor, int | None], Awaitable[Page[T]]],
        style: PagingStyle,
        cursor: Cursor,
        limit: ItemLimit,
        concurrency: int,
        *,
        on_end: _OnEnd,
    ) -> None:
        self._fetch_page = fetch_page
        self._style = style
        self._cursor: Cursor | None = cursor
        self._remaining = limit.number
        self._ends_at_maximum = limit.is_service_maximum
        self._concurrency = concurrency
        self._seen: set[tuple[tuple[str, object], ...]] = set()
        self._empty_pages = 0
        self._predicted: list[tuple[Cursor, int | None]] = []
        self._fetched: deque[tuple[Cursor, Page[T] | GlobusError]] = deque()
        self._lock = asyncio.Lock()
        self._on_end = on_end
        self._has_ended = False
        self._is_truncated = False

    def __repr__(self) -> str:
        return "<iterator over the pages of a listing; use 'async for'>"

    def __aiter__(self) -> PageIterator[T]:
        return self

    async def __anext__(self) -> Page[T]:
        page = await self.next_page()
        if page is None:
            self.end()
            raise StopAsyncIteration
        return page

    async def next_page(self) -> Page[T] | None:
        """Return the next page; ``None`` after the last one."""
        async with self._lock:  # several workers may share an iterator
            return await self._next()

    def end(self) -> None:
        """Report that the caller has reached the end, which may be later than the last page was fetched."""
        if not self._has_ended:
            self._has_ended = True
            self._on_end(truncated=self._is_truncated)

    async def _next(self) -> Page[T] | None:
        cursor = self._cursor
        if cursor is None:
            return None
        key = tuple(sorted((name, str(value)) for name, value in cursor.items() if value is not None))
        if key in self._seen:
            raise PaginationStalled(f"the service repeats the cursor of an earlier page: {dict(cursor)!r:.200}")
        if self._seen and not key:
            raise PaginationStalled("the service says that there is a next page, but not where it begins")
        if self._fetched and self._fetched[0][0] != cursor:
            self._fetched.clear()
            self._concurrency = 1
        if not self._fetched:
            await self._fetch(cursor)
        # no await from here on: a cancelled call leaves the iterator at the same page
        _, page = self._fetched.popleft()
        if isinstance(page, GlobusError):
            self._fetched.clear()
            page.resume_from = cursor
            raise page
        self._seen.add(key)
        self._empty_pages = 0 if len(page) else self._empty_pages + 1
        if self._empty_pages > _MAX_EMPTY_PAGES:
            raise PaginationStalled(f"the service sent {self._empty_pages} pages without an item in a row")
        self._cursor = page.next_cursor
        self._predicted = [] if self._fetched else self._predict(cursor, page)
        if self._remaining is not None:
            self._remaining -= len(page)
            if self._remaining == 0:
                self._cursor = None
                page.truncated = page.truncated or self._ends_at_maximum
        self._is_truncated = page.truncated
        return page

    def _predict(self, cursor: Cursor, page: Page[T]) -> list[tuple[Cursor, int | None]]:
        """Return the cursors of the next pages, and the number of items that remain at each."""
        count = len(page)
        if self._concurrency == 1 or count == 0 or self._style.predict_cursors is None:
            return []
        cursors = islice(self._style.predict_cursors(cursor, page.data, count), self._concurrency)
        if self._remaining is None:
            return [(at, None) for at in cursors]
        return [
            (at, remaining) for at, remaining in zip(cursors, range(self._remaining - count, 0, -count), strict=False)
        ]

    async def _fetch(self, cursor: Cursor) -> None:
        """Fetch a page, and those predicted after it; an error takes the place of its page."""
        is_predicted = bool(self._predicted) and self._predicted[0][0] == cursor
        wanted = self._predicted if is_predicted else [(cursor, self._remaining)]

        async def page_at(at: Cursor, max_items: int | None) -> Page[T] | GlobusError:
            try:
                return await self._fetch_page(at, max_items)
            except GlobusError as error:
                return error

        if len(wanted) == 1:
            self._fetched.append((cursor, await page_at(*wanted[0])))
            return
        pages = await all_of(page_at(*args) for args in wanted)
        self._fetched.extend((at, page) for (at, _), page in zip(wanted, pages, strict=True))


class Prefetch(AsyncContextOnly, AsyncIterationOnly, Generic[T]):
    """Fetches the next page of a listing in the background; made by `Pages.prefetch`."""

    __slots__ = ("_end", "_is_open", "_next_page", "_task")

    def __init__(self, next_page: Callable[[], Coroutine[Any, Any, Page[T] | None]], end: Callable[[], None]) -> None:
        self._next_page = next_page
        self._end = end
        self._is_open = False
        self._task: asyncio.Task[Page[T] | None] | None = None

    async def __aenter__(self) -> AsyncIterator[T]:
        self._is_open = True
        self._task = self._start_fetch()
        return ItemIterator(self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # else asyncio reports it as never retrieved

    def __repr__(self) -> str:
        return "<Prefetch of a listing; use 'async with'>"

    def __aiter__(self) -> Prefetch[T]:
        return self

    async def __anext__(self) -> Page[T]:
        if not self._is_open:
            raise GlobusSDKUsageError("the iterator of prefetch() can only be used inside its 'async with' block")
        task = self._task = self._task or self._start_fetch()
        await asyncio.wait({task})  # cancelling the caller does not cancel the fetch
        self._task = None
        page = task.result()
        if page is None:
            self._end()
            raise StopAsyncIteration
        self._task = self._start_fetch()
        return page

    def _start_fetch(self) -> asyncio.Task[Page[T] | None]:
        return asyncio.get_running_loop().create_task(self._next_page(), name="globus_async prefetch")


class ItemIterator(AsyncIterationOnly, Generic[T]):
    """Iterates over the items of pages."""

    __slots__ = ("_index", "_items", "_lock", "_pages")

    def __init__(self, pages: AsyncIterator[Page[T]]) -> None:
        self._pages = pages
        self._items: list[T] = []
        self._index = 0
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return "<iterator over the items of a listing; use 'async for'>"

    def __aiter__(self) -> ItemIterator[T]:
        return self

    async def __anext__(self) -> T:
        if self._index >= len(self._items):
            async with self._lock:  # several workers may share an iterator
                while self._index >= len(self._items):
                    page = await self._pages.__anext__()
                    self._items, self._index = page.items, 0
        item = self._items[self._index]
        self._index += 1
        return item
