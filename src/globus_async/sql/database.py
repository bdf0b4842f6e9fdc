"""The connections to a database, which all that an application keeps there shares."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, TypeVar, cast
from weakref import ref

from .._concurrency.circuit_breaker import CircuitBreaker, CircuitOpen
from .._files.database import make_database_private
from .._files.private import create_private
from ..clock import SystemClock
from ..errors import GlobusSDKUsageError, WrongEventLoopError
from ..errors.arguments import check_clock, check_number
from ..porting import AsyncContextOnly
from ..secret import Secret
from ..token_storage.errors import TokenStorageUnavailable
from ..token_storage.file_lock import run_in_thread
from .calls import Call, Done
from .engines import EngineSource
from .faults import Fault
from .schema import make_tables

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from ..clock import Clock

__all__ = ("SQLDatabase",)

R = TypeVar("R")
_log = logging.getLogger("globus_async")

_CREATE_SECONDS: Final = 30.0
"""How long making the tables may take, and waiting for other processes that do."""
_ABORT_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0


class _NoResponse(Exception):
    """The server did not respond."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


class SQLDatabase(AsyncContextOnly):
    """
    PostgreSQL 12 or later, or a SQLite file, for all that the processes of an application share.

    The tables are made by `create_tables`. Each call is limited in time. After one that got no response, calls fail at
    once for a second; then one of them finds out whether the database works again. A call that is cancelled waits for
    the end of its transaction, within that time, so that nothing is written later.

    An object belongs to one event loop and one process: make it where it is used, after a fork.

    Args:
        engine: An engine of SQLAlchemy for ``postgresql+asyncpg`` or ``sqlite+aiosqlite``. It is not closed. Make it
            with ``hide_parameters=True``, so that its log has no tokens; for SQLite, with a short time to wait for
            locks: ``connect_args={"timeout": 0.1}``.
        timeout: Seconds that a call takes at most.
        clock: The clock of pauses and limits; when entries expire is decided by the clock of the database.

    Raises:
        GlobusSDKUsageError: An argument is wrong, such as an engine that is not asynchronous.

    Example:
        >>> async with SQLDatabase.from_url(database_url) as database:
        ...     await database.create_tables()
        ...     storage = SQLTokenStorage(database, namespace="ada")
        ...     store = SQLSessionStore(database, key=key)
    """

    def __init__(self, engine: AsyncEngine, *, timeout: float = 3.0, clock: Clock | None = None) -> None:
        self._set_up(EngineSource.of_engine(engine), timeout, clock)

    @classmethod
    def from_url(
        cls,
        url: str | Secret,
        *,
        timeout: float = 3.0,
        pool_size: int = 10,
        pgbouncer: bool = False,
        clock: Clock | None = None,
    ) -> Self:
        """
        Return a database with an engine of its own, which `aclose` closes.

        Nothing is opened before the first call.

        Args:
            url: The address, such as ``postgresql+asyncpg://user:password@host/name`` or
                ``sqlite+aiosqlite:////var/lib/portal/state.db``.
            timeout: As for the class.
            pool_size: The maximum number of connections to PostgreSQL; SQLite has one.
            pgbouncer: Whether the server is PgBouncer in transaction mode, or a similar pooler. Each call is then a
                transaction, and no prepared statement is kept.
            clock: As for the class.

        Raises:
            GlobusSDKUsageError: An argument is wrong.

        Example:
            >>> database = SQLDatabase.from_url("postgresql+asyncpg://portal:password@localhost/portal")
            >>> database
            <SQLDatabase at postgresql://localhost/portal>
        """
        url = Secret.of(url)  # so that no traceback shows it
        url.check("url")
        check_number("timeout", timeout, positive=True)
        database = cls.__new__(cls)
        source = EngineSource.of_url(url, timeout=timeout, pool_size=pool_size, pgbouncer=pgbouncer)
        database._set_up(source, timeout, clock)  # noqa: SLF001 -- of this class
        return database

    def _set_up(self, source: EngineSource, timeout: float, clock: Clock | None) -> None:
        check_number("timeout", timeout, positive=True)
        clock = SystemClock() if clock is None else clock
        check_clock(clock)
        self.clock = clock
        self._source = source
        self._timeout = timeout
        self._breaker = CircuitBreaker(clock, failures=(_NoResponse,))
        self._has_logged_outage = False
        self._home: ref[asyncio.AbstractEventLoop] | None = None
        self._running: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        """Return the database; nothing is opened."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections after the running calls, unless the engine was passed; the next call opens others."""
        if self._home is None:
            return
        self._check_home()
        while self._running:
            await asyncio.wait(self._running)
        self._home = None
        await self._source.close(self.clock)

    def __repr__(self) -> str:
        return f"<SQLDatabase at {self._source.where if hasattr(self, '_source') else 'nowhere'}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a SQLDatabase cannot be pickled; make one in each process instead")

    async def create_tables(self) -> None:
        """
        Make the tables, unless they exist.

        Several processes may do so at the same time, at each start: existing tables need no permission to make any. All
        names begin with ``globus_async_``; the tables of PostgreSQL are in the first schema of the search path.

        Raises:
            GlobusSDKUsageError: There are tables of a later version, or other tables of these names; nothing was
                changed.
            TokenStorageUnavailable: The database cannot be used.

        Example:
            >>> await database.create_tables()
        """
        if self._source.file is not None:
            await run_in_thread(partial(_make_private, self._source.file))
            await self.run(_use_wal, raises=TokenStorageUnavailable, seconds=_CREATE_SECONDS)
        await self.run(make_tables, raises=TokenStorageUnavailable, in_transaction=True, seconds=_CREATE_SECONDS)

    async def run(
        self,
        work: Callable[[AsyncConnection], Awaitable[R]],
        *,
        raises: Callable[[str], Exception],
        in_transaction: bool = False,
        idempotent: bool = False,
        seconds: float | None = None,
    ) -> R:
        """
        Call a function with a connection.

        Args:
            work: The function; it is called again after a conflict with another transaction. Its locals may hold
                secrets: they are in no traceback.
            raises: The error of the store that calls; its attribute ``retry_after`` is set.
            in_transaction: Whether all of its statements are one transaction; else each may be one.
            idempotent: Whether the function may be called again after the connection was lost, and have an effect
                twice.
            seconds: How long the call takes at most; the default is that of the database.

        Raises:
            GlobusSDKUsageError: The tables do not exist.
            WrongEventLoopError: The database belongs to another event loop.
        """
        self._check_home()
        call = Call(self._source, work, in_transaction=in_transaction, idempotent=idempotent, clock=self.clock)
        seconds = self._timeout if seconds is None else seconds
        outcome: Done[R] | Fault | Exception
        retry_after = _RETRY_SECONDS
        try:
            with self._breaker.attempt():
                outcome = _responded(await self._bounded(call, seconds))
            self._log_outage(None)
        except _NoResponse as failed:
            outcome = failed.fault
            self._log_outage(outcome)
        except CircuitOpen as is_open:
            outcome, retry_after = Fault("an earlier call got no response"), is_open.retry_after
        if isinstance(outcome, Done):
            return outcome.value
        raise outcome if isinstance(outcome, Exception) else self._error(outcome, raises, retry_after)

    async def _bounded(self, call: Call[R], seconds: float) -> Done[R] | Fault | Exception:
        """Make a call; if the caller is cancelled, wait for its end, and raise the cancellation then."""
        task = asyncio.get_running_loop().create_task(call.make())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        cancelled = await self._wait(task, seconds)
        if not task.done():
            call.abort(task)
            cancelled = await self._wait(task, _ABORT_SECONDS) or cancelled
        try:
            if cancelled is not None:
                raise cancelled
        finally:
            del cancelled  # it refers to this frame
        if not task.done():  # a thread of SQLite waits for its disk
            return Fault(f"no response within {seconds:g} s", is_unreachable=True)
        outcome = task.result()
        if call.is_aborted and isinstance(outcome, Fault) and not outcome.is_busy:
            return Fault(f"no response within {seconds:g} s", is_unreachable=True)
        return outcome

    async def _wait(self, task: asyncio.Task[Any], seconds: float) -> asyncio.CancelledError | None:
        """Wait for a task for a limited time; return a cancellation of the caller, to be raised."""
        ends_at = self.clock.monotonic() + seconds
        cancelled: asyncio.CancelledError | None = None
        while not task.done():
            try:
                async with self.clock.timeout(ends_at - self.clock.monotonic()):
                    await asyncio.wait((task,))
            except TimeoutError:
                break
            except asyncio.CancelledError as error:
                cancelled = error
        return cancelled

    def _error(self, fault: Fault, raises: Callable[[str], Exception], retry_after: float) -> Exception:
        if fault.lacks_tables:
            return GlobusSDKUsageError(
                f"the tables of globus_async do not exist in {self._source.where}; await create_tables() once,"
                " before the application starts"
            )
        failure: Any = raises(f"the database {self._source.where} cannot be used: {fault.reason}")
        failure.retry_after = retry_after
        return cast("Exception", failure)

    def _log_outage(self, fault: Fault | None) -> None:
        """Log the beginning and the end of an outage, once each."""
        if fault is not None and not self._has_logged_outage:
            self._has_logged_outage = True
            _log.warning("%s cannot be used: %s; calls fail until it can", self._source.where, fault.reason)
        elif fault is None and self._has_logged_outage:
            self._has_logged_outage = False
            _log.warning("%s responds again", self._source.where)

    def _check_home(self) -> None:
        """
        Check that the database belongs to the running event loop; without one, it does from now on.

        Raises:
            WrongEventLoopError: It belongs to another one.
        """
        loop = asyncio.get_running_loop()
        if self._home is None:
            self._home = ref(loop)
        elif self._home() is not loop:
            raise WrongEventLoopError(
                f"{self!r} belongs to another event loop, or to the process that has forked this one; make one for"
                " each, or close it with aclose() before"
            )


def _responded(outcome: Done[R] | Fault | Exception) -> Done[R] | Fault | Exception:
    """
    Return the outcome of a call.

    Raises:
        _NoResponse: The server did not respond.
    """
    if isinstance(outcome, Fault) and outcome.is_unreachable:
        raise _NoResponse(outcome)
    return outcome


def _make_private(path: Path) -> None:
    """Let only the owner read the file, from the start."""
    with suppress(FileExistsError):
        create_private(path)
    make_database_private(path)


async def _use_wal(connection: AsyncConnection) -> None:
    """Let readers of the file not wait for a writer."""
    await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
