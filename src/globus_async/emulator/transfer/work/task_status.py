"""Deadlines, pauses and suspensions of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..models import Status
from ..permissions import missing_credential, pausing_rules
from . import history

if TYPE_CHECKING:
    from ..models import Task
    from ..state import TransferState

__all__ = (
    "extend_deadline",
    "update_pause",
    "update_suspension",
)

_HOUR: Final = 3600.0


def extend_deadline(task: Task, now: float) -> bool:
    """Extend the deadline of a task that is queued, paused, or has made progress; return whether it was."""
    if task.deadline_is_fixed:
        return False
    if task.paused:
        task.deadline = now + 90 * 24 * _HOUR
    elif task.queued and task.current_error is None:
        task.deadline = now + 24 * _HOUR
    elif task.progress_time is not None:
        task.deadline = max(task.deadline, task.progress_time + 72 * _HOUR)
    return task.deadline > now


def update_suspension(state: TransferState, task: Task) -> bool:
    """Make a task inactive if its credentials are missing, or else active; return whether it is inactive."""
    code = task.suspended or missing_credential(state, task)
    if code is not None and task.status is Status.ACTIVE:
        task.status = Status.INACTIVE
        task.current_error = (code, code.lower().replace("_", " "), state.now())
    elif code is None and task.status is Status.INACTIVE:
        task.status = Status.ACTIVE
        task.current_error = None
    return task.status is Status.INACTIVE


def update_pause(state: TransferState, task: Task) -> bool:
    """Pause or resume a task according to pause rules and managers; return whether it is paused."""
    messages = [rule.message for _, rule in pausing_rules(state, task)] + list(task.paused_by_admin.values())
    if task.is_final or task.paused == bool(messages):
        return task.paused
    task.paused = bool(messages)
    if task.paused:
        history.add_event(state, task, "PAUSED", "paused", messages[0])
    else:
        history.add_event(state, task, "UNPAUSED", "unpaused", "The task was resumed")
        if not task.deadline_is_fixed:
            task.deadline = state.now() + 24 * _HOUR
    return task.paused
