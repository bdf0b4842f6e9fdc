"""The entries of an index in memory, with their words and values by field."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .text import tokens
from .values import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .values import FieldKind, Leaf, Scalar, Value

__all__ = ("FieldIndex", "InvertedIndex", "StoredEntry", "words_of")

_K1, _B = 1.2, 0.75  # the usual parameters of BM25


@dataclass(frozen=True, slots=True, eq=False)
class StoredEntry:
    """An entry; it is replaced as a whole, never changed."""

    subject: str
    id: str | None
    visible_to: tuple[str, ...]
    principal_sets: Mapping[str, tuple[str, ...]]
    content: Mapping[str, Any]
    leaves: Mapping[str, Leaf]
    size: int
    """Bytes of the content as JSON."""


@dataclass(eq=False, slots=True)
class FieldIndex:
    """The values of one field by entry, and the entries of each value and of each word."""

    kind: FieldKind
    values: dict[int, list[Value]] = field(default_factory=dict[int, "list[Value]"])
    exact: dict[Value, set[int]] = field(default_factory=dict["Value", set[int]])
    words: dict[str, dict[int, int]] = field(default_factory=dict[str, dict[int, int]])
    """How often a word is in the field of an entry."""
    lengths: dict[int, int] = field(default_factory=dict[int, int])
    """The number of words of the field of an entry."""
    total_length: int = 0


class InvertedIndex:
    """
    Entries by number, subject and id, with an index of their fields.

    The types of fields stay when their last value has been removed.
    """

    def __init__(self) -> None:
        self.entries: dict[int, StoredEntry] = {}
        """By number, in the order in which they were added."""
        self.subjects: dict[str, dict[str | None, int]] = {}
        """The numbers of the entries of a subject, by entry id."""
        self.fields: dict[str, FieldIndex] = {}
        """Fields with values, by path."""
        self.kinds: dict[str, FieldKind] = {}
        """The types of all fields so far, by path."""
        self.objects: set[str] = set()
        """The paths of all objects so far."""
        self.fields_of_word: dict[str, set[str]] = {}
        """The fields in which a word occurs."""
        self.visible: dict[str, set[int]] = {}
        """The entries that a principal may see."""
        self.size: int = 0
        self._next = 0

    # changes

    def put(self, entry: StoredEntry) -> None:
        """Add an entry, in place of the one with the same subject and id."""
        self.remove(entry.subject, entry.id)
        number, self._next = self._next, self._next + 1
        self.entries[number] = entry
        self.subjects.setdefault(entry.subject, {})[entry.id] = number
        self.size += entry.size
        for principal in set(entry.visible_to):
            self.visible.setdefault(principal, set()).add(number)
        for path, leaf in entry.leaves.items():
            index = self.fields.get(path)
            if index is None:
                index = self.fields[path] = FieldIndex(leaf.kind)
            index.values[number] = leaf.values
            for value in leaf.values:
                index.exact.setdefault(value, set()).add(number)
            words = words_of(leaf)
            index.lengths[number] = len(words)
            index.total_length += len(words)
            postings_of = index.words
            for word in words:
                postings = postings_of.get(word)
                if postings is None:
                    postings_of[word] = {number: 1}
                    self.fields_of_word.setdefault(word, set()).add(path)
                else:
                    postings[number] = postings.get(number, 0) + 1

    def remove(self, subject: str, entry_id: str | None) -> None:
        """Remove an entry, if there is one."""
        ids = self.subjects.get(subject, {})
        number = ids.pop(entry_id, None)
        if number is None:
            return
        if not ids:
            del self.subjects[subject]
        entry = self.entries.pop(number)
        self.size -= entry.size
        for principal in set(entry.visible_to):
            _discard(self.visible, principal, number)
        for path, leaf in entry.leaves.items():
            index = self.fields[path]
            del index.values[number]
            for value in leaf.values:
                _discard(index.exact, value, number)
            index.total_length -= index.lengths.pop(number)
            for word in set(words_of(leaf)):
                postings = index.words[word]
                del postings[number]
                if not postings:
                    del index.words[word]
                    _discard(self.fields_of_word, word, path)
            if not index.values:
                del self.fields[path]

    def remove_subject(self, subject: str) -> None:
        """Remove all entries of a subject."""
        for entry_id in list(self.subjects.get(subject, ())):
            self.remove(subject, entry_id)

    # look-ups

    def scores(self, path: str, word: str) -> Iterator[tuple[int, float]]:
        """Return the entries with a word in a field, each with its relevance by BM25."""
        index = self.fields.get(path)
        postings = None if index is None else index.words.get(word)
        if index is None or postings is None:
            return
        with_field, with_word = len(index.values), len(postings)
        rarity = math.log(1 + (with_field - with_word + 0.5) / (with_word + 0.5))
        average = index.total_length / with_field
        for number, count in postings.items():
            length = _K1 * (1 - _B + _B * index.lengths[number] / average)
            yield number, rarity * count * (_K1 + 1) / (count + length)

    def matching(self, path: str, values: Iterable[Scalar]) -> set[int]:
        """Return the entries with one of some values in a field."""
        index = self.fields.get(path)
        if index is None:
            return set()
        return set[int]().union(*(index.exact.get(each, ()) for each in values))


def words_of(leaf: Leaf) -> list[str]:
    """Return the words of a field, in their order."""
    words: list[str] = []
    for each in leaf.values:
        if leaf.kind == "string":
            words += tokens(str(each))
        elif leaf.kind not in {"geo_point", "geo_shape"}:
            words += tokens(_text(leaf.kind, each))
    return words


def _text(kind: FieldKind, value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(text_of(kind, value))


def _discard(sets: dict[Any, set[Any]], key: object, member: object) -> None:
    """Remove a member of one of some sets, and the set with its last member."""
    members = sets.get(key)
    if members is not None:
        members.discard(member)
        if not members:
            del sets[key]
