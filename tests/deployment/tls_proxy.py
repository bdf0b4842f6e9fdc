"""
A proxy in a process of its own, which ends TLS and removes a path, as nginx or Caddy do.

It keeps connections open on both sides. If a worker ends before it responds, a GET is repeated on another connection,
and so is any request of which nothing was sent; the connection of the browser is cut otherwise.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from tests.deployment.commanded import obey

__all__ = ("PATH", "PROGRAM")

PROGRAM = "tests.deployment.tls_proxy"
PATH = "/portal"
_PAUSE = 0.02
_MAX_SECONDS = 15.0
"""How long a request is repeated, while no worker accepts connections."""
_MAX_HEAD = 8192
_GONE = (OSError, EOFError)

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Head:
    """The first line of a message and its headers."""

    lines: list[bytes]

    @classmethod
    async def read(cls, reader: asyncio.StreamReader) -> Head:
        text = await reader.readuntil(b"\r\n\r\n")
        return cls(text[:-4].split(b"\r\n"))

    def get(self, name: bytes) -> bytes:
        prefix = name + b":"
        return next((line[len(prefix) :].strip() for line in self.lines if line.lower().startswith(prefix)), b"")

    def dump(self) -> bytes:
        return b"\r\n".join(self.lines) + b"\r\n\r\n"


@dataclass
class Proxy:
    """
    The proxy.

    Attributes:
        socket_path: The socket of the application.
    """

    socket_path: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    idle: list[Stream] = field(default_factory=list)

    def point_to(self, socket_path: str) -> None:
        """Send requests to another application from now on."""
        self.socket_path = socket_path
        while self.idle:
            self.idle.pop()[1].close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection of a browser."""
        with suppress(*_GONE):
            while await self._pass_on(reader, writer):
                pass
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve a request; return whether the connection can serve another one."""
        head = await Head.read(reader)
        body = await reader.readexactly(int(head.get(b"content-length") or b"0"))
        method, target, version = head.lines[0].split(b" ")
        if not target.startswith(f"{PATH}/".encode()):
            writer.write(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")
            return True
        head.lines[0] = b" ".join((method, target[len(PATH) :], version))
        stream, response = await self._respond(head.dump() + body, is_repeatable=method == b"GET")
        upstream, its_writer = stream
        try:
            writer.write(response.dump())
            if response.get(b"transfer-encoding"):
                await _copy_chunks(upstream, writer)
            else:
                writer.write(await upstream.readexactly(int(response.get(b"content-length") or b"0")))
            await writer.drain()
        except BaseException:
            its_writer.close()
            raise
        if response.get(b"connection").lower() == b"close":
            its_writer.close()
        else:
            self.idle.append(stream)
        return True

    async def _respond(self, request: bytes, *, is_repeatable: bool) -> tuple[Stream, Head]:
        """Send a request to a worker, again if that is safe; return the connection and the head of the response."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _MAX_SECONDS
        while True:
            is_sent = False
            stream: Stream | None = None
            try:
                stream = await self._connect()
                stream[1].write(request)
                is_sent = True
                await stream[1].drain()
                return stream, await Head.read(stream[0])
            except _GONE:
                if stream is not None:
                    stream[1].close()
                if loop.time() > deadline or (is_sent and not is_repeatable):
                    self.counts["cut"] += 1
                    raise
                self.counts["repeats"] += 1
                if not is_sent:
                    await asyncio.sleep(_PAUSE)
            except BaseException:
                if stream is not None:
                    stream[1].close()
                raise

    async def _connect(self) -> Stream:
        while self.idle:
            reader, writer = self.idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_unix_connection(self.socket_path)


async def _copy_chunks(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while True:
        line = await source.readuntil(b"\r\n")
        length = int(line, 16)
        target.write(line + await source.readexactly(length + 2))
        await target.drain()
        if length == 0:
            return


async def main(certificate: str) -> None:
    """Serve until the input ends."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    proxy = Proxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=context, limit=_MAX_HEAD, backlog=1000)
    port: int = server.sockets[0].getsockname()[1]
    await obey({"port": lambda: port, "point_to": proxy.point_to, "counts": lambda: dict(proxy.counts)})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
