"""Copying and moving: small files through this machine, more by transfer tasks, moves by renaming."""

from __future__ import annotations

import errno
import os
from typing import Any, Final, NamedTuple

from fsspec.asyn import sync_wrapper

from .._concurrency.tasks import all_of, run_to_end
from ..services.files.renames import rename
from ..services.files.temporary_names import temporary_path
from ..services.transfer.data import TransferData
from .os_errors import os_errors
from .removing import RemoveMethods
from .staged_file import StagedFile
from .task_runs import run_task

__all__ = ("CopyMethods",)

_MAX_FILES: Final = 16
_MAX_BYTES: Final = 8 * 1024 * 1024
"""More is copied by a task, which takes seconds to start, and through which the bytes do not pass this machine."""


class _Copy(NamedTuple):
    source: str
    target: str


class CopyMethods(RemoveMethods):
    """Copying and moving."""

    async def _cp_file(self, path1: str, path2: str, *, plan: list[_Copy] | None = None, **kwargs: Any) -> None:
        copy = _Copy(self._strip_protocol(path1), self._strip_protocol(path2))
        if plan is None:
            await self._perform([copy])
        else:
            plan.append(copy)

    async def _copy(
        self,
        path1: str | list[str],
        path2: str | list[str],
        recursive: bool = False,
        on_error: str | None = None,
        maxdepth: int | None = None,
        batch_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        plan: list[_Copy] = []
        await super()._copy(
            path1, path2, recursive=recursive, maxdepth=maxdepth, batch_size=batch_size, plan=plan, **kwargs
        )
        if on_error is None:
            on_error = "ignore" if recursive else "raise"
        await self._perform(plan, ignore_missing=on_error == "ignore")

    async def _perform(self, plan: list[_Copy], *, ignore_missing: bool = False) -> None:
        """Copy files and make directories."""
        files: list[_Copy] = []
        size = 0
        for copy in plan:
            try:
                info = await self._info(copy.source)
            except FileNotFoundError:
                if ignore_missing:
                    continue
                raise
            if info["type"] == "directory":
                await self._makedirs(copy.target, exist_ok=True)
            else:
                files.append(copy)
                size += info["size"] or 0
        if len(files) > _MAX_FILES or size > _MAX_BYTES or not await self._have_https(files):
            await self._copy_by_task(files, ignore_missing=ignore_missing)
        elif files:
            await all_of(self._copy_through(copy, ignore_missing=ignore_missing) for copy in files)

    async def _have_https(self, files: list[_Copy]) -> bool:
        """Return whether all collections have an HTTPS server."""
        collections = {self.split_path(path)[0] for copy in files for path in copy}
        try:
            for collection_id in sorted(collections):
                await self.files_client(collection_id)
        except OSError as error:
            if error.errno != errno.ENOTSUP:
                raise
            return False
        return True

    async def _copy_through(self, copy: _Copy, *, ignore_missing: bool) -> None:
        """Copy a small file through the memory of this machine."""
        try:
            content = await self._cat_file(copy.source)
        except FileNotFoundError:
            if not ignore_missing:
                raise
        else:
            await self.write_file(copy.target, content)

    async def _copy_by_task(self, files: list[_Copy], *, ignore_missing: bool) -> None:
        """Copy by one task for each pair of collections."""
        # one file, or the files of a transaction, replace others when the task has succeeded
        is_staged = len(files) == 1 or self._intrans
        staged: list[StagedFile] = []
        tasks: dict[tuple[str, str], TransferData] = {}
        for copy in files:
            source_id, source = self.split_path(copy.source)
            target_id, target = self.split_path(copy.target)
            await self.ensure_parent(copy.target)
            if is_staged:
                staged.append(StagedFile(self, copy.target, temporary_path(copy.target)))
                _, target = self.split_path(staged[-1].hidden)
            data = tasks.setdefault(
                (source_id, target_id),
                TransferData(source_id, target_id, notify_on_succeeded=False, skip_source_errors=ignore_missing),
            )
            data.add_item(source, target)
        try:
            for data in tasks.values():
                with os_errors(files[0].source):
                    await run_task(await self.transfer_client(), data, f"copying {files[0].source}")
        except BaseException:
            for each in staged:  # the task may have begun, or completed, some of them
                await run_to_end(each.remove)
            raise
        finally:
            for copy in files:
                self.invalidate_cache(copy.target)
        for each in staged:
            await self.complete(each)

    async def _mv_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        await self._mv(path1, path2)

    async def _mv(
        self,
        path1: str | list[str],
        path2: str | list[str],
        recursive: bool = False,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None:
        if maxdepth is not None:
            raise NotImplementedError("mv moves whole directories: copy with maxdepth, then remove")
        if isinstance(path2, list):
            moves = [_Copy(*map(self._strip_protocol, pair)) for pair in zip(path1, path2, strict=True)]
        else:
            moves = await self._plan_moves(path1, os.fspath(path2))
        for move in moves:
            await self._move(move)

    mv: Any = sync_wrapper(_mv)

    async def _plan_moves(self, path1: str | list[str], path2: str) -> list[_Copy]:
        sources = await self._expand_path(path1 if isinstance(path1, list) else os.fspath(path1))
        into = path2.endswith("/") or len(sources) > 1
        target = self._strip_protocol(path2)
        if into or (target not in sources and await self._isdir(target)):
            return [_Copy(source, f"{target}/{source.rpartition('/')[2]}") for source in sources]
        return [_Copy(source, target) for source in sources]

    async def _move(self, move: _Copy) -> None:
        self.refuse_root(move.source)
        info = await self._info(move.source)
        if move.source == move.target:
            return
        is_directory = info["type"] == "directory"
        source_id, source = self.split_path(move.source)
        target_id, target = self.split_path(move.target)
        if source_id != target_id:
            await self._copy(move.source, move.target, recursive=is_directory, on_error="raise")
            await self._rm(move.source, recursive=is_directory)
            return
        await self.ensure_parent(move.target)
        try:
            if is_directory:
                with os_errors(move.target):
                    await rename(await self.transfer_client(), source_id, source, target)
                self.discard_known_directories()
            else:
                await StagedFile(self, move.target, move.source).rename()
        finally:
            self.invalidate_cache(move.source)
            self.invalidate_cache(move.target)
