"""Access to the storage of a collection with the permissions of one user."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from .permissions import check_access, has_uniform_access
from .storage.paths import is_text
from .storage.protocol import Entry, Problem, Storage, StorageError, Upload

if TYPE_CHECKING:
    from collections.abc import Generator

    from .models import Collection
    from .state import TransferState
    from .storage.paths import Parts

__all__ = ("AuthorizedStorage",)


class AuthorizedStorage:
    """
    The storage of a collection, with a permission check before each operation.

    Blocks and raises `StorageError` as the storage does.
    """

    def __init__(self, state: TransferState, collection: Collection, identities: frozenset[str]) -> None:
        self._state = state
        self._identities = identities
        self._kept: tuple[Storage, Storage] | None = None
        """The storage of the collection, and the same with a directory kept open."""
        self.collection = collection

    @property
    def storage(self) -> Storage:
        """The storage without permission checks."""
        storage = self.collection.storage
        if storage is None:
            raise StorageError(Problem.OTHER, "The endpoint is not connected")
        return self._kept[1] if self._kept is not None and self._kept[0] is storage else storage

    @contextmanager
    def keeping_open(self, directory: Parts) -> Generator[AuthorizedStorage]:
        """Return the same storage, which keeps a directory open for many operations on its entries."""
        storage = self.collection.storage
        if storage is None:
            yield self
            return
        authorized = copy.copy(self)
        with storage.keeping_open(directory) as kept:
            authorized._kept = (storage, kept)  # noqa: SLF001 -- of this class
            yield authorized

    def stat(self, path: Parts) -> Entry:
        """Return the entry at a path."""
        self._authorize(path, write=False)  # the target of a link must be readable too
        storage, real = self._authorize(path, write=False, follow=False)
        return self._with_target(path, storage.stat(real))

    def entries(self, path: Parts) -> list[Entry]:
        """Return all entries of a directory."""
        storage, real = self._authorize(path, write=False)
        entries = storage.entries(real)
        for entry in entries:
            if entry.name in {"", ".", ".."} or "/" in entry.name or not is_text(entry.name):
                raise StorageError(Problem.OTHER, f"The storage lists {entry.name!r}, which is not a file name")
        return [self._with_target((*path, entry.name), entry) if entry.link is not None else entry for entry in entries]

    def open(self, path: Parts) -> BinaryIO:
        """Open a file for reading."""
        storage, real = self._authorize(path, write=False)
        return storage.open(real)

    def create(self, path: Parts) -> Upload:
        """Open a file for writing."""
        storage, real = self._authorize(path, write=True)
        return storage.create(real)

    def make_directory(self, path: Parts) -> None:
        """Create a directory; its parent must exist."""
        storage, real = self._authorize(path, write=True, follow=False)
        storage.make_directory(real)

    def ensure_directory(self, path: Parts) -> None:
        """Create a directory and its missing parents; no effect if it exists."""
        missing: list[Parts] = []
        current = path
        while current:
            try:
                entry = self.storage.stat(current)
            except StorageError as error:
                if error.problem is not Problem.NOT_FOUND:
                    raise
                missing.append(current)
                current = current[:-1]
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
        """Create a symbolic link."""
        storage, real = self._authorize(path, write=True, follow=False)
        storage.make_link(target, real)

    def rename(self, old: Parts, new: Parts) -> None:
        """Move a file or directory."""
        storage, source = self._authorize(old, write=True, follow=False)
        _, target = self._authorize(new, write=True, follow=False)
        storage.rename(source, target)

    def remove(self, path: Parts) -> None:
        """Remove a file or a symbolic link."""
        storage, real = self._authorize(path, write=True, follow=False)
        storage.remove(real)

    def remove_directory(self, path: Parts) -> None:
        """Remove an empty directory."""
        storage, real = self._authorize(path, write=True, follow=False)
        storage.remove_directory(real)

    def set_mtime(self, path: Parts, mtime: float) -> None:
        """Set the modification time of a file or directory."""
        storage, real = self._authorize(path, write=True)
        storage.set_mtime(real, mtime)

    def find(self, path: Parts) -> Entry | None:
        """Return the entry at a path, or ``None`` if there is none."""
        try:
            return self.stat(path)
        except StorageError as error:
            if error.problem in {Problem.NOT_FOUND, Problem.NOT_A_DIRECTORY}:
                return None
            raise

    def _authorize(self, path: Parts, *, write: bool, follow: bool = True) -> tuple[Storage, Parts]:
        """
        Check access to a path and to its resolved path; return the storage and the path to use.

        If access depends on the path, the resolved path is used with a storage that does not follow links: a link
        created after the check is not followed. Without ``follow`` a link at the end of the path is not resolved.
        """
        check_access(self._state, self.collection, self._identities, path, write=write)
        if has_uniform_access(self._state, self.collection, self._identities):
            return self.storage, path
        real = self.storage.real_path(path) if follow or not path else self._real_parent(path)
        if real != path:
            check_access(self._state, self.collection, self._identities, real, write=write)
        return self.storage.without_links(), real

    def _real_parent(self, path: Parts) -> Parts:
        return (*self.storage.real_path(path[:-1]), path[-1])

    def _with_target(self, path: Parts, entry: Entry) -> Entry:
        """Replace the entry of a link by that of its target, if the target is readable."""
        if entry.type != "invalid_symlink" or entry.link is None:
            return entry
        try:
            storage, real = self._authorize(path, write=False)
            target = storage.stat(real)
        except StorageError:
            return entry
        return entry if target.link is not None else target._replace(name=entry.name, link=entry.link)
