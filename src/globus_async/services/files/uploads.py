"""Uploads of files: to a temporary name that is renamed at the end, or in place."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from ..._concurrency.tasks import run_to_end
from ..._http.path import shown
from ...errors import GlobusAPIError, GlobusError, NetworkError
from ...errors.arguments import check_callback, check_text
from .downloads import DownloadMethods
from .errors import FilesAPIError, NotFound, PermissionDenied, UploadInterrupted
from .file_path import request_path
from .renames import rename_over
from .temporary_names import temporary_path
from .transfer_operations import TransferOperations, transfer_path
from .upload_source import UploadSource, checked_source

if TYPE_CHECKING:
    from ...errors import Attempt
    from .progress import OnProgress
    from .upload_source import UploadedContent

__all__ = ("UploadMethods", "UploadedFile")

_log = logging.getLogger("globus_async")
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
            temporary = temporary_path(path)
            await self._put_or_remove(content, temporary, path, content_type, progress)
            await self._rename(transfer_client, temporary, path)
        return UploadedFile(path, content.sent)

    async def _put(
        self, content: UploadedContent, target: str, path: str, content_type: str, progress: OnProgress | None
    ) -> None:
        headers = {"Content-Type": content_type}
        body = content.body(path, progress)
        async with self._opened("PUT", request_path(target), headers=headers, content=body):
            pass

    async def _put_or_remove(
        self, content: UploadedContent, temporary: str, path: str, content_type: str, progress: OnProgress | None
    ) -> None:
        """Upload to a temporary name, and remove it unless the content is complete."""
        try:
            await self._put(content, temporary, path, content_type, progress)
        except BaseException as error:
            if _may_have_written(content, error):
                is_gone = await run_to_end(partial(self._remove, temporary))
                _raise_interrupted(error, path, None if is_gone else temporary)
            raise

    async def _put_in_place(
        self, content: UploadedContent, path: str, content_type: str, progress: OnProgress | None
    ) -> None:
        before = None
        with suppress(PermissionDenied):  # a collection may allow to write only
            before = await self._size_or_none(path)
        try:
            await self._put(content, path, path, content_type, progress)
        except BaseException as error:
            if _may_have_written(content, error):
                is_gone = await run_to_end(partial(self._remove_changed, path, before))
                _raise_interrupted(error, path, None if is_gone else path)
            raise

    async def _remove_changed(self, path: str, before: int | None) -> bool:
        """Remove a file that is truncated; return whether it is gone."""
        with suppress(GlobusError, TimeoutError):
            async with self.transport.clock.timeout(_CLEANUP_SECONDS):
                after = await self._size_or_none(path)
                if after is None:
                    return True
                if after != before:  # of the old size, it may be the old content: the server may not have opened it
                    return await self._remove(path)
        return False

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
        except (GlobusError, TimeoutError) as error:
            _log.warning("the incomplete file %s is not removed: %s", shown(path), error)
            return False
        return True

    async def _rename(self, transfer_client: TransferOperations, temporary: str, path: str) -> None:
        """Give the complete file its name; one that exists is moved aside until then."""
        old, new = transfer_path(temporary), transfer_path(path)
        try:
            await rename_over(transfer_client, self.collection_id, old, new, remove=self.delete_file)
        except BaseException as error:
            is_gone = await run_to_end(partial(self._remove, temporary))
            if not is_gone:
                _raise_interrupted(error, path, temporary)
            raise


def _may_have_written(content: UploadedContent, error: BaseException) -> bool:
    """Return whether a part of the content may be on the collection."""
    if isinstance(error, FilesAPIError):
        return error.http_status >= 500 or any(map(_may_have_begun_to_write, error.attempts))
    if isinstance(error, NetworkError):
        return error.maybe_executed
    return content.has_begun


def _may_have_begun_to_write(attempt: Attempt) -> bool:
    """Return whether an attempt may have written; a 404 is of a server that could not ask the storage."""
    return attempt.maybe_executed and not attempt.outcome.startswith("404")


def _raise_interrupted(cause: BaseException, path: str, remaining: str | None) -> None:
    """Raise the error that names the remaining file, unless the cause is none of the network or the services."""
    if not isinstance(cause, NetworkError | GlobusAPIError):
        return
    left = "nothing is left on the collection" if remaining is None else f"{remaining!r} is left on the collection"
    error = UploadInterrupted(f"the upload of {path!r} broke off; {left}")
    error.path, error.remaining_path = path, remaining
    raise error from cause
