"""The evaluation of queries on an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..geometry import Point, Shape
from .advanced import score_advanced
from .budget import Budget
from .facets import facet_result
from .filters import select
from .words import score_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..inverted_index import InvertedIndex, StoredEntry
    from ..viewer import Viewer
    from .documents import Query, Sort
    from .words import Scores

__all__ = ("Hit", "Outcome", "matching_entries", "run")


_SORT_STEPS: Final = 8
_FACET_STEPS: Final = 40
"""The work that one sort criterion or facet is for each entry, in the steps of a `Budget`."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A subject that a query has found, with all entries that the caller may see."""

    subject: str
    entries: tuple[StoredEntry, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a query."""

    hits: list[Hit]
    """Those of the wanted page."""
    total: int
    """The number of all hits."""
    facets: list[dict[str, Any]]


def run(index: InvertedIndex, query: Query, viewer: Viewer, *, all_hits: bool = False) -> Outcome:
    """
    Evaluate a query.

    Args:
        index: The index.
        query: The query.
        viewer: The caller.
        all_hits: Return all hits and not only those of the page.

    Raises:
        SearchError: 400 for a bad text of an advanced query, 504 for one that takes too long.
    """
    visible, budget = viewer.visible(index, query), Budget()
    scores = _scores(index, query, budget)
    found = visible if scores is None else visible & scores.keys()
    found = select(index, query.filters, found, budget)
    hits = _by_subject(index, select(index, query.hit_filters, found, budget))
    if query.sort:
        budget.spend(_SORT_STEPS * len(query.sort) * len(hits))
        ordered = _sorted(index, hits, query.sort)
    elif scores is None:
        ordered = sorted(hits)
    else:
        best = {subject: max(scores[number] for number in numbers) for subject, numbers in hits.items()}
        ordered = sorted(hits, key=lambda subject: (-best[subject], subject))
    page = ordered if all_hits else ordered[query.offset : query.offset + query.limit]
    facets: list[dict[str, Any]] = []
    if query.facets:
        for facet in query.facets:
            field = index.fields.get(facet.path)
            budget.spend(_FACET_STEPS * len(found))
            subjects = _by_subject(index, select(index, facet.filters, found, budget))
            groups = [
                [value for number in numbers for value in field.values.get(number, ())] if field else []
                for numbers in subjects.values()
            ]
            facets.append(facet_result(facet, index.kinds.get(facet.path), groups))
    return Outcome([_hit(index, each, visible) for each in page], len(hits), facets)


def matching_entries(index: InvertedIndex, query: Query, viewer: Viewer) -> list[StoredEntry]:
    """
    Return the entries that a query finds.

    Raises:
        SearchError: As for `run`.
    """
    found, budget = viewer.visible(index, query), Budget()
    scores = _scores(index, query, budget)
    if scores is not None:
        found = found & scores.keys()
    return [index.entries[number] for number in sorted(select(index, query.filters, found, budget))]


def _scores(index: InvertedIndex, query: Query, budget: Budget) -> Scores | None:
    """Return the entries that the text of a query finds; `None` if it has no text, or finds all."""
    if query.text is None or query.text.text.strip() == "*":
        return None
    boosts: Mapping[str, float] = dict[str, float]() if query.sort else query.boosts
    text = query.text
    if text.mode == "advanced_query_string":
        return score_advanced(index, text.text, all_of=text.all_of, boosts=boosts, budget=budget)
    return score_text(index, text.text, all_of=text.all_of, fuzziness=text.fuzziness, boosts=boosts, budget=budget)


def _by_subject(index: InvertedIndex, entries: set[int]) -> dict[str, list[int]]:
    """Return the numbers of entries by subject, in their order."""
    subjects: dict[str, list[int]] = {}
    for number in sorted(entries):
        subjects.setdefault(index.entries[number].subject, []).append(number)
    return subjects


def _sorted(index: InvertedIndex, hits: dict[str, list[int]], criteria: tuple[Sort, ...]) -> list[str]:
    """Return subjects in the order of their smallest or largest values; those without a value are the last."""
    ordered = sorted(hits)
    for criterion in reversed(criteria):
        field = index.fields.get(criterion.path)
        if field is None:
            continue
        best = max if criterion.descending else min
        keys: dict[str, Any] = {}
        for subject in ordered:
            values = [each for number in hits[subject] for each in field.values.get(number, ())]
            comparable = [each for each in values if not isinstance(each, Point | Shape)]
            if comparable:
                keys[subject] = best(comparable)
        present = [each for each in ordered if each in keys]
        present.sort(key=keys.__getitem__, reverse=criterion.descending)
        ordered = present + [each for each in ordered if each not in keys]
    return ordered


def _hit(index: InvertedIndex, subject: str, visible: set[int]) -> Hit:
    numbers = sorted(number for number in index.subjects[subject].values() if number in visible)
    return Hit(subject, tuple(index.entries[number] for number in numbers))
