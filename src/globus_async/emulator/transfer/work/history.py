"""The history of a task: its events, counters and final status."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import server_name
from ..models import Collection, Event, SkippedError, Status, Task
from ..storage.paths import joined
from ..storage.protocol import Problem, StorageError
from .transfer import Copy, FatalError, Outcome, RemoveExtra, Scan, TransferWork

if TYPE_CHECKING:
    from ..state import TransferState

__all__ = (
    "Progress",
    "add_event",
    "add_fault",
    "add_progress_event",
    "finish",
    "record_outcome",
)

_SKIPPABLE: Final = {Problem.PERMISSION_DENIED, Problem.NOT_FOUND}
_PROGRESS_INTERVAL: Final = 60.0
"""Seconds between two ``PROGRESS`` events."""


@dataclass(slots=True)
class Progress:
    """The time of the last ``PROGRESS`` event, and the bytes transferred by then."""

    reported_at: float
    bytes: int = 0


def add_event(state: TransferState, task: Task, code: str, description: str, details: str) -> None:
    """Add an event that is not an error."""
    task.events.append(Event(code, description, details, state.now()))


def finish(state: TransferState, task: Task, status: Status, code: str, *, description: str, details: str = "") -> None:
    """End a task; no effect if it has ended."""
    if task.is_final:
        return
    counts, now = task.counts, state.now()
    remaining = counts.pending + counts.retrying
    counts.retrying = 0
    if code == "EXPIRED":
        counts.expired += remaining
    elif status is Status.FAILED:
        counts.canceled += remaining
    task.completion_time = now
    task.queued = task.paused = False
    task.current_error = None
    task.events.append(Event(code, description, details, now, is_error=status is Status.FAILED))
    task.status = status
    state.running.pop(task.id, None)


def record_outcome(state: TransferState, task: Task, work: TransferWork, outcome: Outcome) -> None:
    """
    Record the outcome of a unit in the counters and events of its task.

    Raises:
        FatalError: The outcome ends the task.
    """
    counts, unit = task.counts, outcome.unit
    if task.is_final:
        return
    if outcome.error is not None:
        _record_error(state, task, work, outcome, outcome.error)
        return
    if not work.failed and task.status is Status.ACTIVE:
        task.current_error = None
    counts.symlinks += outcome.symlinks
    if outcome.new_units:
        work.add(outcome.new_units)
    if not isinstance(unit, RemoveExtra):
        counts.succeeded += 1
    if outcome.skipped:
        counts.files_skipped += 1
    if outcome.transferred is not None:
        counts.files_transferred += 1
        task.successful.append(outcome.transferred)
    if isinstance(unit, Copy):
        task.progress_time = state.now()


def _record_error(state: TransferState, task: Task, work: TransferWork, outcome: Outcome, error: StorageError) -> None:
    counts, unit, now = task.counts, outcome.unit, state.now()
    code = error.problem.value
    if outcome.on_source and task.options.get("skip_source_errors") and error.problem in _SKIPPABLE:
        counts.skipped_errors += 1
        item = unit.item if isinstance(unit, Copy) else None
        task.skipped.append(
            SkippedError(
                code,
                str(error),
                now,
                joined(unit.source),
                joined(unit.destination),
                is_directory=isinstance(unit, Scan),
                external_checksum=item.external_checksum if item else None,
                checksum_algorithm=item.checksum_algorithm if item else None,
            )
        )
        return
    if error.problem is Problem.QUOTA and task.options.get("fail_on_quota_errors"):
        raise FatalError(code, "quota exceeded", str(error))
    counts.faults += 1
    counts.retrying += 1
    unit.retries += 1
    work.failed.append(unit)
    collection = task.source if outcome.on_source or task.destination is None else task.destination
    add_fault(state, task, collection, joined(unit.source if outcome.on_source else unit.destination), error)


def add_fault(state: TransferState, task: Task, collection: Collection, path: str, error: StorageError) -> None:
    """Add the event of a storage error, and make it the current error of the task."""
    code, now = error.problem.value, state.now()
    description = code.lower().replace("_", " ")
    details = (
        f"Error ({task.type.lower()})\nEndpoint: {collection.display_name} ({collection.id})\n"
        f"Server: {server_name(collection)}\nFile: {path}\nMessage: {error}\n---\n"
        f"Details: 500-Command failed. : {error}\\r\\n500 End.\\r\\n"
    )
    task.current_error = (code, description, now)
    task.events.append(Event(code, description, details, now, is_error=True))


def add_progress_event(state: TransferState, task: Task, progress: Progress) -> None:
    """Add a ``PROGRESS`` event if a minute has passed since the last one."""
    now = state.now()
    if now - progress.reported_at >= _PROGRESS_INTERVAL:
        details = {
            "bytes_transferred": task.counts.bytes_transferred,
            "duration": round(now - progress.reported_at, 3),
            "mbps": round((task.counts.bytes_transferred - progress.bytes) * 8e-6 / (now - progress.reported_at), 3),
        }
        add_event(state, task, "PROGRESS", "progress", json.dumps(details))
        progress.reported_at, progress.bytes = now, task.counts.bytes_transferred
