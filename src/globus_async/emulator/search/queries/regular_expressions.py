"""
Regular expressions of Lucene, matched in time that no expression makes explode.

They fit whole words, and have ``.``, ``?``, ``*``, ``+``, ``{n,m}``, ``|``, ``()``, ``[]``, ``[^]``, ``"text"`` and
backslashes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from .budget import Budget

__all__ = ("InvalidExpression", "RegularExpression")

_MAX_STATES: Final = 1000
_MAX_DEPTH: Final = 50


class InvalidExpression(ValueError):
    """A text that is no regular expression, or one that is too large."""


@dataclass(eq=False, slots=True)
class _State:
    """A state of a nondeterministic automaton: with a test of the next character, or with free moves."""

    test: Callable[[str], bool] | None = None
    next: list[_State] = field(default_factory=list["_State"])


@dataclass(slots=True)
class _Part:
    """A part of an automaton, between two states."""

    start: _State
    end: _State


class RegularExpression:
    """
    A regular expression for whole words.

    Args:
        expression: Its text.
        budget: The work that matching may do.

    Raises:
        InvalidExpression: It is none, or too large.
    """

    def __init__(self, expression: str, budget: Budget) -> None:
        self._budget = budget
        part = _Parser(expression).parse()
        self._end = part.end
        self._start = self._closure([part.start])
        # the deterministic automaton, as far as words have needed it
        self._moves: dict[tuple[frozenset[_State], str], frozenset[_State]] = {}

    def matches(self, word: str) -> bool:
        """Return whether the expression fits a word."""
        states = self._start
        for character in word:
            reached = self._moves.get((states, character))
            if reached is None:
                passed = [state.next[0] for state in states if state.test is not None and state.test(character)]
                reached = self._moves[states, character] = self._closure(passed)
                self._budget.spend(len(states))
            if not reached:
                return False
            states = reached
        self._budget.spend(1 + len(word))
        return self._end in states

    def _closure(self, states: list[_State]) -> frozenset[_State]:
        """Return these states and all that free moves lead to."""
        reached: set[_State] = set()
        pending = list(states)
        while pending:
            state = pending.pop()
            if state not in reached:
                reached.add(state)
                if state.test is None:
                    pending += state.next
        self._budget.spend(len(reached))
        return frozenset(reached)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._states = 0
        self._depth = 0

    def parse(self) -> _Part:
        part = self._alternatives()
        if self._at < len(self._text):
            raise InvalidExpression(f"unexpected '{self._text[self._at]}' in the regular expression")
        return part

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise InvalidExpression("unexpected end of the regular expression")
        self._at += 1
        return character

    def _state(self, test: Callable[[str], bool] | None = None) -> _State:
        self._states += 1
        if self._states > _MAX_STATES:
            raise InvalidExpression("the regular expression is too large")
        return _State(test)

    def _single(self, test: Callable[[str], bool]) -> _Part:
        start, end = self._state(test), self._state()
        start.next.append(end)
        return _Part(start, end)

    def _nothing(self) -> _Part:
        state = self._state()
        return _Part(state, state)

    def _joined(self, one: _Part, two: _Part) -> _Part:
        one.end.next.append(two.start)
        return _Part(one.start, two.end)

    def _alternatives(self) -> _Part:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise InvalidExpression("the regular expression is nested too deeply")
        part = self._sequence()
        while self._peek() == "|":
            self._at += 1
            other = self._sequence()
            start, end = self._state(), self._state()
            start.next += [part.start, other.start]
            part.end.next.append(end)
            other.end.next.append(end)
            part = _Part(start, end)
        self._depth -= 1
        return part

    def _sequence(self) -> _Part:
        part = self._nothing()
        while self._peek() not in {"", "|", ")"}:
            part = self._joined(part, self._repeated())
        return part

    def _repeated(self) -> _Part:
        begin = self._at
        part = self._atom()
        text = self._text[begin : self._at]
        while (sign := self._peek()) and sign in "*+?{":
            self._at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign) or self._counts()
            part = self._times(text, part, least, most)
            text = self._text[begin : self._at]
        return part

    def _counts(self) -> tuple[int, int | None]:
        """Return the numbers in ``{n}``, ``{n,}`` or ``{n,m}``."""
        begin = self._at
        while self._take() != "}":
            pass
        least, comma, most = self._text[begin : self._at - 1].partition(",")
        numbers = [each for each in (least, most) if each]
        if not least or any(not each.isascii() or not each.isdigit() or len(each) > 4 for each in numbers):
            raise InvalidExpression("invalid numbers of repetitions in the regular expression")
        minimum = int(least)
        maximum = int(most) if most else None if comma else minimum
        if maximum is not None and maximum < minimum:
            raise InvalidExpression("invalid numbers of repetitions in the regular expression")
        return minimum, maximum

    def _times(self, text: str, first: _Part, least: int, most: int | None) -> _Part:
        """Return a part repeated; further copies are parsed from its text."""
        unused = [first]

        def copy() -> _Part:
            if unused:
                return unused.pop()
            inner = _Parser(text)
            inner._states, inner._depth = self._states, self._depth
            made = inner.parse()
            self._states = inner._states
            return made

        whole = self._nothing()
        for _ in range(least):
            whole = self._joined(whole, copy())
        if most is None:
            loop, part = self._state(), copy()
            loop.next.append(part.start)
            part.end.next.append(loop)
            return self._joined(whole, _Part(loop, loop))
        end = self._state()
        for _ in range(most - least):
            whole.end.next.append(end)
            whole = self._joined(whole, copy())
        whole.end.next.append(end)
        return _Part(whole.start, end)

    def _atom(self) -> _Part:
        character = self._take()
        match character:
            case "(":
                part = self._alternatives()
                if self._take() != ")":
                    raise InvalidExpression("a group of the regular expression has no end")
                return part
            case "[":
                return self._single(self._class())
            case ".":
                return self._single(lambda _: True)
            case '"':
                part = self._nothing()
                while (letter := self._take()) != '"':
                    part = self._joined(part, self._single(letter.__eq__))
                return part
            case "\\":
                return self._single(self._take().__eq__)
            case "*" | "+" | "?" | "{":
                raise InvalidExpression(f"'{character}' has nothing to repeat in the regular expression")
            case _:
                return self._single(character.__eq__)

    def _class(self) -> Callable[[str], bool]:
        """Return the test of a class of characters, whose opening bracket has been read."""
        negated = self._peek() == "^"
        self._at += negated
        spans: list[tuple[str, str]] = []
        while (low := self._take()) != "]" or not spans:
            low = self._take() if low == "\\" else low
            high = low
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in {"", "]"}:
                self._at += 1
                high = self._take()
                high = self._take() if high == "\\" else high
            if high < low:
                raise InvalidExpression("a range of the regular expression ends before its start")
            spans.append((low, high))
        return lambda character: any(low <= character <= high for low, high in spans) != negated
