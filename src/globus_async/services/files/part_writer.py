"""Writing what arrives to a temporary file in a thread, while the next bytes arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from ..._concurrency.tasks import wait_to_end

if TYPE_CHECKING:
    from types import TracebackType

    from .partial_file import PartialFile

__all__ = ("PartWriter",)

_BUFFER_SIZE: Final = 1 << 20


class PartWriter:
    """
    Writes to a temporary file by two buffers: one is written in a thread while the other one is filled.

    The bytes are copied to the buffers, since to keep them as they arrived would have the memory for the next ones
    mapped anew. At the end of the ``async with`` block everything is written, unless it ended with an error.

    Args:
        part: The temporary file.
        size: The number of bytes that will be written.
        written: Called when bytes have been written.
    """

    __slots__ = ("_buffer", "_filled", "_part", "_running", "_spare", "_written")

    def __init__(self, part: PartialFile, size: int, written: Callable[[], object]) -> None:
        self._part = part
        self._written = written
        self._buffer = bytearray(max(1, min(size, _BUFFER_SIZE)))
        self._spare: bytearray | None = None
        self._filled = 0
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            if self._filled:
                await self._flush()
            await self._finish()
        elif self._running is not None:  # the file is not closed under the thread
            cancelled = await wait_to_end([self._running])
            if not self._running.cancelled():
                self._running.exception()  # marks it as retrieved
            if cancelled is not None:
                raise cancelled

    async def write(self, data: bytes) -> None:
        """
        Write the next bytes.

        Raises:
            LocalFileError: Earlier bytes were not written, for example because the disk is full.
        """
        rest = memoryview(data)
        while rest:
            piece = rest[: len(self._buffer) - self._filled]
            end = self._filled + len(piece)
            self._buffer[self._filled : end] = piece
            self._filled, rest = end, rest[len(piece) :]
            if end == len(self._buffer):
                await self._flush()

    async def _flush(self) -> None:
        from anyio import to_thread  # noqa: PLC0415 -- not all programs need it

        await self._finish()
        work: Callable[[], None] = partial(self._part.write, memoryview(self._buffer)[: self._filled])
        self._running = asyncio.get_running_loop().create_task(to_thread.run_sync(work))
        self._buffer, self._spare = self._spare or bytearray(len(self._buffer)), self._buffer
        self._filled = 0

    async def _finish(self) -> None:
        """Wait for the thread, even if the caller is cancelled."""
        if self._running is None:
            return
        cancelled = await wait_to_end([self._running])
        if cancelled is not None:
            raise cancelled
        running, self._running = self._running, None
        running.result()
        self._written()
