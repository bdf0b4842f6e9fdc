"""The lists of a query: one clause or several, as plain dicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from ....errors import GlobusSDKUsageError
from ....errors.arguments import refusal
from .clauses import copied

__all__ = ("clause_dict", "clause_dicts", "filter_dicts", "is_mapping", "is_several")


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether a value is a mapping of names to values."""
    return isinstance(value, Mapping)


def is_several(value: object) -> TypeGuard[Iterable[Any]]:
    """Return whether a value is a list or another iterable; a text or a mapping is one thing."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))


def clause_dict(name: str, value: object) -> dict[str, Any]:
    """
    Return a clause as a new plain dict.

    Raises:
        GlobusSDKUsageError: It is not a mapping.
    """
    if not is_mapping(value) or not all(isinstance(key, str) for key in value):
        raise refusal(f"an item of {name}", value, "an object, as a dict")
    return copied(dict(value))


def clause_dicts(name: str, value: object) -> list[dict[str, Any]]:
    """
    Return an argument that is a clause, or several, as new plain dicts.

    Raises:
        GlobusSDKUsageError: One of them is not a mapping.
    """
    if is_mapping(value):
        return [clause_dict(name, value)]
    if not is_several(value):
        raise refusal(name, value, "a list of objects")
    return [clause_dict(name, clause) for clause in value]


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
