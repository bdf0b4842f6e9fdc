"""Pages: a listing as methods return it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, TypeVar

from .._http.html import members_html
from .._http.missing import MissingType
from .._http.response import RawResponse
from ..errors import GlobusSDKUsageError, PaginationStalled
from ..porting import AsyncIterationOnly
from .iteration import ItemIterator, PageIterator, Prefetch
from .page import Page, read_page
from .styles import Cursor, PagingStyle, offset_of
from .truncation import UNKNOWN_CALLER, Caller, CallSite, ItemLimit, item_limit, warn_truncated

__all__ = ("Fetch", "Pages", "set_call_site")

T = TypeVar("T")

_CONCURRENCY: Final = 10
"""Pages fetched at a time by default."""

_OF_PAGES: Final = frozenset({"data", "get", "headers", "http_reason", "http_status", "items", "raw", "text"})
"""Attributes of a page, which a listing has only when it is awaited."""

Fetch = Callable[[Cursor, Callable[[RawResponse], Awaitable[Page[T]]]], Awaitable[Page[T]]]
"""Requests a page by its query parameters, and reads the response with the function given to it."""


class Pages(AsyncIterationOnly, Generic[T]):
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
        "_beyond_maximum",
        "_concurrency",
        "_default_results",
        "_fetch",
        "_first_limit",
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
        beyond_maximum: str = "use filters",
        concurrency: int = _CONCURRENCY,
        caller: Caller = UNKNOWN_CALLER,
    ) -> None:
        self._first_limit = ItemLimit(None)
        for name, number, none in (
            ("num_results", 1 if isinstance(num_results, MissingType) else num_results, "no limit"),
            ("default_results", default_results, "no limit"),
            ("the page size", page_size, "that of the service"),
            ("max_results", max_results, "no limit"),
            ("the number of pages at a time", concurrency, None),
        ):
            if number is None and none is not None:
                continue
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                otherwise = f", or None for {none}" if none is not None else ""
                raise GlobusSDKUsageError(f"{name} must be a whole number, 1 or more{otherwise}")
        self._fetch = fetch
        self._style = style
        self._items_key = items_key
        self._start: Cursor = {**dict(style.start), **(start or {})}
        self._page_size = page_size
        self._num_results = num_results
        self._default_results = default_results
        self._max_results = max_results
        self._beyond_maximum = beyond_maximum
        self._concurrency = concurrency
        self._method = caller.method
        self.truncated: bool | None = None
        self.call_site: CallSite | None = caller.site
        self._first_limit = self._limit(self._start)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            instead = f": await the listing first, for its first page: (await ...).{name}" if name in _OF_PAGES else ""
            raise AttributeError(f"'Pages' object has no attribute {name!r}{instead}", name=name, obj=self)

    def __repr__(self) -> str:
        maximum = self._first_limit.number
        return f"<Pages: at most {'all' if maximum is None else maximum} items; await, iterate, or .pages()>"

    def _repr_html_(self) -> str:
        """Return how to fetch the listing, for notebooks; nothing is requested."""
        maximum = self._first_limit.number
        members = {
            "items": "all" if maximum is None else f"at most {maximum}",
            "await it": "the first page",
            "async for": "items, page after page",
            "await .list()": "a list of items",
        }
        if self.truncated:
            members["truncated"] = "the last iteration ended at the maximum; the service has more items"
        return members_html(f"Pages of {self._method}", members)

    def __await__(self) -> Generator[Any, None, Page[T]]:
        page = yield from self._fetch_page(self._start, self._first_limit.number).__await__()
        if page.truncated:
            self._warn(self._first_limit)
        return page

    def __aiter__(self) -> AsyncIterator[T]:
        return ItemIterator(self.pages())

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
            beyond_maximum=self._beyond_maximum,
            concurrency=pages,
            caller=Caller(self._method, self.call_site),
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
        pages = self._iterate(after, 1)
        return Prefetch(pages.next_page, pages.end)

    def _iterate(self, after: Cursor | None, concurrency: int) -> PageIterator[T]:
        start = self._start if after is None else {**self._start, **after}
        if after and all(value is None for value in after.values()):  # it leads to the first page again
            raise PaginationStalled("the page said that there is a next page, but not where it begins")
        limit = self._limit(start)
        self.truncated = None

        def end(*, truncated: bool) -> None:
            self.truncated = truncated
            if truncated:
                self._warn(limit)

        return PageIterator(self._fetch_page, self._style, start, limit, concurrency, on_end=end)

    def _limit(self, start: Cursor) -> ItemLimit:
        return item_limit(
            self._method,
            self._num_results,
            self._default_results,
            self._max_results,
            offset=offset_of(start),
            beyond=self._beyond_maximum,
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
            return await read_page(raw, self._items_key, self._style, cursor, max_items)

        return await self._fetch(params, read)


def set_call_site(listing: object, site: CallSite | None) -> None:
    """Set the line that made a call, if the call returned a listing that does not have one."""
    if isinstance(listing, Pages) and listing.call_site is None:
        listing.call_site = site
