"""The transport under httpx, with requests of httpx's own: bodies of every kind, in both directions."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import struct
import weakref
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trustme

from globus_async.transport._asyncio_transport import AsyncioTransport, _stream
from globus_async.transport._connection import Connection
from globus_async.transport._errors import BodyNotHTTPError, HeadTooLargeError
from globus_async.transport._proxies import Proxies
from tests.toolkit.leaks import recorded_problems
from tests.toolkit.lower_transport import LowerTransport
from tests.toolkit.raw_server import (
    Fin,
    HalfClose,
    RawServer,
    ReadBody,
    Script,
    Send,
    Sleep,
    Stall,
    Step,
    ok,
    reply,
    server_tls,
)

AUTHORITY = trustme.CA()
LARGE = bytes(range(256)) * 4096  # 1 MiB: more than a socket's buffers


def new_transport() -> AsyncioTransport:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return AsyncioTransport(ssl_context=lambda: context, proxies=Proxies({}))


@asynccontextmanager
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    """Return a client of httpx over the transport."""
    transport = new_transport()
    async with httpx.AsyncClient(transport=transport, timeout=5) as made:
        yield made


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize("body", [b"", b"{}", LARGE], ids=["empty", "small", "large"])
async def test_a_body(body: bytes) -> None:
    """It arrives as it is, and the connection is used again."""
    async with RawServer([[Send(ok(b"{}"))]]) as server, client() as http:
        for _ in range(2):
            response = await http.post(server.url + "x?a=b", content=body, headers={"X-Thing": "1"})
            assert (response.status_code, response.content) == (200, b"{}")
    assert [request.body for request in server.requests] == [body, body]
    assert {request.header("x-thing") for request in server.requests} == {"1"}
    assert {request.target for request in server.requests} == {"/x?a=b"}
    assert server.connections == 1


async def test_a_stream_in_chunks() -> None:
    """A body of unknown length is sent in chunks; an empty piece does not end it."""
    async with RawServer([[Send(ok(b"{}"))]]) as server, client() as http:
        response = await http.post(server.url, content=pieces(b"ab", b"", b"c" * 300, LARGE))
        assert response.status_code == 200
    (request,) = server.requests
    assert request.header("transfer-encoding") == "chunked"
    assert request.body == b"ab" + b"c" * 300 + LARGE


async def test_a_stream_with_a_length() -> None:
    """A body of known length is sent as it is."""
    async with RawServer([[Send(ok(b"{}"))]]) as server, client() as http:
        await http.post(server.url, content=pieces(b"ab", b"", b"c"), headers={"Content-Length": "3"})
    (request,) = server.requests
    assert (request.header("transfer-encoding"), request.body) == (None, b"abc")


@pytest.mark.parametrize("parts", [(b"ab",), (b"ab", b"cd"), ()])
async def test_a_stream_with_a_wrong_length(parts: tuple[bytes, ...]) -> None:
    """No byte beyond the length is sent, and the connection is closed."""
    scripts: list[Script] = [[ReadBody(), Stall()], [Send(ok(b"{}"))]]
    async with RawServer(scripts, read_head_only=True) as server, client() as http:
        with pytest.raises(httpx.WriteError, match="Content-Length"):
            await http.post(server.url, content=pieces(*parts), headers={"Content-Length": "3"})
        assert (await http.get(server.url)).status_code == 200
        assert server.connections == 2


async def test_no_byte_beyond_the_length() -> None:
    """It would be the beginning of another request."""
    request = httpx.Request("POST", "http://h/", content=pieces(b"ab", b"cd"), headers={"Content-Length": "3"})
    sent = _stream(request)
    assert await anext(sent) == (b"ab", False)
    with pytest.raises(httpx.WriteError):
        await anext(sent)


async def test_a_response_before_the_end_of_the_body() -> None:
    """The rest is not sent, and the connection is not used again."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 1000
            await asyncio.sleep(0)

    refusal = [Send(reply(413, b"{}"))]
    async with RawServer([refusal, [Send(ok(b"{}"))]], read_head_only=True) as server, client() as http:
        response = await http.post(server.url, content=endless())
        assert (response.status_code, response.content) == (413, b"{}")
        assert (await http.get(server.url)).status_code == 200
        assert server.connections == 2
    assert sent > 0


async def test_a_server_that_does_not_read() -> None:
    """A large body waits for the server, in constant memory, until the read timeout."""
    taken = 0

    async def large() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield LARGE

    async with RawServer([[Stall()]], read_head_only=True) as server, client() as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.post(server.url, content=large(), timeout=httpx.Timeout(5, read=0.1))
    assert taken < 30


async def test_a_reader_slower_than_the_server() -> None:
    """The server waits for the reader of a stream, and nothing is lost."""
    body = LARGE * 8
    async with RawServer([[Send(ok(body))]]) as server, client() as http, http.stream("GET", server.url) as response:
        received, largest = b"", 0
        async for chunk in response.aiter_raw():
            received += chunk
            largest = max(largest, len(chunk))
            await asyncio.sleep(0.001)
    assert received == body
    assert largest < 1 << 20


async def test_a_reader_that_pauses_longer_than_the_read_timeout() -> None:
    """The time in which nobody reads is not the server's."""
    body = LARGE * 8
    limits = httpx.Timeout(5, read=0.05)
    async with (
        RawServer([[Send(ok(body))]]) as server,
        client() as http,
        http.stream("GET", server.url, timeout=limits) as response,
    ):
        received = 0
        async for chunk in response.aiter_raw():
            if not received:
                await asyncio.sleep(0.15)
            received += len(chunk)
    assert received == len(body)


async def test_a_stream_closed_early() -> None:
    """The connection is closed, and the next request gets its own response."""
    async with RawServer([[Send(ok(LARGE * 8))], [Send(ok(b"{}"))]]) as server, client() as http:
        async with http.stream("GET", server.url) as response:
            assert await anext(response.aiter_raw())
        await server.until_closed()
        assert (await http.get(server.url)).content == b"{}"
        assert server.connections == 2


async def test_a_stream_cancelled_while_it_is_sent() -> None:
    """The connection is closed, at whichever piece."""
    arrived = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"ab"
        arrived.set()
        await asyncio.Event().wait()

    scripts: list[Script] = [[Stall()], [Send(ok(b"{}"))]]
    async with RawServer(scripts, read_head_only=True) as server, client() as http:
        task = asyncio.create_task(http.post(server.url, content=slow()))
        await arrived.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert (await http.get(server.url)).status_code == 200
        assert server.connections == 2


async def test_a_cancelled_request_closes_its_connection() -> None:
    """The server need not finish what nobody waits for."""
    async with RawServer([[]]) as server, client() as http:
        task = asyncio.create_task(http.get(server.url))
        await server.wait_for_requests(1)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await server.until_closed()


async def test_a_refused_tunnel_is_closed() -> None:
    """The proxy would keep the connection, which can be used for nothing else."""
    async with RawServer([[Send(reply(407))]]) as proxy:
        transport = AsyncioTransport(
            ssl_context=ssl.create_default_context, proxies=Proxies({"https_proxy": proxy.url})
        )
        async with httpx.AsyncClient(transport=transport) as http:
            with pytest.raises(httpx.ProxyError, match="407"):
                await http.get("https://far.example/")
            await proxy.until_closed()


async def test_interim_responses_during_the_body() -> None:
    """They are skipped."""
    script: Script = [Send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), Sleep(0.01), Send(ok(b"{}"))]
    async with RawServer([script]) as server, client() as http:
        assert (await http.get(server.url)).headers.get("link") is None
        assert (await http.get(server.url)).status_code == 200
        assert server.connections == 1


@pytest.mark.parametrize("status", ["101", "099", "000"])
async def test_a_status_that_nothing_requested(status: str) -> None:
    """It is no interim response, after which another one is awaited."""
    script: Script = [Send(f"HTTP/1.1 {status} X\r\n\r\n".encode() + ok(b"{}"))]
    async with RawServer([script]) as server, client() as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(server.url)


async def test_cancelled_after_its_response_arrived() -> None:
    """A call that is cancelled before it runs again does not break the one that has got its connection since."""
    transport = new_transport()
    async with RawServer([[Send(ok(b"{}"))]]) as server, httpx.AsyncClient(transport=transport) as http:
        idle = transport._idle[server.url.rstrip("/")] = []
        await http.get(server.url)
        first = asyncio.create_task(http.get(server.url))
        while idle:  # noqa: ASYNC110 -- until it has taken the connection
            await asyncio.sleep(0)
        while not idle:  # noqa: ASYNC110 -- until its response has arrived, and before it runs
            await asyncio.sleep(0)
        first.cancel()
        assert (await http.post(server.url)).status_code == 200
        assert first.cancelled()
        assert server.connections == 1


@pytest.mark.parametrize("end", [Fin(), HalfClose()])
async def test_the_end_of_a_body_without_a_length_over_tls(end: Step) -> None:
    """It is one only with a close_notify: anybody on the way can close a connection."""
    script: Script = [Send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n1234"), Sleep(0.01), end, Stall()]
    async with RawServer([script], tls=server_tls(AUTHORITY)) as server, client() as http:
        if isinstance(end, Fin):
            assert (await http.get(server.url)).content == b"1234"
        else:
            with pytest.raises(httpx.ReadError, match="during the response"):
                await http.get(server.url)


async def test_one_context_for_simultaneous_first_calls() -> None:
    """They do not make one each, which costs as much as many calls."""
    made = 0

    def context() -> ssl.SSLContext:
        nonlocal made
        made += 1
        trusting = ssl.create_default_context()
        AUTHORITY.configure_trust(trusting)
        return trusting

    transport = AsyncioTransport(ssl_context=context, proxies=Proxies({}))
    async with (
        RawServer([[Send(ok(b"{}"))]], tls=server_tls(AUTHORITY)) as server,
        httpx.AsyncClient(transport=transport) as http,
    ):
        await asyncio.gather(*(http.get(server.url) for _ in range(10)))
    assert (made, server.connections) == (1, 10)


class _CountingLoop(asyncio.SelectorEventLoop):
    """A loop that counts the names it looks up."""

    lookups = 0

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """Count a look-up of a name."""
        self.lookups += host == "localhost"
        return await super().getaddrinfo(host, port, **options)


def test_one_look_up_for_simultaneous_calls() -> None:
    """It continues if one of them is cancelled."""

    async def run() -> None:
        async with RawServer([[Send(ok(b"{}"))]]) as server, client() as http:
            url = f"http://localhost:{server.port}/"
            calls = [asyncio.create_task(http.get(url)) for _ in range(10)]
            await asyncio.sleep(0)
            calls[0].cancel()
            responses = await asyncio.gather(*calls, return_exceptions=True)
            assert [isinstance(response, httpx.Response) for response in responses] == [False] + [True] * 9
            assert (loop.lookups, server.connections) == (1, 9)
            await http.get(url.replace("localhost", "127.0.0.1"))
            assert loop.lookups == 1

    loop = _CountingLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(run())


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"
ENDLESS = {
    "a trailer field": (CHUNKED + b"0\r\nX: ", b"y"),
    "a trailer": (CHUNKED + b"0\r\n", b"X: y\r\n"),
    "a chunk extension": (CHUNKED + b"2;x=", b"y"),
    "a chunk size": (CHUNKED, b"0"),
}


@pytest.mark.parametrize("case", ENDLESS)
async def test_framing_without_an_end(case: str) -> None:
    """It is no body, which has a limit of its own, and it has a limit too."""
    head, piece = ENDLESS[case]
    async with RawServer([[Send(head), Send(piece * 400_000), Stall()]]) as server, client() as http:
        with pytest.raises(BodyNotHTTPError):
            await http.get(server.url, timeout=httpx.Timeout(5, read=0.2))


async def test_a_body_in_many_small_chunks() -> None:
    """The limit of the framing is that of one chunk."""
    body = CHUNKED + b"1\r\nx\r\n" * 100_000 + b"0\r\nX: y\r\n\r\n"
    async with RawServer([[Send(body)]]) as server, client() as http:
        assert (await http.get(server.url)).content == b"{}" + b"x" * 100_000


@pytest.mark.parametrize("heads", [100, 3000])
async def test_many_interim_responses(heads: int) -> None:
    """All heads together have the limit of one."""
    interim = b"HTTP/1.1 102 Processing\r\n\r\n"
    async with RawServer([[Send(interim * heads + ok(b"{}"))]]) as server, client() as http:
        if heads == 100:
            assert (await http.get(server.url)).content == b"{}"
        else:
            with pytest.raises(HeadTooLargeError):
                await http.get(server.url)


async def test_a_server_that_ends_during_the_body() -> None:
    """The request fails at once, although part of it waits to be sent, and the loop is given no error."""
    end: Script = [HalfClose(), Stall()]
    limits = httpx.Timeout(5, read=0.2)
    async with RawServer([end], read_head_only=True) as server, client() as http:
        with recorded_problems() as problems:
            with pytest.raises(httpx.ReadError, match="before the response"):
                await http.post(server.url, content=LARGE * 20, timeout=limits)
            await asyncio.sleep(0.01)
        problems.assert_none()


async def test_a_connection_that_breaks_between_two_writes() -> None:
    """Nothing more is written, which asyncio would log every time."""
    taken = 0

    async def breaking() -> AsyncIterator[bytes]:
        nonlocal taken
        accepted, _ = listener.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()
        while taken < 100:
            taken += 1
            yield b"x" * 1000

    with socket.create_server(("127.0.0.1", 0)) as listener, recorded_problems() as problems:
        listener.setblocking(False)
        async with client() as http:
            with pytest.raises(httpx.ReadError, match="before the response"):
                await http.post(f"http://127.0.0.1:{listener.getsockname()[1]}/", content=breaking())
    problems.assert_none()
    assert taken < 10


class TestLifetimes:
    """What is no longer used is closed and forgotten."""

    async def test_closed_transport(self) -> None:
        """Its connections are closed when `aclose` returns."""
        transport = new_transport()
        async with RawServer([[Send(ok())]]) as server, httpx.AsyncClient(transport=transport) as http:
            await http.get(server.url)
            assert len(transport._opened) == 1
            await transport.aclose()
            assert not transport._opened
            await server.until_closed()

    async def test_forgotten_transport(self) -> None:
        """Its connections are closed when it is collected."""
        async with RawServer([[Send(ok())]]) as server:
            http = httpx.AsyncClient(transport=new_transport())
            await http.get(server.url)
            del http
            gc.collect()
            await server.until_closed()

    async def test_connection_that_the_server_closes_while_idle(self) -> None:
        """It is not kept, and no timer refers to it."""
        async with RawServer([[Send(ok()), Sleep(0.01), Fin()]]) as server:
            transport = new_transport()
            async with httpx.AsyncClient(transport=transport) as http:
                await http.get(server.url)
                (connection,) = transport._opened
                lost = weakref.ref(connection)
                del connection
                await server.until_closed()
                async with asyncio.timeout(1):
                    while transport._opened:  # noqa: ASYNC110 -- nothing tells a test
                        await asyncio.sleep(0.001)
                assert [*transport._idle.values()] == [[]]
                gc.collect()
                assert lost() is None

    async def test_idle_connection(self) -> None:
        """It is closed after five seconds, not after the read timeout."""
        transport = new_transport()
        async with RawServer([[Send(ok())]]) as server, httpx.AsyncClient(transport=transport) as http:
            await http.get(server.url, timeout=60)
            (connection,) = transport._opened
            assert connection._timer is not None
            assert connection._timer.when() <= asyncio.get_running_loop().time() + 5

    async def test_what_follows_a_handshake(self) -> None:
        """The loop gets time to read it."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.send(b"a session ticket")
            connection = Connection(set())
            connection.connection_made(LowerTransport(ours))
            asyncio.get_running_loop().call_soon(ours.recv, 100)
            await connection.finish_handshake()
            theirs.send(b"a response")
            with pytest.raises(httpx.ReadError, match="before the request"):
                await connection.finish_handshake()
