"""Tasks: the ingests and deletions of an index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.path import fill_path
from ...client import BaseClient
from ...paging import Pages, single
from .documents import SearchTaskDocument

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("TaskMethods",)


class TaskMethods(BaseClient):
    """Tasks."""

    async def get_task(
        self, task_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[SearchTaskDocument]:
        """
        Fetch a task.

        Args:
            task_id: The task. UUID.
            query_params: Further query parameters.

        Returns:
            The task document, with its ``state``; ``message`` and ``additional_details`` say why it failed.

        Raises:
            NotFound: 404.
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.

        Example:
            >>> (await sc.get_task(task_id))["state"]
            'SUCCESS'

        REST: `GET /v1/task/<task_id> <https://docs.globus.org/api/search/reference/get_task/>`_
        """
        return await self.call(
            "GET", fill_path("/v1/task/{task_id}", task_id), SearchTaskDocument, query_params=query_params
        )

    def get_task_list(
        self, index_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> Pages[SearchTaskDocument]:
        """
        List the latest tasks of an index, latest first, at most 1000.

        Args:
            index_id: The index. UUID.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the tasks, ``await`` returns the response with its ``tasks``.

        Raises:
            NotFound: 404 ``NotFound.NoSuchIndex``.
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.

        Example:
            >>> async for task in sc.get_task_list(index_id):
            ...     print(task["task_type"], task["state"])
            INGEST SUCCESS

        **Differs from globus-sdk:** the response can be iterated.

        REST: `GET /v1/task_list/<index_id> <https://docs.globus.org/api/search/reference/task_list/>`_
        """
        return self.listing(
            fill_path("/v1/task_list/{index_id}", index_id),
            SearchTaskDocument,
            style=single,
            query_params=query_params,
            items_key="tasks",
        )
