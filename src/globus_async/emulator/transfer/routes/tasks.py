"""A user's own tasks: list, read, change, cancel, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from ..call import Call, RouteTable, result
from ..documents import event_document, pause_rule_document, skipped_error_document, successful_transfer_document
from ..errors import ServiceError
from ..filters import sort_documents, task_filter
from ..permissions import effective_roles, pausing_rules
from ..task_documents import task_document
from .submissions import read_deadline, read_label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..models import Collection, Document, Task

__all__ = (
    "ROUTES",
    "cancel_answer",
    "cancel_task",
    "event_list",
    "event_page",
    "get_task",
    "is_history_deleted",
    "marker_page",
    "pause_info",
    "remove_task",
    "skipped_errors",
    "successful_transfers",
    "task_list",
    "task_pause_info",
    "update_task",
)

T = TypeVar("T")


async def task_list(call: Call) -> Document:
    """List tasks, the newest first."""
    limit = call.number("limit", call.state.limits.page, least=1, most=call.state.limits.page)
    offset = call.number("offset", 0, most=1 << 53)
    wanted = task_filter(call.query("filter"))
    mine = [
        task
        for task in reversed(call.state.tasks.values())
        if task.owner_id == call.caller.identity_id and not task.removed
    ]
    documents = [each for each in (task_document(call.state, task) for task in mine) if wanted(each)]
    documents = sort_documents(documents, call.query("orderby"))
    page = documents[offset : offset + limit]
    return {
        "DATA_TYPE": "task_list",
        "length": len(page),
        "limit": limit,
        "offset": offset,
        "total": len(documents),
        "DATA": page,
    }


async def get_task(call: Call) -> Document:
    """Read a task."""
    return task_document(call.state, _own_task(call))


async def update_task(call: Call) -> Document:
    """Change the label or the deadline of a task that has not ended."""
    task = _own_task(call)
    document = call.document()
    label, deadline = read_label(document), read_deadline(document)
    if task.is_final:
        raise ServiceError(409, "Conflict", "The task has completed and cannot be updated")
    changed: list[str] = []
    if deadline is not None:
        task.deadline, task.deadline_is_fixed = deadline, True
        call.task_runner.update_deadline(task)
        changed.append("deadline")
    if "label" in document:
        task.label = label
        changed.append("label")
    if not changed:
        raise ServiceError(400, "BadRequest", "Only the label and the deadline of a task can be updated")
    return result(call, "Updated", f"Updated task {' and '.join(changed)} successfully")


async def cancel_task(call: Call) -> Document:
    """End a task."""
    return await cancel_answer(call, _own_task(call), "Canceled by the task owner")


async def cancel_answer(call: Call, task: Task, details: str) -> Document:
    """End a task and say whether it has ended."""
    if task.is_final:
        return result(call, "TaskComplete", "The task completed before the cancel request was processed.")
    if await call.task_runner.cancel(task, details):
        return result(call, "Canceled", "The task has been cancelled successfully.")
    return result(call, "CancelAccepted", "The cancel request has been accepted, and the task will end soon.")


async def remove_task(call: Call) -> Document:
    """Forget a task of a high-assurance collection that has ended."""
    task = _own_task(call)
    if not task.is_final or not any(side.fields["high_assurance"] for _, side in task.sides()):
        raise ServiceError(409, "Conflict", "Only completed tasks of high-assurance collections can be removed")
    task.removed = True
    return result(call, "Removed", "The task has been removed successfully")


async def event_list(call: Call) -> Document:
    """List the events of a task, the newest first."""
    errors_only = "is_error:1" in (call.query("filter", "") or "").split("/")
    return event_page(call, _own_task(call), errors_only=errors_only)


def event_page(call: Call, task: Task, *, errors_only: bool) -> Document:
    """Cut a page from the events of a task."""
    limit = call.number("limit", call.state.limits.page, least=1, most=call.state.limits.page)
    offset = call.number("offset", 0, most=1 << 53)
    history_deleted = is_history_deleted(call, task)
    events = [] if history_deleted else [each for each in reversed(task.events) if each.is_error or not errors_only]
    page = events[offset : offset + limit]
    return {
        "DATA_TYPE": "event_list",
        "length": len(page),
        "limit": limit,
        "offset": offset,
        "total": len(events),
        "DATA": [event_document(each) for each in page],
    }


async def task_pause_info(call: Call) -> Document:
    """Tell why a task is paused."""
    return pause_info(call, _own_task(call), limited=True)


def pause_info(call: Call, task: Task, *, limited: bool) -> Document:
    """Collect what holds a task: rules, and messages of managers."""
    state = call.state
    return {
        "DATA_TYPE": "pause_info_limited" if limited else "pause_info",
        "pause_rules": [
            pause_rule_document(
                state, rule, editable=_manages(call, state.collections.get(rule.endpoint_id)), limited=limited
            )
            for rule in {rule.id: rule for _, rule in pausing_rules(state, task)}.values()
        ],
        "source_pause_message": task.paused_by_admin.get("source"),
        "destination_pause_message": task.paused_by_admin.get("destination"),
        "source_pause_message_share": task.paused_by_admin.get("source_share"),
        "destination_pause_message_share": task.paused_by_admin.get("destination_share"),
    }


def _manages(call: Call, collection: Collection | None) -> bool:
    return collection is not None and "activity_manager" in effective_roles(
        call.state, collection, call.caller.identity_ids
    )


async def successful_transfers(call: Call) -> Document:
    """List the files that arrived."""
    task = _own_task(call)
    if not task.is_transfer:
        raise ServiceError(400, "BadRequest", "Only transfer tasks have successful transfers")
    entries = [] if is_history_deleted(call, task) else task.successful
    return marker_page(call, "successful_transfers", entries, successful_transfer_document)


async def skipped_errors(call: Call) -> Document:
    """List the sources that were left out."""
    task = _own_task(call)
    entries = [] if is_history_deleted(call, task) else task.skipped
    return marker_page(call, "skipped_errors", entries, skipped_error_document)


def marker_page(call: Call, data_type: str, entries: Sequence[T], document: Callable[[T], Document]) -> Document:
    """Cut a page at a marker: the number of the first entry."""
    marker = call.number("marker", 0, most=1 << 53)
    end = marker + call.state.limits.marker_page
    return {
        "DATA_TYPE": data_type,
        "marker": marker,
        "next_marker": end if end < len(entries) else None,
        "DATA": [document(each) for each in entries[marker:end]],
    }


def is_history_deleted(call: Call, task: Task) -> bool:
    """Whether the details of a task are gone: a month after its end."""
    age = call.state.now() - (task.completion_time if task.completion_time is not None else call.state.now())
    task.history_deleted = task.history_deleted or age > call.state.limits.history_days * 86_400
    return task.history_deleted


def _own_task(call: Call) -> Task:
    """
    Find a task of the caller.

    Raises:
        ServiceError: There is none; that of somebody else does not show either.
    """
    task = call.state.tasks.get(call.id("task_id").lower())
    if task is None or task.removed or task.owner_id != call.caller.identity_id:
        raise ServiceError(404, "ClientError.NotFound", f"No task found with id '{call.id('task_id')}'")
    is_history_deleted(call, task)
    return task


ROUTES: Final[RouteTable] = (
    ("GET", "/task_list", task_list),
    ("GET", "/task/{task_id}", get_task),
    ("PUT", "/task/{task_id}", update_task),
    ("POST", "/task/{task_id}/cancel", cancel_task),
    ("POST", "/task/{task_id}/remove", remove_task),
    ("GET", "/task/{task_id}/event_list", event_list),
    ("GET", "/task/{task_id}/pause_info", task_pause_info),
    ("GET", "/task/{task_id}/successful_transfers", successful_transfers),
    ("GET", "/task/{task_id}/skipped_errors", skipped_errors),
)
