"""The HTTP libraries alone as clients: aiohttp, and httpx on its own connection pool."""

from __future__ import annotations

import asyncio
import importlib.metadata
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from benchmarks.worker import ids, measured, serve

HEADERS = {"Authorization": "Bearer AgBenchmarkToken"}
Get = Callable[[str], Awaitable[Any]]


async def with_aiohttp(work: Callable[[Get], Awaitable[dict[str, Any]]], connections: int) -> dict[str, Any]:
    """Run a benchmark with an aiohttp session."""
    import aiohttp  # noqa: PLC0415 -- each process loads what it measures

    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(headers=HEADERS, connector=connector) as session:

        async def get(url: str) -> Any:
            async with session.get(url) as response:
                return await response.json()

        return await work(get)


async def with_httpx(work: Callable[[Get], Awaitable[dict[str, Any]]], connections: int) -> dict[str, Any]:
    """Run a benchmark with an httpx client."""
    import httpx  # noqa: PLC0415 -- each process loads what it measures

    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with httpx.AsyncClient(headers=HEADERS, limits=limits, timeout=60) as client:

        async def get(url: str) -> Any:
            return (await client.get(url)).json()

        return await work(get)


def urls(port: int, count: int) -> Iterator[str]:
    """Yield the URLs of endpoints."""
    return (f"http://127.0.0.1:{port}/v0.10/endpoint/{endpoint_id}" for endpoint_id in ids(count))


async def by_workers(get: Get, addresses: Iterator[str], workers: int) -> None:
    """Fetch all URLs, a number of them concurrently."""

    async def fetch() -> None:
        for url in addresses:
            assert (await get(url))["display_name"]

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(fetch())


class Bare:
    """The benchmarks, with one of the libraries."""

    def __init__(self, library: str) -> None:
        self._with = {"aiohttp": with_aiohttp, "httpx": with_httpx}[library]

    def sequential(self, ports: dict[str, int], *, calls: int) -> dict[str, Any]:
        """Fetch one endpoint after the other."""

        async def work(get: Get) -> dict[str, Any]:
            await by_workers(get, urls(ports["0.0"], 1), 1)
            with measured() as result:
                for url in urls(ports["0.0"], calls):
                    assert (await get(url))["display_name"]
            return result

        return asyncio.run(self._with(work, 1))

    def bulk(self, ports: dict[str, int], *, calls: int, in_flight: int) -> dict[str, Any]:
        """Fetch many endpoints, a number of them concurrently."""

        async def work(get: Get) -> dict[str, Any]:
            await by_workers(get, urls(ports["0.05"], 2 * in_flight), in_flight)
            with measured() as result:
                await by_workers(get, urls(ports["0.05"], calls), in_flight)
            return result

        return asyncio.run(self._with(work, in_flight))

    def paging(self, ports: dict[str, int], *, pages: int) -> dict[str, Any]:
        """Read a long listing page by page."""

        async def work(get: Get) -> dict[str, Any]:
            await by_workers(get, urls(ports["0.1"], 1), 1)
            with measured() as result:
                for number in range(pages):
                    url = f"http://127.0.0.1:{ports['0.1']}/v0.10/task_list?limit=1000&offset={1000 * number}"
                    assert len((await get(url))["DATA"]) == 1000
            return result

        return asyncio.run(self._with(work, 1))


if __name__ == "__main__":
    bare = Bare(sys.argv[1])
    works: dict[str, Callable[..., dict[str, Any]]] = {
        "sequential": bare.sequential,
        "bulk": bare.bulk,
        "paging": bare.paging,
    }
    serve(works, {sys.argv[1]: importlib.metadata.version(sys.argv[1])})
