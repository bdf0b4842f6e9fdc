"""The lists of a query: one clause or several, as plain dicts."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from ....errors import GlobusSDKUsageError
from ....errors.arguments import refusal

__all__ = ("clause_dicts", "filter_dicts")


def clause_dicts(name: str, value: object) -> list[dict[str, Any]]:
    """
    Return an argument that is a clause, or several, as new plain dicts.

    Raises:
        GlobusSDKUsageError: One of them is not a mapping.
    """
    if isinstance(value, (str, bytes)) or not isinstance(value, (Iterable, Mapping)):
        raise refusal(name, value, "a list of objects")
    clauses: Iterable[object] = (value,) if isinstance(value, Mapping) else value
    return [_plain(name, clause) for clause in clauses]


def filter_dicts(name: str, value: object, *, allow_post_filter: bool) -> list[dict[str, Any]]:
    """
    Return an argument that is a filter, or several, as new plain dicts.

    Raises:
        GlobusSDKUsageError: One of them is not a mapping, has no type, or has a ``post_filter`` where none is allowed.
    """
    filters = clause_dicts(name, value)
    for found in filters:
        if not isinstance(found.get("type"), str):
            raise GlobusSDKUsageError(f"a filter of {name} has no type, such as 'match_all'")
        if "post_filter" in found and not allow_post_filter:
            raise GlobusSDKUsageError(f"a filter of {name} cannot have a post_filter; see post_facet_filters")
    return filters


def _plain(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise refusal(f"an item of {name}", value, "an object, as a dict")
    return copy.deepcopy(dict(value))
