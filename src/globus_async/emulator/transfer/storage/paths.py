"""Paths of a collection: absolute, with ``/~/`` for the home directory, and never above the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = (
    "Parts",
    "PathError",
    "is_below",
    "is_text",
    "joined",
    "parse",
)

Parts = tuple[str, ...]
"""The names of a path from the root down; empty for the root itself."""


class PathError(Exception):
    """An invalid path."""


def parse(text: str, home: Parts = ()) -> Parts:
    """
    Split a path into names; relative paths and ``/~/`` start at the home directory.

    Args:
        text: The path.
        home: The home directory.

    Raises:
        PathError: The path leads above the root, or contains NUL or unpaired surrogates.
    """
    if not is_text(text):
        raise PathError("a path must be valid Unicode text without NUL")
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


def is_text(text: str) -> bool:
    """Return whether a path or name is text that can be sent: without NUL and unpaired surrogates."""
    try:
        return "\0" not in text and (text.isascii() or bool(text.encode()))
    except UnicodeEncodeError:
        return False


def joined(parts: Sequence[str], *, directory: bool = False) -> str:
    """Format a path as the service does: absolute, with a trailing slash for directories."""
    text = "/" + "/".join(parts)
    return text + "/" if directory and parts else text


def is_below(parts: Parts, top: Parts) -> bool:
    """Whether a path is ``top`` itself or below it."""
    return parts[: len(top)] == top
