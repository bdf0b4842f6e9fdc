"""
The pool of connections: aiohttp's, without connections on which anything unrequested was received.

HTTP/1.1 assigns responses to requests by their order alone. If a server or a proxy sends a response that was not
requested (a late 408, the same response twice), every further response on that connection belongs to the request
before it. So a connection is used again only if all that it received is exactly the response to its last request, and
nothing can be read from it when it is taken.
"""

from __future__ import annotations

import asyncio
import select
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from aiohttp.hdrs import CONTENT_LENGTH, TRANSFER_ENCODING

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

__all__ = ("Connector", "DamagedBodyError", "PooledProtocol", "Request", "Session", "UnsolicitedDataError")

_MAX_TURNS: Final = 16  # of the loop
_HEAD_END: Final = b"\r\n\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"  # of five bytes
_POLLIN: Final = getattr(select, "POLLIN", 0)
_TCP: Final = socket.IPPROTO_TCP
_TCP_INFO: Final = getattr(socket, "TCP_INFO", 0)
_BYTES_RECEIVED: Final = slice(128, 136)  # in Linux's struct tcp_info


class UnsolicitedDataError(aiohttp.ClientConnectionError):
    """A new connection was closed, or received something, before a request was sent over it."""


class DamagedBodyError(aiohttp.ClientPayloadError):
    """The body of a response is not valid HTTP, such as a chunk without a valid size."""


class _Select:
    """``select.poll`` for one socket, on systems without it."""

    def register(self, descriptor: int, _: int) -> None:
        self._descriptor = descriptor

    def poll(self, timeout: float) -> list[Any]:
        return select.select([self._descriptor], (), (), timeout)[0]


class PooledProtocol(asyncio.Protocol):
    """
    The protocol of a connection, between its socket (or TLS) and aiohttp's protocol.

    Bytes that arrive while no request is outstanding abort the connection. The others are counted and passed on.

    Args:
        transport: The connection.
        protocol: Its protocol, of aiohttp.
    """

    __slots__ = (
        "_early",
        "_expected",
        "_getsockopt",
        "_head",
        "_head_length",
        "_idle",
        "_payload",
        "_poll",
        "_protocol",
        "_received",
        "_tail",
        "_total",
        "_transport",
        "_written",
        "is_new",
    )

    def __init__(self, transport: asyncio.Transport, protocol: ResponseHandler) -> None:
        self._transport = transport
        self._protocol = protocol
        self._payload: aiohttp.StreamReader | None = None
        kernel = transport.get_extra_info("socket")
        poll = select.poll() if hasattr(select, "poll") else _Select()
        poll.register(kernel.fileno(), _POLLIN)
        self._poll = poll.poll
        self._getsockopt: Callable[[int, int, int], bytes] = kernel.getsockopt
        # half a TLS record may lie in TLS's buffers, where only Linux tells of it; without TLS there are none
        counts = sys.platform == "linux" and transport.get_extra_info("sslcontext") is not None
        self._total = b"" if counts else None
        self._idle = self.is_new = True
        self._early = self._written = False
        self._expected: int | None = None
        self._received = 0
        self._head_length: int = 0
        self._head: bytes = b""
        self._tail: bytes = b""

    async def read_handshake(self) -> None:
        """Let the loop read what follows a TLS handshake, such as session tickets."""
        for _ in range(_MAX_TURNS):
            if self._transport.is_closing() or not self._poll(0):
                break
            await asyncio.sleep(0)

    def is_closing(self) -> bool:
        """Return whether the connection is closed or being closed."""
        return self._transport.is_closing()

    def is_quiet(self) -> bool:
        """Return whether the connection is open, has no request outstanding, and received nothing else."""
        return (
            self._idle
            and not self._transport.is_closing()
            and not self._poll(0)  # bytes, an end of file, or an error that the loop has not read yet
            and (self.is_new or self._total is None or self._total == self._total_received())
        )

    def _total_received(self) -> bytes:
        """Return ``tcpi_bytes_received``: the number of bytes that have arrived at the socket, read or not."""
        return self._getsockopt(_TCP, _TCP_INFO, _BYTES_RECEIVED.stop)[_BYTES_RECEIVED]

    def begin(self, *, written: bool) -> None:
        """Begin a request, immediately before its first byte is written; `written`: it is written at once."""
        self._written = written
        self._early = self._idle = self.is_new = False
        self._received = 0
        self._head_length = 0

    def end_of_request(self) -> None:
        """Note that the whole request has been written; a response that arrives earlier is the connection's last."""
        self._written = True

    def expect(self, response: aiohttp.ClientResponse, method: str) -> None:
        """Close the connection after this response unless it receives exactly that."""
        headers = response.headers
        self._payload = response.content
        if method == "HEAD" or response.status in {204, 304}:
            self._expected = 0
        elif CONTENT_LENGTH in headers:
            self._expected = int(headers[CONTENT_LENGTH])
        else:
            self._expected = None
        if self._expected is not None or TRANSFER_ENCODING in headers:
            response.content.on_eof(self._end_of_response)
        else:
            response.content.on_eof(self.abort)
        if self._protocol.exception() is not None:  # the damage arrived with the head
            self._end_damaged_body()

    def _end_damaged_body(self) -> None:
        """End a body that is incomplete, whose further bytes aiohttp's parser refuses; aiohttp tells only itself."""
        body = self._payload
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(DamagedBodyError("the body of the response is not valid HTTP"))

    def _end_of_response(self) -> None:
        self._idle = True
        self._payload = None
        if self._early or (
            self._received != self._head_length + self._expected
            if self._expected is not None
            else self._tail != _LAST_CHUNK
        ):
            self.abort()
        elif self._total is not None:
            self._total = self._total_received()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Count and pass on a part of the response, or abort the connection if there is no request."""
        if self._idle:
            self.abort()
            return
        if not self._received and (not self._written or self._transport.get_write_buffer_size()):
            self._early = True
        self._received += len(data)
        self._tail = data[-5:] if len(data) >= 5 else (self._tail + data)[-5:]
        while not self._head_length:
            head = self._head + data
            end = head.find(_HEAD_END) + 4
            if end < 4:
                self._head = head
                break
            rest = end - len(self._head)
            self._head = b""
            if head[9:10] != b"1" or head[9:12] == b"101":  # else it is an interim response, before the final one
                self._head_length = end
            if rest == len(data):
                break
            # alone, because aiohttp drops the head with all that arrives with it, if any of it is damaged
            self._protocol.data_received(data[:rest])
            data = data[rest:]
        self._protocol.data_received(data)
        if self._protocol.exception() is not None:
            self._end_damaged_body()

    def eof_received(self) -> None:
        """Pass on the end of what the server sends."""
        self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on the end of the connection."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on that the buffer is full."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that the buffer has room."""
        self._protocol.resume_writing()


def _pooled(connection: Connection) -> PooledProtocol:
    """Return the protocol of a connection; fail if it is closed."""
    transport = connection.transport
    protocol = None if transport is None else transport.get_protocol()
    if not isinstance(protocol, PooledProtocol):
        raise UnsolicitedDataError
    return protocol


class Request(aiohttp.ClientRequest):
    """A request that records whether writing it has begun, and over which connection."""

    sent = False
    connection: PooledProtocol

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write the request; one with a body is written by `write_bytes`, perhaps later."""
        connection = self.connection = _pooled(conn)
        if connection.is_closing():
            raise UnsolicitedDataError
        self.sent = True
        if not self.body:
            connection.begin(written=True)
        return await super().send(conn)

    async def write_bytes(self, writer: Any, conn: Connection, *args: Any, **options: Any) -> None:
        """Write a request that has a body."""
        connection = self.connection
        if self.body:
            if connection.is_new:
                await connection.read_handshake()
            if connection.is_quiet():
                connection.begin(written=False)
            else:
                connection.abort()
                self.sent = writer.output_size > 0  # nothing is written to a closed connection
        await super().write_bytes(writer, conn, *args, **options)
        connection.end_of_request()


class Connector(aiohttp.TCPConnector):
    """The pool of connections."""

    def __del__(self, *_: object) -> None:
        """Close the connections; the `Transport` warns, and aiohttp would in other words."""
        with suppress(RuntimeError):  # the loop is being closed by another thread
            if not self.closed and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(_abort, [each for held in self._conns.values() for each, _ in held])

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> ResponseHandler:
        protocol = await super()._create_connection(req, traces, timeout)
        if protocol.transport is not None:
            protocol.transport.set_protocol(PooledProtocol(protocol.transport, protocol))
        return protocol

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> Connection:
        """Return an idle connection, or else a new one; close those that have received anything unrequested."""
        while True:
            connection = await super().connect(req, traces, timeout)
            try:
                protocol = _pooled(connection)
                is_new = protocol.is_new
                if is_new:
                    await protocol.read_handshake()
                if protocol.is_quiet() and not (is_new and _has_buffered(connection)):
                    return connection
                protocol.abort()
            except BaseException:
                connection.close()
                raise
            connection.close()
            if is_new:
                raise UnsolicitedDataError


def _abort(protocols: list[ResponseHandler]) -> None:
    for protocol in protocols:
        protocol.abort()


class _Subclassable:
    """aiohttp warns of subclasses of its session, by a method that this class overrides."""

    def __init_subclass__(cls) -> None:
        pass


class Session(_Subclassable, aiohttp.ClientSession):
    """A session that says nothing when it is not closed."""

    def __del__(self, *_: object) -> None:
        """Do nothing: `Connector` closes the connections, and the `Transport` warns."""


def _has_buffered(connection: Connection) -> bool:
    """Return whether a new connection received something before its `PooledProtocol` was there."""
    return connection.protocol is None or connection.protocol.should_close
