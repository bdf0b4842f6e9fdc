"""aiohttp: the reference of most questions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp

from benchmarks.clients import Target
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


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[_Client]:
    """Return a client for a server."""
    connector = aiohttp.TCPConnector(limit=target.connections, ssl=tls_context(target) or True)
    async with aiohttp.ClientSession(headers=HEADERS, connector=connector) as session:
        yield _Client(target, session)
