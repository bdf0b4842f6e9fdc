"""The order of hits: boosts and sort criteria."""

from __future__ import annotations

from typing import Literal

from ...._http.missing import MISSING, MissingType
from ....errors import GlobusSDKUsageError
from .clauses import Clause, checked_field, checked_number

__all__ = ("Boost", "Sort")


class Boost(Clause):
    """
    Makes the matches of a field more or less important; without effect where a query has sort criteria.

    Args:
        field_name: The field.
        factor: The factor, above 0.

    Raises:
        GlobusSDKUsageError: An invalid argument.

    Example:
        >>> Boost("title", 2.5) == {"field_name": "title", "factor": 2.5}
        True
    """

    __slots__ = ()

    def __init__(self, field_name: str, factor: float) -> None:
        if checked_number("factor", factor) <= 0:
            raise GlobusSDKUsageError("factor must be above 0")
        super().__init__({"field_name": checked_field(field_name), "factor": factor})


class Sort(Clause):
    """
    A criterion by which hits are sorted.

    Args:
        field_name: The field.
        order: ``"asc"`` or ``"desc"``, which is the service's default.

    Raises:
        GlobusSDKUsageError: An invalid argument.

    Example:
        >>> Sort("year", "asc") == {"field_name": "year", "order": "asc"}
        True
    """

    __slots__ = ()

    def __init__(self, field_name: str, order: Literal["asc", "desc"] | MissingType = MISSING) -> None:
        if order not in (MISSING, "asc", "desc"):
            raise GlobusSDKUsageError("order must be 'asc' or 'desc'")
        members = {"field_name": checked_field(field_name)}
        super().__init__(members if isinstance(order, MissingType) else {**members, "order": order})
