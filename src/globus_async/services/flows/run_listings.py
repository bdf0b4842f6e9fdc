"""Listings of runs and of their logs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from ..._http.json_reader import is_list
from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ..._http.query import comma_joined, time_range
from ...client import BaseClient
from ...errors.arguments import check_type
from ...paging import Pages, marker_has_next
from .data import Ids, Texts, joined_ids
from .documents import RunDocument, RunLogEntryDocument
from .errors import RunUncertain
from .listing import of_flow, of_log, page_size

__all__ = ("RunListingMethods",)

_Times: TypeAlias = str | tuple[datetime | str | None, datetime | str | None]
_CLOCK_DIFFERENCE: Final = timedelta(minutes=5)
"""The difference between the clocks of this machine and the service that finding a run allows for."""


class RunListingMethods(BaseClient):
    """Listings of runs."""

    def list_runs(
        self,
        *,
        filter_flow_id: Ids | MissingType = MISSING,
        filter_roles: Texts | MissingType = MISSING,
        filter_status: Texts | MissingType = MISSING,
        filter_label: Texts | MissingType = MISSING,
        filter_flow_title: Texts | MissingType = MISSING,
        filter_start_time: _Times | MissingType = MISSING,
        filter_completion_time: _Times | MissingType = MISSING,
        orderby: Texts | MissingType = MISSING,
        per_page: int | MissingType = MISSING,
        num_results: int | None = None,
        marker: str | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[RunDocument]:
        """
        List runs of all flows.

        Args:
            filter_flow_id: One or more flows. UUIDs.
            filter_roles: Your role on the runs, one or any of several: ``"run_owner"``, ``"run_manager"``,
                ``"run_monitor"``, ``"flow_run_manager"``, ``"flow_run_monitor"``. By default only runs that you own.
            filter_status: One or more of ``"ACTIVE"``, ``"INACTIVE"``, ``"SUCCEEDED"``, ``"FAILED"``, ``"ENDED"``.
            filter_label: Text in the label, in any case; or several, of which a label contains at least one.
            filter_flow_title: Text in the title of the flow, in the same way.
            filter_start_time: A pair of aware datetimes, from the first up to but without the second; either may be
                ``None``. Or the text of the service, two ISO 8601 times with a comma between them.
            filter_completion_time: The same for the end of the runs; active runs are left out.
            orderby: The sort order, such as ``"start_time DESC"``, or a list of such. Fields are ``id``,
                ``start_time``, ``completion_time``, ``status``, ``label``.
            per_page: Runs per page. By default the service's, 20.
            num_results: Maximum number of runs; ``None`` for all.
            marker: The marker of a page, to continue a listing; all other parameters are then those of that listing.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the runs of all pages, ``await`` returns the first page.

        Raises:
            FlowsAPIError: 400 or 422 for an invalid filter.
            PaginationStalled: The service says that there is a next page, but not where it begins.

        Example:
            >>> runs = fc.list_runs(filter_flow_id=flow_id, filter_status=["SUCCEEDED", "FAILED"])
            >>> [run["label"] async for run in runs]
            ['morning']

        **Differs from globus-sdk:** iterating fetches further pages; has the filters, the order and the page size of
        the service.

        REST: `GET /runs <https://docs.globus.org/api/flows/>`_
        """
        return self.listing(
            "/runs",
            RunDocument,
            style=marker_has_next,
            params={
                "filter_flow_id": joined_ids("filter_flow_id", filter_flow_id),
                "filter_roles": comma_joined(filter_roles),
                "filter_status": comma_joined(filter_status),
                "filter_label": comma_joined(filter_label),
                "filter_flow_title": comma_joined(filter_flow_title),
                "filter_start_time": time_range("filter_start_time", filter_start_time),
                "filter_completion_time": time_range("filter_completion_time", filter_completion_time),
                "orderby": comma_joined(orderby),
                "marker": marker,
            },
            query_params=query_params,
            num_results=num_results,
            page_size=page_size(per_page, num_results),
            items_key="runs",
        )

    def list_flow_runs(
        self,
        flow_id: UUID | str,
        *,
        filter_roles: Texts | MissingType = MISSING,
        filter_status: Texts | MissingType = MISSING,
        filter_label: Texts | MissingType = MISSING,
        filter_start_time: _Times | MissingType = MISSING,
        filter_completion_time: _Times | MissingType = MISSING,
        orderby: Texts | MissingType = MISSING,
        per_page: int | MissingType = MISSING,
        num_results: int | None = None,
        marker: str | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[RunDocument]:
        """
        List runs of one flow.

        Args:
            flow_id: The flow. UUID.
            filter_roles: As in `list_runs`.
            filter_status: As in `list_runs`.
            filter_label: As in `list_runs`.
            filter_start_time: As in `list_runs`.
            filter_completion_time: As in `list_runs`.
            orderby: As in `list_runs`.
            per_page: As in `list_runs`.
            num_results: As in `list_runs`.
            marker: As in `list_runs`.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the runs of all pages, ``await`` returns the first page.

        Raises:
            NotFound: 404 ``NOT_FOUND``; the flow does not exist, or you may not see it.

        Example:
            >>> [run["label"] async for run in fc.list_flow_runs(flow_id, orderby="start_time ASC")]
            ['morning']

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /flows/{flow_id}/runs <https://docs.globus.org/api/flows/>`_
        """
        return self.listing(
            fill_path("/flows/{flow_id}/runs", flow_id),
            RunDocument,
            style=of_flow,
            params={
                "filter_roles": comma_joined(filter_roles),
                "filter_status": comma_joined(filter_status),
                "filter_label": comma_joined(filter_label),
                "filter_start_time": time_range("filter_start_time", filter_start_time),
                "filter_completion_time": time_range("filter_completion_time", filter_completion_time),
                "orderby": comma_joined(orderby),
                "marker": marker,
            },
            query_params=query_params,
            num_results=num_results,
            page_size=page_size(per_page, num_results),
            items_key="runs",
        )

    async def find_runs(
        self, uncertain: RunUncertain, *, query_params: Mapping[str, object] | None = None
    ) -> list[RunDocument]:
        """
        Find the runs that a call of `SpecificFlowClient.run_flow` may have started, of which it has no response.

        They are your runs of the flow that have its label and all its tags, and started since the call; five minutes of
        difference between the clocks are allowed for. Give each run a tag of its own, so that it is none or one.

        Args:
            uncertain: The error of the call.
            query_params: Further query parameters.

        Returns:
            The runs, latest first.

        Raises:
            GlobusSDKUsageError: Another error.

        Example:
            >>> async def run_once(body, tag):
            ...     try:
            ...         return (await flow.run_flow(body, tags=tag))["run_id"]
            ...     except RunUncertain as uncertain:
            ...         found = await fc.find_runs(uncertain)
            ...         return found[0]["run_id"] if found else await run_once(body, tag)
            >>> run_id = await run_once({"name": "Ada"}, "order 4711")

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /runs <https://docs.globus.org/api/flows/>`_
        """
        check_type("uncertain", uncertain, RunUncertain, "the RunUncertain error of run_flow")
        runs = self.list_runs(
            filter_flow_id=uncertain.flow_id,
            filter_roles="run_owner",
            filter_start_time=(uncertain.called_at - _CLOCK_DIFFERENCE, None),
            orderby="start_time DESC",
            query_params=query_params,
        )
        tags = _normal(uncertain.tags)
        return [
            run
            async for run in runs
            if (uncertain.label is None or run.get("label") == uncertain.label) and tags <= _normal(run.get("tags"))
        ]

    def get_run_logs(
        self,
        run_id: UUID | str,
        *,
        limit: int | MissingType = MISSING,
        reverse_order: bool | MissingType = MISSING,
        num_results: int | None = None,
        marker: str | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[RunLogEntryDocument]:
        """
        List the entries of the log of a run, oldest first. `follow_run_logs` waits for further ones.

        Args:
            run_id: The run. UUID.
            limit: Entries per page, at most 100. By default the service's, 10.
            reverse_order: Whether to list the latest entries first.
            num_results: Maximum number of entries; ``None`` for all.
            marker: The marker of a page, to continue a listing.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the entries of all pages, ``await`` returns the first page.

        Raises:
            NotFound: 404 ``NOT_FOUND``; the run does not exist, or you may not see it.
            PaginationStalled: The service says that there is a next page, but not where it begins.

        Example:
            >>> [entry["code"] async for entry in fc.get_run_logs(run_id)]
            ['FlowStarted', 'ExpressionEvalStarted', 'ExpressionEvalCompleted', 'FlowSucceeded']

        **Differs from globus-sdk:** iterating fetches further pages; sends ``true`` instead of ``True``.

        REST: `GET /runs/{run_id}/log <https://docs.globus.org/api/flows/>`_
        """
        return self.listing(
            fill_path("/runs/{run_id}/log", run_id),
            RunLogEntryDocument,
            style=of_log,
            params={"reverse_order": reverse_order, "marker": marker},
            query_params=query_params,
            num_results=num_results,
            page_size=page_size(limit, num_results),
            items_key="entries",
        )


def _normal(tags: object) -> set[str]:
    """Return tags as the service keeps them."""
    return {" ".join(str(tag).split()) for tag in tags} if is_list(tags) else set()
