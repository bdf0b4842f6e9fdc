"""Roles on collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.fields import UUID, choice
from ...kit.ids import new_id
from ..documents import result_document, role_document
from ..errors import TransferError
from ..models import Collection, Role
from ..permissions import ROLES, require_role

if TYPE_CHECKING:
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import TransferState

__all__ = (
    "ROUTES",
    "create_role",
    "delete_role",
    "get_role",
    "role_list",
)


async def role_list(state: TransferState, request: Request) -> Document:
    """List the roles; requires any role on the collection."""
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, *ROLES, "restricted_administrator")
    return {"DATA_TYPE": "role_list", "DATA": [role_document(role) for role in collection.roles.values()]}


async def get_role(state: TransferState, request: Request) -> Document:
    """Read a role."""
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, *ROLES, "restricted_administrator")
    return role_document(_role(request, collection))


async def create_role(state: TransferState, request: Request) -> Document:
    """Add a role."""
    collection, fields = _administered_collection(state, request), request.fields()
    name, principal = fields.required("role", choice(*ROLES)), fields.required("principal", UUID)
    principal_type = fields.optional("principal_type", choice("identity", "group"), "identity")
    if any((role.principal, role.role) == (principal, name) for role in collection.roles.values()):
        raise TransferError(409, "Exists", "The principal has this role already")
    role = Role(new_id(), principal, name, principal_type)
    collection.roles[role.id] = role
    return role_document(role)


async def delete_role(state: TransferState, request: Request) -> Document:
    """Delete a role."""
    collection = _administered_collection(state, request)
    role = _role(request, collection)
    if role.principal == collection.owner_id and role.role == "administrator":
        raise TransferError(409, "Conflict", "The administrator role of the owner cannot be deleted")
    del collection.roles[role.id]
    return result_document(request, "Deleted", f"Role '{role.id}' deleted successfully")


def _administered_collection(state: TransferState, request: Request) -> Collection:
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, "administrator")
    return collection


def _role(request: Request, collection: Collection) -> Role:
    role = collection.roles.get(request.path_id("role_id"))
    if role is None:
        raise TransferError(404, "RoleNotFound", f"No such role '{request.path_id('role_id')}'")
    return role


ROUTES: Final[RouteTable[TransferState]] = (
    ("GET", "/endpoint/{endpoint_id}/role_list", role_list),
    ("POST", "/endpoint/{endpoint_id}/role", create_role),
    ("GET", "/endpoint/{endpoint_id}/role/{role_id}", get_role),
    ("DELETE", "/endpoint/{endpoint_id}/role/{role_id}", delete_role),
)
