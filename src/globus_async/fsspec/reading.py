"""Reading files over HTTPS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from .._concurrency.tasks import all_of
from ..errors import GlobusSDKUsageError
from ..services.files import UnconfirmedNotFound
from .known_files import Facts
from .listing import ListingMethods
from .os_errors import os_errors
from .paths import strip_protocol

if TYPE_CHECKING:
    from .file_reader import FileReader
    from .known_files import KnownFile, Segment

__all__ = ("ReadMethods",)

T = TypeVar("T")


class ReadMethods(ListingMethods):
    """Reading files."""

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        path = strip_protocol(path)
        first = 0 if start is None else start
        if end is not None and (first < 0) == (end < 0) and end <= first:
            return b""
        if first == 0 and end is None:
            return await self._read_whole(path)
        return await self._read(path, lambda reader: reader.read(path, first, end))

    async def _read_whole(self, path: str) -> bytes:
        collection_id, inner = self.split_path(path)

        async def read(reader: FileReader) -> bytes:
            client = await self.files_client(collection_id)
            version = reader.version(path)
            data = await client.read_whole(inner, self._expected_size(path, reader))
            if reader.files.get(path) is None:
                reader.see(path, Facts(len(data)), version)
            return data

        return await self._read(path, read)

    def _expected_size(self, path: str, reader: FileReader) -> int | None:
        """Return the size that the file had: a body of this length is whole, one of another length is checked."""
        known, entry = reader.files.get(path), self._entry(path)
        if known is not None:
            return known.facts.size
        return None if entry is None or entry["type"] != "file" else entry["size"]

    async def _read(self, path: str, call: Callable[[FileReader], Awaitable[T]]) -> T:
        """Read, and raise errors as those of the operating system."""
        with os_errors(path):
            session = await self._sessions.here()
            try:
                return await call(session.reader)
            except UnconfirmedNotFound:
                client, inner = await session.client_of(path)
                await client.confirm_missing(inner)
                raise

    async def _cat_ranges(
        self,
        paths: list[str],
        starts: Any,
        ends: Any,
        max_gap: int | None = None,
        batch_size: int | None = None,
        on_error: str = "return",
        **kwargs: Any,
    ) -> list[Any]:
        """Read many ranges; neighbours in a file are one request, whatever ``max_gap`` is."""
        if not isinstance(paths, list):
            raise GlobusSDKUsageError("paths must be a list")
        starts = [starts] * len(paths) if starts is None or isinstance(starts, int) else [*starts]
        ends = [ends] * len(paths) if ends is None or isinstance(ends, int) else [*ends]
        if not len(paths) == len(starts) == len(ends):
            raise GlobusSDKUsageError("paths, starts and ends must have the same length")
        if not paths:
            return []
        calls = zip(paths, starts, ends, strict=True)
        return await all_of(self._cat_or_error(*call, raises=on_error != "return") for call in calls)

    async def _cat_or_error(self, path: str, start: int | None, end: int | None, *, raises: bool) -> Any:
        try:
            return await self._cat_file(path, start, end)
        except Exception as error:
            if raises:
                raise
            return error

    async def open_version(self, path: str) -> KnownFile:
        """
        Return the version of a file that is to be read from here on.

        Raises:
            FileNotFoundError: The file does not exist.
            IsADirectoryError: It is a directory.
        """
        path = strip_protocol(path)

        async def look(reader: FileReader) -> KnownFile:
            return reader.files.trusted(path, is_new_look=True) or await reader.look(path)

        return await self._read(path, look)

    async def read_version(self, file: KnownFile, start: int, end: int, is_large: bool, is_checked: bool) -> Segment:
        """
        Return a part of a version of a file.

        Args:
            file: The version.
            start: The number of the first byte.
            end: The number after the last byte.
            is_large: Whether to read exactly this part, and not to keep it.
            is_checked: Whether to check that the file still is of this version, if something is requested, even if
                that was seen a moment ago.

        Raises:
            OSError: The file changed.
        """
        return await self._read(
            file.path, lambda reader: reader.read_version(file, start, end, is_large=is_large, is_checked=is_checked)
        )
