"""Roles: who administers, manages and monitors a collection."""

from __future__ import annotations

import uuid
from typing import Final

from ..call import Call, RouteTable, required_text, result, text_member
from ..documents import role_document
from ..errors import ServiceError
from ..models import Collection, Document, Role
from ..permissions import ROLES, require_role

__all__ = (
    "ROUTES",
    "create_role",
    "delete_role",
    "get_role",
    "role_list",
)


async def role_list(call: Call) -> Document:
    """List roles; everybody with a role may."""
    collection = call.collection()
    require_role(call.state, collection, call.caller, *ROLES, "restricted_administrator")
    return {"DATA_TYPE": "role_list", "DATA": [role_document(role) for role in collection.roles.values()]}


async def get_role(call: Call) -> Document:
    """Read a role."""
    collection = call.collection()
    require_role(call.state, collection, call.caller, *ROLES, "restricted_administrator")
    return role_document(_role(call, collection))


async def create_role(call: Call) -> Document:
    """Give somebody a role."""
    collection, document = _administered(call), call.document()
    name, principal = required_text(document, "role"), required_text(document, "principal")
    principal_type = text_member(document, "principal_type") or "identity"
    if name not in ROLES:
        raise ServiceError(400, "BadRequest", f"Invalid role '{name}': one of {', '.join(ROLES)} is required")
    if principal_type not in {"identity", "group"}:
        raise ServiceError(400, "BadRequest", f"Invalid principal_type '{principal_type}'")
    try:
        principal = str(uuid.UUID(principal))
    except ValueError:
        raise ServiceError(400, "BadRequest", f"Invalid principal '{principal}': a UUID is required") from None
    if any((role.principal, role.role) == (principal, name) for role in collection.roles.values()):
        raise ServiceError(409, "Exists", "The principal has this role already")
    role = Role(str(uuid.uuid4()), principal, name, principal_type)
    collection.roles[role.id] = role
    return role_document(role)


async def delete_role(call: Call) -> Document:
    """Take a role away."""
    collection = _administered(call)
    role = _role(call, collection)
    if role.principal == collection.owner_id and role.role == "administrator":
        raise ServiceError(409, "Conflict", "The administrator role of the owner cannot be deleted")
    del collection.roles[role.id]
    return result(call, "Deleted", f"Role '{role.id}' deleted successfully")


def _administered(call: Call) -> Collection:
    collection = call.collection()
    require_role(call.state, collection, call.caller, "administrator")
    return collection


def _role(call: Call, collection: Collection) -> Role:
    role = collection.roles.get(call.id("role_id"))
    if role is None:
        raise ServiceError(404, "RoleNotFound", f"No such role '{call.id('role_id')}'")
    return role


ROUTES: Final[RouteTable] = (
    ("GET", "/endpoint/{endpoint_id}/role_list", role_list),
    ("POST", "/endpoint/{endpoint_id}/role", create_role),
    ("GET", "/endpoint/{endpoint_id}/role/{role_id}", get_role),
    ("DELETE", "/endpoint/{endpoint_id}/role/{role_id}", delete_role),
)
