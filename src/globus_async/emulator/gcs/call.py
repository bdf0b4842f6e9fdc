"""A call of a Manager: its endpoint and its caller, with the roles that the caller has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from .errors import GCSError, missing_role, not_found

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..kit.authentication import Caller
    from ..kit.collections import RoleRecord
    from ..kit.request import Request
    from .models import Endpoint, ManagedCollection, StorageGateway
    from .schemas import Schema
    from .state import GCSState

__all__ = ("Call", "call")

_ADMINS: Final = ("owner", "administrator")
_JSON: Final = "application/json"


@dataclass(frozen=True)
class Call:
    """A request of an authenticated caller to the Manager of an endpoint."""

    state: GCSState
    endpoint: Endpoint
    request: Request

    @property
    def caller(self) -> Caller:
        """The caller."""
        return self.request.caller

    def document(self) -> dict[str, Any]:
        """
        Return the JSON object of the body.

        Raises:
            GCSError: 415, it is said to be no JSON; 400, it is none.
        """
        content_type = (self.request.header("content-type") or "").partition(";")[0].strip().lower()
        if content_type != _JSON:
            raise GCSError(415, "unsupported_media_type", f"The body must be of the type {_JSON}")
        return self.request.document()

    def checked(self, schema: Schema, *, whole: bool = True) -> dict[str, Any]:
        """
        Return the members of the document in the body.

        Raises:
            GCSError: 415, 400 or 422, it does not fit the schema.
        """
        return schema.check(self.document(), whole=whole)

    # roles

    @cached_property
    def principals(self) -> frozenset[str]:
        """The identities of the caller, and the groups that they are in."""
        identity_ids = self.caller.identity_ids
        return identity_ids | self.state.directory.groups_of(identity_ids)

    def roles(self, entity_id: str | None = None) -> frozenset[str]:
        """Return the roles that the caller has, itself or through groups, on a collection or the endpoint."""
        collection = self.endpoint.collections.get(entity_id or "")
        records = self.state.collections.roles(entity_id or self.endpoint.id)
        found = {each.role for each in records if each.principal in self.principals}
        owner_id = self.endpoint.owner_id if collection is None else collection.owner_id
        return frozenset(found | {"owner"} if owner_id in self.caller.identity_ids else found)

    @cached_property
    def is_admin(self) -> bool:
        """Whether the caller administers the endpoint."""
        return not self.roles().isdisjoint(_ADMINS)

    def require_admin(self, message: str = "Insufficient permissions") -> None:
        """
        Require that the caller administers the endpoint.

        Raises:
            GCSError: 403 ``missing_required_role``.
        """
        if not self.is_admin:
            raise missing_role(message, [(None, each) for each in _ADMINS])

    def administers(self, collection: ManagedCollection) -> bool:
        """Whether the caller administers a collection: by a role on it, its mapped collection or the endpoint."""
        entities = [collection.id, *([collection.fields["mapped_collection_id"]] if collection.is_guest else [])]
        return self.is_admin or any(not self.roles(each).isdisjoint(_ADMINS) for each in entities)

    def require_administers(self, collection: ManagedCollection, message: str = "Insufficient permissions") -> None:
        """
        Require that the caller administers a collection.

        Raises:
            GCSError: 403 ``missing_required_role``.
        """
        if not self.administers(collection):
            needed = [(collection.id, "administrator"), *((None, each) for each in _ADMINS)]
            raise missing_role(message, needed)

    def sees(self, collection: ManagedCollection) -> bool:
        """Whether the caller sees a collection: a public one, or one with a role or an account."""
        return (
            bool(collection.fields.get("public", True))
            or bool(self.roles(collection.id))
            or bool(self.roles())
            or self.administers(collection)
        )

    def has_private_policies(self) -> bool:
        """
        Return whether the request asks for private policies, which administrators may see.

        Raises:
            GCSError: 403, the caller does not administer the endpoint.
        """
        if "private_policies" not in self.request.parameter_list("include"):
            return False
        self.require_admin("Only administrators of the endpoint may see private policies")
        return True

    # resources

    def collection(self, collection_id: str | None = None) -> ManagedCollection:
        """
        Return a collection that the caller sees; by default that of the path.

        Raises:
            GCSError: 404 ``collection_not_found``.
        """
        wanted = self.request.path_id("collection_id") if collection_id is None else collection_id
        collection = self.endpoint.collections.get(wanted.lower())
        if collection is None or not self.sees(collection):
            raise not_found("collection", wanted)
        return collection

    def gateway(self) -> StorageGateway:
        """
        Return the storage gateway of the path.

        Raises:
            GCSError: 404 ``storage_gateway_not_found``.
        """
        gateway: StorageGateway = self.found(self.endpoint.gateways, "storage_gateway")
        return gateway

    def found(self, resources: Mapping[str, Any], kind: str) -> Any:
        """
        Return a resource of the path.

        Raises:
            GCSError: 404, there is none.
        """
        resource_id = self.request.path_id(f"{kind}_id")
        if resource_id.lower() not in resources:
            raise not_found(kind, resource_id)
        return resources[resource_id.lower()]

    def own_roles(self, records: Iterable[RoleRecord]) -> list[RoleRecord]:
        """Return those roles that the caller has, itself or through groups."""
        return [each for each in records if each.principal in self.principals]


def call(state: GCSState, request: Request) -> Call:
    """Return the call of a request."""
    return Call(state, state.endpoint_of(request), request)
