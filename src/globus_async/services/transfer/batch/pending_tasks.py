"""The unfinished tasks of a submission: no more than a maximum, and no more than the service accepts."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from ....bulk_calls import bulk
from ....errors import GlobusError, is_transient
from ..errors import NotFound, TooManyPendingJobs
from ..waiting.outcomes import is_done

if TYPE_CHECKING:
    from ...._polling.shared_poller import SharedPoller
    from ..documents import TaskDocument

__all__ = ("PendingTasks",)

_log = logging.getLogger("globus_async")

_POLLING_SECONDS: Final = 5.0
_MAX_FAILURES: Final = 5


class PendingTasks:
    """
    Submits tasks while fewer than a maximum are unfinished.

    Args:
        maximum: Maximum number of unfinished tasks.
        poller: Fetches the documents of tasks.
    """

    __slots__ = ("_clock", "_maximum", "_poll_due", "_poller", "_task_ids")

    def __init__(self, maximum: int, poller: SharedPoller[TaskDocument]) -> None:
        self._maximum = maximum
        self._poller = poller
        self._clock = poller.transport.clock
        self._task_ids: list[str] = []
        self._poll_due = 0.0

    def add(self, task_id: str) -> None:
        """Count a task, which may have finished long ago."""
        self._task_ids.append(task_id)

    async def wait_for_place(self) -> None:
        """
        Wait until fewer than the maximum are unfinished.

        Raises:
            GlobusError: The tasks cannot be polled, or five polls in a row failed.
        """
        is_logged, failures = False, 0
        while len(self._task_ids) >= self._maximum:
            error = await self._poll()
            failures = failures + 1 if error is not None else 0
            if error is not None and (not is_transient(error) or failures >= _MAX_FAILURES):
                raise error
            if not is_logged and len(self._task_ids) >= self._maximum:
                is_logged = True
                _log.info("%d tasks of the submission are unfinished; waiting for one to end", len(self._task_ids))

    async def submit(self, submit: Callable[[], Awaitable[str]]) -> str:
        """
        Submit a task as soon as the service accepts one more; return its id, which is to be added.

        Args:
            submit: Submits the task, and returns its id; its errors are raised.
        """
        is_logged = False
        while True:
            try:
                return await submit()
            except TooManyPendingJobs:
                if not is_logged:
                    is_logged = True
                    _log.info("the service accepts no more pending tasks; trying again every %g s", _POLLING_SECONDS)
            await self._clock.sleep(_POLLING_SECONDS)  # tasks of other programs count as well, and cannot be polled

    async def _poll(self) -> GlobusError | None:
        """Remove the tasks that have ended; return the last error of a poll, if one failed."""
        failure: GlobusError | None = None
        poll = partial(self._poller.poll, due=self._poll_due)
        for outcome in await bulk(poll, tuple(self._task_ids), concurrency=len(self._task_ids)):
            if outcome.error is not None and not isinstance(outcome.error, NotFound):
                failure = outcome.error
            elif outcome.error is not None or is_done(outcome.value):
                self._task_ids.remove(outcome.item)
        self._poll_due = self._clock.monotonic() + _POLLING_SECONDS
        return failure
