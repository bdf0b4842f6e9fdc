"""The end of a call by its total timeout, beside everything else that may end or delay it at the same moment."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager

import httpx
import pytest
import uvloop

from globus_async import BaseClient, GlobusTimeoutError, RetryPolicy, Transport
from tests.toolkit.clock import FakeClock
from tests.toolkit.raw_server import RawServer, Send, ok
from tests.toolkit.scripted import Scripted, respond

uvloop.new_event_loop().close()  # the first loop of a process opens a pipe that stays
AT_ONCE = RetryPolicy(base_delay=0)


class EarlyClock(FakeClock):
    """Its timers expire a little early, as those of an event loop may."""

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[asyncio.Timeout]:
        return super().timeout(None if seconds is None else seconds - 1e-9)


class LateClock(FakeClock):
    """Its sleepers are woken late, as those of a busy event loop are."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.jump(1000)
        for _ in range(3):
            await asyncio.sleep(0)


def stall(_: httpx.Request) -> Awaitable[httpx.Response]:
    return asyncio.get_running_loop().create_future()


async def test_a_timer_that_expires_early() -> None:
    """There is no further attempt, which nothing would end."""
    clock = EarlyClock()
    service = Scripted(stall, clock=clock)
    async with service.client(total_timeout=10, retry=AT_ONCE) as client:
        call = asyncio.create_task(client.get("/x"))
        await clock.asleep()
        await clock.advance(10)
        with pytest.raises(GlobusTimeoutError, match="total timeout"):
            await call
    assert len(service.requests) == 1


async def test_a_delay_that_ends_after_the_deadline() -> None:
    """The call ends with its error, which has the attempts."""
    service = Scripted(respond(503, retry_after="5"), clock=LateClock())
    async with service.client(total_timeout=10) as client:
        call = asyncio.create_task(client.get("/x"))
        await service.clock.asleep(2)
        await service.clock.advance(9)
        with pytest.raises(GlobusTimeoutError, match="not sent within the total timeout") as raised:
            await call
    assert [attempt.outcome for attempt in raised.value.attempts][:1] == ["503 Service Unavailable"]


async def test_a_cancellation_at_the_same_moment() -> None:
    """A cancellation by the caller is never turned into an error."""

    async def cancelled_again(_: httpx.Request) -> httpx.Response:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            call.cancel()
        raise AssertionError

    clock = FakeClock()
    service = Scripted(cancelled_again, clock=clock)
    async with service.client(total_timeout=10) as client:
        call = asyncio.create_task(client.get("/x"))
        await clock.asleep()
        await clock.advance(10)
        await asyncio.wait([call])
        assert call.cancelled()


async def test_a_cancellation_that_waits_already() -> None:
    """A call in a task that was cancelled before, and goes on, ends with its own error."""
    clock = FakeClock()
    service = Scripted(stall, clock=clock)

    async def goes_on() -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            with pytest.raises(GlobusTimeoutError):
                await client.get("/x")
        current = asyncio.current_task()
        assert current is not None
        return current.cancelling()

    async with service.client(total_timeout=10) as client:
        task = asyncio.create_task(goes_on())
        await asyncio.sleep(0)
        task.cancel()
        await clock.asleep()
        await clock.advance(10)
        assert await task == 1


@pytest.mark.parametrize("new_loop", [asyncio.SelectorEventLoop, uvloop.new_event_loop])
def test_no_limits(new_loop: type[asyncio.AbstractEventLoop]) -> None:
    """A timeout may be infinite."""

    async def call() -> None:
        async with (
            RawServer([[Send(ok(b"{}"))]]) as server,
            Transport(total_timeout=math.inf, read_timeout=math.inf, connect_timeout=math.inf) as transport,
        ):
            client = BaseClient(base_url=server.url, transport=transport)
            assert (await client.get("/")).http_status == 200

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(call())


async def test_no_limits_for_an_http_client() -> None:
    """An infinite timeout is ``None`` for HTTP clients, some of which know no infinity."""
    service = Scripted(respond(200))
    async with service.client(read_timeout=math.inf, connect_timeout=3) as client:
        await client.get("/x")
    assert service.requests[0].extensions["timeout"] == {"connect": 3, "read": None, "write": None, "pool": None}
