"""The scripted server plays its script, and records the requests."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trustme

from tests.toolkit.raw_server import (
    Drip,
    Fin,
    HalfClose,
    RawServer,
    Rst,
    Script,
    Send,
    Sleep,
    Stall,
    Tunnel,
    ok,
    reply,
    server_tls,
)

GET = b"GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-One: 1\r\n\r\n"


@asynccontextmanager
async def connected(
    server: RawServer, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=tls)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def response_to(server: RawServer, request: bytes = GET) -> bytes:
    async with connected(server) as (reader, writer):
        writer.write(request)
        return await reader.read()


async def test_records_requests_in_order() -> None:
    """Heads, bodies, chunked or not, the connection they came over, and the order of events."""
    async with RawServer([[Send(ok(b"1"))], [Send(ok(b"2"))], [Fin()]]) as server:
        async with connected(server) as (reader, writer):
            writer.write(GET)
            writer.write(b"POST /p HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
            writer.write(b"PUT /q HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n")
            assert (await reader.read()) == ok(b"1") + ok(b"2")
        await server.until_closed()
    first, second, third = server.requests
    assert (first.method, first.target, first.header("X-ONE"), first.connection) == ("GET", "/a?b=c", "1", 1)
    assert (second.body, third.body) == (b"abc", b"def")
    assert [event.what for event in server.events] == ["accepted", "GET /a?b=c", "POST /p", "PUT /q", "fin", "ended"]
    assert (server.connections, server.open, server.most_open) == (1, 0, 1)


async def test_lists_and_functions_of_scripts() -> None:
    """Scripts come from a list or from a function of the request."""

    def by_path(request: object) -> Script:
        return [Send(ok(str(len(server.requests)).encode())), Fin()]

    async with RawServer([[Send(ok(b"1")), Fin()], [Send(ok(b"2")), Fin()]]) as server:
        assert [(await response_to(server))[-1:] for _ in range(3)] == [b"1", b"2", b"2"]
    async with RawServer(by_path) as server:
        assert [(await response_to(server))[-1:] for _ in range(3)] == [b"1", b"2", b"3"]


async def test_drips_sleeps_and_half_closes() -> None:
    """Bytes come in pieces, with time between them; a half-closed connection still reads."""
    async with RawServer([[Drip(b"abcd", 0.01, 2), Sleep(0.01), HalfClose(), Sleep(0.01), Fin()]]) as server:
        started = asyncio.get_running_loop().time()
        assert await response_to(server) == b"abcd"
        assert asyncio.get_running_loop().time() - started >= 0.03


async def test_resets_connections() -> None:
    """`Rst` is a reset, before or after something was sent, at once on accepting too."""
    async with RawServer([[Send(b"half"), Rst()]]) as server:
        with pytest.raises(ConnectionResetError):
            await response_to(server)
    async with RawServer([], on_accept=[Rst()]) as server:
        with pytest.raises(ConnectionError):
            await response_to(server)
        assert server.requests == []


async def test_stalls_until_it_is_closed() -> None:
    """A stalled connection sends nothing, and does not keep the server from closing."""
    async with RawServer([[Stall()]]) as server, connected(server) as (reader, writer):
        writer.write(GET)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await reader.read(1)


async def test_speaks_tls() -> None:
    """With a context of trustme's it is an HTTPS server."""
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with RawServer([[Send(ok(b"s")), Fin()]], tls=server_tls(authority)) as server:
        assert server.url.startswith("https://127.0.0.1:")
        async with connected(server, trusting) as (reader, writer):
            writer.write(GET)
            assert (await reader.read()).endswith(b"s")
        with pytest.raises(ssl.SSLCertVerificationError):
            async with connected(server, ssl.create_default_context()):
                pass


async def test_tunnels_to_another_server() -> None:
    """`Tunnel` makes it a proxy that passes bytes on unread."""
    async with RawServer([[Send(ok(b"far")), Fin()]]) as far, RawServer([[Tunnel("127.0.0.1", far.port)]]) as near:
        async with connected(near) as (reader, writer):
            writer.write(b"CONNECT far:1 HTTP/1.1\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            writer.write(GET)
            assert (await reader.read()).endswith(b"far")
        assert [request.method for request in near.requests] == ["CONNECT"]


def test_a_reply_is_framed() -> None:
    """`reply` counts the body and adds headers."""
    assert reply(503, b"x", headers=[("Retry-After", "1")], content_type=None, reason="No") == (
        b"HTTP/1.1 503 No\r\nContent-Length: 1\r\nRetry-After: 1\r\n\r\nx"
    )
