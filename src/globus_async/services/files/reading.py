"""Reading and deleting files: whole ones, ranges, and streams that survive broken connections."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Final

from ..._concurrency.tasks import all_of
from ...client.observed import calls_of
from ...errors import ResponseDecodeError
from ...errors.arguments import check_whole
from .byte_range import FileVersion, content_length, is_page, piece_of, range_header, total_size, validators_of
from .errors import FilesAPIError, NotFound, RangeNotSatisfiable
from .file_path import request_path
from .file_requests import FileRequests
from .file_stream import FileStream

if TYPE_CHECKING:
    from ..._http.path import FilledPath
    from ...transport import StreamedResponse

__all__ = ("ReadMethods",)

_NOT_BY_HEAD: Final = frozenset({400, 403, 404, 405, 416, 501})
"""Statuses of ``HEAD`` without a body that says more: ``GET`` is asked."""


class ReadMethods(FileRequests):
    """Reading and deleting files."""

    async def read(self, path: str, *, start: int = 0, end: int | None = None, size: int | None = None) -> bytes:
        """
        Read a file, or a part of it, into memory.

        The bytes are compared with what was requested: a broken connection or backend never makes them fewer or others.

        Args:
            path: The path on the collection, from its root. Each character means itself: ``%20`` is no blank.
            start: The number of the first byte.
            end: The number after the last byte; by default all bytes. Bytes after the end of the file are left out.
            size: The size of the file in bytes, if it is known, such as from a listing: saves a request for it, and a
                file of another size is a `FileChanged` error.

        Returns:
            The bytes.

        Raises:
            NotFound: 404; the storage says that there is no such file.
            BackendUnavailable: 404; the server could not ask the storage: the file may exist.
            UnconfirmedNotFound: Another 404: the file may exist.
            AuthenticationFailed: 401, or a redirect to a login page; the token is missing, or for another collection.
            PermissionDenied: 403.
            PathIsDirectory: A directory.
            FileTruncated: The bytes did not arrive, even after retries.
            FileChanged: The file changed while it was read, or has not the given size.

        Example:
            >>> await client.read("/project/greeting.txt")
            b'Hello, world'
            >>> await client.read("/project/greeting.txt", start=7, end=12)
            b'world'

        REST: `GET <path>
        <https://docs.globus.org/globus-connect-server/v5/https-access-collections/>`_
        """
        if end is not None or size is not None:
            return await _all_bytes(self._stream(path, start, size if end is None else end, size))
        stream = self._stream(path, start, None, None)
        found = 0

        async def find_size() -> bytes:
            nonlocal found
            found = await self._find_size(path)
            return b""

        # a body may be too short and agree with its own length: only a second response tells
        with calls_of("read"):
            _, data = await all_of((find_size(), _all_bytes(stream)))
        if stream.position == max(found, start):
            return data
        size = max(found, stream.position)  # either response may have been too short
        return await _all_bytes(self._stream(path, start, size, size))

    def stream_file(
        self, path: str, *, start: int = 0, end: int | None = None, size: int | None = None
    ) -> AbstractAsyncContextManager[FileStream]:
        """
        Read a file, or a part of it, as it arrives.

        After a broken connection, or a response with fewer bytes than requested, it continues where it stood. There is
        no limit of the total time; the ``read_timeout`` of the transport limits the time without a byte.

        Args:
            path: The path on the collection, from its root. Each character means itself: ``%20`` is no blank.
            start: The number of the first byte.
            end: The number after the last byte; by default all bytes. Bytes after the end of the file are left out.
            size: The size of the file in bytes, if it is known, such as from a listing: saves a request for it, and a
                file of another size is a `FileChanged` error.

        Returns:
            A context manager for ``async with``, whose result is iterated. The first request is made on entering it; it
            has one of the client's connections until the end of the block.

        Raises:
            NotFound: 404; the storage says that there is no such file.
            BackendUnavailable: 404; the server could not ask the storage: the file may exist.
            FileTruncated: The bytes did not arrive, even after retries.
            FileChanged: The file changed while it was read, or has not the given size.

        Example:
            >>> async with client.stream_file("/project/greeting.txt") as stream:
            ...     async for chunk in stream:
            ...         print(len(chunk), "bytes")
            12 bytes

        REST: `GET <path>
        <https://docs.globus.org/globus-connect-server/v5/https-access-collections/>`_
        """
        stream = self._stream(path, start, size if end is None else end, size)
        return stream if stream.end is not None else _sized(stream, lambda: self._find_size(path))

    def _stream(self, path: str, start: int, end: int | None, size: int | None) -> FileStream:
        target = request_path(path)
        check_whole("start", start, minimum=0)
        if end is not None:
            check_whole("end", end, minimum=0)
        if size is not None:
            check_whole("size", size, minimum=0)

        def open_range(range_: str) -> AbstractAsyncContextManager[StreamedResponse]:
            return self._opened("GET", target, headers={"Range": range_})

        return FileStream(
            open_range,
            path,
            start=start,
            end=end,
            size=size,
            find_size=lambda: self._find_size(path),
            retry=self.retry,
            clock=self.transport.clock,
            jitter=self.transport.jitter,
        )

    async def size(self, path: str) -> int:
        """
        Find the size of a file, without reading it.

        Args:
            path: The path on the collection, from its root.

        Returns:
            The size in bytes.

        Raises:
            NotFound: 404; the storage says that there is no such file.
            BackendUnavailable: 404; the server could not ask the storage: the file may exist.
            ResponseDecodeError: The server does not say the size.

        Example:
            >>> await client.size("/project/greeting.txt")
            12

        REST: `HEAD <path>, GET <path>
        <https://docs.globus.org/globus-connect-server/v5/https-access-collections/>`_
        """
        return await self._find_size(path)

    async def _find_size(self, path: str) -> int:
        """Find the size of a file."""
        return (await self._version(request_path(path))).size

    async def _version(self, target: FilledPath) -> FileVersion:
        """Find the size of a file, and what tells its versions apart."""
        known: int | None = None
        try:
            async with self._opened("HEAD", target) as response:
                known = None if is_page(response.http_status, response.headers) else content_length(response.headers)
                if known:
                    return FileVersion(known, validators_of(response.headers))
        except FilesAPIError as error:
            if error.http_status not in _NOT_BY_HEAD:
                raise
        return await self._version_by_get(target, is_empty=known == 0)

    async def _version_by_get(self, target: FilledPath, *, is_empty: bool) -> FileVersion:
        """Find the size of a file by requests for bytes after its end: their errors have a text, those of HEAD none."""
        known = failures = 0
        is_probe = False  # for one byte after those that are known, of which there should be none
        validators: Mapping[str, str] = {}
        while True:
            wanted = range_header(known, known + 1 if is_probe else None)
            try:
                async with self._opened("GET", target, headers={"Range": wanted}) as response:
                    status, headers = response.http_status, response.headers
                    piece = None if is_page(status, headers) else piece_of(status, headers)
                    validators = validators_of(response.headers)
            except RangeNotSatisfiable as error:
                return FileVersion(total_size(error.headers) or known, validators)
            before = known
            if piece is not None and status == 206 and piece.start == known:
                if piece.total is not None:
                    return FileVersion(piece.total, validators)
                known = piece.end
            elif piece is not None and status == 200:
                if piece.end == known and (known or is_empty):
                    return FileVersion(known, validators)
                known = max(known, piece.end)
            is_probe = known > before and not is_probe
            if not is_probe:  # the response does not say the size, or an earlier one said too little
                failure = ResponseDecodeError(
                    f"GET {target}: the response does not say the size of the file",
                    stage="response truncated",
                    idempotent=True,
                )
                delay = self.retry.delay(
                    failure, retries=failures, idempotent=True, is_final=False, jitter=self.transport.jitter()
                )
                if delay is None:
                    raise failure
                failures += 1
                await self.transport.clock.sleep(delay)

    async def delete_file(self, path: str) -> None:
        """
        Delete a file.

        Args:
            path: The path on the collection, from its root. Each character means itself.

        Returns:
            Nothing.

        Raises:
            NotFound: 404; the storage says that there is no such file.
            BackendUnavailable: 404; the server could not ask the storage: the file may exist.
            PermissionDenied: 403, or 405; the collection does not allow it.
            PathIsDirectory: A directory: use `TransferClient.submit_delete`.

        Example:
            >>> await client.delete_file("/project/old.txt")

        **Differs from globus-sdk:** is new. The method ``delete`` of all clients takes the path of a URL, in which
        ``%20`` is a blank.

        REST: `DELETE <path>
        <https://docs.globus.org/globus-connect-server/v5/https-access-collections/>`_
        """
        try:
            async with self._opened("DELETE", request_path(path)):
                pass
        except NotFound as error:
            if not any(attempt.maybe_executed for attempt in error.attempts[:-1]):
                raise  # else an earlier attempt deleted it, and its response was lost


async def _all_bytes(stream: FileStream) -> bytes:
    async with stream:
        return b"".join([chunk async for chunk in stream])


@asynccontextmanager
async def _sized(stream: FileStream, find_size: Callable[[], Awaitable[int]]) -> AsyncGenerator[FileStream]:
    """Enter a stream of a whole file after its size has been found: a body may be too short for it."""
    stream.size = await find_size()
    stream.end = max(stream.size, stream.position)
    async with stream:
        yield stream
