"""The progress of a download or an upload."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

__all__ = ("FileProgress", "OnProgress")


class FileProgress(NamedTuple):
    """
    The progress of a download or an upload.

    Attributes:
        path: The path on the collection.
        done: The number of bytes so far, those of an earlier download that is continued included. It becomes smaller
            when an upload is repeated.
        total: The number of all bytes; ``None`` if it is not known.
    """

    path: str
    done: int
    total: int | None


OnProgress: TypeAlias = Callable[[FileProgress], object]
"""Called with the progress; an exception that it raises ends the download or upload."""
