"""How services split listings into pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from .._http.json_reader import is_object

__all__ = (
    "Cursor",
    "PagingStyle",
    "json_api",
    "last_key",
    "marker_has_next",
    "marker_or_null",
    "next_token",
    "null_marker",
    "offset_has_next",
    "offset_of",
    "offset_total",
    "single",
)

Cursor = Mapping[str, object]
"""The position of a page: the query parameters that select it."""


class PagingStyle(NamedTuple):
    """
    How a service splits a listing into pages.

    The functions get the cursor of a page, its document and its number of items. A ``ValueError`` of theirs says what
    is wrong with the document, and becomes a `ResponseDecodeError`.

    Attributes:
        next_cursor: Returns the cursor of the next page; ``None`` if this is the last one.
        size_parameter: The query parameter for the size of a page; ``None`` if the service has none.
        start: The cursor of the first page, as pairs.
        predict_cursors: Returns the cursors of all further pages, if each has as many items as this one.
        has_more: Returns whether the service has more items although there is no next page.

    Example:
        >>> def next_page(cursor: Cursor, document: Mapping[str, Any], count: int) -> Cursor | None:
        ...     return {"page": document["next_page"]} if document.get("next_page") else None
        >>> PagingStyle(next_page, size_parameter="per_page").next_cursor({}, {"next_page": 2}, 10)
        {'page': 2}
    """

    next_cursor: Callable[[Cursor, Mapping[str, Any], int], Cursor | None]
    size_parameter: str | None = None
    start: tuple[tuple[str, object], ...] = ()
    predict_cursors: Callable[[Cursor, Mapping[str, Any], int], Iterable[Cursor]] | None = None
    has_more: Callable[[Cursor, Mapping[str, Any], int], bool] | None = None


def offset_of(cursor: Cursor, count: int = 0) -> int:
    """Return the offset after a number of items of a page; 0 for cursors of other styles."""
    offset = str(cursor.get("offset", 0))  # a caller's own may be text
    return (int(offset) if offset.isdecimal() else 0) + count


def _total(document: Mapping[str, Any]) -> int:
    """Return the number of items of a listing; 0 if the page does not tell it, and is the only one."""
    total = document.get("total")
    if total is not None and type(total) is not int:
        raise ValueError("its 'total' should be a whole number")
    return total or 0


def _has_next_page(document: Mapping[str, Any]) -> bool:
    has_next_page = document.get("has_next_page")
    if has_next_page is not None and not isinstance(has_next_page, bool):
        raise ValueError("its 'has_next_page' should be true or false")
    return bool(has_next_page)


def _by_total(cursor: Cursor, document: Mapping[str, Any], count: int) -> Cursor | None:
    offset = offset_of(cursor, count)
    return {"offset": offset} if offset < _total(document) else None


def _all_up_to_total(cursor: Cursor, document: Mapping[str, Any], count: int) -> Iterable[Cursor]:
    return ({"offset": offset} for offset in range(offset_of(cursor, count), _total(document), count))


def _by_has_next(cursor: Cursor, document: Mapping[str, Any], count: int) -> Cursor | None:
    return {"offset": offset_of(cursor, count)} if _has_next_page(document) else None


def _by_marker(_cursor: Cursor, document: Mapping[str, Any], _count: int) -> Cursor | None:
    marker = document.get("next_marker")
    return None if marker is None else {"marker": marker}


def _by_marker_or_null(_cursor: Cursor, document: Mapping[str, Any], _count: int) -> Cursor | None:
    marker = document.get("marker")
    return None if marker is None else {"marker": marker}


def _by_marker_has_next(cursor: Cursor, document: Mapping[str, Any], count: int) -> Cursor | None:
    if document.get("has_next_page") is None:
        return _by_marker_or_null(cursor, document, count)
    # without a marker, this leads back to the first page, which the iterator refuses
    return {"marker": document.get("marker")} if _has_next_page(document) else None


def _by_last_key(_cursor: Cursor, document: Mapping[str, Any], _count: int) -> Cursor | None:
    return {"last_key": document.get("last_key")} if _has_next_page(document) else None


def _by_token(_cursor: Cursor, document: Mapping[str, Any], _count: int) -> Cursor | None:
    token = document.get("next_token")
    return None if token is None else {"next_token": token}


def _by_link(_cursor: Cursor, document: Mapping[str, Any], _count: int) -> Cursor | None:
    links: Any = {} if document.get("links") is None else document["links"]
    link = links.get("next") if is_object(links) else links
    if not is_object(links) or not isinstance(link, str | None):
        raise ValueError("its 'links' should be an object, and 'next' in it text")
    # only the query is used: a response must not choose the host and path of a request
    return dict(parse_qsl(link.partition("?")[2].partition("#")[0])) if link else None


def _none(_cursor: Cursor, _document: Mapping[str, Any], _count: int) -> Cursor | None:
    return None


def _is_below_total(cursor: Cursor, document: Mapping[str, Any], count: int) -> bool:
    return _by_total(cursor, document, count) is not None


offset_total: Final = PagingStyle(_by_total, "limit", (("offset", 0),), _all_up_to_total)
"""``offset`` and ``limit``; documents have the ``total``, so that several pages can be fetched at a time."""
offset_has_next: Final = PagingStyle(_by_has_next, "limit", (("offset", 0),))
"""``offset`` and ``limit``; documents have ``has_next_page``."""
null_marker: Final = PagingStyle(_by_marker)
"""``marker``, which is the ``next_marker`` of the page before; it is null after the last page."""
marker_has_next: Final = PagingStyle(_by_marker_has_next, "per_page")
"""``marker``, which is that of the page before and has its whole query; documents have ``has_next_page``."""
marker_or_null: Final = PagingStyle(_by_marker_or_null, "per_page")
"""``marker``, which is that of the page before; it is null after the last page."""
last_key: Final = PagingStyle(_by_last_key, "limit")
"""``last_key``, which is that of the page before; documents have ``has_next_page``."""
next_token: Final = PagingStyle(_by_token, "max_results")
"""``next_token``, which is that of the page before; it is null after the last page."""
json_api: Final = PagingStyle(_by_link, "page[limit]")
"""JSON:API: the query of the link ``links.next``, which is null after the last page."""
single: Final = PagingStyle(_none, start=(("offset", None),), has_more=_is_below_total)
"""A single page: all items, or those that the caller selects by ``limit`` and ``offset``."""
