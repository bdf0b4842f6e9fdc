"""
The grammar of scope strings; the parser works in one pass and without recursion.

::

    scopes = scope *( space scope )
    scope  = [ "*" ] name [ "[" scopes "]" ]

A name means the same scope wherever it occurs; its dependencies are collected from all occurrences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from ..errors import GlobusSDKUsageError

__all__ = ("NAME", "ScopeCycleError", "ScopeGraph", "ScopeParseError", "read")

NAME: Final = re.compile(r"[^\s\[\]*\x00-\x1f\x7f]+")
_TOKEN: Final = re.compile(rf"(?P<name>{NAME.pattern})|(?P<blank>\s+)|[\[\]*]")
_WRONG: Final[Mapping[tuple[str, str], str]] = {
    **dict.fromkeys([("*", kind) for kind in ("blank", "*", "[", "]", "end")], "'*' must be followed by a scope"),
    **dict.fromkeys([("]", kind) for kind in ("name", "*", "[")], "']' may be followed by a blank or ']' only"),
    **dict.fromkeys([("", "["), ("[", "[")], "'[' must follow a scope"),
    ("blank", "["): "'[' must follow its scope without a blank",
    ("name", "*"): "'*' must stand before a scope",
    ("[", "]"): "the brackets are empty",
}
"""Pairs of tokens that must not follow each other, and the error message for each."""
_MAX_CYCLE_SHOWN: Final = 8


class ScopeParseError(GlobusSDKUsageError):
    """
    A string is not a scope string.

    Attributes:
        position: The position of the error, counted from 0; ``None`` if it has no single position.
    """

    position: int | None = None

    @classmethod
    def at(cls, position: int, text: str, why: str) -> ScopeParseError:
        """Make the error of a position in the text."""
        before, after = text[max(0, position - 20) : position], text[position : position + 20]
        error = cls(f"{why}, at position {position}: {before!r} HERE {after!r}")
        error.position = position
        return error


class ScopeCycleError(ScopeParseError):
    """A scope depends on itself, directly or indirectly."""


class ScopeGraph(NamedTuple):
    """The content of a scope string: the requested scopes, and the dependencies of every name."""

    roots: list[tuple[str, bool]]
    """(name, is optional), without duplicates, in the order of the text."""
    dependencies: Mapping[str, Mapping[str, bool]]
    """name -> (name of a dependency -> is optional); it is optional if it is optional everywhere."""
    order: list[str]
    """Every name, dependencies first."""


def read(text: str) -> ScopeGraph:
    """
    Read a scope string.

    Raises:
        ScopeParseError: Not a scope string; the message has the position.
        ScopeCycleError: A scope depends on itself.
    """
    roots: dict[tuple[str, bool], None] = {}
    dependencies: dict[str, dict[str, bool]] = {}
    opened: list[tuple[str, int]] = []
    name, before = "", ""
    for kind, token, position in _tokens(text):
        why = _WRONG.get((before, kind)) if opened or kind != "]" else "']' without a '['"
        if why is not None:
            raise ScopeParseError.at(position, text, why)
        if kind == "name":
            name, optional = token, before == "*"
            dependencies.setdefault(name, {})
            if opened:
                siblings = dependencies[opened[-1][0]]
                siblings[name] = siblings.get(name, True) and optional
            else:
                roots[name, optional] = None
        elif kind == "[":
            opened.append((name, position))
        elif kind == "]":
            opened.pop()
        if (before, kind) != ("[", "blank"):  # "[ ]" is as empty as "[]"
            before = kind
    if opened:
        raise ScopeParseError.at(opened[-1][1], text, "'[' is never closed")
    return ScopeGraph(list(roots), dependencies, _bottom_up(dependencies))


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield the tokens of a text as (kind, text, position); the last kind is ``end``."""
    position = 0
    for found in _TOKEN.finditer(text):
        if found.start() != position:
            break
        position = found.end()
        yield found.lastgroup or found[0], found[0], found.start()
    if position != len(text):
        raise ScopeParseError.at(position, text, "a character that scopes cannot have")
    yield "end", "", position


def _bottom_up(dependencies: Mapping[str, Mapping[str, bool]]) -> list[str]:
    """Order the names so that each comes after what it depends on."""
    order: list[str] = []
    done: set[str] = set()
    for start in dependencies:
        if start in done:
            continue
        path = {start: iter(dependencies[start])}
        while path:
            name, children = next(reversed(path.items()))
            for child in children:
                if child in path:
                    raise ScopeCycleError(_cycle(list(path), child))
                if child not in done:
                    path[child] = iter(dependencies[child])
                    break
            else:
                del path[name]
                done.add(name)
                order.append(name)
    return order


def _cycle(path: list[str], back_to: str) -> str:
    loop = path[path.index(back_to) :]
    shown = [name if len(name) <= 80 else f"{name[:77]}..." for name in loop[:_MAX_CYCLE_SHOWN]]
    if len(loop) > len(shown):
        shown.append(f"{len(loop) - len(shown)} more")
    return f"a scope depends on itself: {' -> '.join([*shown, shown[0]])}"
