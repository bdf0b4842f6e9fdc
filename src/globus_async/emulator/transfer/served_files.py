"""The files of collections, as their HTTPS servers hand them out."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..kit.collection_files import FileAccessError, FileWriter, ServedCollection
from .authorized_storage import AuthorizedStorage
from .permissions import may_access
from .storage.protocol import StorageError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from typing import BinaryIO

    from .models import Collection
    from .state import TransferState
    from .storage.protocol import Upload

__all__ = ("ServedFiles",)


class ServedFiles:
    """
    The files of all collections: `kit.collection_files.CollectionFiles`.

    Args:
        state: The state of Transfer.
    """

    def __init__(self, state: TransferState) -> None:
        self._state = state
        self._found: dict[str, Collection] = {}
        """The collections that were found by their hosts."""

    def at(self, name: str) -> ServedCollection | None:
        """Return the collection whose HTTPS server has a host name; `None` if there is none."""
        collection = self._find(name)
        if collection is None:
            return None
        fields, host = collection.fields, collection.host
        methods = collection.https_methods
        if host is not None and host.https_methods is not None:
            methods = host.https_methods if methods is None else methods & host.https_methods
        return ServedCollection(
            collection.id,
            collection.display_name,
            collection.is_guest,
            methods,
            collection.serves_https and (host is None or host.https_enabled),
            collection.needs_data_access,
            bool(fields["high_assurance"]),
            fields["authentication_policy_id"],
            fields["authentication_timeout_mins"],
            bool(fields["mfa_required"]),
        )

    def _find(self, host: str) -> Collection | None:
        if not host.rpartition(".")[2].isalpha():  # a path such as v0.10, or an address such as 127.0.0.1
            return None
        found = self._found.get(host)
        if found is not None and found.https_host == host and self._state.collections.get(found.id) is found:
            return found
        for collection in list(self._state.collections.values()):
            if collection.https_host == host:
                self._found[host] = collection
                return collection
        return None

    def open(self, collection_id: str, identities: frozenset[str], path: Sequence[str]) -> BinaryIO:
        """Open a file for reading."""
        with _file_errors():
            return self._storage(collection_id, identities).open(tuple(path))

    def overwrite(self, collection_id: str, identities: frozenset[str], path: Sequence[str]) -> FileWriter:
        """Open a file for writing, without its former content; its directory must exist."""
        with _file_errors():
            storage = self._storage(collection_id, identities)
            storage.create(tuple(path)).commit()  # the former content is gone from the start
            return _Writer(storage.create(tuple(path)))

    def delete(self, collection_id: str, identities: frozenset[str], path: Sequence[str]) -> None:
        """Remove a file."""
        with _file_errors():
            self._storage(collection_id, identities).remove(tuple(path))

    def may_access(self, collection_id: str, identities: frozenset[str], path: Sequence[str], *, write: bool) -> bool:
        """Return whether access rules allow identities to read, or to write, a path."""
        collection = self._state.collections.get(collection_id)
        return collection is not None and may_access(self._state, collection, identities, tuple(path), write=write)

    def _storage(self, collection_id: str, identities: frozenset[str]) -> AuthorizedStorage:
        collection = self._state.collections.get(collection_id)
        if collection is None:
            raise FileAccessError("ENDPOINT_ERROR", "The collection was deleted")
        return AuthorizedStorage(self._state, collection, identities)


class _Writer:
    """An upload whose end is the end of the file, whatever has arrived."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload

    def write(self, data: bytes, /) -> None:
        """Append data to the file."""
        with _file_errors():
            self._upload.write(data)

    def close(self) -> None:
        """End the file with what was written."""
        with _file_errors():
            self._upload.commit()


@contextmanager
def _file_errors() -> Generator[None]:
    try:
        yield
    except StorageError as error:
        raise FileAccessError(error.problem.value, str(error)) from None
