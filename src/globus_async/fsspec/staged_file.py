"""A file under a hidden name, which becomes the file of its path when it is complete."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from fsspec.asyn import sync
from fsspec.transaction import Transaction

from .._concurrency.tasks import run_to_end
from ..services.files.renames import rename_over
from ..services.transfer.errors import Conflict, EndpointError
from .directories import find_entry, is_directory
from .os_errors import os_errors

if TYPE_CHECKING:
    import asyncio

    from ..services.transfer import TransferClient
    from .paths import GlobusPath

__all__ = ("GlobusTransaction", "StagedFile", "StagingFileSystem")

_log = logging.getLogger("globus_async")


class StagingFileSystem(Protocol):
    """The parts of the file system that a staged file needs."""

    asynchronous: bool

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop of the methods that are no coroutines."""
        ...

    def split_path(self, path: str) -> GlobusPath:
        """Return the collection of a path, and the path on it."""
        ...

    async def transfer_client(self) -> TransferClient:
        """Return the client of Globus Transfer."""
        ...

    async def delete_file(self, collection_id: str, path: str) -> None:
        """Remove a file."""
        ...

    def invalidate_cache(self, path: str | None = None) -> None:
        """Discard what is known of a path."""
        ...


class StagedFile:
    """
    A file under a hidden name, in the directory of its path.

    `commit` and `discard` have the names that the transactions of fsspec call.

    Args:
        fs: The file system.
        path: The path, with its collection.
        hidden: The hidden path, with its collection.
        exclusive: Whether to refuse to replace a file.
    """

    def __init__(self, fs: StagingFileSystem, path: str, hidden: str, *, exclusive: bool = False) -> None:
        self._fs = fs
        self.path = path
        self.hidden = hidden
        self._exclusive = exclusive

    async def rename(self) -> None:
        """Rename to the path, where a file is replaced."""
        collection_id, path = self._fs.split_path(self.path)
        _, hidden = self._fs.split_path(self.hidden)
        remove = partial(self._fs.delete_file, collection_id)
        try:
            with os_errors(self.path):
                tc = await self._fs.transfer_client()
                try:
                    await rename_over(tc, collection_id, hidden, path, remove=remove, exclusive=self._exclusive)
                except (Conflict, EndpointError) as error:
                    if is_directory(await find_entry(tc, collection_id, path)):
                        raise IsADirectoryError(f"a directory has the name of the file: {self.path}") from error
                    raise
        finally:
            self._fs.invalidate_cache(self.path)

    async def rename_or_remove(self) -> None:
        """Rename to the path; if that fails, remove the hidden file."""
        try:
            await self.rename()
        except BaseException:
            await run_to_end(self.remove)
            raise

    async def remove(self) -> None:
        """Remove the hidden file; a failure is logged, since the path has its former content."""
        collection_id, hidden = self._fs.split_path(self.hidden)
        try:
            with os_errors(self.hidden):
                await self._fs.delete_file(collection_id, hidden)
        except FileNotFoundError:
            pass
        except OSError as error:
            _log.warning("the incomplete file %s is not removed: %s", self.hidden, error)

    def commit(self) -> None:
        """Rename to the path, at the end of a transaction."""
        sync(self._fs.loop, self.rename_or_remove)

    def discard(self) -> None:
        """Remove the hidden file, at the end of a transaction that failed."""
        sync(self._fs.loop, self.remove)


class GlobusTransaction(Transaction):
    """A transaction, which ends with blocking calls."""

    def start(self) -> None:
        """
        Start the transaction.

        Raises:
            RuntimeError: The file system is one of ``asynchronous=True``.
        """
        if cast("StagingFileSystem", self.fs).asynchronous:
            raise RuntimeError("a transaction ends with blocking calls: use a file system without asynchronous=True")
        super().start()
