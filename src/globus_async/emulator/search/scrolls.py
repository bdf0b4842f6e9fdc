"""The scrolls that have begun: the hits of a query as they were then, and markers for the pages."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..kit.ids import random_text
from .errors import SearchError

if TYPE_CHECKING:
    from .models import Limits
    from .queries.execution import Hit

__all__ = ("ScrollPosition", "Scrolls")


@dataclass(frozen=True, slots=True)
class ScrollPosition:
    """A place in the hits of a query."""

    index_id: str
    principals: frozenset[str]
    """Those of the caller; others cannot use its marker."""
    hits: list[Hit]
    start: int


class Scrolls:
    """
    Positions by marker.

    A marker is a random text, so that none can be guessed or changed; it stays valid after its use, so that a page
    whose response was lost can be fetched again.

    Args:
        limits: The limits of the service.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._positions: OrderedDict[str, ScrollPosition] = OrderedDict()

    def add(self, position: ScrollPosition) -> str:
        """Return the marker of a position."""
        marker = random_text(43)
        self._positions[marker] = position
        while len(self._positions) > self._limits.scrolls:
            self._positions.popitem(last=False)
        return marker

    def find(self, marker: str, index_id: str, principals: frozenset[str]) -> ScrollPosition:
        """
        Return the position of a marker.

        Args:
            marker: The marker.
            index_id: The index of the request.
            principals: Those of the caller.

        Raises:
            SearchError: 400, the marker is unknown or expired, or belongs to another index or caller.
        """
        position = self._positions.get(marker)
        if position is None or position.index_id != index_id or position.principals != principals:
            raise SearchError(
                400,
                "BadRequest.ValidationError",
                "Request failed input validation.",
                error_data={"messages": {"json": {"marker": ["Unknown or expired marker."]}}},
            )
        return position
