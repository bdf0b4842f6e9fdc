"""Leases that all processes share which use a database."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from secrets import token_hex
from types import TracebackType
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, or_

from .._concurrency.loop_locks import LoopLocks
from ..errors.arguments import check_number, check_text, check_type
from ..token_storage.errors import TokenStorageUnavailable
from ..token_storage.lease import Lease
from .database import SQLDatabase
from .statements import ExpiredRows, upsert
from .tables import leases, posix_now, row_key

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ("SQLLeases",)

_log = logging.getLogger("globus_async")
_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.5


class SQLLeases:
    """
    Leases in a database: the exclusive right to something, for a limited time.

    A lease is a row with a random holder and an end by the clock of the database. It is not extended: a holder that was
    paused for longer has lost it, and another one may have it. So what it then writes has to be compared with what is
    stored.

    Args:
        database: The database.

    Example:
        >>> leases = SQLLeases(database)
        >>> async with leases.lease("nightly report", seconds=60) as lease:
        ...     lease.check()
    """

    def __init__(self, database: SQLDatabase) -> None:
        check_type("database", database, SQLDatabase, "a SQLDatabase")
        self._database = database
        self._waiting = LoopLocks()
        self._expired = ExpiredRows(leases)
        self._unknown: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<SQLLeases in {getattr(self, '_database', 'no database')!r}>"

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """
        Return a context in which no other holder has the lease of this name, for a limited time.

        Entering it waits until the lease is released, or its time has run out.

        Args:
            name: What the lease is for.
            seconds: How long it is held at most.

        Raises:
            TokenStorageUnavailable: The database cannot be used; raised when the context is entered.

        Example:
            >>> async with leases.lease("nightly report", seconds=60) as lease:
            ...     lease.check()
        """
        check_text("name", name)
        check_number("seconds", seconds, positive=True)
        return _SQLLease(self, name, seconds)

    async def take(self, name: str, seconds: float) -> tuple[Lease, str]:
        """
        Wait for a lease; return it, and the random text that names its holder.

        Args:
            name: What the lease is for.
            seconds: How long it is held at most.
        """
        async with self._waiting.of(name):  # one task per lease asks the database
            for pause in _pauses():
                # its time begins before that in the database, so that it ends for its holder first
                lease = Lease(name, seconds, self._database.clock)
                holder = self._unknown.pop(name, None) or token_hex(16)
                try:
                    is_taken = await self._database.run(
                        partial(self._take, name, holder, seconds), raises=TokenStorageUnavailable, idempotent=True
                    )
                except TokenStorageUnavailable:
                    self._unknown[name] = holder  # it may have been taken; the next attempt finds it
                    raise
                except asyncio.CancelledError:
                    await self.release(name, holder)
                    raise
                if is_taken:
                    return lease, holder
                await self._database.clock.sleep(pause)
        raise AssertionError  # the pauses do not end

    async def release(self, name: str, holder: str) -> None:
        """
        End a lease, unless another holder has it; if that is not possible, it ends by itself.

        Args:
            name: What the lease is for.
            holder: The text that `take` has returned.
        """
        try:
            await self._database.run(partial(_release, name, holder), raises=TokenStorageUnavailable, idempotent=True)
        except TokenStorageUnavailable as error:
            _log.warning("the lease of %a was not released, and ends by itself: %s", name, error)

    async def _take(self, name: str, holder: str, seconds: float, connection: AsyncConnection) -> bool:
        await self._expired.remove_some(connection)
        taken = await connection.execute(
            upsert(
                connection,
                leases,
                {"key": row_key(name), "holder": holder, "expires_at": posix_now() + seconds},
                where=or_(leases.c.expires_at <= posix_now(), leases.c.holder == holder),
            )
        )
        return taken.rowcount > 0


class _SQLLease:
    """The context in which a lease of a database is held."""

    __slots__ = ("_holder", "_leases", "_name", "_seconds")

    def __init__(self, leases: SQLLeases, name: str, seconds: float) -> None:
        self._leases = leases
        self._name = name
        self._seconds = seconds
        self._holder: str | None = None

    async def __aenter__(self) -> Lease:
        lease, self._holder = await self._leases.take(self._name, self._seconds)
        return lease

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        holder, self._holder = self._holder, None
        if holder is not None:
            await self._leases.release(self._name, holder)


async def _release(name: str, holder: str, connection: AsyncConnection) -> None:
    await connection.execute(delete(leases).where(leases.c.key == row_key(name), leases.c.holder == holder))


def _pauses() -> Iterator[float]:
    """Yield the seconds between attempts to take a lease."""
    seconds = _FIRST_PAUSE
    while True:
        yield seconds * random.uniform(0.5, 1.0)  # noqa: S311 -- so that processes do not ask at the same time
        seconds = min(1.5 * seconds, _LONGEST_PAUSE)
