"""Entries of directories: the documents of Transfer as the dictionaries of fsspec."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ("Listing", "entry_of")


class Listing(list[dict[str, Any]]):
    """
    The entries of a directory, also by name.

    Attributes:
        by_path: The entries by their path.
    """

    def __init__(self, entries: Iterable[dict[str, Any]] = ()) -> None:
        super().__init__(entries)
        self.by_path: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in self}

    @classmethod
    def of(cls, directory: str, documents: Iterable[Mapping[str, Any]]) -> Listing:
        """
        Return the listing of a directory.

        Raises:
            OSError: An entry has a name whose path would lead elsewhere.
        """
        entries = []
        for document in documents:
            name = document.get("name")
            if not isinstance(name, str) or name in {"", ".", ".."} or "/" in name or "\0" in name:
                raise OSError(errno.EIO, f"the listing has an entry whose name is unusable: {name!r:.200}", directory)
            entries.append(entry_of(f"{directory}/{name}", document))
        return cls(entries)


def entry_of(path: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of a path; symbolic links have the type of their targets, and ``islink``."""
    kind, size, target = document.get("type"), document.get("size"), document.get("link_target")
    is_directory = kind == "dir"
    entry: dict[str, Any] = {
        "name": path,
        "size": 0 if is_directory else size if type(size) is int and size >= 0 else None,
        "type": "directory" if is_directory else "file",
        "mtime": _seconds(document.get("last_modified")),
        "globus_type": kind,
        "islink": target is not None,
    }
    if target is not None:
        entry["destination"] = target
    for name in ("permissions", "user", "group"):
        entry[name] = document.get(name)
    return entry


def _seconds(text: object) -> float | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if found is None:
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
