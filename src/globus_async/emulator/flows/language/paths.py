"""Paths in state data, such as ``$.files[0].name``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from .failure import StateFailure

__all__ = ("CONTEXT", "Path", "Scope", "parse_path", "store")

Path: TypeAlias = tuple[str | int, ...]
"""The names of members and indices of items, from the outermost one."""

CONTEXT: Final = "_context"
"""The member of state data with the run's own values, which cannot be changed."""
_PART: Final = re.compile(
    r"""\.(?P<name>[^\s.\[\]'"*?@$(),:]+)|\[(?P<index>[0-9]{1,9})\]|\['(?P<single>[^']+)'\]|\["(?P<double>[^"]+)"\]"""
)


def parse_path(text: str) -> Path:
    """
    Parse a path.

    Raises:
        ValueError: It is no path to one value.
    """
    if not text.startswith("$"):
        raise ValueError(f"'{text}' is not a path: it must begin with '$'")
    parts: list[str | int] = []
    at = 1
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            raise ValueError(f"'{text}' is not a path to one value: cannot read '{text[at : at + 20]}'")
        index = match["index"]
        parts.append(match["name"] or match["single"] or match["double"] if index is None else int(index))
        at = match.end()
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Scope:
    """The values that paths and expressions find: the state data, and the context of the run."""

    data: Any
    context: Mapping[str, object]

    def find(self, path: str) -> Any:
        """
        Return the value at a path.

        Raises:
            LookupError: There is none.
            ValueError: It is no path.
        """
        parts = parse_path(path)
        if parts[:1] == (CONTEXT,):
            return _find(parts[1:], self.context)
        return _find(parts, self.data)

    @property
    def names(self) -> dict[str, object]:
        """The members of the state data, with the context."""
        data: Any = self.data
        members = cast("Mapping[str, object]", data) if isinstance(data, Mapping) else dict[str, object]()
        return {**members, CONTEXT: self.context}


def _find(path: Path, value: object) -> Any:
    for part in path:
        if isinstance(part, str) and isinstance(value, Mapping):
            value = cast("Mapping[str, object]", value)[part]
        elif isinstance(part, int) and isinstance(value, list):
            value = cast("list[object]", value)[part]
        else:
            raise LookupError(part)  # noqa: TRY004 -- nothing is found there
    return value


def store(path: Path, data: Any, value: object) -> Any:
    """
    Return data with a value at a path; objects on the way to it are created, and the given data stay as they are.

    Raises:
        StateFailure: The path leads through something else than objects and existing items.
    """
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        if not isinstance(data, list) or first >= len(cast("list[object]", data)):
            raise StateFailure("States.ResultPathMatchFailure", f"there is no item {first} to store the result in")
        items = list(cast("list[object]", data))
        items[first] = store(rest, items[first], value)
        return items
    if not isinstance(data, Mapping):
        raise StateFailure(
            "States.ResultPathMatchFailure", f"'{first}' cannot be stored in something else than an object"
        )
    members = cast("Mapping[str, object]", data)
    return {**members, first: store(rest, members.get(first, {}), value)}
