"""httpx, on its own connection pool."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from benchmarks.clients import Target
from benchmarks.clients.bare import HEADERS, BareClient, tls_context

LIBRARIES = ("httpx", "orjson")


class _Client(BareClient):
    def __init__(self, target: Target, client: httpx.AsyncClient) -> None:
        super().__init__(target)
        self._client = client

    async def get(self, path: str) -> bytes:
        response = await self._client.get(self.url + path)
        if response.status_code != 200:
            raise ValueError(response.status_code)
        return response.content


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[_Client]:
    """Return a client for a server."""
    limits = httpx.Limits(max_connections=target.connections, max_keepalive_connections=target.connections)
    verify = tls_context(target) or True
    async with httpx.AsyncClient(headers=HEADERS, limits=limits, timeout=60, verify=verify) as client:
        yield _Client(target, client)
