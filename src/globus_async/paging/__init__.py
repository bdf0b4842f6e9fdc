"""
Listings: await one page, iterate over all items, or over pages; no request and no task is open between two items.

Where a page reports the total, the pages after it are fetched several at a time, within one await. `Pages.prefetch`
fetches the next page while the caller works on the current one.
"""

from .pages import Fetch, Page, Pages, Prefetch
from .styles import (
    Cursor,
    PagingStyle,
    json_api,
    last_key,
    next_token,
    null_marker,
    offset_has_next,
    offset_total,
    single,
)

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
