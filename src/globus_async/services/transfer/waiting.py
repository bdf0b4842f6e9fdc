"""Waiting for tasks: until one is over, or while it changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ..._request import uuid_text
from ...errors import GlobusAPIError, GlobusSDKUsageError, GlobusTimeoutError, NetworkError
from .errors import TaskInactive
from .tasks import TaskMethods

if TYPE_CHECKING:
    from ..._clock import Clock
    from .documents import TaskDocument

__all__ = ("END_STATES", "TaskWatch", "WaitingMethods")

END_STATES: Final = frozenset({"SUCCEEDED", "FAILED"})
"""The states that a task does not leave. A state that is not known here is not taken for one of them."""

_LAST_LOOK: Final = 5.0
_PATIENCE: Final = 5


class TaskWatch:
    """
    A task's document, now and whenever it has changed; ends after the document of its end.

    Looks that fail for a passing reason (no answer, 429, 5xx) are repeated at the next interval, at most five in a row.
    """

    __slots__ = ("_clock", "_due", "_interval", "_last", "_looks")

    def __init__(self, client: TaskMethods, task_id: UUID | str, polling_interval: float) -> None:
        _check_interval(polling_interval)
        self._looks = _Looks(client, task_id)
        self._clock: Clock = client.transport.clock
        self._interval = polling_interval
        self._due: float | None = None
        self._last: TaskDocument | None = None

    def __aiter__(self) -> TaskWatch:
        return self

    async def __anext__(self) -> TaskDocument:
        while not _is_over(self._last):
            if self._due is not None:
                await self._clock.sleep(max(0.0, self._due - self._clock.monotonic()))
            self._due = self._clock.monotonic() + self._interval
            task = await self._looks.look()
            if task is not None and task != self._last:
                self._last = task
                return task
        raise StopAsyncIteration


class _Looks:
    """Looks at a task, and how many of them failed in a row."""

    __slots__ = ("_client", "_task_id", "failure", "failures", "has_seen")

    def __init__(self, client: TaskMethods, task_id: UUID | str) -> None:
        self._client = client
        self._task_id = uuid_text("task_id", task_id)
        self.failures = 0
        self.failure: Exception | None = None
        self.has_seen = False

    async def look(self) -> TaskDocument | None:
        """Fetch the task; ``None`` if that failed for a passing reason."""
        try:
            response = await self._client.get_task(self._task_id)
        except (NetworkError, GlobusAPIError) as error:
            self.failures += 1
            self.failure = error
            if self.failures >= _PATIENCE or not _passes(error):
                raise
            return None
        self.failures, self.has_seen = 0, True
        return response.data


class WaitingMethods(TaskMethods):
    """Waiting for tasks."""

    async def task_wait(
        self,
        task_id: UUID | str,
        *,
        timeout: float | None = 10,  # noqa: ASYNC109 -- its end is an answer, not an error
        polling_interval: float = 10,
    ) -> bool:
        """
        Wait until a task is over, whatever its outcome, with a time limit.

        Looks at once, then at every interval, and a last time when the time is up.

        Args:
            task_id: Which one. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for as long as it takes.
            polling_interval: Seconds from one look to the next, at least 1.

        Returns:
            True when the task has ``SUCCEEDED`` or ``FAILED``, False when the time is up. `get_task` tells which.

        Raises:
            TaskInactive: The task is suspended until its owner acts, such as by a new login.
            NotFound: 404.
            GlobusTimeoutError: The time is up and the service has not answered once.
            GlobusAPIError: Five looks in a row failed, or one did for a reason that does not pass.
            NetworkError: Likewise.

        Example:
            >>> while not await tc.task_wait(task_id, timeout=60):
            ...     print(f"Another minute went by without {task_id} terminating")

        **Differs from globus-sdk:** measures time instead of counting intervals; ``timeout=None``; only ``SUCCEEDED``
        and ``FAILED`` count as over, and ``INACTIVE`` raises instead of passing for done.

        REST: `GET /v0.10/task/<task_id> <https://docs.globus.org/api/transfer/task/#get_task_by_id>`_
        """
        return await _until_over(self, task_id, timeout, polling_interval)

    def task_watch(self, task_id: UUID | str, *, polling_interval: float = 10) -> TaskWatch:
        """
        Follow a task: its document now, whenever it has changed, and at its end.

        Args:
            task_id: Which one. UUID.
            polling_interval: Seconds from one look to the next, at least 1.

        Returns:
            An async iterator over task documents; ``INACTIVE`` ones are among them. Put it in ``asyncio.timeout()`` for
            a time limit.

        Raises:
            NotFound: 404.
            GlobusAPIError: Five looks in a row failed, or one did for a reason that does not pass.
            NetworkError: Likewise.

        Example:
            >>> async for task in tc.task_watch(task_id, polling_interval=1):
            ...     print(task["status"], task["bytes_transferred"])
            SUCCEEDED 8

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/task/<task_id> <https://docs.globus.org/api/transfer/task/#get_task_by_id>`_
        """
        return TaskWatch(self, task_id, polling_interval)

    async def cancel_task_and_wait(
        self,
        task_id: UUID | str,
        *,
        timeout: float | None = 10,  # noqa: ASYNC109 -- its end is an answer, not an error
        polling_interval: float = 1,
    ) -> bool:
        """
        Cancel a task and wait until it is over.

        Args:
            task_id: Which one. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for as long as it takes.
            polling_interval: Seconds from one look to the next, at least 1.

        Returns:
            True when the task is over: ``FAILED``, or ``SUCCEEDED`` if it was faster. False when the time is up.

        Raises:
            NotFound: 404.
            GlobusTimeoutError: The time is up and the service has not answered once.

        Example:
            >>> await tc.cancel_task_and_wait(active_task_id)
            True
            >>> task = await tc.get_task(active_task_id)
            >>> task["status"]
            'FAILED'

        **Differs from globus-sdk:** which has no such method.

        REST: `POST /v0.10/task/<task_id>/cancel <https://docs.globus.org/api/transfer/task/#cancel_task_by_id>`_
        """
        _check_interval(polling_interval)
        _check_timeout(timeout)
        await self.cancel_task(task_id)
        return await _until_over(self, task_id, timeout, polling_interval, is_canceled=True)


async def _until_over(
    client: TaskMethods,
    task_id: UUID | str,
    timeout: float | None,  # noqa: ASYNC109 -- its end is an answer, not an error
    polling_interval: float,
    *,
    is_canceled: bool = False,
) -> bool:
    """Look until the task is over or the time is up; the last look gets a few seconds to come back."""
    _check_interval(polling_interval)
    _check_timeout(timeout)
    looks, clock = _Looks(client, task_id), client.transport.clock
    deadline = math.inf if timeout is None else clock.monotonic() + timeout
    try:
        async with clock.timeout(None if timeout is None else timeout + _LAST_LOOK):
            while True:
                task = await looks.look()
                if _is_over(task):
                    return True
                if task is not None and task.get("status") == "INACTIVE" and not is_canceled:
                    raise TaskInactive(task)
                left = deadline - clock.monotonic()
                if left <= 0:
                    break
                await clock.sleep(min(polling_interval, left))
    except TimeoutError:
        pass
    if not looks.has_seen:
        raise GlobusTimeoutError(
            f"nothing was learnt of task {task_id} in {timeout} s", stage="no answer", replayable=True
        ) from looks.failure
    return False


def _is_over(task: TaskDocument | None) -> bool:
    return task is not None and task.get("status") in END_STATES


def _check_interval(polling_interval: float) -> None:
    if not polling_interval >= 1:
        raise GlobusSDKUsageError(f"polling_interval must be at least 1 second, got {polling_interval!r}")


def _check_timeout(timeout: float | None) -> None:
    if timeout is not None and not timeout >= 1:
        raise GlobusSDKUsageError(
            f"timeout must be at least 1 second, or None for as long as it takes; got {timeout!r}"
        )


def _passes(error: NetworkError | GlobusAPIError) -> bool:
    """Whether what went wrong may be well at the next look."""
    return isinstance(error, NetworkError) or error.http_status == 429 or error.http_status >= 500
