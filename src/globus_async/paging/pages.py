"""Pages, and the iterators over pages and items."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from .._http.json_reader import is_list, is_object
from .._http.missing import MissingType
from .._http.response import RawResponse
from ..errors import GlobusError, GlobusSDKUsageError, PaginationStalled
from ..response import IterableResponse
from .styles import Cursor, PagingStyle, offset_of
from .truncation import CallSite, ItemLimit, item_limit, warn_truncated

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("Fetch", "Page", "Pages", "Prefetch")

T = TypeVar("T")


class Page(IterableResponse[T]):
    """
    One page of a listing: a response, iterable over its items.

    Attributes:
        next_cursor: The position of the next page, ``None`` after the last one; pass it to ``pages(after=...)``.
        truncated: Whether the listing ends with this page, at its maximum number of items, and the service has more.
    """

    __slots__ = ("next_cursor", "truncated")

    def __init__(
        self,
        raw: RawResponse,
        data: Mapping[str, Any],
        items_key: str = "DATA",
        *,
        next_cursor: Cursor | None = None,
        max_items: int | None = None,
        truncated: bool = False,
    ) -> None:
        super().__init__(raw, data, items_key)
        self.next_cursor = next_cursor
        self.truncated = truncated
        if max_items is not None and len(self.items) > max_items:  # the service may send more than the size requested
            self.items = self.items[:max_items]


_CONCURRENCY: Final = 10
"""Pages fetched at a time by default."""

_MAX_EMPTY_PAGES: Final = 1000
"""Pages without items in a row; a service that filters its results may send some."""


class _OnEnd(Protocol):
    """Called when the caller has reached the end of a listing."""

    def __call__(self, *, truncated: bool) -> None: ...


Fetch = Callable[[Cursor, Callable[[RawResponse], Awaitable[Page[T]]]], Awaitable[Page[T]]]
"""Requests a page by its query parameters, and reads the response with the function given to it."""


class Pages(Generic[T]):
    """
    A listing. No request is made until it is awaited or iterated; it may be used several times.

    A listing that ends at the default number of items of its method warns with `ListingTruncated` if there are more.

    Attributes:
        truncated: Whether the last iteration ended at the maximum number of items and the service has more; ``None``
            until an iteration ends. The page that is awaited has a ``truncated`` of its own.
        call_site: The line that a `ListingTruncated` names: the call of the method that lists.

    Example:
        >>> async for task in tc.task_list(num_results=None):  # all items, page by page
        ...     print(task["label"], task["status"])
        nightly SUCCEEDED
        >>> page = await tc.task_list()  # the first page
        >>> page["total"], [task["label"] for task in page]
        (1, ['nightly'])
        >>> tasks = await tc.task_list(num_results=1).list()  # all items in a list
        >>> len(tasks)
        1
    """

    __slots__ = (
        "_concurrency",
        "_default_results",
        "_fetch",
        "_items_key",
        "_max_results",
        "_method",
        "_num_results",
        "_page_size",
        "_start",
        "_style",
        "call_site",
        "truncated",
    )

    def __init__(
        self,
        fetch: Fetch[T],
        *,
        style: PagingStyle,
        items_key: str = "DATA",
        start: Cursor | None = None,
        num_results: int | MissingType | None = None,
        default_results: int | None = None,
        page_size: int | None = None,
        max_results: int | None = None,
        concurrency: int = _CONCURRENCY,
        method: str = "the listing",
        site: CallSite | None = None,
    ) -> None:
        for name, number in (
            ("num_results", None if isinstance(num_results, MissingType) else num_results),
            ("default_results", default_results),
            ("the page size", page_size),
            ("max_results", max_results),
            ("the number of pages at a time", concurrency),
        ):
            if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 1):
                raise GlobusSDKUsageError(f"{name} must be a whole number, 1 or more, or None for no limit")
        self._fetch = fetch
        self._style = style
        self._items_key = items_key
        self._start: Cursor = {**dict(style.start), **(start or {})}
        self._page_size = page_size
        self._num_results = num_results
        self._default_results = default_results
        self._max_results = max_results
        self._concurrency = concurrency
        self._method = method
        self.truncated: bool | None = None
        self.call_site = site

    def __repr__(self) -> str:
        maximum = self._limit(self._start).number
        return f"<Pages: at most {'all' if maximum is None else maximum} items; await, iterate, or .pages()>"

    def __await__(self) -> Generator[Any, None, Page[T]]:
        limit = self._limit(self._start)
        page = yield from self._fetch_page(self._start, limit.number).__await__()
        if page.truncated:
            self._warn(limit)
        return page

    def __aiter__(self) -> AsyncIterator[T]:
        return _ItemIterator(self.pages())

    def pages(self, *, after: Cursor | None = None) -> AsyncIterator[Page[T]]:
        """
        Iterate over pages instead of items.

        Args:
            after: The cursor of the first page to fetch: the ``next_cursor`` of a page, or the ``resume_from`` of an
                error. The default is the start of the listing.
        """
        return self._iterate(after, self._concurrency)

    async def list(self) -> list[T]:
        """Fetch all items, up to ``num_results``."""
        return [item async for item in self]

    def concurrency(self, pages: int) -> Pages[T]:
        """
        Return the same listing with another number of pages that are fetched at a time.

        It applies to listings whose pages report the total; the default is 10.

        Args:
            pages: The number of pages; 1 to fetch them one after the other.
        """
        return Pages(
            self._fetch,
            style=self._style,
            items_key=self._items_key,
            start=self._start,
            num_results=self._num_results,
            default_results=self._default_results,
            page_size=self._page_size,
            max_results=self._max_results,
            concurrency=pages,
            method=self._method,
            site=self.call_site,
        )

    def prefetch(self, *, after: Cursor | None = None) -> Prefetch[T]:
        """
        Fetch the next page while the caller works on the current one; never more than one page ahead.

        Args:
            after: The cursor of the first page to fetch, as in `pages`.

        Returns:
            An async context manager that returns an iterator over items. Leaving it stops the fetching.

        Example:
            >>> async with tc.task_list(num_results=None).prefetch() as tasks:
            ...     async for task in tasks:
            ...         print(task["label"])
            nightly
        """
        return Prefetch(self._iterate(after, 1))

    def _iterate(self, after: Cursor | None, concurrency: int) -> _PageIterator[T]:
        start = self._start if after is None else {**self._start, **after}
        limit = self._limit(start)
        self.truncated = None

        def end(*, truncated: bool) -> None:
            self.truncated = truncated
            if truncated:
                self._warn(limit)

        return _PageIterator(self._fetch_page, self._style, start, limit, concurrency, on_end=end)

    def _limit(self, start: Cursor) -> ItemLimit:
        return item_limit(
            self._method, self._num_results, self._default_results, self._max_results, offset=offset_of(start)
        )

    def _warn(self, limit: ItemLimit) -> None:
        if limit.warning is not None:
            warn_truncated(limit.warning, self.call_site)

    async def _fetch_page(self, cursor: Cursor, max_items: int | None) -> Page[T]:
        params, size_parameter = cursor, self._style.size_parameter
        sizes = [number for number in (self._page_size, max_items) if number is not None]
        if size_parameter is not None and sizes:
            params = {**cursor, size_parameter: min(sizes)}

        async def read(raw: RawResponse) -> Page[T]:
            return await _read_page(raw, self._items_key, self._style, cursor, max_items)

        return await self._fetch(params, read)


async def _read_page(
    raw: RawResponse, items_key: str, style: PagingStyle, cursor: Cursor, max_items: int | None
) -> Page[Any]:
    data = await raw.read_json()
    if not is_object(data):
        raise raw.decode_error("it should be a JSON object")
    items = data.get(items_key)
    received = len(items) if is_list(items) else 0
    count = received if max_items is None else min(received, max_items)
    following = style.next_cursor(cursor, data, count)
    if following is not None and not all(isinstance(value, (str, int, type(None))) for value in following.values()):
        error = raw.decode_error("the position of its next page is neither text nor a number")
        error.retryable = False
        raise error
    has_more = (
        count < received
        or following is not None
        or (style.has_more is not None and style.has_more(cursor, data, count))
    )
    is_last = following is None or count == max_items
    return Page(raw, data, items_key, next_cursor=following, max_items=max_items, truncated=is_last and has_more)


class _PageIterator(Generic[T]):
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

    def __aiter__(self) -> _PageIterator[T]:
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
            raise PaginationStalled(f"the service repeats the cursor of an earlier page: {dict(cursor)!r}")
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
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(page_at(*args)) for args in wanted]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        self._fetched.extend((at, task.result()) for (at, _), task in zip(wanted, tasks, strict=True))


class Prefetch(Generic[T]):
    """Fetches the next page of a listing in the background; made by `Pages.prefetch`."""

    __slots__ = ("_is_open", "_pages", "_task")

    def __init__(self, pages: _PageIterator[T]) -> None:
        self._pages = pages
        self._is_open = False
        self._task: asyncio.Task[Page[T] | None] | None = None

    async def __aenter__(self) -> AsyncIterator[T]:
        self._is_open = True
        self._task = self._start_fetch()
        return _ItemIterator(self)

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
            self._pages.end()
            raise StopAsyncIteration
        self._task = self._start_fetch()
        return page

    def _start_fetch(self) -> asyncio.Task[Page[T] | None]:
        return asyncio.get_running_loop().create_task(self._pages.next_page(), name="globus_async prefetch")


class _ItemIterator(Generic[T]):
    """Iterates over the items of pages."""

    __slots__ = ("_index", "_items", "_lock", "_pages")

    def __init__(self, pages: AsyncIterator[Page[T]]) -> None:
        self._pages = pages
        self._items: list[T] = []
        self._index = 0
        self._lock = asyncio.Lock()

    def __aiter__(self) -> _ItemIterator[T]:
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
