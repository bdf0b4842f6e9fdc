"""Path restrictions: which paths of a storage may be read, and which written."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ("access_to", "lowest_access")

_GRADES: Final = ("none", "read", "read_write")
_BRACKETS: Final = re.compile(r"\[[^/\]]+\]")
_WILDCARDS: Final = {"*": 0, "?": 1, "\0": 2}
"""How specific the wildcards of a pattern are; a NUL stands for a bracket expression."""
_LITERAL: Final = 3


def access_to(path: str, restrictions: Mapping[str, Any] | None, username: str | None) -> str:
    """
    Return what restrictions leave of the access to a path: ``none``, ``read`` or ``read_write``.

    A restriction applies to its path and to all below it. The most specific one decides, but ``read`` gives way to any
    ``read_write``. A path without a restriction is free, unless there are paths to be read or written.

    Args:
        path: The path, absolute.
        restrictions: A ``path_restrictions`` document; `None` if there is none.
        username: The local user, for ``$USER``.
    """
    names = [name for name in path.split("/") if name]
    found = sorted(
        (_specificity(pattern), grade)
        for grade in _GRADES
        for pattern in (restrictions or {}).get(grade) or ()
        if _applies(pattern, names, username)
    )
    if not found:
        others = restrictions and (restrictions.get("read") or restrictions.get("read_write"))
        return "none" if others else "read_write"
    grade = found[-1][1]
    return "read_write" if grade == "read" and any(each == "read_write" for _, each in found) else grade


def lowest_access(grades: Iterable[str]) -> str:
    """Return the lowest of several grades of access; ``read_write`` if there are none."""
    return min(grades, key=_GRADES.index, default="read_write")


def _applies(pattern: str, names: list[str], username: str | None) -> bool:
    # the storages of the emulator have no home directories
    home = pattern.removeprefix("~").replace("$HOME", "/").replace("$USER", username or "")
    wanted = "/" + "/".join(name for name in home.split("/") if name)
    return any(fnmatchcase("/" + "/".join(names[:end]), wanted) for end in range(len(names) + 1))


def _specificity(pattern: str) -> tuple[int, ...]:
    return tuple(_WILDCARDS.get(char, _LITERAL) for char in _BRACKETS.sub("\0", pattern.rstrip("/")))
