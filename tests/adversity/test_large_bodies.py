"""Large bodies: other tasks run while they are decompressed and decoded, and limits depend on the kind of call."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import sys
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Any

import pytest

from globus_async import GlobusAPIError, NetworkError, ResponseDecodeError, RetryPolicy
from globus_async.services.transfer import TransferClient
from tests.toolkit.clients import client_of
from tests.toolkit.raw_server import RawServer, Send, reply
from tests.toolkit.scripted import Scripted, raw

MIB = 1 << 20
ID = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"
ONCE = RetryPolicy(max_retries=0)
PLAIN = b" " * (24 * MIB) + b"{}"
JSON = "application/json"


def listing(names: int, name: str) -> bytes:
    """Return the listing of a directory with so many entries of one name, as the service sends it."""
    entry = {
        "DATA_TYPE": "file",
        "group": "tutorial",
        "last_modified": "2026-11-29 00:00:00+00:00",
        "link_target": None,
        "permissions": "0644",
        "size": 1,
        "type": "file",
        "user": "snyder",
    }
    one = json.dumps({**entry, "name": name}, ensure_ascii=False).encode()
    return b'{"DATA_TYPE": "file_list", "endpoint": "x", "path": "/", "DATA": [' + b", ".join([one] * names) + b"]}"


class Ticks:
    """How often the event loop has run another task."""

    count = 0


@asynccontextmanager
async def ticking() -> AsyncGenerator[Ticks]:
    ticks = Ticks()

    async def tick() -> None:
        while True:
            await asyncio.sleep(0)
            ticks.count += 1

    task = asyncio.create_task(tick())
    try:
        yield ticks
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextmanager
def counting_calls(name: str) -> Generator[list[str]]:
    """Record the calls of a function in C by this thread."""
    calls = list[str]()

    def record(_: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and function.__name__ == name:
            calls.append(name)

    sys.setprofile(record)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("status", [200, 500])
async def test_other_tasks_run_while_a_body_is_decompressed(status: int) -> None:
    """Also if it arrives as one small chunk: after the first mebibyte the rest is decompressed in a thread."""
    asyncio.get_running_loop().set_debug(False)
    body = gzip.compress(random.Random(1).randbytes(100_000).hex().encode() + PLAIN, 6)
    assert len(body) < MIB
    fields = [("Content-Encoding", "gzip")]
    response = reply(status, body, headers=fields, content_type="text/plain")
    async with RawServer([[Send(response)]]) as server, client_of(server.url) as client, ticking() as ticks:
        await asyncio.sleep(0.01)
        before = ticks.count
        with counting_calls("decompress") as steps:
            try:
                assert len((await client.get("x")).text) > len(PLAIN)
            except (GlobusAPIError, NetworkError):
                assert status == 500
        assert 0 < len(steps) < 40  # of 64 KiB; nearly 400 in all
        assert ticks.count - before >= 100  # a dozen for the request itself


async def test_a_small_compressed_body_needs_no_thread() -> None:
    """It is decompressed at once, which is faster."""
    response = reply(200, gzip.compress(b'{"a": 1}'), headers=[("Content-Encoding", "gzip")])
    before = threading.active_count()
    async with RawServer([[Send(response)]]) as server, client_of(server.url) as client:
        for _ in range(3):
            assert (await client.get("x"))["a"] == 1
    assert threading.active_count() == before


@pytest.mark.slow
@pytest.mark.parametrize("name", ["n" * 60, "\U0001f600" * 255], ids=["usual", "longest"])
async def test_the_largest_directory_can_be_listed_and_walked(name: str) -> None:
    """With the default limits: the service lists 100,000 entries, with names of up to 255 characters."""
    asyncio.get_running_loop().set_debug(False)
    body = listing(100_000, name)
    service = Scripted(raw(200, body, Content_Type=JSON))
    async with service.transport() as transport:
        client = TransferClient(transport=transport, retry=ONCE, rate_limit=None)
        assert len(await client.operation_ls(ID, "/").list()) == 100_000
        assert sum([1 async for _ in client.operation_walk(ID, "/")]) == 100_000


@pytest.mark.parametrize("limit", [None, MIB])
async def test_limits_by_kind_of_call(limit: int | None) -> None:
    """32 MiB, and 256 MiB for the listing of a directory; the caller's own limit is for all calls."""
    asyncio.get_running_loop().set_debug(False)
    body = b'{"DATA": []' + b" " * (33 * MIB) + b"}"
    service = Scripted(raw(200, body, Content_Type=JSON))
    async with service.transport(max_response_bytes=limit) as transport:
        client = TransferClient(transport=transport, retry=ONCE, rate_limit=None)
        for call in (client.get("x"), client.task_list().list()):
            with pytest.raises(ResponseDecodeError, match=f"limit of {limit or 32 * MIB} bytes"):
                await call
        if limit is None:
            assert await client.operation_ls(ID, "/").list() == []
        else:
            with pytest.raises(ResponseDecodeError, match=f"limit of {limit} bytes"):
                await client.operation_ls(ID, "/").list()
        service.steps = (raw(502, body, Content_Type=JSON),)
        with pytest.raises(GlobusAPIError) as raised:
            await client.operation_ls(ID, "/")
    assert raised.value.body_error is not None
    assert f"limit of {limit or 32 * MIB} bytes" in raised.value.body_error
