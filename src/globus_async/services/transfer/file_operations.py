"""Files and folders: list, look, make, rename, walk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path, uuid_text
from ..._http.query import as_bit, comma_joined
from ...client import BaseClient
from ...errors import GlobusSDKUsageError
from ...paging import Pages, single
from .directory_walk import DirectoryWalk
from .documents import FileDocument, MkdirResultDocument, ResultDocument
from .filters import TransferFilter, filter_texts

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse
    from .errors import TransferAPIError

__all__ = ("FileOperationMethods",)


class FileOperationMethods(BaseClient):
    """Files and folders."""

    def operation_ls(
        self,
        endpoint_id: UUID | str,
        path: str | MissingType | None = MISSING,
        *,
        show_hidden: bool | MissingType | None = MISSING,
        orderby: str | Iterable[str] | MissingType | None = MISSING,
        limit: int | MissingType | None = MISSING,
        offset: int | MissingType | None = MISSING,
        filter: TransferFilter | Iterable[TransferFilter] | MissingType | None = MISSING,
        local_user: str | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[FileDocument]:
        """
        List a folder.

        Args:
            endpoint_id: On which collection. UUID.
            path: Which folder. By default the collection's default directory.
            show_hidden: Whether names that begin with a dot are listed. By default they are.
            orderby: ``"name"``, ``"type"``, ``"size"``, ``"last_modified"``, ..., each perhaps with ``" DESC"``.
            limit: Most entries, up to 100000, which is the default too.
            offset: How many to leave out.
            filter: What to list, as text (``"name:~*.txt/size:>1000"``) or a mapping; several are alternatives.
            local_user: The local account, for mapped collections.
            query_params: Further query parameters.

        Returns:
            The listing, of one page: the service reads the whole folder for each request, so asking in pieces is
            slower.

        Raises:
            NotFound: 404 ``ClientError.NotFound``, no such folder.
            PermissionDenied: 403, or 502 ``ExternalError.DirListingFailed.PermissionDenied``.
            ConsentRequired: 403, log in again with the error's ``required_scopes``.
            EndpointDisconnected: 409 or 502, the collection is offline.
            EndpointError: 502, among others for a file (``NotDirectory``) and a folder above the limit (``SizeLimit``).

        Example:
            >>> async for entry in tc.operation_ls(endpoint_id, path="/~/project1/"):
            ...     print(entry["name"], entry["type"])
            data dir
            file1.txt file
            >>> page = await tc.operation_ls(endpoint_id, "/~/project1/", filter={"type": "file"})
            >>> page["total"], [entry["name"] for entry in page]
            (1, ['file1.txt'])

        REST: `GET /v0.10/operation/endpoint/<endpoint_id>/ls
        <https://docs.globus.org/api/transfer/file_operations/#list_directory_contents>`_
        """
        return self.listing(
            fill_path("/v0.10/operation/endpoint/{endpoint_id}/ls", endpoint_id),
            FileDocument,
            style=single,
            params={
                "path": path,
                "show_hidden": as_bit(show_hidden),
                "orderby": comma_joined(orderby),
                "limit": limit,
                "offset": offset,
                "filter": filter_texts(filter),
                "local_user": local_user,
            },
            query_params=query_params,
        )

    async def operation_stat(
        self,
        endpoint_id: UUID | str,
        path: str | MissingType | None = MISSING,
        *,
        local_user: str | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[FileDocument]:
        """
        Look at one file or folder.

        Args:
            endpoint_id: On which collection. UUID.
            path: Which one. By default the collection's default directory.
            local_user: The local account, for mapped collections.
            query_params: Further query parameters.

        Returns:
            The file document.

        Raises:
            NotFound: 404 ``NotFound``, there is nothing of that name.
            PermissionDenied: 403 ``EndpointPermissionDenied``.
            ConsentRequired: 403, log in again with the error's ``required_scopes``.

        Example:
            >>> file = await tc.operation_stat(endpoint_id, "/~/project1/file1.txt")
            >>> file["type"], file["size"]
            ('file', 7)

        REST: `GET /v0.10/operation/endpoint/<endpoint_id>/stat
        <https://docs.globus.org/api/transfer/file_operations/#stat>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/operation/endpoint/{endpoint_id}/stat", endpoint_id),
            FileDocument,
            params={"path": path, "local_user": local_user},
            query_params=query_params,
        )

    async def operation_mkdir(
        self,
        endpoint_id: UUID | str,
        path: str,
        *,
        local_user: str | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[MkdirResultDocument]:
        """
        Make a folder, in one that is there.

        Args:
            endpoint_id: On which collection. UUID.
            path: The new folder.
            local_user: The local account, for mapped collections.
            query_params: Further query parameters.

        Returns:
            A result, ``code`` ``"DirectoryCreated"``.

        Raises:
            PathExists: 502 ``ExternalError.MkdirFailed.Exists``.
            PermissionDenied: 403.
            NetworkError: If its ``maybe_executed`` is true, the folder may be there: look before you repeat.

        Example:
            >>> result = await tc.operation_mkdir(endpoint_id, path="/~/newdir/")
            >>> result["code"]
            'DirectoryCreated'

        REST: `POST /v0.10/operation/endpoint/<endpoint_id>/mkdir
        <https://docs.globus.org/api/transfer/file_operations/#make_directory>`_
        """
        return await self.call(
            "POST",
            fill_path("/v0.10/operation/endpoint/{endpoint_id}/mkdir", endpoint_id),
            MkdirResultDocument,
            data={"DATA_TYPE": "mkdir", "path": _named("path", path), "local_user": local_user},
            query_params=query_params,
        )

    async def operation_rename(
        self,
        endpoint_id: UUID | str,
        oldpath: str,
        newpath: str,
        *,
        local_user: str | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Rename or move a file or folder within a collection.

        Args:
            endpoint_id: On which collection. UUID.
            oldpath: What to rename.
            newpath: Its new path, in a folder that is there.
            local_user: The local account, for mapped collections.
            query_params: Further query parameters.

        Returns:
            A result, ``code`` ``"FileRenamed"``.

        Raises:
            EndpointError: 502 ``EndpointError``, such as for a folder that is not there.
            PermissionDenied: 403.
            NetworkError: If its ``maybe_executed`` is true, it may have been renamed: look before you repeat.

        Example:
            >>> result = await tc.operation_rename(
            ...     endpoint_id, oldpath="/~/project1/file1.txt", newpath="/~/project1data.txt"
            ... )
            >>> result["code"]
            'FileRenamed'

        REST: `POST /v0.10/operation/endpoint/<endpoint_id>/rename
        <https://docs.globus.org/api/transfer/file_operations/#rename>`_
        """
        return await self.call(
            "POST",
            fill_path("/v0.10/operation/endpoint/{endpoint_id}/rename", endpoint_id),
            ResultDocument,
            data={
                "DATA_TYPE": "rename",
                "old_path": _named("oldpath", oldpath),
                "new_path": _named("newpath", newpath),
                "local_user": local_user,
            },
            query_params=query_params,
        )

    async def operation_symlink(
        self,
        endpoint_id: UUID | str,
        symlink_target: str,
        path: str,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Make a symlink.

        Historic: few collections can; globus-sdk 4 has nothing in its place.

        Args:
            endpoint_id: On which collection. UUID.
            symlink_target: Where it leads.
            path: The new symlink.
            query_params: Further query parameters.

        Returns:
            A result document.

        Raises:
            Conflict: 409 ``NotSupported``, the storage has no symlinks.
            NetworkError: If its ``maybe_executed`` is true, it may be there: look before you repeat.

        Example:
            >>> result = await tc.operation_symlink(
            ...     endpoint_id, symlink_target="/~/project1/file1.txt", path="/~/link-to-file1.txt"
            ... )
            >>> result["DATA_TYPE"]
            'result'

        REST: `POST /v0.10/operation/endpoint/<endpoint_id>/symlink
        <https://docs.globus.org/api/transfer/file_operations/>`_
        """
        return await self.call(
            "POST",
            fill_path("/v0.10/operation/endpoint/{endpoint_id}/symlink", endpoint_id),
            ResultDocument,
            data={
                "DATA_TYPE": "symlink",
                "symlink_target": _named("symlink_target", symlink_target),
                "path": _named("path", path),
            },
            query_params=query_params,
        )

    def operation_walk(
        self,
        endpoint_id: UUID | str,
        path: str = "/~/",
        *,
        max_depth: int | None = None,
        concurrency: int = 8,
        on_error: Callable[[str, TransferAPIError], None] | None = None,
        show_hidden: bool | MissingType | None = MISSING,
        orderby: str | Iterable[str] | MissingType | None = MISSING,
        filter: TransferFilter | MissingType | None = MISSING,
        local_user: str | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> DirectoryWalk:
        """
        List a folder and all that is below it.

        Args:
            endpoint_id: On which collection. UUID.
            path: Where to begin.
            max_depth: How many levels; 1 is that folder alone. By default all.
            concurrency: How many folders to list at a time.
            on_error: Called with path and error of a folder that cannot be listed, which is then left out. By default
                the error is raised; iterating further tries that folder again.
            show_hidden: Whether names that begin with a dot are listed. By default they are.
            orderby: The order of entries within a folder, as for `operation_ls`.
            filter: Which files to list, as for `operation_ls`; folders are always listed, as the way leads through
                them.
            local_user: The local account, for mapped collections.
            query_params: Further query parameters.

        Returns:
            An async iterator over file documents, each with its ``path``. Symlinks to folders are listed, not followed.

        Raises:
            NotFound: 404, no such folder.
            PermissionDenied: 403 or 502, unless ``on_error`` takes it.
            EndpointError: 502, likewise.

        Example:
            >>> async for entry in tc.operation_walk(endpoint_id, "/~/project1/"):
            ...     print(entry["path"], entry["type"])
            /~/project1/data/ dir
            /~/project1/file1.txt file
            /~/project1/data/a.csv file

        **Differs from globus-sdk:** which has no such method.

        REST: `GET /v0.10/operation/endpoint/<endpoint_id>/ls
        <https://docs.globus.org/api/transfer/file_operations/#list_directory_contents>`_
        """
        uuid_text("endpoint_id", endpoint_id)
        filters: TransferFilter | list[TransferFilter] | MissingType | None = filter
        if filter is not None and not isinstance(filter, MissingType):
            filters = [filter, "type:dir"]

        async def list_folder(folder: str) -> Sequence[FileDocument]:
            page = await self.operation_ls(
                endpoint_id,
                folder,
                show_hidden=show_hidden,
                orderby=orderby,
                filter=filters,
                local_user=local_user,
                query_params=query_params,
            )
            return page.items

        return DirectoryWalk(
            list_folder, _named("path", path), concurrency=concurrency, max_depth=max_depth, on_error=on_error
        )


def _named(name: str, value: Any) -> str:
    """Refuse what is no path before it is sent."""
    if not isinstance(value, str) or not value:
        raise GlobusSDKUsageError(f"{name} must be a path such as '/~/file.txt', got {value!r}")
    return value
