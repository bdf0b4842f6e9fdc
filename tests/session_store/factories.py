"""The session stores that the contract applies to: a further one is a line in `FACTORIES`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from sqlalchemy import update

from globus_async.redis import RedisDatabase, RedisSessionStore
from globus_async.session_store import MemorySessionStore, SessionStore, SQLiteSessionStore
from globus_async.sql import SQLDatabase, SQLSessionStore
from globus_async.sql.tables import sessions
from globus_async.testing import ManualClock
from tests.toolkit.redis_server import advance_redis, shared_redis_url
from tests.toolkit.sql_databases import database_url

__all__ = ("FACTORIES", "KEY", "LIMITED", "MAX_ENTRIES", "Factory", "TestedStore")

KEY: Final = "k" * 32
MAX_ENTRIES: Final = 10


@dataclass(frozen=True)
class TestedStore:
    """
    A store, and its time.

    Args:
        store: The store.
        advance: Lets so many seconds pass; where the engine has the time, by shortening what is left of each value.
    """

    __test__ = False

    store: SessionStore
    advance: Callable[[float], Awaitable[None]]


Factory: TypeAlias = Callable[[Path], AbstractAsyncContextManager[TestedStore]]
"""Opens an empty store, in a folder that is its own."""


@asynccontextmanager
async def _memory(folder: Path) -> AsyncGenerator[TestedStore]:
    clock = ManualClock()
    yield TestedStore(MemorySessionStore(clock, max_entries=MAX_ENTRIES), clock.advance)


def _file(key: str | None) -> Factory:
    @asynccontextmanager
    async def open_store(folder: Path) -> AsyncGenerator[TestedStore]:
        clock = ManualClock()
        async with SQLiteSessionStore(folder / "sessions.db", key=key, max_entries=MAX_ENTRIES, clock=clock) as store:
            yield TestedStore(store, clock.advance)

    return open_store


LIMITED: Final[Mapping[str, Factory]] = {"memory": _memory, "file": _file(None), "encrypted file": _file(KEY)}
"""Stores with a maximum number of entries of each kind: `MAX_ENTRIES`."""


def _redis(key: str | None) -> Factory:
    @asynccontextmanager
    async def open_store(folder: Path) -> AsyncGenerator[TestedStore]:
        url = shared_redis_url()
        async with RedisDatabase.from_url(url, prefix=f"test:{folder}", timeout=10) as database:

            async def advance(seconds: float) -> None:
                advance_redis(url, database.prefix, seconds)

            yield TestedStore(RedisSessionStore(database, key=key), advance)

    return open_store


def _sql(engine: str, key: str | None) -> Factory:
    @asynccontextmanager
    async def open_store(folder: Path) -> AsyncGenerator[TestedStore]:
        url = database_url(engine, folder)
        async with SQLDatabase.from_url(url, timeout=20) as database:

            async def advance(seconds: float) -> None:
                shorter = update(sessions).values(expires_at=sessions.c.expires_at - seconds)
                await database.run(lambda connection: connection.execute(shorter), raises=AssertionError)

            yield TestedStore(SQLSessionStore(database, key=key), advance)

    return open_store


FACTORIES: Final[Mapping[str, Factory]] = {
    **LIMITED,
    "redis": _redis(None),
    "encrypted redis": _redis(KEY),
    "postgresql": _sql("postgresql", None),
    "encrypted postgresql": _sql("postgresql", KEY),
    "sqlalchemy sqlite": _sql("sqlite", None),
}
