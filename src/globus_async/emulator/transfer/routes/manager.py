"""What managers and monitors of collections see and do: tasks of others, cancelling, pausing by task."""

from __future__ import annotations

import functools
import uuid
from typing import TYPE_CHECKING, Final, cast

from ..call import Call, RouteTable, required_text, result
from ..documents import endpoint_document, skipped_error_document, successful_transfer_document
from ..errors import ServiceError, permission_denied
from ..models import AdminCancel, Collection, Document, Status, Task
from ..permissions import effective_roles, may_monitor, require_role
from ..state import parse_time
from ..task_documents import task_document
from .access import access_list_document
from .endpoints import hosted
from .tasks import event_page, is_history_deleted, marker_page, pause_info

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = (
    "ROUTES",
    "Cursor",
    "access_list",
    "admin_cancel",
    "admin_cancel_status",
    "admin_pause",
    "admin_resume",
    "event_list",
    "get_endpoint",
    "get_task",
    "hosted_endpoint_list",
    "monitored_endpoints",
    "skipped_errors",
    "successful_transfers",
    "task_list",
    "task_pause_info",
)

_RUNNING: Final = {"ACTIVE", "INACTIVE"}
_STATUSES: Final = {status.value for status in Status}


async def monitored_endpoints(call: Call) -> Document:
    """List the collections the caller monitors."""
    monitored = _monitored(call)
    documents = [endpoint_document(call.state, each, call.caller.identity_ids, as_manager=True) for each in monitored]
    return {"DATA_TYPE": "monitored_endpoints", "DATA": documents}


async def get_endpoint(call: Call) -> Document:
    """Read a collection as its monitor."""
    collection = call.collection()
    require_role(call.state, collection, call.caller, "activity_monitor")
    return endpoint_document(call.state, collection, call.caller.identity_ids, as_manager=True)


async def hosted_endpoint_list(call: Call) -> Document:
    """List the guest collections on a collection."""
    collection = call.collection()
    require_role(call.state, collection, call.caller, "activity_monitor")
    if collection.is_guest:
        raise ServiceError(409, "Conflict", f"Endpoint '{collection.id}' is not a host endpoint")
    guests = hosted(call.state, collection)
    documents = [endpoint_document(call.state, each, call.caller.identity_ids, as_manager=True) for each in guests]
    return {"DATA_TYPE": "endpoint_list", "DATA": documents}


async def access_list(call: Call) -> Document:
    """List the access rules of a guest collection."""
    collection = call.collection()
    require_role(call.state, collection, call.caller, "activity_monitor")
    return access_list_document(collection)


async def task_list(call: Call) -> Document:
    """List the tasks on monitored collections: those that run first, each group with the newest first."""
    limit = call.number("limit", call.state.limits.page, least=1, most=call.state.limits.page)
    wanted = _task_filter(call)
    _monitored(call)
    found = [task for task in call.state.tasks.values() if wanted(task) and _sides(call, task, "activity_monitor")]
    found.sort(key=_position)
    after = call.query("last_key")
    if after is not None:
        start = _position_of(after)
        found = [task for task in found if _position(task) > start]
    page = found[:limit]
    return {
        "DATA_TYPE": "task_list",
        "limit": limit,
        "has_next_page": len(found) > limit,
        "last_key": _key(page[-1]) if page else None,
        "DATA": [task_document(call.state, task, as_manager=True) for task in page],
    }


Cursor = tuple[bool, float, str]


def _position(task: Task) -> Cursor:
    """Where a task stands in the list."""
    moment = task.request_time if task.completion_time is None else task.completion_time
    return (task.is_final, -moment, task.id)


def _key(task: Task) -> str:
    ended, moment, name = _position(task)
    return f"{'complete' if ended else 'active'},{-moment!r},{name}"


def _position_of(key: str) -> Cursor:
    try:
        group, moment, name = key.split(",")
        return {"active": False, "complete": True}[group], -float(moment), name
    except (KeyError, ValueError):
        raise ServiceError(400, "BadRequest", f"Invalid value for parameter 'last_key': '{key}'") from None


def _task_filter(call: Call) -> Callable[[Task], bool]:
    """Make the test of all filters, after checking the rules about which may go together."""
    given = {name for name in call.request.query_params if name.startswith("filter_") and call.query(name)}
    if "filter_task_id" in given:
        if len(given) > 1:
            raise ServiceError(400, "BadRequest", "filter_task_id cannot be combined with other filters")
        return _by_task_id(call)
    statuses = {each.strip().upper() for each in (call.query("filter_status", "") or "").split(",") if each.strip()}
    _check_filters(given, statuses)
    tests: list[Callable[[Task], bool]] = []
    if statuses:
        tests.append(lambda task: task.status.value in statuses)
    if (endpoint := call.query("filter_endpoint")) is not None:
        require_role(call.state, call.state.collection(endpoint), call.caller, "activity_monitor")
        tests.append(functools.partial(_concerns, endpoint=endpoint.lower(), use=call.query("filter_endpoint_use")))
    if (owner := call.query("filter_owner_id")) is not None:
        if owner not in {task.owner_id for task in call.state.tasks.values()}:
            raise ServiceError(404, "UserNotFound", f"No user with the identity '{owner}' is known")
        tests.append(lambda task: task.owner_id == owner)
    if (paused := call.query("filter_is_paused")) is not None:
        tests.append(lambda task: task.paused is (paused.lower() in {"1", "true"}))
    if call.query("filter_min_faults") is not None:
        least = call.number("filter_min_faults", 0, most=1 << 53)
        tests.append(lambda task: task.counts.faults >= least)
    if (user := call.query("filter_local_user")) is not None:
        tests.append(lambda task: user in task.local_users.values())
    if (span := call.query("filter_completion_time")) is not None:
        tests.append(_by_completion_time(span))
    return lambda task: all(test(task) for test in tests)


def _check_filters(given: set[str], statuses: set[str]) -> None:
    """Refuse filters that may not stand alone, or not together."""
    only_running = bool(statuses) and statuses <= _RUNNING
    needs_endpoint = given & {"filter_endpoint_use", "filter_local_user"}
    if not statuses <= _STATUSES:
        problem = f"Invalid value for parameter 'filter_status': '{min(statuses - _STATUSES)}'"
    elif "filter_endpoint" in given:
        problem = None
    elif not only_running:
        problem = "filter_endpoint or filter_task_id is required unless filter_status is within ACTIVE, INACTIVE"
    else:
        problem = f"{min(needs_endpoint)} can only be used with filter_endpoint" if needs_endpoint else None
    if problem is None and "filter_is_paused" in given and not only_running:
        problem = "filter_is_paused can only be used with filter_status within ACTIVE, INACTIVE"
    if problem is not None:
        raise ServiceError(400, "BadRequest", problem)


def _by_task_id(call: Call) -> Callable[[Task], bool]:
    wanted = {each.strip().lower() for each in (call.query("filter_task_id") or "").split(",")}
    most = call.state.limits.admin_task_ids
    if len(wanted) > most:
        raise ServiceError(400, "BadRequest", f"At most {most} ids can be given in filter_task_id, not {len(wanted)}")
    for name in wanted:
        task = call.state.tasks.get(name)
        if task is None or not _sides(call, task, "activity_monitor"):
            raise permission_denied(f"You do not have permission to see task '{name}'")
    return lambda task: task.id in wanted


def _concerns(task: Task, *, endpoint: str, use: str | None) -> bool:
    if use not in {None, "source", "destination"}:
        raise ServiceError(400, "BadRequest", f"Invalid value for parameter 'filter_endpoint_use': '{use}'")
    return any(
        endpoint in {collection.id, collection.host.id if collection.host else None}
        for side, collection in task.sides()
        if use in {None, side}
    )


def _by_completion_time(span: str) -> Callable[[Task], bool]:
    """``start,end``: with the end open, tasks that still run are in as well."""
    first, _, last = span.partition(",")
    try:
        start, end = parse_time(first) if first else None, parse_time(last) if last else None
    except ValueError:
        raise ServiceError(
            400, "BadRequest", f"Invalid value for parameter 'filter_completion_time': '{span}'"
        ) from None

    def test(task: Task) -> bool:
        if task.completion_time is None:
            return end is None
        return (start is None or task.completion_time >= start) and (end is None or task.completion_time <= end)

    return test


async def get_task(call: Call) -> Document:
    """Read a task as a monitor."""
    return task_document(call.state, _task(call), as_manager=True)


async def event_list(call: Call) -> Document:
    """List the events of a task."""
    return event_page(call, _task(call), errors_only=call.query("filter_is_error") in {"1", "true", "True"})


async def task_pause_info(call: Call) -> Document:
    """Tell why a task is paused, and who paused it."""
    return pause_info(call, _task(call), limited=False)


async def successful_transfers(call: Call) -> Document:
    """List the files that arrived; paths on the side the caller does not monitor are hidden."""
    task = _task(call)
    sides = _sides(call, task, "activity_monitor")
    shown = functools.partial(
        successful_transfer_document, source="source" in sides, destination="destination" in sides
    )
    return marker_page(call, "successful_transfers", [] if task.history_deleted else task.successful, shown)


async def skipped_errors(call: Call) -> Document:
    """List the sources that were left out; paths on the side the caller does not monitor are hidden."""
    task = _task(call)
    sides = _sides(call, task, "activity_monitor")
    shown = functools.partial(skipped_error_document, source="source" in sides, destination="destination" in sides)
    return marker_page(call, "skipped_errors", [] if task.history_deleted else task.skipped, shown)


async def admin_cancel(call: Call) -> Document:
    """End tasks of others, with a message to them."""
    document = call.document()
    message, tasks = required_text(document, "message"), _managed_tasks(call, document)
    cancel = AdminCancel(str(uuid.uuid4()), call.caller.identity_id, tuple(task.id for task, _ in tasks))
    call.state.admin_cancels[cancel.id] = cancel
    for task, sides in tasks:
        if not task.is_final:
            task.canceled_by_admin = "BOTH" if len(sides) > 1 else sides[0].upper()
            task.canceled_by_admin_message = message
            await call.task_runner.cancel(task, f"Canceled by an administrator: {message}", max_wait=0.2)
    return _cancel_document(call, cancel)


async def admin_cancel_status(call: Call) -> Document:
    """Tell whether all tasks of a cancel request have ended."""
    cancel = call.state.admin_cancels.get(call.id("admin_cancel_id").lower())
    if cancel is None or cancel.owner_id != call.caller.identity_id:
        raise ServiceError(404, "ClientError.NotFound", f"No admin cancel found with id '{call.id('admin_cancel_id')}'")
    return _cancel_document(call, cancel)


def _cancel_document(call: Call, cancel: AdminCancel) -> Document:
    done = all(call.state.tasks[each].is_final for each in cancel.task_ids)
    return {"DATA_TYPE": "admin_cancel", "id": cancel.id, "done": done}


async def admin_pause(call: Call) -> Document:
    """Pause tasks of others, with a message to them."""
    document = call.document()
    message = required_text(document, "message")
    for task, sides in _managed_tasks(call, document):
        for side in sides:
            task.paused_by_admin[_pause_key(call, task, side)] = message
    call.task_runner.update_pauses()
    return result(call, "PauseAccepted", "The pause request has been accepted")


async def admin_resume(call: Call) -> Document:
    """Resume tasks that the caller, or another manager of the same side, has paused."""
    for task, sides in _managed_tasks(call, call.document()):
        for side in sides:
            task.paused_by_admin.pop(_pause_key(call, task, side), None)
    call.task_runner.update_pauses()
    return result(call, "ResumeAccepted", "The resume request has been accepted")


def _pause_key(call: Call, task: Task, side: str) -> str:
    """Name the place of a message: managers of a guest collection have one of their own, beside those of its host."""
    collection = dict(task.sides())[side]
    host = collection.host
    by_host = host is not None and "activity_manager" in effective_roles(call.state, host, call.caller.identity_ids)
    return side if host is None or by_host else f"{side}_share"


def _managed_tasks(call: Call, document: Document) -> list[tuple[Task, list[str]]]:
    """Find the tasks of a request, each with the sides the caller manages; one that is not managed refuses all."""
    ids: object = document.get("task_id_list")
    if not isinstance(ids, list) or not ids:
        raise ServiceError(400, "BadRequest", "Invalid value for field 'task_id_list': a list of task ids is required")
    found: list[tuple[Task, list[str]]] = []
    for name in map(str, cast("list[object]", ids)):
        task = call.state.tasks.get(name.lower())
        sides = _sides(call, task, "activity_manager") if task else []
        if task is None or not sides:
            raise permission_denied(f"You do not have permission to manage task '{name}'")
        found.append((task, sides))
    return found


def _monitored(call: Call) -> list[Collection]:
    """
    Return the collections the caller monitors.

    Raises:
        ServiceError: There is none.
    """
    found = [
        each for each in call.state.collections.values() if may_monitor(call.state, each, call.caller.identity_ids)
    ]
    if not found:
        raise permission_denied("You do not have the activity monitor role on any endpoint")
    return found


def _sides(call: Call, task: Task, role: str) -> list[str]:
    """Return the sides of a task on which the caller has a role."""
    identities = call.caller.identity_ids
    return [side for side, each in task.sides() if role in effective_roles(call.state, each, identities)]


def _task(call: Call) -> Task:
    task = call.state.tasks.get(call.id("task_id").lower())
    if task is None:
        raise ServiceError(404, "TaskNotFound", f"Task ID {call.id('task_id')} not found")
    if not _sides(call, task, "activity_monitor"):
        raise permission_denied(f"You do not have permission to see task '{task.id}'")
    is_history_deleted(call, task)
    return task


ROUTES: Final[RouteTable] = (
    ("GET", "/endpoint_manager/monitored_endpoints", monitored_endpoints),
    ("GET", "/endpoint_manager/endpoint/{endpoint_id}", get_endpoint),
    ("GET", "/endpoint_manager/endpoint/{endpoint_id}/hosted_endpoint_list", hosted_endpoint_list),
    ("GET", "/endpoint_manager/endpoint/{endpoint_id}/access_list", access_list),
    ("GET", "/endpoint_manager/task_list", task_list),
    ("GET", "/endpoint_manager/task/{task_id}", get_task),
    ("GET", "/endpoint_manager/task/{task_id}/event_list", event_list),
    ("GET", "/endpoint_manager/task/{task_id}/pause_info", task_pause_info),
    ("GET", "/endpoint_manager/task/{task_id}/successful_transfers", successful_transfers),
    ("GET", "/endpoint_manager/task/{task_id}/skipped_errors", skipped_errors),
    ("POST", "/endpoint_manager/admin_cancel", admin_cancel),
    ("GET", "/endpoint_manager/admin_cancel/{admin_cancel_id}", admin_cancel_status),
    ("POST", "/endpoint_manager/admin_pause", admin_pause),
    ("POST", "/endpoint_manager/admin_resume", admin_resume),
)
