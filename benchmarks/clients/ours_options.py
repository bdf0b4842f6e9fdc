"""globus_async with a copy of the client for each call, which `with_options` makes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.clients import Target, ours
from benchmarks.clients.ours import OurClient

LIBRARIES = ours.LIBRARIES


class CopyingClient(OurClient):
    """Calls through copies with a timeout."""

    async def endpoint(self, endpoint_id: str) -> str:
        """Fetch a collection's document; return its name."""
        copy = OurClient(self.client.with_options(timeout=60))
        return await copy.endpoint(endpoint_id)


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[OurClient]:
    """Return a client for a server."""
    async with ours.connect(target) as client:
        yield CopyingClient(client.client)
