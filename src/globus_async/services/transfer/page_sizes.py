"""How long listings are: the seed counts results, globus-sdk counts what is on a page."""

from __future__ import annotations

from ..._http.missing import MissingType

__all__ = ("max_items", "page_size")


def max_items(num_results: int | MissingType | None, limit: int | MissingType | None, default: int) -> int | None:
    """
    Return how many items a listing gives, ``None`` for all.

    ``limit`` alone means that many, as one page of globus-sdk has; beside ``num_results`` it is the size of a page.
    """
    if not isinstance(num_results, MissingType):
        return num_results
    if limit is not None and not isinstance(limit, MissingType):
        return limit
    return default


def page_size(limit: int | MissingType | None, default: int | None = None) -> int | None:
    """Return how many items to ask for at a time."""
    return default if limit is None or isinstance(limit, MissingType) else limit
