"""Flows: create, read, list, update, delete, validate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ...kit.ids import new_id
from ...kit.responses import json_response
from ..documents import flow_document, iso_time
from ..language.definition import definition_problems
from ..listing import Query
from ..models import Flow
from ..roles import flow_roles, identity_urn
from ..schemas import prepare, schema_problems
from .access import allow, editable_flow, visible_flow
from .members import Members

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import FlowsState

__all__ = (
    "ROUTES",
    "create_flow",
    "delete_flow",
    "get_flow",
    "list_flows",
    "update_flow",
    "validate_flow",
)

_MAX_KEYWORDS: Final = 1024
_ROLES: Final = ("flow_viewer", "flow_starter", "flow_administrator", "flow_owner", "run_manager", "run_monitor")
_FILTERS: Final = (
    "filter_role",
    "filter_roles",
    "filter_fulltext",
    "filter_title",
    "filter_subtitle",
    "filter_description",
    "filter_keywords",
    "filter_scope_string",
    "orderby",
    "per_page",
    "page",
)
_ORDERS: Final[dict[str, Callable[[Flow], Any]]] = {
    "id": lambda flow: flow.id,
    "scope_string": lambda flow: flow.scope,
    "flow_owner": lambda flow: flow.owner,
    "flow_owners": lambda flow: flow.owner,
    "flow_administrators": lambda flow: flow.administrators,
    "title": lambda flow: flow.title,
    "created_at": lambda flow: flow.created_at,
    "updated_at": lambda flow: flow.updated_at,
}


async def create_flow(state: FlowsState, request: Request) -> Response:
    """Create a flow."""
    await prepare()
    principals = allow(state, request, "manage_flows")
    caller, now = request.caller, state.now()
    owner = identity_urn(caller.identity_id)
    document = request.document()
    members = Members(document)
    for name in ("title", "definition", "input_schema"):
        if name not in members:
            members.add(name, "field required")
    flow = _read(state, request, members, Flow(new_id(), "", {}, {}, owner, owner, now, now))
    members.check()
    state.store_flow(flow)
    return json_response(flow_document(flow, principals), status=201)


def _read(state: FlowsState, request: Request, members: Members, flow: Flow) -> Flow:
    """Return a flow with the given members; `Members.check` has to follow."""
    subscription = flow.subscription_id
    if "subscription_id" in members:
        subscription = _subscription(state, request, members, flow)
    return replace(
        flow,
        title=members.text("title", flow.title, minimum=1, maximum=128),
        subtitle=members.text("subtitle", flow.subtitle, maximum=128, nullable=True) or "",
        description=members.text("description", flow.description, maximum=4096, nullable=True) or "",
        keywords=members.texts("keywords", flow.keywords, maximum=_MAX_KEYWORDS),
        definition=members.validated("definition", definition_problems, flow.definition),
        input_schema=members.validated("input_schema", schema_problems, flow.input_schema),
        viewers=members.principals("flow_viewers", flow.viewers),
        starters=members.principals("flow_starters", flow.starters),
        administrators=members.principals("flow_administrators", flow.administrators),
        run_managers=members.principals("run_managers", flow.run_managers),
        run_monitors=members.principals("run_monitors", flow.run_monitors),
        subscription_id=subscription,
        authentication_policy_id=members.uuid("authentication_policy_id", flow.authentication_policy_id),
    )


def _subscription(state: FlowsState, request: Request, members: Members, flow: Flow) -> str | None:
    if members.value("subscription_id") != "DEFAULT":
        return members.uuid("subscription_id", flow.subscription_id)
    own = request.caller.identity_ids
    for subscription in state.platform.directory.subscriptions.values():
        if not own.isdisjoint(subscription.member_ids):
            return subscription.id
    members.add("subscription_id", "the caller has no subscription")
    return None


async def get_flow(state: FlowsState, request: Request) -> Document:
    """Read a flow."""
    principals = allow(state, request, "view_flows", "manage_flows")
    return flow_document(visible_flow(state, request, principals), principals)


async def list_flows(state: FlowsState, request: Request) -> Document:
    """List flows."""
    principals = allow(state, request, "view_flows", "manage_flows")
    query = Query(request, _FILTERS)
    name = "filter_roles" if query.values("filter_roles") else "filter_role"
    has_role = query.roles(_ROLES, ["flow_owner"], name=name)
    checks = _text_checks(query)
    found = [
        flow
        for flow in state.flows.values()
        if has_role(flow_roles(flow, principals)) and all(check(flow) for check in checks)
    ]
    ordered = query.sort(reversed(found), _ORDERS, "created_at DESC")
    shown, page = query.page(ordered, lambda flow: flow.id, default_size=20)
    return {"flows": [flow_document(flow, principals, listed=True) for flow in shown], **page}


def _text_checks(query: Query) -> list[Callable[[Flow], bool]]:
    checks: list[Callable[[Flow], bool]] = []
    if titles := query.contains_any("filter_title"):
        checks.append(lambda flow: titles([flow.title]))
    if subtitles := query.contains_any("filter_subtitle"):
        checks.append(lambda flow: subtitles([flow.subtitle]))
    if descriptions := query.contains_any("filter_description"):
        checks.append(lambda flow: descriptions([flow.description]))
    if keywords := query.contains_any("filter_keywords"):
        checks.append(lambda flow: keywords(flow.keywords))
    if scopes := query.contains_any("filter_scope_string"):
        checks.append(lambda flow: scopes([flow.scope]))
    if fulltext := query.contains("filter_fulltext"):
        checks.append(
            lambda flow: any(
                map(fulltext, (flow.title, flow.subtitle, flow.description, flow.id, flow.owner, *flow.administrators))
            )
        )
    return checks


async def update_flow(state: FlowsState, request: Request) -> Document:
    """Change the given members of a flow."""
    await prepare()
    principals = allow(state, request, "manage_flows")
    flow = editable_flow(state, request, principals, "UPDATE")
    members = Members(request.document())
    changed = _read(state, request, members, flow)
    owner = members.value("flow_owner")
    if "flow_owner" in members and owner not in [flow.owner, *map(identity_urn, request.caller.identity_ids)]:
        members.add("flow_owner", "only the caller can become the owner")
    members.check()
    state.change_definition(flow, changed.definition)
    for name in _CHANGEABLE:
        setattr(flow, name, getattr(changed, name))
    flow.owner = str(owner or flow.owner)
    flow.updated_at = state.now()
    return flow_document(flow, principals)


_CHANGEABLE: Final = (
    "title",
    "subtitle",
    "description",
    "keywords",
    "input_schema",
    "viewers",
    "starters",
    "administrators",
    "run_managers",
    "run_monitors",
    "subscription_id",
    "authentication_policy_id",
)


async def delete_flow(state: FlowsState, request: Request) -> Document:
    """Delete a flow."""
    principals = allow(state, request, "manage_flows")
    flow = editable_flow(state, request, principals, "DELETE")
    document = flow_document(flow, principals)
    state.delete_flow(flow)
    emptied: dict[str, Any] = {
        "flow_viewers": [],
        "flow_starters": [],
        "flow_administrators": [],
        "run_managers": [],
        "run_monitors": [],
        "input_schema": {},
    }
    return {**document, **emptied, "DELETED": True, "deleted_at": iso_time(state.now())}


async def validate_flow(state: FlowsState, request: Request) -> Document:
    """Validate a definition and an input schema."""
    await prepare()
    allow(state, request, "manage_flows")
    members = Members(request.document())
    if "definition" not in members:
        members.add("definition", "field required")
    definition = members.validated("definition", definition_problems, {})
    members.validated("input_schema", schema_problems, {})
    members.check()
    roles = dict.fromkeys(["User", *(each["RunAs"] for each in definition["States"].values() if "RunAs" in each)])
    scopes = {role: state.required_scopes(definition, role) for role in roles}
    return {"scopes": {role: needed for role, needed in scopes.items() if needed or role == "User"}}


ROUTES: RouteTable[FlowsState] = (
    ("POST", "/flows/validate", validate_flow),
    ("POST", "/flows", create_flow),
    ("GET", "/flows", list_flows),
    ("GET", "/flows/{flow_id}", get_flow),
    ("PUT", "/flows/{flow_id}", update_flow),
    ("DELETE", "/flows/{flow_id}", delete_flow),
)
