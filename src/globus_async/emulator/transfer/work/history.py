"""What is written down about a task: its events, counters and end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import server_of
from ..models import Collection, Event, SkippedError, Status, Task
from ..storage.paths import joined
from ..storage.protocol import Problem, StorageError
from .transfer import Copy, Extra, FatalError, Outcome, Scan, TransferWork

if TYPE_CHECKING:
    from ..state import TransferState

__all__ = (
    "Progress",
    "book",
    "finish",
    "note",
    "report",
    "trouble",
)

_SKIPPABLE: Final = {Problem.PERMISSION_DENIED, Problem.NOT_FOUND}
_PROGRESS_EVERY: Final = 60.0


@dataclass(slots=True)
class Progress:
    """When the last ``PROGRESS`` event was written, and what had been copied then."""

    reported_at: float
    bytes: int = 0


def note(state: TransferState, task: Task, code: str, description: str, details: str) -> None:
    """Write an event that is no error."""
    task.events.append(Event(code, description, details, state.now()))


def finish(state: TransferState, task: Task, status: Status, code: str, *, description: str, details: str = "") -> None:
    """End a task, once and for all."""
    if task.is_final:
        return
    counts, now = task.counts, state.now()
    left = counts.pending + counts.retrying
    counts.retrying = 0
    if code == "EXPIRED":
        counts.expired += left
    elif status is Status.FAILED:
        counts.canceled += left
    task.completion_time = now
    task.queued = task.paused = False
    task.trouble = None
    task.events.append(Event(code, description, details, now, is_error=status is Status.FAILED))
    task.status = status
    state.running.pop(task.id, None)


def book(state: TransferState, task: Task, work: TransferWork, outcome: Outcome) -> None:
    """
    Book what came of a unit.

    Raises:
        FatalError: It ends the task.
    """
    counts, unit = task.counts, outcome.unit
    if task.is_final:
        return
    if outcome.error is not None:
        _fault(state, task, work, outcome, outcome.error)
        return
    if not work.failed and task.status is Status.ACTIVE:
        task.trouble = None
    counts.symlinks += outcome.symlinks
    work.add(outcome.found)
    if not isinstance(unit, Extra):
        counts.succeeded += 1
    if outcome.skipped:
        counts.files_skipped += 1
    if outcome.transferred is not None:
        counts.files_transferred += 1
        task.successful.append(outcome.transferred)
    if isinstance(unit, Copy):
        task.progress_time = state.now()


def _fault(state: TransferState, task: Task, work: TransferWork, outcome: Outcome, error: StorageError) -> None:
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
    trouble(state, task, collection, joined(unit.source if outcome.on_source else unit.destination), error)


def trouble(state: TransferState, task: Task, collection: Collection, path: str, error: StorageError) -> None:
    """Write what a storage refused into the history of a task."""
    code, now = error.problem.value, state.now()
    description = code.lower().replace("_", " ")
    details = (
        f"Error ({task.type.lower()})\nEndpoint: {collection.display_name} ({collection.id})\n"
        f"Server: {server_of(collection)}\nFile: {path}\nMessage: {error}\n---\n"
        f"Details: 500-Command failed. : {error}\\r\\n500 End.\\r\\n"
    )
    task.trouble = (code, description, now)
    task.events.append(Event(code, description, details, now, is_error=True))


def report(state: TransferState, task: Task, progress: Progress) -> None:
    """Write a ``PROGRESS`` event once a minute."""
    now = state.now()
    if now - progress.reported_at >= _PROGRESS_EVERY:
        details = {
            "bytes_transferred": task.counts.bytes_transferred,
            "duration": round(now - progress.reported_at, 3),
            "mbps": round((task.counts.bytes_transferred - progress.bytes) * 8e-6 / (now - progress.reported_at), 3),
        }
        note(state, task, "PROGRESS", "progress", json.dumps(details))
        progress.reported_at, progress.bytes = now, task.counts.bytes_transferred
