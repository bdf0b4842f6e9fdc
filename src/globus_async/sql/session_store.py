"""Sessions in a database."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import delete, or_, select, update

from ..errors.arguments import check_type
from ..secret import Secret
from ..session_store.protocol import SessionStoreUnavailable
from ..session_store.stored_values import StoredValues
from .database import SQLDatabase
from .statements import ExpiredRows, stored_text, text_of, upsert
from .tables import escaped, posix_now, row_key, sessions, unescaped

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Delete, Insert, Update
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ("SQLSessionStore",)

R = TypeVar("R")
_log = logging.getLogger("globus_async")


class SQLSessionStore:
    """
    A store in a database, for the processes of one machine or several; its sessions survive a restart.

    When a session expires is decided by the clock of the database. Expired ones are invisible at once, and removed by
    later writes, at most 100 at a time.

    A call raises `SessionStoreUnavailable` if the database cannot be used.

    Args:
        database: The database. It is not closed with the store.
        key: A random text of 32 characters or more that encrypts the values; several, to replace one: the first
            encrypts, all of them decrypt. Without a key the database holds the tokens of users in plain text.

    Raises:
        GlobusSDKUsageError: An argument is wrong.

    Example:
        >>> store = SQLSessionStore(database, key=key)
        >>> login = GlobusLogin(globus, public_url="https://portal.example.org", store=store)
    """

    def __init__(self, database: SQLDatabase, *, key: str | Secret | Sequence[str | Secret] | None = None) -> None:
        check_type("database", database, SQLDatabase, "a SQLDatabase")
        self._database = database
        self._values = StoredValues(key, where=repr(database))
        self._expired = ExpiredRows(sessions)
        self._has_warned = False

    def __repr__(self) -> str:
        if not hasattr(self, "_values"):
            return "<SQLSessionStore, unusable>"
        return f"<SQLSessionStore in {self._database!r}, {'' if self._values.are_encrypted else 'not '}encrypted>"

    async def get(self, key: str) -> Secret | None:
        """Return the value of a key; ``None`` if there is none or it has expired."""
        return (await self._run(partial(self._select, key), idempotent=True))[0]

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        """Set or replace the value of a key; it expires after that many seconds."""
        await self._run(partial(self._put, key, value, seconds), idempotent=True)

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        """Replace the value of a key if it is still ``old``; return whether it was. ``None`` stands for no value."""
        return await self._run(partial(self._compare_and_set, key, old, new, seconds))

    async def pop(self, key: str) -> Secret | None:
        """Remove and return the value of a key; of several concurrent callers, only one receives it."""
        return await self._run(partial(self._pop, key))

    async def _run(self, work: Callable[[AsyncConnection], Awaitable[R]], *, idempotent: bool = False) -> R:
        return await self._database.run(work, raises=SessionStoreUnavailable, idempotent=idempotent)

    # with a connection

    async def _select(self, key: str, connection: AsyncConnection) -> tuple[Secret | None, str | bytes | None]:
        """Return the value of a key, and the text that it was read from."""
        stored: str | bytes | None = await connection.scalar(
            select(stored_text(connection, sessions.c.value)).where(_is_row(key), sessions.c.expires_at > posix_now())
        )
        if stored is None:
            return None, None
        text = text_of(stored)
        plain = None if text is None else unescaped(text)
        if plain is not None:
            return self._values.open(key, Secret(plain)), stored
        if not self._has_warned:
            self._has_warned = True
            _log.warning("%r has values that are damaged; they count as missing", self._database)
        return None, stored

    async def _put(self, key: str, value: Secret, seconds: float, connection: AsyncConnection) -> None:
        await self._expired.remove_some(connection)
        await connection.execute(upsert(connection, sessions, self._row(key, value, seconds)))

    async def _compare_and_set(
        self, key: str, old: Secret | None, new: Secret | None, seconds: float, connection: AsyncConnection
    ) -> bool:
        await self._expired.remove_some(connection)
        while True:
            value, stored = await self._select(key, connection)
            if value != old:
                return False
            if stored is None and new is None:
                return True
            # compared with the text that was read: another writer has changed it, or this one does
            is_unchanged = stored_text(connection, sessions.c.value) == stored
            statement: Delete | Insert | Update
            if new is None:
                statement = delete(sessions).where(_is_row(key), is_unchanged)
            elif value is not None:
                statement = update(sessions).where(_is_row(key), is_unchanged).values(self._row(key, new, seconds))
            else:
                is_replaceable = or_(sessions.c.expires_at <= posix_now(), is_unchanged)
                statement = upsert(connection, sessions, self._row(key, new, seconds), where=is_replaceable)
            changed = await connection.execute(statement)
            if changed.rowcount > 0:
                return True

    async def _pop(self, key: str, connection: AsyncConnection) -> Secret | None:
        while True:
            value, stored = await self._select(key, connection)
            if stored is None:
                return value
            removed = await connection.execute(
                delete(sessions).where(_is_row(key), stored_text(connection, sessions.c.value) == stored)
            )
            if removed.rowcount > 0:
                return value

    def _row(self, key: str, value: Secret, seconds: float) -> dict[str, Any]:
        return {
            "key": row_key(key),
            "value": escaped(self._values.seal(key, value).reveal()),
            "expires_at": posix_now() + seconds,
        }


def _is_row(key: str) -> ColumnElement[bool]:
    return sessions.c.key == row_key(key)
