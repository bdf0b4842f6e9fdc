"""globus_async, without its rate limit."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.clients import COLLECTION, TOKEN, Client, Target
from globus_async import AccessTokenAuthorizer, Observer, TransferClient, Transport

LIBRARIES = ("globus-async",)


class OurClient(Client):
    """The calls of every client, with the methods of `TransferClient`."""

    def __init__(self, client: TransferClient) -> None:
        self.client = client

    async def endpoint(self, endpoint_id: str) -> str:
        """Fetch a collection's document; return its name."""
        name: str = (await self.client.get_endpoint(endpoint_id))["display_name"]
        return name

    async def listing(self, size: int) -> int:
        """List a directory."""
        return len(await self.client.operation_ls(COLLECTION, f"/{size}/"))

    async def download(self, size: int) -> int:
        """Read the document of a directory as it arrives."""
        path = f"/v0.10/operation/endpoint/{COLLECTION}/ls"
        async with self.client.stream("GET", path, params={"path": f"/{size}/"}) as response:
            return sum([len(chunk) async for chunk in response])

    async def tasks(self, pages: int) -> int:
        """Read pages of tasks."""
        return sum([len(page) async for page in self.client.task_list(num_results=1000 * pages).pages()])


@asynccontextmanager
async def connect(target: Target, observer: Observer | None = None) -> AsyncGenerator[OurClient]:
    """Return a client for a server."""
    transport = Transport(
        max_in_flight=target.connections,
        ca_bundle=target.certificate if target.is_tls else None,
        observer=observer,
    )
    async with (
        transport,
        TransferClient(
            base_url=f"{target.url}/",
            authorizer=AccessTokenAuthorizer(TOKEN),
            rate_limit=None,
            transport=transport,
        ) as client,
    ):
        yield OurClient(client)
