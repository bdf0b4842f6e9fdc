"""
The clients that are compared, one module for each, named after its library.

Each module has ``LIBRARIES``, whose versions are reported, and ``connect``, an asynchronous context manager that
returns a `Client` for a `Target`. It imports nothing but its own library, so that a process loads what it measures.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ("COLLECTION", "TOKEN", "Client", "Target", "ids")

COLLECTION = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"
TOKEN = "AgBenchmarkToken"  # noqa: S105 -- the server accepts any


def ids(count: int) -> Iterator[str]:
    """Yield UUIDs, all different, so that no client gains from caching a parsed URL."""
    for number in range(count):
        yield f"ddb59aef-6d04-11e5-ba46-{number:012x}"


@dataclass(frozen=True)
class Target:
    """
    The server of a benchmark.

    Attributes:
        url: Scheme, host and port.
        certificate: The file of the certificate authority, used with ``https``.
        connections: Maximum number of connections.
    """

    url: str
    certificate: str
    connections: int

    @property
    def is_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.url.startswith("https:")


class Client(ABC):
    """The calls that every client can make."""

    @abstractmethod
    async def endpoint(self, endpoint_id: str) -> str:
        """Fetch a collection's document; return its name."""

    @abstractmethod
    async def listing(self, size: int) -> int:
        """List the directory whose document has about ``size`` bytes; return the number of entries."""

    @abstractmethod
    async def tasks(self, pages: int) -> int:
        """Read pages of 1,000 tasks one after the other; return the number of tasks."""

    async def download(self, size: int) -> int:
        """Read a body of about ``size`` bytes as it arrives; return its size. Few clients are compared in that."""
        raise TypeError(f"{type(self).__name__} does not stream {size} bytes")

    async def endpoints(self, endpoint_ids: Iterator[str], in_flight: int) -> int:
        """Fetch collections, a number of them concurrently; return how many have a name."""
        found = 0

        async def fetch() -> None:
            nonlocal found
            for endpoint_id in endpoint_ids:
                name = await self.endpoint(endpoint_id)
                found += bool(name)

        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(fetch())
        return found
