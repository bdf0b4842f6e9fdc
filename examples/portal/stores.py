"""The session store that all workers of the portal share, chosen by a URL."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from globus_async.fastapi import MemorySessionStore, SQLiteSessionStore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from globus_async import Secret
    from globus_async.fastapi import SessionStore
    from globus_async.sql import SQLDatabase

__all__ = ("choose_store",)


def choose_store(url: Secret, key: Secret) -> tuple[SessionStore, AbstractAsyncContextManager[object]]:
    """
    Return the store of a URL, and what must be open while it is used.

    Args:
        url: ``redis://host``, ``postgresql://user@host/database``, or the path of a SQLite file; empty for the
            memory of the process. It may contain a password.
        key: The key that encrypts the values.
    """
    match urlsplit(url.reveal()).scheme:
        case "redis" | "rediss" | "unix":
            from globus_async.redis import RedisDatabase, RedisSessionStore  # noqa: PLC0415 -- an extra

            redis = RedisDatabase.from_url(url)
            return RedisSessionStore(redis, key=key), redis
        case "postgresql" | "postgresql+asyncpg":
            from globus_async.sql import SQLDatabase, SQLSessionStore  # noqa: PLC0415 -- an extra

            sql = SQLDatabase.from_url(url)
            return SQLSessionStore(sql, key=key), _with_tables(sql)
        case _ if url:
            file = SQLiteSessionStore(url.reveal(), key=key)
            return file, file
        case _:
            return MemorySessionStore(), nullcontext()


@asynccontextmanager
async def _with_tables(database: SQLDatabase) -> AsyncGenerator[None]:
    async with database:
        await database.create_tables()
        yield
