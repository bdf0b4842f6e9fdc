"""The endpoints and collections that a Manager of Globus Connect Server puts into Transfer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..kit.collections import RoleRecord
from .models import ENDPOINT_DEFAULTS, Collection, Role
from .storage import paths
from .storage.memory import MemoryStorage
from .storage.protocol import StorageError

if TYPE_CHECKING:
    from typing import Any

    from ..kit.collections import ManagedEntity
    from .state import TransferState
    from .storage.paths import Parts
    from .storage.protocol import Storage

__all__ = ("ManagedCollections",)


class ManagedCollections:
    """
    The collections of Transfer, as the service that manages them sees them: `kit.collections.CollectionRegistry`.

    Args:
        state: The state of Transfer.
    """

    def __init__(self, state: TransferState) -> None:
        self._state = state

    def put(self, entity: ManagedEntity, storage: Any = None) -> None:
        """
        Add an endpoint or collection, or change the present one of the same id.

        Raises:
            NotADirectoryError: The path of a new collection is no directory.
        """
        parts = paths.parse(entity.path)
        host = None if entity.host_id is None else self._state.collections[entity.host_id]
        collection = self._state.collections.get(entity.id)
        try:
            root = _root_at(host.storage, parts) if host is not None else _mapped_root(storage, parts)
        except NotADirectoryError:
            if collection is None:
                raise
            root = collection.storage  # its directory was removed since it was made
        if collection is None:
            fields = {**ENDPOINT_DEFAULTS, "display_name": ""}
            collection = Collection(entity.id, entity.owner_id, fields, host=host)
            self._state.collections[entity.id] = collection
        elif collection.owner_id != entity.owner_id:
            self._change_owner(collection, entity.owner_id)
        collection.fields |= entity.document
        collection.storage = root
        collection.host_path = parts if host is not None else ()
        collection.manager_host = entity.domain
        collection.endpoint_id = entity.endpoint_id
        collection.https_host, collection.https_methods = entity.https_host, entity.https_methods
        collection.address_of = self._state.platform.address_of
        collection.needs_data_access = entity.needs_data_access
        collection.account_of, collection.allows = entity.account_of, entity.allows

    def _change_owner(self, collection: Collection, owner_id: str) -> None:
        own = [each for each in collection.roles.values() if each.role == "administrator"]
        new = [each for each in own if each.principal == owner_id]
        for role in own:
            if role.principal == collection.owner_id:
                if new:
                    del collection.roles[role.id]
                else:
                    role.principal = owner_id
        collection.owner_id = owner_id

    def remove(self, id: str) -> None:
        """Remove an endpoint or collection."""
        self._state.collections.pop(id, None)
        self._state.deleted_collections.add(id)

    def __contains__(self, id: object) -> bool:
        return id in self._state.collections

    def https_url(self, id: str) -> str | None:
        """Return the address of the files of a collection; `None` if it serves none over HTTPS."""
        return self._state.collections[id].https_url

    def storage_of(self, *, path: str | None = None, files: Any = None) -> Storage:
        """Return a storage for `put`: a directory of this machine, or one in memory."""
        if path is None:
            return MemoryStorage(files or {}, clock=self._state.clock)
        # as in TransferState: not available on all platforms
        from .storage.directory import DirectoryStorage  # noqa: PLC0415 -- as above

        return DirectoryStorage(path)

    def storage_at(self, id: str) -> Storage | None:
        """Return the storage of a collection, for `put`; `None` if it has none."""
        return self._state.collections[id].storage

    def roles(self, id: str) -> list[RoleRecord]:
        """Return the roles on an endpoint or collection, that of its owner among them."""
        return [
            RoleRecord(each.id, each.principal, each.role, each.principal_type == "group")
            for each in self._state.collections[id].roles.values()
        ]

    def add_role(self, id: str, role: RoleRecord) -> None:
        """Add a role."""
        kind = "group" if role.is_group else "identity"
        self._state.collections[id].roles[role.id] = Role(role.id, role.principal, role.role, kind)

    def remove_role(self, id: str, role_id: str) -> None:
        """Remove a role."""
        self._state.collections[id].roles.pop(role_id, None)


def _root_at(storage: Storage | None, path: Parts) -> Storage | None:
    try:
        if storage is None:
            return None
        if not storage.stat(path).is_directory:
            raise NotADirectoryError(paths.joined(path))
        return storage.subtree(path)
    except StorageError as error:
        raise NotADirectoryError(str(error)) from None


def _mapped_root(storage: Storage | None, path: Parts) -> Storage | None:
    """Return the storage of a mapped collection, whose directory is made if it is missing."""
    if storage is None:
        return None
    for end in range(1, len(path) + 1):
        with suppress(StorageError):  # it exists, or the last one cannot be found
            storage.make_directory(path[:end])
    return _root_at(storage, path)
