"""Methods that wait for tasks; all waits on one client share their requests, many tasks in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

from ..._http.json_reader import is_object
from ..._http.path import uuid_text
from ..._polling.many_waits import wait_for_each
from ..._polling.shared_poller import SharedPoller
from ..._polling.waiting import check_wait_options, wait_for_document
from ...errors import ResponseDecodeError
from .outcomes import ComputeTaskEndReason, ComputeTaskOutcome, end_reason
from .tasks import TaskMethods

if TYPE_CHECKING:
    from ..._polling.repeated_poll import PollingInterval
    from ...bulk_calls import Bulk, Progress
    from ...response import RawResponse
    from .documents import ComputeTaskDocument

__all__ = ("TaskWaitMethods",)

Id = TypeVar("Id", bound=UUID | str)

_MAX_BATCH: Final = 100
"""Tasks in one request: the service names no limit."""


class TaskWaitMethods(TaskMethods):
    """Waiting for tasks."""

    @cached_property
    def _task_poller(self) -> SharedPoller[ComputeTaskDocument]:
        return SharedPoller(self, self._fetch_tasks, max_batch=_MAX_BATCH)

    async def _fetch_tasks(self, task_ids: Sequence[str]) -> dict[str, ComputeTaskDocument]:
        if len(task_ids) == 1:
            response = await self.get_task(task_ids[0])
            return {task_ids[0]: _checked(response.data, response.raw)}
        try:
            batch = await self.get_task_batch(task_ids)
        except ResponseDecodeError as error:
            if error.retryable:
                raise
            half = len(task_ids) // 2  # results have up to 10 MB each: fewer of them make a smaller response
            return {**await self._fetch_tasks(task_ids[:half]), **await self._fetch_tasks(task_ids[half:])}
        results: object = batch.get("results")
        if not is_object(results):
            raise batch.raw.decode_error("it should have the tasks by their ids")
        found = {task_id.lower(): task for task_id, task in results.items()}
        return {task_id: _checked(found[task_id], batch.raw) for task_id in task_ids if task_id in found}

    async def wait_for_task(
        self,
        task_id: UUID | str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- returns an outcome instead of raising
        polling_interval: PollingInterval = (1, 30),
        progress: Callable[[ComputeTaskDocument], object] | None = None,
    ) -> ComputeTaskOutcome:
        """
        Wait until a task has ended, and return its outcome.

        Polls at once, then at every interval, and a last time when the time limit is reached. Concurrent waits share
        their requests, for up to a hundred tasks in each.

        Args:
            task_id: The task. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for no time limit.
            polling_interval: Seconds from one poll to the next, at least 1; or a pair (minimum, maximum), for an
                interval that grows to a tenth of the time waited. A poll may be a tenth of the interval late to share a
                request with other waits.
            progress: Called with the task document after each poll. An exception that it raises ends the wait, and is
                raised.

        Returns:
            The outcome: its ``reason``, the ``result`` or the ``exception``, and the task document.

        Raises:
            GlobusSDKUsageError: An invalid argument.
            NotFound: 404.
            GlobusTimeoutError: The time limit was reached and no poll succeeded.
            GlobusAPIError: A poll failed with a permanent error; or, without a time limit, five in a row failed.
            NetworkError: Without a time limit, five polls in a row failed.
            TokenRefreshError: The same; `LoginRequired` and `ApplicationRefused` end the wait at once.

        Example:
            >>> outcome = await compute.wait_for_task(task_id, timeout=60)
            >>> outcome.reason, outcome.result
            (<ComputeTaskEndReason.SUCCESS: 'success'>, '10000')

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v2/tasks/<task_id>
        <https://compute.api.globus.org/redoc#tag/Tasks/operation/get_task_status_and_result_v2_tasks__task_uuid__get>`_
        """
        wait = await wait_for_document(
            self._task_poller,
            uuid_text("task_id", task_id).lower(),
            _has_ended,
            timeout=timeout,
            polling_interval=polling_interval,
            progress=progress,
            kind="task",
        )
        return ComputeTaskOutcome(end_reason(wait.document) or ComputeTaskEndReason.TIMED_OUT, wait.document)

    def wait_for_tasks(
        self,
        task_ids: Iterable[Id],
        *,
        timeout: float | None = None,
        polling_interval: PollingInterval = (1, 30),
        progress: Callable[[Progress], object] | None = None,
        task_progress: Callable[[ComputeTaskDocument], object] | None = None,
    ) -> Bulk[Id, ComputeTaskOutcome]:
        """
        Wait for many tasks; each request fetches up to a hundred of them.

        Args:
            task_ids: The tasks. UUIDs.
            timeout: Seconds to wait for each task, at least 1; ``None`` for no time limit.
            polling_interval: As in `wait_for_task`.
            progress: Called after each outcome.
            task_progress: Called after each poll of each task. An exception that it raises ends all waits.

        Returns:
            A `Bulk`: await it for all outcomes, or enter it with ``async with`` and iterate over outcomes as tasks end.

        Raises:
            GlobusSDKUsageError: An invalid argument.

        Example:
            >>> async with compute.wait_for_tasks([task_id], timeout=60) as outcomes:
            ...     async for outcome in outcomes:
            ...         print(outcome.value.reason)
            success

        **Differs from globus-sdk:** which has no such method.

        REST: `POST /v2/batch_status
        <https://compute.api.globus.org/redoc#tag/Root/operation/get_batch_status_v2_batch_status_post>`_
        """
        check_wait_options(timeout, polling_interval, task_progress)
        wait = partial(self.wait_for_task, timeout=timeout, polling_interval=polling_interval, progress=task_progress)
        return wait_for_each(wait, task_ids, name="task_ids", progress=progress, clock=self.transport.clock)


def _checked(task: ComputeTaskDocument, raw: RawResponse) -> ComputeTaskDocument:
    found: Mapping[str, object] | object = task
    if not is_object(found) or not isinstance(found.get("status"), str):  # the wait would never end
        raise raw.decode_error("it should have the status of the task")
    return task


def _has_ended(task: ComputeTaskDocument) -> bool:
    return end_reason(task) is not None
