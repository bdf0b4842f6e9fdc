"""Words of ordinary queries, which are searched in all fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ..text import tokens
from .edit_distance import is_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..inverted_index import InvertedIndex
    from .budget import Budget

__all__ = ("Scores", "all_entries", "combine", "matching_words", "score_text", "score_word", "similar_words")

Scores: TypeAlias = dict[int, float]
"""The relevance of entries by their number."""


def all_entries(index: InvertedIndex) -> Scores:
    """Return all entries, which are equally relevant."""
    return dict.fromkeys(index.entries, 1.0)


def combine(parts: Iterable[Scores], *, all_of: bool) -> Scores:
    """Return the entries of all parts, or of any; their relevances are added."""
    total: Scores | None = None
    for part in parts:
        if total is None:
            total = dict(part)
        elif all_of:
            total = {number: score + part[number] for number, score in total.items() if number in part}
        else:
            for number, score in part.items():
                total[number] = total.get(number, 0.0) + score
    return total or {}


def score_word(
    index: InvertedIndex, word: str, boosts: Mapping[str, float], paths: Iterable[str] | None = None
) -> Scores:
    """
    Return the entries with a word.

    Args:
        index: The index.
        word: The word, in lower case.
        boosts: Factors of the relevance by field.
        paths: The fields; all by default.
    """
    found: Scores = {}
    present = index.fields_of_word.get(word, ())
    # sorted, since sums depend on the order
    for path in sorted(present) if paths is None else (path for path in paths if path in present):
        factor = boosts.get(path, 1.0)
        for number, score in index.scores(path, word):
            found[number] = found.get(number, 0.0) + factor * score
    return found


def score_text(
    index: InvertedIndex,
    text: str,
    *,
    all_of: bool,
    fuzziness: int,
    boosts: Mapping[str, float],
    budget: Budget,
) -> Scores:
    """
    Return the entries with words of a text.

    Args:
        index: The index.
        text: The text.
        all_of: All words are needed, and not only one.
        fuzziness: By how many letters words may differ.
        boosts: Factors of the relevance by field.
        budget: The work that the query may do.
    """
    words = tokens(text)
    if not fuzziness:
        return combine((score_word(index, word, boosts) for word in words), all_of=all_of)
    similar = (similar_words(index, word, fuzziness, budget) for word in words)
    return combine((matching_words(index, each, boosts) for each in similar), all_of=all_of)


def matching_words(
    index: InvertedIndex, words: Iterable[str], boosts: Mapping[str, float], paths: Iterable[str] | None = None
) -> Scores:
    """Return the entries with any of some words."""
    known = None if paths is None else list(paths)
    return combine((score_word(index, word, boosts, known) for word in words), all_of=False)


def similar_words(index: InvertedIndex, word: str, distance: int, budget: Budget) -> Iterator[str]:
    """Return the words of an index that differ from one by so many letters."""
    for each in index.fields_of_word:
        budget.spend(1)
        if abs(len(each) - len(word)) <= distance:
            budget.spend(len(word) * len(each))
            if is_within(word, each, distance):
                yield each
