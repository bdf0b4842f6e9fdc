"""Submit a task, wait for it and return its outcome; on request, the task is canceled if the caller is cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ...._concurrency.tasks import cancel_all, run_to_end
from ....errors import GlobusError, SubmissionUncertain
from ....errors.arguments import check_bool
from ..submissions import SubmissionMethods, check_submission
from .task_wait import TaskWaitMethods, check_wait

if TYPE_CHECKING:
    from ...._polling.repeated_poll import PollingInterval
    from ....response import GlobusHTTPResponse
    from ..documents import SubmissionResultDocument
    from .outcomes import TaskOutcome
    from .task_progress import TaskProgress

__all__ = ("RunTaskMethods",)

_Submit: TypeAlias = Callable[[], Coroutine[Any, Any, "GlobusHTTPResponse[SubmissionResultDocument]"]]

_log = logging.getLogger("globus_async")
_CANCEL_TIMEOUT: Final = 30.0


class RunTaskMethods(SubmissionMethods, TaskWaitMethods):
    """Submitting a task and waiting for it."""

    async def run_task(
        self,
        data: MutableMapping[str, Any],
        *,
        progress: Callable[[TaskProgress], object] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 -- as in wait_for_task
        polling_interval: PollingInterval = (1, 30),
        stalled_after: int | None = None,
        stall_codes: Collection[str] | None = None,
        error_events: int = 0,
        cancel_task_if_cancelled: bool = False,
    ) -> TaskOutcome:
        """
        Submit a transfer or a deletion, wait until its task has ended, and return the outcome.

        If the document has no submission id, one is fetched and added to it before it is sent, as in
        `submit_transfer`: called again with the same document, it waits for the same task. An error after the
        submission has the id of the task as a note; the task continues.

        Args:
            data: A `TransferData`, a `DeleteData`, or a dict of the same form.
            progress: Called after each poll. An exception that it raises ends the wait, and is raised.
            timeout: Seconds to wait, at least 1, without the submission; ``None`` for no time limit. When they have
                passed, the outcome is ``TIMED_OUT`` and the task continues.
            polling_interval: Seconds from one poll to the next, at least 1; or a pair (minimum, maximum), for an
                interval that grows to a tenth of the time waited.
            stalled_after: Number of faults without progress after which to stop waiting, as in `wait_for_task`.
            stall_codes: The faults to count, as in `wait_for_task`. By default all.
            error_events: Number of the task's last errors to fetch, at most 1000, unless it succeeded.
            cancel_task_if_cancelled: Whether to cancel the task at the service if this call is cancelled, or
                ``progress`` raises an exception. The call then takes up to 30 seconds to end; a warning is logged, with
                the id of the task, if it could not be canceled. By default the task continues.

        Returns:
            The outcome: its ``reason``, the task document, and the requested errors.

        Raises:
            SubmissionUncertain: The task may or may not exist. Call this again with the error's ``document``.
            GlobusSDKUsageError: An invalid document or argument. Nothing was sent.
            TransferAPIError: The service refused the document, as in `submit_transfer`; or a poll failed.
            NetworkError: Without a time limit, five polls in a row failed.
            GlobusTimeoutError: The time limit was reached and no poll succeeded.

        Example:
            >>> data = TransferData(source_id, destination_id, label="one call")
            >>> data.add_item("/source/path/file.txt", "/dest/path/called.txt")
            >>> outcome = await tc.run_task(data, timeout=60)
            >>> outcome.reason, outcome.task["files_transferred"]
            (<TaskEndReason.SUCCEEDED: 'succeeded'>, 1)

        **Differs from globus-sdk:** which has no such method.

        REST: `POST /v0.10/transfer, POST /v0.10/delete <https://docs.globus.org/api/transfer/task_submit/>`_
        """
        check_wait(
            timeout,
            polling_interval,
            stalled_after=stalled_after,
            stall_codes=stall_codes,
            error_events=error_events,
            progress=progress,
        )
        check_bool("cancel_task_if_cancelled", cancel_task_if_cancelled)
        kind = check_submission(data)
        document = await self._encode_with_id(data)
        submit = partial(self._submit_encoded, kind, document, method="run_task", data=data)
        if cancel_task_if_cancelled:
            task_id = await self._submit_or_cancel(submit, str(data["submission_id"]))
        else:
            task_id = (await submit()).data["task_id"]
        callback = None if progress is None else _Callback(progress)
        try:
            return await self.wait_for_task(
                task_id,
                timeout=timeout,
                polling_interval=polling_interval,
                stalled_after=stalled_after,
                stall_codes=stall_codes,
                error_events=error_events,
                progress=callback,
            )
        except (asyncio.CancelledError, Exception, SystemExit) as error:
            # an error of a poll does not end the work at the service, one that ``progress`` raises does
            is_of_callback = callback is not None and callback.has_failed
            if cancel_task_if_cancelled and (is_of_callback or not isinstance(error, GlobusError)):
                await run_to_end(partial(self._cancel_in_time, partial(_same, task_id)))
            else:
                error.add_note(f"task {task_id} was submitted, and is not canceled")
            raise

    async def _submit_or_cancel(self, submit: _Submit, submission_id: str) -> str:
        """Return the id of the submitted task; if the caller is cancelled, there is no task or it is canceled."""
        submission = asyncio.get_running_loop().create_task(submit(), name="globus_async submission")
        try:
            await asyncio.wait({submission})
            return submission.result().data["task_id"]
        except asyncio.CancelledError:
            # a request that may have been executed is finished, for the id of the task in its response
            maybe_executed = submission.done() or self.transport.maybe_executed(submission)
            if not maybe_executed:
                submission.cancel()

            async def find_task() -> str | None:
                await asyncio.wait({submission})
                if not submission.cancelled():
                    return submission.result().data["task_id"]
                # all tasks are cancelled at the end of a program: the service returns the task that it has created
                return (await submit()).data["task_id"] if maybe_executed else None

            try:
                await run_to_end(partial(self._cancel_in_time, find_task, submission_id))
            finally:
                await cancel_all([submission])
            raise

    async def _cancel_in_time(self, find_task: Callable[[], Awaitable[str | None]], submission_id: str = "") -> None:
        """Find and cancel a task within a limited time; log what may not be canceled."""
        task_id = None
        try:
            async with self.transport.clock.timeout(_CANCEL_TIMEOUT):
                task_id = await find_task()
                if task_id is not None:
                    await self.cancel_task(task_id)
        except (GlobusError, TimeoutError) as error:
            if task_id is not None:
                _log.warning("task %s was not canceled (%s)", task_id, type(error).__name__)
            elif isinstance(error, (SubmissionUncertain, TimeoutError)):
                _log.warning(
                    "a task with the submission id %s may exist, and was not canceled (%s)",
                    submission_id,
                    type(error).__name__,
                )


class _Callback:
    """Calls the function of the caller, and records whether it has raised an exception."""

    def __init__(self, function: Callable[[TaskProgress], object]) -> None:
        self._function = function
        self.has_failed: bool = False

    def __call__(self, progress: TaskProgress) -> None:
        self.has_failed = True
        self._function(progress)
        self.has_failed = False


async def _same(task_id: str) -> str:
    return task_id
