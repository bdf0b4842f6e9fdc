"""Timers: create, list, change, pause and resume them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from ..._http.json_reader import is_object
from ..._http.missing import MISSING
from ..._http.path import fill_path
from ..._http.query import comma_joined
from ...client import BaseClient
from ...errors.arguments import check_bool
from ...paging import Cursor, Pages, PagingStyle, single
from .data import FlowTimer, TimerJob, TransferTimer, checked_job, checked_timer
from .documents import JobDocument, TimerEnvelope, TimerMessageDocument, TimerResultDocument
from .times import time_text

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("TimerMethods",)


def _next_results(_cursor: Cursor, document: Mapping[str, Any], _count: int) -> Cursor | None:
    results: Any = document.get("results")
    token = results.get("page_next") if is_object(results) else None
    return None if token is None else {"results_pt": token}


_RESULTS: Final = PagingStyle(_next_results, "page_size", (("results_pt", None),))
"""``results_pt``, which is the ``results.page_next`` of the page before; it is null after the last page."""


class TimerMethods(BaseClient):
    """Timers, which the service also calls jobs."""

    def list_jobs(
        self,
        *,
        filter_name: str | None = None,
        filter_status: str | Iterable[str] | None = None,
        submitted_after: datetime | str | None = None,
        submitted_before: datetime | str | None = None,
        order: str | None = None,
        result_count: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[JobDocument]:
        """
        List your timers.

        Args:
            filter_name: Part of the name.
            filter_status: ``active``, ``inactive`` or ``ended``, or several of them; by default all.
            submitted_after: Timers created after this time: a datetime with time zone, or ISO 8601 text with one.
            submitted_before: Timers created before this time.
            order: A member and ``asc`` or ``desc``, such as ``"submitted_at desc"``.
            result_count: The maximum number of timers.
            query_params: Further query parameters.

        Returns:
            The listing, which has one page. Its document has the member ``jobs``.

        Raises:
            GlobusSDKUsageError: A time without time zone.

        Example:
            >>> [job["name"] async for job in timers.list_jobs(filter_status="active")]
            ['nightly']

        **Differs from globus-sdk:** the filters are keywords; the result can be iterated.

        REST: `GET /jobs/ <https://docs.globus.org/api/timers/>`_
        """
        params = {
            "filter_name": filter_name,
            "filter_status": comma_joined(filter_status),
            "submitted_after": _time("submitted_after", submitted_after),
            "submitted_before": _time("submitted_before", submitted_before),
            "order": order,
            "result_count": result_count,
        }
        return self.listing(
            "/jobs/", JobDocument, style=single, params=params, query_params=query_params, items_key="jobs"
        )

    async def get_job(
        self,
        job_id: UUID | str,
        *,
        results_pt: str | int | None = None,
        page_size: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[JobDocument]:
        """
        Fetch a timer, with a page of the results of its runs.

        Args:
            job_id: The timer. UUID.
            results_pt: The ``results.page_next`` of another page; `list_job_results` follows the pages.
            page_size: The number of results.
            query_params: Further query parameters.

        Returns:
            The timer.

        Raises:
            NotFound: 404; there is no such timer of yours.

        Example:
            >>> job = await timers.get_job(job_id)
            >>> job["name"], job["status"], job["n_runs"]
            ('nightly', 'loaded', 2)

        REST: `GET /jobs/<job_id> <https://docs.globus.org/api/timers/>`_
        """
        params = {"results_pt": results_pt, "page_size": page_size}
        return await self.call(
            "GET", fill_path("/jobs/{job_id}", job_id), JobDocument, params=params, query_params=query_params
        )

    def list_job_results(
        self,
        job_id: UUID | str,
        *,
        page_size: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[TimerResultDocument]:
        """
        List the results of the runs of a timer.

        Args:
            job_id: The timer. UUID.
            page_size: The number of results to request at a time.
            query_params: Further query parameters.

        Returns:
            The listing. The document of a page is that of `get_job`.

        Raises:
            NotFound: 404; there is no such timer of yours.

        Example:
            >>> [result["run_status"] async for result in timers.list_job_results(job_id)]
            ['SUCCEEDED', 'SUCCEEDED']

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /jobs/<job_id> <https://docs.globus.org/api/timers/>`_
        """
        return self.listing(
            fill_path("/jobs/{job_id}", job_id),
            TimerResultDocument,
            style=_RESULTS,
            query_params=query_params,
            page_size=page_size,
            items_key="results.data",
        )

    async def create_timer(
        self,
        timer: TransferTimer | FlowTimer | Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[TimerEnvelope]:
        """
        Create a timer that transfers data or runs a flow.

        It is sent once: if its response is lost, check with `list_jobs` whether the timer exists.

        Args:
            timer: A `TransferTimer`, a `FlowTimer`, or such a document.
            query_params: Further query parameters.

        Returns:
            The timer, as the member ``timer``.

        Raises:
            GlobusSDKUsageError: A `TimerJob`.
            ConsentRequired: 403; a consent is missing: for the data of a mapped collection
                (`add_app_transfer_data_access_scope`), or for the flow (`add_app_flow_user_scope`).
            TimersAPIError: 422; the document is invalid, for example because the start has passed.

        Example:
            >>> data = TransferData(source_id, destination_id, items={"/run1/": "/copy/"})
            >>> schedule = RecurringTimerSchedule(86400, until="2027-12-31T00:00:00Z")
            >>> created = await timers.create_timer(TransferTimer(name="backup", schedule=schedule, body=data))
            >>> created["timer"]["name"], created["timer"]["status"]
            ('backup', 'new')

        REST: `POST /v2/timer <https://docs.globus.org/api/timers/>`_
        """
        return await self.call(
            "POST", "/v2/timer", TimerEnvelope, data={"timer": checked_timer(timer)}, query_params=query_params
        )

    async def create_job(
        self, data: TimerJob | Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[JobDocument]:
        """
        Create a timer that runs any action; for transfers and flows use `create_timer`.

        It is sent once: if its response is lost, check with `list_jobs` whether the timer exists.

        Args:
            data: A `TimerJob`, or such a document.
            query_params: Further query parameters.

        Returns:
            The timer.

        Raises:
            GlobusSDKUsageError: A `TransferTimer` or `FlowTimer`.
            TimersAPIError: 422; the document is invalid.

        Example:
            >>> url = "https://actions.automate.globus.org/hello_world/run"
            >>> job = await timers.create_job(TimerJob(url, {"body": {}}, "2027-06-01T00:00:00Z", 3600))
            >>> job["timer_type"], job["interval"]
            ('generic', 3600.0)

        **Differs from globus-sdk:** a `FlowTimer` is refused, as a `TransferTimer` is.

        REST: `POST /jobs/ <https://docs.globus.org/api/timers/>`_
        """
        return await self.call("POST", "/jobs/", JobDocument, data=checked_job(data), query_params=query_params)

    async def update_job(
        self, job_id: UUID | str, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[JobDocument]:
        """
        Change the name of a timer.

        Args:
            job_id: The timer. UUID.
            data: The members to change; only ``name`` can be changed.
            query_params: Further query parameters.

        Returns:
            The timer.

        Raises:
            NotFound: 404; there is no such timer of yours.

        Example:
            >>> (await timers.update_job(job_id, {"name": "every night"}))["name"]
            'every night'

        REST: `PATCH /jobs/<job_id> <https://docs.globus.org/api/timers/>`_
        """
        return await self.call(
            "PATCH", fill_path("/jobs/{job_id}", job_id), JobDocument, data=data, query_params=query_params
        )

    async def delete_job(
        self, job_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[JobDocument]:
        """
        Delete a timer; a task or run that it has started goes on.

        Args:
            job_id: The timer. UUID.
            query_params: Further query parameters.

        Returns:
            The timer as it was.

        Raises:
            NotFound: 404; there is no such timer of yours, also if an earlier attempt of the same call has deleted it.

        Example:
            >>> (await timers.delete_job(job_id))["name"]
            'nightly'

        REST: `DELETE /jobs/<job_id> <https://docs.globus.org/api/timers/>`_
        """
        return await self.call("DELETE", fill_path("/jobs/{job_id}", job_id), JobDocument, query_params=query_params)

    async def pause_job(
        self, job_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[TimerMessageDocument]:
        """
        Make a timer inactive until it is resumed; a run that goes on does so.

        Args:
            job_id: The timer. UUID.
            query_params: Further query parameters.

        Returns:
            A ``message``.

        Raises:
            NotFound: 404; there is no such timer of yours.

        Example:
            >>> (await timers.pause_job(job_id))["message"].split()[:3]
            ['Successfully', 'paused', 'job']

        REST: `POST /jobs/<job_id>/pause <https://docs.globus.org/api/timers/>`_
        """
        return await self.call(
            "POST",
            fill_path("/jobs/{job_id}/pause", job_id),
            TimerMessageDocument,
            query_params=query_params,
            idempotent=True,
        )

    async def resume_job(
        self,
        job_id: UUID | str,
        *,
        update_credentials: bool | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[TimerMessageDocument]:
        """
        Make an inactive timer active again. If it has missed a run, it runs once at once, and later at its old times.

        Args:
            job_id: The timer. UUID.
            update_credentials: Whether the timer acts with the credentials of this call from now on: to end a lack of
                consent or session. By default the service decides by the reason why the timer is inactive.
            query_params: Further query parameters.

        Returns:
            A ``message``. If an inactive run cannot be resumed, the timer may stay inactive.

        Raises:
            NotFound: 404; there is no such timer of yours.

        Example:
            >>> (await timers.resume_job(job_id))["message"].split()[:3]
            ['Successfully', 'resumed', 'job']

        **Differs from globus-sdk:** ``update_credentials`` is sent as the query parameter that the service describes,
        and in the body too, where globus-sdk sends it.

        REST: `POST /jobs/<job_id>/resume <https://docs.globus.org/api/timers/>`_
        """
        document: dict[str, object] = {}
        if update_credentials is not None:
            check_bool("update_credentials", update_credentials)
            document["update_credentials"] = update_credentials
        return await self.call(
            "POST",
            fill_path("/jobs/{job_id}/resume", job_id),
            TimerMessageDocument,
            params=document,
            query_params=query_params,
            data=document,
            idempotent=True,
        )


def _time(name: str, value: datetime | str | None) -> object:
    return MISSING if value is None else time_text(name, value)
