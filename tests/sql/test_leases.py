"""Leases in a database: one holder at a time, in whatever process, for a limited time."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from globus_async.sql import SQLDatabase, SQLLeases, SQLTokenStorage
from globus_async.sql.tables import leases as table
from globus_async.token_storage import LeaseLost, TokenStorageUnavailable
from tests.sql.forks import run_forked
from tests.toolkit.cancel import POINTS, every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.postgres_server import own_server
from tests.toolkit.sql_databases import database_url


async def end_all(database: SQLDatabase) -> None:
    """Let the time of all leases run out, by the clock of the database."""
    await database.run(lambda connection: connection.execute(update(table).values(expires_at=0)), raises=AssertionError)


async def rows(database: SQLDatabase) -> int:
    found = await database.run(
        lambda connection: connection.scalar(text("SELECT count(*) FROM globus_async_leases")), raises=AssertionError
    )
    assert found is not None
    count: int = found
    return count


EXCLUSION = """
async def work(url, number):
    async with SQLDatabase.from_url(url, timeout=30, pool_size=1) as database:
        leases, store = SQLLeases(database), SQLSessionStore(database)
        for _ in range(6):
            async with leases.lease("counter", 1000):
                # reading and writing are apart: without the lease, updates would be lost
                value = await store.get("counter")
                await asyncio.sleep(0)
                await store.put("counter", Secret(str(int(value.reveal()) + 1 if value else 1)), seconds=1000)
"""


async def test_processes_exclude_each_other(url: str) -> None:
    """A counter that is read and written apart has the number of all updates."""
    await asyncio.to_thread(run_forked, url, 4, EXCLUSION)
    async with SQLDatabase.from_url(url, timeout=20) as database:
        value = await database.run(
            lambda connection: connection.scalar(text("SELECT value FROM globus_async_sessions")), raises=AssertionError
        )
        assert value == "24"
        assert await rows(database) == 0


async def test_tasks_exclude_each_other(database: SQLDatabase) -> None:
    held = 0

    async def hold(leases: SQLLeases) -> None:
        nonlocal held
        async with leases.lease("x", 1000):
            held += 1
            assert held == 1
            await asyncio.sleep(0.001)
            held -= 1

    one, other = SQLLeases(database), SQLLeases(database)
    await asyncio.gather(*(hold(leases) for leases in (one, other) for _ in range(5)))


async def test_a_lease_ends_by_the_clock_of_the_database(database: SQLDatabase) -> None:
    """Its holder's release then does not end that of the next one."""
    leases = SQLLeases(database)
    paused = leases.lease("x", 1000)
    await paused.__aenter__()
    await end_all(database)
    async with leases.lease("x", 1000):
        await paused.__aexit__(None, None, None)
        assert await rows(database) == 1
    assert await rows(database) == 0


async def test_a_lease_is_lost_by_the_clock_of_its_holder(tmp_path: Path) -> None:
    """At the latest when it ends in the database, where its time has begun later."""
    clock = FakeClock()
    url = database_url("sqlite", tmp_path)
    async with (
        SQLDatabase.from_url(url, timeout=1000, clock=clock) as database,
        SQLLeases(database).lease("x", 10) as lease,
    ):
        lease.check()
        clock.jump(10)
        with pytest.raises(LeaseLost):
            lease.check()


async def test_waiting_can_be_cancelled(database: SQLDatabase) -> None:
    leases = SQLLeases(database)
    async with leases.lease("x", 1000):
        waiting = asyncio.create_task(SQLLeases(database).lease("x", 1000).__aenter__())
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert await rows(database) == 0


async def test_a_lease_cancelled_at_every_suspension(database: SQLDatabase, record_property: Any) -> None:
    """No one holds it afterwards: neither if it was being taken, nor if it was being released."""
    leases = SQLLeases(database)

    async def call() -> None:
        async with leases.lease("x", 1000):
            await asyncio.sleep(0)

    async def holds() -> None:
        assert await rows(database) == 0

    record_property(POINTS, await every_suspension(call, holds))


async def test_names_are_apart(database: SQLDatabase) -> None:
    """Those of token storages too, by their namespace."""
    long = "x" * 5000
    names = ["a", "b", "é\0\n", "", long, f"{long}y", "\ud800"]
    one, other = (SQLTokenStorage(database, namespace=name) for name in ("one", "one:a"))
    async with asyncio.timeout(20), SQLLeases(database).lease("a", 1000):
        contexts = [storage.lease(name, 1000) for storage in (one, other) for name in [*names, "a:a"]]
        for context in contexts:
            await context.__aenter__()
        assert await rows(database) == len(contexts) + 1
        for context in contexts:
            await context.__aexit__(None, None, None)


async def test_expired_leases_are_removed(database: SQLDatabase) -> None:
    """Those whose holders have died, and that are not taken again."""
    for number in range(20):
        await SQLLeases(database).lease(f"journal {number}", 1000).__aenter__()
    await end_all(database)
    async with SQLLeases(database).lease("x", 1000):
        assert await rows(database) == 1


async def test_a_lease_whose_taking_got_no_response_is_not_lost(tmp_path: Path) -> None:
    """It may have been taken: the same process can take it again at once."""
    server, clock = own_server(), FakeClock()
    async with SQLDatabase.from_url(database_url("postgresql", tmp_path), timeout=5, clock=clock) as database:
        leases = SQLLeases(database)
        async with leases.lease("other", 1000):
            pass
        with server.frozen():
            taking = asyncio.create_task(leases.lease("x", 1000).__aenter__())
            await clock.asleep(1)
            await clock.advance(5.1)
            with pytest.raises(TokenStorageUnavailable):
                await taking
        await clock.advance(1)
        entering = asyncio.create_task(leases.lease("x", 1000).__aenter__())
        async with asyncio.timeout(10):
            while not entering.done():
                await asyncio.sleep(0.01)
                assert not clock.pending or max(clock.pending) > 1, "it waits for the other holder"
        await entering


async def test_a_lease_that_cannot_be_released_ends_by_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The work that it has protected is done: a warning, and no error."""
    server, clock = own_server(), FakeClock()
    caplog.set_level(logging.WARNING, logger="globus_async")
    async with SQLDatabase.from_url(database_url("postgresql", tmp_path), timeout=5, clock=clock) as database:
        context = SQLLeases(database).lease("x", 1000)
        await context.__aenter__()
        with server.frozen():
            leaving = asyncio.create_task(context.__aexit__(None, None, None))
            await clock.asleep(1)
            await clock.advance(5.1)
            await leaving
    assert "the lease of 'x' was not released, and ends by itself" in caplog.text
