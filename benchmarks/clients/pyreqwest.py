"""pyreqwest: an HTTP client in Rust."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from pyreqwest.client import Client, ClientBuilder

from benchmarks.clients import Target
from benchmarks.clients.bare import HEADERS, BareClient

LIBRARIES = ("pyreqwest", "orjson")


class _Client(BareClient):
    def __init__(self, target: Target, client: Client) -> None:
        super().__init__(target)
        self._client = client

    async def get(self, path: str) -> memoryview:
        response = await self._client.get(self.url + path).build().send()
        if response.status != 200:
            raise ValueError(response.status)
        return memoryview(await response.bytes())


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[_Client]:
    """Return a client for a server."""
    builder = ClientBuilder().default_headers(HEADERS).max_connections(target.connections)
    builder = builder.pool_max_idle_per_host(target.connections)
    if target.is_tls:
        builder = builder.add_root_certificate_pem(Path(target.certificate).read_bytes())  # noqa: ASYNC240 -- once
    async with builder.build() as client:
        yield _Client(target, client)
