"""The outcome of a batch, and the progress of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ....errors import GlobusError
    from ..documents import SearchTaskDocument
    from ..waiting import SearchTaskEndReason

__all__ = ("BatchOutcome", "BatchProgress")


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """
    The outcome of one batch of entries or subjects; or of one that is invalid, and in no batch.

    Attributes:
        number: The number of the batch, from 0; ``None`` for an invalid item.
        positions: The positions of its items in the input, from 0.
        size: The size of its document in bytes; 0 for an invalid item.
        task_id: Its task. ``None`` if there is none.
        reason: How its task ended; ``None`` if there is none, it was not waited for, or its end is unknown.
        task: The last document of the task; ``None`` if it was not fetched: the journal has that it succeeded.
        error: Why there is no task, or its end is unknown.
        is_new: Whether this run submitted the batch; False if the journal had its task already.
    """

    number: int | None
    positions: Sequence[int]
    size: int = 0
    task_id: str | None = None
    reason: SearchTaskEndReason | None = None
    task: SearchTaskDocument | None = None
    error: GlobusError | None = None
    is_new: bool = True

    @property
    def is_success(self) -> bool:
        """Whether its task succeeded: its entries can be found, or its subjects no longer."""
        return self.reason == "success"

    @property
    def message(self) -> str | None:
        """Why it failed: the message of the error, or of the task."""
        if self.error is not None:
            return str(self.error)
        message: object = None if self.task is None else self.task.get("message")
        return message if isinstance(message, str) and not self.is_success else None


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """
    The progress of a submission in batches.

    Attributes:
        read: Number of items that were read.
        submitted: Number of items whose tasks were created, in this run or an earlier one.
        succeeded: Number of items whose tasks have succeeded.
        failed: Number of items whose batches have not: the task failed, was cancelled or refused, or is unknown.
        invalid: Number of items that are in no batch.
        batches: Number of batches whose tasks were created.
    """

    read: int = 0
    submitted: int = 0
    succeeded: int = 0
    failed: int = 0
    invalid: int = 0
    batches: int = 0
