"""Roles on indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from ..access import managed_index, permissions
from ..documents import role_document
from ..errors import SearchError, forbidden, limit_exceeded, not_found
from ..ingest import PRINCIPAL
from ..validation import Members, Problems, one_of

if TYPE_CHECKING:
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..models import RoleName
    from ..state import SearchState

__all__ = ("ROUTES", "create_role", "delete_role", "role_list")


async def create_role(state: SearchState, request: Request) -> Document:
    """Give a role to an identity or a group."""
    index = managed_index(state, request, "create_role")
    problems = Problems()
    members = Members(request.document(), problems)
    members.refuse_unknown({"role_name", "principal"})
    name = cast("RoleName", members.required("role_name", one_of("owner", "admin", "writer"), "writer"))
    principal = members.required("principal", PRINCIPAL, "")
    problems.check()
    if name == "owner":
        if "owner" not in permissions(state, request, index):
            raise forbidden("create_role", "owner")
        if index.is_trial:
            state.require_trial_limit([principal])
    if any(role.name == name and role.principal == principal for role in index.roles.values()):
        raise SearchError(409, "Conflict.Generic", "The principal has the role already")
    if len(index.roles) >= state.limits.roles_per_index:
        raise limit_exceeded(
            "Role limit exceeded",
            cause="The index has as many roles as it may have.",
            constraint=f"Cannot create more roles on an index than the limit ({state.limits.roles_per_index})",
        )
    return role_document(index, state.add_role(index.id, principal, name))


async def role_list(state: SearchState, request: Request) -> Document:
    """Return the roles on an index."""
    index = managed_index(state, request, "role_list")
    return {"role_list": [role_document(index, role) for role in index.roles.values()]}


async def delete_role(state: SearchState, request: Request) -> Document:
    """Remove a role."""
    index = managed_index(state, request, "delete_role")
    role = index.roles.get(request.path_id("role_id"))
    if role is None:
        raise not_found("The role")
    if role.name == "owner" and sum(each.name == "owner" for each in index.roles.values()) == 1:
        raise SearchError(409, "Conflict.Generic", "The last owner of an index cannot be removed")
    del index.roles[role.id]
    return {"deleted": role_document(index, role), "success": True}


ROUTES: Final[RouteTable[SearchState]] = (
    ("POST", "/index/{index_id}/role", create_role),
    ("GET", "/index/{index_id}/role_list", role_list),
    ("DELETE", "/index/{index_id}/role/{role_id}", delete_role),
)
