"""A collection's files as one user sees them: every operation is checked for permission before the storage does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from .permissions import check_access
from .storage import Entry, Problem, Storage, StorageError, Upload

if TYPE_CHECKING:
    from .model import Collection
    from .paths import Parts
    from .state import TransferState

__all__ = ("View",)


class View:
    """The files of a collection, for one set of identities; blocks and raises like its storage."""

    def __init__(self, state: TransferState, collection: Collection, identities: frozenset[str]) -> None:
        self._state = state
        self._identities = identities
        self.collection = collection

    @property
    def storage(self) -> Storage:
        """The storage itself."""
        if self.collection.storage is None:
            raise StorageError(Problem.OTHER, "The endpoint is not connected")
        return self.collection.storage

    def stat(self, path: Parts) -> Entry:
        """Describe what is at a path."""
        self._check(path, write=False)
        return self.storage.stat(path)

    def entries(self, path: Parts) -> list[Entry]:
        """Describe all entries of a directory."""
        self._check(path, write=False)
        return self.storage.entries(path)

    def open(self, path: Parts) -> BinaryIO:
        """Open a file for reading."""
        self._check(path, write=False)
        return self.storage.open(path)

    def create(self, path: Parts) -> Upload:
        """Start writing a file."""
        self._check(path, write=True)
        return self.storage.create(path)

    def make_directory(self, path: Parts) -> None:
        """Make a directory."""
        self._check(path, write=True)
        self.storage.make_directory(path)

    def ensure_directory(self, path: Parts) -> None:
        """Make a directory and all above it that are missing."""
        missing: list[Parts] = []
        here = path
        while here:
            try:
                entry = self.storage.stat(here)
            except StorageError as error:
                if error.problem is not Problem.NOT_FOUND:
                    raise
                missing.append(here)
                here = here[:-1]
            else:
                if not entry.is_directory:
                    raise StorageError(Problem.NOT_A_DIRECTORY, "Not a directory")
                break
        for parts in reversed(missing):
            try:
                self.make_directory(parts)
            except StorageError as error:
                if error.problem is not Problem.EXISTS:
                    raise

    def make_link(self, target: str, path: Parts) -> None:
        """Make a symbolic link."""
        self._check(path, write=True)
        self.storage.make_link(target, path)

    def rename(self, old: Parts, new: Parts) -> None:
        """Move a file or directory."""
        self._check(old, write=True)
        self._check(new, write=True)
        self.storage.rename(old, new)

    def remove(self, path: Parts) -> None:
        """Remove a file or a link."""
        self._check(path, write=True)
        self.storage.remove(path)

    def remove_directory(self, path: Parts) -> None:
        """Remove an empty directory."""
        self._check(path, write=True)
        self.storage.remove_directory(path)

    def set_mtime(self, path: Parts, mtime: float) -> None:
        """Set when something was last modified."""
        self._check(path, write=True)
        self.storage.set_mtime(path, mtime)

    def find(self, path: Parts) -> Entry | None:
        """Describe what is at a path, ``None`` if there is nothing."""
        try:
            return self.stat(path)
        except StorageError as error:
            if error.problem in {Problem.NOT_FOUND, Problem.NOT_A_DIRECTORY}:
                return None
            raise

    def _check(self, path: Parts, *, write: bool) -> None:
        check_access(self._state, self.collection, self._identities, path, write=write)
