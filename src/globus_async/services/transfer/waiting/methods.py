"""Waiting for tasks: until one is over, or while it changes; all who wait on one client share their requests."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ...._http.path import uuid_text
from ....bulk import Bulk, Progress, bulk
from ....errors import GlobusAPIError, GlobusSDKUsageError, GlobusTimeoutError, NetworkError
from ..errors import TaskInactive
from ..tasks import TaskMethods
from .outcomes import StallWatch, TaskEndReason, TaskOutcome, classify, is_done
from .shared_poller import SharedPoller

if TYPE_CHECKING:
    from ..documents import TaskDocument

__all__ = ("Interval", "TaskWatch", "WaitingMethods")

Interval = float | tuple[float, float]
"""Seconds from one look to the next: a number, or the shortest and the longest between which it grows."""

_LAST_LOOK: Final = 5.0
_PATIENCE: Final = 5
_TOLERANCE: Final = 0.1
_GROWTH: Final = 0.1
"""Looks at a task come in a tenth of the time for which it has been waited, within the caller's bounds."""


class _Wait:
    """The looks at one task, one after the other: when the next is due, and how many failed in a row."""

    __slots__ = (
        "_began",
        "_clock",
        "_deadline",
        "_due",
        "_interval",
        "_jitter",
        "_looks",
        "_tolerance",
        "failure",
        "failures",
        "has_looked",
        "has_seen",
        "task_id",
    )

    def __init__(
        self, client: WaitingMethods, task_id: UUID | str, interval: Interval, timeout: float | None = None
    ) -> None:
        self._interval = _checked(interval)
        self.task_id = uuid_text("task_id", task_id).lower()
        self._looks = client.looks
        self._clock = client.transport.clock
        self._jitter = client.transport.jitter
        self._began = self._due = self._clock.monotonic()
        self._deadline = math.inf if timeout is None else self._began + timeout
        self._tolerance = 0.0
        self.failures = 0
        self.failure: Exception | None = None
        self.has_looked = self.has_seen = False

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        return self._clock.monotonic() >= self._deadline

    async def look(self) -> TaskDocument | None:
        """Fetch the task when that is due; ``None`` if it failed for a passing reason."""
        try:
            task = await self._looks.look(self.task_id, due=self._due, tolerance=self._tolerance)
        except (NetworkError, GlobusAPIError) as error:
            self.failures += 1
            self.failure = error
            if not _passes(error) or (self._deadline == math.inf and self.failures >= _PATIENCE):
                raise
            task = None
        else:
            self.failures, self.has_seen = 0, True
        self.has_looked = True
        self._schedule()  # not if it was cancelled: then the look is still due
        return task

    def _schedule(self) -> None:
        now = self._clock.monotonic()
        shortest, longest = self._interval
        interval = min(longest, max(shortest, _GROWTH * (now - self._began)))
        # a little sooner or later, so that many processes do not come in step
        interval = min(longest, max(shortest, interval * (1 + _TOLERANCE * (2 * self._jitter() - 1))))
        self._tolerance = min(_TOLERANCE * interval, max(0.0, self._deadline - now - interval))
        self._due = min(now + interval, self._deadline)


class TaskWatch:
    """
    A task's document, now and whenever it has changed; ends after the document of its end.

    Looks that fail for a passing reason (no answer, 429, 5xx) are repeated at the next interval, at most five in a row.
    """

    __slots__ = ("_last", "_wait")

    def __init__(self, client: WaitingMethods, task_id: UUID | str, polling_interval: Interval) -> None:
        self._wait = _Wait(client, task_id, polling_interval)
        self._last: TaskDocument | None = None

    def __aiter__(self) -> TaskWatch:
        return self

    async def __anext__(self) -> TaskDocument:
        while not is_done(self._last):
            task = await self._wait.look()
            if task is not None and task != self._last:
                self._last = task
                return task
        raise StopAsyncIteration


class WaitingMethods(TaskMethods):
    """Waiting for tasks."""

    @cached_property
    def looks(self) -> SharedPoller:
        """The looks at tasks that all who wait on this client share."""
        return SharedPoller(self)

    async def task_wait(
        self,
        task_id: UUID | str,
        *,
        timeout: float | None = 10,  # noqa: ASYNC109 -- its end is an answer, not an error
        polling_interval: Interval = 10,
    ) -> bool:
        """
        Wait until a task is over, whatever its outcome, with a time limit.

        Looks at once, then at every interval, and a last time when the time is up. Any number of waits on one client
        share their requests, each of which answers for up to fifty tasks; so start them all at once.

        Args:
            task_id: Which one. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for as long as it takes.
            polling_interval: Seconds from one look to the next, at least 1; or the shortest and the longest, between
                which it grows to a tenth of the time waited. Up to a tenth later when others wait, too.

        Returns:
            True when the task has ``SUCCEEDED`` or ``FAILED``, False when the time is up. `get_task` tells which.

        Raises:
            TaskInactive: The task is suspended until its owner acts, such as by a new login.
            NotFound: 404.
            GlobusTimeoutError: The time is up and the service has not answered once.
            GlobusAPIError: A look failed for a reason that does not pass; without a time limit, five in a row failed.
            NetworkError: Likewise.

        Example:
            >>> while not await tc.task_wait(task_id, timeout=60):
            ...     print(f"Another minute went by without {task_id} terminating")

        **Differs from globus-sdk:** measures time instead of counting intervals; ``timeout=None``; only ``SUCCEEDED``
        and ``FAILED`` count as over, and ``INACTIVE`` raises instead of passing for done.

        REST: `GET /v0.10/task/<task_id> <https://docs.globus.org/api/transfer/task/#get_task_by_id>`_
        """
        return await _until_over(self, task_id, timeout, polling_interval)

    def task_watch(self, task_id: UUID | str, *, polling_interval: Interval = 10) -> TaskWatch:
        """
        Follow a task: its document now, whenever it has changed, and at its end.

        Args:
            task_id: Which one. UUID.
            polling_interval: Seconds from one look to the next, at least 1; or the shortest and the longest, between
                which it grows to a tenth of the time waited. Up to a tenth later when others wait, too.

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
        polling_interval: Interval = 1,
    ) -> bool:
        """
        Cancel a task and wait until it is over.

        Args:
            task_id: Which one. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for as long as it takes.
            polling_interval: Seconds from one look to the next, at least 1; or the shortest and the longest, between
                which it grows to a tenth of the time waited. Up to a tenth later when others wait, too.

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
        _checked(polling_interval)
        _check_timeout(timeout)
        await self.cancel_task(task_id)
        return await _until_over(self, task_id, timeout, polling_interval, is_canceled=True)

    async def wait_for_task(
        self,
        task_id: UUID | str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- its end is an outcome, not an error
        polling_interval: Interval = (1, 30),
        stalled_after: int | None = None,
        error_events: int = 0,
    ) -> TaskOutcome:
        """
        Wait until a task is over, and say how it ended.

        Args:
            task_id: Which one. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for as long as it takes.
            polling_interval: Seconds from one look to the next, at least 1; or the shortest and the longest, between
                which it grows to a tenth of the time waited. Up to a tenth later when others wait, too.
            stalled_after: After how many faults, with nothing moved since the first of them, to give up waiting; the
                service itself goes on until the task's deadline, which may be days. ``None`` for never.
            error_events: How many of its last errors to fetch, unless it succeeded.

        Returns:
            The outcome: its ``end``, the task's document, and the errors that were asked for.

        Raises:
            NotFound: 404.
            GlobusTimeoutError: The time is up and the service has not answered once.
            GlobusAPIError: A look failed for a reason that does not pass; without a time limit, five in a row failed.
            NetworkError: Likewise.

        Example:
            >>> outcome = await tc.wait_for_task(task_id, timeout=60)
            >>> outcome.end, outcome.task["files_transferred"]
            (<TaskEndReason.SUCCEEDED: 'succeeded'>, 2)

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/task/<task_id> <https://docs.globus.org/api/transfer/task/#get_task_by_id>`_
        """
        _check_stalled(stalled_after)
        _check_timeout(timeout)
        wait, progress = _Wait(self, task_id, polling_interval, timeout), StallWatch()
        last: TaskDocument | None = None
        end: TaskEndReason | None = None
        try:
            async with self.transport.clock.timeout(None if timeout is None else timeout + _LAST_LOOK):
                while end is None and not (wait.has_looked and wait.is_late):
                    task = await wait.look()
                    if task is not None:
                        last, end = task, classify(task)
                        faults = progress.faults_since_it_moved(task)
                        if end is None and stalled_after is not None and faults >= stalled_after:
                            end = TaskEndReason.STALLED
        except TimeoutError:
            pass
        if last is None:
            raise _nothing_learnt(wait, timeout)
        return await self._outcome(last, end or TaskEndReason.TIMED_OUT, error_events)

    async def _outcome(self, task: TaskDocument, end: TaskEndReason, error_events: int) -> TaskOutcome:
        """Complete an outcome with what only the task's events tell."""
        if end is TaskEndReason.SUCCEEDED or (end is not TaskEndReason.FAILED and error_events < 1):
            return TaskOutcome(end, task)
        page = await self.task_event_list(task["task_id"], max(10, error_events), filter="is_error:1")
        if end is TaskEndReason.FAILED:
            end = classify(task, page.items) or end
        return TaskOutcome(end, task, tuple(page.items[:error_events]))

    def wait_for_tasks(
        self,
        task_ids: Iterable[UUID | str],
        *,
        timeout: float | None = None,
        polling_interval: Interval = (1, 30),
        stalled_after: int | None = None,
        error_events: int = 0,
        progress: Callable[[Progress], object] | None = None,
    ) -> Bulk[UUID | str, TaskOutcome]:
        """
        Wait for many tasks; one request answers for up to fifty of them.

        Args:
            task_ids: Which ones. UUIDs.
            timeout: Seconds to wait for each of them, at least 1; ``None`` for as long as it takes.
            polling_interval: As in `wait_for_task`.
            stalled_after: As in `wait_for_task`.
            error_events: As in `wait_for_task`.
            progress: Called whenever one is over.

        Returns:
            A `Bulk`: await it for all outcomes, or enter it with ``async with`` and iterate over them as tasks end.

        Raises:
            GlobusSDKUsageError: A bad argument.

        Example:
            >>> async with tc.wait_for_tasks([task_id], timeout=60) as outcomes:
            ...     async for outcome in outcomes:
            ...         print(outcome.value.end)
            succeeded

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/task_list <https://docs.globus.org/api/transfer/task/#get_task_list>`_
        """
        _checked(polling_interval)
        _check_timeout(timeout)
        _check_stalled(stalled_after)
        ids = tuple(task_ids)
        wait = partial(
            self.wait_for_task,
            timeout=timeout,
            polling_interval=polling_interval,
            stalled_after=stalled_after,
            error_events=error_events,
        )
        return bulk(wait, ids, concurrency=max(1, len(ids)), progress=progress)


async def _until_over(
    client: WaitingMethods,
    task_id: UUID | str,
    timeout: float | None,  # noqa: ASYNC109 -- its end is an answer, not an error
    polling_interval: Interval,
    *,
    is_canceled: bool = False,
) -> bool:
    """Look until the task is over or the time is up; the last look gets a few seconds to come back."""
    _check_timeout(timeout)
    wait = _Wait(client, task_id, polling_interval, timeout)
    try:
        async with client.transport.clock.timeout(None if timeout is None else timeout + _LAST_LOOK):
            while not (wait.has_looked and wait.is_late):
                task = await wait.look()
                if is_done(task):
                    return True
                if task is not None and task.get("status") == "INACTIVE" and not is_canceled:
                    raise TaskInactive(task)
    except TimeoutError:
        pass
    if not wait.has_seen:
        raise _nothing_learnt(wait, timeout)
    return False


def _nothing_learnt(wait: _Wait, timeout: float | None) -> GlobusTimeoutError:
    error = GlobusTimeoutError(
        f"nothing was learnt of task {wait.task_id} in {timeout} s", stage="no answer", idempotent=True
    )
    error.__cause__ = wait.failure
    return error


def _checked(interval: Interval) -> tuple[float, float]:
    """Return the shortest and the longest interval."""
    shortest, longest = interval if isinstance(interval, tuple) else (interval, interval)
    if not 1 <= shortest <= longest < math.inf:
        raise GlobusSDKUsageError(
            f"polling_interval must be at least 1 second, or the shortest and the longest, got {interval!r}"
        )
    return shortest, longest


def _check_timeout(timeout: float | None) -> None:
    if timeout is not None and not timeout >= 1:
        raise GlobusSDKUsageError(
            f"timeout must be at least 1 second, or None for as long as it takes; got {timeout!r}"
        )


def _check_stalled(stalled_after: int | None) -> None:
    if stalled_after is not None and not stalled_after >= 1:
        raise GlobusSDKUsageError(f"stalled_after must be 1 fault or more, or None for never; got {stalled_after!r}")


def _passes(error: NetworkError | GlobusAPIError) -> bool:
    """Whether what went wrong may be well at the next look."""
    return isinstance(error, NetworkError) or error.http_status == 429 or error.http_status >= 500
