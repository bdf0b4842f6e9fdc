"""Paths of the file system, ``<collection id>/<path>``, and their parts."""

from __future__ import annotations

import os
import re
from typing import Final, NamedTuple

from .._http.path import is_uuid
from ..errors import GlobusSDKUsageError
from ..errors.base import escape_control_characters

__all__ = ("PROTOCOL", "GlobusPath", "parent_of", "split_path", "strip_protocol")

PROTOCOL: Final = "globus"

_PREFIX: Final = re.compile(rf"{PROTOCOL}(?:://|::)", re.IGNORECASE)


class GlobusPath(NamedTuple):
    """
    A collection, and a path on it from the root, without a slash at the end unless it is the root.

    Attributes:
        collection_id: The collection.
        path: The path.
    """

    collection_id: str
    path: str


def strip_protocol(path: str | os.PathLike[str]) -> str:
    """Return a path without ``globus://``, doubled slashes and slashes at both ends; the id in small letters."""
    text = os.fspath(path)
    prefix = _PREFIX.match(text)
    parts = [part for part in (text if prefix is None else text[prefix.end() :]).split("/") if part]
    if parts and is_uuid(parts[0]):
        parts[0] = parts[0].lower()
    return "/".join(parts)


def split_path(path: str | os.PathLike[str]) -> GlobusPath:
    """
    Return the parts of a path.

    Raises:
        GlobusSDKUsageError: It does not begin with the id of a collection, or has segments such as ``..``.
    """
    collection_id, _, rest = strip_protocol(path).partition("/")
    if not is_uuid(collection_id):
        raise GlobusSDKUsageError(
            f"paths begin with the id of a collection, as in globus://<collection id>/<path>; got {_shown(path)}"
        )
    segments = rest.split("/")
    if any(segment in {".", ".."} or "\0" in segment for segment in segments) or segments[0] == "~":
        raise GlobusSDKUsageError(
            f"paths are from the root of the collection, without '~', '.', '..' and NUL; got {_shown(path)}"
        )
    return GlobusPath(collection_id, f"/{rest}")


def parent_of(path: str) -> str:
    """Return the directory of a path without protocol; ``""`` for that of a collection."""
    return path.rpartition("/")[0]


def _shown(path: str | os.PathLike[str]) -> str:
    return repr(escape_control_characters(os.fspath(path)))[:300]
