"""Operations for activity managers and monitors: tasks of other users, cancelling, pausing tasks."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, TypeAlias

from ...kit.fields import TEXT, list_of, parse_time
from ...kit.ids import new_id
from ..documents import endpoint_document, result_document, skipped_error_document, successful_transfer_document
from ..errors import TransferError, permission_denied
from ..models import AdminCancel, Collection, Status, Task
from ..permissions import effective_roles, may_monitor, require_role
from ..task_documents import task_document
from .access import access_list_document
from .endpoints import guest_collections
from .tasks import event_list_document, is_history_deleted, marker_list_document, pause_info

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import TransferState

__all__ = (
    "ROUTES",
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
_FILTERS: Final = (
    "filter_completion_time",
    "filter_endpoint",
    "filter_endpoint_use",
    "filter_is_paused",
    "filter_local_user",
    "filter_min_faults",
    "filter_owner_id",
    "filter_status",
    "filter_task_id",
)
_STATUSES: Final = {status.value for status in Status}


async def monitored_endpoints(state: TransferState, request: Request) -> Document:
    """List the collections that the caller monitors."""
    monitored = _monitored(state, request)
    documents = [endpoint_document(state, each, request.caller.identity_ids, as_manager=True) for each in monitored]
    return {"DATA_TYPE": "monitored_endpoints", "DATA": documents}


async def get_endpoint(state: TransferState, request: Request) -> Document:
    """Read a collection as an activity monitor."""
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, "activity_monitor")
    return endpoint_document(state, collection, request.caller.identity_ids, as_manager=True)


async def hosted_endpoint_list(state: TransferState, request: Request) -> Document:
    """List the guest collections on a collection."""
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, "activity_monitor")
    if collection.is_guest:
        raise TransferError(409, "Conflict", f"Endpoint '{collection.id}' is not a host endpoint")
    guests = guest_collections(state, collection)
    documents = [endpoint_document(state, each, request.caller.identity_ids, as_manager=True) for each in guests]
    return {"DATA_TYPE": "endpoint_list", "DATA": documents}


async def access_list(state: TransferState, request: Request) -> Document:
    """List the access rules of a guest collection."""
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, "activity_monitor")
    return access_list_document(collection)


async def task_list(state: TransferState, request: Request) -> Document:
    """List the tasks on monitored collections: unfinished ones first, then by time, newest first."""
    limit = request.integer("limit", state.limits.page, minimum=1, maximum=state.limits.page)
    matches = _task_filter(state, request)
    _monitored(state, request)
    found = [
        task for task in state.tasks.values() if matches(task) and _sides(state, request, task, "activity_monitor")
    ]
    found.sort(key=_sort_key)
    last_key = request.parameter("last_key")
    if last_key is not None:
        start = _parse_key(last_key)
        found = [task for task in found if _sort_key(task) > start]
    page = found[:limit]
    return {
        "DATA_TYPE": "task_list",
        "limit": limit,
        "has_next_page": len(found) > limit,
        "last_key": _format_key(page[-1]) if page else None,
        "DATA": [task_document(state, task, as_manager=True) for task in page],
    }


_SortKey: TypeAlias = tuple[bool, float, str]


def _sort_key(task: Task) -> _SortKey:
    moment = task.request_time if task.completion_time is None else task.completion_time
    return (task.is_final, -moment, task.id)


def _format_key(task: Task) -> str:
    is_final, moment, task_id = _sort_key(task)
    return f"{'complete' if is_final else 'active'},{-moment!r},{task_id}"


def _parse_key(key: str) -> _SortKey:
    try:
        group, moment, task_id = key.split(",")
        return {"active": False, "complete": True}[group], -float(moment), task_id
    except (KeyError, ValueError):
        raise TransferError.invalid_parameter("last_key", key, "the last_key of a page") from None


def _task_filter(state: TransferState, request: Request) -> Callable[[Task], bool]:
    """Make the predicate of all filters, after checking their combination."""
    given = {name for name in _FILTERS if request.parameter(name) is not None}
    if "filter_task_id" in given:
        if len(given) > 1:
            raise TransferError(400, "BadRequest", "filter_task_id cannot be combined with other filters")
        return _by_task_id(state, request)
    statuses = {each.upper() for each in request.parameter_list("filter_status")}
    _check_filters(given, statuses)
    tests: list[Callable[[Task], bool]] = []
    if statuses:
        tests.append(lambda task: task.status.value in statuses)
    if (endpoint := request.parameter("filter_endpoint")) is not None:
        require_role(state, state.collection(endpoint), request.caller, "activity_monitor")
        tests.append(
            functools.partial(_uses_endpoint, endpoint=endpoint.lower(), use=request.parameter("filter_endpoint_use"))
        )
    if (owner := request.parameter("filter_owner_id")) is not None:
        if owner not in {task.owner_id for task in state.tasks.values()}:
            raise TransferError(404, "UserNotFound", f"No user with the identity '{owner}' is known")
        tests.append(lambda task: task.owner_id == owner)
    if (paused := request.flag("filter_is_paused", default=None)) is not None:
        tests.append(lambda task: task.paused is paused)
    if request.parameter("filter_min_faults") is not None:
        min_faults = request.integer("filter_min_faults", 0, maximum=1 << 53)
        tests.append(lambda task: task.counts.faults >= min_faults)
    if (user := request.parameter("filter_local_user")) is not None:
        tests.append(lambda task: user in task.local_users.values())
    if (span := request.parameter("filter_completion_time")) is not None:
        tests.append(_by_completion_time(span))
    return lambda task: all(test(task) for test in tests)


def _check_filters(given: set[str], statuses: set[str]) -> None:
    """
    Require a valid combination of filters.

    Raises:
        TransferError: 400 ``BadRequest``.
    """
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
        raise TransferError(400, "BadRequest", problem)


def _by_task_id(state: TransferState, request: Request) -> Callable[[Task], bool]:
    wanted = {each.lower() for each in request.parameter_list("filter_task_id")}
    maximum = state.limits.admin_task_ids
    if len(wanted) > maximum:
        message = f"At most {maximum} ids can be given in filter_task_id, not {len(wanted)}"
        raise TransferError(400, "BadRequest", message)
    for name in wanted:
        task = state.tasks.get(name)
        if task is None or not _sides(state, request, task, "activity_monitor"):
            raise permission_denied(f"You do not have permission to see task '{name}'")
    return lambda task: task.id in wanted


def _uses_endpoint(task: Task, *, endpoint: str, use: str | None) -> bool:
    if use not in {None, "source", "destination"}:
        raise TransferError(400, "BadRequest", f"Invalid value for parameter 'filter_endpoint_use': '{use}'")
    return any(
        endpoint in {collection.id, collection.host.id if collection.host else None}
        for side, collection in task.sides()
        if use in {None, side}
    )


def _by_completion_time(span: str) -> Callable[[Task], bool]:
    """Make the predicate of ``start,end``; without an end, unfinished tasks match too."""
    first, _, last = span.partition(",")
    try:
        start, end = parse_time(first) if first else None, parse_time(last) if last else None
    except ValueError:
        raise TransferError(
            400, "BadRequest", f"Invalid value for parameter 'filter_completion_time': '{span}'"
        ) from None

    def test(task: Task) -> bool:
        if task.completion_time is None:
            return end is None
        return (start is None or task.completion_time >= start) and (end is None or task.completion_time <= end)

    return test


async def get_task(state: TransferState, request: Request) -> Document:
    """Read a task as an activity monitor."""
    return task_document(state, _task(state, request), as_manager=True)


async def event_list(state: TransferState, request: Request) -> Document:
    """List the events of a task."""
    is_error = request.flag("filter_is_error", default=None)
    return event_list_document(state, request, _task(state, request), is_error=is_error)


async def task_pause_info(state: TransferState, request: Request) -> Document:
    """Read the pause rules and messages that pause a task."""
    return pause_info(state, request, _task(state, request), limited=False)


async def successful_transfers(state: TransferState, request: Request) -> Document:
    """List the successfully transferred files, with the paths on sides that the caller monitors."""
    task = _task(state, request)
    sides = _sides(state, request, task, "activity_monitor")
    document = functools.partial(
        successful_transfer_document, source="source" in sides, destination="destination" in sides
    )
    return marker_list_document(
        state, request, "successful_transfers", [] if task.history_deleted else task.successful, document
    )


async def skipped_errors(state: TransferState, request: Request) -> Document:
    """List the skipped source paths, with the paths on sides that the caller monitors."""
    task = _task(state, request)
    sides = _sides(state, request, task, "activity_monitor")
    document = functools.partial(skipped_error_document, source="source" in sides, destination="destination" in sides)
    return marker_list_document(
        state, request, "skipped_errors", [] if task.history_deleted else task.skipped, document
    )


async def admin_cancel(state: TransferState, request: Request) -> Document:
    """Cancel tasks of other users, with a message."""
    fields = request.fields()
    message, tasks = fields.required("message", TEXT), _managed_tasks(state, request, fields)
    cancel = AdminCancel(new_id(), request.caller.identity_id, tuple(task.id for task, _ in tasks))
    state.admin_cancels[cancel.id] = cancel
    for task, sides in tasks:
        if not task.is_final:
            task.canceled_by_admin = "BOTH" if len(sides) > 1 else sides[0].upper()
            task.canceled_by_admin_message = message
            await state.task_control.cancel(task, f"Canceled by an administrator: {message}", max_wait=0.2)
    return _cancel_document(state, cancel)


async def admin_cancel_status(state: TransferState, request: Request) -> Document:
    """Read whether all tasks of a cancel request have ended."""
    cancel = state.admin_cancels.get(request.path_id("admin_cancel_id").lower())
    if cancel is None or cancel.owner_id != request.caller.identity_id:
        raise TransferError(
            404, "ClientError.NotFound", f"No admin cancel found with id '{request.path_id('admin_cancel_id')}'"
        )
    return _cancel_document(state, cancel)


def _cancel_document(state: TransferState, cancel: AdminCancel) -> Document:
    done = all(state.tasks[each].is_final for each in cancel.task_ids)
    return {"DATA_TYPE": "admin_cancel", "id": cancel.id, "done": done}


async def admin_pause(state: TransferState, request: Request) -> Document:
    """Pause tasks of other users, with a message."""
    fields = request.fields()
    message = fields.required("message", TEXT)
    for task, sides in _managed_tasks(state, request, fields):
        for side in sides:
            task.paused_by_admin[_pause_key(state, request, task, side)] = message
    state.task_control.update_pauses()
    return result_document(request, "PauseAccepted", "The pause request has been accepted")


async def admin_resume(state: TransferState, request: Request) -> Document:
    """Resume tasks that a manager of the same side has paused."""
    for task, sides in _managed_tasks(state, request, request.fields()):
        for side in sides:
            task.paused_by_admin.pop(_pause_key(state, request, task, side), None)
    state.task_control.update_pauses()
    return result_document(request, "ResumeAccepted", "The resume request has been accepted")


def _pause_key(state: TransferState, request: Request, task: Task, side: str) -> str:
    """Return the key of a pause message, which differs for managers of a guest collection and of its host."""
    collection = dict(task.sides())[side]
    host = collection.host
    by_host = host is not None and "activity_manager" in effective_roles(state, host, request.caller.identity_ids)
    return side if host is None or by_host else f"{side}_share"


def _managed_tasks(state: TransferState, request: Request, fields: Fields) -> list[tuple[Task, list[str]]]:
    """
    Return the tasks of a request, with the sides that the caller manages.

    Raises:
        TransferError: 403 ``PermissionDenied``, the caller does not manage one of the tasks.
    """
    task_ids = fields.required("task_id_list", list_of(TEXT))
    if not task_ids:
        raise TransferError.invalid_field("task_id_list", "a list of at least one task id")
    found: list[tuple[Task, list[str]]] = []
    for name in task_ids:
        task = state.tasks.get(name.lower())
        sides = _sides(state, request, task, "activity_manager") if task else []
        if task is None or not sides:
            raise permission_denied(f"You do not have permission to manage task '{name}'")
        found.append((task, sides))
    return found


def _monitored(state: TransferState, request: Request) -> list[Collection]:
    """
    Return the collections that the caller monitors.

    Raises:
        TransferError: 403 ``PermissionDenied``, the caller monitors no collection.
    """
    found = [each for each in state.collections.values() if may_monitor(state, each, request.caller.identity_ids)]
    if not found:
        raise permission_denied("You do not have the activity monitor role on any endpoint")
    return found


def _sides(state: TransferState, request: Request, task: Task, role: str) -> list[str]:
    """Return the sides of a task on which the caller has a role."""
    identities = request.caller.identity_ids
    return [side for side, each in task.sides() if role in effective_roles(state, each, identities)]


def _task(state: TransferState, request: Request) -> Task:
    task = state.tasks.get(request.path_id("task_id").lower())
    if task is None:
        raise TransferError(404, "TaskNotFound", f"Task ID {request.path_id('task_id')} not found")
    if not _sides(state, request, task, "activity_monitor"):
        raise permission_denied(f"You do not have permission to see task '{task.id}'")
    is_history_deleted(state, task)
    return task


ROUTES: Final[RouteTable[TransferState]] = (
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
