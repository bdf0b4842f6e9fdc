"""Paths of files on a collection, as the paths of requests."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from ..._http.path import FilledPath, shown
from ...errors import GlobusSDKUsageError

__all__ = ("request_path",)

_UNUSABLE: Final = re.compile(r"[\x00\\]")


def request_path(path: str, *, name: str = "path") -> FilledPath:
    """
    Return the path of the request for a file: each character means itself, so that no name reaches another file.

    Args:
        path: The path on the collection, with or without a leading slash.
        name: The name of the argument, for the error.

    Raises:
        GlobusSDKUsageError: It is the path of a directory, or has segments that are empty, ``.`` or ``..``.
    """
    if not isinstance(path, str):
        raise GlobusSDKUsageError(f"{name} must be the path of a file on the collection, as text; got {shown(path)}")
    segments = path.removeprefix("/").split("/")
    if segments[-1] == "":
        raise GlobusSDKUsageError(f"{name} must be the path of a file, got {shown(path)}; directories have no content")
    if any(segment in {"", ".", ".."} or _UNUSABLE.search(segment) is not None for segment in segments):
        raise GlobusSDKUsageError(
            f"{name} must be a plain path, without empty segments, '.', '..', NUL and backslashes; got {shown(path)}"
        )
    try:
        filled = FilledPath("/" + "/".join(quote(segment, safe="") for segment in segments))
    except UnicodeEncodeError:
        raise GlobusSDKUsageError(f"{name} is not valid Unicode text, got {shown(path)}") from None
    filled.template = "/{path}"
    return filled
