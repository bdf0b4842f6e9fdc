"""Removing files over HTTPS, and trees by delete tasks that are waited for."""

from __future__ import annotations

import errno
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from fsspec.asyn import sync_wrapper

from .._concurrency.tasks import all_of
from ..services.transfer.data import DeleteData
from .os_errors import os_errors
from .task_runs import run_task
from .writing import WriteMethods

__all__ = ("RemoveMethods",)

_MAX_SINGLE_DELETES: Final = 16
"""More files are removed by a task."""


class RemoveMethods(WriteMethods):
    """Removing files and directories."""

    async def _rm_file(self, path: str, **kwargs: Any) -> None:
        path = self._strip_protocol(path)
        self.refuse_root(path)
        try:
            with os_errors(path):
                await self.delete_file(*self.split_path(path))
        finally:
            self.invalidate_cache(path)

    async def _rm(
        self,
        path: str | list[str],
        recursive: bool = False,
        batch_size: int | None = None,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None:
        is_partial = recursive and maxdepth is not None
        files = await self._expand_path(path, recursive=is_partial, maxdepth=maxdepth)
        directories: list[str] = []
        for each in files:
            self.refuse_root(each)
        if recursive:
            kinds = {each: (await self._info(each))["type"] for each in files}
            files = [each for each in files if kinds[each] != "directory"]
            # below the depth a directory may have entries that stay
            directories = [] if is_partial else [each for each in kinds if kinds[each] == "directory"]
        if len(files) > _MAX_SINGLE_DELETES:
            directories += files
        elif files:
            await all_of(self._rm_file(each) for each in files)
        if directories:
            await self._remove_by_task(directories)

    async def _rmdir(self, path: str) -> None:
        path = self._strip_protocol(path)
        self.refuse_root(path)
        self.invalidate_cache(path)
        if (await self._info(path))["type"] != "directory":
            raise NotADirectoryError(f"not a directory: {path}")
        if await self._ls(path, detail=False):
            raise OSError(errno.ENOTEMPTY, "the directory is not empty", path)
        await self._remove_by_task([path])

    rmdir: Any = sync_wrapper(_rmdir)

    def refuse_root(self, path: str) -> None:
        """Refuse to remove or move a whole collection."""
        if self.split_path(path)[1].strip("/") in {"", "~"}:
            raise PermissionError(f"{path}: a whole collection is not removed; name what is in it")

    async def _remove_by_task(self, paths: Iterable[str]) -> None:
        """Remove files and trees by one task for each collection."""
        items: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            collection_id, inner = self.split_path(path)
            items[collection_id].append(inner)
        try:
            for collection_id, inners in items.items():
                data = DeleteData(collection_id, items=inners, recursive=True, notify_on_succeeded=False)
                with os_errors(inners[0]):
                    await run_task(await self.transfer_client(), data, f"removing {inners[0]}")
        finally:
            self.discard_known_directories()
            for path in paths:
                self.invalidate_cache(path)
