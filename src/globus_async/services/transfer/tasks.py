"""Tasks: list, fetch, update, cancel, and their events and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ..._http.query import comma_joined
from ...client import BaseClient
from ...paging import Pages, null_marker, offset_total
from .documents import (
    EventDocument,
    PauseInfoDocument,
    ResultDocument,
    SkippedErrorDocument,
    SuccessfulTransferDocument,
    TaskDocument,
)
from .filters import TransferFilter, filter_text
from .page_sizes import page_size, requested_results

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("TaskMethods",)


class TaskMethods(BaseClient):
    """Tasks of the current user."""

    def task_list(
        self,
        num_results: int | MissingType | None = MISSING,
        *,
        limit: int | MissingType | None = MISSING,
        offset: int | MissingType | None = MISSING,
        orderby: str | Iterable[str] | MissingType | None = MISSING,
        filter: TransferFilter | MissingType | None = MISSING,
        fields: str | Iterable[str] | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[TaskDocument]:
        """
        List your tasks, latest first.

        Args:
            num_results: Maximum number of items; ``None`` for all. By default ``limit``, or 10 without it.
            limit: Items per page, at most and by default 1000.
            offset: Number of items to skip.
            orderby: The sort order, such as ``"request_time DESC"``, or a list of such.
            filter: Which tasks to list, as text (``"type:TRANSFER,DELETE/status:ACTIVE"``) or as a mapping
                (``{"type": ["TRANSFER", "DELETE"], "status": "ACTIVE"}``). By default the service lists transfers only.
            fields: The members to return. By default all.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the tasks, ``await`` returns the first page.

        Raises:
            TransferAPIError: 400 ``BadRequest`` for an invalid filter.

        Warns:
            ListingTruncated: There are more than 10 tasks, and no number was given.

        Example:
            >>> async for task in tc.task_list(filter="status:SUCCEEDED"):
            ...     print(task["label"], task["files_transferred"])
            nightly 2
            >>> page = await tc.task_list(1, filter={"type": ["TRANSFER", "DELETE"]})
            >>> len(page), page["limit"]
            (1, 1)

        **Differs from globus-sdk:** iterating fetches further pages, up to ``num_results``, and is not limited to
        1000.

        REST: `GET /v0.10/task_list <https://docs.globus.org/api/transfer/task/#get_task_list>`_
        """
        return self.listing(
            "/v0.10/task_list",
            TaskDocument,
            style=offset_total,
            params={
                "offset": offset,
                "orderby": comma_joined(orderby),
                "filter": filter_text(filter),
                "fields": comma_joined(fields),
            },
            query_params=query_params,
            num_results=requested_results(num_results, limit),
            default_results=10,
            page_size=page_size(limit, 1000),
        )

    async def get_task(
        self,
        task_id: UUID | str,
        *,
        fields: str | Iterable[str] | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[TaskDocument]:
        """
        Fetch a task.

        Args:
            task_id: The task. UUID.
            fields: The members to return. By default all.
            query_params: Further query parameters.

        Returns:
            The task document.

        Raises:
            NotFound: 404 ``ClientError.NotFound``; the task does not exist or is not yours.

        Example:
            >>> task = await tc.get_task(task_id)
            >>> task["status"], task["files_transferred"]
            ('SUCCEEDED', 2)

        REST: `GET /v0.10/task/<task_id> <https://docs.globus.org/api/transfer/task/#get_task_by_id>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/task/{task_id}", task_id),
            TaskDocument,
            params={"fields": comma_joined(fields)},
            query_params=query_params,
        )

    async def update_task(
        self, task_id: UUID | str, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Change the label or deadline of a task that is not done.

        Args:
            task_id: The task. UUID.
            data: The members to change: ``label``, ``deadline``.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Updated"``.

        Raises:
            Conflict: 409; the task is done.
            NotFound: 404.
            GlobusSDKUsageError: A deadline without time zone.

        Example:
            >>> result = await tc.update_task(active_task_id, {"label": "slow but sure"})
            >>> result["code"]
            'Updated'

        REST: `PUT /v0.10/task/<task_id> <https://docs.globus.org/api/transfer/task/#update_task_by_id>`_
        """
        return await self.call(
            "PUT", fill_path("/v0.10/task/{task_id}", task_id), ResultDocument, data=data, query_params=query_params
        )

    async def cancel_task(
        self, task_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Cancel a task. Files that it has transferred or deleted already are not restored.

        Args:
            task_id: The task. UUID.
            query_params: Further query parameters.

        Returns:
            A result: ``code`` is ``"Canceled"``, ``"CancelAccepted"`` (the task will end later) or ``"TaskComplete"``
            (it was done already).

        Raises:
            NotFound: 404.

        Example:
            >>> result = await tc.cancel_task(task_id)
            >>> result["code"]
            'TaskComplete'

        REST: `POST /v0.10/task/<task_id>/cancel <https://docs.globus.org/api/transfer/task/#cancel_task_by_id>`_
        """
        return await self.call(
            "POST",
            fill_path("/v0.10/task/{task_id}/cancel", task_id),
            ResultDocument,
            query_params=query_params,
            idempotent=True,
        )

    def task_event_list(
        self,
        task_id: UUID | str,
        num_results: int | MissingType | None = MISSING,
        *,
        limit: int | MissingType | None = MISSING,
        offset: int | MissingType | None = MISSING,
        filter: TransferFilter | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[EventDocument]:
        """
        List the events of a task, latest first.

        Args:
            task_id: The task. UUID.
            num_results: Maximum number of items; ``None`` for all. By default ``limit``, or 10 without it.
            limit: Items per page, at most and by default 1000.
            offset: Number of items to skip.
            filter: Which events to list, such as ``"is_error:1"``. By default all.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the events, ``await`` returns the first page.

        Raises:
            NotFound: 404.

        Warns:
            ListingTruncated: There are more than 10 events, and no number was given.

        Example:
            >>> async for event in tc.task_event_list(task_id):
            ...     print(event["code"], event["is_error"])
            SUCCEEDED False
            STARTED False

        **Differs from globus-sdk:** iterating fetches further pages, up to ``num_results``, and is not limited to
        1000.

        REST: `GET /v0.10/task/<task_id>/event_list
        <https://docs.globus.org/api/transfer/task/#get_event_list>`_
        """
        return self.listing(
            fill_path("/v0.10/task/{task_id}/event_list", task_id),
            EventDocument,
            style=offset_total,
            params={"offset": offset, "filter": filter_text(filter)},
            query_params=query_params,
            num_results=requested_results(num_results, limit),
            default_results=10,
            page_size=page_size(limit, 1000),
        )

    async def task_pause_info(
        self, task_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[PauseInfoDocument]:
        """
        Fetch the reasons why a task is paused.

        Args:
            task_id: The task. UUID.
            query_params: Further query parameters.

        Returns:
            The pause rules that affect the task, and the messages of activity managers who paused it.

        Raises:
            NotFound: 404.

        Example:
            >>> info = await tc.task_pause_info(task_id)
            >>> info["pause_rules"]
            []

        REST: `GET /v0.10/task/<task_id>/pause_info <https://docs.globus.org/api/transfer/task/#get_task_pause_info>`_
        """
        return await self.call(
            "GET", fill_path("/v0.10/task/{task_id}/pause_info", task_id), PauseInfoDocument, query_params=query_params
        )

    def task_successful_transfers(
        self,
        task_id: UUID | str,
        num_results: int | MissingType | None = MISSING,
        *,
        marker: str | int | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[SuccessfulTransferDocument]:
        """
        List the files that a task has transferred. The service keeps the list for 30 days.

        Args:
            task_id: The task. UUID.
            num_results: Maximum number of items; ``None`` for all. By default 100.
            marker: Where to start: the marker of an earlier page.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the files, ``await`` returns the first page.

        Raises:
            NotFound: 404.

        Warns:
            ListingTruncated: There are more than 100 files, and no number was given.

        Example:
            >>> async for info in tc.task_successful_transfers(task_id):
            ...     print(info["source_path"], "->", info["destination_path"])
            /source/path/dir/a.txt -> /dest/path/dir/a.txt
            /source/path/dir/b.txt -> /dest/path/dir/b.txt

        **Differs from globus-sdk:** iterating fetches further pages, up to ``num_results``.

        REST: `GET /v0.10/task/<task_id>/successful_transfers
        <https://docs.globus.org/api/transfer/task/#get_task_successful_transfers>`_
        """
        return self.listing(
            fill_path("/v0.10/task/{task_id}/successful_transfers", task_id),
            SuccessfulTransferDocument,
            style=null_marker,
            params={"marker": marker},
            query_params=query_params,
            num_results=num_results,
            default_results=100,
        )

    def task_skipped_errors(
        self,
        task_id: UUID | str,
        num_results: int | MissingType | None = MISSING,
        *,
        marker: str | int | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[SkippedErrorDocument]:
        """
        List the files that a task skipped because of ``skip_source_errors``.

        Args:
            task_id: The task. UUID.
            num_results: Maximum number of items; ``None`` for all. By default 100.
            marker: Where to start: the marker of an earlier page.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the errors, ``await`` returns the first page.

        Raises:
            NotFound: 404.

        Warns:
            ListingTruncated: There are more than 100 errors, and no number was given.

        Example:
            >>> [error["source_path"] async for error in tc.task_skipped_errors(task_id)]
            []

        **Differs from globus-sdk:** iterating fetches further pages, up to ``num_results``.

        REST: `GET /v0.10/task/<task_id>/skipped_errors
        <https://docs.globus.org/api/transfer/task/#get_task_skipped_errors>`_
        """
        return self.listing(
            fill_path("/v0.10/task/{task_id}/skipped_errors", task_id),
            SkippedErrorDocument,
            style=null_marker,
            params={"marker": marker},
            query_params=query_params,
            num_results=num_results,
            default_results=100,
        )
