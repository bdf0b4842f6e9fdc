"""Paths as a request names them: always ``/``, ``/~/`` for home, and nothing above the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = (
    "Parts",
    "PathError",
    "is_below",
    "joined",
    "parse",
)

Parts = tuple[str, ...]
"""The names from the root down; empty for the root itself."""


class PathError(Exception):
    """A path that no collection can have."""


def parse(text: str, home: Parts = ()) -> Parts:
    """
    Split a path into names; relative ones and ``/~/`` start at home.

    Raises:
        PathError: It climbs above the root, or has NUL or characters that no file name can have.
    """
    if "\0" in text:
        raise PathError("a path cannot contain NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PathError("a path must be valid Unicode text") from None
    head, _, rest = text.removeprefix("/").partition("/")
    from_home = head == "~"
    parts = list(home) if from_home or not text.startswith("/") else []
    for name in (rest if from_home else text).split("/"):
        if name == "..":
            if not parts:
                raise PathError("Path not allowed.")
            parts.pop()
        elif name not in {"", "."}:
            parts.append(name)
    return tuple(parts)


def joined(parts: Sequence[str], *, directory: bool = False) -> str:
    """Write a path as the service does: absolute, directories with a slash at the end."""
    text = "/" + "/".join(parts)
    return text + "/" if directory and parts else text


def is_below(parts: Parts, top: Parts) -> bool:
    """Whether a path is the given one or lies under it."""
    return parts[: len(top)] == top
