"""Which paths of a collection a Manager lets be read and written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .accounts import account_of
from .restrictions import access_to, lowest_access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kit.directory import Directory
    from .models import Endpoint, ManagedCollection, Resource, StorageGateway

__all__ = ("PathAccess", "sharing_access")


def sharing_access(endpoint: Endpoint, mapped: ManagedCollection, path: str, username: str | None) -> str:
    """Return the access to a path of a mapped collection that its guest collections can have, those of a local user."""
    own = [
        each
        for each in endpoint.sharing_policies.values()
        if each.fields["collection_id"] == mapped.id and _is_for(each, username)
    ]
    documents = [each.fields.get("sharing_restrict_paths") for each in (mapped, *own)]
    return lowest_access(access_to(path, each, username) for each in documents)


def _is_for(policy: Resource, username: str | None) -> bool:
    users = policy.fields.get("users")
    return users is None or username in users


@dataclass(frozen=True, slots=True)
class PathAccess:
    """The restrictions of a collection, as they are at the time of an access: `ManagedEntity.allows`."""

    directory: Directory
    endpoint: Endpoint
    collection: ManagedCollection

    def __call__(self, path: Sequence[str], identities: frozenset[str], *, write: bool) -> bool:
        """Return whether identities may read, or write, a path."""
        grades = self._of_guest(path) if self.collection.is_guest else self._of_mapped(path, identities)
        return any(each == "read_write" or (each == "read" and not write) for each in grades)

    def _of_mapped(self, path: Sequence[str], identities: frozenset[str]) -> list[str]:
        restrictions = self._gateway().fields.get("restrict_paths")
        absolute = _joined(self.endpoint.root_path(self.collection), path)
        users = {account_of(self.directory, self._gateway().fields, each) for each in identities}
        return [access_to(absolute, restrictions, each) for each in users]

    def _of_guest(self, path: Sequence[str]) -> list[str]:
        fields = self.collection.fields
        mapped = self.endpoint.collections[fields["mapped_collection_id"]]
        credential = self.endpoint.credentials.get(fields["user_credential_id"])
        if credential is None or not mapped.fields.get("allow_guest_collections"):
            return []
        user: str | None = credential.fields.get("username")
        absolute = _joined(self.endpoint.root_path(self.collection), path)
        shared = sharing_access(self.endpoint, mapped, _joined(fields["collection_base_path"], path), user)
        return [lowest_access((access_to(absolute, self._gateway().fields.get("restrict_paths"), user), shared))]

    def _gateway(self) -> StorageGateway:
        return self.endpoint.gateways[self.collection.fields["storage_gateway_id"]]


def _joined(root: str, path: Sequence[str]) -> str:
    return "/".join((root.rstrip("/"), *path)) or "/"
