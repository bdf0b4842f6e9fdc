"""Downloading files: to a temporary name, continued after lost connections, and renamed when they are complete."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio.to_thread
from fsspec.callbacks import DEFAULT_CALLBACK, Callback
from fsspec.utils import isfilelike

from .access import CollectionAccess
from .os_errors import os_errors
from .progress import reporter

__all__ = ("GetMethods",)

_MAX_SMALL: Final = 16 * 1024 * 1024
"""A download of a larger file is continued by the next call, for which its time is requested before and after."""


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
            await self._download(rpath, target, is_large=(info["size"] or 0) > _MAX_SMALL, callback=callback)

    async def _get_to_object(self, rpath: str, target: Any, callback: Callback) -> None:
        collection_id, inner = self.split_path(rpath)
        with os_errors(rpath):
            client = await self.files_client(collection_id)
            async with client.stream_file(inner) as content:
                callback.set_size(content.size)
                async for chunk in content:
                    await anyio.to_thread.run_sync(target.write, chunk)
                    callback.relative_update(len(chunk))

    async def _download(self, rpath: str, target: Path, *, is_large: bool, callback: Callback) -> None:
        collection_id, inner = self.split_path(rpath)
        # the size in a listing may be that of an earlier version, of which the file would be a part
        transfer_client = await self.transfer_client() if is_large and not self.recipe.anonymous else None
        with os_errors(rpath):
            client = await self.files_client(collection_id)
            await client.download(inner, target, transfer_client=transfer_client, progress=reporter(callback))
