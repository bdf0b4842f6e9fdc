"""Indices: creation, changes, deletion, and their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...kit.fields import FieldType
from ..access import (
    ALL,
    INGEST,
    SEARCH,
    managed_index,
    open_index,
    owned_index,
    permissions,
    written_index,
)
from ..content import field_path
from ..documents import index_document
from ..errors import incompatible_status, not_found
from ..validation import Members, Problems

if TYPE_CHECKING:
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import SearchState

__all__ = (
    "BETA_ROUTES",
    "ROUTES",
    "create_index",
    "delete_index",
    "field_budget",
    "get_field_mapping",
    "get_index",
    "get_mapping",
    "index_list",
    "reopen_index",
    "update_index",
)


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(value)
    return value


_NAME: Final = FieldType("a string that is not empty", _name)


async def create_index(state: SearchState, request: Request) -> Document:
    """Create a trial index, which the caller owns."""
    caller = request.require_scope(ALL)
    problems = Problems()
    members = Members(request.document(), problems)
    members.refuse_unknown({"display_name", "description"})
    name = members.required("display_name", _NAME, "")
    description = members.required("description", _NAME, "")
    problems.check()
    state.require_trial_limit(f"urn:globus:auth:identity:{each}" for each in caller.identity_ids)
    index = state.add_index(name, owner=caller.identity_id, description=description, is_trial=True)
    return index_document(index)


async def update_index(state: SearchState, request: Request) -> Document:
    """Change the name or the description of an index."""
    index = managed_index(state, request, "update_index")
    problems = Problems()
    members = Members(request.document(), problems)
    members.refuse_unknown({"display_name", "description"})
    name = members.optional("display_name", _NAME, index.display_name)
    description = members.optional("description", _NAME, index.description)
    problems.check()
    index.display_name, index.description = name, description
    return index_document(index)


async def delete_index(state: SearchState, request: Request) -> Document:
    """Mark an index for deletion."""
    index = owned_index(state, request, "delete_index")
    if index.status != "open":
        raise incompatible_status(index.status, "open")
    state.delete(index)
    return {"index_id": index.id, "acknowledged": True}


async def reopen_index(state: SearchState, request: Request) -> Document:
    """Keep an index that is marked for deletion."""
    index = owned_index(state, request, "reopen_index")
    if index.status != "delete_pending":
        raise incompatible_status(index.status, "delete_pending")
    index.deleted = None
    return {"index_id": index.id, "acknowledged": True}


async def get_index(state: SearchState, request: Request) -> Document:
    """Return an index."""
    index = open_index(state, request)
    return index_document(index, None if request.authenticated is None else permissions(state, request, index))


async def index_list(state: SearchState, request: Request) -> Document:
    """Return the indices on which the caller has a role."""
    request.require_scope(ALL, SEARCH, INGEST)
    wanted = request.parameter_list("filter_roles")
    problems = Problems("query")
    if unknown := [each for each in wanted if each not in {"owner", "admin", "writer"}]:
        problems.add(("filter_roles",), f"Must be one of: owner, admin, writer. Got '{unknown[0]}'.")
    problems.check()
    held = [(index, permissions(state, request, index)) for index in state.indices.values()]
    shown = [(index, roles) for index, roles in held if roles and (not wanted or set(wanted) & set(roles))]
    return {"index_list": [index_document(*each) for each in shown[: state.limits.indices_listed]]}


async def get_mapping(state: SearchState, request: Request) -> Document:
    """Return the types of all fields."""
    index = written_index(state, request, "get_mapping")
    return {"@version": "2017-09-01", "mappings": dict(sorted(index.data.kinds.items()))}


async def get_field_mapping(state: SearchState, request: Request) -> Document:
    """Return the type of a field."""
    index = written_index(state, request, "get_mapping")
    path = field_path(request.path_id("field_name"))
    if path not in index.data.kinds:
        raise not_found(f"The field '{path}'")
    return {"@version": "2017-09-01", "mappings": {path: index.data.kinds[path]}}


async def field_budget(state: SearchState, request: Request) -> dict[str, Any]:
    """Return how many fields an index can still have."""
    index = written_index(state, request, "field_budget")
    budget, used = state.limits.fields_per_index, len(index.data.kinds)
    return {"budget": budget, "used": used, "remaining": max(budget - used, 0)}


ROUTES: Final[RouteTable[SearchState]] = (
    ("POST", "/index", create_index),
    ("GET", "/index_list", index_list),
    ("GET", "/index/{index_id}", get_index),
    ("PATCH", "/index/{index_id}", update_index),
    ("DELETE", "/index/{index_id}", delete_index),
    ("POST", "/index/{index_id}/reopen", reopen_index),
)
BETA_ROUTES: Final[RouteTable[SearchState]] = (
    ("GET", "/index/{index_id}/mapping", get_mapping),
    ("GET", "/index/{index_id}/mapping/{field_name}", get_field_mapping),
    ("GET", "/index/{index_id}/field_budget", field_budget),
)
