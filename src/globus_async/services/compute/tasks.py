"""Tasks and task groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.json_reader import is_list, is_object
from ..._http.path import fill_path, uuid_text
from ..._http.query import is_collection
from ...client import BaseClient
from ...errors import NotFound
from ...errors.arguments import check_type
from ...errors.base import GlobusSDKUsageError
from .documents import BatchStatusDocument, ComputeTaskDocument, TaskGroupDocument, TaskGroupEntry
from .errors import TasksUncertain

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("TaskMethods",)


class TaskMethods(BaseClient):
    """Tasks: calls of functions, and their results."""

    async def get_task(
        self, task_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ComputeTaskDocument]:
        """
        Fetch a task. `wait_for_task` waits for its end.

        Args:
            task_id: The task. UUID.
            query_params: Further query parameters.

        Returns:
            The task; once it has ended also its ``result`` or ``exception``, texts for the SDK of Globus Compute.

        Raises:
            NotFound: 404.

        Example:
            >>> task = await compute.get_task(task_id)
            >>> task["status"], task["result"]
            ('success', '10000')

        REST: `GET /v2/tasks/<task_id>
        <https://compute.api.globus.org/redoc#tag/Tasks/operation/get_task_status_and_result_v2_tasks__task_uuid__get>`_
        """
        return await self.call(
            "GET", fill_path("/v2/tasks/{task_id}", task_id), ComputeTaskDocument, query_params=query_params
        )

    async def get_task_batch(
        self, task_ids: UUID | str | Iterable[UUID | str], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[BatchStatusDocument]:
        """
        Fetch one task or several.

        Args:
            task_ids: The tasks. UUIDs.
            query_params: Further query parameters.

        Returns:
            The tasks, as ``results`` by their ids.

        Raises:
            GlobusSDKUsageError: No ids, or one that is not a UUID.

        Example:
            >>> batch = await compute.get_task_batch([task_id, pending_task_id])
            >>> batch["results"][task_id]["status"]
            'success'

        **Differs from globus-sdk:** is retried, since it changes nothing.

        REST: `POST /v2/batch_status
        <https://compute.api.globus.org/redoc#tag/Root/operation/get_batch_status_v2_batch_status_post>`_
        """
        several = task_ids if is_collection(task_ids) else [task_ids]
        ids = [uuid_text("task_ids", each) for each in several]
        if not ids:
            raise GlobusSDKUsageError("task_ids has no ids")
        return await self.call(
            "POST",
            "/v2/batch_status",
            BatchStatusDocument,
            data={"task_ids": ids},
            query_params=query_params,
            idempotent=True,
        )

    async def get_task_group(
        self, task_group_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[TaskGroupDocument]:
        """
        Fetch the ids of the tasks of a task group.

        Args:
            task_group_id: The task group. UUID.
            query_params: Further query parameters.

        Returns:
            The task group; its ``tasks`` have ids and times of creation.

        Raises:
            NotFound: 404.

        Example:
            >>> group = await compute.get_task_group(task_group_id)
            >>> len(group["tasks"])
            2

        REST: `GET /v2/taskgroup/<task_group_id>
        <https://compute.api.globus.org/redoc#tag/TaskGroup/operation/get_task_group_tasks_v2_taskgroup__task_group_uuid__get>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/taskgroup/{task_group_id}", task_group_id),
            TaskGroupDocument,
            query_params=query_params,
        )

    async def find_submitted_tasks(
        self,
        uncertain: TasksUncertain,
        *,
        known_task_ids: Iterable[UUID | str] = (),
        query_params: Mapping[str, object] | None = None,
    ) -> list[TaskGroupEntry]:
        """
        Find the tasks of a submission of which there is no response: those of its task group that were not known.

        None may also mean that the submission is still under way: wait for some seconds before you submit again.

        Args:
            uncertain: The error of the submission.
            known_task_ids: The tasks that the group had before. UUIDs.
            query_params: Further query parameters.

        Returns:
            The ids and times of creation of the tasks; none if the group does not exist.

        Raises:
            GlobusSDKUsageError: Another error, or one of a submission without a task group.

        Example:
            >>> async def submit_once(submission, known=()):
            ...     try:
            ...         return (await compute_v3.submit(endpoint_id, submission))["tasks"]
            ...     except TasksUncertain as uncertain:
            ...         return await compute_v3.find_submitted_tasks(uncertain, known_task_ids=known)
            >>> tasks = await submit_once({"tasks": {function_id: ["arguments"]}})

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v2/taskgroup/<task_group_id>
        <https://compute.api.globus.org/redoc#tag/TaskGroup/operation/get_task_group_tasks_v2_taskgroup__task_group_uuid__get>`_
        """
        check_type("uncertain", uncertain, TasksUncertain, "the TasksUncertain error of submit")
        several = known_task_ids if is_collection(known_task_ids) else [known_task_ids]
        known = {uuid_text("known_task_ids", each).lower() for each in several}
        if uncertain.task_group_id is None:
            raise GlobusSDKUsageError("the submission had no task_group_id, so that its tasks cannot be found")
        try:
            group = await self.call(
                "GET",
                fill_path("/v2/taskgroup/{task_group_id}", uncertain.task_group_id),
                TaskGroupDocument,
                query_params=query_params,
            )
        except NotFound:
            return []
        tasks = group.get("tasks")
        if not is_list(tasks) or not all(is_object(each) and isinstance(each.get("id"), str) for each in tasks):
            raise group.raw.decode_error("it should have the ids of the tasks")
        return [each for each in group.data["tasks"] if each["id"].lower() not in known]
