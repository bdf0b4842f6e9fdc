"""Keep-alive connections that the server has closed: a GET is sent again, a POST never twice."""

from __future__ import annotations

import asyncio

import pytest

from globus_async import GlobusAPIError, GlobusConnectionError, RetryPolicy
from tests.toolkit.clients import client_of
from tests.toolkit.raw_server import Fin, RawServer, Received, Rst, Script, Send, ok

AGAIN = RetryPolicy(base_delay=0)


@pytest.mark.parametrize("end", [Fin(), Rst()], ids=["fin", "rst"])
@pytest.mark.parametrize("nth", [1, 2, 5])
async def test_broken_after_the_nth_request_was_written(end: Fin | Rst, nth: int) -> None:
    """The server closes the connection instead of responding to the n-th request: the GET is sent once more."""

    def script(_: Received) -> Script:
        return [end] if len(server.requests) == nth else [Send(ok())]

    async with RawServer(script) as server, client_of(server.url, retry=AGAIN) as client:
        for _ in range(nth):
            await client.get("/")
        assert len(server.requests) == nth + 1


@pytest.mark.parametrize("end", [Fin(), Rst()], ids=["fin", "rst"])
async def test_nothing_is_sent_again_but_by_the_retry_policy(end: Fin | Rst) -> None:
    """Without retries, a GET on a broken connection is an error too: every attempt is counted and reported."""
    async with RawServer([[Send(ok())], [end], [Send(ok())]]) as server, client_of(server.url) as client:
        await client.get("/warm")
        with pytest.raises(GlobusConnectionError) as raised:
            await client.get("/")
        assert len(raised.value.attempts) == 1
        assert len(server.requests) == 2


@pytest.mark.parametrize("end", [Fin(), Rst()], ids=["fin", "rst"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_post_is_carried_out_once(end: Fin | Rst, method: str) -> None:
    """A POST on a kept connection that breaks is not sent again: one request arrives, and the error says so."""
    async with RawServer([[Send(ok())], [end], [Send(ok())]]) as server, client_of(server.url, retry=AGAIN) as client:
        await client.get("/warm")
        with pytest.raises(GlobusConnectionError, match="check before you repeat it") as raised:
            await client.request(method, "/", data={"a": 1})
        assert raised.value.maybe_executed
        assert not raised.value.idempotent
        assert [request.method for request in server.requests] == ["GET", method]
        assert server.connections == 1


@pytest.mark.parametrize("end", [Fin(), Rst()], ids=["fin", "rst"])
async def test_a_connection_that_was_closed_while_idle_is_not_used(end: Fin | Rst) -> None:
    """Once the end of an idle connection has been received, a POST is sent over a new one, at the first attempt."""
    async with RawServer([[Send(ok()), end], [Send(ok())]]) as server, client_of(server.url) as client:
        await client.get("/")
        await server.until_closed()
        await asyncio.sleep(0.01)
        assert (await client.post("/", {})).http_status == 200
        assert server.connections == 2


async def test_idle_connections_are_used_again_and_few() -> None:
    """Calls one after another share one connection."""
    async with RawServer([[Send(ok())]]) as server, client_of(server.url) as client:
        for _ in range(50):
            await client.get("/")
        assert server.connections == 1


class _BlockedLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be advanced as by a computation that blocks it."""

    blocked_for = 0.0

    def time(self) -> float:
        """Return the seconds of its clock."""
        return super().time() + self.blocked_for


@pytest.mark.parametrize(("seconds", "connections"), [(4, 1), (6, 2)])
def test_a_computation_between_two_calls(seconds: float, connections: int) -> None:
    """A connection that was idle longer than five seconds is not used, although its timer has not run."""

    async def run() -> None:
        async with RawServer([[Send(ok())]]) as server, client_of(server.url) as client:
            await client.get("/")
            loop.blocked_for = seconds
            await client.post("/", {})
            assert server.connections == connections

    loop = _BlockedLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(run())


async def test_unrequested_bytes_end_a_connection() -> None:
    """A response that arrives before its request is never taken for the response to the next one."""
    stray = ok(b'{"unrequested":true}')
    scripts: list[Script] = [[Send(ok() + stray)], [Send(ok(b'{"whose":"mine"}'))]]
    async with RawServer(scripts) as server, client_of(server.url, retry=AGAIN) as client:
        await client.get("/")
        await asyncio.sleep(0.01)
        assert (await client.get("/"))["whose"] == "mine"


async def test_a_response_before_the_body_was_read() -> None:
    """A server may respond to the head alone and close: the outcome is that response, or a connection error."""
    refusal = (
        b"HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    )
    async with RawServer([[Send(refusal), Fin()]], read_head_only=True) as server, client_of(server.url) as client:
        with pytest.raises((GlobusAPIError, GlobusConnectionError)) as raised:  # the kernel decides which
            await client.post("/", "x" * 4_000_000)
        outcome = raised.value
        if isinstance(outcome, GlobusAPIError):
            assert outcome.http_status == 413
        else:
            assert isinstance(outcome, GlobusConnectionError)
            assert outcome.maybe_executed


async def test_a_large_body_is_sent() -> None:
    """A body of several MiB is sent completely, and without a warning."""
    async with RawServer([[Send(ok())]]) as server, client_of(server.url) as client:
        await client.post("/", {"text": "x" * 3_000_000})
        assert len(server.requests[0].body) == 3_000_011
        assert server.requests[0].header("content-length") == "3000011"
