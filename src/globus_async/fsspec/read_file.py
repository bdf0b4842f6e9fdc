"""Files that are open for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .known_files import Segment
from .untyped import AsyncStreamedFile, BufferedFile, run

if TYPE_CHECKING:
    from .known_files import KnownFile

__all__ = ("AsyncReadFile", "ReadFile")

_OWN_CACHES: Final = frozenset({None, "default", "readahead"})


class ReadFile(BufferedFile):
    """
    A file that is open for reading: its bytes are of the version that it had when it was opened.

    Small parts are read with those that probably follow, and kept by the file system; large ones exactly, and not kept.

    Args:
        fs: The file system.
        path: The path.
        file: The version.
        block_size: Parts of this size and more are large.
        cache_type: A cache of fsspec to use instead.
        cache_options: The options of that.
    """

    DEFAULT_BLOCK_SIZE = 4 << 20

    def __init__(
        self,
        fs: Any,
        path: str,
        file: KnownFile,
        *,
        block_size: int | None = None,
        cache_type: str | None = None,
        cache_options: dict[str, Any] | None = None,
    ) -> None:
        self._file = file
        self._last = Segment(0, b"")
        self._requests = 0
        is_own = cache_type in _OWN_CACHES
        super().__init__(
            fs,
            path,
            "rb",
            block_size="default" if block_size is None else block_size,
            cache_type="none" if is_own else cache_type,
            cache_options=None if is_own else cache_options,
            size=file.facts.size,
        )

    def _fetch_range(self, start: int, end: int) -> bytes:
        end = min(end, self._file.facts.size)
        last = self._last
        if last.start <= start and end <= last.end:
            return last.part(start, end)
        self._last = Segment(0, b"")
        if start >= end:
            return b""
        is_large = end - start >= self.blocksize
        segment: Segment = run(self.fs.loop, self.fs.read_version, self._file, start, end, is_large, self._requests > 0)
        self._requests += 1
        if not is_large:
            self._last = segment
        return segment.part(start, end)

    def close(self) -> None:
        """Close the file, and free its memory."""
        self._last = Segment(0, b"")
        super().close()


class AsyncReadFile(AsyncStreamedFile):
    """
    A file that is open for reading in an event loop; see `ReadFile`.

    Args:
        fs: The file system.
        path: The path.
        file: The version.
        block_size: Parts of this size and more are read exactly, and not kept.
    """

    def __init__(self, fs: Any, path: str, file: KnownFile, *, block_size: int | None = None) -> None:
        self._file = file
        self._requests = 0
        super().__init__(
            fs,
            path,
            "rb",
            block_size=ReadFile.DEFAULT_BLOCK_SIZE if block_size is None else block_size,
            cache_type="none",
            size=file.facts.size,
        )

    async def _fetch_range(self, start: int, end: int) -> bytes:
        end = min(end, self._file.facts.size)
        if start >= end:
            return b""
        self._requests += 1
        is_large = end - start >= self.blocksize
        segment: Segment = await self.fs.read_version(self._file, start, end, is_large, self._requests > 1)
        return segment.part(start, end)

    def __del__(self) -> None:
        self.closed = True  # the base class would make a coroutine
