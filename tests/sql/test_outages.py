"""A PostgreSQL server that does not respond, or is restarted, and what is left of the calls that met it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asyncpg.exceptions import ConnectionDoesNotExistError  # type: ignore[import-untyped]

from globus_async import Secret
from globus_async.session_store import SessionStoreUnavailable
from globus_async.sql import SQLDatabase, SQLSessionStore, SQLTokenStorage
from globus_async.sql.faults import Fault, fault_of
from globus_async.token_storage import TokenStorageUnavailable
from tests.toolkit.clock import FakeClock
from tests.toolkit.postgres_server import OwnServer, own_server
from tests.toolkit.sql_databases import PASSWORD, database_url

VALUE = Secret("value")


@pytest.fixture
def server() -> OwnServer:
    return own_server()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def database(server: OwnServer, clock: FakeClock, tmp_path: Any) -> AsyncIterator[SQLDatabase]:
    """A database whose calls take at most 2 s by a clock that is turned by hand, with all connections open."""
    async with SQLDatabase.from_url(
        database_url("postgresql", tmp_path), pool_size=3, timeout=2, clock=clock
    ) as database:
        await asyncio.gather(*(SQLSessionStore(database).put(f"s:{n}", VALUE, seconds=1000) for n in range(3)))
        yield database


def connections(server: OwnServer) -> int:
    """Return how many connections of the tests are open in the server, beside the one that asks."""
    (row,) = server.execute(
        "SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity WHERE usename LIKE 'test\\_%'"
    )
    assert row[1] == 0, "a connection is in a transaction"
    count: int = row[0]
    return count


async def test_calls_of_a_frozen_server_end_in_time(
    server: OwnServer, database: SQLDatabase, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The first ones after the timeout, later ones at once; one of them each second finds out whether it works."""
    store, storage = SQLSessionStore(database), SQLTokenStorage(database)
    caplog.set_level(logging.WARNING, logger="globus_async")
    with server.frozen():
        calls = [asyncio.create_task(store.get("s:1")) for _ in range(20)]  # more than there are connections
        await clock.asleep(20)
        await clock.advance(1.9)
        assert not any(call.done() for call in calls)
        await clock.advance(0.2)
        for call in calls:
            with pytest.raises(SessionStoreUnavailable, match="no response within 2 s") as failed:
                await call
            assert failed.value.retry_after == 1.0
        with pytest.raises(TokenStorageUnavailable, match="an earlier call got no response") as refused:
            await storage.get_token_data("x")
        assert refused.value.retry_after is not None
        assert 0 < refused.value.retry_after <= 1
        await clock.advance(1)
        probe = asyncio.create_task(store.get("s:1"))
        await clock.asleep(1)
        with pytest.raises(SessionStoreUnavailable, match="an earlier call"):
            await store.get("s:1")
        await clock.advance(2.1)
        with pytest.raises(SessionStoreUnavailable, match="no response"):
            await probe
    await clock.advance(1)
    assert await store.get("s:1") == VALUE
    assert await asyncio.gather(*(store.get("s:1") for _ in range(20))) == [VALUE] * 20
    outages = [record.getMessage() for record in caplog.records if "respon" in record.getMessage()]
    assert [text.split(": ")[0].partition("/postgres ")[2] for text in outages] == [
        "cannot be used",
        "responds again",
    ]


async def test_a_cancelled_call_of_a_frozen_server_ends_in_time(
    server: OwnServer, database: SQLDatabase, clock: FakeClock
) -> None:
    """It waits for its transaction, and no longer than its time; its connection is not used again."""
    store = SQLSessionStore(database)
    with server.frozen():
        call = asyncio.create_task(store.put("s:1", Secret("new"), seconds=1000))
        await clock.asleep(1)
        call.cancel()
        await clock.advance(1)
        assert not call.done()
        await clock.advance(1.1)
        with pytest.raises(asyncio.CancelledError):
            await call
    assert await store.get("s:1") in {VALUE, Secret("new")}


async def test_a_restarted_server_is_used_at_once(server: OwnServer, database: SQLDatabase) -> None:
    """Its connections were closed: that is seen before a call, without a request of its own."""
    store = SQLSessionStore(database)
    server.restart()
    await asyncio.sleep(0.01)
    assert await asyncio.gather(*(store.pop(f"s:{number}") for number in range(3))) == [VALUE] * 3
    assert connections(server) <= 3


def test_a_connection_that_ended_in_the_middle_of_a_call() -> None:
    """As asyncpg reports it if the server could not say why."""
    error = ConnectionDoesNotExistError("connection was closed in the middle of operation")
    assert fault_of(error) == Fault("the connection was closed", is_unreachable=True)


async def test_a_server_is_restarted_under_load(server: OwnServer, tmp_path: Any, clock: FakeClock) -> None:
    """Calls succeed or raise the error of the store; nothing that was stored is lost, and no connection is left."""
    stored: list[str] = []
    failures = 0
    has_recovered = asyncio.Event()
    is_up = True

    async def write(worker: int) -> None:
        nonlocal failures
        while not has_recovered.is_set():
            key = f"{worker}:{len(stored)}"
            try:
                await store.put(key, VALUE, seconds=1000)
            except SessionStoreUnavailable as error:
                failures += 1
                await clock.sleep(error.retry_after or 0)
                continue
            stored.append(key)
            if is_up and failures:
                has_recovered.set()

    async def turn_clock() -> None:
        while True:
            await asyncio.sleep(0.01)
            await clock.advance(0.1)

    url = database_url("postgresql", tmp_path)
    async with SQLDatabase.from_url(url, timeout=1000, pool_size=3, clock=clock) as database, asyncio.timeout(30):
        store = SQLSessionStore(database)
        await store.put("first", VALUE, seconds=1000)
        turning = asyncio.create_task(turn_clock())
        workers = [asyncio.create_task(write(worker)) for worker in range(5)]
        for end in (server.restart, server.kill):
            await asyncio.sleep(0.05)
            await asyncio.to_thread(end)
        is_up = False
        while not failures:  # noqa: ASYNC110 -- the calls fail one after the other
            await asyncio.sleep(0.01)
        await asyncio.to_thread(server.start)
        is_up = True
        await asyncio.gather(*workers)
        turning.cancel()
        assert await asyncio.gather(*(store.get(key) for key in stored)) == [VALUE] * len(stored)
        assert connections(server) <= 3


async def test_a_stopped_server_is_named_without_the_password(
    server: OwnServer, database: SQLDatabase, clock: FakeClock
) -> None:
    server.stop()
    try:
        await asyncio.sleep(0.01)
        with pytest.raises(SessionStoreUnavailable, match=r"postgresql:///postgres cannot be used: .*") as failed:
            await SQLSessionStore(database).put("s:1", VALUE, seconds=1)
        assert PASSWORD not in repr(failed.getrepr(showlocals=True)) + str(failed.value)
    finally:
        server.start()
    clock.jump(1)
    assert await SQLSessionStore(database).get("s:1") == VALUE


async def test_a_read_only_standby_is_an_outage(server: OwnServer, database: SQLDatabase, clock: FakeClock) -> None:
    """As after a failover to a server that has not been promoted yet: the connection is made anew."""
    store = SQLSessionStore(database)
    server.execute("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
    try:
        async with asyncio.timeout(10):
            with pytest.raises(SessionStoreUnavailable, match="it is read-only"):  # noqa: PT012 -- it reads them soon
                while True:
                    await store.put("s:1", VALUE, seconds=1000)
    finally:
        server.execute("SET default_transaction_read_only = off", "ALTER SYSTEM RESET default_transaction_read_only")
        server.execute("SELECT pg_reload_conf()")
    clock.jump(1)
    async with asyncio.timeout(10):
        while True:
            try:
                await store.put("s:1", VALUE, seconds=1000)
            except SessionStoreUnavailable:
                clock.jump(1)
                await asyncio.sleep(0.01)
            else:
                break


async def test_closing_while_the_server_is_frozen(server: OwnServer, database: SQLDatabase, clock: FakeClock) -> None:
    """It does not wait for the server."""
    with server.frozen():
        closing = asyncio.create_task(database.aclose())
        for _ in range(100):
            await asyncio.sleep(0)
            if closing.done():
                break
            await clock.advance(1)
        await closing
