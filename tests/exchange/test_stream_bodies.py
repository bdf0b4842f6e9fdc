"""Request bodies that are read while they are sent: their framing, limits, errors and repetition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest

from globus_async import (
    BaseClient,
    GlobusAPIError,
    GlobusConnectionError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    RefreshTokenAuthorizer,
    RetryPolicy,
    StreamBody,
)
from globus_async.secret import Secret
from globus_async.sync import blocking
from tests.exchange.test_streams import KINDS, QUICK, Kind, client_by
from tests.toolkit.clients import client_of
from tests.toolkit.raw_server import RawServer, ReadBody, Script, Send, Sleep, Stall, ok, reply

PARTS: tuple[Any, ...] = (b"first ", b"", bytearray(b"second "), memoryview(b"third"))
WHOLE = b"first second third"


class Source:
    """Yields parts, and records how often it was begun and closed."""

    def __init__(self, *parts: Any, gap: float = 0, error: BaseException | None = None) -> None:
        self.parts: tuple[Any, ...] = parts or PARTS
        self.gap, self.error = gap, error
        self.begun = self.closed = self.yielded = 0

    async def __call__(self) -> AsyncIterator[bytes]:
        """Iterate over the parts."""
        self.begun += 1
        try:
            for part in self.parts:
                await asyncio.sleep(self.gap)
                self.yielded += 1
                yield part
            if self.error is not None:
                raise self.error
        finally:
            self.closed += 1


async def put(client: BaseClient, source: Callable[[], AsyncIterator[bytes]], **options: Any) -> int:
    """Send a body, and return the status."""
    async with client.stream("PUT", "/f", content=StreamBody(source, **options)) as response:
        return response.http_status


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [len(WHOLE), None])
async def test_a_body_is_sent_with_its_length_or_in_chunks(kind: Kind, size: int | None) -> None:
    """And the connection is used again."""
    source = Source()
    async with RawServer([[Send(reply(201))]]) as server, client_by(kind, server.url) as client:
        assert [await put(client, source, size=size) for _ in range(2)] == [201, 201]
        async with client.stream("PUT", "/f", content=b"z" * 500_000, headers={"Content-Type": "text/csv"}) as response:
            assert response.http_status == 201
        async with client.stream("PUT", "/f", content=StreamBody(Source(b""), size=0)):
            pass
    first, _, large, empty = server.requests
    assert (first.body, first.header("content-type")) == (WHOLE, "application/octet-stream")
    assert first.header("content-length") == (None if size is None else str(size))
    assert first.header("transfer-encoding") == ("chunked" if size is None else None)
    assert (large.body, large.header("content-length")) == (b"z" * 500_000, "500000")
    assert (large.header("content-type"), empty.header("content-length")) == ("text/csv", "0")
    assert (source.begun, source.closed, server.connections) == (2, 2, 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("size", "why"), [(len(WHOLE) - 1, "more than its size of 17"), (len(WHOLE) + 1, "yielded 18")]
)
async def test_a_source_of_another_size(kind: Kind, size: int, why: str) -> None:
    """It completes no request, is not repeated, and is an error that says so; the client remains usable."""
    source = Source()
    async with RawServer([[Send(reply(200))]]) as server, client_by(kind, server.url, max_in_flight=1) as client:
        with pytest.raises(GlobusSDKUsageError, match=why):
            await put(client, source, size=size)
        assert (server.requests, source.begun, source.closed) == ([], 1, 1)
        assert await put(client, source, size=len(WHOLE)) == 200


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "error", [OSError(28, "disk"), ZeroDivisionError(), GlobusConnectionError("of another call", stage="no response")]
)
async def test_an_error_of_the_source_ends_the_call_with_it(kind: Kind, error: Exception) -> None:
    """Unchanged, and without another attempt."""
    source = Source(error=error)
    async with RawServer([[Send(reply(200))]]) as server, client_by(kind, server.url, max_in_flight=1) as client:
        with pytest.raises(type(error)) as caught:
            await put(client, source)
        assert caught.value is error
        assert (server.requests, source.begun, source.closed) == ([], 1, 1)
        assert await put(client, Source()) == 200


async def test_sources_that_are_none() -> None:
    """They are refused by name, and nothing is left unawaited."""

    async def coroutine() -> Any:
        return b""

    async with RawServer([[Send(reply(200))]]) as server, client_of(server.url) as client:
        refused = (
            (coroutine, "a coroutine, not an async iterator"),
            (lambda: [b"a"], "a list, not an async"),
        )
        for wrong, why in cast("tuple[tuple[Any, str], ...]", refused):
            with pytest.raises(GlobusSDKUsageError, match=why):
                await put(client, wrong)
        with pytest.raises(GlobusSDKUsageError, match="yielded a str, not bytes"):
            await put(client, Source("text"))
    assert server.requests == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("repeatable", [True, False])
async def test_a_body_is_repeated_if_it_can_be(kind: Kind, *, repeatable: bool) -> None:
    """After an error response of any kind: otherwise that is the error of the call."""
    source = Source()
    refusal = reply(503, headers=[("Retry-After", "0")])
    async with RawServer([[Send(refusal)], [Send(reply(200))]]) as server, client_by(kind, server.url) as client:
        if repeatable:
            assert await put(client, source) == 200
        else:
            with pytest.raises(GlobusAPIError, match="503"):
                await put(client, source, repeatable=False)
        assert (len(server.requests), source.begun) == (1 + repeatable, 1 + repeatable)
        assert all(request.body == WHOLE for request in server.requests)


async def test_a_body_that_was_not_begun_is_sent_later() -> None:
    """No connection was made, so that not even a body that is not repeatable has been read."""
    source, port = Source(), 0
    async with RawServer([[Send(reply(200))]]) as server:
        port = server.port
    async with client_of(f"http://127.0.0.1:{port}/", retry=QUICK) as client:
        with pytest.raises(GlobusConnectionError) as caught:
            await put(client, source, repeatable=False)
    assert (len(caught.value.attempts), source.begun, caught.value.stage) == (4, 0, "not sent")


async def test_a_refused_token_is_refreshed_once_for_a_body_that_can_be_repeated() -> None:
    """And not for another; the next call refreshes it then."""

    class Authorizer(RefreshTokenAuthorizer):
        def __init__(self) -> None:
            self.asked = 0

        async def get_authorization_header(self) -> Secret:
            return Secret(f"Bearer token-{self.asked}-of-many")

        def handle_missing_authorization(self, refused: object = None) -> bool:
            assert refused is not None
            self.asked += 1
            return True

        def is_refreshing(self) -> bool:
            return False

        def login_for(self, reason: object) -> None:
            assert reason is not None

    authorizer, source = Authorizer(), Source()
    scripts: list[Script] = [[Send(reply(401))], [Send(reply(200))], [Send(reply(401))], [Send(reply(200))]]
    async with RawServer(scripts) as server, client_of(server.url, authorizer=authorizer) as client:
        assert await put(client, source) == 200
        with pytest.raises(GlobusAPIError, match="401"):
            await put(client, source, repeatable=False)
    assert (len(server.requests), source.begun) == (3, 3)


@pytest.mark.parametrize("status", [403, 200])
async def test_a_server_that_responds_before_the_end(status: int) -> None:
    """Its error is that of the call, however slow the source is; a success cannot be that of the whole request."""
    source = Source(b"x" * 1000, b"y" * 1000, gap=0.03)
    source.parts += (b"z",) * 1000
    async with (
        RawServer([[Sleep(0.05), Send(reply(status, b"{}"))]], read_head_only=True) as server,
        client_of(server.url) as client,
    ):
        async with asyncio.timeout(2):
            with pytest.raises(GlobusAPIError if status == 403 else GlobusConnectionError) as caught:
                await put(client, source)
        assert status == 403 or "before the end of the request" in str(caught.value)
        assert source.yielded < 10
        assert (source.begun, source.closed) == (1, 1)


async def test_an_empty_body() -> None:
    """The source has ended before the head is sent, since the response may follow at once."""
    async with RawServer([[Send(ok())]] * 2, read_head_only=True) as server, client_of(server.url) as client:
        source = Source(b"", gap=0.05)
        assert await put(client, source, size=0) == 200
        with pytest.raises(GlobusSDKUsageError, match="more than its size"):
            await put(client, Source(b"", b"x"), size=0)
    assert (len(server.requests), source.closed) == (1, 1)


async def test_the_limits_while_a_body_is_sent() -> None:
    """Neither a slow source nor a long upload is limited; a server that reads nothing is."""
    scripts: list[Script] = [[ReadBody(), Send(ok())], [Stall()]]
    async with (
        RawServer(scripts, read_head_only=True) as server,
        client_of(server.url, total_timeout=0.1, read_timeout=0.08) as client,
    ):
        assert await put(client, Source(b"a", b"b", gap=0.15), size=2) == 200
        with pytest.raises(GlobusTimeoutError) as caught:
            await put(client, Source(*(b"x" * (1 << 20),) * 64), size=64 << 20)
        assert caught.value.stage == "no response"


async def test_the_total_timeout_goes_on_after_a_body() -> None:
    """What was left of it remains for the delay and for the attempts after it."""
    refusal = reply(503, headers=[("Retry-After", "1")])
    async with RawServer([[Send(refusal)]]) as server:
        async with client_of(server.url, total_timeout=0.2, retry=RetryPolicy()) as client:
            with pytest.raises(GlobusAPIError, match="503"):
                await put(client, Source(b"a", gap=0.2))
        assert len(server.requests) == 1


def test_streams_of_a_blocking_client() -> None:
    """They are entered with ``with``, and iterated with ``for``."""
    ready: list[RawServer] = []

    async def serve() -> None:
        ready.append(await RawServer([[Send(reply(200, b"abc"))]]).__aenter__())

    async def end() -> None:
        await ready[0].__aexit__()

    with blocking(BaseClient, base_url="http://127.0.0.1:9/") as other:
        other.run(serve())
        with blocking(BaseClient, base_url=ready[0].url) as client:
            content = StreamBody(Source(), size=len(WHOLE))
            with client.stream("PUT", "/f", content=content) as response:
                assert (response.http_status, b"".join(response), response.bytes_received) == (200, b"abc", 3)
            with client.stream("GET", "/f") as response:
                pass
            with pytest.raises(GlobusSDKUsageError, match="closed"):
                next(iter(response))
        other.run(end())
    assert ready[0].requests[0].body == WHOLE
