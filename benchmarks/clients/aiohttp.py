"""aiohttp: the reference of most questions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp

from benchmarks.clients import COLLECTION, Target
from benchmarks.clients.bare import HEADERS, BareClient, tls_context

LIBRARIES = ("aiohttp", "orjson")


class _Client(BareClient):
    def __init__(self, target: Target, session: aiohttp.ClientSession) -> None:
        super().__init__(target)
        self._session = session

    async def get(self, path: str) -> bytes:
        async with self._session.get(self.url + path) as response:
            if response.status != 200:
                raise ValueError(response.status)
            return await response.read()

    async def download(self, size: int) -> int:
        """Read the document of a directory as it arrives."""
        path = f"/v0.10/operation/endpoint/{COLLECTION}/ls?path=%2F{size}%2F"
        async with self._session.get(self.url + path) as response:
            return sum([len(chunk) async for chunk in response.content.iter_any()])


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[_Client]:
    """Return a client for a server."""
    connector = aiohttp.TCPConnector(limit=target.connections, ssl=tls_context(target) or True)
    async with aiohttp.ClientSession(headers=HEADERS, connector=connector) as session:
        yield _Client(target, session)
