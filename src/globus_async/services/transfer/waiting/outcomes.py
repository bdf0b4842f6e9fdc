"""How a task ended, or why waiting for it did."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..documents import EventDocument, TaskDocument

__all__ = ("END_STATES", "StallWatch", "TaskEndReason", "TaskOutcome", "classify", "is_done")

END_STATES: Final = frozenset({"SUCCEEDED", "FAILED"})
"""The states that a task does not leave. A state that is not known here is not taken for one of them."""

_MOVES: Final = (
    "bytes_transferred",
    "bytes_checksummed",
    "files",
    "files_transferred",
    "files_skipped",
    "directories",
    "subtasks_succeeded",
    "subtasks_skipped_errors",
)
"""The members that grow while a task gets on."""


class TaskEndReason(enum.StrEnum):
    """How it ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    """By its owner or by an administrator; the service's status is ``FAILED``."""
    EXPIRED = "expired"
    """It reached its deadline; the service's status is ``FAILED``."""
    INACTIVE = "inactive"
    """It is suspended until its owner renews a credential, a consent or a session."""
    STALLED = "stalled"
    """It gathers faults while nothing moves; the service will go on trying until its deadline."""
    TIMED_OUT = "timed out"
    """The time to wait for it was up; it goes on."""


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """
    What came of waiting for a task.

    Attributes:
        end: How it ended, or why waiting did.
        task: The task's document as it was last seen.
        error_events: Its last errors, the latest first, if they were asked for.
    """

    end: TaskEndReason
    task: TaskDocument
    error_events: Sequence[EventDocument] = ()

    @property
    def is_done(self) -> bool:
        """Whether the task itself is over, not only the wait for it."""
        return is_done(self.task)


def is_done(task: TaskDocument | None) -> bool:
    """Say whether a task is in a state that it does not leave."""
    return task is not None and task.get("status") in END_STATES


def classify(task: TaskDocument, events: Sequence[EventDocument] = ()) -> TaskEndReason | None:
    """
    Say how a task ended, or ``None`` while it goes on.

    Args:
        task: Its document.
        events: Its last events; some services tell only there that a task was canceled or expired.
    """
    match task.get("status"):
        case "SUCCEEDED":
            return TaskEndReason.SUCCEEDED
        case "INACTIVE":
            return TaskEndReason.INACTIVE
        case "FAILED":
            codes = {event.get("code") for event in events}
            if fatal := task.get("fatal_error"):
                codes.add(fatal.get("code"))
            if task.get("canceled_by_admin") or task.get("subtasks_canceled") or "CANCELED" in codes:
                return TaskEndReason.CANCELED
            if task.get("subtasks_expired") or "EXPIRED" in codes:
                return TaskEndReason.EXPIRED
            return TaskEndReason.FAILED
        case _:
            return None


class StallWatch:
    """Counts the faults that came since anything moved."""

    __slots__ = ("_faults", "_moved")

    def __init__(self) -> None:
        self._faults = 0
        self._moved: tuple[object, ...] | None = None

    def faults_since_it_moved(self, task: TaskDocument) -> int:
        """Take note of a task's document; return how many faults it has gathered since something moved."""
        members: Mapping[str, object] = task
        moved, faults = tuple(members.get(name) for name in _MOVES), task.get("faults") or 0
        if moved != self._moved:
            self._moved, self._faults = moved, faults
        return faults - self._faults
