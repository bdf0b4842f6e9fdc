"""Web inputs: list, read, respond."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ...kit.ids import is_uuid
from ..documents import web_input_document, web_input_summary
from ..errors import FlowsError
from ..language.failure import StateFailure
from ..listing import Query
from ..roles import web_input_roles
from .access import allow, visible_web_input
from .members import Members

if TYPE_CHECKING:
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..models import WebInput
    from ..state import FlowsState

__all__ = (
    "ROUTES",
    "get_web_input",
    "list_web_inputs",
    "respond",
)

_ROLES: Final = ("viewer", "respondent")
_MAX_IDS: Final = 10
_FILTERS: Final = ("filter_roles", "filter_states", "filter_flow_ids", "filter_run_ids", "orderby", "per_page")
_ORDERS: Final[dict[str, Callable[[WebInput], Any]]] = {
    "created_timestamp": lambda web_input: web_input.created,
    "edited_timestamp": lambda web_input: web_input.edited,
    "closed_timestamp": lambda web_input: web_input.closed,
}


async def list_web_inputs(state: FlowsState, request: Request) -> Document:
    """List web inputs."""
    principals = allow(state, request, "web_input_view", "web_input_respond")
    query = Query(request, _FILTERS)
    has_role = query.roles(_ROLES, _ROLES)
    states = query.choices("filter_states", ("open", "closed")) or {"open"}
    flow_ids, run_ids = _ids(query, request, "filter_flow_ids"), _ids(query, request, "filter_run_ids")
    found = [
        each
        for each in state.web_inputs.by_id.values()
        if has_role(web_input_roles(each, principals))
        and ("open" if each.closed is None else "closed") in states
        and (not flow_ids or each.run.flow.id in flow_ids)
        and (not run_ids or each.run.id in run_ids)
    ]
    ordered = query.sort(reversed(found), _ORDERS, "created_timestamp DESC")
    shown, page = query.page(ordered, lambda each: each.id, default_size=20)
    return {
        "web_input_summaries": [web_input_summary(each, principals) for each in shown],
        "marker": page["marker"],
    }


def _ids(query: Query, request: Request, name: str) -> frozenset[str]:
    values = query.values(name)
    if len(values) > _MAX_IDS or not all(map(is_uuid, values)):
        raise request.errors.invalid_parameter(name, ",".join(values)[:100], f"a list of at most {_MAX_IDS} UUIDs")
    return frozenset(map(str.lower, values))


async def get_web_input(state: FlowsState, request: Request) -> Document:
    """Read a web input."""
    principals = allow(state, request, "web_input_view", "web_input_respond")
    return web_input_document(visible_web_input(state, request, principals), principals)


async def respond(state: FlowsState, request: Request) -> Document:
    """Respond to a web input."""
    principals = allow(state, request, "web_input_respond")
    web_input = visible_web_input(state, request, principals)
    if "respondent" not in web_input_roles(web_input, principals):
        raise FlowsError(403, "FORBIDDEN", f"User does not have respondent role on web input {web_input.id}")
    members = Members(request.document())
    response = Members(members.document("response", {}), ("response",))
    option_id = response.value("value")
    if not isinstance(option_id, str):
        response.add("value", "a string is required")
    members.problems += response.problems
    members.check()
    if web_input.closed is not None:
        raise FlowsError(409, "STATE_CONFLICT", f"Web Input {web_input.id} is already closed.")
    try:
        state.web_inputs.respond(web_input, str(option_id))
    except ValueError:
        detail = f"'{str(option_id)[:200]}' is not a registered option id for this input."
        raise FlowsError(422, "UNPROCESSABLE_ENTITY", detail) from None
    except StateFailure as failure:
        raise FlowsError(409, "STATE_CONFLICT", str(failure)) from None
    return {"status": "ok"}


ROUTES: RouteTable[FlowsState] = (
    ("GET", "/web_inputs", list_web_inputs),
    ("GET", "/web_inputs/{web_input_id}", get_web_input),
    ("POST", "/web_inputs/{web_input_id}/respond", respond),
)
