"""globus_async, with `bulk` for concurrent calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager

from benchmarks.clients import Target, ours
from globus_async import bulk

LIBRARIES = ours.LIBRARIES


class _Client(ours.OurClient):
    async def endpoints(self, endpoint_ids: Iterator[str], in_flight: int) -> int:
        """Fetch through `bulk`."""
        found = 0
        async with bulk(self.client.get_endpoint, endpoint_ids, concurrency=in_flight) as outcomes:
            async for outcome in outcomes:
                found += bool(outcome.value["display_name"])
        return found


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[_Client]:
    """Return a client for a server."""
    async with ours.connect(target) as client:
        yield _Client(client.client)
