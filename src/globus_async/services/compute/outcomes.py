"""How tasks end, and the outcomes of waiting for them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..._http.html import members_html

if TYPE_CHECKING:
    from .documents import ComputeTaskDocument

__all__ = ("ComputeTaskEndReason", "ComputeTaskOutcome", "end_reason")

_SHOWN_MEMBERS: Final = ("task_id", "status", "completion_t")
_MAX_SHOWN: Final = 200


class ComputeTaskEndReason(enum.StrEnum):
    """How a task of Globus Compute ended, or why waiting for it stopped."""

    SUCCESS = "success"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    """The time limit of the wait passed; the task continues."""


_FINAL: Final = {"success": ComputeTaskEndReason.SUCCESS, "failed": ComputeTaskEndReason.FAILED}
"""The final states, in lower case. A state that this library does not list is not final."""


@dataclass(frozen=True, slots=True, repr=False)
class ComputeTaskOutcome:
    """
    The outcome of waiting for a task of Globus Compute.

    Attributes:
        reason: How the task ended, or why waiting stopped.
        task: The task document of the last poll.

    Example:
        >>> outcome = await compute.wait_for_task(task_id)
        >>> outcome.is_success, outcome.result
        (True, '10000')
    """

    reason: ComputeTaskEndReason
    task: ComputeTaskDocument

    @property
    def is_success(self) -> bool:
        """Whether the function returned a value."""
        return self.reason is ComputeTaskEndReason.SUCCESS

    @property
    def has_ended(self) -> bool:
        """Whether the task itself has ended, not only the wait for it."""
        return self.reason is not ComputeTaskEndReason.TIMED_OUT

    @property
    def result(self) -> str | None:
        """The value that the function returned, as a text that the SDK of Globus Compute reads; ``None`` without."""
        return self._text("result")

    @property
    def exception(self) -> str | None:
        """The exception that the function raised, as text; ``None`` if there is none."""
        return self._text("exception")

    @property
    def message(self) -> str | None:
        """Why the task failed, as the service says it, or else the exception; ``None`` if neither is known."""
        return self._text("reason") or self.exception

    def _text(self, name: str) -> str | None:
        task: Mapping[str, object] = self.task
        text = task.get(name)
        return text if isinstance(text, str) else None

    def __repr__(self) -> str:
        task: Mapping[str, object] = self.task
        why = f" ({self.message[:_MAX_SHOWN]!a})" if self.message and not self.is_success else ""
        size = f", result of {len(self.result)} characters" if self.result is not None else ""
        return f"<ComputeTaskOutcome {self.reason}{why}: task {task.get('task_id')!r:.60}{size}>"

    def _repr_html_(self) -> str:
        """Return the outcome and the main members of the task as an HTML table, for notebooks."""
        task: Mapping[str, object] = self.task
        members = {name: value for name in _SHOWN_MEMBERS if (value := task.get(name)) is not None}
        return members_html(f"Task {self.reason}", members | ({"message": self.message} if self.message else {}))


def end_reason(task: ComputeTaskDocument) -> ComputeTaskEndReason | None:
    """Return how a task ended; ``None`` while it has not."""
    status: object = task.get("status")
    return _FINAL.get(status.lower()) if isinstance(status, str) else None
