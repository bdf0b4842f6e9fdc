"""
A TCP (or TLS) server that plays a script, byte by byte, and records the requests.

A script is a sequence of steps, played once a request has been read. Scripts are taken from a list, one per request,
the last one for all further requests; or returned by a function of the request::

    async with RawServer([[Send(ok(b"{}"))], [Rst()]]) as server:
        ...  # server.url, server.requests, server.connections, server.events
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import ssl
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

import trustme

__all__ = (
    "Drip",
    "Event",
    "Fin",
    "HalfClose",
    "RawServer",
    "ReadBody",
    "Received",
    "Rst",
    "Script",
    "Send",
    "Sleep",
    "Stall",
    "Step",
    "Tunnel",
    "ok",
    "reply",
    "server_tls",
)


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes at once."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Drip:
    """Send these bytes in small pieces with a gap between them."""

    data: bytes
    gap: float
    size: int = 1


@dataclass(frozen=True, slots=True)
class ReadBody:
    """Read the body of the request, with ``read_head_only``."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Stall:
    """Send nothing more until the server is closed."""


@dataclass(frozen=True, slots=True)
class Fin:
    """Close the connection in an orderly way (FIN; over TLS with a close_notify)."""


@dataclass(frozen=True, slots=True)
class Rst:
    """Reset the connection (RST)."""


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Close the sending side, and continue to read; over TLS without a close_notify."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """Accept a ``CONNECT`` and forward all bytes to an address, until either side ends."""

    host: str
    port: int
    after: bytes = b""
    """Bytes to send in the same piece as the acceptance."""


Step = Send | Drip | ReadBody | Sleep | Stall | Fin | Rst | HalfClose | Tunnel
Script = Sequence[Step]


@dataclass(frozen=True, slots=True)
class Received:
    """A request."""

    connection: int
    """The number of its connection; the first is 1."""
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order they were sent."""
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of that name."""
        return next((value for key, value in self.headers if key == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Event:
    """An event, in the order of `RawServer.events`."""

    connection: int
    what: str


def reply(
    status: int = 200,
    body: bytes = b"",
    *,
    headers: Iterable[tuple[str, str]] = (),
    content_type: str | None = "application/json",
    reason: str = "Whatever",
) -> bytes:
    """Return a complete response, framed by its ``Content-Length``."""
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    lines += (f"{name}: {value}" for name, value in headers)
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def ok(body: bytes = b"{}") -> bytes:
    """Return a JSON response with status 200."""
    return reply(200, body, reason="OK")


def server_tls(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """Return a server's TLS context with a certificate for the names, by default ``localhost`` and ``127.0.0.1``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("localhost", "127.0.0.1"))).configure_cert(context)
    return context


@dataclass(eq=False)
class RawServer:
    """The server: `async with` it, read `url`, `requests`, `connections`, `open`, `most_open` and `events`."""

    scripts: Sequence[Script] | Callable[[Received], Script]
    on_accept: Script = ()
    """Steps played before anything is read from a new connection."""
    tls: ssl.SSLContext | None = None
    read_head_only: bool = False
    """Play the script as soon as the head has arrived, with the body unread."""
    requests: list[Received] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    most_open: int = 0
    port: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    """Its own tasks, one for each connection."""
    tunnels: list[asyncio.StreamWriter] = field(default_factory=list)
    """The client's sides of the open tunnels."""
    _server: asyncio.Server | None = None
    _waiting: dict[asyncio.StreamWriter, asyncio.StreamReader] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The base URL, with a trailing slash."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", 0, ssl=self.tls, limit=1 << 20, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)

    async def wait_for_requests(self, count: int) -> None:
        """Wait, for a second at most, until that many requests have been read."""
        async with asyncio.timeout(1):
            while len(self.requests) < count:  # noqa: ASYNC110 -- tests wait, and nothing else does
                await asyncio.sleep(0)

    async def until_closed(self) -> None:
        """Wait, for a second at most, until no connection is open."""
        async with asyncio.timeout(1):
            while self.open:  # noqa: ASYNC110 -- tests wait, and nothing else does
                await asyncio.sleep(0.001)

    def idle(self) -> list[asyncio.StreamWriter]:
        """Return the open connections on which nothing has arrived since the last response was sent, or ever."""
        return [
            writer
            for writer, reader in self._waiting.items()
            if not reader._buffer and not writer.is_closing() and not _readable(writer)  # type: ignore[attr-defined]
        ]

    def _script_for(self, request: Received) -> Script:
        if callable(self.scripts):
            return self.scripts(request)
        return self.scripts[min(len(self.requests), len(self.scripts)) - 1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        connection = self.connections
        self.events.append(Event(connection, "accepted"))
        try:
            await self._serve(connection, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the server is being closed: both are ends of a connection
        finally:
            self.open -= 1
            self.events.append(Event(connection, "ended"))
            writer.transport.abort()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()  # or its error would be reported as never retrieved
            self.tasks.discard(task)

    async def _serve(self, connection: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        going = await self._play(connection, self.on_accept, reader, writer)
        while going:
            self._waiting[writer] = reader
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            finally:
                del self._waiting[writer]
            request = await self._read(connection, head, reader)
            self.requests.append(request)
            self.events.append(Event(connection, f"{request.method} {request.target}"))
            going = await self._play(connection, self._script_for(request), reader, writer)

    async def _read(self, connection: int, head: bytes, reader: asyncio.StreamReader) -> Received:
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = tuple(
            (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines if line)
        )
        fields = dict(headers)
        body = b""
        if not self.read_head_only:
            if "chunked" in fields.get("transfer-encoding", ""):
                body = await _chunks(reader)
            else:
                body = await reader.readexactly(int(fields.get("content-length", "0")))
        return Received(connection, method, target, headers, head, body)

    async def _play(
        self, connection: int, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Play the steps; return false when the connection has ended."""
        for step in script:
            match step:
                case Send(data):
                    for start in range(0, len(data), 1 << 16):
                        writer.write(data[start : start + (1 << 16)])
                        await writer.drain()
                case Drip(data, gap, size):
                    for start in range(0, len(data), size):
                        writer.write(data[start : start + size])
                        await writer.drain()
                        await asyncio.sleep(gap)
                case ReadBody():
                    await reader.readexactly(int(self.requests[-1].header("content-length") or "0"))
                case Sleep(seconds):
                    await asyncio.sleep(seconds)
                case Stall():
                    await asyncio.get_running_loop().create_future()
                case HalfClose() if self.tls is not None:
                    writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
                case HalfClose():
                    writer.write_eof()
                case Fin() | Rst() | Tunnel():
                    await self._end(connection, step, reader, writer)
                    return False
        return True

    async def _end(
        self, connection: int, step: Fin | Rst | Tunnel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        match step:
            case Fin():
                self.events.append(Event(connection, "fin"))
                writer.close()
                with contextlib.suppress(OSError, ssl.SSLError):
                    await writer.wait_closed()
            case Rst():
                self.events.append(Event(connection, "rst"))
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            case Tunnel():
                self.tunnels.append(writer)
                try:
                    await _tunnel(reader, writer, step)
                finally:
                    self.tunnels.remove(writer)


def _readable(writer: asyncio.StreamWriter) -> bool:
    poll = select.poll()
    poll.register(writer.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\n")).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return body


async def _tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tunnel: Tunnel) -> None:
    far_reader, far_writer = await asyncio.open_connection(tunnel.host, tunnel.port)

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(1 << 16):
                sink.write(data)
                await sink.drain()
        sink.close()

    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n" + tunnel.after)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(pass_on(reader, far_writer))
            group.create_task(pass_on(far_reader, writer))
    finally:
        far_writer.transport.abort()
