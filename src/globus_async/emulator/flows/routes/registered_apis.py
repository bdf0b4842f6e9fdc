"""Registered APIs: create, read, list, change, mark for deletion."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ...kit.ids import new_id
from ...kit.responses import json_response
from ..documents import api_document, api_summary
from ..errors import forbidden, not_found
from ..language.limits import MAX_DEPTH, is_too_deep
from ..listing import Query
from ..models import RegisteredApi
from ..roles import api_roles, identity_urn
from .access import allow
from .members import Members

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import FlowsState

__all__ = (
    "ROUTES",
    "create_registered_api",
    "delete_registered_api",
    "get_registered_api",
    "list_registered_apis",
    "update_registered_api",
)

_ROLES: Final = ("owner", "administrator", "viewer")
_GRACE: Final = 30 * 86400.0
"""Seconds between the request to delete a registered API and its deletion."""
_ORDERS: Final[dict[str, Callable[[RegisteredApi], Any]]] = {
    "id": lambda api: api.id,
    "name": lambda api: api.name,
    "created_timestamp": lambda api: api.created,
    "updated_timestamp": lambda api: api.updated,
}


async def create_registered_api(state: FlowsState, request: Request) -> Response:
    """Register an API."""
    principals = allow(state, request, "manage_flows")
    members = Members(request.document())
    for name in ("name", "target"):
        if name not in members:
            members.add(name, "field required")
    now = state.now()
    owner = identity_urn(request.caller.identity_id)
    api = RegisteredApi(new_id(), "", "", {}, [owner], [], [], now, now)
    _change(members, api)
    state.registered_apis[api.id] = api
    return json_response(api_document(api, principals), status=201)


def _change(members: Members, api: RegisteredApi) -> None:
    """
    Change the given members of a registered API.

    Raises:
        FlowsError: 422, one of them is invalid.
    """
    roles = Members(members.document("roles", {}), ("roles",))
    name = members.text("name", api.name, minimum=1, maximum=128)
    description = members.text("description", api.description, maximum=4096, nullable=True) or ""
    target = members.document("target", api.target)
    if "target" in members:
        _check_target(members, target)
    owners = roles.principals("owners", api.owners)
    if not owners:
        roles.add("owners", "at least one owner is required")
    administrators = roles.principals("administrators", api.administrators)
    viewers = roles.principals("viewers", api.viewers)
    subscription_id = members.uuid("subscription_id", api.subscription_id)
    members.problems += roles.problems
    members.check()
    api.name, api.description, api.target, api.subscription_id = name, description, target, subscription_id
    api.owners, api.administrators, api.viewers = owners, administrators, viewers


def _check_target(members: Members, target: Document) -> None:
    if is_too_deep(target):
        members.add("target", f"more than {MAX_DEPTH} levels")
        return
    inner = Members(target, ("target",))
    if target.get("type", "openapi") != "openapi":
        inner.add("type", "the only type is 'openapi'")
    destination = Members(inner.document("destination", {}), ("target", "destination"))
    destination.text("method", None, minimum=1, maximum=10)
    url = destination.value("url")
    try:
        is_url = isinstance(url, str) and urlsplit(url).scheme == "https"
    except ValueError:
        is_url = False
    if not is_url:
        destination.add("url", "an https URL is required")
    inner.document("specification", {})
    members.problems += [*inner.problems, *destination.problems]


async def list_registered_apis(state: FlowsState, request: Request) -> Document:
    """List registered APIs."""
    principals = allow(state, request, "view_flows", "manage_flows")
    query = Query(request, ("filter_roles", "orderby", "per_page"))
    has_role = query.roles(_ROLES, ["owner"])
    found = [each for each in _present(state).values() if has_role(api_roles(each, principals))]
    ordered = query.sort(found, _ORDERS, "created_timestamp ASC")
    shown, page = query.page(ordered, lambda each: each.id, default_size=10)
    return {"registered_apis": [api_summary(each) for each in shown], **page}


def _present(state: FlowsState) -> dict[str, RegisteredApi]:
    """Return the registered APIs whose time of deletion has not come."""
    now = state.now()
    for api in list(state.registered_apis.values()):
        if api.scheduled_deletion is not None and api.scheduled_deletion <= now:
            del state.registered_apis[api.id]
    return state.registered_apis


def _visible(state: FlowsState, request: Request, principals: frozenset[str]) -> RegisteredApi:
    api_id = request.path_id("registered_api_id")
    api = _present(state).get(api_id.lower())
    if api is None or not api_roles(api, principals):
        raise not_found("Registered API", api_id)
    return api


def _editable(state: FlowsState, request: Request, principals: frozenset[str], permission: str) -> RegisteredApi:
    api = _visible(state, request, principals)
    if {"owner", "administrator"}.isdisjoint(api_roles(api, principals)):
        raise forbidden(permission, "Registered API", api.id)
    return api


async def get_registered_api(state: FlowsState, request: Request) -> Document:
    """Read a registered API."""
    principals = allow(state, request, "view_flows", "manage_flows")
    return api_document(_visible(state, request, principals), principals)


async def update_registered_api(state: FlowsState, request: Request) -> Document:
    """Change the given members of a registered API."""
    principals = allow(state, request, "manage_flows")
    api = _editable(state, request, principals, "UPDATE")
    _change(Members(request.document()), api)
    api.updated = api.edited = state.now()
    return api_document(api, principals)


async def delete_registered_api(state: FlowsState, request: Request) -> Document:
    """Mark a registered API for deletion."""
    principals = allow(state, request, "manage_flows")
    api = _editable(state, request, principals, "DELETE")
    api.scheduled_deletion = state.now() + _GRACE
    return api_document(api, principals)


ROUTES: RouteTable[FlowsState] = (
    ("POST", "/registered_apis", create_registered_api),
    ("GET", "/registered_apis", list_registered_apis),
    ("GET", "/registered_apis/{registered_api_id}", get_registered_api),
    ("PATCH", "/registered_apis/{registered_api_id}", update_registered_api),
    ("DELETE", "/registered_apis/{registered_api_id}", delete_registered_api),
)
