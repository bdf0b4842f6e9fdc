"""Writing files: uploads under a hidden name that replace the file when they are complete."""

from __future__ import annotations

import errno
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

import anyio.to_thread
from fsspec.asyn import sync, sync_wrapper
from fsspec.callbacks import DEFAULT_CALLBACK, Callback

from ..services.files.errors import MethodNotAllowed
from ..services.transfer.data import DeleteData
from .access import CollectionAccess
from .directories import find_entry, make_directories, make_directory
from .os_errors import os_errors
from .progress import reporter
from .staged_file import GlobusTransaction, StagedFile
from .task_runs import run_task
from .write_file import AsyncWriteFile, WriteFile, mode_of_target

if TYPE_CHECKING:
    from ..services.files.transfer_operations import TransferOperations
    from ..services.files.upload_source import UploadSource

__all__ = ("WriteMethods",)

_MODES: Final = ("overwrite", "create")


class _HiddenName:
    """Stands for Transfer at the end of an upload, where it renames the file: records the hidden name instead."""

    path = ""

    async def operation_rename(self, endpoint_id: UUID | str, oldpath: str, newpath: str, /) -> None:
        """Record the hidden name, under which the file stays."""
        self.path = oldpath


class WriteMethods(CollectionAccess):
    """Writing files and making directories."""

    transaction_type = GlobusTransaction

    @cached_property
    def _present_directories(self) -> set[str]:
        """Directories into which this instance has written."""
        return set()

    async def _pipe_file(
        self, path: str, value: bytes | bytearray | memoryview, mode: str = "overwrite", **kwargs: Any
    ) -> None:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"{path}: write bytes, not {type(value).__name__}; write_text encodes text")
        is_strided = isinstance(value, memoryview) and not value.c_contiguous
        await self.write_file(path, bytes(value) if is_strided else value, mode)

    async def _put_file(
        self,
        lpath: str | os.PathLike[str],
        rpath: str,
        mode: str = "overwrite",
        callback: Callback = DEFAULT_CALLBACK,
        **kwargs: Any,
    ) -> None:
        if await anyio.to_thread.run_sync(os.path.isdir, lpath):
            await self._makedirs(rpath, exist_ok=True)
            return
        await self.write_file(rpath, lpath, mode, callback)

    async def _touch(self, path: str, truncate: bool = True, **kwargs: Any) -> None:
        if not truncate and await self._exists(path):
            raise NotImplementedError(f"{path}: the service cannot set the time of a file")
        await self.write_file(path, b"")

    touch: Any = sync_wrapper(_touch)

    async def write_file(
        self,
        path: str,
        source: UploadSource,
        mode: str = "overwrite",
        callback: Callback = DEFAULT_CALLBACK,
    ) -> None:
        """
        Write a whole file; one that exists keeps its content until the new one is complete.

        Args:
            path: The path.
            source: The content, the path of a local file, or a file object.
            mode: ``"overwrite"``; or ``"create"``, which refuses a file that exists.
            callback: Receives the number of bytes sent.
        """
        path = self._strip_protocol(path)
        await self.check_target(path, mode)
        await self.complete(await self.stage_file(path, source, mode, callback))

    async def complete(self, staged: StagedFile) -> None:
        """Let a file replace the one at its path, now or at the end of the transaction."""
        if self._intrans:
            self.transaction.files.append(staged)
        else:
            await staged.rename_or_remove()

    async def check_target(self, path: str, mode: str) -> None:
        """
        Refuse a target before anything is sent.

        Raises:
            FileExistsError: The path exists, with ``mode="create"``. Another program can still create it later.
            IsADirectoryError: The path is the root of a collection.
        """
        if mode not in _MODES:
            raise ValueError(f"mode must be 'overwrite' or 'create', got {mode!r}")
        collection_id, inner = self.split_path(path)
        if not inner.strip("/"):
            raise IsADirectoryError(f"{path}: the root of a collection is a directory")
        if mode == "create":
            with os_errors(path):
                entry = await find_entry(await self.transfer_client(), collection_id, inner)
            if entry is not None:
                raise FileExistsError(f"the file exists: {path}")

    async def stage_file(
        self,
        path: str,
        source: UploadSource,
        mode: str = "overwrite",
        callback: Callback = DEFAULT_CALLBACK,
    ) -> StagedFile:
        """Upload under a hidden name in the directory of the path, which is made if it is missing."""
        is_known = await self.ensure_parent(path)
        try:
            hidden = await self._upload(path, source, callback)
        except FileNotFoundError:
            if not is_known:
                raise
            self.discard_known_directories()  # another program has removed it since
            await self.ensure_parent(path)
            hidden = await self._upload(path, source, callback)
        return StagedFile(self, path, hidden, exclusive=mode == "create")

    async def _upload(self, path: str, source: UploadSource, callback: Callback) -> str:
        """Upload, and return the hidden path."""
        collection_id, inner = self.split_path(path)
        name = _HiddenName()
        with os_errors(path):
            client = await self.files_client(collection_id)
            await client.upload(
                source, inner, transfer_client=cast("TransferOperations", name), progress=reporter(callback)
            )
        return f"{self._parent(path)}/{name.path.rpartition('/')[2]}"

    def discard_known_directories(self) -> None:
        """Discard which directories exist, after some were removed or renamed."""
        self._present_directories.clear()

    async def ensure_parent(self, path: str) -> bool:
        """Make the directory of a path if it is missing; return whether it was known to exist."""
        parent = self._parent(path)
        if parent in self._present_directories:
            return True
        try:
            await self._make(parent, parents=True, is_shared=True)
        except FileExistsError as error:
            raise NotADirectoryError(errno.ENOTDIR, "a file has the name of the directory", parent) from error
        self._present_directories.add(parent)
        return False

    async def _mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        if not await self._make(path, parents=create_parents):
            raise FileExistsError(f"the directory exists: {path}")

    async def _makedirs(self, path: str, exist_ok: bool = False) -> None:
        if not await self._make(path, parents=True) and not exist_ok:
            raise FileExistsError(f"the directory exists: {path}")

    async def _make(self, path: str, *, parents: bool, is_shared: bool = False) -> bool:
        path = self._strip_protocol(path)
        collection_id, inner = self.split_path(path)
        with os_errors(path):
            session = await self._sessions.here()
            if parents:
                is_new = await make_directories(
                    session.transfer, collection_id, inner, session.creations, is_shared=is_shared
                )
            else:
                is_new = await make_directory(session.transfer, collection_id, inner)
        while is_new and path:  # a parent may be new, too
            self.invalidate_cache(path)
            path = self._parent(path)
        return is_new

    def open_writer(self, path: str, mode: str, **options: Any) -> Any:
        """Return a file that is open for writing."""
        sync(self.loop, self.check_target, path, mode_of_target(path, mode))
        return WriteFile(self, path, mode, **options)

    async def open_async_writer(self, path: str, mode: str, **options: Any) -> AsyncWriteFile:
        """Return a file that is open for writing in an event loop."""
        await self.check_target(path, mode_of_target(path, mode))
        return AsyncWriteFile(self, path, mode, **options)

    async def delete_file(self, collection_id: str, path: str) -> None:
        """Remove a file; by a task, where the collection does not allow it over HTTPS."""
        try:
            await (await self.files_client(collection_id)).delete_file(path)
        except MethodNotAllowed:
            pass
        except OSError as error:
            if error.errno != errno.ENOTSUP:  # there is an HTTPS server
                raise
        else:
            return
        data = DeleteData(collection_id, items=[path], notify_on_succeeded=False)
        await run_task(await self.transfer_client(), data, f"removing {path}")
