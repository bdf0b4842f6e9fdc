"""Sources of uploads: bytes, local files, file objects and async iterators, as bodies of requests."""

from __future__ import annotations

import errno
import inspect
import io
import os
import stat
from collections.abc import AsyncIterable, AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, runtime_checkable

from ..._http.stream_body import StreamBody
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_file_path, check_whole, refusal
from ...token_storage.file_lock import run_in_thread
from .local_errors import local_error, local_errors
from .progress import FileProgress

if TYPE_CHECKING:
    from .progress import OnProgress

__all__ = ("BinaryReader", "UploadSource", "UploadedContent", "checked_source")

_PIECE: Final = 1 << 20


@runtime_checkable
class BinaryReader(Protocol):
    """A file object that is open for reading bytes."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most so many; none at the end."""
        ...


UploadSource: TypeAlias = (
    "bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryReader | AsyncIterable[bytes]"
)
"""Content as bytes; the path of a local file; a file object; or an async iterable of bytes."""


class UploadedContent:
    """
    The content of an upload, which is read while it is sent.

    Args:
        pieces: Returns an iterator over the content, from its begin.
        size: The number of bytes; ``None`` if it is not known.
        repeatable: Whether the content can be read several times.

    Attributes:
        size: The number of bytes; ``None`` if it is not known.
        sent: The number of bytes that the current attempt has taken.
        has_begun: Whether an attempt has begun to read it, after which a part of the file may have been written.
    """

    def __init__(self, pieces: Callable[[], AsyncIterator[bytes]], size: int | None, *, repeatable: bool) -> None:
        self._pieces = pieces
        self._repeatable = repeatable
        self.size: int | None = size
        self.sent: int = 0
        self.has_begun: bool = False

    def body(self, path: str, progress: OnProgress | None) -> StreamBody:
        """Return the body of the request to write ``path``."""

        async def counted() -> AsyncIterator[bytes]:
            self.sent, self.has_begun = 0, True
            pieces = self._pieces()
            try:
                async for piece in pieces:
                    self.sent += len(piece)
                    yield piece
                    if progress is not None:
                        progress(FileProgress(path, self.sent, self.size))
            finally:
                await _close(pieces)

        return StreamBody(counted, size=self.size, repeatable=self._repeatable)


async def checked_source(source: UploadSource, size: int | None) -> UploadedContent:
    """
    Check the source of an upload, and find its size.

    Raises:
        GlobusSDKUsageError: It is none, or has another size than the given one.
        LocalFileError: It is the path of a file that cannot be read.
    """
    if size is not None:
        check_whole("size", size, minimum=0)
    if isinstance(source, bytes | bytearray | memoryview):
        view = memoryview(source).cast("B")
        return UploadedContent(partial(_slices, view), _agreed(size, len(view)), repeatable=True)
    if isinstance(source, str | os.PathLike):
        check_file_path("source", source)
        return await _of_path(Path(source), size)
    if isinstance(source, AsyncIterable):
        return UploadedContent(partial(_checked, source), size, repeatable=False)
    if isinstance(source, type) or not isinstance(source, BinaryReader):
        raise refusal("source", source, "bytes, the path of a file, a file object or an async iterable of bytes")
    return await _of_file_object(source, size)


def _agreed(given: int | None, found: int) -> int:
    if given not in {None, found}:
        raise GlobusSDKUsageError(f"the source has {found} bytes, not size={given}")
    return found


async def _slices(view: memoryview) -> AsyncIterator[bytes]:
    for start in range(0, len(view), _PIECE):
        yield bytes(view[start : start + _PIECE])


async def _checked(source: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    iterator = aiter(source)
    try:
        async for piece in iterator:
            if not isinstance(piece, bytes | bytearray | memoryview):
                raise refusal("a piece of the source", piece, "bytes")
            yield bytes(piece)
    finally:
        await _close(iterator)


async def _close(iterator: object) -> None:
    """Close an iterator that may hold resources, as generators do."""
    aclose: Any = getattr(iterator, "aclose", None)
    if aclose is not None:
        await aclose()


async def _of_path(path: Path, size: int | None) -> UploadedContent:
    found = await run_in_thread(partial(_status_of_file, path))

    def open_unchanged() -> Any:
        with local_errors(path, "read"):
            file = path.open("rb", buffering=0)
            if _identity(os.fstat(file.fileno())) != _identity(found):
                file.close()
                raise local_error(path, "it changed during the upload")
            return file

    def check(file: Any) -> None:
        if _identity(os.fstat(file.fileno())) != _identity(found):
            raise local_error(path, "it changed during the upload")

    async def pieces() -> AsyncIterator[bytes]:
        opened: list[Any] = []
        try:
            await run_in_thread(lambda: opened.append(open_unchanged()))
            missing = found.st_size
            async for piece in _read_pieces(opened[0], path):
                missing -= len(piece)
                if missing < 0:
                    raise local_error(path, "it has more bytes than at the beginning of the upload")
                yield piece
            await run_in_thread(partial(check, opened[0]))
        finally:
            for file in opened:  # it may be open though the caller was cancelled
                await run_in_thread(file.close)

    return UploadedContent(pieces, _agreed(size, found.st_size), repeatable=True)


def _status_of_file(path: Path) -> os.stat_result:
    with local_errors(path, "read"):
        found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise local_error(path, "is a directory", IsADirectoryError(errno.EISDIR, ""))
    if not stat.S_ISREG(found.st_mode):  # to open a pipe could take forever
        raise local_error(path, "is not a regular file: open it, and pass the file object")
    return found


def _identity(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


async def _of_file_object(source: BinaryReader, size: int | None) -> UploadedContent:
    file: Any = source
    if isinstance(file, io.TextIOBase):
        raise _not_binary()
    if inspect.iscoroutinefunction(file.read):
        raise GlobusSDKUsageError("the read of source is a coroutine: pass an async iterator over its bytes")

    def measure() -> tuple[int, int] | None:
        try:
            start = file.tell()
            end = file.seek(0, os.SEEK_END)
            file.seek(start)
        except (AttributeError, OSError, ValueError):
            return None  # not every file object can
        return start, end

    extent = await run_in_thread(measure)

    async def pieces() -> AsyncIterator[bytes]:
        if extent is not None:
            await run_in_thread(partial(file.seek, extent[0]))
        async for piece in _read_pieces(file, None):
            yield piece

    known = size if extent is None else _agreed(size, max(0, extent[1] - extent[0]))
    return UploadedContent(pieces, known, repeatable=extent is not None)


def _not_binary() -> GlobusSDKUsageError:
    return GlobusSDKUsageError("the source must be open for bytes, in the mode 'rb'")


async def _read_pieces(file: Any, path: Path | None) -> AsyncIterator[bytes]:
    def read() -> bytes:
        if path is None:
            piece: object = file.read(_PIECE)
        else:
            with local_errors(path, "read"):
                piece = file.read(_PIECE)
        if not isinstance(piece, bytes):
            raise _not_binary()
        return piece

    while piece := await run_in_thread(read):
        yield piece
