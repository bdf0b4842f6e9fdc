"""The questions that are asked by the thousand, as ready-made bulks."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import uuid_text
from ...bulk import Bulk, Progress, bulk
from .access_rules import AccessRuleMethods
from .endpoints import EndpointMethods
from .file_operations import FileOperationMethods
from .waiting.task_wait import TaskWaitMethods

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse
    from .documents import AccessDocument, EndpointDocument, FileDocument, TaskDocument
    from .filters import TransferFilter

__all__ = ("BulkMethods",)

_Ids = Iterable[UUID | str] | AsyncIterable[UUID | str]
_Tell = Callable[[Progress], object]


class BulkMethods(EndpointMethods, AccessRuleMethods, FileOperationMethods, TaskWaitMethods):
    """Many of the same kind at once; each method returns a `Bulk`."""

    def get_endpoints(
        self,
        endpoint_ids: _Ids,
        *,
        fields: str | Iterable[str] | MissingType = MISSING,
        concurrency: int = 50,
        ordered: bool = False,
        progress: _Tell | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Bulk[UUID | str, GlobusHTTPResponse[EndpointDocument]]:
        """
        Fetch many endpoints, several at a time.

        Args:
            endpoint_ids: Which ones. UUIDs; a generator is read only as far as the work has got.
            fields: The members to answer with. By default all.
            concurrency: Most calls under way at once.
            ordered: Give outcomes in the order of the input instead of as they come.
            progress: Called after every outcome.
            query_params: Further query parameters.

        Returns:
            A `Bulk`: await it for all outcomes, enter it with ``async with`` for one after the other, or ask for its
            ``values()``.

        Example:
            >>> async with tc.get_endpoints([endpoint_id, source_id]) as outcomes:
            ...     print(sorted([outcome.value["display_name"] async for outcome in outcomes]))
            ['Instrument', 'Lab storage']

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/endpoint/<endpoint_id>
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#get_endpoint_or_collection_by_id>`_
        """
        fixed = fields if isinstance(fields, (str, MissingType)) else tuple(fields)
        call = partial(self.get_endpoint, fields=fixed, query_params=query_params)
        return bulk(call, endpoint_ids, concurrency=concurrency, ordered=ordered, progress=progress)

    def get_tasks(
        self, task_ids: _Ids, *, concurrency: int = 200, ordered: bool = False, progress: _Tell | None = None
    ) -> Bulk[UUID | str, TaskDocument]:
        """
        Fetch many tasks; one request answers for up to fifty of them.

        Args:
            task_ids: Which ones. UUIDs; a generator is read only as far as the work has got.
            concurrency: Most tasks asked for at once.
            ordered: Give outcomes in the order of the input instead of as they come.
            progress: Called after every outcome.

        Returns:
            A `Bulk` of task documents.

        Example:
            >>> tasks = await tc.get_tasks([task_id, active_task_id]).values()
            >>> [task["status"] for task in tasks]
            ['SUCCEEDED', 'ACTIVE']

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/task_list <https://docs.globus.org/api/transfer/task/#get_task_list>`_
        """

        async def fetch(task_id: UUID | str) -> TaskDocument:
            return await self._poller.poll(uuid_text("task_id", task_id).lower(), due=self.transport.clock.monotonic())

        return bulk(fetch, task_ids, concurrency=concurrency, ordered=ordered, progress=progress)

    def endpoint_acl_lists(
        self,
        endpoint_ids: _Ids,
        *,
        concurrency: int = 50,
        ordered: bool = False,
        progress: _Tell | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Bulk[UUID | str, list[AccessDocument]]:
        """
        List the access rules of many collections.

        Args:
            endpoint_ids: Which collections. UUIDs; a generator is read only as far as the work has got.
            concurrency: Most calls under way at once.
            ordered: Give outcomes in the order of the input instead of as they come.
            progress: Called after every outcome.
            query_params: Further query parameters.

        Returns:
            A `Bulk` of lists of rules.

        Example:
            >>> rules = await tc.endpoint_acl_lists([guest_collection_id]).values()
            >>> [rule["path"] for rule in rules[0] if rule["role_id"] is None]
            ['/dataset0/']

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/endpoint/<endpoint_id>/access_list
        <https://docs.globus.org/api/transfer/acl/#rest_access_get_list>`_
        """

        async def rules(endpoint_id: UUID | str) -> list[AccessDocument]:
            return await self.endpoint_acl_list(endpoint_id, query_params=query_params).list()

        return bulk(rules, endpoint_ids, concurrency=concurrency, ordered=ordered, progress=progress)

    def operation_ls_many(
        self,
        folders: Iterable[tuple[UUID | str, str]] | AsyncIterable[tuple[UUID | str, str]],
        *,
        show_hidden: bool | MissingType | None = MISSING,
        filter: TransferFilter | MissingType | None = MISSING,
        concurrency: int = 10,
        ordered: bool = False,
        progress: _Tell | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Bulk[tuple[UUID | str, str], list[FileDocument]]:
        """
        List many folders, on any number of collections. For whole trees there is `operation_walk`.

        Args:
            folders: Which ones: pairs of a collection's UUID and a path.
            show_hidden: Whether names that begin with a dot are listed. By default they are.
            filter: Which entries, as in `operation_ls`.
            concurrency: Most calls under way at once; each of them is work for a collection's server.
            ordered: Give outcomes in the order of the input instead of as they come.
            progress: Called after every outcome.
            query_params: Further query parameters.

        Returns:
            A `Bulk` of lists of entries.

        Example:
            >>> folders = [(endpoint_id, "/project1/"), (endpoint_id, "/dataset0/")]
            >>> entries = await tc.operation_ls_many(folders).values()
            >>> [[entry["name"] for entry in folder] for folder in entries]
            [['data', 'file1.txt'], ['readme']]

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/operation/endpoint/<endpoint_id>/ls
        <https://docs.globus.org/api/transfer/file_operations/#list_directory_contents>`_
        """

        async def entries(folder: tuple[UUID | str, str]) -> list[FileDocument]:
            endpoint_id, path = folder
            listing = self.operation_ls(
                endpoint_id, path, show_hidden=show_hidden, filter=filter, query_params=query_params
            )
            return await listing.list()

        return bulk(entries, folders, concurrency=concurrency, ordered=ordered, progress=progress)
