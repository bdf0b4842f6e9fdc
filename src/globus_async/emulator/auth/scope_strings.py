"""Parser for scope strings such as ``A[B *C]``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("RequestedScope", "ScopeSyntaxError", "parse_scopes")

_TOKEN: Final = re.compile(r"[\[\]*]|[^\s\[\]*]+")
_MAX_DEPTH: Final = 50


class ScopeSyntaxError(ValueError):
    """The text is not a valid scope string."""


@dataclass(slots=True)
class RequestedScope:
    """A scope of a scope string, with its dependencies in brackets."""

    scope: str
    atomically_revocable: bool
    dependencies: list[RequestedScope]

    def walk(self) -> Iterator[RequestedScope]:
        """Yield this scope and all its dependencies, at every depth."""
        pending = [self]
        while pending:
            scope = pending.pop()
            yield scope
            pending += scope.dependencies


def parse_scopes(text: str) -> list[RequestedScope]:
    """
    Parse a scope string.

    Raises:
        ScopeSyntaxError: Unbalanced brackets, a ``*`` that precedes no scope, or more than 50 levels of brackets.
    """
    levels: list[list[RequestedScope]] = [[]]
    optional = False
    after_scope = False  # a bracket may open only directly after a scope
    for part in _TOKEN.findall(text):
        if part == "*":
            if optional:
                raise ScopeSyntaxError("two '*' in a row")
            optional, after_scope = True, False
        elif part == "[":
            if not after_scope or len(levels) > _MAX_DEPTH:
                raise ScopeSyntaxError("'[' does not follow a scope, or is nested too deeply")
            levels.append(levels[-1][-1].dependencies)
            after_scope = False
        elif part == "]":
            if optional or len(levels) == 1 or not levels[-1]:
                raise ScopeSyntaxError("unexpected ']'")
            levels.pop()
            after_scope = False
        else:
            levels[-1].append(RequestedScope(part, optional, []))
            optional, after_scope = False, True
    if optional or len(levels) != 1:
        raise ScopeSyntaxError("unexpected end of the scope string")
    return levels[0]
