"""
The transport under ``httpx``: an ``httpx.AsyncBaseTransport`` on asyncio, with a pool of connections.

httpx's own pool loses a connection slot at many of the points where a call can be cancelled. Every failure is raised
as the ``httpx`` exception that states how far the call got: connect errors mean that nothing was sent, all others that
something may have been.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

import httpx
from aiohappyeyeballs import start_connection  # pyright: ignore[reportUnknownVariableType]

from .._single_flight import SingleFlight
from ._connection import Connection
from ._errors import ProxyRefusedError, connect_failure
from ._httpx_request import PreparedRequest, PreparedResponse, head_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterable, Callable

    from ._incoming_response import IncomingResponse
    from ._proxies import Proxies, Proxy

__all__ = ("AsyncioTransport",)

_PORTS: Final = {"http": 80, "https": 443}
_NEXT_ADDRESS_SECONDS: Final = 0.25
_PIECE: Final = 1 << 17
_MAX_TURNS: Final = 16  # of the loop


class AsyncioTransport(httpx.AsyncBaseTransport):
    """
    Sends ``httpx`` requests: no cookies, no redirects, no decompression, no resending.

    The number of connections is not limited here: the calls in flight are.

    Args:
        ssl_context: Returns the SSL context of all ``https`` connections; called in a worker thread, when it is first
            needed.
        proxies: Chooses the proxies.
    """

    def __init__(self, *, ssl_context: Callable[[], ssl.SSLContext], proxies: Proxies) -> None:
        self._ssl_context = ssl_context
        self._ssl: ssl.SSLContext | None = None
        self._making_ssl = asyncio.Lock()  # one context, even if the first calls are simultaneous
        self._proxies = proxies
        self._lookups: SingleFlight[list[Any]] = SingleFlight("address look-up")
        self._idle: dict[str, list[Connection]] = {}
        self._opened: set[Connection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; return its response, with the body as a stream."""
        request.extensions["sent"] = False
        timeouts = request.extensions.get("timeout", {})
        origin, head = (request.origin, request.head) if isinstance(request, PreparedRequest) else head_of(request)
        connection = await self._connection(origin, timeouts.get("connect"))
        try:
            content = await _content_of(request)
        except BaseException:
            connection.abort()
            raise
        request.extensions["sent"] = True
        is_small = content is not None and len(content) <= _PIECE
        data = head if content is None or not is_small else head + content
        response = connection.begin(request.method, data, is_whole=is_small, read_timeout=timeouts.get("read"))
        response.is_held = isinstance(request, PreparedRequest) and request.is_streamed
        try:
            if content is None:
                await _send_streamed(connection, response, request)
            elif not is_small:
                await _send_body(connection, _slices(content))
            await response.wait_for_head()
            if content is None:
                _check_success(response)
        except BaseException:
            await response.aclose()  # of a complete response, another call may have the connection by now
            raise
        return PreparedResponse(response)

    async def _connection(self, origin: str, connect_timeout: float | None) -> Connection:
        """Return a quiet connection: the one that was used last, or else a new one."""
        idle = self._idle.setdefault(origin, [])
        while idle:
            connection = idle.pop()
            if connection.is_quiet():
                return connection
            connection.abort()
        if self._ssl is None and origin.startswith("https"):
            async with self._making_ssl:
                self._ssl = self._ssl or await asyncio.to_thread(self._ssl_context)
        proxy = self._proxies.proxy_for(origin)
        through = "" if proxy is None else f" through the proxy of {proxy.variable}"
        opening = asyncio.timeout(connect_timeout)
        try:
            async with opening:
                connection = await self._open(origin, proxy)
        except (OSError, ValueError, RuntimeError, httpx.ReadError, httpx.RemoteProtocolError) as error:
            if isinstance(error, TimeoutError) and opening.expired():
                raise httpx.ConnectTimeout(f"no connection{through} in time") from None
            raise httpx.ConnectError(f"no connection{through}: {connect_failure(error)}") from error
        connection.idle = idle
        return connection

    async def _open(self, origin: str, proxy: Proxy | None) -> Connection:
        loop = self._loop = asyncio.get_running_loop()
        target = urlsplit(origin)
        first = target if proxy is None else urlsplit(proxy.url)
        addresses = await self._addresses(first.hostname or "", first.port or _PORTS[first.scheme])
        # create_connection(happy_eyeballs_delay=) leaks sockets when it is cancelled, and uvloop's has none
        kernel = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS)
        tls: dict[str, Any] = {"ssl": self._ssl, "server_hostname": first.hostname} if first.scheme == "https" else {}
        connection = Connection(self._opened)
        try:
            transport, _ = await loop.create_connection(lambda: connection, sock=kernel, **tls)
            if proxy is not None and self._ssl is not None:
                await _tunnel(connection, proxy, target.hostname or "", target.port or 443)
                connection.connection_made(await _tls_inside(transport, connection, self._ssl, target.hostname))
            await connection.finish_handshake()
        except BaseException:
            if connection in self._opened:
                connection.abort()
                self._opened.discard(connection)  # not every loop reports the end of one that is being opened
            raise
        return connection

    async def _addresses(self, host: str, port: int) -> list[Any]:
        """Return the addresses of a host; only a name needs a thread, one for all simultaneous calls."""
        try:
            return socket.getaddrinfo(host.encode(), port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except socket.gaierror:
            look_up = partial(asyncio.get_running_loop().getaddrinfo, host, port, type=socket.SOCK_STREAM)
            return await self._lookups.join((host, port), look_up)

    async def aclose(self) -> None:
        """Close every connection; idempotent."""
        _abort(self._opened)
        for _ in range(_MAX_TURNS):
            if not self._opened:
                break
            await asyncio.sleep(0)  # the loop closes the sockets

    def __del__(self) -> None:
        """Close every connection; the `Transport` warns."""
        with suppress(RuntimeError):  # the loop is closed
            if self._opened and self._loop is not None:
                self._loop.call_soon_threadsafe(_abort, self._opened)


def _abort(connections: set[Connection]) -> None:
    for connection in connections:
        connection.abort()


async def _tunnel(connection: Connection, proxy: Proxy, host: str, port: int) -> None:
    response = connection.begin("CONNECT", proxy.connect_head(host, port), is_whole=True, read_timeout=None)
    await response.wait_for_head()
    if not 200 <= response.status < 300:
        why = f"no connection through the proxy of {proxy.variable}: it refused"
        raise ProxyRefusedError(why, status=response.status)


async def _tls_inside(
    transport: asyncio.Transport, connection: Connection, context: ssl.SSLContext, host: str | None
) -> asyncio.Transport:
    inner = None
    if not transport.is_closing():
        try:
            inner = await asyncio.get_running_loop().start_tls(transport, connection, context, server_hostname=host)
        except TypeError as error:  # TLS over TLS failed, before Python 3.11.8 and 3.12.2
            raise (error.__context__ or error) from None
    if inner is None:
        raise httpx.ReadError("it closed the connection or sent more than its response")
    return inner


async def _content_of(request: httpx.Request) -> bytes | None:
    """Return the body, if it is in memory or empty: a request without body is complete with its head."""
    try:
        return request.content
    except httpx.RequestNotRead:
        if request.headers.get("content-length") != "0":
            return None
    async for piece in cast("AsyncIterable[bytes]", request.stream):
        if piece:
            raise httpx.WriteError("the body of the request is not as long as its Content-Length states")
    return b""


async def _send_streamed(connection: Connection, response: IncomingResponse, request: httpx.Request) -> None:
    """Write a body whose source may be slow, until its end or that of the connection, or until the response arrives."""
    sending = asyncio.create_task(_send_body(connection, _stream(request)), name="globus_async request body")
    sending.add_done_callback(response.wake)
    try:
        await response.wait_for_head(sending)
    finally:
        await _cancel(sending)
        error = None if sending.cancelled() else sending.exception()
    if error is not None and not response.status:
        raise error


async def _cancel(task: asyncio.Task[None]) -> None:
    """Cancel a task and await its end, which may take some time; further cancellations are passed on to it."""
    interruption: asyncio.CancelledError | None = None
    task.cancel()
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            interruption = error
            task.cancel()
    if interruption is not None:
        raise interruption


def _check_success(response: IncomingResponse) -> None:
    """Refuse a success that cannot be that of the whole request."""
    if response.is_early and 200 <= response.status < 300:
        raise httpx.WriteError("the service reported a success before the end of the request")


async def _send_body(connection: Connection, pieces: AsyncGenerator[tuple[bytes, bool], None]) -> None:
    """Write a body in pieces, each with whether it is the last; the response may arrive before its end."""
    async with aclosing(pieces):
        async for piece, is_last in pieces:
            if not await connection.write(piece, is_last=is_last):
                break


async def _slices(content: bytes) -> AsyncGenerator[tuple[bytes, bool], None]:
    for end in range(_PIECE, len(content) + _PIECE, _PIECE):
        yield content[end - _PIECE : end], end >= len(content)


async def _stream(request: httpx.Request) -> AsyncGenerator[tuple[bytes, bool], None]:
    """Yield a streamed body as it is sent: of the length that its headers state, or else in chunks."""
    stated = request.headers.get("content-length")
    missing = 0 if stated is None else int(stated)
    async for piece in cast("AsyncIterable[bytes]", request.stream):
        missing -= len(piece)
        if stated is not None and missing < 0:
            break
        if piece:
            yield (piece, not missing) if stated is not None else (b"%x\r\n%b\r\n" % (len(piece), piece), False)
    if stated is None:
        yield b"0\r\n\r\n", True
    elif missing:
        raise httpx.WriteError("the body of the request is not as long as its Content-Length states")
