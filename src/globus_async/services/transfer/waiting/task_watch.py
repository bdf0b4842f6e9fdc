"""An iterator over the changes of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...._polling.document_watch import DocumentWatch
from .outcomes import is_done
from .task_progress import TaskProgress

if TYPE_CHECKING:
    from ...._polling.repeated_poll import PollingInterval
    from ...._polling.shared_poller import SharedPoller
    from ..documents import TaskDocument

__all__ = ("TaskWatch",)


class TaskWatch(DocumentWatch["TaskDocument"]):
    """
    Async iterator over a task's documents: the current one, then one for each change; see `TransferClient.task_watch`.

    It ends after the document with a final status. Polls that fail with a transient error (no response, 429, 5xx, also
    those of the token endpoint) are repeated at the next interval; the fifth failure in a row is raised.
    """

    __slots__ = ("_clock", "_progress")

    def __init__(self, poller: SharedPoller[TaskDocument], task_id: str, polling_interval: PollingInterval) -> None:
        super().__init__(poller, task_id, polling_interval, is_done)
        self._clock = poller.transport.clock
        self._progress: TaskProgress | None = None

    def __repr__(self) -> str:
        status = "not polled yet" if self._last is None else self._last.get("status")
        return f"<TaskWatch of task {self._poll.id}: {status}>"

    @property
    def progress(self) -> TaskProgress | None:
        """The progress that the last document shows, with smoothed rates; ``None`` before the first."""
        return self._progress

    async def __anext__(self) -> TaskDocument:
        task = await super().__anext__()
        now = self._clock.monotonic()
        self._progress = TaskProgress.of(task, at=now) if self._progress is None else self._progress.next(task, at=now)
        return task
