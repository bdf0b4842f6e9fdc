"""Uploads of files: to a temporary name that is renamed at the end, or in place."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from ...errors import GlobusAPIError, GlobusError, NetworkError
from ...errors.arguments import check_callback, check_text
from .downloads import DownloadMethods
from .errors import FilesAPIError, NotFound, UploadInterrupted
from .file_path import request_path
from .temporary_names import temporary_name
from .transfer_operations import TransferOperations, transfer_path
from .upload_source import UploadSource, checked_source

if TYPE_CHECKING:
    from .progress import OnProgress
    from .upload_source import UploadedContent

__all__ = ("EXISTS", "UploadMethods", "UploadedFile")

EXISTS: Final = re.compile("Exists")
"""In the codes of Transfer for a path that exists already."""
_CLEANUP_SECONDS: Final = 10.0


class UploadedFile(NamedTuple):
    """
    An uploaded file.

    Attributes:
        path: The path on the collection.
        size: The size in bytes.
    """

    path: str
    size: int


class UploadMethods(DownloadMethods):
    """Uploads of files."""

    async def upload(
        self,
        source: UploadSource,
        path: str,
        *,
        transfer_client: TransferOperations | None = None,
        size: int | None = None,
        content_type: str = "application/octet-stream",
        progress: OnProgress | None = None,
    ) -> UploadedFile:
        r"""
        Upload a file, whose directory must exist. A file at the path is replaced.

        With ``transfer_client`` the content goes to a temporary name beside the path, which Transfer renames when it is
        complete: no reader gets a half file. Without, it goes to the path itself, and an upload that breaks off leaves
        a truncated file, which is removed where possible.

        Args:
            source: The content as ``bytes``; the path of a local file, as text or `pathlib.Path`; a file object that is
                open for bytes; or an async iterable of bytes. An upload of an iterable, or of a file object that cannot
                seek, is not repeated after a failure.
            path: The path on the collection, from its root. Each character means itself.
            transfer_client: Renames the temporary file.
            size: The size in bytes, for sources that do not say it; without it such a source is sent in chunks, which
                not every server may take.
            content_type: The header ``Content-Type``.
            progress: Called with a `FileProgress` after each piece that is sent.

        Returns:
            The path and the number of bytes.

        Raises:
            NotFound: 404; the storage says that there is no such directory.
            BackendUnavailable: 404; the server could not ask the storage.
            PermissionDenied: 403, or 405; the collection does not allow it.
            UploadInterrupted: It broke off; ``remaining_path`` is what it has left on the collection, if anything.
            LocalFileError: The source cannot be read, or changed during the upload.

        Example:
            >>> done = await client.upload(b"1,2\n3,4\n", "/project/new.csv", transfer_client=tc)
            >>> done.size, await client.read("/project/new.csv")
            (8, b'1,2\n3,4\n')

        REST: `PUT <path>
        <https://docs.globus.org/globus-connect-server/v5/https-access-collections/>`_
        """
        request_path(path)
        check_text("content_type", content_type)
        check_callback("progress", progress)
        content = await checked_source(source, size)
        if transfer_client is None:
            await self._put_in_place(content, path, content_type, progress)
        else:
            temporary = _temporary_path(path)
            await self._put_or_remove(content, temporary, path, content_type, progress)
            await self._rename(transfer_client, temporary, path)
        return UploadedFile(path, content.sent)

    async def _put(
        self, content: UploadedContent, target: str, path: str, content_type: str, progress: OnProgress | None
    ) -> None:
        headers = {"Content-Type": content_type}
        # a request without bytes is complete with its head, and its response would arrive before the source has ended
        body = b"" if content.size == 0 else content.body(path, progress)
        async with self._opened("PUT", request_path(target), headers=headers, content=body):
            pass

    async def _put_or_remove(
        self, content: UploadedContent, temporary: str, path: str, content_type: str, progress: OnProgress | None
    ) -> None:
        """Upload to a temporary name, and remove it unless the content is complete."""
        try:
            await self._put(content, temporary, path, content_type, progress)
        except BaseException as error:
            if not _may_have_written(content, error):
                raise
            remaining = None if await self._remove(temporary) else temporary
            if not isinstance(error, NetworkError | FilesAPIError):
                raise
            raise _interrupted(path, remaining) from error

    async def _put_in_place(
        self, content: UploadedContent, path: str, content_type: str, progress: OnProgress | None
    ) -> None:
        before = await self._size_or_none(path)
        try:
            await self._put(content, path, path, content_type, progress)
        except BaseException as error:
            if not _may_have_written(content, error):
                raise
            remaining: str | None = path
            with suppress(GlobusError, TimeoutError):
                async with self.transport.clock.timeout(_CLEANUP_SECONDS):
                    after = await self._size_or_none(path)
                    # of the old size, it may be the old content: the server may not have opened the file
                    if after is None or (after != before and await self._remove(path)):
                        remaining = None
            if not isinstance(error, NetworkError | FilesAPIError):
                raise
            raise _interrupted(path, remaining) from error

    async def _size_or_none(self, path: str) -> int | None:
        try:
            return (await self._version(request_path(path))).size
        except NotFound:
            return None

    async def _remove(self, path: str) -> bool:
        """Remove a file that is not complete; return whether it is gone."""
        try:
            async with self.transport.clock.timeout(_CLEANUP_SECONDS):
                await self.delete_file(path)
        except NotFound:
            return True
        except (GlobusError, TimeoutError):
            return False
        return True

    async def _rename(self, transfer_client: TransferOperations, temporary: str, path: str) -> None:
        """Give the complete file its name; one that exists is removed before, since Transfer replaces none."""
        old, new = transfer_path(temporary), transfer_path(path)
        is_only_copy = False
        try:
            try:
                await self._renamed(transfer_client, old, new)
            except GlobusAPIError as error:
                if EXISTS.search(error.code or "") is None:
                    raise
                is_only_copy = True
                with suppress(NotFound):
                    await self.delete_file(path)
                await self._renamed(transfer_client, old, new)
        except BaseException as error:
            if not is_only_copy and await self._remove(temporary):
                raise
            if not isinstance(error, GlobusError):
                raise
            raise _interrupted(path, temporary) from error

    async def _renamed(self, transfer_client: TransferOperations, old: str, new: str) -> None:
        try:
            await transfer_client.operation_rename(self.collection_id, old, new)
        except NetworkError as error:
            if not error.maybe_executed or await self._size_or_none(old) is not None:
                raise


def _temporary_path(path: str) -> str:
    directory, slash, name = path.rpartition("/")
    return f"{directory}{slash}{temporary_name(name, secrets.token_hex(4))}"


def _may_have_written(content: UploadedContent, error: BaseException) -> bool:
    """Return whether a part of the content may be on the collection."""
    if isinstance(error, FilesAPIError):
        return error.http_status >= 500
    if isinstance(error, NetworkError):
        return error.maybe_executed
    return content.has_begun


def _interrupted(path: str, remaining: str | None) -> UploadInterrupted:
    left = "nothing is left on the collection" if remaining is None else f"{remaining!r} is left on the collection"
    error = UploadInterrupted(f"the upload of {path!r} broke off; {left}")
    error.path, error.remaining_path = path, remaining
    return error
