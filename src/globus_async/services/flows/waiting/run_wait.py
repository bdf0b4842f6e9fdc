"""Methods that wait for runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

from ...._http.missing import MISSING
from ...._http.path import uuid_text
from ...._polling.many_waits import wait_for_each
from ...._polling.repeated_poll import PollingInterval, check_polling_interval
from ...._polling.shared_poller import SharedPoller
from ...._polling.waiting import check_wait_options, wait_for_document
from ....errors.arguments import check_bool
from ..runs import RunMethods
from .outcomes import RunEndReason, RunOutcome, end_reason, web_input_of
from .run_log import RunLog
from .run_watch import RunWatch

if TYPE_CHECKING:
    from ....bulk_calls import Bulk, Progress
    from ....paging import Page
    from ..documents import RunDocument, RunLogEntryDocument
    from .run_log import RunLogPosition

__all__ = ("RunWaitMethods",)

Id = TypeVar("Id", bound=UUID | str)
_LOG_PAGE: Final = 100


class RunWaitMethods(RunMethods):
    """Waiting for runs."""

    @cached_property
    def _run_poller(self) -> SharedPoller[RunDocument]:
        return SharedPoller(self, self._fetch_run)

    async def _fetch_run(self, run_ids: Sequence[str]) -> dict[str, RunDocument]:
        response = await self.get_run(run_ids[0])
        if not isinstance(response.get("status"), str):  # the wait would never end
            raise response.raw.decode_error("it should have the status of the run")
        return {run_ids[0]: response.data}

    async def wait_for_run(
        self,
        run_id: UUID | str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- as in the waits of other services
        polling_interval: PollingInterval = (1, 30),
        stop_at_web_input: bool = False,
        progress: Callable[[RunDocument], object] | None = None,
    ) -> RunOutcome:
        """
        Wait until a run has ended or is inactive, and return its outcome.

        Polls at once, then at every interval, and a last time when the time limit is reached. Concurrent waits for one
        run share their requests.

        Args:
            run_id: The run. UUID.
            timeout: Seconds to wait, at least 1; ``None`` for no time limit.
            polling_interval: Seconds from one poll to the next, at least 1; or a pair (minimum, maximum), for an
                interval that grows to a tenth of the time waited. A poll may be a tenth of the interval late to share a
                request with other waits.
            stop_at_web_input: Whether to stop also when the run waits for a person's response. By default it is waited
                for.
            progress: Called with the run document after each poll. An exception that it raises ends the wait, and is
                raised.

        Returns:
            The outcome: its ``reason`` and the run document; of an inactive run also the login that it requires, of one
            that succeeded its ``output``.

        Raises:
            NotFound: 404.
            GlobusTimeoutError: The time limit was reached and no poll succeeded.
            GlobusAPIError: A poll failed with a permanent error; or, without a time limit, five in a row failed.
            NetworkError: Without a time limit, five polls in a row failed.
            TokenRefreshError: The same; `LoginRequired` and `ApplicationRefused` end the wait at once.

        Example:
            >>> outcome = await fc.wait_for_run(run_id, timeout=60)
            >>> outcome.reason, outcome.output["greeting"]["text"]
            (<RunEndReason.SUCCEEDED: 'succeeded'>, 'Hello, Ada')

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /runs/{run_id} <https://docs.globus.org/api/flows/>`_
        """
        check_bool("stop_at_web_input", stop_at_web_input)
        wait = await wait_for_document(
            self._run_poller,
            uuid_text("run_id", run_id).lower(),
            partial(_is_last, stop_at_web_input=stop_at_web_input),
            timeout=timeout,
            polling_interval=polling_interval,
            progress=progress,
            kind="run",
        )
        if not wait.has_ended:
            return RunOutcome(RunEndReason.TIMED_OUT, wait.document)
        return RunOutcome(end_reason(wait.document) or RunEndReason.WEB_INPUT, wait.document)

    def wait_for_runs(
        self,
        run_ids: Iterable[Id],
        *,
        timeout: float | None = None,
        polling_interval: PollingInterval = (1, 30),
        stop_at_web_input: bool = False,
        progress: Callable[[Progress], object] | None = None,
        run_progress: Callable[[RunDocument], object] | None = None,
    ) -> Bulk[Id, RunOutcome]:
        """
        Wait for many runs; at most ten are requested at the same time.

        Args:
            run_ids: The runs. UUIDs.
            timeout: Seconds to wait for each run, at least 1; ``None`` for no time limit.
            polling_interval: As in `wait_for_run`.
            stop_at_web_input: As in `wait_for_run`.
            progress: Called after each outcome.
            run_progress: Called after each poll of each run. An exception that it raises ends all waits.

        Returns:
            A `Bulk`: await it for all outcomes, or enter it with ``async with`` and iterate over outcomes as runs end.

        Raises:
            GlobusSDKUsageError: An invalid argument.

        Example:
            >>> async with fc.wait_for_runs([run_id], timeout=60) as outcomes:
            ...     async for outcome in outcomes:
            ...         print(outcome.value.reason)
            succeeded

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /runs/{run_id} <https://docs.globus.org/api/flows/>`_
        """
        check_wait_options(timeout, polling_interval, run_progress)
        check_bool("stop_at_web_input", stop_at_web_input)
        wait = partial(
            self.wait_for_run,
            timeout=timeout,
            polling_interval=polling_interval,
            stop_at_web_input=stop_at_web_input,
            progress=run_progress,
        )
        return wait_for_each(wait, run_ids, name="run_ids", progress=progress, clock=self.transport.clock)

    def watch_run(self, run_id: UUID | str, *, polling_interval: PollingInterval = (1, 30)) -> RunWatch:
        """
        Iterate over a run's documents: the current one, then one for each change, until the run is done.

        Args:
            run_id: The run. UUID.
            polling_interval: As in `wait_for_run`.

        Returns:
            An async iterator over run documents, ``INACTIVE`` ones included. For a time limit, iterate inside
            ``asyncio.timeout()``.

        Raises:
            NotFound: 404.
            GlobusAPIError: A poll failed with a permanent error, or five in a row failed.
            NetworkError: Five polls in a row failed.
            TokenRefreshError: The same; `LoginRequired` and `ApplicationRefused` are raised at once.

        Example:
            >>> async for run in fc.watch_run(run_id):
            ...     print(run["status"])
            SUCCEEDED

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /runs/{run_id} <https://docs.globus.org/api/flows/>`_
        """
        check_polling_interval(polling_interval)
        return RunWatch(self._run_poller, uuid_text("run_id", run_id).lower(), polling_interval)

    def follow_run_logs(
        self,
        run_id: UUID | str,
        *,
        after: RunLogPosition | None = None,
        polling_interval: PollingInterval = (1, 30),
    ) -> RunLog:
        """
        Iterate over the log of a run, and wait for further entries until the run is done: each once, oldest first.

        The run is polled with those who wait for it; after each poll, new entries are fetched, up to 100 at a time. An
        inactive run is followed, too: it may be resumed.

        Args:
            run_id: The run. UUID.
            after: The `RunLog.position` after which to begin; by default all entries.
            polling_interval: As in `wait_for_run`.

        Returns:
            An async iterator over entries. For a time limit, iterate inside ``asyncio.timeout()``.

        Raises:
            NotFound: 404.
            GlobusAPIError: A poll failed with a permanent error, or five in a row failed.
            NetworkError: Five polls in a row failed.
            PaginationStalled: The pages of the log lead back to an earlier one.

        Example:
            >>> log = fc.follow_run_logs(run_id)
            >>> async for entry in log:
            ...     print(entry["code"])
            FlowStarted
            ExpressionEvalStarted
            ExpressionEvalCompleted
            FlowSucceeded
            >>> log.position
            {'marker': None, 'entries': 4}

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /runs/{run_id}/log <https://docs.globus.org/api/flows/>`_
        """
        run = uuid_text("run_id", run_id).lower()
        return RunLog(self._run_poller, partial(self._fetch_log, run), run, polling_interval, after)

    async def _fetch_log(self, run_id: str, marker: str | None) -> Page[RunLogEntryDocument]:
        return await self.get_run_logs(run_id, limit=_LOG_PAGE, marker=MISSING if marker is None else marker)


def _is_last(run: RunDocument, *, stop_at_web_input: bool) -> bool:
    return end_reason(run) is not None or (stop_at_web_input and web_input_of(run) is not None)
