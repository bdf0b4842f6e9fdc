"""Endpoint manager: stop the tasks of others, by hand or by rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from ...._http.path import fill_path, uuid_text
from ....client import BaseClient
from ....errors import GlobusSDKUsageError
from ....paging import Pages, single
from ..documents import AdminCancelDocument, PauseRuleDocument, ResultDocument

if TYPE_CHECKING:
    from ....response import GlobusHTTPResponse

__all__ = ("EndpointManagerControlMethods",)


class EndpointManagerControlMethods(BaseClient):
    """Canceling, pausing and resuming tasks on collections that one manages."""

    async def endpoint_manager_cancel_tasks(
        self, task_ids: Iterable[UUID | str], message: str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[AdminCancelDocument]:
        """
        Cancel tasks on collections that you manage.

        Args:
            task_ids: Which tasks. UUIDs.
            message: What their owners are told.
            query_params: Further query parameters.

        Returns:
            The ``id`` to follow it by with `endpoint_manager_cancel_status`, and whether it is ``done``.

        Raises:
            PermissionDenied: 403, you are no activity manager of a task's collections.

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
        Ask whether a cancellation is done.

        Args:
            admin_cancel_id: Which one, from `endpoint_manager_cancel_tasks`. UUID.
            query_params: Further query parameters.

        Returns:
            Its document; ``done`` when every task has ended.

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
            task_ids: Which tasks. UUIDs.
            message: What their owners are told.
            query_params: Further query parameters.

        Returns:
            A result, ``code`` ``"PauseAccepted"``.

        Raises:
            PermissionDenied: 403, you are no activity manager of a task's collections.

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
        Resume tasks that were paused by `endpoint_manager_pause_tasks`; pause rules hold them all the same.

        Args:
            task_ids: Which tasks. UUIDs.
            query_params: Further query parameters.

        Returns:
            A result, ``code`` ``"ResumeAccepted"``.

        Raises:
            PermissionDenied: 403, you are no activity manager of a task's collections.

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

    def endpoint_manager_pause_rule_list(
        self,
        *,
        filter_endpoint: UUID | str | MissingType | None = MISSING,
        filter_host_endpoint: UUID | str | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[PauseRuleDocument]:
        """
        List the pause rules on collections that you monitor.

        Args:
            filter_endpoint: Only those on this collection. UUID.
            filter_host_endpoint: Only those on guest collections of this one. UUID.
            query_params: Further query parameters.

        Returns:
            The listing, of one page.

        Raises:
            PermissionDenied: 403, you are no activity monitor of it.

        Example:
            >>> [rule["message"] async for rule in tc.endpoint_manager_pause_rule_list(filter_endpoint=paused_id)]
            ['back at noon']

        REST: `GET /v0.10/endpoint_manager/pause_rule_list
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_pause_rules>`_
        """
        return self.listing(
            "/v0.10/endpoint_manager/pause_rule_list",
            PauseRuleDocument,
            style=single,
            params={"filter_endpoint": filter_endpoint, "filter_host_endpoint": filter_host_endpoint},
            query_params=query_params,
        )

    async def endpoint_manager_create_pause_rule(
        self, data: Mapping[str, Any] | None, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[PauseRuleDocument]:
        """
        Pause a collection for everybody or for somebody.

        Args:
            data: A ``pause_rule`` document: ``message``, ``endpoint_id``, ``identity_id`` (``None`` for everybody),
                ``start_time`` (``None`` for now), ``pause_ls``, ...
            query_params: Further query parameters.

        Returns:
            The new rule, with its ``id``.

        Raises:
            PermissionDenied: 403, you are no activity manager of it.

        Example:
            >>> rule = await tc.endpoint_manager_create_pause_rule({
            ...     "DATA_TYPE": "pause_rule",
            ...     "message": "Message to users explaining why tasks are paused",
            ...     "endpoint_id": destination_id,
            ...     "identity_id": None,
            ...     "start_time": None,
            ... })
            >>> rule["pause_ls"]
            True

        REST: `POST /v0.10/endpoint_manager/pause_rule
        <https://docs.globus.org/api/transfer/advanced_collection_management/#create_pause_rule>`_
        """
        return await self.call(
            "POST", "/v0.10/endpoint_manager/pause_rule", PauseRuleDocument, data=data, query_params=query_params
        )

    async def endpoint_manager_get_pause_rule(
        self, pause_rule_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[PauseRuleDocument]:
        """
        Fetch a pause rule.

        Args:
            pause_rule_id: Which one. UUID.
            query_params: Further query parameters.

        Returns:
            The rule.

        Raises:
            NotFound: 404 ``PauseRuleNotFound``.
            PermissionDenied: 403, you are no activity manager of its collection.

        Example:
            >>> rule = await tc.endpoint_manager_get_pause_rule(pause_rule_id)
            >>> rule["message"]
            'back at noon'

        REST: `GET /v0.10/endpoint_manager/pause_rule/<pause_rule_id>
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_pause_rule>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/endpoint_manager/pause_rule/{pause_rule_id}", pause_rule_id),
            PauseRuleDocument,
            query_params=query_params,
        )

    async def endpoint_manager_update_pause_rule(
        self,
        pause_rule_id: UUID | str,
        data: Mapping[str, Any] | None,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[PauseRuleDocument]:
        """
        Change a pause rule.

        Args:
            pause_rule_id: Which one. UUID.
            data: The members to change; those that cannot be are ignored by the service.
            query_params: Further query parameters.

        Returns:
            The changed rule.

        Raises:
            NotFound: 404 ``PauseRuleNotFound``.
            PermissionDenied: 403, you are no activity manager of its collection.

        Example:
            >>> rule = await tc.endpoint_manager_update_pause_rule(pause_rule_id, {"pause_ls": False})
            >>> rule["pause_ls"]
            False

        REST: `PUT /v0.10/endpoint_manager/pause_rule/<pause_rule_id>
        <https://docs.globus.org/api/transfer/advanced_collection_management/#update_pause_rule>`_
        """
        return await self.call(
            "PUT",
            fill_path("/v0.10/endpoint_manager/pause_rule/{pause_rule_id}", pause_rule_id),
            PauseRuleDocument,
            data=data,
            query_params=query_params,
        )

    async def endpoint_manager_delete_pause_rule(
        self, pause_rule_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Delete a pause rule; tasks that only it held go on.

        Args:
            pause_rule_id: Which one, with ``editable`` true. UUID.
            query_params: Further query parameters.

        Returns:
            A result, ``code`` ``"Deleted"``.

        Raises:
            NotFound: 404 ``PauseRuleNotFound``, also when an earlier attempt of the same call had deleted it.
            PermissionDenied: 403, you are no activity manager of its collection.

        Example:
            >>> result = await tc.endpoint_manager_delete_pause_rule(pause_rule_id)
            >>> result["code"]
            'Deleted'

        REST: `DELETE /v0.10/endpoint_manager/pause_rule/<pause_rule_id>
        <https://docs.globus.org/api/transfer/advanced_collection_management/#delete_pause_rule>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/v0.10/endpoint_manager/pause_rule/{pause_rule_id}", pause_rule_id),
            ResultDocument,
            query_params=query_params,
        )


def _ids(task_ids: Iterable[UUID | str]) -> list[str]:
    if isinstance(task_ids, (str, UUID)):
        raise GlobusSDKUsageError("task_ids must be several ids; put a single one in a list")
    ids = [uuid_text("task_ids", task_id) for task_id in task_ids]
    if not ids:
        raise GlobusSDKUsageError("task_ids is empty")
    return ids
