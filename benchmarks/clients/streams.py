"""asyncio's streams and the least that reads a response: not a client to use, but the floor below all others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from benchmarks.clients import Target
from benchmarks.clients.bare import HEADERS, BareClient, tls_context

LIBRARIES = ("orjson",)

_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n")
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Client(BareClient):
    def __init__(self, target: Target) -> None:
        super().__init__(target)
        parts = urlsplit(target.url)
        self._address = (parts.hostname, parts.port)
        self._tls = tls_context(target)
        self.idle: list[_Connection] = []
        lines = {"Host": parts.netloc, **HEADERS}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    async def get(self, path: str) -> bytes:
        reader, writer = self.idle.pop() if self.idle else await self._open()
        writer.write(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200 ") or length is None:
            raise ValueError(head)
        body = await reader.readexactly(int(length[1]))
        self.idle.append((reader, writer))
        return body

    async def _open(self) -> _Connection:
        host, port = self._address
        return await asyncio.open_connection(host, port, ssl=self._tls)


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[_Client]:
    """Return a client for a server."""
    client = _Client(target)
    yield client
    for _, writer in client.idle:
        writer.close()
    for _, writer in client.idle:
        await writer.wait_closed()
