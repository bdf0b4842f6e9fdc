"""The resources of the emulated Managers, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ..kit.service import Document

__all__ = ("DEFAULT_TIMEOUT", "POSIX", "Endpoint", "ManagedCollection", "Resource", "StorageGateway")

POSIX: Final = "145812c8-decc-41f1-83cf-bb2a85a2a70b"
"""The id of the POSIX connector."""
DEFAULT_TIMEOUT: Final = 15_840
"""Minutes for which a login counts: eleven days."""


@dataclass(eq=False, slots=True)
class Resource:
    """A resource without state beside its document: a node, a policy, a credential, a stream gateway, a LAN secret."""

    id: str
    fields: Document
    """The members that were set."""


@dataclass(eq=False, slots=True)
class StorageGateway(Resource):
    """A storage gateway, with the storage that its mapped collections show."""

    storage: Any = None


@dataclass(eq=False, slots=True)
class ManagedCollection(Resource):
    """A collection of an endpoint."""

    creator_id: str
    created: float
    domain: Document | None = None
    """Its own domain, with a certificate."""
    owner_string: str | None = None
    verified: bool = False
    """Whether an administrator of the subscription has verified it."""
    storage: Any = None
    """A storage of its own that is its root, instead of a part of that of its gateway."""

    @property
    def is_guest(self) -> bool:
        """Whether it is a guest collection."""
        return bool(self.fields["collection_type"] == "guest")

    @property
    def owner_id(self) -> str:
        """The identity that owns it."""
        return str(self.fields["identity_id"])


@dataclass(eq=False, slots=True)
class Endpoint:
    """An endpoint of Globus Connect Server, and all that its Manager keeps."""

    id: str
    client_id: str
    """The client of its Manager: the resource server of its scopes."""
    owner_id: str
    host: str
    """The host of its Manager."""
    fields: Document
    owner_string: str | None = None
    domain: Document | None = None
    """Its own domain, with a certificate."""
    gateways: dict[str, StorageGateway] = field(default_factory=dict[str, StorageGateway])
    collections: dict[str, ManagedCollection] = field(default_factory=dict[str, ManagedCollection])
    nodes: dict[str, Resource] = field(default_factory=dict[str, Resource])
    sharing_policies: dict[str, Resource] = field(default_factory=dict[str, Resource])
    stream_gateways: dict[str, Resource] = field(default_factory=dict[str, Resource])
    credentials: dict[str, Resource] = field(default_factory=dict[str, Resource])
    lan_secrets: dict[str, Resource] = field(default_factory=dict[str, Resource])
    pending_logins: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """The credentials whose owners are logging in with a provider, by the state of the login."""

    @property
    def scope(self) -> str:
        """The scope of its Manager."""
        return f"urn:globus:auth:scope:{self.client_id}:manage_collections"

    def domain_of(self, collection: ManagedCollection) -> str:
        """Return the domain of a collection: the one that was chosen, or one made from its id."""
        if collection.domain is not None:
            return str(collection.domain["domain_name"])
        chosen = collection.fields.get("domain_name")
        label = chosen or f"{'g' if collection.is_guest else 'm'}-{collection.id.replace('-', '')[:6]}"
        return self.host_named(str(label))

    def host_named(self, label: str) -> str:
        """Return the host of a domain name, which may be its first label only."""
        return label if "." in label else f"{label}.{self.host}"

    def guests_of(self, collection_id: str) -> list[ManagedCollection]:
        """Return the guest collections on a mapped collection."""
        return [each for each in self.collections.values() if each.fields.get("mapped_collection_id") == collection_id]

    def root_path(self, collection: ManagedCollection) -> str:
        """Return the root of a collection on the storage of its gateway."""
        path = str(collection.fields["collection_base_path"])
        if not collection.is_guest:
            return path
        host = self.collections[collection.fields["mapped_collection_id"]]
        return f"{self.root_path(host).rstrip('/')}{path}"
