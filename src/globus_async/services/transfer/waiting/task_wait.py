"""Methods that wait for tasks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

from ...._http.path import uuid_text
from ...._polling.many_waits import wait_for_each
from ...._polling.repeated_poll import PollingInterval, RepeatedPoll, check_polling_interval
from ...._polling.shared_poller import SharedPoller
from ...._polling.waiting import (
    LAST_POLL_TIMEOUT,
    check_wait_options,
    check_wait_timeout,
    no_poll_succeeded,
    wait_for_document,
)
from ....errors import GlobusError, GlobusSDKUsageError, GlobusTimeoutError
from ....errors.arguments import check_whole
from ..errors import TaskInactive
from ..tasks import TaskMethods
from .outcomes import OutcomeDetector, TaskEndReason, TaskOutcome, classify, is_done
from .task_progress import ProgressReport, TaskProgress
from .task_watch import TaskWatch

if TYPE_CHECKING:
    from ....bulk_calls import Bulk, Progress
    from ..documents import TaskDocument

__all__ = ("TaskWaitMethods", "check_wait")

Id = TypeVar("Id", bound=UUID | str)
_MAX_BATCH: Final = 50
_MIN_EVENT_PAGE: Final = 10
_MAX_ERROR_EVENTS: Final = 1000
"""The largest page of events."""


class TaskWaitMethods(TaskMethods):
    """Waiting for tasks."""

    @cached_property
    def _poller(self) -> SharedPoller[TaskDocument]:
        return SharedPoller(self, self._fetch_tasks, max_batch=_MAX_BATCH)

    async def _fetch_tasks(self, task_ids: Sequence[str]) -> dict[str, TaskDocument]:
        if len(task_ids) == 1:
            response = await self.get_task(task_ids[0])
            if not isinstance(response.get("status"), str):  # the wait would never end
                raise response.raw.decode_error("it should say the status of the task")
            return {task_ids[0]: response.data}
        page = await self.task_list(limit=len(task_ids), filter={"task_id": task_ids, "type": ["TRANSFER", "DELETE"]})
        return {str(task.get("task_id", "")).lower(): task for task in page if isinstance(task.get("status"), str)}

    async def task_wait(
        self,
        task_id: UUID | str,
        timeout: float | None = 10,  # noqa: ASYNC109 -- globus-sdk's name; returns False instead of raising
        polling_interval: PollingInterval = 10,
    ) -> bool:
        """
        Wait until a task has succeeded or failed, with a time limit.

        Polls at once, then at every interval, and a last time when the time limit is reached. Concurrent waits on one
        client share their requests, each of which fetches up to fifty tasks; so start all waits at once.

        Args:
            task_id: The task. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for no time limit.
            polling_interval: Seconds from one poll to the next, at least 1; or a pair (minimum, maximum), for an
                interval that grows to a tenth of the time waited. A poll may be a tenth of the interval late to share a
                request with other waits.

        Returns:
            True if the task is ``SUCCEEDED`` or ``FAILED``, False if the time limit was reached. `get_task` returns the
            status.

        Raises:
            TaskInactive: The task is suspended until its owner acts, for example logs in again.
            NotFound: 404.
            GlobusTimeoutError: The time limit was reached and no poll succeeded.
            GlobusAPIError: A poll failed with a permanent error; or, without a time limit, five in a row failed.
            NetworkError: Without a time limit, five polls in a row failed.
            TokenRefreshError: The same; `LoginRequired` and `ApplicationRefused` end the wait at once.

        Example:
            >>> while not await tc.task_wait(task_id, timeout=60):
            ...     print(f"Another minute went by without {task_id} terminating")

        **Differs from globus-sdk:** measures time instead of counting intervals; accepts ``timeout=None``; only
        ``SUCCEEDED`` and ``FAILED`` end the wait, and ``INACTIVE`` raises instead of ending it.

        REST: `GET /v0.10/task/<task_id> <https://docs.globus.org/api/transfer/task/#get_task_by_id>`_
        """
        await self._poller.enter()
        return await self._wait_until_done(task_id, timeout, polling_interval)

    def task_watch(self, task_id: UUID | str, *, polling_interval: PollingInterval = 10) -> TaskWatch:
        """
        Iterate over a task's documents: the current one, then one for each change, until the task is done.

        Args:
            task_id: The task. UUID.
            polling_interval: Seconds from one poll to the next, at least 1; or a pair (minimum, maximum), for an
                interval that grows to a tenth of the time waited. A poll may be a tenth of the interval late to share a
                request with other waits.

        Returns:
            An async iterator over task documents, ``INACTIVE`` ones included. For a time limit, iterate inside
            ``asyncio.timeout()``.

        Raises:
            NotFound: 404.
            GlobusAPIError: A poll failed with a permanent error, or five in a row failed.
            NetworkError: Five polls in a row failed.
            TokenRefreshError: The same; `LoginRequired` and `ApplicationRefused` are raised at once.

        Example:
            >>> watch = tc.task_watch(task_id, polling_interval=1)
            >>> async for task in watch:
            ...     print(task["status"], "-", watch.progress)
            SUCCEEDED - SUCCEEDED: 2 of 2 files, 8 B

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/task/<task_id> <https://docs.globus.org/api/transfer/task/#get_task_by_id>`_
        """
        return TaskWatch(self._poller, uuid_text("task_id", task_id).lower(), polling_interval)

    async def cancel_task_and_wait(
        self,
        task_id: UUID | str,
        *,
        timeout: float | None = 10,  # noqa: ASYNC109 -- as in task_wait
        polling_interval: PollingInterval = 1,
    ) -> bool:
        """
        Cancel a task and wait until it is done.

        Args:
            task_id: The task. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for no time limit.
            polling_interval: Seconds from one poll to the next, at least 1; or a pair (minimum, maximum), for an
                interval that grows to a tenth of the time waited. A poll may be a tenth of the interval late to share a
                request with other waits.

        Returns:
            True if the task is ``FAILED``, or ``SUCCEEDED`` because it completed first. False if the time limit was
            reached.

        Raises:
            NotFound: 404.
            GlobusTimeoutError: The time limit was reached and no poll succeeded.

        Example:
            >>> await tc.cancel_task_and_wait(active_task_id)
            True
            >>> task = await tc.get_task(active_task_id)
            >>> task["status"]
            'FAILED'

        **Differs from globus-sdk:** which has no such method.

        REST: `POST /v0.10/task/<task_id>/cancel <https://docs.globus.org/api/transfer/task/#cancel_task_by_id>`_
        """
        check_polling_interval(polling_interval)
        check_wait_timeout(timeout)
        await self.cancel_task(task_id)
        return await self._wait_until_done(task_id, timeout, polling_interval, raise_if_inactive=False)

    async def wait_for_task(
        self,
        task_id: UUID | str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- as in task_wait
        polling_interval: PollingInterval = (1, 30),
        stalled_after: int | None = None,
        stall_codes: Collection[str] | None = None,
        error_events: int = 0,
        progress: Callable[[TaskProgress], object] | None = None,
    ) -> TaskOutcome:
        """
        Wait until a task has ended, and return its outcome.

        Args:
            task_id: The task. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for no time limit.
            polling_interval: Seconds from one poll to the next, at least 1; or a pair (minimum, maximum), for an
                interval that grows to a tenth of the time waited. A poll may be a tenth of the interval late to share a
                request with other waits.
            stalled_after: Number of faults without progress after which to stop waiting, at least 1. The service
                retries until the task's deadline, which may be days. ``None`` for no limit.
            stall_codes: The faults to count: codes such as ``"FILE_NOT_FOUND"`` and ``"PERMISSION_DENIED"``, which the
                document has as its ``nice_status``. By default all.
            error_events: Number of the task's last errors to fetch, at most 1000, unless it succeeded.
            progress: Called after each poll. An exception that it raises ends the wait, and is raised.

        Returns:
            The outcome: its ``reason``, the task document, and the requested errors. If these cannot be fetched within
            the time limit and five seconds, the outcome has the reason as its ``events_error``.

        Raises:
            NotFound: 404.
            GlobusTimeoutError: The time limit was reached and no poll succeeded.
            GlobusAPIError: A poll failed with a permanent error; or, without a time limit, five in a row failed.
            NetworkError: Without a time limit, five polls in a row failed.
            TokenRefreshError: The same; `LoginRequired` and `ApplicationRefused` end the wait at once.

        Example:
            >>> outcome = await tc.wait_for_task(task_id, timeout=60)
            >>> outcome.reason, outcome.task["files_transferred"]
            (<TaskEndReason.SUCCEEDED: 'succeeded'>, 2)

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/task/<task_id> <https://docs.globus.org/api/transfer/task/#get_task_by_id>`_
        """
        check_wait(
            timeout,
            polling_interval,
            stalled_after=stalled_after,
            stall_codes=stall_codes,
            error_events=error_events,
            progress=progress,
        )
        task_id = uuid_text("task_id", task_id).lower()
        detector = OutcomeDetector(stalled_after, stall_codes)
        clock = self.transport.clock
        end = None if timeout is None else clock.monotonic() + timeout + LAST_POLL_TIMEOUT
        last, _ = await wait_for_document(
            self._poller,
            task_id,
            detector.examine,
            timeout=timeout,
            polling_interval=polling_interval,
            progress=None if progress is None else ProgressReport(progress, clock),
            kind="task",
        )
        reason = detector.reason or TaskEndReason.TIMED_OUT
        if reason is TaskEndReason.SUCCEEDED or (reason is not TaskEndReason.FAILED and error_events < 1):
            return TaskOutcome(reason, last)
        try:
            async with clock.timeout(None if end is None else end - clock.monotonic()):
                page = await self.task_event_list(task_id, max(_MIN_EVENT_PAGE, error_events), filter="is_error:1")
        except (GlobusError, TimeoutError) as error:  # the outcome is known without them
            return TaskOutcome(reason, last, events_error=_events_error(error))
        if reason is TaskEndReason.FAILED:
            reason = classify(last, page.items) or reason
        return TaskOutcome(reason, last, tuple(page.items[:error_events]))

    def wait_for_tasks(
        self,
        task_ids: Iterable[Id],
        *,
        timeout: float | None = None,
        polling_interval: PollingInterval = (1, 30),
        stalled_after: int | None = None,
        stall_codes: Collection[str] | None = None,
        error_events: int = 0,
        progress: Callable[[Progress], object] | None = None,
        task_progress: Callable[[TaskProgress], object] | None = None,
    ) -> Bulk[Id, TaskOutcome]:
        """
        Wait for many tasks; one request fetches up to fifty of them.

        Args:
            task_ids: The tasks. UUIDs.
            timeout: Seconds to wait for each task, at least 1; ``None`` for no time limit.
            polling_interval: As in `wait_for_task`.
            stalled_after: As in `wait_for_task`.
            stall_codes: As in `wait_for_task`.
            error_events: As in `wait_for_task`.
            progress: Called after each outcome.
            task_progress: Called after each poll of each task. An exception that it raises ends all waits.

        Returns:
            A `Bulk`: await it for all outcomes, or enter it with ``async with`` and iterate over outcomes as tasks end.

        Raises:
            GlobusSDKUsageError: An invalid argument.

        Example:
            >>> async with tc.wait_for_tasks([task_id], timeout=60) as outcomes:
            ...     async for outcome in outcomes:
            ...         print(outcome.value.reason)
            succeeded

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/task_list <https://docs.globus.org/api/transfer/task/#get_task_list>`_
        """
        check_wait(
            timeout,
            polling_interval,
            stalled_after=stalled_after,
            stall_codes=stall_codes,
            error_events=error_events,
            progress=task_progress,
        )
        wait = partial(
            self.wait_for_task,
            timeout=timeout,
            polling_interval=polling_interval,
            stalled_after=stalled_after,
            stall_codes=stall_codes,
            error_events=error_events,
            progress=task_progress,
        )
        return wait_for_each(wait, task_ids, name="task_ids", progress=progress, clock=self.transport.clock)

    async def _wait_until_done(
        self,
        task_id: UUID | str,
        timeout: float | None,  # noqa: ASYNC109 -- as in task_wait
        polling_interval: PollingInterval,
        *,
        raise_if_inactive: bool = True,
    ) -> bool:
        """Poll until the task is done or the time limit is reached; the last poll may take five seconds more."""
        check_wait_timeout(timeout)
        poller = RepeatedPoll(self._poller, uuid_text("task_id", task_id).lower(), polling_interval, timeout)
        try:
            async with self.transport.clock.timeout(None if timeout is None else timeout + LAST_POLL_TIMEOUT):
                task = await poller.poll_until(_is_done_or_inactive if raise_if_inactive else is_done)
        except TimeoutError:
            task = None
        if task is not None:
            if is_done(task):
                return True
            raise TaskInactive(task)
        if not poller.has_succeeded:
            raise no_poll_succeeded(poller, timeout, "task")
        return False


def _is_done_or_inactive(task: TaskDocument) -> bool:
    return is_done(task) or task.get("status") == "INACTIVE"


def _events_error(error: GlobusError | TimeoutError) -> GlobusError:
    if isinstance(error, GlobusError):
        return error
    return GlobusTimeoutError(
        "the events of the task did not arrive within the time limit of the wait", stage="no response", idempotent=True
    )


def check_wait(
    timeout: float | None,
    polling_interval: PollingInterval,
    *,
    stalled_after: int | None,
    stall_codes: Collection[str] | None,
    error_events: int,
    progress: Callable[[TaskProgress], object] | None,
) -> None:
    """
    Check the options of a wait for an outcome.

    Raises:
        GlobusSDKUsageError: One of them is invalid.
    """
    check_wait_options(timeout, polling_interval, progress)
    if stalled_after is not None:
        check_whole("stalled_after", stalled_after)
    if stall_codes is not None:
        is_collection = isinstance(stall_codes, Collection) and not isinstance(stall_codes, (str, bytes))
        if not is_collection or not all(isinstance(code, str) for code in stall_codes) or stalled_after is None:
            raise GlobusSDKUsageError(
                "stall_codes must be a collection of codes such as 'FILE_NOT_FOUND', and needs stalled_after"
            )
    check_whole("error_events", error_events, minimum=0, maximum=_MAX_ERROR_EVENTS)
