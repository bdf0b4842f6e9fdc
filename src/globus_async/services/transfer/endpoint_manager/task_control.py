"""Endpoint manager: canceling, pausing and resuming tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ...._http.path import fill_path, uuid_text
from ....client import BaseClient
from ....errors import GlobusSDKUsageError
from ..documents import AdminCancelDocument, ResultDocument

if TYPE_CHECKING:
    from ....response import GlobusHTTPResponse

__all__ = ("EndpointManagerTaskControlMethods",)


class EndpointManagerTaskControlMethods(BaseClient):
    """Canceling, pausing and resuming tasks on collections that the user manages."""

    async def endpoint_manager_cancel_tasks(
        self, task_ids: Iterable[UUID | str], message: str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[AdminCancelDocument]:
        """
        Cancel tasks on collections that you manage.

        Args:
            task_ids: The tasks. UUIDs.
            message: The message to their owners.
            query_params: Further query parameters.

        Returns:
            The ``id`` of the cancellation, for `endpoint_manager_cancel_status`, and whether it is ``done``.

        Raises:
            PermissionDenied: 403; you are not an activity manager of a task's collections.

        Example:
            >>> cancellation = await tc.endpoint_manager_cancel_tasks([active_task_id], "maintenance tonight")
            >>> status = await tc.endpoint_manager_cancel_status(cancellation["id"])
            >>> status["done"]
            True

        REST: `POST /v0.10/endpoint_manager/admin_cancel
        <https://docs.globus.org/api/transfer/advanced_collection_management/#admin_cancel>`_
        """
        return await self.call(
            "POST",
            "/v0.10/endpoint_manager/admin_cancel",
            AdminCancelDocument,
            data={"message": message, "task_id_list": _ids(task_ids)},
            query_params=query_params,
        )

    async def endpoint_manager_cancel_status(
        self, admin_cancel_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[AdminCancelDocument]:
        """
        Fetch the status of a cancellation.

        Args:
            admin_cancel_id: The ``id`` from `endpoint_manager_cancel_tasks`. UUID.
            query_params: Further query parameters.

        Returns:
            The cancellation; ``done`` is true when every task has ended.

        Raises:
            NotFound: 404.

        Example:
            >>> status = await tc.endpoint_manager_cancel_status(admin_cancel_id)
            >>> status["done"]
            True

        REST: `GET /v0.10/endpoint_manager/admin_cancel/<admin_cancel_id>
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_cancel_status_by_id>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/endpoint_manager/admin_cancel/{admin_cancel_id}", admin_cancel_id),
            AdminCancelDocument,
            query_params=query_params,
        )

    async def endpoint_manager_pause_tasks(
        self, task_ids: Iterable[UUID | str], message: str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Pause tasks on collections that you manage.

        Args:
            task_ids: The tasks. UUIDs.
            message: The message to their owners.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"PauseAccepted"``.

        Raises:
            PermissionDenied: 403; you are not an activity manager of a task's collections.

        Example:
            >>> result = await tc.endpoint_manager_pause_tasks([active_task_id], "please wait")
            >>> result["code"]
            'PauseAccepted'

        REST: `POST /v0.10/endpoint_manager/admin_pause
        <https://docs.globus.org/api/transfer/advanced_collection_management/#pause_tasks_as_admin>`_
        """
        return await self.call(
            "POST",
            "/v0.10/endpoint_manager/admin_pause",
            ResultDocument,
            data={"message": message, "task_id_list": _ids(task_ids)},
            query_params=query_params,
            idempotent=True,
        )

    async def endpoint_manager_resume_tasks(
        self, task_ids: Iterable[UUID | str], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Resume tasks that were paused by `endpoint_manager_pause_tasks`, unless a pause rule affects them.

        Args:
            task_ids: The tasks. UUIDs.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"ResumeAccepted"``.

        Raises:
            PermissionDenied: 403; you are not an activity manager of a task's collections.

        Example:
            >>> result = await tc.endpoint_manager_resume_tasks([active_task_id])
            >>> result["code"]
            'ResumeAccepted'

        REST: `POST /v0.10/endpoint_manager/admin_resume
        <https://docs.globus.org/api/transfer/advanced_collection_management/#resume_tasks_as_admin>`_
        """
        return await self.call(
            "POST",
            "/v0.10/endpoint_manager/admin_resume",
            ResultDocument,
            data={"task_id_list": _ids(task_ids)},
            query_params=query_params,
            idempotent=True,
        )


def _ids(task_ids: Iterable[UUID | str]) -> list[str]:
    if isinstance(task_ids, (str, UUID)):
        raise GlobusSDKUsageError("task_ids must be an iterable of ids, not a single id; pass a list")
    ids = [uuid_text("task_ids", task_id) for task_id in task_ids]
    if not ids:
        raise GlobusSDKUsageError("task_ids is empty")
    return ids
