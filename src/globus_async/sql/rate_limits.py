"""Rate limits that all processes share which use a database."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from ..errors.arguments import check_number, check_text, check_type, check_whole
from ..token_storage.errors import TokenStorageUnavailable
from .database import SQLDatabase
from .statements import ExpiredRows
from .tables import rate_limits, row_key

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ("SQLRateLimits",)

_MAX_CALLS_AHEAD: Final = 10_000
"""A slot that is further away is not due to the calls of other processes, but to a damaged row."""

_STATEMENT: Final = """
INSERT INTO globus_async_rate_limits AS found (key, expires_at, seen_at)
SELECT CAST(:key AS text), clock.now + CAST(:interval AS double precision), clock.now
FROM (SELECT {now} AS now) AS clock
WHERE true
ON CONFLICT (key) DO UPDATE SET (expires_at, seen_at) = (
    SELECT
        CASE
            WHEN found.expires_at - {greatest}(found.seen_at - clock.now, 0.0)
                BETWEEN clock.now AND clock.now + CAST(:max_ahead AS double precision)
            THEN found.expires_at - {greatest}(found.seen_at - clock.now, 0.0)
            ELSE clock.now
        END + CAST(:interval AS double precision),
        clock.now
    FROM (SELECT {now} AS now) AS clock
)
RETURNING expires_at - seen_at
"""
"""A clock that was set back takes the slots along. The time is read when the row is locked, not when that is tried."""

_STATEMENTS: Final = {
    "postgresql": text(
        _STATEMENT.format(now="extract(epoch FROM clock_timestamp())::double precision", greatest="greatest")
    ),
    "sqlite": text(_STATEMENT.format(now="((julianday('now') - 2440587.5) * 86400.0)", greatest="max")),
}


class SQLRateLimits:
    """
    A store of rate limits in a database: one limit for all processes that use it.

    Each call of an API is one statement, which changes one row, by the clock of the database.

    Args:
        database: The database.

    Example:
        >>> rate_limit = RateLimit(calls=200, seconds=10, store=SQLRateLimits(database), identity="ada@example.org")
        >>> async with TransferClient(authorizer=authorizer, rate_limit=rate_limit) as client:
        ...     page = await client.task_list()
    """

    def __init__(self, database: SQLDatabase) -> None:
        check_type("database", database, SQLDatabase, "a SQLDatabase")
        self._database = database
        self._expired = ExpiredRows(rate_limits)

    def __repr__(self) -> str:
        return f"<SQLRateLimits in {getattr(self, '_database', 'no database')!r}>"

    async def reserve(self, key: str, *, interval: float, burst: int) -> float:
        """
        Reserve the next slot of a key.

        Args:
            key: The service and the identity whose calls are counted together.
            interval: Seconds between two slots.
            burst: How many slots are free at once after a pause.

        Returns:
            The seconds until the reserved slot; 0 if it is free at once.

        Raises:
            TokenStorageUnavailable: The database cannot be used.
        """
        check_text("key", key)
        check_number("interval", interval, positive=True)
        check_whole("burst", burst)
        ahead = await self._database.run(partial(self._reserve, key, interval), raises=TokenStorageUnavailable)
        return max(0.0, ahead - burst * interval)

    async def _reserve(self, key: str, interval: float, connection: AsyncConnection) -> float:
        """Reserve a slot; return the seconds until the end of all reserved ones."""
        statement = _STATEMENTS[connection.dialect.name]
        values = {"key": row_key(key), "interval": interval, "max_ahead": _MAX_CALLS_AHEAD * interval}
        ahead: float = (await connection.execute(statement, values)).scalar_one()
        await self._expired.remove_some(connection)
        return ahead
