"""Waiting for tasks; all waits on one client share their polls."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

from ..._http.html import members_html
from ..._http.path import uuid_text
from ..._polling.many_waits import wait_for_each
from ..._polling.shared_poller import SharedPoller
from ..._polling.waiting import check_wait_options, wait_for_document
from .tasks import TaskMethods

if TYPE_CHECKING:
    from ..._polling.repeated_poll import PollingInterval
    from ...bulk_calls import Bulk, Progress
    from .documents import SearchTaskDocument

__all__ = ("SearchTaskEndReason", "SearchTaskOutcome", "TaskWaitMethods", "end_reason")

Id = TypeVar("Id", bound=UUID | str)

_SHOWN_MEMBERS: Final = ("task_id", "task_type", "state", "message", "creation_date", "completion_date", "index_id")


class SearchTaskEndReason(enum.StrEnum):
    """How a task of Globus Search ended, or why waiting for it stopped."""

    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Its index is being deleted."""
    TIMED_OUT = "timed out"
    """The time limit of the wait passed; the task continues."""


_FINAL: Final = {
    "SUCCESS": SearchTaskEndReason.SUCCESS,
    "FAILED": SearchTaskEndReason.FAILED,
    "CANCELLED": SearchTaskEndReason.CANCELLED,
}
"""The final states. A state that this library does not list is not final."""


@dataclass(frozen=True, slots=True, repr=False)
class SearchTaskOutcome:
    """
    The outcome of waiting for a task of Globus Search.

    Attributes:
        reason: How the task ended, or why waiting stopped.
        task: The task document of the last poll.

    Example:
        >>> outcome = await sc.wait_for_task(task_id)
        >>> outcome.is_success, outcome.message
        (True, None)
    """

    reason: SearchTaskEndReason
    task: SearchTaskDocument

    @property
    def is_success(self) -> bool:
        """Whether the task succeeded: what it ingested can be found."""
        return self.reason is SearchTaskEndReason.SUCCESS

    @property
    def has_ended(self) -> bool:
        """Whether the task itself has ended, not only the wait for it."""
        return self.reason is not SearchTaskEndReason.TIMED_OUT

    @property
    def message(self) -> str | None:
        """The message of the service, which says why a task failed."""
        task: Mapping[str, object] = self.task
        message = task.get("message")
        return message if isinstance(message, str) else None

    @property
    def details(self) -> Any:
        """The further details of the service: any JSON value, often ``None``."""
        return self.task.get("additional_details")

    def __repr__(self) -> str:
        task: Mapping[str, object] = self.task
        why = f": {self.message[:200]!r}" if self.message else ""
        return f"<SearchTaskOutcome {self.reason}, {task.get('task_type')!r:.40} task {task.get('task_id')!r:.60}{why}>"

    def _repr_html_(self) -> str:
        """Return the outcome and the main members of the task as an HTML table, for notebooks."""
        task: Mapping[str, object] = self.task
        members = {name: value for name in _SHOWN_MEMBERS if (value := task.get(name)) is not None}
        return members_html(f"Task {self.reason}", members)


def end_reason(task: SearchTaskDocument | None) -> SearchTaskEndReason | None:
    """Return how a task ended; ``None`` while it has not."""
    state: object = None if task is None else task.get("state")
    return _FINAL.get(state) if isinstance(state, str) else None


def _has_ended(task: SearchTaskDocument) -> bool:
    return end_reason(task) is not None


class TaskWaitMethods(TaskMethods):
    """Waiting for tasks."""

    @cached_property
    def _task_poller(self) -> SharedPoller[SearchTaskDocument]:
        return SharedPoller(self, self._fetch_tasks)

    async def _fetch_tasks(self, task_ids: Sequence[str]) -> dict[str, SearchTaskDocument]:
        response = await self.get_task(task_ids[0])
        if not isinstance(response.get("state"), str):  # the wait would never end
            raise response.raw.decode_error("it should have the state of the task")
        return {task_ids[0]: response.data}

    async def wait_for_task(
        self,
        task_id: UUID | str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- returns an outcome instead of raising
        polling_interval: PollingInterval = (1, 30),
        progress: Callable[[SearchTaskDocument], object] | None = None,
    ) -> SearchTaskOutcome:
        """
        Wait until a task has ended, and return its outcome.

        Polls at once, then at every interval, and a last time when the time limit is reached. Concurrent waits for the
        same task share their requests.

        Args:
            task_id: The task. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for no time limit.
            polling_interval: Seconds from one poll to the next, at least 1; or a pair (minimum, maximum), for an
                interval that grows to a tenth of the time waited.
            progress: Called with the task document after each poll. An exception that it raises ends the wait, and is
                raised.

        Returns:
            The outcome: its ``reason`` (``SUCCESS``, ``FAILED``, ``CANCELLED`` or ``TIMED_OUT``), and the task document
            with the message of a failure.

        Raises:
            NotFound: 404.
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.
            GlobusTimeoutError: The time limit was reached and no poll succeeded.
            GlobusAPIError: A poll failed with a permanent error; or, without a time limit, five in a row failed.
            NetworkError: Without a time limit, five polls in a row failed.
            TokenRefreshError: The same; `LoginRequired` and `ApplicationRefused` end the wait at once.

        Example:
            >>> outcome = await sc.wait_for_task(task_id, timeout=60)
            >>> outcome.reason
            <SearchTaskEndReason.SUCCESS: 'success'>

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v1/task/<task_id> <https://docs.globus.org/api/search/reference/get_task/>`_
        """
        last, has_ended = await wait_for_document(
            self._task_poller,
            uuid_text("task_id", task_id).lower(),
            _has_ended,
            timeout=timeout,
            polling_interval=polling_interval,
            progress=progress,
            kind="task",
        )
        reason = end_reason(last) if has_ended else None
        return SearchTaskOutcome(reason or SearchTaskEndReason.TIMED_OUT, last)

    def wait_for_tasks(
        self,
        task_ids: Iterable[Id],
        *,
        timeout: float | None = None,
        polling_interval: PollingInterval = (1, 30),
        progress: Callable[[Progress], object] | None = None,
    ) -> Bulk[Id, SearchTaskOutcome]:
        """
        Wait for many tasks.

        Args:
            task_ids: The tasks. UUIDs.
            timeout: Seconds to wait for each task, at least 1; ``None`` for no time limit.
            polling_interval: As in `wait_for_task`.
            progress: Called after each outcome.

        Returns:
            A `Bulk`: await it for all outcomes, or enter it with ``async with`` and iterate over outcomes as tasks end.

        Raises:
            GlobusSDKUsageError: An invalid argument.

        Example:
            >>> async with sc.wait_for_tasks([task_id], timeout=60) as outcomes:
            ...     async for outcome in outcomes:
            ...         print(outcome.value.reason)
            success

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v1/task/<task_id> <https://docs.globus.org/api/search/reference/get_task/>`_
        """
        check_wait_options(timeout, polling_interval, None)
        wait = partial(self.wait_for_task, timeout=timeout, polling_interval=polling_interval)
        return wait_for_each(wait, task_ids, name="task_ids", progress=progress, clock=self.transport.clock)
