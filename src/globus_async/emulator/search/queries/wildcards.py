"""Patterns with ``*`` for any text and ``?`` for one character, matched in time that no pattern makes explode."""

from __future__ import annotations

import re

__all__ = ("Wildcard",)


class Wildcard:
    """
    A pattern for whole texts.

    Args:
        pattern: The pattern; a backslash makes the next character an ordinary one.
    """

    def __init__(self, pattern: str) -> None:
        parts: list[list[str]] = [[]]
        characters = iter(pattern)
        for character in characters:
            if character == "*":
                parts.append([])
            elif character == "?":
                parts[-1].append(".")
            else:
                parts[-1].append(re.escape(next(characters, character) if character == "\\" else character))
        # each part has a fixed length, so that its search does not backtrack
        self._parts = [(re.compile("".join(part), re.DOTALL), len(part)) for part in parts]

    def steps(self, text: str) -> int:
        """Return how much work it is, at most, to match a text, in the steps of a `Budget`."""
        searches = min(len(self._parts), len(text))
        return 1 + searches + len(text) * max(length for _, length in self._parts) // 100

    def matches(self, text: str) -> bool:
        """Return whether the pattern fits a text."""
        (first, start), *others = self._parts
        if first.match(text) is None:
            return False
        if not others:
            return len(text) == start
        *middle, (last, length) = others
        for part, _ in middle:
            found = part.search(text, start)
            if found is None:
                return False
            start = found.end()
        return len(text) - start >= length and last.match(text, len(text) - length) is not None
