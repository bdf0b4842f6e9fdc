"""Leases and compare-and-set within one event loop."""

from __future__ import annotations

import asyncio

import pytest

from globus_async.errors import WrongEventLoopError
from globus_async.token_storage import LeaseLost, MemoryTokenStorage, TokenStorageData
from tests.toolkit.clock import FakeClock


def data(access_token: str, server: str = "transfer.api.globus.org") -> TokenStorageData:
    return TokenStorageData(server, None, "all", access_token, "refresh", 1_900_000_000, "Bearer")


async def test_one_holder_at_a_time() -> None:
    storage, running, most = MemoryTokenStorage(), 0, 0

    async def work() -> None:
        nonlocal running, most
        async with storage.lease("x", 60):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(work() for _ in range(50)))
    assert most == 1


async def test_leases_of_other_names_do_not_wait() -> None:
    storage = MemoryTokenStorage()
    async with storage.lease("x", 60), storage.lease("y", 60) as lease:
        lease.check()


async def test_a_lease_ends_when_its_time_runs_out() -> None:
    """Its holder notices, another one gets it, and the first one's release does not take it from that one."""
    clock = FakeClock()
    storage = MemoryTokenStorage(clock=clock)
    first = storage.lease("x", 60)
    lease = await first.__aenter__()
    second = storage.lease("x", 60)
    waiting = asyncio.create_task(second.__aenter__())
    await clock.asleep()
    await clock.advance(60)
    await waiting
    with pytest.raises(LeaseLost, match="'x'"):
        lease.check()
    await first.__aexit__(None, None, None)
    third = asyncio.create_task(storage.lease("x", 60).__aenter__())
    await clock.asleep()
    assert not third.done()
    await second.__aexit__(None, None, None)
    await third


async def test_a_cancelled_waiter_leaves_the_lease_to_the_next() -> None:
    storage = MemoryTokenStorage()
    async with storage.lease("x", 60):
        waiting = asyncio.create_task(storage.lease("x", 60).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
    async with storage.lease("x", 60) as lease:
        lease.check()


async def test_a_newer_token_is_not_overwritten() -> None:
    storage = MemoryTokenStorage()
    assert await storage.compare_and_set(None, data("a"))
    assert not await storage.compare_and_set(None, data("b"))
    assert await storage.compare_and_set(data("a"), data("b"))
    assert not await storage.compare_and_set(data("a"), data("c"))
    assert await storage.get_token_data("transfer.api.globus.org") == data("b")


def test_a_lease_ends_with_its_event_loop() -> None:
    """A storage of a module outlives the event loops of a program."""
    storage = MemoryTokenStorage()
    asyncio.run(storage.lease("x", 60).__aenter__())

    async def hold() -> None:
        async with asyncio.timeout(5), storage.lease("x", 60) as lease:
            lease.check()

    asyncio.run(hold())


async def test_a_lease_of_another_running_event_loop() -> None:
    """Tasks cannot wait across event loops; both at once would use a refresh token twice."""
    storage = MemoryTokenStorage()
    async with storage.lease("x", 60):
        waiting = asyncio.create_task(storage.lease("x", 60).__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(WrongEventLoopError, match="'x' is held in another event loop"):
            await asyncio.to_thread(asyncio.run, storage.lease("x", 60).__aenter__())
    await waiting
