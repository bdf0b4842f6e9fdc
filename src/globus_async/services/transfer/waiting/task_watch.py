"""An iterator over the changes of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from ....porting import AsyncIterationOnly
from .outcomes import is_done
from .task_poller import PollingInterval, TaskPoller
from .task_progress import TaskProgress

if TYPE_CHECKING:
    from ..documents import TaskDocument
    from .shared_poller import SharedPoller

__all__ = ("TaskWatch",)


class TaskWatch(AsyncIterationOnly):
    """
    Async iterator over a task's documents: the current one, then one for each change; see `TransferClient.task_watch`.

    It ends after the document with a final status. Polls that fail with a transient error (no response, 429, 5xx, also
    those of the token endpoint) are repeated at the next interval; the fifth failure in a row is raised.
    """

    __slots__ = ("_clock", "_last", "_poller", "_progress")

    def __init__(self, poller: SharedPoller, task_id: UUID | str, polling_interval: PollingInterval) -> None:
        self._poller = TaskPoller(poller, task_id, polling_interval)
        self._clock = poller.transport.clock
        self._last: TaskDocument | None = None
        self._progress: TaskProgress | None = None

    def __repr__(self) -> str:
        status = "not polled yet" if self._last is None else self._last.get("status")
        return f"<TaskWatch of task {self._poller.task_id}: {status}>"

    @property
    def progress(self) -> TaskProgress | None:
        """The progress that the last document shows, with smoothed rates; ``None`` before the first."""
        return self._progress

    def __aiter__(self) -> TaskWatch:
        return self

    async def __anext__(self) -> TaskDocument:
        task = None if is_done(self._last) else await self._poller.poll_until(self._is_change)
        if task is None:
            raise StopAsyncIteration
        self._last = task
        now = self._clock.monotonic()
        self._progress = TaskProgress.of(task, at=now) if self._progress is None else self._progress.next(task, at=now)
        self._poller.schedule_next()  # not after a cancellation: then the same poll is still due
        return task

    def _is_change(self, task: TaskDocument) -> bool:
        try:
            return task != self._last
        except RecursionError:  # both have more levels than can be compared
            return True
