"""Sizes of listings: ``num_results`` limits the whole listing, ``limit`` the items of a page."""

from __future__ import annotations

from ..._http.missing import MissingType

__all__ = ("page_size", "requested_results")


def requested_results(
    num_results: int | MissingType | None, limit: int | MissingType | None
) -> int | MissingType | None:
    """
    Return the number of items that the caller asked for; ``None`` for all, `MISSING` if there is no number.

    Without ``num_results``, ``limit`` is that number, as in globus-sdk, where a call returns one page.
    """
    return limit if isinstance(num_results, MissingType) and limit is not None else num_results


def page_size(limit: int | MissingType | None, default: int | None = None) -> int | None:
    """Return the number of items to request per page; ``None`` for the service's default."""
    return default if limit is None or isinstance(limit, MissingType) else limit
