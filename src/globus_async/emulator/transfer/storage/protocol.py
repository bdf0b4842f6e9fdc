"""What a collection keeps its files in: the protocol, its entries and its errors."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from .paths import Parts

__all__ = ("NAME_LIMIT", "Entry", "EntryType", "LinkInfo", "Problem", "Storage", "StorageError", "Upload")

NAME_LIMIT = 255
"""The longest name of a file, in bytes."""

EntryType = str
"""``dir``, ``file``, ``invalid_symlink``, ``chr``, ``blk``, ``pipe`` or ``other``."""


class Problem(enum.Enum):
    """Why a storage refused, in words of the service's event codes."""

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
    """A file operation that the storage refused."""

    def __init__(self, problem: Problem, text: str) -> None:
        super().__init__(text)
        self.problem = problem

    def __reduce__(self) -> tuple[Callable[..., StorageError], tuple[Problem, str]]:
        return type(self), (self.problem, str(self))


class LinkInfo(NamedTuple):
    """The link itself, where an entry was reached through one."""

    target: str
    size: int
    mtime: float
    user: str
    group: str


class Entry(NamedTuple):
    """A file or directory; through a link, what the link leads to."""

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
        """Whether it can be listed."""
        return self.type == "dir"


class Upload(Protocol):
    """A file being written. Nobody sees it before `commit`."""

    def write(self, data: bytes) -> None:
        """Append."""
        ...

    def commit(self, *, mtime: float | None = None) -> None:
        """Put it in its place, over what was there."""
        ...

    def abandon(self) -> None:
        """Throw it away; harmless after `commit`."""
        ...


class Storage(Protocol):
    """
    A tree of files. Blocking: the emulator calls it from worker threads, several at once.

    Every method takes a path below the root and raises only `StorageError`. Links on the way are followed as long as
    they stay inside.
    """

    @property
    def has_symlinks(self) -> bool:
        """Whether links can be made."""
        ...

    def stat(self, path: Parts) -> Entry:
        """Describe what is at the path; a link that leads nowhere, or out of the root, is an ``invalid_symlink``."""
        ...

    def entries(self, path: Parts) -> list[Entry]:
        """Describe all entries of a directory, in no order."""
        ...

    def make_directory(self, path: Parts) -> None:
        """Make a directory whose parent exists."""
        ...

    def make_link(self, target: str, path: Parts) -> None:
        """Make a symbolic link."""
        ...

    def rename(self, old: Parts, new: Parts) -> None:
        """Move a file or directory; refuses to replace what is there."""
        ...

    def remove(self, path: Parts) -> None:
        """Remove a file, or a link itself."""
        ...

    def remove_directory(self, path: Parts) -> None:
        """Remove an empty directory."""
        ...

    def set_mtime(self, path: Parts, mtime: float) -> None:
        """Set when a directory or file was last modified."""
        ...

    def open(self, path: Parts) -> BinaryIO:
        """Open a file for reading."""
        ...

    def create(self, path: Parts) -> Upload:
        """Start writing a file."""
        ...

    def real_path(self, path: Parts) -> Parts:
        """Return where a path leads when all links are followed; only its last name may be missing."""
        ...

    def without_links(self) -> Storage:
        """
        Return the same files where no link is followed: on the way it is refused, at the end it is described itself.

        Who has asked `real_path` and judged it comes this way to that very place, whatever has become a link since.
        """
        ...

    def subtree(self, path: Parts) -> Storage:
        """Return the storage that has this directory as its root."""
        ...
