"""Reading ranges of files: ranges of the same moment together, each part requested once, all bytes of one version."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from .._concurrency.tasks import cancel_all
from .._single_flight import SingleFlight
from ..services.files import FileChanged
from ..services.files.file_requests import MAX_CONNECTIONS
from ..services.files.file_stream import file_changed
from .extents import WHOLE_BYTES, Extent, extents_of
from .known_files import Facts, KnownFile, KnownFiles, Segment
from .stream_bytes import collect

if TYPE_CHECKING:
    from ..services.files import GCSCollectionClient
    from .own_writes import OwnWrites

__all__ = ("FileReader",)

_WINDOW_SECONDS: Final = 0.002
"""Ranges that are wanted within this time are merged."""
_FIRST_BYTES: Final = 1 << 20
_MAX_FIRST_READS: Final = MAX_CONNECTIONS // 2
"""Each has a connection while it waits for the size, whose request may need another one to the same server."""


class FileReader:
    """
    Reads ranges of files in one event loop.

    Args:
        files: What is known of files.
        client_of: Returns the client of a path's collection, and the path on it.
        facts_of: Requests the size and time of a file.
        writes: The writes of the file system.
    """

    def __init__(
        self,
        files: KnownFiles,
        *,
        client_of: Callable[[str], Awaitable[tuple[GCSCollectionClient, str]]],
        facts_of: Callable[[str], Awaitable[Facts]],
        writes: OwnWrites,
    ) -> None:
        self.files = files
        self._client_of = client_of
        self._facts_of = facts_of
        self._writes = writes
        self._first_reads = asyncio.Semaphore(_MAX_FIRST_READS)
        self._looks: SingleFlight[KnownFile] = SingleFlight("request for the size of a file")
        self._parts: SingleFlight[Segment] = SingleFlight("request for a part of a file")
        self._running: dict[KnownFile, list[Extent]] = {}
        self._windows: dict[KnownFile, tuple[list[tuple[int, int]], asyncio.Future[list[Extent]]]] = {}

    async def read(self, path: str, start: int, end: int | None) -> bytes:
        """
        Read a range; negative numbers count from the end.

        Raises:
            FileChanged: The file changed twice while it was read.
        """
        is_new_look = start < 0 or end is None or end < 0
        for is_last in (False, True):
            try:
                file = self.files.trusted(path, is_new_look=is_new_look)
                if file is None:
                    file = await self.look(path, start, end)
                first, last, _ = slice(start, end).indices(file.facts.size)
                if first >= last:
                    return b""
                return (await self.segment(file, first, last)).part(first, last)
            except FileChanged:
                self.files.discard(path)
                if is_last:
                    raise
        raise AssertionError("a loop of two steps ended")

    def version(self, path: str) -> int:
        """Return the version of a path for `see`, before a request."""
        return self._writes.version(path)

    def see(self, path: str, facts: Facts, version: int) -> KnownFile:
        """Note the facts of a file, unless this file system has written it since they were requested."""
        file = self.files.see(path, facts)
        if self._writes.version(path) != version:
            self.files.discard(path)
        return file

    async def look(self, path: str, start: int = 0, end: int | None = 0) -> KnownFile:
        """
        Request the facts of a file; return its version.

        The range that will be read is requested at the same time, for a file of which nothing is known.
        """
        key = (path, self.files.get(path) is None, self.version(path))
        return await self._looks.join(key, partial(self._look, path, start, end))

    async def _look(self, path: str, start: int, end: int | None) -> KnownFile:
        version = self.version(path)
        if self.files.get(path) is not None or end == 0:
            file = self.see(path, await self._facts_of(path), version)
            if file.facts.size == 0:
                await self.fetch(file, 0, 0)  # of a larger file something is read, which shows that the size is wrong
            return file
        is_suffix = start < 0 or end is None or end < 0
        if end is None or is_suffix or end <= WHOLE_BYTES:
            extent = Extent(0, WHOLE_BYTES)
        else:
            extent = Extent(start, max(end, start + _FIRST_BYTES))
        client, inner = await self._client_of(path)
        async with self._first_reads:
            facts_task = asyncio.get_running_loop().create_task(_ensured(self._facts_of(path)))
            try:
                async with client.stream_file(inner, start=extent.start, end=extent.end) as stream:
                    file = self.see(path, await facts_task, version)
                    size = file.facts.size
                    if size <= WHOLE_BYTES or not is_suffix:  # else the beginning was not wanted
                        last = min(extent.end, max(size, extent.start))
                        stream.expect_size(size, end=last)
                        self.files.keep(file, Segment(extent.start, await collect(stream, last - extent.start)))
            finally:
                await cancel_all([facts_task])
        return file

    async def segment(self, file: KnownFile, start: int, end: int) -> Segment:
        """
        Return a part of a version of a file that has a range, from memory or from the server.

        Raises:
            FileChanged: The file has another size.
        """
        found = file.find(start, end)
        if found is not None:
            self.files.use(file, found)
            return found
        extent = next((extent for extent in self._running.get(file, ()) if extent.has(start, end)), None)
        if extent is None:
            extents = await self._planned(file, start, end)
            extent = next(extent for extent in extents if extent.has(start, end))
        return await self._parts.join((file, extent), partial(self._fetch, file, extent))

    async def read_version(self, file: KnownFile, start: int, end: int, *, is_large: bool, is_checked: bool) -> Segment:
        """
        Return a part of a version of a file, for a reader who has read other parts of it.

        Raises:
            FileChanged: The file is of another version now.
        """
        if (found := file.find(start, end)) is not None:
            self.files.use(file, found)
            return found
        reading = self._exactly(file, start, end) if is_large else self.segment(file, start, end)
        if not is_checked and self.files.is_fresh(file):
            return await reading
        check = asyncio.get_running_loop().create_task(self._check(file))
        try:
            segment = await reading  # in no task, whose cycles of references would keep its bytes for a while
            await check
        finally:
            await cancel_all([check])
        return segment

    async def _exactly(self, file: KnownFile, start: int, end: int) -> Segment:
        return Segment(start, await self.fetch(file, start, end))

    async def _check(self, file: KnownFile) -> None:
        """Check that a file still is of a version."""
        version = self.version(file.path)
        facts = await self._facts_of(file.path)
        self.see(file.path, facts, version)
        if file.facts.differ_from(facts):
            raise file_changed(file.path, "its size or time is another one than when it was opened")

    async def _planned(self, file: KnownFile, start: int, end: int) -> list[Extent]:
        """Return the extents that will be requested for this range and all others of the same moment."""
        window = self._windows.get(file)
        if window is None:
            loop = asyncio.get_running_loop()
            window = self._windows[file] = ([], loop.create_future())
            loop.call_later(_WINDOW_SECONDS, self._close_window, file)
        window[0].append((start, end))
        return await asyncio.shield(window[1])

    def _close_window(self, file: KnownFile) -> None:
        ranges, planned = self._windows.pop(file)
        planned.set_result(extents_of(file, ranges))

    async def _fetch(self, file: KnownFile, extent: Extent) -> Segment:
        running = self._running.setdefault(file, [])
        running.append(extent)
        try:
            segment = Segment(extent.start, await self.fetch(file, extent.start, extent.end))
            self.files.keep(file, segment)
            return segment
        finally:
            running.remove(extent)
            if not running:
                self._running.pop(file, None)

    async def fetch(self, file: KnownFile, start: int, end: int) -> bytes:
        """Request a range of a version of a file, and keep nothing."""
        client, inner = await self._client_of(file.path)
        async with client.stream_file(inner, start=start, end=end, size=file.facts.size) as stream:
            return await collect(stream, end - start)


async def _ensured(facts: Awaitable[Facts]) -> Facts:
    return await facts
