"""Statements that PostgreSQL and SQLite have in common, and that SQLAlchemy builds for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Table, cast, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from .secret_text import SecretBytes
from .tables import posix_now

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection
    from sqlalchemy.sql.dml import Insert

__all__ = ("ExpiredRows", "insert_unless_present", "stored_text", "text_of", "upsert")

_WRITES_PER_REMOVAL: Final = 10
_MAX_REMOVED: Final = 100


def upsert(
    connection: AsyncConnection, table: Table, values: Mapping[str, Any], *, where: ColumnElement[bool] | None = None
) -> Insert:
    """
    Return a statement that adds a row, or replaces the row of the same primary key.

    Args:
        connection: A connection to the database.
        table: The table.
        values: The row.
        where: The condition on the existing row under which it is replaced.
    """
    statement = _insert(connection, table).values(values)
    key = [column.name for column in table.primary_key]
    return statement.on_conflict_do_update(
        index_elements=key, set_={name: statement.excluded[name] for name in values if name not in key}, where=where
    )


def insert_unless_present(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> Insert:
    """Return a statement that adds a row, unless there is one of the same primary key."""
    return _insert(connection, table).values(values).on_conflict_do_nothing()


def _insert(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def stored_text(connection: AsyncConnection, column: ColumnElement[str]) -> ColumnElement[Any]:
    """Return a column of text for reading; as bytes from SQLite, whose driver fails at text that is not UTF-8."""
    return column if connection.dialect.name == "postgresql" else cast(column, SecretBytes)


def text_of(stored: object) -> str | None:
    """Return the text that was read from a column; ``None`` if it is none."""
    if isinstance(stored, bytes):
        return stored.decode() if stored.isascii() else None
    return stored if isinstance(stored, str) else None


class ExpiredRows:
    """
    The expired rows of a table, which writes remove in small portions: the first one, and each tenth after it.

    Rows that other transactions use are left to them.

    Args:
        table: A table with the columns ``key`` and ``expires_at``.
    """

    def __init__(self, table: Table) -> None:
        self._writes = 0
        key, expires_at = table.c.key, table.c.expires_at
        expired = (
            select(key)
            .where(expires_at <= posix_now())
            .order_by(expires_at)
            .limit(_MAX_REMOVED)
            .with_for_update(skip_locked=True)
        )
        self._statement = delete(table).where(key.in_(expired), expires_at <= posix_now())

    async def remove_some(self, connection: AsyncConnection) -> None:
        """Remove some of them, if it is time to; before a write, which a conflict here would repeat otherwise."""
        self._writes += 1
        if self._writes % _WRITES_PER_REMOVAL == 1:
            await connection.execute(self._statement)
