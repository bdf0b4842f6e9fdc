"""How Globus Flows splits listings into pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..._http.missing import MissingType
from ...paging import Cursor, PagingStyle, marker_has_next

__all__ = ("of_flow", "of_log", "page_size")

_MAX_PAGE: Final = 100
"""The largest page of the listings whose maximum is documented."""


def page_size(size: int | MissingType, num_results: int | None) -> int | None:
    """Return the number of items to request per page; ``None`` for the service's default."""
    return (None if num_results is None else _MAX_PAGE) if isinstance(size, MissingType) else size


def _runs(cursor: Cursor, document: Mapping[str, Any], count: int) -> Cursor | None:
    if "actions" in document and "runs" not in document:  # an older form, which would be an empty listing
        raise ValueError("it has the runs as its 'actions' instead of its 'runs'")
    return marker_has_next.next_cursor(cursor, document, count)


of_flow: Final = marker_has_next._replace(next_cursor=_runs)
"""The runs of one flow."""
of_log: Final[PagingStyle] = marker_has_next._replace(size_parameter="limit")
"""The entries of a log."""
