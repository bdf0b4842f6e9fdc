"""How Globus Connect Server splits listings into pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..._http.missing import MissingType
from ...paging import Cursor, PagingStyle

__all__ = ("by_marker", "size_of_page")


def _next_marker(_cursor: Cursor, document: Mapping[str, Any], _count: int) -> Cursor | None:
    marker, has_next_page = document.get("marker"), document.get("has_next_page")
    if not isinstance(has_next_page, bool | None):
        raise ValueError("its 'has_next_page' should be true or false")  # noqa: TRY004 -- of a response
    if marker:
        return {"marker": marker}
    # without a marker, this leads back to the first page, which the iterator refuses
    return {"marker": None} if has_next_page else None


by_marker: Final = PagingStyle(_next_marker, "page_size")
"""``marker``, which is that of the page before; it is empty or missing after the last page."""


def size_of_page(page_size: int | MissingType) -> int | None:
    """Return the number of items to request per page; ``None`` for the service's default."""
    return None if isinstance(page_size, MissingType) else page_size
