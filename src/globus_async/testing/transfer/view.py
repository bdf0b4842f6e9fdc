"""A collection's files as one user sees them: every operation is checked for permission before the storage does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from .permissions import check_access, is_uniform
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
        return [self._seen((*path, entry.name), entry) for entry in self.storage.entries(path)]

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
        self._check(path, write=True, follow=False)
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
        self._check(path, write=True, follow=False)
        self.storage.make_link(target, path)

    def rename(self, old: Parts, new: Parts) -> None:
        """Move a file or directory."""
        self._check(old, write=True, follow=False)
        self._check(new, write=True, follow=False)
        self.storage.rename(old, new)

    def remove(self, path: Parts) -> None:
        """Remove a file or a link."""
        self._check(path, write=True, follow=False)
        self.storage.remove(path)

    def remove_directory(self, path: Parts) -> None:
        """Remove an empty directory."""
        self._check(path, write=True, follow=False)
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

    def _check(self, path: Parts, *, write: bool, follow: bool = True) -> None:
        """
        Demand access to a path, and to where it leads if links are on its way.

        Without ``follow`` a link at its end stands for itself.
        """
        check_access(self._state, self.collection, self._identities, path, write=write)
        if not is_uniform(self._state, self.collection, self._identities):
            real = self.storage.real_path(path) if follow or not path else self._real_parent(path)
            if real != path:
                check_access(self._state, self.collection, self._identities, real, write=write)

    def _real_parent(self, path: Parts) -> Parts:
        return (*self.storage.real_path(path[:-1]), path[-1])

    def _seen(self, path: Parts, entry: Entry) -> Entry:
        """Tell nothing of what a link leads to if that may not be read."""
        link = entry.link
        if link is None or entry.type == "invalid_symlink":
            return entry
        try:
            self._check(path, write=False)
        except StorageError:
            return Entry(entry.name, "invalid_symlink", link.size, link.mtime, 0o777, link.user, link.group, link)
        return entry
