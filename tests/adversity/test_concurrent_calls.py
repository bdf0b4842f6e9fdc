"""Concurrent calls are sent in order, and unfinished listings hold no resources."""

from __future__ import annotations

import asyncio
import gc
import json

import pytest

from globus_async.services.transfer import TransferClient
from tests.toolkit.clients import client_of
from tests.toolkit.leaks import Snapshot, recorded_problems
from tests.toolkit.raw_server import RawServer, Received, Script, Send, ok
from tests.toolkit.scripted import Scripted, respond

pytestmark = pytest.mark.slow

PAGE = {"DATA_TYPE": "task_list", "DATA": [{"task_id": str(number)} for number in range(10)], "total": 1000}


async def test_ten_thousand_calls_over_twenty_connections() -> None:
    """10,000 concurrent calls: 0 errors, at most 20 connections, sent in the order of the calls."""
    asyncio.get_running_loop().set_debug(False)

    def numbered(request: Received) -> Script:
        return [Send(ok(b'{"number":%d}' % int(request.target[1:])))]

    async with RawServer(numbered) as server, client_of(server.url, max_in_flight=20) as client:
        calls = [asyncio.create_task(client.get(f"/{number}")) for number in range(10_000)]
        responses = await asyncio.gather(*calls)
        assert [response["number"] for response in responses] == list(range(10_000))
        assert server.connections == 20
        order = [int(request.target[1:]) for request in server.requests]
        # twenty are in progress at a time, so a call may be overtaken by these and by no other
        assert all(abs(place - number) < 40 for place, number in enumerate(order))


@pytest.mark.parametrize("collecting", [True, False], ids=["gc", "no gc"])
async def test_a_thousand_listings_left_after_one_item(collecting: bool) -> None:
    """`break` after the first item, a thousand times: no task, no descriptor, no warning, with and without gc."""
    asyncio.get_running_loop().set_debug(False)
    before = Snapshot.take()
    async with RawServer([[Send(ok(json.dumps(PAGE).encode()))]]) as server, client_of(server.url) as plain:
        tc = TransferClient(base_url=server.url, transport=plain.transport, rate_limit=None)
        with recorded_problems() as problems:
            if not collecting:
                gc.disable()
            try:
                for _ in range(1000):
                    async for task in tc.task_list():
                        assert task["task_id"] == "0"
                        break
            finally:
                gc.enable()
            own = {*server.tasks, asyncio.current_task()}
            assert [task for task in asyncio.all_tasks() if task not in own | before.tasks] == []
        problems.assert_none()
        assert len(server.requests) == 1000
        assert server.connections == 1
    await before.settle()
    before.assert_nothing_new()


async def test_an_unused_listing_sends_nothing() -> None:
    """Creating a listing sends nothing."""
    service = Scripted(respond(200, PAGE))
    async with service.client(client_class=TransferClient) as client:
        assert isinstance(client, TransferClient)
        listings = [client.task_list() for _ in range(1000)]
        del listings
        assert service.requests == []
