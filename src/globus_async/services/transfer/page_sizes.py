"""Sizes of listings: ``num_results`` limits the whole listing, ``limit`` the items of a page."""

from __future__ import annotations

from ..._http.missing import MissingType

__all__ = ("max_items", "page_size")


def max_items(num_results: int | MissingType | None, limit: int | MissingType | None, default: int) -> int | None:
    """
    Return the maximum number of items of a listing; ``None`` for all.

    Without ``num_results``, ``limit`` is that number, as in globus-sdk, where a call returns one page.
    """
    if not isinstance(num_results, MissingType):
        return num_results
    if limit is not None and not isinstance(limit, MissingType):
        return limit
    return default


def page_size(limit: int | MissingType | None, default: int | None = None) -> int | None:
    """Return the number of items to request per page; ``None`` for the service's default."""
    return default if limit is None or isinstance(limit, MissingType) else limit
