"""Bulk methods: many calls of one kind, run concurrently."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import uuid_text
from ...errors import GlobusSDKUsageError
from .access_rules import AccessRuleMethods
from .endpoints import EndpointMethods
from .file_operations import FileOperationMethods
from .waiting.task_wait import TaskWaitMethods

if TYPE_CHECKING:
    from ...bulk_calls import Bulk, Progress
    from ...response import GlobusHTTPResponse
    from .documents import AccessDocument, EndpointDocument, FileDocument, TaskDocument
    from .filters import TransferFilter

__all__ = ("BulkMethods",)

Id = TypeVar("Id", bound=UUID | str)
_Ids: TypeAlias = Iterable[Id] | AsyncIterable[Id]
_OnProgress = Callable[["Progress"], object]


class BulkMethods(EndpointMethods, AccessRuleMethods, FileOperationMethods, TaskWaitMethods):
    """Methods for many resources of one kind, which return a `Bulk`."""

    def get_endpoints(
        self,
        endpoint_ids: _Ids[Id],
        *,
        fields: str | Iterable[str] | MissingType = MISSING,
        concurrency: int = 50,
        ordered: bool = False,
        progress: _OnProgress | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Bulk[Id, GlobusHTTPResponse[EndpointDocument]]:
        """
        Fetch many endpoints concurrently.

        Args:
            endpoint_ids: UUIDs; a generator is read as calls are made.
            fields: The members to return. By default all.
            concurrency: Maximum number of concurrent calls.
            ordered: Return outcomes in the order of the input instead of the order of completion.
            progress: Called after each outcome.
            query_params: Further query parameters.

        Returns:
            A `Bulk`: await it for all outcomes, enter it with ``async with`` to iterate over them, or await its
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
        from ...bulk_calls import bulk  # noqa: PLC0415 -- not needed for single calls

        return bulk(
            call, endpoint_ids, concurrency=concurrency, ordered=ordered, progress=progress, clock=self.transport.clock
        )

    def get_tasks(
        self, task_ids: _Ids[Id], *, concurrency: int = 200, ordered: bool = False, progress: _OnProgress | None = None
    ) -> Bulk[Id, TaskDocument]:
        """
        Fetch many tasks; one request fetches up to fifty of them.

        Args:
            task_ids: UUIDs; a generator is read as calls are made.
            concurrency: Maximum number of tasks to request at the same time.
            ordered: Return outcomes in the order of the input instead of the order of completion.
            progress: Called after each outcome.

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

        from ...bulk_calls import bulk  # noqa: PLC0415 -- not needed for single calls

        return bulk(
            fetch, task_ids, concurrency=concurrency, ordered=ordered, progress=progress, clock=self.transport.clock
        )

    def endpoint_acl_lists(
        self,
        endpoint_ids: _Ids[Id],
        *,
        concurrency: int = 50,
        ordered: bool = False,
        progress: _OnProgress | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Bulk[Id, list[AccessDocument]]:
        """
        List the access rules of many collections concurrently.

        Args:
            endpoint_ids: The collections. UUIDs; a generator is read as calls are made.
            concurrency: Maximum number of concurrent calls.
            ordered: Return outcomes in the order of the input instead of the order of completion.
            progress: Called after each outcome.
            query_params: Further query parameters.

        Returns:
            A `Bulk` of lists of access rules.

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

        from ...bulk_calls import bulk  # noqa: PLC0415 -- not needed for single calls

        return bulk(
            rules, endpoint_ids, concurrency=concurrency, ordered=ordered, progress=progress, clock=self.transport.clock
        )

    def operation_ls_many(
        self,
        directories: Iterable[tuple[Id, str]] | AsyncIterable[tuple[Id, str]],
        *,
        show_hidden: bool | MissingType | None = MISSING,
        filter: TransferFilter | MissingType | None = MISSING,
        concurrency: int = 10,
        ordered: bool = False,
        progress: _OnProgress | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Bulk[tuple[Id, str], list[FileDocument]]:
        """
        List many directories concurrently, on any number of collections; see `operation_walk` for directory trees.

        Args:
            directories: Pairs of a collection's UUID and a path; a generator is read as calls are made.
            show_hidden: Whether to list names that start with a dot. By default they are listed.
            filter: Which entries to list, as in `operation_ls`.
            concurrency: Maximum number of concurrent calls; each causes load on a collection's server.
            ordered: Return outcomes in the order of the input instead of the order of completion.
            progress: Called after each outcome.
            query_params: Further query parameters.

        Returns:
            A `Bulk` of lists of entries.

        Example:
            >>> directories = [(endpoint_id, "/project1/"), (endpoint_id, "/dataset0/")]
            >>> entries = await tc.operation_ls_many(directories).values()
            >>> [[entry["name"] for entry in directory] for directory in entries]
            [['data', 'file1.txt'], ['readme']]

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/operation/endpoint/<endpoint_id>/ls
        <https://docs.globus.org/api/transfer/file_operations/#list_directory_contents>`_
        """

        async def entries(directory: tuple[UUID | str, str]) -> list[FileDocument]:
            match directory:
                case (endpoint_id, path):
                    pass
                case _:
                    raise GlobusSDKUsageError("not a pair of a collection's UUID and a path")
            listing = self.operation_ls(
                endpoint_id, path, show_hidden=show_hidden, filter=filter, query_params=query_params
            )
            return await listing.list()

        from ...bulk_calls import bulk  # noqa: PLC0415 -- not needed for single calls

        return bulk(
            entries,
            directories,
            concurrency=concurrency,
            ordered=ordered,
            progress=progress,
            clock=self.transport.clock,
        )
