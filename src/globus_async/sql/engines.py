"""Engines of SQLAlchemy, and the connections of their two drivers."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from weakref import WeakSet

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, StaticPool

from .._concurrency.loop_locks import LoopLocks
from .._concurrency.tasks import wait_to_end
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_bool, check_whole
from ..token_storage.file_lock import run_in_thread

_MISSING_EXTRA: Final = "this package needs an extra: pip install 'globus-async[sql]'"

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from ..clock import Clock
    from ..secret import Secret

__all__ = ("EngineSource", "abort", "is_stale")

_DRIVERS: Final = {"postgresql": "asyncpg", "sqlite": "aiosqlite"}
_RECYCLE_SECONDS: Final = 300
"""The age at which a connection is replaced; firewalls discard idle ones after some minutes without a word."""
_CLOSE_SECONDS: Final = 2.0
_BUSY_SECONDS: Final = 0.1
"""How long SQLite waits for a lock in one attempt."""


@dataclass(slots=True, repr=False, eq=False)
class EngineSource:
    """
    An engine that was passed, or one that is made from a URL and closed.

    Attributes:
        where: The place of the database, without user and password.
        file: The file of SQLite, if the engine is made from a URL.
        isolation: The isolation level of a transaction, if each statement is one of its own otherwise.
    """

    where: str
    file: Path | None
    isolation: str | None
    _engine: AsyncEngine | None
    _url: URL | None
    _options: dict[str, Any]
    _making: LoopLocks = field(default_factory=LoopLocks)
    _drivers: WeakSet[Any] = field(default_factory=WeakSet[Any])

    @classmethod
    def of_engine(cls, engine: object) -> Self:
        """
        Return the source of an engine that is not closed.

        Raises:
            GlobusSDKUsageError: It is something else, has another driver, or one connection that all calls share.
        """
        if not isinstance(engine, AsyncEngine):
            raise GlobusSDKUsageError(
                "engine must be an AsyncEngine, as create_async_engine() of SQLAlchemy returns it; got a"
                f" {type(engine).__name__}"
            )
        name, driver = engine.dialect.name, engine.dialect.driver
        if _DRIVERS.get(name) != driver:
            raise GlobusSDKUsageError(
                f"engine must be one of postgresql+asyncpg or sqlite+aiosqlite; got one of {name}+{driver}"
            )
        if isinstance(engine.pool, StaticPool):
            raise GlobusSDKUsageError(
                "engine must give each call a connection of its own, but that of a StaticPool is shared; the database"
                " in memory of SQLite has no others: use a file"
            )
        return cls(_place_of(engine.url), None, None, engine, None, {})

    @classmethod
    def of_url(cls, url: Secret, *, timeout: float, pool_size: int, pgbouncer: bool) -> Self:
        """
        Return the source of an engine that is made when it is needed.

        Raises:
            GlobusSDKUsageError: An argument is wrong.
        """
        check_whole("pool_size", pool_size)
        check_bool("pgbouncer", pgbouncer)
        parsed = _parsed(url)
        if parsed is None:
            raise GlobusSDKUsageError(
                "url must be a URL such as postgresql+asyncpg://user:password@host/name or"
                " sqlite+aiosqlite:////path/of/file; percent-encode the special characters of a password"
            )
        if parsed.get_backend_name() == "postgresql":
            options = _postgresql_options(timeout=timeout, pool_size=pool_size, pgbouncer=pgbouncer)
            return cls(_place_of(parsed), None, None if pgbouncer else "READ COMMITTED", None, parsed, options)
        if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
            raise GlobusSDKUsageError("url must name a file, as in sqlite+aiosqlite:////path/of/file")
        return cls(_place_of(parsed), Path(parsed.database), "SERIALIZABLE", None, parsed, _SQLITE_OPTIONS)

    async def engine(self) -> AsyncEngine:
        """Return the engine; it connects when it is first used."""
        if self._engine is None:
            async with self._making.of("engine"):
                if self._engine is None:
                    self._engine = await run_in_thread(self._make)  # which imports the driver
        return self._engine

    def _make(self) -> AsyncEngine:
        assert self._url is not None  # noqa: S101 -- there is one or the other
        try:
            engine = create_async_engine(self._url, hide_parameters=True, **self._options)
        except ModuleNotFoundError as error:
            error.add_note(_MISSING_EXTRA)
            raise
        event.listen(engine.sync_engine, "connect", self._connected)
        return engine

    async def close(self, clock: Clock) -> None:
        """Close the engine, if it was made here; the next call makes another."""
        if self._url is None or self._engine is None:
            return
        engine, self._engine = self._engine, None
        closing = asyncio.get_running_loop().create_task(engine.dispose())
        cancelled: asyncio.CancelledError | None = None
        try:
            async with clock.timeout(_CLOSE_SECONDS):
                await asyncio.wait((closing,))
        except TimeoutError:
            pass
        except asyncio.CancelledError as error:
            cancelled = error
        for driver in () if closing.done() else list(self._drivers):
            _abort(driver)  # it waits for the server
        cancelled = await wait_to_end([closing]) or cancelled
        if cancelled is not None:
            raise cancelled

    def _connected(self, connection: Any, _: object) -> None:
        self._drivers.add(connection.driver_connection)


def _parsed(url: Secret) -> URL | None:
    """Return the URL of a database; ``None`` if it is not one of a driver that is supported."""
    try:
        parsed = make_url(url.reveal())
    except (ArgumentError, ValueError):
        return None
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None or parsed.drivername not in {parsed.get_backend_name(), f"{parsed.get_backend_name()}+{driver}"}:
        return None
    return parsed.set(drivername=f"{parsed.get_backend_name()}+{driver}")


_SQLITE_OPTIONS: Final[dict[str, Any]] = {
    # one connection: SQLite has one writer at a time, and a queue is faster than waiting for its lock
    "poolclass": AsyncAdaptedQueuePool,  # SQLAlchemy before 2.0.38 had none for files
    "pool_size": 1,
    "max_overflow": 0,
    "isolation_level": "AUTOCOMMIT",
    "pool_reset_on_return": None,  # no transaction is left open
    "connect_args": {"timeout": _BUSY_SECONDS},
}


def _postgresql_options(*, timeout: float, pool_size: int, pgbouncer: bool) -> dict[str, Any]:
    options: dict[str, Any] = {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_use_lifo": True,
        "pool_recycle": _RECYCLE_SECONDS,
        "connect_args": {"timeout": timeout},
    }
    if not pgbouncer:
        # the server gives up, too: it does not notice that a connection is closed while a statement waits for a lock
        options["connect_args"]["server_settings"] = {"statement_timeout": f"{math.ceil(1000 * timeout)}ms"}
        return {**options, "isolation_level": "AUTOCOMMIT"}
    # each transaction may have another connection to the server: no prepared statement outlives it
    options["connect_args"] |= {
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": str,
    }
    return options


def _place_of(url: URL) -> str:
    """Return the place of a database, without user and password."""
    place = f"{url.host or ''}{f':{url.port}' if url.port else ''}"
    return f"{url.get_backend_name()}://{place}/{url.database or ''}"


def is_stale(connection: AsyncConnection) -> bool:
    """Return whether a connection from the pool has been closed by the server; nothing is sent."""
    driver = _driver_of(connection)
    return hasattr(driver, "is_closed") and bool(driver.is_closed())


def abort(connection: AsyncConnection) -> None:
    """End what a connection is doing: close it, or interrupt the statement of SQLite."""
    _abort(_driver_of(connection))


def _abort(driver: Any) -> None:
    if hasattr(driver, "terminate"):
        driver.terminate()
    elif driver is not None and (database := getattr(driver, "_connection", None)) is not None:
        database.interrupt()


def _driver_of(connection: AsyncConnection) -> Any:
    """Return the connection of the driver; ``None`` if it has been closed."""
    if connection.closed or connection.invalidated or connection.sync_connection is None:
        return None
    return connection.sync_connection.connection.driver_connection
