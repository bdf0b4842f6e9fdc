"""The tasks of a user: list, read, update, cancel, events and transferred files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from ...kit.fields import TIME
from ...kit.paging import marker_page, offset_page
from ..documents import (
    event_document,
    pause_rule_document,
    result_document,
    skipped_error_document,
    successful_transfer_document,
)
from ..errors import SubmissionError, TransferError
from ..filters import event_filter, sort_documents, task_filter
from ..permissions import effective_roles, pausing_rules
from ..task_documents import task_document
from .submissions import LABEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..models import Collection, Task
    from ..state import TransferState

__all__ = (
    "ROUTES",
    "cancel_result",
    "cancel_task",
    "event_list",
    "event_list_document",
    "get_task",
    "is_history_deleted",
    "marker_list_document",
    "pause_info",
    "remove_task",
    "skipped_errors",
    "successful_transfers",
    "task_list",
    "task_pause_info",
    "update_task",
)

T = TypeVar("T")


async def task_list(state: TransferState, request: Request) -> Document:
    """List tasks, the newest first."""
    matches = task_filter(request.parameter("filter"))
    own = [
        task
        for task in reversed(state.tasks.values())
        if task.owner_id == request.caller.identity_id and not task.removed
    ]
    documents = [each for each in (task_document(state, task) for task in own) if matches(each)]
    documents = sort_documents(documents, request.parameter("orderby"))
    page = offset_page(request, documents, default_limit=state.limits.page, max_limit=state.limits.page)
    return {
        "DATA_TYPE": "task_list",
        "length": len(page.entries),
        "limit": page.limit,
        "offset": page.start,
        "total": page.total,
        "DATA": page.entries,
    }


async def get_task(state: TransferState, request: Request) -> Document:
    """Read a task."""
    return task_document(state, _own_task(state, request))


async def update_task(state: TransferState, request: Request) -> Document:
    """Change the label or the deadline of a task that has not ended."""
    task = _own_task(state, request)
    fields = request.with_errors(SubmissionError).fields()
    label, deadline = fields.optional("label", LABEL), fields.optional("deadline", TIME)
    if task.is_final:
        raise TransferError(409, "Conflict", "The task has completed and cannot be updated")
    changed: list[str] = []
    if deadline is not None:
        task.deadline, task.deadline_is_fixed = deadline, True
        state.task_control.update_deadline(task)
        changed.append("deadline")
    if "label" in fields:
        task.label = label
        changed.append("label")
    if not changed:
        raise TransferError(400, "BadRequest", "Only the label and the deadline of a task can be updated")
    return result_document(request, "Updated", f"Updated task {' and '.join(changed)} successfully")


async def cancel_task(state: TransferState, request: Request) -> Document:
    """Cancel a task."""
    return await cancel_result(state, request, _own_task(state, request), "Canceled by the task owner")


async def cancel_result(state: TransferState, request: Request, task: Task, details: str) -> Document:
    """Cancel a task; return the result document."""
    if task.is_final:
        return result_document(request, "TaskComplete", "The task completed before the cancel request was processed.")
    if await state.task_control.cancel(task, details):
        return result_document(request, "Canceled", "The task has been cancelled successfully.")
    return result_document(
        request, "CancelAccepted", "The cancel request has been accepted, and the task will end soon."
    )


async def remove_task(state: TransferState, request: Request) -> Document:
    """Remove a task of a high-assurance collection that has ended."""
    task = _own_task(state, request)
    if not task.is_final or not any(side.fields["high_assurance"] for _, side in task.sides()):
        raise TransferError(409, "Conflict", "Only completed tasks of high-assurance collections can be removed")
    task.removed = True
    return result_document(request, "Removed", "The task has been removed successfully")


async def event_list(state: TransferState, request: Request) -> Document:
    """List the events of a task, the newest first."""
    is_error = event_filter(request.parameter("filter"))
    return event_list_document(state, request, _own_task(state, request), is_error=is_error)


def event_list_document(state: TransferState, request: Request, task: Task, *, is_error: bool | None) -> Document:
    """Make a page of the events of a task, the newest first; of those that are errors, or are not, if given."""
    history_deleted = is_history_deleted(state, task)
    events = [] if history_deleted else [each for each in reversed(task.events) if is_error in {None, each.is_error}]
    page = offset_page(request, events, default_limit=state.limits.page, max_limit=state.limits.page)
    return {
        "DATA_TYPE": "event_list",
        "length": len(page.entries),
        "limit": page.limit,
        "offset": page.start,
        "total": page.total,
        "DATA": [event_document(each) for each in page.entries],
    }


async def task_pause_info(state: TransferState, request: Request) -> Document:
    """Read the pause rules and messages that pause a task."""
    return pause_info(state, request, _own_task(state, request), limited=True)


def pause_info(state: TransferState, request: Request, task: Task, *, limited: bool) -> Document:
    """Make the document of the pause rules and messages that pause a task."""
    return {
        "DATA_TYPE": "pause_info_limited" if limited else "pause_info",
        "pause_rules": [
            pause_rule_document(
                state, rule, editable=_manages(state, request, state.collections.get(rule.endpoint_id)), limited=limited
            )
            for rule in {rule.id: rule for _, rule in pausing_rules(state, task)}.values()
        ],
        "source_pause_message": task.paused_by_admin.get("source"),
        "destination_pause_message": task.paused_by_admin.get("destination"),
        "source_pause_message_share": task.paused_by_admin.get("source_share"),
        "destination_pause_message_share": task.paused_by_admin.get("destination_share"),
    }


def _manages(state: TransferState, request: Request, collection: Collection | None) -> bool:
    return collection is not None and "activity_manager" in effective_roles(
        state, collection, request.caller.identity_ids
    )


async def successful_transfers(state: TransferState, request: Request) -> Document:
    """List the successfully transferred files."""
    task = _own_task(state, request)
    if not task.is_transfer:
        raise TransferError(400, "BadRequest", "Only transfer tasks have successful transfers")
    entries = [] if is_history_deleted(state, task) else task.successful
    return marker_list_document(state, request, "successful_transfers", entries, successful_transfer_document)


async def skipped_errors(state: TransferState, request: Request) -> Document:
    """List the skipped source paths."""
    task = _own_task(state, request)
    entries = [] if is_history_deleted(state, task) else task.skipped
    return marker_list_document(state, request, "skipped_errors", entries, skipped_error_document)


def marker_list_document(
    state: TransferState, request: Request, data_type: str, entries: Sequence[T], document: Callable[[T], Document]
) -> Document:
    """Make a page of entries from a marker on."""
    page = marker_page(request, entries, default_limit=state.limits.marker_page)
    return {
        "DATA_TYPE": data_type,
        "marker": page.start,
        "next_marker": page.next_marker,
        "DATA": [document(each) for each in page.entries],
    }


def is_history_deleted(state: TransferState, task: Task) -> bool:
    """Whether the history of a task is deleted, a month after its end."""
    age = state.now() - (task.completion_time if task.completion_time is not None else state.now())
    task.history_deleted = task.history_deleted or age > state.limits.history_days * 86_400
    return task.history_deleted


def _own_task(state: TransferState, request: Request) -> Task:
    """
    Return a task of the caller.

    Raises:
        TransferError: 404, there is no such task, or it is another user's.
    """
    task = state.tasks.get(request.path_id("task_id").lower())
    if task is None or task.removed or task.owner_id != request.caller.identity_id:
        raise TransferError(404, "ClientError.NotFound", f"No task found with id '{request.path_id('task_id')}'")
    is_history_deleted(state, task)
    return task


ROUTES: Final[RouteTable[TransferState]] = (
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
