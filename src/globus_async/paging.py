"""
Listings: one page awaited, all items iterated, or pages one by one; nothing is held between two items.

Where a page tells the total, the pages after it are fetched several at a time, all inside one await. To fetch while the
caller works needs an owner, which `Pages.ahead` is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from urllib.parse import parse_qsl

from ._http.json_reader import is_object
from .errors import GlobusError, GlobusSDKUsageError, PaginationStalled
from .response import IterableResponse

if TYPE_CHECKING:
    from types import TracebackType

    from ._http.response import RawResponse

__all__ = (
    "Cursor",
    "Fetch",
    "Page",
    "Pages",
    "PagingStyle",
    "Prefetch",
    "json_api",
    "last_key",
    "next_token",
    "null_marker",
    "offset_has_next",
    "offset_total",
    "single",
)

T = TypeVar("T")
Cursor = Mapping[str, object]
"""Where a page is: the query parameters that lead to it."""


class Page(IterableResponse[T]):
    """
    One page of a listing: an answer, iterable over its items.

    Attributes:
        next: Where the next page is; ``None`` at the end. Give it to ``pages(after=...)`` to go on later.
    """

    __slots__ = ("next",)

    def __init__(self, answer: RawResponse, data: Mapping[str, Any], items_key: str, following: Cursor | None) -> None:
        super().__init__(answer, data, items_key)
        self.next = following


@dataclass(frozen=True, slots=True)
class PagingStyle:
    """
    How a listing is paged.

    Attributes:
        following: From where a page was, its document and its number of items to where the next one is.
        size_parameter: The parameter for the size of a page, if the service takes one.
        start: Where the first page is.
        coming: From the same, where all further pages should be, if all of them have as many items.
    """

    following: Callable[[Cursor, Mapping[str, Any], int], Cursor | None]
    size_parameter: str | None = None
    start: tuple[tuple[str, object], ...] = ()
    coming: Callable[[Cursor, Mapping[str, Any], int], Iterable[Cursor]] | None = None


def _offset(position: Cursor, count: int) -> int:
    offset = str(position.get("offset", 0))  # a caller's own may be text
    return (int(offset) if offset.isdecimal() else 0) + count


def _after_total(position: Cursor, document: Mapping[str, Any], count: int) -> Cursor | None:
    offset, total = _offset(position, count), document.get("total")
    return {"offset": offset} if isinstance(total, int) and offset < total else None


def _up_to_total(position: Cursor, document: Mapping[str, Any], count: int) -> Iterable[Cursor]:
    total = document.get("total")
    stop = total if isinstance(total, int) else 0
    return ({"offset": offset} for offset in range(_offset(position, count), stop, count))


def _after_has_next(position: Cursor, document: Mapping[str, Any], count: int) -> Cursor | None:
    return {"offset": _offset(position, count)} if document.get("has_next_page") is True else None


def _after_marker(_position: Cursor, document: Mapping[str, Any], _count: int) -> Cursor | None:
    marker = document.get("next_marker")
    return None if marker is None else {"marker": marker}


def _after_last_key(_position: Cursor, document: Mapping[str, Any], _count: int) -> Cursor | None:
    return {"last_key": document.get("last_key")} if document.get("has_next_page") is True else None


def _after_token(_position: Cursor, document: Mapping[str, Any], _count: int) -> Cursor | None:
    token = document.get("next_token")
    return None if token is None else {"next_token": token}


def _after_link(_position: Cursor, document: Mapping[str, Any], _count: int) -> Cursor | None:
    links = document.get("links")
    link = links.get("next") if is_object(links) else None
    # only the query is taken over: where requests go is for the client to say, not for an answer
    return dict(parse_qsl(link.partition("?")[2].partition("#")[0])) if isinstance(link, str) and link else None


def _after_nothing(_position: Cursor, _document: Mapping[str, Any], _count: int) -> Cursor | None:
    return None


offset_total: Final = PagingStyle(_after_total, "limit", (("offset", 0),), _up_to_total)
offset_has_next: Final = PagingStyle(_after_has_next, "limit", (("offset", 0),))
null_marker: Final = PagingStyle(_after_marker)
last_key: Final = PagingStyle(_after_last_key, "limit")
next_token: Final = PagingStyle(_after_token, "max_results")
json_api: Final = PagingStyle(_after_link, "page[limit]")
single: Final = PagingStyle(_after_nothing)

_WINDOW: Final = 10
"""How many pages are fetched at a time by default."""

_MOST_EMPTY: Final = 1000
"""How many pages in a row may have no items; a service that filters may have some of them."""

Fetch = Callable[[Cursor], Awaitable[Page[T]]]
"""Fetches the page that the parameters lead to."""


class Pages(Generic[T]):
    """
    A listing. Does nothing until it is used, and may be used again.

    Example:
        >>> async for task in tc.task_list(num_results=None):  # items, across pages
        ...     print(task["status"])
        SUCCEEDED
        >>> page = await tc.task_list()  # the first page
        >>> page["total"], [task["label"] for task in page]
        (1, ['SDK example'])
        >>> tasks = await tc.task_list().list()  # everything that was asked for
        >>> len(tasks)
        1
    """

    __slots__ = ("_concurrency", "_fetch", "_max_results", "_page_size", "_start", "_style")

    def __init__(
        self,
        fetch: Fetch[T],
        *,
        style: PagingStyle,
        start: Cursor | None = None,
        num_results: int | None = None,
        page_size: int | None = None,
        max_results: int | None = None,
        concurrency: int = _WINDOW,
    ) -> None:
        self._max_results: int | None = None
        for name, number in (
            ("num_results", num_results),
            ("the page size", page_size),
            ("the number of pages at a time", concurrency),
        ):
            if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 1):
                raise GlobusSDKUsageError(f"{name} must be a whole number, 1 or more, or None for all there are")
        self._fetch = fetch
        self._style = style
        self._start: Cursor = {**dict(style.start), **(start or {})}
        self._page_size = page_size
        self._max_results = min((number for number in (num_results, max_results) if number is not None), default=None)
        self._concurrency = concurrency

    def __repr__(self) -> str:
        maximum = "all" if self._max_results is None else self._max_results
        return f"<Pages: at most {maximum} items; await, iterate, or .pages()>"

    def __await__(self) -> Generator[Any, None, Page[T]]:
        return self._at(self._start, self._max_results).__await__()

    def __aiter__(self) -> AsyncIterator[T]:
        return _Items(self.pages())

    def pages(self, *, after: Cursor | None = None) -> AsyncIterator[Page[T]]:
        """
        Iterate over pages instead of items.

        Args:
            after: Where to begin: the ``next`` of a page, or the ``resume_from`` of an error. The default is the start.
        """
        return self._walk(after, self._concurrency)

    async def list(self) -> list[T]:
        """Fetch everything that was asked for."""
        return [item async for item in self]

    def concurrency(self, pages: int) -> Pages[T]:
        """
        Return the same listing, fetched so many pages at a time where a page tells the total.

        Args:
            pages: 1 for one after the other. Without this method it is 10.
        """
        return Pages(
            self._fetch,
            style=self._style,
            start=self._start,
            num_results=self._max_results,
            page_size=self._page_size,
            concurrency=pages,
        )

    def prefetch(self, *, after: Cursor | None = None) -> Prefetch[T]:
        """
        Fetch each page while the one before is being worked on: never more than one ahead.

        Args:
            after: Where to begin, as in `pages`.

        Returns:
            An async context manager around an iterator over items. It owns the fetching: leaving it ends that.

        Example:
            >>> async with tc.task_list(num_results=None).ahead() as tasks:
            ...     async for task in tasks:
            ...         print(task["status"])
            SUCCEEDED
        """
        return Prefetch(self._walk(after, 1))

    def _walk(self, after: Cursor | None, concurrency: int) -> _Walk[T]:
        start = self._start if after is None else {**self._start, **after}
        return _Walk(self._at, self._style, start, self._max_results, concurrency)

    async def _at(self, position: Cursor, wanted: int | None) -> Page[T]:
        size = self._page_size
        if self._style.size_parameter is None or (size is None and wanted is None):
            page = await self._fetch(position)
        else:
            size = min(number for number in (size, wanted) if number is not None)
            page = await self._fetch({**position, self._style.size_parameter: size})
        page.next = self._style.following(position, page.data, len(page))
        if page.next is not None and not all(isinstance(value, (str, int, type(None))) for value in page.next.values()):
            unusable = page.answer.unusable("what leads to its next page is neither text nor a number")
            unusable.idempotent = True
            raise unusable
        return page


class _Walk(Generic[T]):
    """
    Goes from page to page; refuses to go round in circles.

    A window of pages is fetched at a time, and each of them counts only if the page before it leads there: once one
    does not, the walk goes on page by page.
    """

    __slots__ = ("_at", "_coming", "_empty", "_position", "_ready", "_seen", "_style", "_turn", "_wanted", "_window")

    def __init__(
        self,
        at: Callable[[Cursor, int | None], Awaitable[Page[T]]],
        style: PagingStyle,
        position: Cursor,
        wanted: int | None,
        window: int,
    ) -> None:
        self._at = at
        self._style = style
        self._position: Cursor | None = position
        self._wanted = wanted
        self._window = window
        self._seen: set[tuple[tuple[str, object], ...]] = set()
        self._empty = 0
        self._coming: list[tuple[Cursor, int | None]] = []
        self._ready: deque[tuple[Cursor, Page[T] | GlobusError]] = deque()
        self._turn = asyncio.Lock()

    def __aiter__(self) -> _Walk[T]:
        return self

    async def __anext__(self) -> Page[T]:
        async with self._turn:  # several workers may share an iterator
            return await self._next()

    async def _next(self) -> Page[T]:
        position = self._position
        if position is None:
            raise StopAsyncIteration
        mark = tuple(sorted((key, str(value)) for key, value in position.items() if value is not None))
        if mark in self._seen:
            raise PaginationStalled(f"the service leads back to a page that was read already: {dict(position)!r}")
        if self._ready and self._ready[0][0] != position:
            self._ready.clear()
            self._window = 1
        if not self._ready:
            await self._fetch(position)
        # no await from here on: being cancelled leaves the walk where it was
        _, page = self._ready.popleft()
        if isinstance(page, GlobusError):
            self._ready.clear()
            page.resume_from = position
            raise page
        self._seen.add(mark)
        self._empty = 0 if len(page) else self._empty + 1
        if self._empty > _MOST_EMPTY:
            raise PaginationStalled(f"the service gives page after page without an item, {self._empty} by now")
        self._position = page.next
        self._coming = [] if self._ready else self._predicted(position, page)
        if self._wanted is not None:
            del page.items[self._wanted :]  # a service may give more than it was asked for
            self._wanted -= len(page)
            if self._wanted == 0:
                self._position = None
        return page

    def _predicted(self, position: Cursor, page: Page[T]) -> list[tuple[Cursor, int | None]]:
        """Say where the pages of the next window should be, and how many items are wanted from each on."""
        count = len(page)
        if self._window == 1 or count == 0 or self._style.coming is None:
            return []
        found = islice(self._style.coming(position, page.data, count), self._window)
        if self._wanted is None:
            return [(there, None) for there in found]
        return [(there, wanted) for there, wanted in zip(found, range(self._wanted - count, 0, -count), strict=False)]

    async def _fetch(self, position: Cursor) -> None:
        """Fetch the page there, and those that should follow; of what fails, keep the error in its place."""
        coming = self._coming if self._coming and self._coming[0][0] == position else [(position, self._wanted)]

        async def page_at(where: Cursor, wanted: int | None) -> Page[T] | GlobusError:
            try:
                return await self._at(where, wanted)
            except GlobusError as error:
                return error

        if len(coming) == 1:
            self._ready.append((position, await page_at(*coming[0])))
            return
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(page_at(*there)) for there in coming]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        self._ready.extend((where, task.result()) for (where, _), task in zip(coming, tasks, strict=True))


class Prefetch(Generic[T]):
    """Owns the fetching of the next page; made by `Pages.ahead`."""

    __slots__ = ("_is_open", "_task", "_walk")

    def __init__(self, walk: _Walk[T]) -> None:
        self._walk = walk
        self._is_open = False
        self._task: asyncio.Task[Page[T] | None] | None = None

    async def __aenter__(self) -> AsyncIterator[T]:
        self._is_open = True
        self._task = self._fetching()
        return _Items(self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # nobody else will look at it

    def __aiter__(self) -> Prefetch[T]:
        return self

    async def __anext__(self) -> Page[T]:
        if not self._is_open:
            raise GlobusSDKUsageError("pages are fetched ahead inside 'async with' only")
        task = self._task = self._task or self._fetching()
        await asyncio.wait({task})  # leaves the fetching alone if the caller is cancelled
        self._task = None
        page = task.result()
        if page is None:
            raise StopAsyncIteration
        self._task = self._fetching()
        return page

    def _fetching(self) -> asyncio.Task[Page[T] | None]:
        return asyncio.get_running_loop().create_task(self._page(), name="globus_async page ahead")

    async def _page(self) -> Page[T] | None:
        return await anext(self._walk, None)


class _Items(Generic[T]):
    """Goes from item to item."""

    __slots__ = ("_items", "_next", "_turn", "_walk")

    def __init__(self, walk: AsyncIterator[Page[T]]) -> None:
        self._walk = walk
        self._items: list[T] = []
        self._next = 0
        self._turn = asyncio.Lock()

    def __aiter__(self) -> _Items[T]:
        return self

    async def __anext__(self) -> T:
        if self._next >= len(self._items):
            async with self._turn:  # several workers may share an iterator
                while self._next >= len(self._items):
                    page = await self._walk.__anext__()
                    self._items, self._next = page.items, 0
        item = self._items[self._next]
        self._next += 1
        return item
