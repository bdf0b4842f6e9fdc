"""A collection's files as one user sees them: every operation is checked for permission before the storage does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from .permissions import check_access, is_uniform
from .storage.protocol import Entry, Problem, Storage, StorageError, Upload

if TYPE_CHECKING:
    from .models import Collection
    from .state import TransferState
    from .storage.paths import Parts

__all__ = ("AuthorizedStorage",)


class AuthorizedStorage:
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
        self._place(path, write=False)  # what a link leads to must be readable too
        storage, place = self._place(path, write=False, follow=False)
        return self._resolved(path, storage.stat(place))

    def entries(self, path: Parts) -> list[Entry]:
        """Describe all entries of a directory."""
        storage, place = self._place(path, write=False)
        return [self._resolved((*path, entry.name), entry) for entry in storage.entries(place)]

    def open(self, path: Parts) -> BinaryIO:
        """Open a file for reading."""
        storage, place = self._place(path, write=False)
        return storage.open(place)

    def create(self, path: Parts) -> Upload:
        """Start writing a file."""
        storage, place = self._place(path, write=True)
        return storage.create(place)

    def make_directory(self, path: Parts) -> None:
        """Make a directory."""
        storage, place = self._place(path, write=True, follow=False)
        storage.make_directory(place)

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
        storage, place = self._place(path, write=True, follow=False)
        storage.make_link(target, place)

    def rename(self, old: Parts, new: Parts) -> None:
        """Move a file or directory."""
        storage, source = self._place(old, write=True, follow=False)
        _, target = self._place(new, write=True, follow=False)
        storage.rename(source, target)

    def remove(self, path: Parts) -> None:
        """Remove a file or a link."""
        storage, place = self._place(path, write=True, follow=False)
        storage.remove(place)

    def remove_directory(self, path: Parts) -> None:
        """Remove an empty directory."""
        storage, place = self._place(path, write=True, follow=False)
        storage.remove_directory(place)

    def set_mtime(self, path: Parts, mtime: float) -> None:
        """Set when something was last modified."""
        storage, place = self._place(path, write=True)
        storage.set_mtime(place, mtime)

    def find(self, path: Parts) -> Entry | None:
        """Describe what is at a path, ``None`` if there is nothing."""
        try:
            return self.stat(path)
        except StorageError as error:
            if error.problem in {Problem.NOT_FOUND, Problem.NOT_A_DIRECTORY}:
                return None
            raise

    def _place(self, path: Parts, *, write: bool, follow: bool = True) -> tuple[Storage, Parts]:
        """
        Demand access to a path, and to where it leads if links are on its way; return how to get there.

        Where access differs from path to path, that is a way without links: one that is put in its place after it was
        judged leads nowhere. Without ``follow`` a link at the end stands for itself.
        """
        check_access(self._state, self.collection, self._identities, path, write=write)
        if is_uniform(self._state, self.collection, self._identities):
            return self.storage, path
        real = self.storage.real_path(path) if follow or not path else self._real_parent(path)
        if real != path:
            check_access(self._state, self.collection, self._identities, real, write=write)
        return self.storage.without_links(), real

    def _real_parent(self, path: Parts) -> Parts:
        return (*self.storage.real_path(path[:-1]), path[-1])

    def _resolved(self, path: Parts, entry: Entry) -> Entry:
        """Describe what a link leads to, if that may be read."""
        if entry.link is None or entry.type != "invalid_symlink":
            return entry
        try:
            storage, place = self._place(path, write=False)
            target = storage.stat(place)
        except StorageError:
            return entry
        return entry if target.link is not None else target._replace(name=entry.name, link=entry.link)
