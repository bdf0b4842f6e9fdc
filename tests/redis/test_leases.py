"""Leases in Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from globus_async import GlobusSDKUsageError
from globus_async.redis import RedisDatabase, RedisLeases, RedisTokenStorage
from globus_async.token_storage import LeaseLost, TokenStorageDamaged, TokenStorageUnavailable
from tests.toolkit.cancel import POINTS, every_suspension
from tests.toolkit.redis_server import RedisServer, advance_redis

Redis = Callable[..., Any]


async def test_one_holder_at_a_time(url: str, prefix: str, redis: Redis) -> None:
    """Of several objects and tasks; others that wait get it soon after its release."""
    running = most = 0
    async with AsyncExitStack() as stack:
        databases = [
            await stack.enter_async_context(RedisDatabase.from_url(url, prefix=prefix, timeout=10)) for _ in range(3)
        ]

        async def work(database: RedisDatabase) -> None:
            nonlocal running, most
            async with RedisLeases(database).lease("x", 60) as lease:
                running += 1
                most = max(most, running)
                await asyncio.sleep(0.001)
                running -= 1
                lease.check()

        await asyncio.gather(*(work(database) for database in databases * 4))
        assert most == 1
        assert redis("KEYS", f"{prefix}:*") == []


async def test_other_names_do_not_wait(database: RedisDatabase) -> None:
    """Nor those of token storages, or of another namespace."""
    leases = RedisLeases(database)
    one, other = (RedisTokenStorage(database, namespace=name) for name in ("one", "other"))
    async with leases.lease("x", 60), leases.lease("y", 60), one.lease("x", 60), other.lease("x", 60) as lease:
        assert lease.seconds_left > 50


async def test_a_lease_ends_when_its_time_runs_out(database: RedisDatabase, url: str) -> None:
    """Its holder notices, another one gets it, and the first one's release does not take it from that one."""
    leases = RedisLeases(database)
    first = leases.lease("x", 0.1)
    lease = await first.__aenter__()
    async with leases.lease("x", 60):
        with pytest.raises(LeaseLost):
            lease.check()
        await first.__aexit__(None, None, None)
        third = asyncio.create_task(leases.lease("x", 60).__aenter__())
        await asyncio.sleep(0.05)
        assert not third.done()
        advance_redis(url, database.prefix, 61)
        await third


async def test_a_cancelled_waiter_leaves_the_lease_to_the_next(database: RedisDatabase) -> None:
    leases = RedisLeases(database)
    async with leases.lease("x", 60):
        waiting = [asyncio.create_task(leases.lease("x", 60).__aenter__()) for _ in range(2)]
        await asyncio.sleep(0.02)
        waiting[0].cancel()
        await asyncio.wait({waiting[0]})
        assert waiting[0].cancelled()
        await asyncio.sleep(0.02)
        assert not waiting[1].done()
    assert (await waiting[1]).seconds_left > 0


async def test_cancelled_at_every_suspension(database: RedisDatabase, redis: Redis, record_property: Any) -> None:
    """Taking it, holding it, releasing it: afterwards it is free."""
    leases = RedisLeases(database)

    async def call() -> None:
        async with leases.lease("x", 60):
            await asyncio.sleep(0)

    async def holds() -> None:
        assert redis("KEYS", f"{database.prefix}:*") == []

    points = await every_suspension(call, holds)
    assert points >= 9
    record_property(POINTS, points)


async def test_a_lease_that_may_have_been_granted_is_released(server: RedisServer) -> None:
    """A request to which there was no response in time."""
    async with RedisDatabase.from_url(server.url, timeout=1) as database:
        leases = RedisLeases(database)
        async with leases.lease("warm up", 60):
            pass
        server.freeze()
        with pytest.raises(TokenStorageUnavailable, match="no response"):
            await leases.lease("x", 0.3).__aenter__()
        server.thaw()
        started = time.monotonic()
        while True:
            try:
                async with leases.lease("x", 60):
                    break
            except TokenStorageUnavailable:
                await asyncio.sleep(0.05)
        assert time.monotonic() - started < 10


async def test_a_release_that_fails_is_logged(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """The work under the lease has succeeded, and its result is not lost by it."""
    async with RedisDatabase.from_url(server.url) as database:
        async with RedisLeases(database).lease("x", 60):
            server.kill()
        with pytest.raises(TokenStorageUnavailable) as caught:
            await RedisLeases(database).lease("x", 60).__aenter__()
        assert caught.value.retry_after is not None
    assert "the lease of 'x' was not released, and ends by itself" in caplog.text


@pytest.mark.parametrize(
    "command",
    [("SET", "other holder"), ("SET", ""), ("SET", b"\xff")],
    ids=["another holder", "empty", "binary"],
)
async def test_a_lease_without_an_end_is_taken(
    redis: Redis, database: RedisDatabase, command: tuple[str, object]
) -> None:
    """It is none: leases have an end from the first moment."""
    name, value = command
    redis(name, database.key("lease", "x"), value)
    async with RedisLeases(database).lease("x", 60) as lease:
        lease.check()
    assert redis("KEYS", f"{database.prefix}:*") == []


async def test_a_key_of_another_type(database: RedisDatabase, redis: Redis) -> None:
    redis("LPUSH", database.key("lease", "x"), "y")
    with pytest.raises(TokenStorageDamaged, match=r":1:lease:x in Redis holds something else"):
        await RedisLeases(database).lease("x", 60).__aenter__()


async def test_wrong_arguments(database: RedisDatabase) -> None:
    leases = RedisLeases(database)
    for name, seconds in (("x", 0), ("x", -1), ("x", float("inf")), (5, 1)):
        with pytest.raises(GlobusSDKUsageError):
            leases.lease(name, seconds)  # type: ignore[arg-type]
    with pytest.raises(GlobusSDKUsageError, match="database"):
        RedisLeases(object())  # type: ignore[arg-type]
    assert repr(leases) == f"<RedisLeases in {database!r}>"
