"""Calls, listings, bulk methods, cancellation and closing on uvloop."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from globus_async import GlobusTimeoutError, bulk
from globus_async.paging import offset_total
from globus_async.transport._connection import Connection
from tests.toolkit.cancel import MODES, every_suspension
from tests.toolkit.clients import client_of
from tests.toolkit.raw_server import RawServer, Received, Script, Send, Stall, ok, reply

uvloop = pytest.importorskip("uvloop")
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as first:
    first.run(asyncio.sleep(0))  # the first loop of a process opens a pipe that is kept


def numbers(request: Received) -> Script:
    """Return a page of numbers, or the last part of the path."""
    if request.target.startswith("/list"):
        query = dict(pair.split("=") for pair in request.target.partition("?")[2].split("&"))
        first, size = int(query["offset"]), int(query["limit"])
        page = {"DATA": [{"n": n} for n in range(first, min(first + size, 100))], "total": 100}
        return [Send(ok(json.dumps(page).encode()))]
    if request.target == "/stall":
        return [Stall()]
    return [Send(ok(json.dumps({"n": int(request.target[1:])}).encode()))]


async def calls() -> None:
    async with RawServer(numbers) as server, client_of(server.url, max_in_flight=5) as client:
        assert [(await client.get(f"/{n}"))["n"] for n in range(20)] == list(range(20))
        responses = await bulk(client.get, (f"/{n}" for n in range(200)), concurrency=50).values()
        assert [response["n"] for response in responses] == list(range(200))
        assert server.most_open <= 5


async def listings() -> None:
    async with RawServer(numbers) as server, client_of(server.url) as client:
        pages = client.listing("/list", dict, style=offset_total, page_size=7)
        assert [item["n"] for item in await pages.list()] == list(range(100))
        async with pages.prefetch() as items:
            assert [item["n"] async for item in items] == list(range(100))


async def cancellation() -> None:
    async with RawServer(numbers) as server, client_of(server.url, max_in_flight=2) as client:
        for _ in range(10):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await client.get("/stall")
        assert (await client.get("/7"))["n"] == 7
    assert len(asyncio.all_tasks()) == 1


async def cancellation_while_connecting() -> None:
    """At every suspension of a call with a new connection: none is kept."""

    async def nothing_is_kept() -> None:
        for wait in (0, 0, 0.001, 0.01, 0.05):
            await asyncio.sleep(wait)
            gc.collect()
            if not [kept for kept in gc.get_objects() if isinstance(kept, Connection)]:
                return
        raise AssertionError

    last = Send(reply(200, b"{}", headers=[("Connection", "close")]))
    async with RawServer([[last]]) as server, client_of(server.url) as client:
        assert await every_suspension(lambda: client.get("/"), nothing_is_kept) >= 3 * len(MODES)


async def deadline() -> None:
    async with RawServer(numbers) as server, client_of(server.url, total_timeout=0.05) as client:
        with pytest.raises(GlobusTimeoutError):
            await client.get("/stall")


@pytest.mark.parametrize(
    "work", [calls, listings, cancellation, cancellation_while_connecting, deadline], ids=lambda work: work.__name__
)
def test_on_uvloop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """The results are those of asyncio's own loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())
