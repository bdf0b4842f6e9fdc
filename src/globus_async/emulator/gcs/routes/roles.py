"""Roles on the endpoint and on collections."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...kit.collections import RoleRecord
from ...kit.ids import new_id
from ..call import call
from ..documents import paged, result, role_document
from ..errors import GCSError, missing_role, not_found
from ..schemas import ROLE

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import RouteTable
    from ..call import Call
    from ..models import Endpoint
    from ..state import GCSState

__all__ = (
    "ROUTES",
    "create_role",
    "delete_role",
    "get_role",
    "list_roles",
)

_PRINCIPAL: Final = re.compile(r"urn:globus:(auth:identity|groups:id):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_COLLECTION_ROLES: Final = (
    *("administrator", "access_manager", "access_monitor", "activity_manager", "activity_monitor"),
)


def _records(state: GCSState, endpoint: Endpoint, collection_id: str | None) -> list[RoleRecord]:
    """Return the roles on a collection or, without one, on the endpoint, whose owner has a role of that name."""
    found = state.collections.roles(collection_id or endpoint.id)
    if collection_id is not None:
        return found
    owner = (endpoint.owner_id, "administrator")
    return [replace(each, role="owner") if (each.principal, each.role) == owner else each for each in found]


def _administers(call: Call, collection_id: str | None) -> bool:
    return call.is_admin if collection_id is None else call.administers(call.endpoint.collections[collection_id])


def _require(call: Call, collection_id: str | None) -> None:
    if not _administers(call, collection_id):
        raise missing_role("Insufficient permissions", [(collection_id, "administrator"), (None, "owner")])


async def list_roles(state: GCSState, request: Request) -> Response:
    """List the caller's roles on the endpoint or a collection; with ``include=all_roles`` those of all."""
    this = call(state, request)
    wanted = request.parameter("collection_id")
    collection_id = None if wanted is None else this.collection(wanted).id
    records = _records(state, this.endpoint, collection_id)
    if "all_roles" in request.parameter_list("include"):
        _require(this, collection_id)
    else:
        records = this.own_roles(records)
    return paged(request, records, lambda each: role_document(each, collection_id))


async def create_role(state: GCSState, request: Request) -> Response:
    """Give a principal a role on the endpoint or a collection."""
    this = call(state, request)
    fields = this.checked(ROLE)
    match = _PRINCIPAL.fullmatch(str(fields["principal"]).lower())
    if match is None:
        raise GCSError.invalid(["'principal': the URN of an identity or group is required"])
    wanted = fields.get("collection")
    collection_id = None if wanted is None else this.collection(wanted).id
    _require(this, collection_id)
    record = RoleRecord(new_id(), match[2], fields["role"], match[1] == "groups:id")
    for each in state.collections.roles(collection_id or this.endpoint.id):
        if (each.principal, each.role) == (record.principal, record.role):
            detail = {"DATA_TYPE": "resource_conflict#1.0.0", "resources": [each.id]}
            raise GCSError(409, "conflict", "The principal has this role already", detail=detail)
    state.collections.add_role(collection_id or this.endpoint.id, record)
    return result([role_document(record, collection_id)], message=f"Created role {record.id}")


def _found(call: Call) -> tuple[RoleRecord, str | None]:
    """Return the role of the path, which the caller has or may administer, and its collection."""
    role_id = call.request.path_id("role_id").lower()
    for collection_id in (None, *call.endpoint.collections):
        for each in _records(call.state, call.endpoint, collection_id):
            if each.id == role_id:
                if not call.own_roles([each]):
                    _require(call, collection_id)
                return each, collection_id
    raise not_found("role", role_id)


async def get_role(state: GCSState, request: Request) -> Response:
    """Return a role."""
    return result([role_document(*_found(call(state, request)))])


async def delete_role(state: GCSState, request: Request) -> Response:
    """Delete a role."""
    this = call(state, request)
    record, collection_id = _found(this)
    _require(this, collection_id)
    if collection_id is None:
        is_owner = record.role == "owner"
    else:
        owner_id = this.endpoint.collections[collection_id].owner_id
        is_owner = (record.principal, record.role) == (owner_id, "administrator")
    if is_owner:
        raise GCSError(409, "conflict", "The role of the owner cannot be deleted")
    state.collections.remove_role(collection_id or this.endpoint.id, record.id)
    return result([{}], message=f"Deleted role {record.id}")


ROUTES: Final[RouteTable[GCSState]] = (
    ("GET", "/roles", list_roles),
    ("POST", "/roles", create_role),
    ("GET", "/roles/{role_id}", get_role),
    ("DELETE", "/roles/{role_id}", delete_role),
)
