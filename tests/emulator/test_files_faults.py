"""Faults of files over HTTPS: which requests they hit, and how a client sees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from globus_async.emulator.traffic import Traffic
from globus_async.testing import Fault, GlobusEmulator, MemoryStorage
from globus_async.testing.faults import (
    cut,
    cut_upload,
    drop_before,
    false_404,
    hollow,
    login_redirect,
    short,
    stall,
    status,
    throttle,
)
from tests.emulator.files_world import FilesWorld, files_world

CONTENT = bytes(range(256)) * 8


@pytest.fixture(params=[False, True], ids=["in process", "socket"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[FilesWorld]:
    async with files_world(socket=request.param) as made:
        await made.send("PUT", "/d/x", content=CONTENT)
        made.emulator.requests.clear()
        yield made


async def outcome(world: FilesWorld, fault: Fault, method: str = "GET") -> tuple[int, str | None, bytes] | str:
    """Return status, Content-Range and content of a request with a fault, or how it failed."""
    world.emulator.faults.add(method, "*", fault, host=world.lab.https_host or "")
    try:
        async with asyncio.timeout(0.15):
            response = await world.send(method, "/d/x", headers={"Range": "bytes=48-"})
    except httpx.TransportError:
        return "dropped"
    except TimeoutError:
        return "stalled"
    return response.status_code, response.headers.get("content-range"), response.content


async def test_bodies(world: FilesWorld) -> None:
    """They end early, with and without a trace, are missing, stall, or crawl."""
    assert await outcome(world, cut()) == await outcome(world, cut(0)) == "dropped"
    assert await outcome(world, stall(5)) == "stalled"
    assert await outcome(world, short()) == (206, "bytes 48-1047/*", CONTENT[48:1048])
    assert await outcome(world, short(1)) == (206, "bytes 48-48/*", CONTENT[48:49])
    assert await outcome(world, hollow()) == (200, None, b"")
    assert await outcome(world, throttle(1e6, size=512)) == (206, "bytes 48-2047/*", CONTENT[48:])
    assert await outcome(world, throttle(1e4, size=64)) == "stalled"
    assert await outcome(world, drop_before()) == "dropped"
    assert await outcome(world, status(503, retry_after=1)) != "dropped"
    assert await outcome(world, login_redirect()) == (302, None, b"")
    assert (await world.send("GET", "/d/x")).content == CONTENT


@pytest.mark.parametrize("kind", ["mapping", "manager", "shutdown", "unknown", "miss_2023"])
async def test_false_misses(kind: str) -> None:
    """The file is there; only the body tells it from a real miss, and HEAD has none."""
    async with files_world() as world:
        world.emulator.faults.add("*", "/data/*", false_404(kind), times=2)
        response, head = await world.send("GET", "/data/a.txt"), await world.send("HEAD", "/data/a.txt")
        assert (response.status_code, head.status_code, head.content) == (404, 404, b"")
        assert ("No such file" in response.text) is (kind == "miss_2023")
        assert ("ENDPOINT_ERROR" in response.text) is (kind in {"mapping", "manager"})
        assert await world.status("GET", "/data/a.txt") == 200


async def test_uploads_that_break_off(world: FilesWorld) -> None:
    """The server keeps what has arrived."""
    for size in (0, 3, 1500):
        world.emulator.faults.add("PUT", "/d/y", cut_upload(size))
        with pytest.raises(httpx.TransportError):
            await world.send("PUT", "/d/y", content=CONTENT)
        assert world.storage.tree()["d/y"] == CONTENT[:size]
    assert await world.status("PUT", "/d/y", content=b"whole") == 200


async def hits(world: FilesWorld, **how: Any) -> list[bool]:
    """Return which of 40 requests a fault hits."""
    world.emulator.faults.clear()
    world.emulator.faults.add("GET", "*", status(503), **how)
    token = world.token(world.lab, world.ada)
    return [await world.status("GET", "/d/x", token=token) == 503 for _ in range(40)]


async def test_shares() -> None:
    """A share of the requests, the same in every run; another seed hits others; at most so many, after so many."""
    async with files_world() as world:
        await world.send("PUT", "/d/x", content=CONTENT)
        found = await hits(world, share=0.3, times=None)
        assert 6 <= sum(found) <= 18
        assert found == await hits(world, share=0.3, times=None)
        assert found != await hits(world, share=0.3, times=None, seed=1)
        limited = await hits(world, share=0.3, times=2, after=20)
        assert (sum(limited[:20]), sum(limited)) == (0, 2)
        assert not any(await hits(world, share=0.0, times=None))
        assert not any(await hits(world, host=world.guest.https_host))
        with pytest.raises(ValueError, match="share"):
            world.emulator.faults.add("GET", "*", status(503), share=1.5)


async def test_a_fault_that_sticks_to_a_connection() -> None:
    """All requests of a connection get it, or none of them, as with a broken backend behind one."""
    async with files_world(socket=True) as world:
        token = world.token(world.lab, world.ada)
        world.emulator.faults.add("GET", "/data/*", false_404(), sticky=True, times=1)
        headers = {"Authorization": f"Bearer {token}"}
        for expected in (404, 200):
            async with httpx.AsyncClient(trust_env=False) as http:
                url = f"{world.lab.https_url}/data/a.txt"
                assert {(await http.get(url, headers=headers)).status_code for _ in range(4)} == {expected}
        assert [each.connection for each in world.emulator.requests].count(world.emulator.requests[0].connection) == 4


async def test_by_the_control_plane() -> None:
    """With the same arguments; wrong ones are refused."""
    async with files_world(socket=True) as world:
        base = str(world.lab.https_url).partition("/m-")[0]
        world.http.headers["X-Emulator-Control"] = "1"
        fault = {"path": "/data/*", "host": "[mg]-*", "fault": "short", "arguments": {"after": 4}, "times": None}
        made = await world.http.post(f"{base}/emulator/faults", json={**fault, "share": 1, "seed": 5, "sticky": True})
        assert (made.status_code, made.json()["times"], made.json()["sticky"]) == (200, None, True)
        assert (await world.send("GET", "/data/a.txt")).content == b"0123"
        for wrong in ({"share": 2}, {"sticky": 1}, {"arguments": {"kind": "x"}, "fault": "false_404"}):
            assert (await world.http.post(f"{base}/emulator/faults", json={**fault, **wrong})).status_code == 400


async def test_peak() -> None:
    """The traffic has the number of requests in flight together, and the connections."""
    async with GlobusEmulator() as emulator, emulator.serve(), httpx.AsyncClient(trust_env=False) as http:
        lab = emulator.add_collection("Lab", storage=MemoryStorage({"a": "1"}))
        token = emulator.access_token(scopes=[f"https://auth.globus.org/scopes/{lab.id}/https"])
        emulator.faults.add("GET", "/a", throttle(10, size=1), times=5)
        headers = {"Authorization": f"Bearer {token}"}
        await asyncio.gather(*(http.get(f"{lab.https_url}/a", headers=headers) for _ in range(5)))
        await http.get(f"{lab.https_url}/a", headers=headers)
        traffic = emulator.traffic(lab.https_host)
        assert (traffic.peak, traffic.connections, traffic.statuses, traffic.bytes_sent) == (5, 5, {200: 6}, 6)
        emulator.requests.clear()
        assert emulator.traffic() == Traffic()
