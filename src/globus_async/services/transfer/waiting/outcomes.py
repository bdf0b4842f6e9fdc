"""The outcome of waiting for a task: how the task ended, or why waiting stopped."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...._http.html import members_html
from ...._http.json_reader import is_object

if TYPE_CHECKING:
    from ....errors import GlobusError
    from ..documents import EventDocument, TaskDocument

__all__ = ("DONE_STATUSES", "OutcomeDetector", "StallDetector", "TaskEndReason", "TaskOutcome", "classify", "is_done")

DONE_STATUSES: Final = frozenset({"SUCCEEDED", "FAILED"})
"""The final statuses of a task. A status that this library does not list is not final."""

_PROGRESS_MEMBERS: Final = (
    "bytes_transferred",
    "bytes_checksummed",
    "files",
    "files_transferred",
    "files_skipped",
    "directories",
    "subtasks_succeeded",
    "subtasks_skipped_errors",
)
"""The members of a task document that grow while the task makes progress."""

_SHOWN_MEMBERS: Final = (
    "task_id",
    "label",
    "type",
    "status",
    "source_endpoint_display_name",
    "destination_endpoint_display_name",
    "files",
    "files_transferred",
    "bytes_transferred",
    "effective_bytes_per_second",
    "faults",
    "nice_status_details",
    "request_time",
    "completion_time",
)


class TaskEndReason(enum.StrEnum):
    """How a task ended, or why waiting for it stopped."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    """Canceled by its owner or an administrator; its status is ``FAILED``."""
    EXPIRED = "expired"
    """Its deadline passed; its status is ``FAILED``."""
    INACTIVE = "inactive"
    """Suspended until its owner renews a credential, a consent or a session."""
    STALLED = "stalled"
    """It reports faults and makes no progress; the service retries it until its deadline."""
    TIMED_OUT = "timed out"
    """The time limit of the wait passed; the task continues."""


@dataclass(frozen=True, slots=True, repr=False)
class TaskOutcome:
    """
    The outcome of waiting for a task.

    Attributes:
        reason: How the task ended, or why waiting stopped.
        task: The task document of the last poll.
        error_events: The task's last errors, latest first, if requested.
        events_error: Why the events could not be fetched; they tell some cancellations and expiries from failures.
    """

    reason: TaskEndReason
    task: TaskDocument
    error_events: Sequence[EventDocument] = ()
    events_error: GlobusError | None = None

    @property
    def is_done(self) -> bool:
        """Whether the task itself has ended, not only the wait for it."""
        return is_done(self.task)

    def __repr__(self) -> str:
        task: Mapping[str, object] = self.task
        label = task.get("label")
        shown = f" {label[:60]!r}" if isinstance(label, str) else ""
        why = f" ({task.get('nice_status')})" if self.reason is TaskEndReason.INACTIVE else ""
        return (
            f"<TaskOutcome {self.reason}{why}: {task.get('type', 'task')}{shown} {task.get('task_id')},"
            f" {task.get('files_transferred') or 0} files, {task.get('bytes_transferred') or 0} bytes,"
            f" {task.get('faults') or 0} faults>"
        )

    def _repr_html_(self) -> str:
        """Return the outcome and the main members of the task as an HTML table, for notebooks."""
        task: Mapping[str, object] = self.task
        members = {name: value for name in _SHOWN_MEMBERS if (value := task.get(name)) is not None}
        errors = [str(event.get("description") or event.get("code")) for event in self.error_events[:5]]
        return members_html(f"Task {self.reason}", members | ({"errors": "; ".join(errors)} if errors else {}))


def is_done(task: TaskDocument | None) -> bool:
    """Return whether a task has a final status."""
    status: object = None if task is None else task.get("status")
    return isinstance(status, str) and status in DONE_STATUSES


def classify(task: TaskDocument, events: Sequence[EventDocument] = ()) -> TaskEndReason | None:
    """
    Return how a task ended; ``None`` while it is active.

    Args:
        task: The task document.
        events: The task's last events. For some tasks only an event tells a cancellation or expiry from a failure.
    """
    match task.get("status"):
        case "SUCCEEDED":
            return TaskEndReason.SUCCEEDED
        case "INACTIVE":
            return TaskEndReason.INACTIVE
        case "FAILED":
            fatal = task.get("fatal_error")
            codes = [*(event.get("code") for event in events), fatal.get("code") if is_object(fatal) else None]
            if task.get("canceled_by_admin") or "CANCELED" in codes:
                return TaskEndReason.CANCELED
            if "EXPIRED" in codes:
                return TaskEndReason.EXPIRED
            if fatal:  # its open items are counted as canceled or expired too
                return TaskEndReason.FAILED
            if task.get("subtasks_canceled"):
                return TaskEndReason.CANCELED
            return TaskEndReason.EXPIRED if task.get("subtasks_expired") else TaskEndReason.FAILED
        case _:
            return None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


class StallDetector:
    """
    Counts a task's faults since its last progress.

    Args:
        codes: The codes of the faults to count; ``None`` for all. The code is that of the task's latest fault, which
            all faults since the previous document are taken to have.
    """

    __slots__ = ("_codes", "_count", "_faults", "_progress")

    def __init__(self, codes: Collection[str] | None = None) -> None:
        self._codes = codes
        self._faults = self._count = 0
        self._progress: tuple[int, ...] | None = None

    def faults_since_progress(self, task: TaskDocument) -> int:
        """Record a task document; return the number of faults since the task last made progress."""
        members: Mapping[str, object] = task
        progress = tuple(_number(members.get(name)) for name in _PROGRESS_MEMBERS)
        faults, code = _number(members.get("faults")), members.get("nice_status")
        if progress != self._progress:
            self._progress, self._count = progress, 0
        elif self._codes is None or (isinstance(code, str) and code in self._codes):
            self._count += max(0, faults - self._faults)
        self._faults = faults
        return self._count


class OutcomeDetector:
    """
    Examines the documents of a task for the outcome of waiting for it.

    Args:
        stalled_after: Number of faults without progress after which the task is stalled; ``None`` for no limit.
        codes: The codes of the faults to count, as in `StallDetector`.

    Attributes:
        reason: How the task ended, or why waiting for it stopped; ``None`` until then.
    """

    __slots__ = ("_stall", "_stalled_after", "reason")

    def __init__(self, stalled_after: int | None, codes: Collection[str] | None) -> None:
        self._stall = None if stalled_after is None else StallDetector(codes)
        self._stalled_after = stalled_after or 0
        self.reason: TaskEndReason | None = None

    def examine(self, task: TaskDocument) -> bool:
        """Record a task document; return whether it is an outcome."""
        self.reason = classify(task)
        if self._stall is not None and self._stall.faults_since_progress(task) >= self._stalled_after:
            self.reason = self.reason or TaskEndReason.STALLED
        return self.reason is not None
