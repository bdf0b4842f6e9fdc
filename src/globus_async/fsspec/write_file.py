"""
Files that are open for writing.

What is written is kept on this machine, up to a block in memory and the rest in a temporary file, and uploaded when the
file is closed: the server is given the size in advance, the upload can be repeated after a lost connection, and a
program may take its time between two writes.
"""

from __future__ import annotations

import tempfile
import warnings
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

import anyio.to_thread
from fsspec.asyn import AbstractAsyncStreamedFile, sync
from fsspec.spec import AbstractBufferedFile

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType

    from .staged_file import StagedFile

__all__ = ("AsyncWriteFile", "WritableFileSystem", "WriteFile", "mode_of_target")

_TARGET_MODES: Final = {"wb": "overwrite", "xb": "create"}


def mode_of_target(path: str, mode: str) -> str:
    """
    Return the mode of `WriteMethods.write_file` for a mode of ``open``.

    Raises:
        NotImplementedError: Another mode than ``"wb"`` and ``"xb"``.
    """
    try:
        return _TARGET_MODES[mode]
    except KeyError:
        raise NotImplementedError(
            f"{path}: cannot be opened with mode {mode!r}: files on collections are written whole, with 'wb' or 'xb'."
            " To append, write a new file with the old content and the new"
        ) from None


class WritableFileSystem(Protocol):
    """The parts of the file system that a file needs which is open for writing."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop of the methods that are no coroutines."""
        ...

    async def stage_file(self, path: str, source: bytes | BinaryIO, mode: str) -> StagedFile:
        """Upload under a hidden name."""
        ...

    async def write_file(self, path: str, source: bytes | BinaryIO, mode: str) -> None:
        """Write a whole file."""
        ...


class WriteFile(AbstractBufferedFile):
    """A file that is open for writing."""

    fs: WritableFileSystem

    def __init__(self, fs: WritableFileSystem, path: str, mode: str = "wb", **kwargs: Any) -> None:
        self._spool: BinaryIO | None = None
        self._staged: StagedFile | None = None
        self.target_mode: str = mode_of_target(path, mode)
        super().__init__(fs, path, mode, **kwargs)

    def _initiate_upload(self) -> None:
        """Nothing is sent before the file is complete."""

    def _upload_chunk(self, final: bool = False) -> bool:
        if not final:
            self._spool = self._spool or cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 -- closed in close()
            self._spool.write(self.buffer.getbuffer())
            return True
        source: bytes | BinaryIO = self.buffer.getvalue()
        if self._spool is not None:
            self._spool.write(self.buffer.getbuffer())
            self._spool.seek(0)
            source = self._spool
        staged = cast("StagedFile", sync(self.fs.loop, self.fs.stage_file, self.path, source, self.target_mode))
        if self.autocommit:
            sync(self.fs.loop, staged.rename_or_remove)
        else:
            self._staged = staged
        return True

    def close(self) -> None:
        """Upload what was written, and replace the file with it."""
        try:
            super().close()
        finally:
            self._close_spool()

    def abandon(self) -> None:
        """Close without writing anything: the former file stays."""
        self.closed = True
        self._close_spool()

    def _close_spool(self) -> None:
        spool, self._spool = self._spool, None
        if spool is not None:
            spool.close()

    def commit(self) -> None:
        """Replace the file, at the end of a transaction."""
        if not self.closed:
            self.close()
        if self._staged is not None:
            self._staged.commit()

    def discard(self) -> None:
        """Leave the former file, at the end of a transaction that failed."""
        if not self.closed:
            self.abandon()
        if self._staged is not None:
            self._staged.discard()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if exc_type is None:
            self.close()
        elif not self.closed:
            self.abandon()

    def __del__(self) -> None:
        if not self.closed:
            warnings.warn(f"{self.path} was not closed, and is not written", ResourceWarning, stacklevel=2, source=self)
            self.abandon()


class AsyncWriteFile(AbstractAsyncStreamedFile):
    """A file that is open for writing, in an event loop."""

    fs: WritableFileSystem

    def __init__(self, fs: WritableFileSystem, path: str, mode: str = "wb", **kwargs: Any) -> None:
        self._spool: BinaryIO | None = None
        self.target_mode: str = mode_of_target(path, mode)
        super().__init__(fs, path, "wb", **kwargs)

    async def _initiate_upload(self) -> None:
        """Nothing is sent before the file is complete."""

    async def _upload_chunk(self, final: bool = False) -> bool:
        if not final:
            await anyio.to_thread.run_sync(self._write_block)
            return True
        source: bytes | BinaryIO = self.buffer.getvalue()
        if self._spool is not None:
            await anyio.to_thread.run_sync(self._write_block)
            await anyio.to_thread.run_sync(self._spool.seek, 0)
            source = self._spool
        await self.fs.write_file(self.path, source, self.target_mode)
        return True

    def _write_block(self) -> None:
        self._spool = self._spool or cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 -- closed in close()
        self._spool.write(self.buffer.getbuffer())

    async def close(self) -> None:
        """Upload what was written, and replace the file with it."""
        try:
            await super().close()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close without writing anything: the former file stays."""
        self.closed = True
        spool, self._spool = self._spool, None
        if spool is not None:
            spool.close()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if exc_type is None:
            await self.close()
        else:
            self.abandon()

    def __del__(self) -> None:
        if not self.closed:
            warnings.warn(f"{self.path} was not closed, and is not written", ResourceWarning, stacklevel=2, source=self)
            self.abandon()
