"""Pages of a listing, selected by query parameters as in Globus services."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .request import Request

__all__ = ("Page", "json_api_links", "json_api_page", "marker_page", "offset_page", "token_page")

T = TypeVar("T")

_MAX_OFFSET: Final = 1 << 53


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a listing."""

    entries: Sequence[T]
    start: int
    """The index of the first entry."""
    limit: int
    """The greatest number of entries."""
    total: int
    """The number of entries of the listing."""

    @property
    def has_next_page(self) -> bool:
        """Whether there are further entries."""
        return self.start + len(self.entries) < self.total and bool(self.entries)

    @property
    def next_marker(self) -> int | None:
        """The index of the first entry of the next page; `None` at the end."""
        return self.start + len(self.entries) if self.has_next_page else None


def offset_page(request: Request, entries: Sequence[T], *, default_limit: int, max_limit: int) -> Page[T]:
    """
    Return the page selected by the query parameters ``offset`` and ``limit``.

    Raises:
        ServiceError: One of them is no integer, or negative.
    """
    start = request.integer("offset", 0, maximum=_MAX_OFFSET)
    limit = request.integer("limit", default_limit, minimum=1, maximum=max_limit)
    return _page(entries, start, limit)


def marker_page(
    request: Request,
    entries: Sequence[T],
    *,
    default_limit: int,
    max_limit: int | None = None,
    marker: str = "marker",
    limit: str = "limit",
) -> Page[T]:
    """
    Return the page selected by a marker, which is the index of its first entry.

    Args:
        request: The request with the marker in its query.
        entries: The whole listing.
        default_limit: The size of a page.
        max_limit: The greatest size that a client may ask for; by default the size is fixed.
        marker: The name of the parameter with the marker.
        limit: The name of the parameter with the size.

    Raises:
        ServiceError: A parameter is no integer, or negative.
    """
    start = request.integer(marker, 0, maximum=_MAX_OFFSET)
    size = default_limit
    if max_limit is not None:
        size = request.integer(limit, default_limit, minimum=1, maximum=max_limit)
    return _page(entries, start, size)


def token_page(
    request: Request,
    entries: Sequence[T],
    *,
    key: Callable[[T], str],
    token: str = "next_token",  # noqa: S107 -- the name of a parameter
    limit: str = "max_results",
    default_limit: int,
    max_limit: int,
) -> tuple[Page[T], str | None]:
    """
    Return the page after the key that the client sends as a token, and the token of the next page.

    Entries that are added or removed between two requests do not repeat or hide others.

    Args:
        request: The request with the token in its query.
        entries: The whole listing, sorted by the key.
        key: The key of an entry.
        token: The name of the parameter with the token.
        limit: The name of the parameter with the size.
        default_limit: The size if the client sends none.
        max_limit: The greatest size.

    Raises:
        ServiceError: The size is no integer, or not positive.
    """
    size = request.integer(limit, default_limit, minimum=1, maximum=max_limit)
    last_key = request.parameter(token)
    start = 0 if last_key is None else bisect_right(entries, last_key, key=key)
    page = _page(entries, start, size)
    return page, key(page.entries[-1]) if page.has_next_page else None


def json_api_page(request: Request, entries: Sequence[T], *, max_limit: int = 100) -> Page[T]:
    """
    Return the page selected by ``page[marker]`` and ``page[limit]``, as in JSON:API.

    Raises:
        ServiceError: One of them is no integer, or negative.
    """
    return marker_page(
        request,
        entries,
        default_limit=max_limit,
        max_limit=max_limit,
        marker="page[marker]",
        limit="page[limit]",
    )


def json_api_links(request: Request, page: Page[Any]) -> dict[str, str] | None:
    """Return the links of a JSON:API page: path and query of the next one; `None` at the end."""
    if page.next_marker is None:
        return None
    query = [pair for pair in request.raw.query_params.multi_items() if pair[0] != "page[marker]"]
    return {"next": f"{request.path}?{urlencode([*query, ('page[marker]', page.next_marker)])}"}


def _page(entries: Sequence[T], start: int, limit: int) -> Page[T]:
    return Page(entries[start : start + limit], start, limit, len(entries))
