"""The protocol of a collection's storage, its directory entries and its errors."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from .paths import Parts

__all__ = ("NAME_LIMIT", "Entry", "EntryType", "LinkInfo", "Problem", "Storage", "StorageError", "Upload")

NAME_LIMIT = 255
"""The maximum length of a file name, in bytes."""

EntryType = str
"""``dir``, ``file``, ``invalid_symlink``, ``chr``, ``blk``, ``pipe`` or ``other``."""


class Problem(enum.Enum):
    """The reason of a storage error; the values are event codes of the service."""

    NOT_FOUND = "FILE_NOT_FOUND"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    EXISTS = "FILE_EXISTS"
    NOT_A_DIRECTORY = "NOT_A_DIRECTORY"
    IS_A_DIRECTORY = "NOT_A_FILE"
    NOT_EMPTY = "DIRECTORY_NOT_EMPTY"
    QUOTA = "QUOTA_EXCEEDED"
    CHECKSUM = "VERIFY_CHECKSUM"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    OTHER = "ENDPOINT_ERROR"


class StorageError(Exception):
    """A failed file operation."""

    def __init__(self, problem: Problem, text: str) -> None:
        super().__init__(text)
        self.problem = problem

    def __reduce__(self) -> tuple[Callable[..., StorageError], tuple[Problem, str]]:
        return type(self), (self.problem, str(self))


class LinkInfo(NamedTuple):
    """The attributes of a symbolic link itself."""

    target: str
    size: int
    mtime: float
    user: str
    group: str


class Entry(NamedTuple):
    """A file or directory; for a symbolic link, its target, with the link itself in ``link``."""

    name: str
    type: EntryType
    size: int
    mtime: float
    mode: int
    user: str
    group: str
    link: LinkInfo | None = None

    @property
    def is_directory(self) -> bool:
        """Whether the entry is a directory."""
        return self.type == "dir"


class Upload(Protocol):
    """A file being written; not visible before `commit`."""

    def write(self, data: bytes) -> None:
        """Append data to the file."""
        ...

    def read_back(self) -> BinaryIO:
        """Open the file for reading, from its beginning, once it is completely written."""
        ...

    def commit(self, *, mtime: float | None = None) -> None:
        """Move the file to its path; an existing file is replaced."""
        ...

    def abandon(self) -> None:
        """Discard the file; no effect after `commit`."""
        ...


class Storage(Protocol):
    """
    A tree of files with blocking methods, called concurrently from worker threads.

    Every method takes a path below the root and raises only `StorageError`. Symbolic links within a path are followed
    if their targets lie inside the root.
    """

    @property
    def has_symlinks(self) -> bool:
        """Whether symbolic links are supported."""
        ...

    def stat(self, path: Parts) -> Entry:
        """Return the entry at a path; a link with a missing or forbidden target has the type ``invalid_symlink``."""
        ...

    def entries(self, path: Parts) -> list[Entry]:
        """Return all entries of a directory, in any order; names are text, without surrogates."""
        ...

    def make_directory(self, path: Parts) -> None:
        """Create a directory; its parent must exist."""
        ...

    def make_link(self, target: str, path: Parts) -> None:
        """Create a symbolic link."""
        ...

    def rename(self, old: Parts, new: Parts) -> None:
        """Move a file or directory; the new path must not exist."""
        ...

    def remove(self, path: Parts) -> None:
        """Remove a file or a symbolic link."""
        ...

    def remove_directory(self, path: Parts) -> None:
        """Remove an empty directory."""
        ...

    def set_mtime(self, path: Parts, mtime: float) -> None:
        """Set the modification time of a file or directory, in POSIX seconds."""
        ...

    def open(self, path: Parts) -> BinaryIO:
        """Open a file for reading."""
        ...

    def create(self, path: Parts) -> Upload:
        """Open a file for writing."""
        ...

    def real_path(self, path: Parts) -> Parts:
        """Resolve all symbolic links of a path; only its last component may be missing."""
        ...

    def without_links(self) -> Storage:
        """
        Return the same files as a storage that does not follow symbolic links.

        A link within a path is an error, a link at its end is returned itself. Used with a result of `real_path` that
        was authorized: a component that was replaced by a link since then is not followed.
        """
        ...

    def keeping_open(self, directory: Parts) -> AbstractContextManager[Storage]:
        """
        Return the same files as a storage that keeps a directory open, for many operations on its entries.

        Its path is then resolved only once. A directory that does not exist is not an error before it is used.
        """
        ...

    def subtree(self, path: Parts) -> Storage:
        """Return a storage with this directory as its root."""
        ...
