"""Responses that are read as they arrive: their limits, errors and ends, with our connections and with others."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any, Literal, cast

import httpx
import pytest

from globus_async import (
    AccessTokenAuthorizer,
    BaseClient,
    ErrorKinds,
    GlobusAPIError,
    GlobusConnectionError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    NetworkError,
    NotFound,
    RetryPolicy,
    StreamedResponse,
    Transport,
)
from tests.toolkit.canaries import canary, leaks_of_error
from tests.toolkit.clients import client_of
from tests.toolkit.raw_server import (
    Drip,
    Fin,
    RawServer,
    Received,
    Rst,
    Script,
    Send,
    Sleep,
    Stall,
    Step,
    ok,
    reply,
)
from tests.toolkit.recorder import Recorder
from tests.toolkit.scripted import Scripted, raw, respond

TOKEN = canary("bearer token of a stream")
QUICK = RetryPolicy(base_delay=0.001, max_retries=3)
BODY = bytes(range(256)) * 4000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"

Kind = Literal["own", "httpx", "httpx2"]
KINDS: tuple[Kind, ...] = ("own", "httpx", "httpx2")


class ShareClient(BaseClient):
    """A client whose service has errors that depend on the connection."""

    base_url = "https://share.example.org/"
    error_kinds = ErrorKinds(GlobusAPIError, transient=lambda response: "backend is away" in response.text)


@asynccontextmanager
async def client_by(kind: Kind, url: str, *, retry: RetryPolicy = QUICK, **options: Any) -> AsyncGenerator[BaseClient]:
    """Make a client with our connections, or with those of another library."""
    authorizer = AccessTokenAuthorizer(TOKEN)
    if kind == "own":
        async with Transport(**options) as transport:
            yield ShareClient(base_url=url, transport=transport, authorizer=authorizer, retry=retry)
        return
    library = __import__(kind)
    async with library.AsyncClient(trust_env=False) as http, Transport(http_client=http, **options) as transport:
        yield ShareClient(base_url=url, transport=transport, authorizer=authorizer, retry=retry)


async def read(client: BaseClient, method: str = "GET", **options: Any) -> bytes:
    """Return the body of a stream."""
    async with client.stream(method, "/f", **options) as response:
        return b"".join([chunk async for chunk in response])


@pytest.mark.parametrize("kind", KINDS)
async def test_chunks_are_read_as_they_arrive(kind: Kind) -> None:
    """Status and headers first; compression is neither requested nor undone."""
    packed = gzip.compress(b"text")
    whole = reply(206, packed, headers=[("Content-Encoding", "gzip"), ("X-Request-Id", "r1"), ("Content-Range", "x")])
    async with (
        RawServer([[Send(whole[:-5]), Sleep(0.05), Send(whole[-5:])]]) as server,
        client_by(kind, server.url) as c,
    ):
        async with c.stream("GET", "/f", params={"download": 1}, headers={"Range": "bytes=0-"}) as response:
            assert (response.http_status, response.request_id, response.bytes_received) == (206, "r1", 0)
            assert response.headers["content-range"] == "x"
            chunks = [chunk async for chunk in response]
            assert b"".join(chunks) == packed
            assert (len(chunks), response.bytes_received) == (2, len(packed))
            assert [chunk async for chunk in response] == []
        (request,) = server.requests
        assert (request.target, request.header("range")) == ("/f?download=1", "bytes=0-")
        assert (request.header("accept"), request.header("accept-encoding")) == ("*/*", "identity")
        assert request.header("authorization") == f"Bearer {TOKEN}"
        await read(c)
        assert server.connections == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("steps", "stage", "received"),
    [
        ([Send(HEAD % 100 + b"x" * 60), Fin()], "response truncated", 60),
        ([Send(HEAD % 100 + b"x" * 60), Sleep(0.01), Rst()], "response truncated", 60),
        (
            [Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"), Fin()],
            "response truncated",
            5,
        ),
        (
            [Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nzz"), Fin()],
            "response truncated",
            5,
        ),
        ([Send(HEAD % 100 + b"x" * 60), Stall()], "response truncated", 60),
    ],
    ids=["end", "reset", "chunks without an end", "not HTTP", "silence"],
)
async def test_a_body_that_is_cut(kind: Kind, steps: Sequence[Step], stage: str, received: int) -> None:
    """It is an error with its stage, also if only nothing more arrives, and is not retried; the next call works."""
    async with (
        RawServer([steps, [Send(reply(200, b"fine"))]]) as server,
        client_by(kind, server.url, read_timeout=0.1, max_in_flight=1) as client,
    ):
        got = 0
        with pytest.raises(NetworkError) as caught:  # noqa: PT012 -- the end of the block is part of it
            async with client.stream("GET", "/f") as response:
                async for chunk in response:
                    got += len(chunk)
        assert (caught.value.stage, got, len(server.requests)) == (stage, received, 1)
        assert isinstance(caught.value, GlobusTimeoutError) == (steps[-1] == Stall())
        assert not leaks_of_error(caught.value)
        assert await read(client) == b"fine"


@pytest.mark.parametrize("kind", KINDS)
async def test_the_total_timeout_ends_with_the_head(kind: Kind) -> None:
    """A body may take longer, as long as bytes arrive; a head may not."""
    slow: Script = [Send(HEAD % 5), Drip(b"abcde", gap=0.06)]
    async with (
        RawServer([slow, [Stall()]]) as server,
        client_by(kind, server.url, total_timeout=0.15, read_timeout=0.14) as client,
    ):
        assert await read(client) == b"abcde"
        with pytest.raises(GlobusTimeoutError) as caught:
            await read(client.with_options(retry=RetryPolicy(max_retries=0), timeout=0.05))
        assert caught.value.stage == "no response"


@pytest.mark.parametrize("kind", KINDS)
async def test_leaving_early(kind: Kind) -> None:
    """By a break, an error of the block, or at once: the connection is closed, the slot released, the client works."""
    async with (
        RawServer([[Send(HEAD % len(BODY) + BODY)]]) as server,
        client_by(kind, server.url, max_in_flight=1) as c,
    ):
        async with c.stream("GET", "/f") as response:
            async for _ in response:
                break
        async with c.stream("GET", "/f"):
            pass
        with pytest.raises(ZeroDivisionError):
            async with c.stream("GET", "/f") as response:
                raise ZeroDivisionError
        async with asyncio.timeout(1):
            assert await read(c) == BODY
        assert server.connections == 4
        assert server.open <= 1 or kind != "own"


async def test_a_stream_has_a_slot_until_it_is_left() -> None:
    """So that the calls in flight are limited, streams included."""
    async with RawServer([[Send(reply(200, b"x"))]]) as server, client_of(server.url, max_in_flight=1) as client:
        async with client.stream("GET", "/f") as response:
            other = asyncio.create_task(read(client))
            await asyncio.sleep(0.02)
            assert [chunk async for chunk in response] == [b"x"]
            assert (len(server.requests), other.done()) == (1, False)
        assert await other == b"x"
        assert server.connections == 1


async def test_memory_and_connection_of_a_slow_reader() -> None:
    """About 256 KiB wait for their reader, however large the body is."""
    size = 24 << 20
    async with RawServer([[Send(HEAD % size + bytes(size))]]) as server, client_of(server.url) as client:
        tracemalloc.start()
        try:
            async with client.stream("GET", "/f") as response:
                received = 0
                await asyncio.sleep(0.05)
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                async for chunk in response:
                    received += len(chunk)
                peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert received == size
    assert peak - before < 2 << 20


@pytest.mark.parametrize("kind", KINDS)
async def test_errors_are_those_of_calls(kind: Kind) -> None:
    """A retry before the body, a refusal, a missing file: with the body of the error, and no second head."""
    scripts: list[Script] = [
        [Send(reply(503, b"{}", headers=[("Retry-After", "0")]))],
        [Send(reply(200, b"there"))],
        [Send(reply(404, b'{"code": "NotThere", "message": "no such file"}'))],
        [Send(reply(302, b"", headers=[("Location", "https://auth.example.org/login")]))],
    ]
    async with RawServer(scripts) as server, client_by(kind, server.url) as client:
        async with client.stream("GET", "/f") as response:
            assert [attempt.outcome for attempt in response.raw.failed_attempts] == ["503 Whatever"]
            assert [chunk async for chunk in response] == [b"there"]
        with pytest.raises(NotFound, match="no such file") as caught:
            await read(client)
        assert not leaks_of_error(caught.value)
        with pytest.raises(GlobusAPIError) as moved:
            await read(client)
        assert moved.value.headers["location"] == "https://auth.example.org/login"
        assert (len(server.requests), server.connections) == (4, 1)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_transient_error_ends_its_connection(kind: Kind) -> None:
    """It is retried where the method is idempotent, each time on a new connection."""

    def script(request: Received) -> Script:
        if request.connection < 3:  # as a proxy whose backend stays with the connection
            return [Send(reply(404, b"the backend is away"))]
        return [Send(reply(200, b"there"))]

    async with RawServer(script) as server, client_by(kind, server.url) as client:
        with pytest.raises(NotFound):
            await read(client, "POST", content=b"once")
        assert (server.connections, len(server.requests)) == (1, 1)
        assert await read(client) == b"there"
        assert await read(client) == b"there"
        assert [request.connection for request in server.requests] == [1, 2, 3, 3]


async def test_a_transient_error_remains_the_error_of_its_status() -> None:
    """After the last attempt; an authorizer is not asked for another token meanwhile."""

    class Refusing(ShareClient):
        error_kinds = ErrorKinds(GlobusAPIError, transient=lambda response: response.status == 401)

    service = Scripted(respond(401))
    authorizer = AccessTokenAuthorizer("a-token-that-lasts")
    async with service.client(client_class=Refusing, authorizer=authorizer) as client:
        with pytest.raises(GlobusAPIError) as caught:
            await read(client)
    assert (caught.value.http_status, len(caught.value.attempts)) == (401, 6)


@pytest.mark.parametrize("kind", KINDS)
async def test_closing_during_a_stream(kind: Kind) -> None:
    """The read that waits, and the next one, end with an error that says so."""
    async with (
        RawServer([[Send(HEAD % 100 + b"x"), Stall()]]) as server,
        client_by(kind, server.url) as client,
        client.stream("GET", "/f") as waiting,
        client.stream("GET", "/f") as later,
        asyncio.timeout(1),
    ):
        assert await anext(waiting) == b"x"
        task = asyncio.create_task(anext(waiting))
        await asyncio.sleep(0.01)
        await client.transport.aclose()
        with pytest.raises(GlobusConnectionError, match="the client was closed during the call"):
            await task
        with pytest.raises(GlobusConnectionError, match="the client was closed during the call"):
            await anext(later)


async def test_misuse() -> None:
    """It is refused with what to do."""
    async with RawServer([[Send(HEAD % 10 + b"x"), Stall()]]) as server, client_of(server.url) as client:
        call = client.stream("GET", "/f")
        with pytest.raises(TypeError, match=r"async with client\.stream"):
            aiter(cast("Any", call))
        for wrong in ({"content": "text"}, {"content": [b"a"]}, {"headers": {"Content-Length": "3"}}, {"params": 3}):
            with pytest.raises((GlobusSDKUsageError, TypeError)):
                client.stream("PUT", "/f", **cast("Any", wrong))
        async with call as response:
            assert isinstance(response, StreamedResponse)
            with pytest.raises(GlobusSDKUsageError, match="entered already"):
                await call.__aenter__()
            assert await anext(response) == b"x"
            task = asyncio.create_task(anext(response))
            await asyncio.sleep(0)
            with pytest.raises(GlobusSDKUsageError, match="one reader"):
                await anext(response)
            task.cancel()
            await asyncio.wait({task})
            with pytest.raises(GlobusSDKUsageError, match="ended with a CancelledError"):
                await anext(response)
        with pytest.raises(GlobusSDKUsageError, match="closed"):
            await anext(response)
        assert server.requests[0].method == "GET"


@pytest.mark.parametrize("end", ["whole", "early", "cut", "cancelled"])
async def test_the_observer_sees_the_stream_as_one_call(end: str) -> None:
    """It ends once, when the stream is left, with the error of a read if there is one."""
    seen = Recorder()
    ends: dict[str, list[Step]] = {"whole": [Send(b"y" * 9)], "cut": [Fin()]}
    last = ends.get(end, [Stall()])
    async with (
        RawServer([[Send(HEAD % 10 + b"x"), Sleep(0.01), *last]]) as server,
        client_of(server.url, observer=seen) as client,
    ):

        async def use() -> None:
            async with client.stream("GET", "/f") as response:
                assert [event for event, _ in seen.events] == ["call started", "attempt started"]
                await anext(response)
                if end != "early":
                    [_ async for _ in response]

        task = asyncio.create_task(use())
        if end == "cancelled":
            await asyncio.sleep(0.05)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [event for event, _ in seen.events] == ["call started", "attempt started", "attempt ended", "call ended"]
    (call,), (attempt,) = seen.calls, seen.attempts
    error = {"cut": "GlobusConnectionError", "cancelled": "CancelledError"}.get(end)
    assert (call.operation, call.path_template, call.status) == (
        "BaseClient.stream",
        "/f",
        None if end == "cut" else 200,
    )
    assert (call.error, attempt.error, attempt.status) == (error, error, call.status)
    assert attempt.stage == (None if error is None else "response truncated")
    assert call.seconds is not None
    assert call.seconds >= 0.01 or end == "early"


async def test_a_hook_may_have_read_the_stream(library: ModuleType) -> None:
    """As logging hooks do: what it read is the one chunk, also where a coding was undone."""

    async def hook(response: Any) -> None:
        await response.aread()

    whole = reply(200, gzip.compress(b"text"), headers=[("Content-Encoding", "gzip")])
    async with (
        RawServer([[Send(whole)]]) as server,
        library.AsyncClient(event_hooks={"response": [hook]}) as http,
        client_of(server.url, http_client=http) as client,
    ):
        assert await read(client) == b"text"


async def test_a_body_without_an_announced_end_is_compared_with_its_length(library: ModuleType) -> None:
    """A client, or a service in this process, that does not do so itself; of a HEAD the length is no body's."""
    assert library.__name__
    service = Scripted(raw(200, b"x" * 7, content_length="10"))
    async with service.client() as client:
        with pytest.raises(GlobusConnectionError, match="7 bytes, not 10"):
            await read(client)
    whole = raw(200, b"", content_length="10")
    async with Scripted(whole).client() as client:
        assert await read(client, "HEAD") == b""


async def test_a_cancelled_read_shows_no_secret() -> None:
    """Neither in its traceback nor in the locals of its frames."""

    def respond_slowly(_: httpx.Request) -> httpx.Response:
        async def body() -> AsyncGenerator[bytes]:
            yield b"x"
            await asyncio.get_running_loop().create_future()

        return httpx.Response(200, content=body())

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(respond_slowly)) as http,
        client_of("https://h/", http_client=http, authorizer=AccessTokenAuthorizer(TOKEN)) as client,
        client.stream("GET", "/f") as response,
    ):
        assert await anext(response) == b"x"
        task = asyncio.create_task(anext(response))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert not leaks_of_error(caught.value)


async def test_small_bodies_of_many_streams_use_few_connections() -> None:
    """A stream that was read to its end leaves the connection to the next one."""
    async with RawServer([[Send(ok(b"{}"))]]) as server, client_of(server.url, max_in_flight=4) as client:
        await asyncio.gather(*(read(client) for _ in range(40)))
        assert server.connections <= 4


async def test_a_stream_keeps_its_connection_until_it_is_left() -> None:
    """Even if its whole body has arrived: its reader may find that the connection is not to be used again."""
    async with RawServer([[Send(reply(200, b"x"))]]) as server, client_of(server.url) as client:
        async with client.stream("GET", "/f") as response:
            assert await anext(response) == b"x"
            async with client.stream("GET", "/g") as other:
                response.discard()
                await response.aclose()
                assert await anext(other) == b"x"
        await read(client)
        assert [request.connection for request in server.requests] == [1, 2, 2]
