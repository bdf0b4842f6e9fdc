"""Calls that are cancelled, or take too long: nobody reads their responses."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from redis.asyncio import BlockingConnectionPool, Connection, ConnectionPool, Redis

from globus_async import Secret
from globus_async.redis import RedisDatabase, RedisSessionStore
from globus_async.session_store import SessionStoreUnavailable
from tests.toolkit.redis_server import UNNAMED, RedisServer, shared_redis_url

TASKS, ROUNDS = 20, 10


def own_client(url: str) -> Any:
    return RedisDatabase.from_url(url)._client


def with_timeout(url: str) -> Any:
    return Redis.from_url(url, socket_timeout=5, **UNNAMED)


def with_few_connections(url: str) -> Any:
    return Redis.from_pool(BlockingConnectionPool.from_url(url, max_connections=5, timeout=5, **UNNAMED))


def with_one_connection(url: str) -> Any:
    return Redis.from_url(url, single_connection_client=True, **UNNAMED)


class BrokenConnection(Connection):
    """A connection that goes back to its pool when the reading of a response is cancelled."""

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        return await super().read_response(*arguments, **{**options, "disconnect_on_error": False})


def broken(url: str) -> Any:
    return Redis.from_pool(ConnectionPool.from_url(url, connection_class=BrokenConnection, **UNNAMED))


CLIENTS = [own_client, with_timeout, with_few_connections, with_one_connection]


async def read_after_a_cancelled_call(server: RedisServer, client: Any) -> Secret | None:
    """Cancel a call whose response has not come, read another key, and let the server respond to both."""
    store = RedisSessionStore(RedisDatabase(client, timeout=10))
    for name in "ab":
        await store.put(f"session:{name}", Secret(f"of {name}"), seconds=100)
    server.freeze()
    cancelled = asyncio.create_task(store.get("session:a"))
    await asyncio.sleep(0.05)
    cancelled.cancel()
    with suppress(asyncio.CancelledError):
        await cancelled
    reading = asyncio.create_task(store.get("session:b"))
    await asyncio.sleep(0.05)
    server.thaw()
    return await reading


@pytest.mark.parametrize("make", CLIENTS)
async def test_the_response_to_a_cancelled_call(server: RedisServer, make: Callable[[str], Any]) -> None:
    """The next call gets its own."""
    async with make(server.url) as client:
        assert await read_after_a_cancelled_call(server, client) == Secret("of b")


async def test_a_connection_that_is_not_closed_is_noticed(server: RedisServer) -> None:
    """The test above finds the fault: a user would get what is another's."""
    async with broken(server.url) as client:
        assert await read_after_a_cancelled_call(server, client) == Secret("of a")


@pytest.mark.usefixtures("_without_debugging")
@pytest.mark.parametrize("make", CLIENTS)
async def test_random_cancellations(make: Callable[[str], Any], prefix: str) -> None:
    """Of many concurrent calls: each of the others gets its own response, and no connection is lost to the pool."""
    pick = random.Random(14)
    cancelled = 0
    async with make(shared_redis_url()) as client:
        database = RedisDatabase(client, prefix=prefix, timeout=10)
        store = RedisSessionStore(database)

        async def use(name: str) -> None:
            nonlocal cancelled
            for number in range(ROUNDS):
                key, value = f"session:{name}-{number}", Secret(f"{name} {number}")
                await store.put(key, value, seconds=100)
                doomed = asyncio.create_task(store.compare_and_set(key, value, value, seconds=100))
                for _ in range(pick.randrange(12)):
                    await asyncio.sleep(0)
                doomed.cancel()
                if pick.random() < 0.3:
                    asyncio.get_running_loop().call_soon(doomed.cancel)
                await asyncio.wait({doomed})
                cancelled += doomed.cancelled()
                assert await store.get(key) == value
                assert await store.pop(key) == value

        await asyncio.gather(*(use(str(number)) for number in range(TASKS)))
        await database.aclose()
        assert cancelled > TASKS * ROUNDS / 2
        assert not client.connection_pool._in_use_connections - {client.connection}


async def test_a_call_that_takes_too_long(server: RedisServer) -> None:
    """Its response is not read by the next one, either."""
    async with RedisDatabase.from_url(server.url, timeout=1) as database:
        store = RedisSessionStore(database)
        for name in "ab":
            await store.put(f"session:{name}", Secret(f"of {name}"), seconds=100)
        server.freeze()
        with pytest.raises(SessionStoreUnavailable, match="no response"):
            await store.get("session:a")
        server.thaw()
        while True:
            with suppress(SessionStoreUnavailable):
                assert await store.get("session:b") == Secret("of b")
                break
            await asyncio.sleep(0.05)
