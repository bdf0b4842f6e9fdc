"""File operations on collections: list, stat, mkdir, rename, symlink, recursive list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path, uuid_text
from ..._http.query import as_bit, comma_joined
from ...client import BaseClient
from ...errors import GlobusSDKUsageError
from ...paging import Pages, single
from .documents import FileDocument, MkdirResultDocument, ResultDocument
from .filters import TransferFilter, filter_texts

if TYPE_CHECKING:
    from ...errors import ResponseDecodeError
    from ...response import GlobusHTTPResponse
    from .directory_walk import DirectoryWalk
    from .errors import TransferAPIError

__all__ = ("FileOperationMethods",)

_MAX_LISTING_BYTES: Final = 1 << 28
"""More than the 100,000 entries of which a listing may consist, with names of 255 characters that JSON escapes."""


class FileOperationMethods(BaseClient):
    """File operations on collections."""

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
        List a directory.

        Args:
            endpoint_id: The collection. UUID.
            path: The directory. By default the collection's default directory.
            show_hidden: Whether to list names that start with a dot. By default they are listed.
            orderby: The sort order: ``"name"``, ``"type"``, ``"size"``, ``"last_modified"``, ..., optionally with
                ``" DESC"``.
            limit: Maximum number of entries, at most and by default 100000.
            offset: Number of items to skip.
            filter: Which entries to list, as text (``"name:~*.txt/size:>1000"``) or as a mapping; several filters are
                alternatives. In a mapping, the values of a list mean themselves: ``{"name": ["!a"]}`` is the name
                ``!a``, ``{"name": "!a"}`` any other than ``a``.
            local_user: The local account, for mapped collections.
            query_params: Further query parameters.

        Returns:
            The listing, which has one page: the service reads the whole directory for each request, so smaller pages
            would be slower. Names are those that the collection reports, unchecked: refuse ``..`` and names with a
            slash before you make a path of one, as `operation_walk` does.

        Raises:
            NotFound: 404 ``ClientError.NotFound``; the directory does not exist.
            PermissionDenied: 403, or 502 ``ExternalError.DirListingFailed.PermissionDenied``.
            ConsentRequired: 403; log in again with the error's ``required_scopes``.
            EndpointDisconnected: 409 or 502; the collection is offline.
            EndpointError: 502, for example for a file (``NotDirectory``) or too large a directory (``SizeLimit``).

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
            max_response_bytes=_MAX_LISTING_BYTES,
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
        Fetch the metadata of a file or directory.

        Args:
            endpoint_id: The collection. UUID.
            path: The file or directory. By default the collection's default directory.
            local_user: The local account, for mapped collections.
            query_params: Further query parameters.

        Returns:
            The file document.

        Raises:
            NotFound: 404 ``NotFound``; the path does not exist.
            PermissionDenied: 403 ``EndpointPermissionDenied``.
            ConsentRequired: 403; log in again with the error's ``required_scopes``.

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
        Create a directory, whose parent directory must exist.

        Args:
            endpoint_id: The collection. UUID.
            path: The new directory.
            local_user: The local account, for mapped collections.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"DirectoryCreated"``.

        Raises:
            PathExists: 502 ``ExternalError.MkdirFailed.Exists``.
            PermissionDenied: 403.
            NetworkError: If its ``maybe_executed`` is true, the directory may exist: check before you try again.

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
            data={"DATA_TYPE": "mkdir", "path": _checked_path("path", path), "local_user": local_user},
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
        Rename or move a file or directory within a collection.

        Args:
            endpoint_id: The collection. UUID.
            oldpath: The path to rename.
            newpath: The new path, whose parent directory must exist.
            local_user: The local account, for mapped collections.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"FileRenamed"``.

        Raises:
            EndpointError: 502 ``EndpointError``, for example for a directory that does not exist.
            PermissionDenied: 403.
            NetworkError: If its ``maybe_executed`` is true, it may be renamed: check before you try again.

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
                "old_path": _checked_path("oldpath", oldpath),
                "new_path": _checked_path("newpath", newpath),
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
        Create a symlink.

        Legacy: few collections support symlinks; globus-sdk 4 has no replacement.

        Args:
            endpoint_id: The collection. UUID.
            symlink_target: The target of the symlink.
            path: The new symlink.
            query_params: Further query parameters.

        Returns:
            A result document.

        Raises:
            Conflict: 409 ``NotSupported``; the storage does not support symlinks.
            NetworkError: If its ``maybe_executed`` is true, the symlink may exist: check before you try again.

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
                "symlink_target": _checked_path("symlink_target", symlink_target),
                "path": _checked_path("path", path),
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
        on_error: Callable[[str, TransferAPIError | ResponseDecodeError], None] | None = None,
        show_hidden: bool | MissingType | None = MISSING,
        orderby: str | Iterable[str] | MissingType | None = MISSING,
        filter: TransferFilter | MissingType | None = MISSING,
        local_user: str | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> DirectoryWalk:
        """
        List a directory recursively.

        Args:
            endpoint_id: The collection. UUID.
            path: The top directory.
            max_depth: Maximum number of levels, at least 1; 1 lists only the top directory. By default all levels; a
                tree of more than 256 levels is then taken for a loop.
            concurrency: Maximum number of directories to list at the same time, from 1 to 64.
            on_error: Called with path and error of a directory that cannot be listed, which is then skipped; or of one
                with entries that have no usable name, which are then skipped. By default the error is raised; iterating
                further lists that directory again.
            show_hidden: Whether to list names that start with a dot. By default they are listed.
            orderby: The sort order of the entries of a directory, as in `operation_ls`.
            filter: Which files to list, as in `operation_ls`; directories are always listed.
            local_user: The local account, for mapped collections.
            query_params: Further query parameters.

        Returns:
            An async iterator over file documents, each with its ``path``. Symlinks to directories are listed, not
            followed.

        Raises:
            NotFound: 404; the top directory does not exist.
            PermissionDenied: 403 or 502, unless ``on_error`` is given.
            EndpointError: 502, unless ``on_error`` is given.
            ResponseDecodeError: A name such as ``..`` or ``a/b``, whose path would lead elsewhere, unless ``on_error``
                is given.
            PaginationStalled: More than 256 levels, without ``max_depth``.

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

        async def list_directory(directory: str) -> Sequence[FileDocument]:
            page = await self.operation_ls(
                endpoint_id,
                directory,
                show_hidden=show_hidden,
                orderby=orderby,
                filter=filters,
                local_user=local_user,
                query_params=query_params,
            )
            return page.items

        from .directory_walk import DirectoryWalk  # noqa: PLC0415 -- few programs walk

        return DirectoryWalk(
            list_directory, _checked_path("path", path), concurrency=concurrency, max_depth=max_depth, on_error=on_error
        )


def _checked_path(name: str, value: Any) -> str:
    """Return a path; refuse an empty one or another type."""
    if not isinstance(value, str) or not value:
        raise GlobusSDKUsageError(f"{name} must be a path such as '/~/file.txt', got {value!r}")
    return value
