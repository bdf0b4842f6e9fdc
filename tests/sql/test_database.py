"""Calls of a database: what they leave behind, and what they show."""

from __future__ import annotations

import asyncio
import copy
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from globus_async import GlobusSDKUsageError, Secret, WrongEventLoopError
from globus_async.session_store import SessionStoreUnavailable
from globus_async.sql import SQLDatabase, SQLLeases, SQLSessionStore, SQLTokenStorage
from globus_async.token_storage import TokenStorageUnavailable
from tests.token_storage.factories import token_data
from tests.toolkit.cancel import POINTS, every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.postgres_server import shared_server
from tests.toolkit.sql_databases import PASSWORD, database_url

VALUE = Secret("value")
TOKEN = "token-of-the-tests"


def checked_out(database: SQLDatabase) -> int:
    """Return the number of connections that are in use."""
    pool: Any = database._source._engine.pool if database._source._engine is not None else None
    count: int = 0 if pool is None else pool.checkedout()
    return count


async def in_transaction(url: str) -> int:
    """Return how many connections of the same user are in a transaction; of a file, whether it is locked."""
    engine = create_async_engine(url, connect_args={"timeout": 0} if url.startswith("sqlite") else {})
    async with engine.connect() as connection:
        if url.startswith("sqlite"):
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
            await connection.rollback()
            count = 0
        else:
            count = await connection.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
                    " AND (state <> 'idle' OR xact_start IS NOT NULL)"
                )
            )
    await engine.dispose()
    return count


def shown_by(error: BaseException | None) -> list[str]:
    """Return what an error and those before it show: texts, attributes, and the locals of the package's functions."""
    shown: list[str] = []
    while error is not None:
        shown += (str(error), repr(error), repr(vars(error)))
        stack = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True)
        shown += [repr(frame.locals) for frame in stack if frame.filename != __file__]
        error = error.__cause__ or error.__context__
    return shown


@pytest.mark.parametrize("is_own", [True, False], ids=["from a URL", "of the application"])
async def test_calls_cancelled_at_every_suspension(url: str, is_own: bool, record_property: Any) -> None:
    """No connection is in use afterwards, and none is in a transaction."""
    engine = create_async_engine(url, hide_parameters=True, poolclass=AsyncAdaptedQueuePool)
    database = SQLDatabase.from_url(url, timeout=20) if is_own else SQLDatabase(engine, timeout=20)
    storage, leases = SQLTokenStorage(database), SQLLeases(database)
    await database.create_tables()

    async def call() -> None:
        async with leases.lease("x", 1000):
            await storage.store_token_data_by_resource_server({"a": token_data("1", "a"), "b": token_data("2", "b")})

    async def holds() -> None:
        assert checked_out(database) == 0
        assert len(await storage.get_token_data_by_resource_server()) in {0, 2}
        async with asyncio.timeout(10), leases.lease("x", 1000):
            assert await storage.remove_token_data("a") is await storage.remove_token_data("b")

    record_property(POINTS, await every_suspension(call, holds))
    assert await in_transaction(url) == 0
    await database.aclose()
    await engine.dispose()


async def test_a_call_that_fails_leaves_no_transaction(database: SQLDatabase, url: str) -> None:
    """Also one whose function raises an error in the middle."""

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(text("INSERT INTO globus_async_leases VALUES ('x', 'y', 0)"))
        await connection.execute(text("SELECT no_such_column FROM globus_async_leases"))

    with pytest.raises(SessionStoreUnavailable, match="cannot be used: it reports"):
        await database.run(work, raises=SessionStoreUnavailable, in_transaction=True)
    assert checked_out(database) == 0
    assert await in_transaction(url) == 0
    rows: Any = await database.run(
        lambda connection: connection.execute(text("SELECT count(*) FROM globus_async_leases")), raises=AssertionError
    )
    assert rows.scalar_one() == 0


async def test_a_locked_row_is_waited_for_in_time(tmp_path: Path) -> None:
    """A call behind a transaction of another program ends at its time; it is not carried out later."""
    url = database_url("postgresql", tmp_path)
    engine = create_async_engine(url)
    async with SQLDatabase.from_url(url, timeout=20) as slow, SQLDatabase.from_url(url, timeout=0.2) as database:
        await SQLSessionStore(slow).put("s:1", VALUE, seconds=1000)
        async with engine.connect() as other:
            await other.execute(text("UPDATE globus_async_sessions SET expires_at = expires_at"))
            with pytest.raises(SessionStoreUnavailable, match=r"no response within|it has cancelled the statement"):
                await SQLSessionStore(database).put("s:1", Secret("new"), seconds=1000)
            assert await SQLSessionStore(slow).get("s:1") == VALUE  # reading does not wait
            async with asyncio.timeout(10):
                while await in_transaction(url) > 1:  # noqa: ASYNC110 -- another process does
                    await asyncio.sleep(0.01)
            await other.rollback()
        assert await SQLSessionStore(slow).get("s:1") == VALUE
    await engine.dispose()


async def test_a_locked_file_is_waited_for_in_time(tmp_path: Path) -> None:
    """It is not an outage: reading works at the same time."""
    url, clock = database_url("sqlite", tmp_path), FakeClock()
    engine = create_async_engine(url)
    async with SQLDatabase.from_url(url, timeout=5, clock=clock) as database, engine.connect() as other:
        store = SQLSessionStore(database)
        await store.put("s:1", VALUE, seconds=1000)
        await other.exec_driver_sql("BEGIN IMMEDIATE")
        call = asyncio.create_task(store.put("s:1", Secret("new"), seconds=1000))
        await clock.asleep(2)  # the limit, and the pause before the next attempt
        assert await store.get("s:1") == VALUE
        clock.jump(6)
        with pytest.raises(SessionStoreUnavailable, match="another process has locked the file") as failed:
            await call
        assert failed.value.retry_after == 1.0
        await other.rollback()
        await store.put("s:1", Secret("new"), seconds=1000)
        assert await store.get("s:1") == Secret("new")
    await engine.dispose()


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_a_strict_isolation_level_of_the_server(tmp_path: Path, level: str) -> None:
    """Statements that conflict are repeated; no update is lost."""
    url = database_url("postgresql", tmp_path)
    user = url.partition("//")[2].partition(":")[0]
    shared_server().execute(f"ALTER ROLE {user} SET default_transaction_isolation = '{level}'")
    engine = create_async_engine(url, hide_parameters=True, pool_size=8)
    for database in (SQLDatabase(engine, timeout=20), SQLDatabase.from_url(url, timeout=20)):
        store = SQLSessionStore(database)
        await store.put("s:1", Secret("0"), seconds=1000)

        async def add(store: SQLSessionStore = store) -> None:
            while True:
                old = await store.get("s:1")
                assert old is not None
                if await store.compare_and_set("s:1", old, Secret(str(int(old.reveal()) + 1)), seconds=1000):
                    return

        await asyncio.gather(*(add() for _ in range(6)))
        assert await store.get("s:1") == Secret("6")
        await database.aclose()
    await engine.dispose()


async def test_an_engine_of_the_application_is_not_closed(url: str) -> None:
    engine = create_async_engine(url)
    async with SQLDatabase(engine) as database:
        await SQLSessionStore(database).put("s:1", VALUE, seconds=1000)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM globus_async_sessions")) == 1
    await engine.dispose()


async def test_a_closed_database_opens_again(database: SQLDatabase) -> None:
    store = SQLSessionStore(database)
    await store.put("s:1", VALUE, seconds=1000)
    await database.aclose()
    await database.aclose()
    assert await store.get("s:1") == VALUE


async def test_closing_waits_for_running_calls(database: SQLDatabase) -> None:
    store = SQLSessionStore(database)
    calls = [asyncio.create_task(store.put(f"s:{number}", VALUE, seconds=1000)) for number in range(5)]
    await asyncio.sleep(0)
    await database.aclose()
    assert all(call.done() for call in calls)
    assert await store.get("s:4") == VALUE


def test_a_database_belongs_to_an_event_loop(url: str) -> None:
    """Until it is closed."""
    database = SQLDatabase.from_url(url, timeout=20)
    store = SQLSessionStore(database)

    async def write_and_close() -> None:
        async with database:
            await store.put("s:1", VALUE, seconds=1000)

    asyncio.run(write_and_close())

    async def use_twice() -> None:
        async with database:
            assert await store.get("s:1") == VALUE
            with pytest.raises(WrongEventLoopError, match="make one for each"):
                await asyncio.to_thread(asyncio.run, store.get("s:1"))

    asyncio.run(use_twice())


NOTHING: Any = None
TEXT: Any = "text"
BLOCKING: Any = create_engine("sqlite://")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SQLDatabase(NOTHING), "engine must be an AsyncEngine"),
        (lambda: SQLDatabase(BLOCKING), "engine must be an AsyncEngine"),
        (lambda: SQLDatabase(create_async_engine("sqlite+aiosqlite://")), "engine must give each call a connection"),
        (lambda: SQLDatabase.from_url(NOTHING), "url must be text"),
        (lambda: SQLDatabase.from_url("postgresql://h/d", timeout=0), "timeout must be a number"),
        (lambda: SQLDatabase.from_url("postgresql://h/d", pool_size=0), "pool_size must be a whole number"),
        (lambda: SQLDatabase.from_url("postgresql://h/d", pgbouncer=NOTHING), "pgbouncer must be"),
        (lambda: SQLDatabase.from_url("postgresql://h/d", clock=TEXT), "clock must be"),
        (lambda: SQLDatabase.from_url("sqlite://"), "url must name a file"),
        (lambda: SQLDatabase.from_url("sqlite:///:memory:"), "url must name a file"),
        (lambda: SQLDatabase.from_url("mysql://user:s3cret@host/name"), "url must be a URL such as"),
        (lambda: SQLDatabase.from_url("postgresql+psycopg://user:s3cret@host/name"), "url must be a URL such as"),
        (lambda: SQLDatabase.from_url("postgresql://user:s3cret@host:port/name"), "url must be a URL such as"),
        (lambda: SQLDatabase.from_url("s3cret"), "url must be a URL such as"),
        (lambda: SQLSessionStore(NOTHING), "database must be a SQLDatabase"),
        (lambda: SQLTokenStorage(NOTHING), "database must be a SQLDatabase"),
        (lambda: SQLLeases(NOTHING), "database must be a SQLDatabase"),
        (lambda: SQLTokenStorage(SQLDatabase.from_url("sqlite:///x"), namespace="x" * 201), "namespace must be"),
        (lambda: SQLTokenStorage(SQLDatabase.from_url("sqlite:///x"), namespace="\ud800"), "namespace must be"),
        (lambda: SQLLeases(SQLDatabase.from_url("sqlite:///x")).lease("x", 0), "seconds must be"),
        (lambda: SQLLeases(SQLDatabase.from_url("sqlite:///x")).lease(NOTHING, 1), "name must be"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], object], message: str) -> None:
    """At once, and without a password."""
    with pytest.raises(GlobusSDKUsageError, match=message) as failed:
        make()
    assert "s3cret" not in "".join(shown_by(failed.value))


async def test_the_password_is_shown_nowhere(tmp_path: Path) -> None:
    """Neither by objects nor by errors and their tracebacks, whatever the library puts into its own."""
    url = Secret(database_url("postgresql", tmp_path).replace("@/postgres", "@/no_such_database"))
    database = SQLDatabase.from_url(url)
    storage = SQLTokenStorage(database)
    with pytest.raises(TokenStorageUnavailable, match="there is no database of this name") as failed:
        await storage.store_token_data_by_resource_server({"a": token_data(TOKEN, "a")})
    objects = (database, storage, SQLSessionStore(database), SQLLeases(database))
    shown = "".join([*shown_by(failed.value), *map(repr, objects), *map(str, objects)])
    assert PASSWORD not in shown
    assert TOKEN not in shown
    for copied in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            copied(database)
    await database.aclose()


async def test_a_failed_statement_shows_no_token(database: SQLDatabase, url: str) -> None:
    """Nor does the log of SQLAlchemy."""
    storage = SQLTokenStorage(database)
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE globus_async_tokens"))
        await connection.execute(text("CREATE TABLE globus_async_tokens (namespace INTEGER PRIMARY KEY)"))
    await engine.dispose()
    with pytest.raises(TokenStorageUnavailable) as failed:
        await storage.store_token_data_by_resource_server({"a": token_data(TOKEN, "a")})
    assert TOKEN not in "".join(shown_by(failed.value))
