"""A call ends by its deadline, whatever the server does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from globus_async import GlobusTimeoutError, NetworkError, RetryPolicy
from globus_async.authorizers import GlobusAuthorizer
from globus_async.secret import Secret
from tests.toolkit.clients import by_workers, client_of
from tests.toolkit.clock import FakeClock
from tests.toolkit.raw_server import Drip, RawServer, Received, Script, Send, Sleep, Stall, reply

pytestmark = pytest.mark.slow

DEADLINE = 0.1
GRACE = 0.05
RESPONSE = reply(200, b'{"text":"' + b"x" * 1900 + b'"}')


class Lateness:
    """The sum of the delays of the loop so far: the machine may be busy."""

    total = 0.0


@asynccontextmanager
async def lateness() -> AsyncGenerator[Lateness]:
    found = Lateness()

    async def tick() -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.002
            await asyncio.sleep(0.002)
            found.total += max(0.0, loop.time() - due)

    ticking = asyncio.create_task(tick())
    try:
        yield found
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)


@pytest.mark.parametrize("kind", ["stall", "slow_body"])
async def test_stalled_and_slow_bodies_at_every_byte(kind: str) -> None:
    """No bytes, or one every 10 ms, from any offset on: the call ends within its deadline and 50 ms."""
    asyncio.get_running_loop().set_debug(False)

    def slow(request: Received) -> Script:
        offset = int(request.target.removeprefix("/"))
        rest: Script = [Stall()] if kind == "stall" else [Drip(RESPONSE[offset:], 0.01)]
        return [Send(RESPONSE[:offset]), *rest]

    late: list[tuple[int, float]] = []
    # a slow body of fewer bytes ends in time
    offsets = range(len(RESPONSE) if kind == "stall" else len(RESPONSE) - 20)
    async with RawServer(slow) as server, client_of(server.url, total_timeout=DEADLINE) as client, lateness() as loop:

        async def ask(offset: int) -> None:
            before, started = loop.total, asyncio.get_running_loop().time()
            with pytest.raises(GlobusTimeoutError):
                await client.get(f"/{offset}")
            took = asyncio.get_running_loop().time() - started
            await asyncio.sleep(0.005)  # the current delay is added up by then
            if took > DEADLINE + GRACE + loop.total - before:
                late.append((offset, took))

        await by_workers(ask, offsets, workers=40)
    assert late == []


async def test_read_timeout() -> None:
    """`read_timeout` counts from the last byte."""
    scripts: list[Script] = [[Drip(RESPONSE[:10], 0.02), Stall()]]
    async with RawServer(scripts) as server, client_of(server.url, read_timeout=0.06) as client:
        started = asyncio.get_running_loop().time()
        with pytest.raises(GlobusTimeoutError) as raised:
            await client.get("/")
        assert raised.value.stage == "no response"
        assert 0.2 <= asyncio.get_running_loop().time() - started < 1


async def test_the_deadline_covers_attempts_and_waits() -> None:
    """Failed attempts and the waits between them end within the total time; no wait is started that would exceed it."""
    clock = FakeClock()
    policy = RetryPolicy(max_retries=100, base_delay=4, max_delay=4)
    async with (
        RawServer([[Send(reply(503, b""))]]) as server,
        client_of(server.url, total_timeout=30, clock=clock, retry=policy) as client,
    ):
        started = clock.monotonic()
        call = asyncio.create_task(client.get("/"))
        while not call.done():
            await clock.advance(0.25)
            await asyncio.sleep(0.0005)
        assert call.exception() is not None
        assert clock.monotonic() - started <= 30.25
        assert sum(clock.slept) <= 30
        assert len(server.requests) > 2


class _Slow(GlobusAuthorizer):
    """An authorizer that never returns."""

    async def get_authorization_header(self) -> Secret | None:
        await asyncio.get_running_loop().create_future()
        return None

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:
        return False


async def test_the_deadline_covers_the_token() -> None:
    """A token refresh that hangs ends with the call's deadline; nothing was sent, and the error says so."""
    async with RawServer([[Send(RESPONSE)]]) as server:
        async with client_of(server.url, total_timeout=DEADLINE, authorizer=_Slow()) as client:
            with pytest.raises(GlobusTimeoutError) as raised:
                await client.get("/")
        assert raised.value.stage == "not sent"
        assert server.connections == 0


async def test_connect_timeout() -> None:
    """A connection that is not established in time is a `GlobusConnectionTimeoutError`; nothing was sent."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:  # fill the backlog, so that the next one is not accepted
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            async with client_of(f"http://127.0.0.1:{port}/", connect_timeout=0.1) as client:
                with pytest.raises(NetworkError) as raised:
                    await client.get("/")
            assert raised.value.stage == "not sent"
            assert not raised.value.maybe_executed
        finally:
            for one in waiting:
                one.close()


async def test_sleeping_before_the_head_counts() -> None:
    """A server that does not respond in time causes a timeout without a response."""
    async with RawServer([[Sleep(1), Send(RESPONSE)]]) as server:
        async with client_of(server.url, total_timeout=DEADLINE) as client:
            with pytest.raises(GlobusTimeoutError) as raised:
                await client.get("/")
        assert raised.value.stage == "no response"
