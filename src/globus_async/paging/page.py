"""A page of a listing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .._http.json_reader import is_list, is_object, member_at
from ..response import IterableResponse

if TYPE_CHECKING:
    from .._http.response import RawResponse
    from .styles import Cursor, PagingStyle

__all__ = ("Page", "read_page")

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
        self.next_cursor: Cursor | None = next_cursor
        self.truncated: bool = truncated
        if max_items is not None and len(self.items) > max_items:  # the service may send more than the size requested
            self.items: list[T] = self.items[:max_items]

    def _remark(self) -> str:
        if self.truncated:
            return "the service has more items"
        return "more pages follow" if self.next_cursor else ""


async def read_page(
    raw: RawResponse, items_key: str, style: PagingStyle, cursor: Cursor, max_items: int | None
) -> Page[Any]:
    """Read the page at a cursor; keep at most so many of its items."""
    data = await raw.read_json()
    if not is_object(data):
        raise raw.decode_error("it should be a JSON object")
    items = member_at(data, items_key)
    received = len(items) if is_list(items) else 0
    count = received if max_items is None else min(received, max_items)
    try:
        following = _checked(style.next_cursor(cursor, data, count))
        has_more = (
            count < received
            or following is not None
            or (style.has_more is not None and style.has_more(cursor, data, count))
        )
    except ValueError as invalid:
        error = raw.decode_error(str(invalid))
        error.retryable = False
        raise error from None
    is_last = following is None or count == max_items
    return Page(raw, data, items_key, next_cursor=following, max_items=max_items, truncated=is_last and has_more)


def _checked(cursor: Cursor | None) -> Cursor | None:
    if cursor is not None and not all(isinstance(value, (str, int, type(None))) for value in cursor.values()):
        raise ValueError("the position of its next page is neither text nor a number")
    return cursor
