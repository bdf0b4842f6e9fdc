"""Methods that wait for timers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.path import uuid_text
from ..._polling.document_copy import copy_document
from ..._polling.shared_poller import SharedPoller
from ..._polling.waiting import check_wait_options, wait_for_document
from ...errors import NotFound
from ...errors.arguments import check_whole
from .outcomes import TimerEndReason, TimerOutcome, classify, has_run, number_of_runs
from .timers import TimerMethods

if TYPE_CHECKING:
    from ..._polling.repeated_poll import PollingInterval
    from .documents import JobDocument

__all__ = ("TimerWaitMethods",)


class TimerWaitMethods(TimerMethods):
    """Waiting for timers and their runs."""

    @cached_property
    def _poller(self) -> SharedPoller[JobDocument]:
        return SharedPoller(self, self._fetch_timers)

    async def _fetch_timers(self, job_ids: Sequence[str]) -> dict[str, JobDocument]:
        response = await self.get_job(job_ids[0])
        if not isinstance(response.get("status"), str):  # the wait would never end
            raise response.raw.decode_error("it should say the status of the timer")
        return {job_ids[0]: response.data}

    async def wait_for_timer(
        self,
        job_id: UUID | str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- a result, not an exception
        polling_interval: PollingInterval = (5, 60),
        progress: Callable[[JobDocument], object] | None = None,
    ) -> TimerOutcome:
        """
        Wait until a timer will not run any more, or is inactive or deleted.

        Polls at once, then at every interval, and a last time when the time limit is reached. Waits for the same timer
        on one client share their polls.

        Args:
            job_id: The timer. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for no time limit.
            polling_interval: Seconds from one poll to the next, at least 1; or a pair (minimum, maximum), for an
                interval that grows to a tenth of the time waited.
            progress: Called with the timer after each poll. An exception that it raises ends the wait, and is raised.

        Returns:
            The outcome: ``reason``, ``timer``, and for an inactive timer the ``gare``.

        Raises:
            GlobusSDKUsageError: An invalid argument.
            GlobusTimeoutError: The time limit was reached and no poll succeeded.
            NotFound: 404; there is no such timer of yours.
            GlobusAPIError: A poll failed with a permanent error; or, without a time limit, five in a row failed.
            NetworkError: Without a time limit, five polls in a row failed.

        Example:
            >>> outcome = await timers.wait_for_timer(ended_job_id, timeout=60)
            >>> outcome.reason, outcome.timer["n_runs"]
            (<TimerEndReason.ENDED: 'ended'>, 1)

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /jobs/<job_id> <https://docs.globus.org/api/timers/>`_
        """
        return await self._wait(job_id, _Detector(), timeout, polling_interval, progress)

    async def wait_for_timer_run(
        self,
        job_id: UUID | str,
        number: int | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- a result, not an exception
        polling_interval: PollingInterval = (5, 60),
        progress: Callable[[JobDocument], object] | None = None,
    ) -> TimerOutcome:
        """
        Wait until a run of a timer has ended, whether it has succeeded or not.

        Args:
            job_id: The timer. UUID.
            number: The run, counted from 1. By default the one that goes on, or else the next one.
            timeout: Seconds to wait, at least 1; ``None`` for no time limit.
            polling_interval: As in `wait_for_timer`.
            progress: As in `wait_for_timer`.

        Returns:
            The outcome: the reason ``RAN``, and ``last_result``; another reason if the timer ends, or is inactive or
            deleted, before that run.

        Raises:
            GlobusSDKUsageError: An invalid argument.
            GlobusTimeoutError: The time limit was reached and no poll succeeded.
            NotFound: 404; there is no such timer of yours.
            GlobusAPIError: A poll failed with a permanent error; or, without a time limit, five in a row failed.
            NetworkError: Without a time limit, five polls in a row failed.

        Example:
            >>> outcome = await timers.wait_for_timer_run(job_id, 2, timeout=60)
            >>> outcome.reason, outcome.last_result["run_status"]
            (<TimerEndReason.RAN: 'ran'>, 'SUCCEEDED')

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /jobs/<job_id> <https://docs.globus.org/api/timers/>`_
        """
        if number is not None:
            check_whole("number", number)
        return await self._wait(job_id, _RunDetector(number), timeout, polling_interval, progress)

    async def _wait(
        self,
        job_id: UUID | str,
        detector: _Detector,
        timeout: float | None,  # noqa: ASYNC109 -- as above
        polling_interval: PollingInterval,
        progress: Callable[[JobDocument], object] | None,
    ) -> TimerOutcome:
        check_wait_options(timeout, polling_interval, progress)
        try:
            wait = await wait_for_document(
                self._poller,
                uuid_text("job_id", job_id).lower(),
                detector.examine,
                timeout=timeout,
                polling_interval=polling_interval,
                progress=progress,
                kind="timer",
            )
        except NotFound:
            if detector.last is None:
                raise
            return TimerOutcome(TimerEndReason.DELETED, copy_document(detector.last))  # it was there before
        return TimerOutcome(detector.reason or TimerEndReason.TIMED_OUT, wait.document)


class _Detector:
    """Examines the documents of a timer for the outcome of waiting for its end."""

    __slots__ = ("last", "reason")

    def __init__(self) -> None:
        self.last: JobDocument | None = None
        self.reason: TimerEndReason | None = None

    def examine(self, timer: JobDocument) -> bool:
        """Take a document; return whether it is an outcome."""
        self.last, self.reason = timer, self._reason(timer)
        return self.reason is not None

    def _reason(self, timer: JobDocument) -> TimerEndReason | None:
        return classify(timer)


class _RunDetector(_Detector):
    """The same for the end of a run: by default the one that goes on at the first poll, or else the next one."""

    __slots__ = ("_number",)

    def __init__(self, number: int | None) -> None:
        super().__init__()
        self._number = number

    def _reason(self, timer: JobDocument) -> TimerEndReason | None:
        if self._number is None:
            runs = number_of_runs(timer)
            self._number = runs + has_run(timer, runs)
        return TimerEndReason.RAN if has_run(timer, self._number) else classify(timer)
