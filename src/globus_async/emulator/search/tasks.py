"""The tasks of an index, which are made one after the other, each when its time has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models import TaskFailure

if TYPE_CHECKING:
    from .models import Index, Task

__all__ = ("cancel_tasks", "run_due_tasks")


def run_due_tasks(index: Index, now: float) -> None:
    """
    Make the changes that are due by now, with the times at which they were.

    Called before an index or its tasks are read, so that no work waits in the background.
    """
    while index.queue:
        task = index.queue[0]
        if task.start > now:
            return
        task.state = "PROGRESS"
        end = task.start + task.duration
        if end > now:
            return
        index.queue.pop(0)
        if index.queue:
            index.queue[0].start = max(index.queue[0].start, end)
        task.completed = end
        task.message = index.failures.pop(0) if index.failures else _failure(task)
        if task.message is None:
            task.state, index.modified = "SUCCESS", end
        else:
            task.state = "FAILED"
        task.work = _nothing  # its documents are not needed any more


def cancel_tasks(index: Index, now: float) -> None:
    """Cancel the tasks that have not ended."""
    for task in index.queue:
        task.state, task.completed, task.message, task.work = "CANCELLED", now, "The index was deleted", _nothing
    index.queue.clear()


def _failure(task: Task) -> str | None:
    """Make the change of a task; return the message with which it fails."""
    try:
        task.work()
    except TaskFailure as failure:
        return str(failure)
    return None


def _nothing() -> None:
    """Do nothing, in place of the work of a task that has ended."""
