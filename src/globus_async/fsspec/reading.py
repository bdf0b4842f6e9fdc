"""Reading files over HTTPS."""

from __future__ import annotations

from typing import Any

from .listing import ListingMethods
from .os_errors import os_errors
from .paths import strip_protocol

__all__ = ("ReadMethods",)


class ReadMethods(ListingMethods):
    """Reading files."""

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        path = strip_protocol(path)
        collection_id, inner = self.split_path(path)
        with os_errors(path):
            client = await self.files_client(collection_id)
            size = await client.size(inner) if (start or 0) < 0 or (end or 0) < 0 else None
            first, last, _ = slice(start, end).indices(size) if size is not None else (start or 0, end, 1)
            if last is not None and last <= first:
                return b""
            return await client.read(inner, start=first, end=last)
