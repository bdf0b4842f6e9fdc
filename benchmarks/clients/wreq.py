"""wreq: an HTTP client in Rust."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import wreq

from benchmarks.clients import Target
from benchmarks.clients.bare import HEADERS, BareClient

LIBRARIES = ("wreq", "orjson")


class _Client(BareClient):
    def __init__(self, target: Target, client: wreq.Client) -> None:
        super().__init__(target)
        self._client = client

    async def get(self, path: str) -> memoryview:
        async with self._client.get(self.url + path) as response:
            if response.status.as_int() != 200:
                raise ValueError(response.status)
            return await response.bytes()


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[_Client]:
    """Return a client for a server."""
    client = wreq.Client(
        headers=HEADERS,
        http1_only=True,
        pool_max_size=target.connections,
        pool_max_idle_per_host=target.connections,
        tls_verify=Path(target.certificate) if target.is_tls else True,
    )
    yield _Client(target, client)
    client.close()
