"""The state of the emulated Managers, and its setup by tests."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..kit.collections import ManagedEntity
from ..kit.ids import new_id, own_ids
from .accounts import account_of
from .errors import GCSError
from .models import DEFAULT_TIMEOUT, POSIX, Endpoint, ManagedCollection, Resource, StorageGateway
from .path_access import PathAccess

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from ..kit.collections import CollectionRegistry
    from ..kit.directory import Directory, Identity
    from ..kit.request import Request
    from ..kit.service import Document, Platform

__all__ = ("API_VERSION", "VERSION", "GCSState")

_SAME_IN_TRANSFER: Final = (
    *("contact_email", "contact_info", "default_directory", "department", "description", "display_name", "info_link"),
    *("organization", "public", "user_message", "user_message_link", "disable_verify", "force_verify"),
    *("force_encryption", "disable_anonymous_writes", "auto_delete_timeout", "skip_auto_delete"),
    *("associated_flow_policy", "restrict_transfers_to_high_assurance"),
)
"""The members of collections that Transfer's documents have under the same name."""
_DEFAULTS_IN_TRANSFER: Final = {
    **dict.fromkeys(("disable_verify", "force_verify", "force_encryption", "disable_anonymous_writes"), False),
    "skip_auto_delete": False,
    "public": True,
}
_OF_MAPPED: Final = ("user_message", "user_message_link")
"""The members that guest collections have of their mapped collection."""
_ENTITY: Final = {"mapped": "GCSv5_mapped_collection", "guest": "GCSv5_guest_collection"}
VERSION: Final = "5.4.90"
API_VERSION: Final = "1.36.0"


class GCSState:
    """
    All endpoints with what their Managers keep, and methods for tests.

    Args:
        platform: What it shares with the other services.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.endpoints: dict[str, Endpoint] = {}
        """By id."""
        self.requires_subscriptions = False
        """Refuse what only an endpoint with a subscription may do, such as HTTPS."""

    def __repr__(self) -> str:
        return f"<GCSState: {len(self.endpoints)} endpoints>"

    @property
    def directory(self) -> Directory:
        """The identities and groups of the emulator."""
        return self.platform.directory

    @property
    def collections(self) -> CollectionRegistry:
        """The collections of the emulator, as Transfer has them."""
        return self.platform.collections

    def now(self) -> float:
        """Return POSIX seconds."""
        return self.platform.clock.wall()

    # hosts

    def host(self, name: str) -> Endpoint | None:
        """Return the endpoint whose Manager has a host; `None` if there is none."""
        return next((each for each in list(self.endpoints.values()) if name in self.hosts_of(each)), None)

    def user_of_host(self, name: str) -> str | None:
        """Return the id of the endpoint or collection of a host, or the name of its service; `None` if it is free."""
        for endpoint in self.endpoints.values():
            if name in self.hosts_of(endpoint):
                return endpoint.id
            for collection in endpoint.collections.values():
                if endpoint.domain_of(collection) == name:
                    return collection.id
        return self.platform.service_at(name)

    @staticmethod
    def hosts_of(endpoint: Endpoint) -> tuple[str, ...]:
        """Return the hosts of a Manager: the one it was made with, and its own domain."""
        return (endpoint.host, *([endpoint.domain["domain_name"]] if endpoint.domain else []))

    def endpoint_of(self, request: Request) -> Endpoint:
        """
        Return the endpoint whose Manager a request was sent to.

        Raises:
            GCSError: 404, there is no endpoint of this host any more.
        """
        endpoint = self.host(request.raw.url.hostname or "")
        if endpoint is None:
            raise GCSError(404, "not_found", f"There is no endpoint with the domain '{request.raw.url.hostname}'")
        return endpoint

    # what Transfer and Auth have

    def put_endpoint(self, endpoint: Endpoint) -> None:
        """Add an endpoint to Transfer and its scope to Auth, or bring Transfer up to date."""
        document = _transfer_document(endpoint.fields)
        document |= {
            "entity_type": "GCSv5_endpoint",
            "gcs_version": VERSION,
            "shareable": False,
            "subscription_id": endpoint.fields.get("subscription_id"),
            **{
                name: value
                for name in ("network_use", "max_concurrency", "preferred_concurrency")
                if (value := endpoint.fields.get(name)) is not None
            },
        }
        entity = ManagedEntity(endpoint.id, endpoint.owner_id, endpoint.host, document, endpoint_id=endpoint.id)
        name = str(endpoint.fields["display_name"])
        self.platform.authority.add_scope(endpoint.client_id, endpoint.scope, name=name)
        self.collections.put(entity)
        for each in endpoint.collections.values():
            self.put_collection(endpoint, each)

    def put_collection(self, endpoint: Endpoint, collection: ManagedCollection) -> None:
        """
        Add a collection to Transfer and its scopes to Auth, or bring Transfer up to date.

        Raises:
            NotADirectoryError: The base path of a new collection is no directory.
        """
        fields, gateway = collection.fields, endpoint.gateways[collection.fields["storage_gateway_id"]]
        high_assurance = bool(gateway.fields.get("high_assurance"))
        host = None if not collection.is_guest else endpoint.collections[fields["mapped_collection_id"]]
        timeout = gateway.fields.get("authentication_timeout_mins") or DEFAULT_TIMEOUT
        methods: list[str] | None = fields.get("https_methods")
        document = _transfer_document(self.fields_of(endpoint, collection))
        document |= {
            "entity_type": _ENTITY[fields["collection_type"]],
            "gcs_version": VERSION,
            "high_assurance": high_assurance,
            "authentication_timeout_mins": timeout,
            "authentication_assurance_timeout": timeout,
            "mfa_required": bool(gateway.fields.get("require_mfa")),
            "authentication_policy_id": None if host is None else host.fields.get("guest_auth_policy_id"),
            "acl_max_expiration_period_mins": fields.get("acl_expiration_mins"),
            "guest_collection_activity_notification_policy": fields.get("activity_notification_policy"),
            "shareable": host is None and bool(fields.get("allow_guest_collections")),
            "subscription_id": endpoint.fields.get("subscription_id"),
            "subscription_admin_verified": collection.verified,
            "tlsftp_server": f"tlsftp://{endpoint.domain_of(collection)}:443",
        }
        entity = ManagedEntity(
            collection.id,
            collection.owner_id,
            endpoint.host,
            document,
            endpoint_id=endpoint.id,
            host_id=None if host is None else host.id,
            path="/" if collection.storage is not None else fields["collection_base_path"],
            needs_data_access=host is None and not high_assurance,
            account_of=None if host is not None else partial(self.account, gateway),
            allows=PathAccess(self.directory, endpoint, collection)
            if host or gateway.fields.get("restrict_paths")
            else None,
            https_host=endpoint.domain_of(collection) if _serves_https(host) and _serves_https(collection) else None,
            https_methods=None if methods is None else frozenset(methods),
        )
        self.collections.put(entity, gateway.storage if collection.storage is None else collection.storage)
        for scope in self.scopes_of(endpoint, collection):
            self.platform.authority.add_scope(collection.id, scope, name=str(fields["display_name"]))

    @staticmethod
    def fields_of(endpoint: Endpoint, collection: ManagedCollection) -> Document:
        """Return the members of a collection, those among them that a guest collection has of its mapped collection."""
        if not collection.is_guest:
            return collection.fields
        mapped = endpoint.collections[collection.fields["mapped_collection_id"]].fields
        own = {name: value for name, value in collection.fields.items() if name not in _OF_MAPPED}
        inherited: Document = {name: mapped[name] for name in _OF_MAPPED if name in mapped}
        return {**own, **inherited, **({"force_encryption": True} if mapped.get("force_encryption") else {})}

    def scopes_of(self, endpoint: Endpoint, collection: ManagedCollection) -> list[str]:
        """Return the scopes of a collection; ``data_access`` is one of mapped ones without high assurance."""
        gateway = endpoint.gateways[collection.fields["storage_gateway_id"]]
        has_data_access = not collection.is_guest and not gateway.fields.get("high_assurance")
        names = ["https", *(["data_access"] if has_data_access else [])]
        return [f"https://auth.globus.org/scopes/{collection.id}/{each}" for each in names]

    def delete_collection(self, endpoint: Endpoint, collection: ManagedCollection) -> None:
        """Remove a collection from its endpoint, Transfer and Auth, with its guest collections and policies."""
        for guest in endpoint.guests_of(collection.id):
            self.delete_collection(endpoint, guest)
        for scope in self.scopes_of(endpoint, collection):
            self.platform.authority.remove_scope(scope)
        del endpoint.collections[collection.id]
        self.collections.remove(collection.id)
        for policy in list(endpoint.sharing_policies.values()):
            if policy.fields["collection_id"] == collection.id:
                del endpoint.sharing_policies[policy.id]

    def account(self, gateway: StorageGateway, identity_id: str) -> str | None:
        """Return the local user that a gateway maps an identity to; `None` if it has no account."""
        return account_of(self.directory, gateway.fields, identity_id)

    # for tests

    @own_ids
    def add_endpoint(
        self,
        display_name: str,
        *,
        owner: Identity | str,
        domain: str | None = None,
        id: str | None = None,
        client_id: str | None = None,
        **fields: Any,
    ) -> Endpoint:
        """
        Add an endpoint of Globus Connect Server, without gateways and collections.

        Args:
            display_name: Its display name.
            owner: The identity that owns it, or its id.
            domain: The host of its Manager; derived from its id by default.
            id: Its UUID; a random one by default.
            client_id: The UUID of the client of its Manager; by default its own.
            fields: Further members of its document, such as ``organization``.
        """
        endpoint_id = new_id() if id is None else id.lower()
        plain = endpoint_id.replace("-", "")
        endpoint = Endpoint(
            endpoint_id,
            endpoint_id if client_id is None else client_id.lower(),
            owner if isinstance(owner, str) else owner.id,
            f"{plain[:6]}.{plain[6:10]}.data.globus.org" if domain is None else domain.lower(),
            {
                "display_name": display_name,
                "public": True,
                "network_use": "normal",
                "allow_udt": False,
                "gridftp_control_channel_port": 443,
                "subscription_id": None,
                **fields,
            },
        )
        self.endpoints[endpoint.id] = endpoint
        self.put_endpoint(endpoint)
        return endpoint

    @own_ids
    def add_storage_gateway(
        self,
        endpoint: Endpoint,
        display_name: str = "POSIX storage",
        *,
        path: str | os.PathLike[str] | None = None,
        files: Mapping[str, Any] | None = None,
        storage: object = None,
        connector_id: str = POSIX,
        id: str | None = None,
        **fields: Any,
    ) -> StorageGateway:
        """
        Add a storage gateway.

        Args:
            endpoint: The endpoint.
            display_name: Its display name.
            path: The directory with its files; by default they are in memory.
            files: The files in memory, by path.
            storage: A storage instead of a directory or files.
            connector_id: Its connector; POSIX by default.
            id: Its UUID; a random one by default.
            fields: Further members of its document, such as ``high_assurance=True``.
        """
        where = None if path is None else str(path)
        found = self.collections.storage_of(path=where, files=files) if storage is None else storage
        document = {"display_name": display_name, "connector_id": connector_id, **fields}
        gateway = StorageGateway(new_id() if id is None else id.lower(), document, found)
        endpoint.gateways[gateway.id] = gateway
        return gateway

    @own_ids
    def add_mapped_collection(
        self,
        gateway: StorageGateway,
        display_name: str,
        *,
        owner: Identity | str | None = None,
        base_path: str = "/",
        id: str | None = None,
        **fields: Any,
    ) -> ManagedCollection:
        """
        Add a mapped collection.

        Args:
            gateway: Its storage gateway.
            display_name: Its display name.
            owner: The identity that owns it, or its id; by default the owner of the endpoint.
            base_path: The directory of the gateway that is its root; it is made if it is missing.
            id: Its UUID; a random one by default.
            fields: Further members of its document, such as ``public=False``.
        """
        endpoint = self.endpoint_with(gateway)
        document = {
            "collection_type": "mapped",
            "storage_gateway_id": gateway.id,
            "collection_base_path": base_path,
            "display_name": display_name,
            "allow_guest_collections": True,
            **fields,
        }
        return self._add_collection(endpoint, document, owner, id)

    @own_ids
    def add_guest_collection(
        self,
        mapped: ManagedCollection,
        display_name: str,
        *,
        owner: Identity | str,
        base_path: str = "/",
        id: str | None = None,
        **fields: Any,
    ) -> ManagedCollection:
        """
        Add a guest collection, with a credential of its owner if there is none yet.

        Args:
            mapped: The mapped collection.
            display_name: Its display name.
            owner: The identity that owns it, or its id.
            base_path: The directory of the mapped collection that is its root.
            id: Its UUID; a random one by default.
            fields: Further members of its document, such as ``public=False``.

        Raises:
            NotADirectoryError: The base path is no directory of the mapped collection.
        """
        endpoint = next(each for each in self.endpoints.values() if mapped.id in each.collections)
        gateway = endpoint.gateways[mapped.fields["storage_gateway_id"]]
        document = {
            "collection_type": "guest",
            "mapped_collection_id": mapped.id,
            "storage_gateway_id": gateway.id,
            "user_credential_id": self.add_credential(gateway, owner).id,
            "collection_base_path": base_path,
            "display_name": display_name,
            **fields,
        }
        return self._add_collection(endpoint, document, owner, id)

    @own_ids
    def add_credential(
        self, gateway: StorageGateway, owner: Identity | str, *, username: str | None = None, id: str | None = None
    ) -> Resource:
        """
        Return the credential of an identity on a gateway, which is made if there is none.

        Args:
            gateway: The gateway.
            owner: The identity, or its id.
            username: The local user; by default the one that the gateway maps the identity to.
            id: Its UUID; a random one by default.
        """
        endpoint, owner_id = self.endpoint_with(gateway), owner if isinstance(owner, str) else owner.id
        user = self.account(gateway, owner_id) if username is None else username
        fields: Document = {
            "identity_id": owner_id,
            "storage_gateway_id": gateway.id,
            "connector_id": gateway.fields["connector_id"],
            "username": user,
            "display_name": None,
            "policies": {},
        }
        for each in endpoint.credentials.values():
            if all(each.fields.get(name) == fields[name] for name in ("identity_id", "storage_gateway_id", "username")):
                return each
        credential = Resource(new_id() if id is None else id.lower(), fields)
        endpoint.credentials[credential.id] = credential
        return credential

    def endpoint_with(self, gateway: StorageGateway) -> Endpoint:
        """Return the endpoint of a storage gateway."""
        return next(each for each in self.endpoints.values() if gateway.id in each.gateways)

    def _add_collection(
        self, endpoint: Endpoint, fields: Document, owner: Identity | str | None, id: str | None
    ) -> ManagedCollection:
        owner_id = endpoint.owner_id if owner is None else owner if isinstance(owner, str) else owner.id
        return self.make_collection(endpoint, {**fields, "identity_id": owner_id}, creator_id=owner_id, id=id)

    def make_collection(
        self, endpoint: Endpoint, fields: Document, *, creator_id: str, id: str | None = None
    ) -> ManagedCollection:
        """
        Make a collection of members that were checked.

        Args:
            endpoint: Its endpoint.
            fields: The members.
            creator_id: The identity that makes it.
            id: Its UUID; a new one by default.

        Raises:
            NotADirectoryError: The base path is no directory.
        """
        collection_id = new_id() if id is None else id.lower()
        is_guest = fields["collection_type"] == "guest"
        defaults: Document = {"public": True}
        if not is_guest:
            defaults |= {"allow_guest_collections": False, "delete_protected": True}
        collection = ManagedCollection(collection_id, {**defaults, **fields}, creator_id, self.now())
        endpoint.collections[collection.id] = collection
        try:
            self.put_collection(endpoint, collection)
        except NotADirectoryError:
            del endpoint.collections[collection.id]
            raise
        return collection


def _serves_https(collection: ManagedCollection | None) -> bool:
    return collection is None or collection.fields.get("enable_https") is not False


def _transfer_document(fields: Mapping[str, Any]) -> Document:
    """Return the members of a collection as Transfer's document has them."""
    keywords: Iterable[str] = fields.get("keywords") or ()
    same = {name: fields.get(name, _DEFAULTS_IN_TRANSFER.get(name)) for name in _SAME_IN_TRANSFER}
    return {**same, "keywords": ",".join(keywords) or None}
