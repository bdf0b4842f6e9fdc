"""
Unsolicited responses: late, doubled, cut, before the first request; none is the response to another call.

HTTP/1.1 assigns responses to requests by their order alone: one response too many, and a user gets another's document.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import BaseClient, GlobusAPIError, GlobusConnectionError, GlobusError, RetryPolicy
from tests.toolkit.clients import client_of
from tests.toolkit.random_cases import cases
from tests.toolkit.raw_server import RawServer, ReadBody, Received, Script, Send, Sleep, Tunnel, ok, reply, server_tls

AUTHORITY = trustme.CA()
TLS = server_tls(AUTHORITY)
FAR_TLS = server_tls(AUTHORITY, "far.example")
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": uvloop.new_event_loop,
}
uvloop.new_event_loop().close()  # the first loop of a process opens a pipe that stays
STRAY = ok(b'{"whose":"nobody"}')
CUT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"
STRAYS = {
    "a response": STRAY,
    "a late 408": reply(408, b'{"code":"RequestTimeout"}'),
    "a 503 to be repeated": reply(503, b"{}", headers=[("Retry-After", "0")]),
    "an interim response": b"HTTP/1.1 100 Continue\r\n\r\n",
    "half a head": STRAY[:30],
    "a head": CUT,
    "a line end": b"\r\n",
    "the last chunk": b"0\r\n\r\n",
    "one byte": b"H",
    "garbage": b"\x00\xff\x16\x03\x01",
    "two responses": STRAY * 2,
}


def own(request: Received) -> bytes:
    """Return the response to a request, which names it."""
    return ok(json.dumps({"whose": request.target}).encode())


def plainly(request: Received) -> Script:
    return [Send(own(request))]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The authority's certificate, in a file."""
    file = tmp_path_factory.mktemp("authority") / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture(params=["plain", "tls"])
def tls(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "tls")


@asynccontextmanager
async def service(
    script: Callable[[Received], Script], bundle: str, *, tls: bool, **options: Any
) -> AsyncGenerator[tuple[RawServer, BaseClient]]:
    """Start a server and make a client of it; each attempt of a call is seen."""
    server = RawServer(script, tls=TLS if tls else None, **options)
    async with server, client_of(server.url, ca_bundle=bundle) as client:
        yield server, client


def push(server: RawServer, stray: bytes) -> int:
    """Send bytes on every idle connection; return their number. They are in the client's kernel at once."""
    idle = server.idle()
    for writer in idle:
        writer.write(stray)
    return len(idle)


async def whose(client: BaseClient, method: str, target: str) -> str:
    """Return what a response names, or the stage of the error."""
    try:
        response = await client.request(method, target, data={"a": 1} if method == "POST" else None)
    except GlobusConnectionError as error:
        return error.stage
    return str(response["whose"])


@pytest.mark.parametrize("stray", STRAYS)
@pytest.mark.parametrize("noticed", [True, False], ids=["read by the loop", "still in the kernel"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_connection_that_received_something_while_idle_is_not_used(
    stray: str, noticed: bool, method: str, tls: bool, bundle: str
) -> None:
    """The next request is sent over another connection, at the first attempt, and gets its own response."""
    async with service(plainly, bundle, tls=tls) as (server, client):
        await client.get("/first")
        await asyncio.sleep(0.005)
        assert push(server, STRAYS[stray]) == 1
        if noticed:
            await server.until_closed()  # the client closes it without waiting for a next request
        body = {"a": 1} if method == "POST" else None
        assert (await client.request(method, "/second", data=body))["whose"] == "/second"
        assert [(request.connection, request.target) for request in server.requests] == [(1, "/first"), (2, "/second")]


async def test_an_end_that_the_loop_has_not_read_yet(bundle: str) -> None:
    """A POST is sent over a new connection, at the first attempt."""
    async with service(plainly, bundle, tls=False) as (server, client):
        await client.get("/first")
        await asyncio.sleep(0.005)
        for writer in server.idle():
            writer.write_eof()
        assert (await client.post("/second", {}))["whose"] == "/second"
        assert server.requests[1].connection == 2


@pytest.mark.parametrize("stray", STRAYS)
@pytest.mark.parametrize("pieces", [1, 2], ids=["at once", "after the head"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_bytes_after_a_response(stray: str, pieces: int, framing: str, tls: bool, bundle: str) -> None:
    """The connection is closed, whatever follows the response, and wherever the segments end."""

    def script(request: Received) -> Script:
        response = own(request)
        if framing == "chunked":
            head, _, body = response.partition(b"\r\n\r\n")
            head = head.replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
            response = head + b"\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        if request.target == "/first":
            response += STRAYS[stray]
        end = 0 if pieces == 1 else response.index(b"\r\n\r\n") + 4
        return [Send(response[:end]), Sleep(0.002), Send(response[end:])]

    async with service(script, bundle, tls=tls) as (server, client):
        try:
            assert (await client.get("/first"))["whose"] == "/first"
        except GlobusConnectionError:
            assert STRAYS[stray] != STRAY  # a response that is followed by what is none may be refused
        assert (await client.post("/second", {}))["whose"] == "/second"
        assert server.requests[-1].connection == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_response_before_the_first_request(method: str) -> None:
    """It is an error, after which nothing has been sent."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        accepted: list[socket.socket] = []

        def accept() -> None:
            connection, _ = listening.accept()
            connection.send(STRAY)
            accepted.append(connection)

        loop.add_reader(listening, accept)
        try:
            async with client_of(f"http://127.0.0.1:{listening.getsockname()[1]}/") as client:
                with pytest.raises(GlobusConnectionError, match="before the request") as raised:
                    await client.request(method, "/", data={} if method == "POST" else None)
                assert raised.value.stage == "not sent"
                assert not raised.value.maybe_executed
            for connection in accepted:
                with connection, contextlib.suppress(BlockingIOError, ConnectionResetError):
                    connection.setblocking(False)
                    assert connection.recv(100) == b""
        finally:
            loop.remove_reader(listening)


async def test_a_response_that_comes_with_the_handshake(bundle: str) -> None:
    """With TLS 1.2 it may be read together with the end of the handshake."""
    tls = server_tls(AUTHORITY)
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    async with RawServer(plainly, tls=tls, on_accept=[Send(STRAY)]) as server:
        async with client_of(server.url, ca_bundle=bundle) as client:
            assert await whose(client, "GET", "/mine") == "not sent"
        assert server.requests == []


async def test_bytes_between_taking_a_connection_and_writing_to_it(bundle: str) -> None:
    """A response that arrives before the first byte of a POST was written is not its response."""
    async with service(plainly, bundle, tls=False) as (server, client):
        await client.get("/first")
        await asyncio.sleep(0.005)
        pushed: list[int] = []
        asyncio.get_running_loop().call_soon(lambda: pushed.append(push(server, STRAY)))
        assert await whose(client, "POST", "/second") == ("/second" if pushed == [0] else "not sent")
        assert len(server.requests) <= 2
        assert (await client.post("/third", {"a": 1}))["whose"] == "/third"


async def test_a_response_before_the_end_of_its_request_is_the_last(tls: bool, bundle: str) -> None:
    """The response is used, and the connection closed: what it belongs to is not certain any more."""

    def script(request: Received) -> Script:
        response = own(request)
        if request.method == "GET":
            return [Send(response)]
        return [Send(response[:60]), Sleep(0.05), ReadBody(), Send(response[60:])]

    async with service(script, bundle, tls=tls, read_head_only=True) as (server, client):
        assert (await client.post("/upload", "x" * 20_000_000))["whose"] == "/upload"
        assert (await client.get("/next"))["whose"] == "/next"
        assert server.requests[-1].connection == 2


ANNOUNCED = {"a length": ("Content-Length: 2", b"{}"), "chunks": ("Transfer-Encoding: chunked", b"0\r\n\r\n")}


@pytest.mark.parametrize("framing", ANNOUNCED)
async def test_a_late_body_of_a_204(framing: str) -> None:
    """It is not the response to the next request."""
    header, body = ANNOUNCED[framing]

    def script(request: Received) -> Script:
        if request.target == "/empty":
            return [Send(f"HTTP/1.1 204 No Content\r\n{header}\r\n\r\n".encode()), Sleep(0.005), Send(body)]
        return plainly(request)

    async with RawServer(script) as server, client_of(server.url) as client:
        await client.delete("/empty")
        assert (await client.post("/next", {}))["whose"] == "/next"


@pytest.mark.parametrize("speaker", ["service", "proxy"])
async def test_through_a_proxy(speaker: str, bundle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a service or its proxy sends into an idle tunnel closes it."""
    async with RawServer(plainly, tls=FAR_TLS) as far, RawServer([[Tunnel("127.0.0.1", far.port)]]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with client_of(f"https://far.example:{far.port}/", ca_bundle=bundle) as client:
            for number in range(3):
                target = f"/{speaker}/{number}"
                assert (await client.post(target, {}))["whose"] == target
                await asyncio.sleep(0.005)
                if speaker == "service":
                    assert push(far, STRAY) == 1
                else:
                    (tunnel,) = proxy.tunnels
                    tunnel.write(STRAY)
                await far.until_closed()
                assert len(far.requests) == proxy.connections == number + 1


async def test_a_proxy_that_sends_more_than_its_response_to_connect(
    bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a proxy sends before TLS begins never becomes a response."""
    async with RawServer(plainly, tls=FAR_TLS) as far, RawServer([[Tunnel("127.0.0.1", far.port, STRAY)]]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with client_of(f"https://far.example:{far.port}/", ca_bundle=bundle) as client:
            assert await whose(client, "GET", "/mine") in {"/mine", "not sent"}


class _Holding:
    """Forwards connections to a port; of what the server sends unasked, only the first bytes until the next request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.holding = False
        self.held = asyncio.Event()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        rest = b""

        async def forth() -> None:
            while data := await reader.read(1 << 16):
                writer.write(rest)
                far_writer.write(data)
            far_writer.close()

        async def back() -> None:
            nonlocal rest
            while data := await far_reader.read(1 << 16):
                if self.holding:
                    data, rest, self.holding = data[:20], data[20:], False
                    self.held.set()
                writer.write(data)
            writer.close()

        with contextlib.suppress(OSError):
            await asyncio.gather(forth(), back())
        for each in (writer, far_writer):
            each.transport.abort()


@pytest.mark.skipif(sys.platform != "linux", reason="the bytes in TLS's buffers are not known elsewhere")
@pytest.mark.parametrize("loop", LOOPS)
def test_half_a_tls_record(loop: str, bundle: str) -> None:
    """It is nothing that TLS gives out, but it is something that the connection received while idle."""

    async def run() -> None:
        async with RawServer(plainly, tls=TLS) as server:
            holding = _Holding(server.port)
            async with (
                await asyncio.start_server(holding.accept, "127.0.0.1", 0) as forwarder,
                client_of(f"https://127.0.0.1:{forwarder.sockets[0].getsockname()[1]}/", ca_bundle=bundle) as client,
            ):
                await client.get("/first")
                await asyncio.sleep(0.01)
                holding.holding = True
                assert push(server, STRAY) == 1
                await holding.held.wait()
                await asyncio.sleep(0.01)
                assert await whose(client, "POST", "/second") == "/second"
                assert server.requests[-1].connection == 2

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(run())


class TestConnectionsThatAreUsedAgain:
    """A connection that received exactly one response, however it is framed and cut, is used again."""

    @staticmethod
    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
    @pytest.mark.parametrize("size", [1, 50, 100_000])
    @pytest.mark.parametrize(
        "response",
        [
            ok(),
            ok(b'"' + b"x" * 200_000 + b'"'),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding:chunked\r\n\r\n0\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
            reply(404, b"{}"),
            reply(503, b""),
        ],
        ids=["length", "large", "chunked", "chunked and empty", "204", "204 and 0", "304", "404", "503 and empty"],
    )
    async def test_used_again(response: bytes, size: int, method: str, tls: bool, bundle: str) -> None:
        """Also if its head arrives in pieces."""
        if method == "HEAD":
            response = response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        head = response[:120]
        pieces = [Send(head[start : start + size]) for start in range(0, len(head), size)]
        yields = [step for piece in pieces for step in (piece, Sleep(0))]
        async with service(lambda _: [*yields, Send(response[120:])], bundle, tls=tls) as (server, client):
            for _ in range(3):
                try:
                    await client.request(method, "/", data={"a": 1} if method == "POST" else None)
                except GlobusAPIError:
                    assert response.split()[1] in {b"304", b"404", b"503"}
            assert server.connections == 1


MOMENTS = st.tuples(st.sampled_from(list(STRAYS.values())) | st.binary(min_size=1, max_size=60), st.integers(0, 40))


@pytest.mark.slow
@pytest.mark.parametrize("loop", LOOPS)
def test_every_response_is_that_of_its_request(loop: str, tls: bool, bundle: str) -> None:
    """Whatever arrives on idle connections at whatever turn of the loop, while calls are made."""

    async def calls(server: RawServer, client: BaseClient, worker: int) -> None:
        for number in range(6):
            target = f"/{worker}/{number}"
            body = {"text": "x" * 300_000} if number == 3 else {}
            try:
                response = await client.request(
                    "POST" if number % 2 else "GET", target, data=body if number % 2 else None
                )
            except GlobusError:
                continue
            assert response["whose"] == target

    async def strays(server: RawServer, moments: list[tuple[bytes, int]]) -> None:
        for stray, turns in moments:
            for _ in range(turns):
                await asyncio.sleep(0)
            push(server, stray)

    async def run(moments: list[tuple[bytes, int]], workers: int) -> None:
        async with service(plainly, bundle, tls=tls) as (server, client), asyncio.TaskGroup() as group:
            client.retry = RetryPolicy(base_delay=0)
            for worker in range(workers):
                group.create_task(calls(server, client, worker))
            group.create_task(strays(server, moments))

    @settings(deadline=None, max_examples=cases(60))
    @given(moments=st.lists(MOMENTS, min_size=1, max_size=20), workers=st.integers(1, 4))
    def attack(moments: list[tuple[bytes, int]], workers: int) -> None:
        with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
            runner.run(run(moments, workers))

    attack()
