"""Content types by the names of files, the same on every machine."""

from __future__ import annotations

import mimetypes
from typing import Final

__all__ = ("content_type",)

_TYPES: Final = mimetypes.MimeTypes(filenames=())


def content_type(name: str) -> str:
    """Return the content type of a file; compressed files are bytes, not what is in them."""
    kind, encoding = _TYPES.guess_type(name)
    return kind if kind is not None and encoding is None else "application/octet-stream"
