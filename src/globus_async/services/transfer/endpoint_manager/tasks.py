"""Endpoint manager: tasks on collections that the user manages or monitors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from ...._http.path import fill_path
from ...._http.query import as_bit, comma_joined, time_range
from ....client import BaseClient
from ....errors import GlobusSDKUsageError
from ....paging import Pages, null_marker, offset_total
from ....paging import last_key as by_last_key
from ..documents import (
    AdminTaskDocument,
    EventDocument,
    PauseInfoDocument,
    SkippedErrorDocument,
    SuccessfulTransferDocument,
)
from ..page_sizes import page_size, requested_results

if TYPE_CHECKING:
    from ....response import GlobusHTTPResponse

__all__ = ("EndpointManagerTaskMethods",)


class EndpointManagerTaskMethods(BaseClient):
    """Tasks on collections that the user manages or monitors."""

    def endpoint_manager_task_list(
        self,
        num_results: int | MissingType | None = MISSING,
        *,
        filter_status: str | Iterable[str] | MissingType | None = MISSING,
        filter_task_id: UUID | str | Iterable[UUID | str] | MissingType | None = MISSING,
        filter_owner_id: UUID | str | MissingType | None = MISSING,
        filter_endpoint: UUID | str | MissingType | None = MISSING,
        filter_endpoint_use: Literal["source", "destination"] | MissingType | None = MISSING,
        filter_is_paused: bool | MissingType | None = MISSING,
        filter_completion_time: str
        | tuple[datetime | str | None, datetime | str | None]
        | MissingType
        | None = MISSING,
        filter_min_faults: int | MissingType | None = MISSING,
        filter_local_user: str | MissingType | None = MISSING,
        last_key: str | MissingType | None = MISSING,
        limit: int | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[AdminTaskDocument]:
        """
        List tasks on the collections that you monitor.

        Args:
            num_results: Maximum number of items; ``None`` for all. By default ``limit``, or 10 without it.
            filter_status: Only these statuses. Other statuses than ``ACTIVE`` and ``INACTIVE`` need ``filter_task_id``
                or ``filter_endpoint``.
            filter_task_id: Only these tasks, at most 50; cannot be combined with other filters. UUIDs.
            filter_owner_id: Only tasks owned by this identity. UUID.
            filter_endpoint: Only tasks from or to this collection. UUID.
            filter_endpoint_use: Only tasks from ``filter_endpoint`` (``"source"``) or to it (``"destination"``).
            filter_is_paused: True for only paused tasks, False for only others.
            filter_completion_time: Only tasks that ended between two aware datetimes, each of which may be ``None``.
            filter_min_faults: Only tasks with at least this number of faults.
            filter_local_user: Only tasks mapped to this local account; needs ``filter_endpoint``.
            last_key: Where to start: the ``last_key`` of an earlier page.
            limit: Items per page. By default the service's page size.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the tasks, ``await`` returns the first page.

        Raises:
            PermissionDenied: 403; you do not monitor the collections.
            TransferAPIError: 400 ``BadRequest`` for filters that cannot be combined.
            GlobusSDKUsageError: ``filter_endpoint_use`` without ``filter_endpoint``, or a naive datetime.

        Warns:
            ListingTruncated: There are more than 10 tasks, and no number was given.

        Example:
            >>> async for task in tc.endpoint_manager_task_list(filter_endpoint=source_id, filter_status="SUCCEEDED"):
            ...     print(task["label"], task["owner_string"])
            nightly researcher@example.edu

        **Differs from globus-sdk:** iterating fetches further pages, up to ``num_results``.

        REST: `GET /v0.10/endpoint_manager/task_list
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_tasks>`_
        """
        if filter_endpoint_use and not filter_endpoint:
            raise GlobusSDKUsageError("filter_endpoint_use needs filter_endpoint")
        return self.listing(
            "/v0.10/endpoint_manager/task_list",
            AdminTaskDocument,
            style=by_last_key,
            params={
                "filter_status": comma_joined(filter_status),
                "filter_task_id": comma_joined(filter_task_id),
                "filter_owner_id": filter_owner_id,
                "filter_endpoint": filter_endpoint,
                "filter_endpoint_use": filter_endpoint_use,
                # the only spelling that the service is known to accept
                "filter_is_paused": str(filter_is_paused) if isinstance(filter_is_paused, bool) else filter_is_paused,
                "filter_completion_time": time_range("filter_completion_time", filter_completion_time),
                "filter_min_faults": filter_min_faults,
                "filter_local_user": filter_local_user,
                "last_key": last_key,
            },
            query_params=query_params,
            num_results=requested_results(num_results, limit),
            default_results=10,
            page_size=page_size(limit),
        )

    async def endpoint_manager_get_task(
        self, task_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[AdminTaskDocument]:
        """
        Fetch a task on a collection that you monitor.

        Args:
            task_id: The task. UUID.
            query_params: Further query parameters.

        Returns:
            The task document, with further members for activity managers.

        Raises:
            PermissionDenied: 403; you monitor neither of its collections.
            NotFound: 404 ``TaskNotFound``.

        Example:
            >>> task = await tc.endpoint_manager_get_task(task_id)
            >>> task["owner_string"]
            'researcher@example.edu'

        REST: `GET /v0.10/endpoint_manager/task/<task_id>
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_task>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/endpoint_manager/task/{task_id}", task_id),
            AdminTaskDocument,
            query_params=query_params,
        )

    def endpoint_manager_task_event_list(
        self,
        task_id: UUID | str,
        num_results: int | MissingType | None = MISSING,
        *,
        limit: int | MissingType | None = MISSING,
        offset: int | MissingType | None = MISSING,
        filter_is_error: bool | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[EventDocument]:
        """
        List the events of a task on a collection that you monitor, latest first.

        Args:
            task_id: The task. UUID.
            num_results: Maximum number of items; ``None`` for all. By default ``limit``, or 10 without it.
            limit: Items per page, at most and by default 1000.
            offset: Number of items to skip.
            filter_is_error: True for only errors, False for only other events.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the events, ``await`` returns the first page.

        Raises:
            PermissionDenied: 403; you monitor neither of its collections.
            NotFound: 404 ``TaskNotFound``.

        Warns:
            ListingTruncated: There are more than 10 events, and no number was given.

        Example:
            >>> [event["code"] async for event in tc.endpoint_manager_task_event_list(task_id)]
            ['SUCCEEDED', 'STARTED']

        **Differs from globus-sdk:** iterating fetches further pages, up to ``num_results``, and is not limited to
        1000.

        REST: `GET /v0.10/endpoint_manager/task/<task_id>/event_list
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_task_events>`_
        """
        return self.listing(
            fill_path("/v0.10/endpoint_manager/task/{task_id}/event_list", task_id),
            EventDocument,
            style=offset_total,
            params={"offset": offset, "filter_is_error": as_bit(filter_is_error)},
            query_params=query_params,
            num_results=requested_results(num_results, limit),
            default_results=10,
            page_size=page_size(limit, 1000),
        )

    async def endpoint_manager_task_pause_info(
        self, task_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[PauseInfoDocument]:
        """
        Fetch the reasons why a task on a collection that you monitor is paused.

        Args:
            task_id: The task. UUID.
            query_params: Further query parameters.

        Returns:
            The pause rules that affect the task, and the messages of activity managers who paused it.

        Raises:
            PermissionDenied: 403; you monitor neither of its collections.
            NotFound: 404 ``TaskNotFound``.

        Example:
            >>> info = await tc.endpoint_manager_task_pause_info(task_id)
            >>> info["pause_rules"]
            []

        REST: `GET /v0.10/endpoint_manager/task/<task_id>/pause_info
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_task_pause_info_as_admin>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/endpoint_manager/task/{task_id}/pause_info", task_id),
            PauseInfoDocument,
            query_params=query_params,
        )

    def endpoint_manager_task_successful_transfers(
        self,
        task_id: UUID | str,
        num_results: int | MissingType | None = MISSING,
        *,
        marker: str | int | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[SuccessfulTransferDocument]:
        """
        List the files that a task on a collection that you monitor has transferred.

        Args:
            task_id: The task. UUID.
            num_results: Maximum number of items; ``None`` for all. By default 100.
            marker: Where to start: the marker of an earlier page.
            query_params: Further query parameters.

        Returns:
            The listing; paths on a collection that you do not monitor are null.

        Raises:
            PermissionDenied: 403; you monitor neither of its collections.
            NotFound: 404 ``TaskNotFound``.

        Warns:
            ListingTruncated: There are more than 100 files, and no number was given.

        Example:
            >>> [info["source_path"] async for info in tc.endpoint_manager_task_successful_transfers(task_id, 1)]
            ['/source/path/dir/a.txt']

        **Differs from globus-sdk:** iterating fetches further pages, up to ``num_results``.

        REST: `GET /v0.10/endpoint_manager/task/<task_id>/successful_transfers
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_task_successful_transfers_as_admin>`_
        """
        return self.listing(
            fill_path("/v0.10/endpoint_manager/task/{task_id}/successful_transfers", task_id),
            SuccessfulTransferDocument,
            style=null_marker,
            params={"marker": marker},
            query_params=query_params,
            num_results=num_results,
            default_results=100,
        )

    def endpoint_manager_task_skipped_errors(
        self,
        task_id: UUID | str,
        num_results: int | MissingType | None = MISSING,
        *,
        marker: str | int | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[SkippedErrorDocument]:
        """
        List the files that a task on a collection that you monitor skipped.

        Args:
            task_id: The task. UUID.
            num_results: Maximum number of items; ``None`` for all. By default 100.
            marker: Where to start: the marker of an earlier page.
            query_params: Further query parameters.

        Returns:
            The listing; paths on a collection that you do not monitor are null.

        Raises:
            PermissionDenied: 403; you monitor neither of its collections.
            NotFound: 404 ``TaskNotFound``.

        Warns:
            ListingTruncated: There are more than 100 errors, and no number was given.

        Example:
            >>> await tc.endpoint_manager_task_skipped_errors(task_id).list()
            []

        **Differs from globus-sdk:** iterating fetches further pages, up to ``num_results``.

        REST: `GET /v0.10/endpoint_manager/task/<task_id>/skipped_errors
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_task_skipped_errors_as_admin>`_
        """
        return self.listing(
            fill_path("/v0.10/endpoint_manager/task/{task_id}/skipped_errors", task_id),
            SkippedErrorDocument,
            style=null_marker,
            params={"marker": marker},
            query_params=query_params,
            num_results=num_results,
            default_results=100,
        )
