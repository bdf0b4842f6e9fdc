"""The bytes of a file as they arrive: after a break the stream continues where it stood."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Final, Self

from ..._http.path import shown
from ...errors import GlobusSDKUsageError, NetworkError
from ...porting import EnteredOnly
from .byte_range import Piece, is_page, piece_of, range_header, validators_of
from .errors import FileChanged, FileTruncated, RangeNotSatisfiable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from ...clock import Clock
    from ...transport import RetryPolicy, StreamedResponse

__all__ = ("FileStream", "file_changed")

_OpenRange = Callable[[str], "AbstractAsyncContextManager[StreamedResponse]"]
"""Requests the range of a header ``Range``."""

_MUCH: Final = 1 << 20
"""Bytes after whose arrival earlier failures no longer count."""


class FileStream(EnteredOnly):
    """
    The bytes of a file, or of a part of it, by ``async for``; made by `GCSCollectionClient.stream_file`.

    A connection that breaks, or a response with fewer bytes than were requested, is followed by a request for the
    rest. All bytes are of one version of the file, as far as the server lets that be seen.

    Attributes:
        path: The path on the collection.
        position: The number of the next byte.
        end: The number after the last byte; ``None`` if the first response decides.
        size: The size of the file; ``None`` if it is not known.
        requests: The number of requests so far.
        validators: What tells this version of the file from others, by the name of a header.
    """

    __slots__ = (
        "_chunks",
        "_clock",
        "_failures",
        "_find_size",
        "_has_begun",
        "_is_unchecked",
        "_jitter",
        "_open_range",
        "_piece",
        "_piece_end",
        "_progress",
        "_response",
        "_retry",
        "_was_short",
        "end",
        "path",
        "position",
        "requests",
        "size",
        "validators",
    )

    def __init__(
        self,
        open_range: _OpenRange,
        path: str,
        *,
        start: int,
        end: int | None,
        size: int | None,
        find_size: Callable[[], Awaitable[int]],
        retry: RetryPolicy,
        clock: Clock,
        jitter: Callable[[], float],
    ) -> None:
        self.path: str = path
        self.position: int = start
        self.end: int | None = end if size is None or end is None else min(end, size)
        self.size: int | None = size
        self.requests: int = 0
        self._open_range = open_range
        self._find_size = find_size
        self._retry = retry
        self._clock = clock
        self._jitter = jitter
        self._response: AsyncExitStack | None = None
        self._chunks: StreamedResponse | None = None
        self._piece: Piece | None = None
        self._piece_end = start
        self._failures = self._progress = 0
        self.validators: dict[str, str] = {}
        self._has_begun = self._was_short = False
        self._is_unchecked = size == end == start == 0  # only a response shows that the file really is empty

    def __repr__(self) -> str:
        return f"<FileStream of {shown(self.path)}, at byte {self.position} of {self.end}>"

    async def __aenter__(self) -> Self:
        """Request the first bytes, so that an error of the file is raised here."""
        if self._has_begun:
            raise GlobusSDKUsageError("this stream has been entered already; make another one")
        self._has_begun = True
        try:
            await self._prepare()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """
        Return the next bytes.

        Raises:
            FileTruncated: The rest did not arrive, even after retries.
            FileChanged: The file changed while it was read.
            FilesAPIError: A request for the rest failed.
            NetworkError: There was no usable response.
        """
        if not self._has_begun:
            raise TypeError("enter the stream: 'async with client.stream_file(...) as stream:'")
        while True:
            if self._was_short:
                self._was_short = False
                await self._fail(self._truncated("a response had fewer bytes than the range that was requested"))
            await self._prepare()
            if self._chunks is None:
                raise StopAsyncIteration
            try:
                chunk = await anext(self._chunks, None)
            except NetworkError as error:
                await self._fail(error)
                continue
            if not chunk:
                await self._fail(self._truncated("the response ended before the bytes that it announced"))
                continue
            end = self._piece_end
            if self.position + len(chunk) > end:
                chunk = chunk[: end - self.position]
            self.position += len(chunk)
            self._progress += len(chunk)
            if self._progress >= _MUCH:
                self._failures = 0
            if self.position == end:
                await self._close()
                self._was_short = self.end is not None and end < self.end
            return chunk

    def expect_size(self, size: int, *, end: int) -> None:
        """
        Continue with the size of the file, which was found otherwise, and another end.

        Raises:
            FileChanged: The present response shows another size.
        """
        self.size, self.end = size, end
        if self._chunks is not None and self._piece is not None:
            self._check_size(self._piece)
            self._piece_end = min(self._piece.end, end)

    async def _prepare(self) -> None:
        """Request the bytes at the position, unless a response has them or there are none."""
        while self._chunks is None and (self.end is None or self.position < self.end or self._is_unchecked):
            stack = self._response = AsyncExitStack()
            self.requests += 1
            self._progress = 0
            try:
                # to the end of the file, so that the response shows if there is more of it
                wanted = range_header(self.position, None if self.end == self.size else self.end)
                response = await stack.enter_async_context(self._open_range(wanted))
            except RangeNotSatisfiable:
                await self._close()
                if self._is_unchecked:
                    self._is_unchecked = False
                else:
                    await self._end_here()
                continue
            except BaseException:
                await self._close()
                raise
            piece = piece_of(response.http_status, response.headers)
            problem = self._problem(response.http_status, piece, response.headers)
            if piece is None or problem is not None:
                response.discard()
                await self._fail(self._truncated(problem or "it does not say which bytes it has"))
                continue
            self._piece = piece
            self._check_size(piece)
            self._check_version(response.headers)
            if self.end is None:
                self.end = piece.end
            self._piece_end = min(piece.end, self.end)
            if self._is_unchecked:
                self._is_unchecked = False
                await self._close()
                continue
            if self._piece_end < self.end:
                response.discard()
            self._chunks = response

    def _problem(self, status: int, piece: Piece | None, headers: Mapping[str, str]) -> str | None:
        """Return why the bytes of a response are not those that were requested."""
        if piece is None or piece.start != self.position:
            return "it has other bytes than the range that was requested"
        if is_page(status, headers):
            return "it is a page, whatever range is requested"
        whole = self.size if self.size is not None else self.end
        if status == 200 and whole is not None and piece.end != whole:
            return f"it has {piece.end} bytes, instead of {whole}"
        return None

    def _check_size(self, piece: Piece) -> None:
        """Compare a response with the size of the file."""
        found = piece.end if piece.total is None else piece.total
        if self.size is not None and (found > self.size or piece.total not in {None, self.size}):
            raise file_changed(self.path, f"it has {found} bytes, instead of {self.size}")

    def _check_version(self, headers: Mapping[str, str]) -> None:
        """Compare a response with earlier ones: all must be of the same version of the file."""
        for name, value in validators_of(headers).items():
            if self.validators.setdefault(name, value) != value:
                raise file_changed(self.path, "it has another version than at the first request")

    async def _end_here(self) -> None:
        """Find out why the file has no byte at the position: it ends here, it changed, or the server is wrong."""
        if self.size is not None:
            raise file_changed(self.path, f"it has at most {self.position} bytes, instead of {self.size}")
        size = await self._find_size()
        if size > self.position:
            await self._fail(self._truncated("the server refuses a range that the file has"))
        else:
            self.end = self.position

    async def _fail(self, error: NetworkError) -> None:
        """Close the response, and wait before the next request; raise the error if there is none."""
        await self._close()
        if self._progress and error.retryable and self._failures == 0:
            self._failures = 1  # at once: bytes did arrive
            return
        delay = self._retry.delay(error, retries=self._failures, idempotent=True, is_final=False, jitter=self._jitter())
        if delay is None:
            raise error
        self._failures += 1
        await self._clock.sleep(delay)

    async def _close(self) -> None:
        response, self._response, self._chunks = self._response, None, None
        if response is not None:
            await response.aclose()

    def _truncated(self, why: str) -> FileTruncated:
        error = FileTruncated(
            f"{shown(self.path)}: the bytes from {self.position} to {self.end} did not arrive: {why}",
            stage="response truncated",
            idempotent=True,
        )
        error.position = self.position
        return error


def file_changed(path: str, why: str) -> FileChanged:
    """Return the error for a file that changed while it was read."""
    error = FileChanged(f"the file {shown(path)} changed while it was read: {why}")
    error.path = path
    return error
