"""The stores of rate limits, by name, and access to what they have stored."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final

from sqlalchemy import text

from globus_async.redis import RedisDatabase, RedisRateLimits
from globus_async.redis.operations import Command
from globus_async.sql import SQLDatabase, SQLRateLimits
from globus_async.sql.tables import row_key
from globus_async.token_storage import TokenStorageUnavailable
from globus_async.transport import RateLimitStore
from tests.toolkit.redis_server import shared_redis_url
from tests.toolkit.sql_databases import database_url

__all__ = ("KINDS", "OpenStore", "opened", "store_url")

KINDS: Final = ("redis", "postgresql", "sqlite")
_NOW: Final = {
    "postgresql": "extract(epoch FROM clock_timestamp())",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}


@dataclass
class OpenStore:
    """
    A store, and what a test does to the stored instants of its key.

    Attributes:
        store: The store.
        shift: Move them by so many seconds, as a clock of the server that is set back by so many does.
        lifetime: Return for how many seconds they are kept.
        damage: Replace them by nonsense.
    """

    store: RateLimitStore
    shift: Callable[[str, float], Awaitable[None]]
    lifetime: Callable[[str], Awaitable[float]]
    damage: Callable[[str], Awaitable[None]]


def store_url(kind: str, folder: Path) -> str:
    """Return the URL of a server or file; of Redis, one that all tests share."""
    return shared_redis_url() if kind == "redis" else database_url(kind, folder)


@asynccontextmanager
async def opened(kind: str, url: str, *, prefix: str | None = None) -> AsyncGenerator[OpenStore]:
    """Connect to a store."""
    if kind == "redis":
        async with RedisDatabase.from_url(url, prefix=prefix or f"test:{token_hex(8)}", timeout=10) as database:
            yield _in_redis(database)
    else:
        async with SQLDatabase.from_url(url, timeout=10) as sql:
            yield _in_sql(sql, _NOW[kind])


def _in_redis(database: RedisDatabase) -> OpenStore:
    async def run(name: str, key: str, *arguments: str) -> bytes:
        stored_at = database.key("rate-limit", key)
        response: bytes = await database.run(Command(name), stored_at, *arguments, raises=TokenStorageUnavailable)
        return response

    async def shift(key: str, seconds: float) -> None:
        tat, seen = (float(each) + seconds * 1e6 for each in (await run("GET", key)).split())
        await run("SET", key, f"{tat:.3f} {seen:.3f}")

    async def lifetime(key: str) -> float:
        return float(await run("PTTL", key)) / 1000

    async def damage(key: str) -> None:
        await run("SET", key, "99999999999999999999.0 x")

    return OpenStore(RedisRateLimits(database), shift, lifetime, damage)


def _in_sql(database: SQLDatabase, now: str) -> OpenStore:
    async def run(statement: str, key: str, seconds: float = 0.0) -> object:
        async def work(connection: object) -> object:
            values = {"key": row_key(key)} | ({"seconds": seconds} if ":seconds" in statement else {})
            found = await connection.execute(text(statement), values)  # type: ignore[attr-defined]
            return found.scalar() if found.returns_rows else None

        return await database.run(work, raises=TokenStorageUnavailable)

    async def shift(key: str, seconds: float) -> None:
        change = "expires_at = expires_at + :seconds, seen_at = seen_at + :seconds"
        await run(f"UPDATE globus_async_rate_limits SET {change} WHERE key = :key", key, seconds)

    async def lifetime(key: str) -> float:
        found = await run(f"SELECT expires_at - {now} FROM globus_async_rate_limits WHERE key = :key", key)
        return float(found)  # type: ignore[arg-type]

    async def damage(key: str) -> None:
        await run("UPDATE globus_async_rate_limits SET expires_at = 1e200 WHERE key = :key", key)

    return OpenStore(SQLRateLimits(database), shift, lifetime, damage)
