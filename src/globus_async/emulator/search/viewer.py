"""The caller of a query, and the entries that the caller may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..kit.directory import Directory
    from .inverted_index import InvertedIndex, StoredEntry
    from .queries.documents import Query

__all__ = ("ALL_AUTHENTICATED", "PUBLIC", "Viewer", "principals_of")

PUBLIC: Final = "public"
ALL_AUTHENTICATED: Final = "all_authenticated_users"


def principals_of(directory: Directory, identity_ids: Iterable[str] | None) -> frozenset[str]:
    """
    Return what a caller is called in ``visible_to`` and in roles.

    Args:
        directory: The identities and groups.
        identity_ids: The caller's identities; `None` for a request without a token.
    """
    if identity_ids is None:
        return frozenset({PUBLIC})
    ids = sorted(identity_ids)
    people = (f"urn:globus:auth:identity:{each}" for each in ids)
    groups = (f"urn:globus:groups:id:{each}" for each in directory.groups_of(ids))
    return frozenset({PUBLIC, ALL_AUTHENTICATED, *people, *groups})


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller of a query."""

    principals: frozenset[str]

    def sees(self, entry: StoredEntry) -> bool:
        """Return whether an entry is visible."""
        return not self.principals.isdisjoint(entry.visible_to)

    def matched_sets(self, entry: StoredEntry) -> list[str]:
        """Return the names of the principal sets of an entry that the caller is in."""
        return [name for name, members in entry.principal_sets.items() if not self.principals.isdisjoint(members)]

    def visible(self, index: InvertedIndex, query: Query) -> set[int]:
        """Return the entries that a query may find, by visibility and by principal sets."""
        if query.bypass_visible_to:
            seen = set(index.entries)
        else:
            seen = set[int]().union(*(index.visible.get(each, ()) for each in self.principals))
        if not query.principal_sets:
            return seen
        wanted = frozenset(query.principal_sets)
        return {each for each in seen if not wanted.isdisjoint(self.matched_sets(index.entries[each]))}
