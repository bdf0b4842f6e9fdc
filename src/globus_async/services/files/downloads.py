"""Downloads of files: to a temporary name beside the target, continued after an interruption, renamed at the end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..._http.path import shown
from ...errors import ResponseDecodeError
from ...errors.arguments import check_callback, check_file_path, check_text, check_whole
from ...token_storage.file_lock import run_in_thread
from .byte_range import FileVersion
from .errors import FileChanged
from .file_path import request_path
from .file_stream import file_changed
from .local_trees import TIME, posix_seconds
from .partial_file import PartialFile
from .progress import FileProgress, OnProgress
from .reading import ReadMethods
from .transfer_operations import TransferOperations, transfer_path

if TYPE_CHECKING:
    from ..._http.path import FilledPath
    from ...clock import Clock
    from ...response import GlobusHTTPResponse
    from .file_stream import FileStream

__all__ = ("DownloadMethods", "DownloadedFile", "listed_version")

_WRITE_SIZE: Final = 2 << 20
"""Bytes that are written at a time: each time costs a change of threads."""
_WRITE_SECONDS: Final = 0.1
"""Fewer are written after this time, so that what is shown, and kept if the process is killed, is not much older."""


class DownloadedFile(NamedTuple):
    """
    A downloaded file.

    Attributes:
        path: The path on the collection.
        target: The local path.
        size: The size in bytes.
        continued_from: The number of bytes that an earlier, interrupted download had left.
    """

    path: str
    target: Path
    size: int
    continued_from: int


class DownloadMethods(ReadMethods):
    """Downloads of files."""

    async def download(
        self,
        path: str,
        target: str | os.PathLike[str],
        *,
        transfer_client: TransferOperations | None = None,
        size: int | None = None,
        last_modified: str | None = None,
        progress: OnProgress | None = None,
    ) -> DownloadedFile:
        """
        Download a file. The target has its old content, or is missing, until all bytes are on the disk.

        The bytes are written to ``.name.globus-part`` beside the target. After an interruption of any kind, that of the
        process included, the next download continues from there, if size and time of the file are the same as before;
        else it begins again. That needs the time: pass ``transfer_client``, or ``size`` and ``last_modified``.

        Args:
            path: The path on the collection, from its root. Each character means itself.
            target: The local path, in a directory that exists. A file is replaced.
            transfer_client: Fetches the time of the file before and after the download, so that one that has changed is
                an error; also its size.
            size: The size in bytes, as in a listing; by default it is requested.
            last_modified: The time of the last change, as in a listing.
            progress: Called with a `FileProgress` after each tenth of a second, or 2 MiB if they arrive faster.

        Returns:
            Where the file is, its size, and how many bytes an earlier download had left.

        Raises:
            NotFound: 404; the storage says that there is no such file.
            BackendUnavailable: 404; the server could not ask the storage: the file may exist.
            FileTruncated: The bytes did not arrive, even after retries.
            FileChanged: The file changed during the download. What was downloaded is removed.
            LocalFileError: The target cannot be written, for example because the disk is full.
            DownloadInProgress: Another download has the same target.

        Example:
            >>> done = await client.download("/project/greeting.txt", folder / "greeting.txt", transfer_client=tc)
            >>> done.target.read_text()
            'Hello, world'

        REST: `GET <path>
        <https://docs.globus.org/globus-connect-server/v5/https-access-collections/>`_
        """
        remote = request_path(path)
        check_file_path("target", target)
        check_text("last_modified", last_modified, optional=True)
        check_callback("progress", progress)
        if size is not None:
            check_whole("size", size, minimum=0)
        version = await self._version_to_download(remote, path, transfer_client, size, last_modified)
        return await self._download(path, Path(target), version, transfer_client, progress)

    async def _download(
        self,
        path: str,
        target: Path,
        version: FileVersion,
        transfer_client: TransferOperations | None,
        progress: OnProgress | None,
        *,
        is_listed: bool = False,
    ) -> DownloadedFile:
        """
        Download a version of a file.

        Args:
            path: The path on the collection.
            target: The local path.
            version: The version.
            transfer_client: Fetches the time of the file after the download.
            progress: Called with the progress.
            is_listed: Whether the file is one of many, whose time is fetched only after several requests for it.
        """
        stream = self._stream(path, 0, version.size, version.size)
        stream.validators.update({name: value for name, value in version.validators.items() if name != TIME})
        source = f"{self._root}{request_path(path)}"
        begun: list[PartialFile] = []
        try:
            await run_in_thread(lambda: begun.append(PartialFile.begin(target, source, version)))
            (part,) = begun
            stream.position = continued_from = part.position
            try:
                await _fill(part, stream, self.transport.clock, progress)
                if transfer_client is not None and (not is_listed or continued_from or stream.requests > 1):
                    await self._check_unchanged(path, transfer_client, version)
            except FileChanged:
                await run_in_thread(part.discard)
                raise
            await run_in_thread(partial(part.commit, modified=posix_seconds(version)))
        finally:
            for each in begun:  # it may have begun though the caller was cancelled
                await run_in_thread(each.close)
        return DownloadedFile(path, target, version.size, continued_from)

    async def _version_to_download(
        self,
        remote: FilledPath,
        path: str,
        transfer_client: TransferOperations | None,
        size: int | None,
        last_modified: str | None,
    ) -> FileVersion:
        if transfer_client is not None:
            found = await self._version_in_transfer(path, transfer_client)
            if size not in {None, found.size} or last_modified not in {None, found.validators.get(TIME)}:
                raise file_changed(path, "it has another size or time than the given one")
            return found
        if size is not None:
            return FileVersion(size, {} if last_modified is None else {TIME: last_modified})
        found = await self._version(remote)
        return found if last_modified is None else FileVersion(found.size, {**found.validators, TIME: last_modified})

    async def _version_in_transfer(self, path: str, transfer_client: TransferOperations) -> FileVersion:
        entry = await transfer_client.operation_stat(self.collection_id, transfer_path(path))
        return listed_version(path, entry)

    async def _check_unchanged(self, path: str, transfer_client: TransferOperations, version: FileVersion) -> None:
        if await self._version_in_transfer(path, transfer_client) != version:
            raise file_changed(path, "its size or time is another one than before")


def listed_version(path: str, entry: Mapping[str, Any] | GlobusHTTPResponse[Any]) -> FileVersion:
    """Return the version of a file by its document in Transfer."""
    size: object = entry.get("size")
    modified: object = entry.get("last_modified")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise ResponseDecodeError(
            f"the collection lists {shown(path)} without a usable size", stage="response truncated", idempotent=True
        )
    return FileVersion(size, {TIME: modified} if isinstance(modified, str) else {})


async def _fill(part: PartialFile, stream: FileStream, clock: Clock, progress: OnProgress | None) -> None:
    """Write the bytes of a stream."""
    if progress is not None:
        progress(FileProgress(stream.path, part.position, stream.size))
    async with stream:
        chunks: list[bytes] = []
        count, due = 0, clock.monotonic() + _WRITE_SECONDS
        async for chunk in stream:
            chunks.append(chunk)
            count += len(chunk)
            if count >= _WRITE_SIZE or stream.position == stream.size or clock.monotonic() >= due:
                await run_in_thread(partial(part.write, chunks))
                chunks, count, due = [], 0, clock.monotonic() + _WRITE_SECONDS
                if progress is not None:
                    progress(FileProgress(stream.path, part.position, stream.size))
