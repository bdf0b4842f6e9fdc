"""A call that is cancelled anywhere leaves nothing behind: the next one works, with a pool of one connection."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest
import trustme

from globus_async import AccessTokenAuthorizer, BaseClient, RetryPolicy, Transport
from tests.toolkit.cancel import MODES, POINTS, CancelAt, Mode, every_suspension
from tests.toolkit.clients import client_of
from tests.toolkit.leaks import Snapshot, recorded_problems
from tests.toolkit.random_cases import cases
from tests.toolkit.raw_server import RawServer, Received, Script, Send, Sleep, ok, reply, server_tls

pytestmark = pytest.mark.slow

BODY = b'{"text":"' + b"x" * 5000 + b'"}'
DRAWN_OUT: Script = [Send(ok(BODY)[:20]), Sleep(0.001), Send(ok(BODY)[20:3000]), Sleep(0.001), Send(ok(BODY)[3000:])]
"""A response in three pieces, so that there is a suspension before, within and after its head."""


def scripted(request: Received) -> Script:
    if request.target == "/unavailable":
        return [Send(reply(503, b"{}", headers=[("Retry-After", "0")]))]
    if request.target == "/refused":
        return [Send(reply(401, b"{}"))]
    if request.target == "/cut":
        return [Send(ok(BODY)[:100]), Sleep(0.001)]
    return DRAWN_OUT


CALLS: dict[str, Callable[[BaseClient], Awaitable[object]]] = {
    "get": lambda client: client.get("/"),
    "post": lambda client: client.post("/", {"a": "b" * 70_000}),
    "put": lambda client: client.put("/", "text"),
    "delete": lambda client: client.delete("/"),
}


@pytest.mark.parametrize("connection_state", ["cold", "warm"])
@pytest.mark.parametrize("call", CALLS)
async def test_cancelled_at_every_suspension(
    call: str, connection_state: str, record_property: Callable[[str, object], None]
) -> None:
    """Each point, three modes, with a pool of one: it ends cancelled, the next call succeeds, nothing is left over."""
    async with RawServer(scripted) as server, Transport(max_in_flight=1) as transport:
        client = BaseClient(base_url=server.url, transport=transport, authorizer=AccessTokenAuthorizer("abc"))

        async def make() -> object:
            if connection_state == "cold":  # a transport of its own: opening it is part of the call
                async with client_of(server.url, max_in_flight=1) as fresh:
                    return await CALLS[call](fresh)
            return await CALLS[call](client)

        async def whole() -> None:
            async with asyncio.timeout(1):
                await client.get("/next")
            assert len(asyncio.all_tasks()) - server.open == tasks
            assert server.open <= 2

        await client.get("/warm")
        await asyncio.sleep(0.01)
        tasks = len(asyncio.all_tasks()) - server.open
        with recorded_problems() as problems:
            points = await every_suspension(make, whole)
        problems.assert_none()
        methods = [request.method for request in server.requests if request.target == "/"]
        assert set(methods) <= {call.upper()}
        assert len(methods) <= points + len(MODES)
    record_property(POINTS, points)
    assert points >= 2 * len(MODES)


@pytest.mark.parametrize("mode", MODES)
async def test_cancelled_while_waiting_for_a_slot(mode: Mode) -> None:
    """A call that waits for a slot is cancelled without affecting the call in it or the calls after it."""
    async with RawServer([DRAWN_OUT]) as server, client_of(server.url, max_in_flight=1) as client:

        async def make() -> object:
            before = asyncio.create_task(client.get("/before"))
            await asyncio.sleep(0)
            try:
                return await client.get("/")
            finally:
                others.append(before)

        others: list[asyncio.Task[object]] = []

        async def whole() -> None:
            async with asyncio.timeout(1):
                assert all(getattr(done, "http_status", 0) == 200 for done in await asyncio.gather(*others))
                await asyncio.sleep(0.005)  # the server ends its response to a cancelled call, and closes as well
                await client.get("/after")
            others.clear()

        assert await every_suspension(make, whole, modes=(mode,)) >= 3
        await asyncio.gather(*others)
        assert server.most_open == 1


async def test_other_calls_are_not_affected(record_property: Callable[[str, object], None]) -> None:
    """One of a hundred calls on ten connections is cancelled, at every suspension: the 99 others succeed."""
    asyncio.get_running_loop().set_debug(False)
    async with RawServer([DRAWN_OUT]) as server, client_of(server.url, max_in_flight=10) as client:
        others: list[asyncio.Task[object]] = []

        async def make() -> object:
            others.extend(asyncio.create_task(client.get(f"/{number}")) for number in range(99))
            await asyncio.sleep(0)
            return await client.get("/one")

        async def whole() -> None:
            async with asyncio.timeout(5):
                answers = await asyncio.gather(*others)
            assert len(answers) >= 99
            assert {getattr(answer, "http_status", 0) for answer in answers} == {200}
            others.clear()

        record_property(POINTS, await every_suspension(make, whole))
        await asyncio.gather(*others)
        assert server.most_open <= 10


async def test_cancelled_during_a_wait_before_a_retry() -> None:
    """Cancelled in the wait between two attempts, a call returns at once and sends nothing more."""
    policy = RetryPolicy(base_delay=60)
    async with RawServer(scripted) as server, client_of(server.url, retry=policy, max_in_flight=1) as client:
        client.transport.jitter = lambda: 1.0
        call = asyncio.create_task(client.get("/cut"))
        await server.wait_for_requests(1)
        await asyncio.sleep(0.05)
        call.cancel()
        passes = 0
        while not call.done():
            await asyncio.sleep(0)
            passes += 1
        assert passes <= 2
        assert call.cancelled()
        assert (await client.get("/")).http_status == 200
        assert len(server.requests) == 2


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_after_thousands_of_random_cancellations(
    seed: int, record_property: Callable[[str, object], None]
) -> None:
    """On a pool of ten: the next 100 calls succeed, no more than ten connections are open, no descriptor is left."""
    asyncio.get_running_loop().set_debug(False)
    lots, wanted = random.Random(seed), cases(3_400)
    before = Snapshot.take()
    async with RawServer([[Sleep(0.002), *DRAWN_OUT]]) as server:
        async with client_of(server.url, max_in_flight=10) as client:
            cancelled = completed = 0

            async def caller() -> None:
                nonlocal cancelled, completed
                while cancelled < wanted:
                    probe = CancelAt(client.get("/"), lots.randint(1, 7), lots.choice(MODES))
                    try:
                        await asyncio.create_task(await_it(probe))
                    except asyncio.CancelledError:
                        cancelled += 1
                    else:
                        completed += 1

            with recorded_problems() as problems:
                async with asyncio.TaskGroup() as group:
                    for _ in range(20):
                        group.create_task(caller())
            problems.assert_none()
            async with asyncio.timeout(10):
                answers = await asyncio.gather(*(client.get("/") for _ in range(100)))
            assert [answer.http_status for answer in answers] == [200] * 100
            async with asyncio.timeout(1):
                while server.open > 10:  # noqa: ASYNC110 -- connections that were cut are seen to end
                    await asyncio.sleep(0.001)
        record_property("cancelled calls", cancelled)
        assert completed > cases(100)
    await before.settle()
    before.assert_nothing_new()


async def by_timeout(call: Awaitable[object]) -> None:
    async with asyncio.timeout(0):
        await call


async def by_sibling(call: Awaitable[object]) -> None:
    async def fail() -> None:
        await asyncio.sleep(0.001)
        raise TimeoutError

    async with asyncio.TaskGroup() as group:
        group.create_task(await_it(call))
        group.create_task(fail())


async def await_it(call: Awaitable[object]) -> None:
    await call


async def by_anyio_deadline(call: Awaitable[object]) -> None:
    with anyio.fail_after(0.001):
        await call


async def by_anyio_group(call: Awaitable[object]) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(await_it, call)
        await anyio.sleep(0.001)
        group.cancel_scope.cancel()
    raise TimeoutError


@pytest.mark.parametrize("way", [by_timeout, by_sibling, by_anyio_deadline, by_anyio_group])
async def test_every_way_of_cancelling(way: Callable[[Awaitable[object]], Awaitable[None]]) -> None:
    """By a timeout, a failing sibling, an anyio deadline or scope, a hundred times: the pool of one is whole."""
    async with RawServer(scripted) as server, client_of(server.url, max_in_flight=1) as client:
        for _ in range(100):
            with pytest.raises((TimeoutError, ExceptionGroup)):
                await way(client.get("/"))
        async with asyncio.timeout(1):
            assert (await client.get("/")).http_status == 200


async def test_cancelled_at_every_suspension_over_tls(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The same with TLS, whose handshake has suspensions of its own."""
    authority = trustme.CA()
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    async with RawServer(scripted, tls=server_tls(authority)) as server:
        async with client_of(server.url, ca_bundle=bundle, max_in_flight=1) as client:

            async def make() -> object:
                async with client_of(server.url, ca_bundle=bundle, max_in_flight=1) as fresh:
                    return await fresh.get("/")

            async def whole() -> None:
                async with asyncio.timeout(1):
                    await client.get("/next")

            points = await every_suspension(make, whole)
        record_property(POINTS, points)
        assert points >= 4 * len(MODES)
