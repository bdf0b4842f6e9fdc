"""Runs: start, read, list, change, cancel, resume, release."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ...kit.ids import is_uuid
from ...kit.responses import json_response
from ..documents import flow_document, log_document, run_document
from ..errors import FlowsError, forbidden, not_found
from ..listing import Query
from ..models import RUN_ENDED, Run
from ..roles import flow_roles, implied, principals_of, run_roles
from ..schemas import check_input, prepare
from .access import allow, managed_run, require_flow_scope, visible_flow, visible_run
from .members import Members, read_tags

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..models import Flow
    from ..state import FlowsState

__all__ = (
    "ROUTES",
    "cancel_run",
    "get_flow_run_logs",
    "get_run",
    "get_run_definition",
    "get_run_logs",
    "list_flow_runs",
    "list_runs",
    "release_run",
    "resume_run",
    "run_flow",
    "update_run",
    "update_runs",
    "validate_run",
)

_STATUSES: Final = ("ACTIVE", "INACTIVE", "SUCCEEDED", "FAILED", "ENDED")
_NOTIFIED: Final = ("INACTIVE", "SUCCEEDED", "FAILED")
_ROLES: Final = ("run_owner", "run_manager", "run_monitor", "flow_run_manager", "flow_run_monitor")
_FILTERS: Final = (
    "filter_flow_id",
    "filter_role",
    "filter_roles",
    "filter_status",
    "filter_label",
    "filter_flow_title",
    "filter_start_time",
    "filter_completion_time",
    "orderby",
    "per_page",
    "page",
)
_ORDERS: Final[dict[str, Callable[[Run], Any]]] = {
    "id": lambda run: run.id,
    "start_time": lambda run: run.started,
    "completion_time": lambda run: run.ended,
    "status": lambda run: run.status,
    "label": lambda run: run.label,
}
_MAX_LABEL: Final = 256


# of one flow


async def run_flow(state: FlowsState, request: Request) -> Response:
    """Start a run."""
    await prepare()
    flow, document, body = await _start_request(state, request)
    run = state.start_run(flow, request.caller, body, **document)
    return json_response(run_document(run, principals_of(state.platform.directory, request.caller)), status=201)


async def validate_run(state: FlowsState, request: Request) -> Document:
    """Check everything that a start checks."""
    await prepare()
    await _start_request(state, request)
    return {"message": "validation successful"}


async def _start_request(state: FlowsState, request: Request) -> tuple[Flow, dict[str, Any], Document]:
    """Return the flow, the attributes of the run, and its input."""
    principals = principals_of(state.platform.directory, request.caller)
    flow = visible_flow(state, request, principals)
    require_flow_scope(flow, request.caller)
    if "flow_starter" not in implied(flow_roles(flow, principals)):
        raise forbidden("RUN", "flow", flow.id)
    document = request.document()
    members = Members(document)
    policy = Members(members.document("activity_notification_policy", {}), ("activity_notification_policy",))
    statuses = policy.texts("status", ["INACTIVE"], maximum=4096)
    if any(each not in _NOTIFIED for each in statuses):
        policy.add("status", f"a list of {', '.join(_NOTIFIED)} is required")
    details = {
        "label": members.text("label", None, maximum=_MAX_LABEL, nullable=True),
        "tags": members.tags("tags", []),
        "managers": members.principals("run_managers", []),
        "monitors": members.principals("run_monitors", []),
        "notifications": statuses,
    }
    members.problems += policy.problems
    members.check()
    body = document.get("body", {})
    await check_input(flow.input_schema, body)
    # the flow may have been deleted at the same time
    return visible_flow(state, request, principals), details, body


async def list_flow_runs(state: FlowsState, request: Request) -> Document:
    """List the runs of a flow that the caller may see."""
    principals = allow(state, request, "run_status", "run_manage")
    flow = visible_flow(state, request, principals)
    return _list(state, request, principals, lambda run: run.flow is flow, default_roles=_ROLES)


async def get_flow_run_logs(state: FlowsState, request: Request) -> Document:
    """List the log entries of a run of a flow."""
    principals = allow(state, request, "run_status", "run_manage")
    run = visible_run(state, request, principals)
    if run.flow.id != request.path_id("flow_id").lower():
        raise not_found("run", run.id)
    return _log(request, run)


# all runs


async def list_runs(state: FlowsState, request: Request) -> Document:
    """List runs."""
    principals = allow(state, request, "run_status", "run_manage")
    return _list(state, request, principals, lambda _run: True, default_roles=("run_owner",))


def _list(
    state: FlowsState,
    request: Request,
    principals: frozenset[str],
    selects: Callable[[Run], bool],
    *,
    default_roles: tuple[str, ...],
) -> Document:
    query = Query(request, _FILTERS, marker=("marker", "pagination_token"))
    name = "filter_roles" if query.values("filter_roles") else "filter_role"
    has_role = query.roles(_ROLES, default_roles, name=name)
    checks: list[Callable[[Run], bool]] = [selects, lambda run: has_role(run_roles(run, principals))]
    if flow_ids := query.values("filter_flow_id"):
        for flow_id in flow_ids:
            if not is_uuid(flow_id):
                raise request.errors.invalid_parameter("filter_flow_id", flow_id[:100], "a UUID")
        wanted = frozenset(map(str.lower, flow_ids))
        checks.append(lambda run: run.flow.id in wanted)
    if statuses := query.choices("filter_status", _STATUSES):
        checks.append(lambda run: run.status in statuses)
    if label := query.contains_any("filter_label"):
        checks.append(lambda run: label([run.label or ""]))
    if title := query.contains_any("filter_flow_title"):
        checks.append(lambda run: title([run.flow.title]))
    if started := query.period("filter_start_time"):
        checks.append(lambda run: started(run.started))
    if completed := query.period("filter_completion_time"):
        checks.append(lambda run: completed(run.ended))
    found = [run for run in list(state.runs.values()) if all(check(run) for check in checks)]
    ordered = query.sort(reversed(found), _ORDERS, "start_time DESC")
    shown, page = query.page(ordered, lambda run: run.id, default_size=20)
    return {"runs": [run_document(run, principals, listed=True) for run in shown], **page}


async def get_run(state: FlowsState, request: Request) -> Document:
    """Read a run."""
    principals = allow(state, request, "run_status", "run_manage")
    run = visible_run(state, request, principals)
    document = run_document(run, principals)
    if request.flag("include_flow_description"):
        flow = run.flow
        document["flow_description"] = {
            "title": flow.title,
            "subtitle": flow.subtitle,
            "description": flow.description,
            "keywords": list(flow.keywords),
        }
    return document


async def get_run_definition(state: FlowsState, request: Request) -> Document:
    """Read the definition and the schema that a run has started with."""
    principals = allow(state, request, "run_status", "run_manage")
    run = visible_run(state, request, principals)
    shown = flow_document(run.flow, principals, definition=run.definition)
    return {"flow_id": run.flow.id, "definition": shown["definition"], "input_schema": run.input_schema}


async def get_run_logs(state: FlowsState, request: Request) -> Document:
    """List the log entries of a run."""
    principals = allow(state, request, "run_status", "run_manage")
    return _log(request, visible_run(state, request, principals))


def _log(request: Request, run: Run) -> Document:
    names = ("limit", "reverse_order")
    query = Query(request, names, marker=("marker", "pagination_token"))
    is_reversed = request.flag("reverse_order")
    if (text := query.text("reverse_order")) is not None:
        is_reversed = text.lower() in {"true", "1", "t", "yes"}
    numbered = list(enumerate(run.log))
    entries = numbered[::-1] if is_reversed else numbered
    shown, page = query.page(entries, lambda each: str(each[0]), size="limit", default_size=10)
    return {"entries": [log_document(entry) for _, entry in shown], **page}


async def update_run(state: FlowsState, request: Request) -> Document:
    """Change the given members of a run."""
    principals = allow(state, request, "run_manage")
    run = managed_run(state, request, principals, "UPDATE")
    members = Members(request.document())
    label = members.text("label", run.label, maximum=_MAX_LABEL, nullable=True)
    tags = members.tags("tags", run.tags)
    managers = members.principals("run_managers", run.managers)
    monitors = members.principals("run_monitors", run.monitors)
    members.check()
    run.label, run.tags, run.managers, run.monitors = label, tags, managers, monitors
    return run_document(run, principals)


async def cancel_run(state: FlowsState, request: Request) -> Response:
    """Cancel a run."""
    principals = allow(state, request, "run_manage")
    run = managed_run(state, request, principals, "CANCEL")
    _require_status(run, "ACTIVE", "INACTIVE")
    state.runner.cancel(run)
    return json_response(run_document(run, principals), status=202)


async def resume_run(state: FlowsState, request: Request) -> Document:
    """Resume an inactive run."""
    principals = principals_of(state.platform.directory, request.caller)
    run = managed_run(state, request, principals, "RESUME", flow_wide=False)
    require_flow_scope(run.flow, request.caller)
    _require_status(run, "INACTIVE")
    state.runner.resume(run, request.caller)
    return run_document(run, principals)


async def release_run(state: FlowsState, request: Request) -> Document:
    """Remove a run that has ended."""
    principals = allow(state, request, "run_manage")
    run = managed_run(state, request, principals, "RELEASE")
    _require_status(run, *RUN_ENDED)
    del state.runs[run.id]
    return run_document(run, principals)


def _require_status(run: Run, *allowed: str) -> None:
    if run.status not in allowed:
        names = ", ".join(f"'{each}'" for each in allowed)
        detail = f"Run {run.id} has status '{run.status}' but must have status in {{{names}}} for requested operation"
        raise FlowsError(409, "STATE_CONFLICT", detail)


async def update_runs(state: FlowsState, request: Request) -> Response:
    """Change many runs at once."""
    principals = allow(state, request, "run_manage")
    members = Members(request.document())
    filters = Members(members.document("filters", {}), ("filters",))
    run_ids = filters.texts("run_ids", [], maximum=1 << 16)
    if not run_ids:
        filters.add("run_ids", "a list of ids of runs is required")
    changes = [(kind, Members(members.document(kind, {}), (kind,))) for kind in ("set", "add", "remove")]
    found: list[Run] = []
    for run_id in run_ids:
        run = state.runs.get(run_id.lower())
        if run is None or not run_roles(run, principals):
            raise not_found("run", run_id)
        if {"run_owner", "run_manager", "flow_run_manager"}.isdisjoint(run_roles(run, principals)):
            raise forbidden("UPDATE", "run", run.id)
        found.append(run)
    planned = [_planned(kind, change) for kind, change in changes]
    status = changes[0][1].value("status")
    if status not in {None, "cancel"}:
        changes[0][1].add("status", "the only status that can be set is 'cancel'")
    members.problems += [*filters.problems, *(problem for _, change in changes for problem in change.problems)]
    members.check()
    for run in found:
        for plan in planned:
            plan(run)
        if status == "cancel" and run.status in {"ACTIVE", "INACTIVE"}:
            state.runner.cancel(run)
    return json_response({}, status=202)


def _planned(kind: str, change: Members) -> Callable[[Run], None]:
    """Return the application of a set of changes, whose members are read now."""
    tags = read_tags(change.texts("tags", [], maximum=4096)) if "tags" in change else None
    managers = change.principals("run_managers", []) if "run_managers" in change else None
    monitors = change.principals("run_monitors", []) if "run_monitors" in change else None

    def combined(present: list[str], given: list[str] | None) -> list[str]:
        if given is None:
            return present
        if kind == "set":
            return given
        if kind == "add":
            return list(dict.fromkeys([*present, *given]))
        return [each for each in present if each not in given]

    def apply(run: Run) -> None:
        run.tags = combined(run.tags, tags)
        run.managers = combined(run.managers, managers)
        run.monitors = combined(run.monitors, monitors)

    return apply


ROUTES: RouteTable[FlowsState] = (
    ("POST", "/flows/{flow_id}/run", run_flow),
    ("POST", "/flows/{flow_id}/validate_run", validate_run),
    ("GET", "/flows/{flow_id}/runs", list_flow_runs),
    ("GET", "/flows/{flow_id}/runs/{run_id}/log", get_flow_run_logs),
    ("POST", "/flows/{flow_id}/{run_id}/resume", resume_run),
    ("GET", "/runs", list_runs),
    ("GET", "/runs/{run_id}", get_run),
    ("PUT", "/runs/{run_id}", update_run),
    ("GET", "/runs/{run_id}/definition", get_run_definition),
    ("GET", "/runs/{run_id}/log", get_run_logs),
    ("POST", "/runs/{run_id}/cancel", cancel_run),
    ("POST", "/runs/{run_id}/resume", resume_run),
    ("POST", "/runs/{run_id}/release", release_run),
    ("POST", "/batch/runs", update_runs),
)
