"""Phrases: words that follow each other in a field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..inverted_index import words_of
from .words import score_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..inverted_index import InvertedIndex
    from .budget import Budget
    from .words import Scores

__all__ = ("score_phrase",)


def score_phrase(
    index: InvertedIndex, path: str, words: Sequence[str], *, slop: int, boosts: Mapping[str, float], budget: Budget
) -> Scores:
    """
    Return the entries with a phrase in a field.

    Args:
        index: The index.
        path: The field.
        words: The words, in lower case.
        slop: By how many places words may be away from where they belong.
        boosts: Factors of the relevance by field.
        budget: The work that the query may do.
    """
    parts = [score_word(index, word, boosts, [path]) for word in words]
    if not parts:
        return {}
    found: Scores = {}
    for number, score in min(parts, key=len).items():
        if all(number in part for part in parts):
            text = words_of(index.entries[number].leaves[path])
            budget.spend(1 + len(text))
            if _is_in(words, text, slop):
                found[number] = score + sum(part[number] for part in parts)
    return found


def _is_in(words: Sequence[str], text: Sequence[str], slop: int) -> bool:
    """Return whether words are in a text at places that differ by at most ``slop`` from those of the phrase."""
    wanted: dict[str, list[int]] = {}
    for offset, word in enumerate(words):
        wanted.setdefault(word, []).append(offset)
    # where the phrase would start, by each word
    starts = sorted((place - offset, offset) for place, word in enumerate(text) for offset in wanted.get(word, ()))
    first = 0
    counts = [0] * len(words)
    for start, offset in starts:
        counts[offset] += 1
        while start - starts[first][0] > slop:
            counts[starts[first][1]] -= 1
            first += 1
        if all(counts):
            return True
    return False
