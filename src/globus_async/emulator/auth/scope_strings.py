"""Scopes as an authorize request spells them: ``A[B *C]``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("RequestedScope", "ScopeSyntaxError", "parse_scopes")

_TOKEN: Final = re.compile(r"[\[\]*]|[^\s\[\]*]+")
_DEEPEST: Final = 50


class ScopeSyntaxError(ValueError):
    """The text is not a list of scopes."""


@dataclass(slots=True)
class RequestedScope:
    """One scope and what it is asked to depend on."""

    scope: str
    atomically_revocable: bool
    dependencies: list[RequestedScope]

    def walk(self) -> Iterator[RequestedScope]:
        """Yield this scope and all below it."""
        waiting = [self]
        while waiting:
            scope = waiting.pop()
            yield scope
            waiting += scope.dependencies


def parse_scopes(text: str) -> list[RequestedScope]:
    """
    Read a scope string.

    Raises:
        ScopeSyntaxError: Brackets that do not match, a star before nothing, nesting deeper than 50.
    """
    levels: list[list[RequestedScope]] = [[]]
    star = False
    opens = False  # may a bracket open here?
    for part in _TOKEN.findall(text):
        if part == "*":
            if star:
                raise ScopeSyntaxError("two stars in a row")
            star, opens = True, False
        elif part == "[":
            if not opens or len(levels) > _DEEPEST:
                raise ScopeSyntaxError("a bracket opens after no scope, or too deep")
            levels.append(levels[-1][-1].dependencies)
            opens = False
        elif part == "]":
            if star or len(levels) == 1 or not levels[-1]:
                raise ScopeSyntaxError("a bracket closes nothing")
            levels.pop()
            opens = False
        else:
            levels[-1].append(RequestedScope(part, star, []))
            star, opens = False, True
    if star or len(levels) != 1:
        raise ScopeSyntaxError("the scopes end too early")
    return levels[0]
