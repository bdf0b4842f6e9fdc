"""
Listings: await one page, iterate over all items, or over pages; no request and no task is open between two items.

Where a page reports the total, the pages after it are fetched several at a time, within one await. `Pages.prefetch`
fetches the next page while the caller works on the current one.

A listing that ends at a number of items that its caller did not choose, although the service has more, warns with
`ListingTruncated`.
"""

from typing import TYPE_CHECKING

from ..porting import missing_from
from .iteration import Prefetch
from .page import Page
from .pages import Fetch, Pages
from .styles import (
    Cursor,
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
from .truncation import Caller, CallSite, ListingTruncated

__all__ = (
    "CallSite",
    "Caller",
    "Cursor",
    "Fetch",
    "ListingTruncated",
    "Page",
    "Pages",
    "PagingStyle",
    "Prefetch",
    "json_api",
    "last_key",
    "marker_has_next",
    "marker_or_null",
    "next_token",
    "null_marker",
    "offset_has_next",
    "offset_total",
    "single",
)

if not TYPE_CHECKING:
    __getattr__ = missing_from(__name__)
