"""
The grammar of scope strings, read in one pass and without recursion.

::

    scopes = scope *( space scope )
    scope  = [ "*" ] name [ "[" scopes "]" ]

A name stands for one thing wherever it occurs: what it depends on is collected from all its occurrences.
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
"""What must not follow what, and how to say so."""
_LONGEST_CYCLE_SHOWN: Final = 8


class ScopeParseError(GlobusSDKUsageError):
    """
    A text is not a scope string.

    Attributes:
        position: Where the mistake is, counted from 0; ``None`` if it is in no single place.
    """

    position: int | None = None

    @classmethod
    def at(cls, position: int, text: str, why: str) -> ScopeParseError:
        """Point at a place in the text."""
        before, after = text[max(0, position - 20) : position], text[position : position + 20]
        error = cls(f"{why}, at position {position}: {before!r} HERE {after!r}")
        error.position = position
        return error


class ScopeCycleError(ScopeParseError):
    """A scope depends, directly or not, on itself."""


class ScopeGraph(NamedTuple):
    """What a scope string says: the scopes asked for, and what every name depends on."""

    roots: list[tuple[str, bool]]
    """(name, is optional), in the order of the text, each once."""
    dependencies: Mapping[str, Mapping[str, bool]]
    """name -> (name it depends on -> is optional). Required wins over optional."""
    order: list[str]
    """Every name, after all that it depends on."""


def read(text: str) -> ScopeGraph:
    """
    Read a scope string.

    Raises:
        ScopeParseError: Not a scope string; says where.
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
    """Cut a text into (kind, text, position); the kind of a mark is the mark itself, the last one is ``end``."""
    position = 0
    for found in _TOKEN.finditer(text):
        if found.start() != position:
            break
        position = found.end()
        yield found.lastgroup or found[0], found[0], found.start()
    if position != len(text):
        raise ScopeParseError.at(position, text, "a character that no scope has")
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
    shown = [name if len(name) <= 80 else f"{name[:77]}..." for name in loop[:_LONGEST_CYCLE_SHOWN]]
    if len(loop) > len(shown):
        shown.append(f"{len(loop) - len(shown)} more")
    return f"a scope depends on itself: {' -> '.join([*shown, shown[0]])}"
