"""Downloading files: to a temporary name, continued after lost connections, and renamed when they are complete."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio.to_thread
from fsspec.callbacks import DEFAULT_CALLBACK, Callback
from fsspec.utils import isfilelike

from ..services.files.errors import FileChanged
from .access import CollectionAccess
from .os_errors import os_errors
from .progress import reporter

__all__ = ("GetMethods",)

_MIN_CONTINUED: Final = 16 * 1024 * 1024
"""Downloads of larger files are continued by the next call, for which their time is requested before and after."""


class GetMethods(CollectionAccess):
    """Downloading files."""

    async def _get_file(self, rpath: str, lpath: Any, callback: Callback = DEFAULT_CALLBACK, **kwargs: Any) -> None:
        rpath = self._strip_protocol(rpath)
        info = await self._info(rpath)
        if isfilelike(lpath):
            await self._get_to_object(rpath, lpath, callback)
        elif info["type"] == "directory":
            await anyio.to_thread.run_sync(partial(os.makedirs, lpath, exist_ok=True))
        else:
            target = Path(lpath)
            await anyio.to_thread.run_sync(partial(target.parent.mkdir, parents=True, exist_ok=True))
            try:
                await self._download(rpath, target, info["size"], callback)
            except OSError as error:
                if not isinstance(error.__cause__, FileChanged):
                    raise
                self.invalidate_cache(rpath)  # it changed since it was listed
                await self._download(rpath, target, (await self._info(rpath))["size"], callback)

    async def _get_to_object(self, rpath: str, target: Any, callback: Callback) -> None:
        collection_id, inner = self.split_path(rpath)
        with os_errors(rpath):
            client = await self.files_client(collection_id)
            async with client.stream_file(inner) as content:
                callback.set_size(content.size)
                async for chunk in content:
                    await anyio.to_thread.run_sync(target.write, chunk)
                    callback.relative_update(len(chunk))

    async def _download(self, rpath: str, target: Path, size: int | None, callback: Callback) -> None:
        collection_id, inner = self.split_path(rpath)
        transfer_client = None
        if size is None or size > _MIN_CONTINUED:
            transfer_client = await self.transfer_client()
        with os_errors(rpath):
            client = await self.files_client(collection_id)
            await client.download(
                inner, target, transfer_client=transfer_client, size=size, progress=reporter(callback)
            )
