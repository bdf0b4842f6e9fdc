"""Sessions in a SQLite file, which the processes of one machine share."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

from .._files.database import make_database_private, transaction
from .._files.private import create_private, fault_of, status_of
from ..clock import Clock, SystemClock
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_clock, check_number, check_type, check_whole
from ..secret import Secret
from .protocol import SessionStoreUnavailable
from .stored_values import StoredValues

__all__ = ("SQLiteSessionStore",)

P = ParamSpec("P")
R = TypeVar("R")
_log = logging.getLogger("globus_async")
_real: Final = SystemClock()
"""The clock by which SQLite waits for locks, whatever that of the store is."""

_APPLICATION: Final = 0x67615353
"""The application id in the file's header, by which a file of another application is recognized."""
_MAX_EXPIRED: Final = 200
"""The maximum number of expired entries that one write removes."""
_MAX_MILLISECONDS: Final = 2**31 - 1
_WAL_PAUSE: Final = 0.05
_SCHEMA: Final = (
    f"PRAGMA application_id = {_APPLICATION}",
    """
    CREATE TABLE entries (
        key TEXT PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL, expires_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX entries_by_age ON entries (kind, expires_at)",
    "CREATE TABLE counts (kind TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
    """
    CREATE TRIGGER entry_added AFTER INSERT ON entries BEGIN
        INSERT INTO counts VALUES (new.kind, 1) ON CONFLICT (kind) DO UPDATE SET number = number + 1;
    END
    """,
    """
    CREATE TRIGGER entry_removed AFTER DELETE ON entries BEGIN
        UPDATE counts SET number = number - 1 WHERE kind = old.kind;
    END
    """,
)


class SQLiteSessionStore:
    """
    A store in a SQLite file, for the processes of one machine; its sessions survive a restart.

    The file is readable by its owner only. SQLite runs in threads of the store, not in the event loop. A call that is
    cancelled has taken effect completely or not at all. If the file is deleted, or replaced, while it is open, all
    processes go on with the new one; also delete those that end with ``-wal`` and ``-shm``.

    A call raises `SessionStoreUnavailable` if the file cannot be used, or stays locked by another process.

    Args:
        path: The file, on a local disk: SQLite does not work on network file systems. Created if it is missing.
        key: A random text of 32 characters or more that encrypts the values; several, to replace one: the first
            encrypts, all of them decrypt. Without a key the file holds the tokens of users in plain text.
        max_entries: The maximum number of entries of each kind; those that expire first are removed first.
        timeout: Seconds that a call waits for a locked file, the time included in which it waits for other calls.
        clock: The clock.

    Example:
        >>> async with SQLiteSessionStore(folder / "sessions.db", key=key) as store:
        ...     login = GlobusLogin(globus, public_url="https://portal.example.org", store=store)
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        key: str | Secret | Sequence[str | Secret] | None = None,
        max_entries: int = 100_000,
        timeout: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        check_type("path", path, str | os.PathLike, "a path (str or os.PathLike)")
        if "://" in os.fspath(path):  # not repeated here: it may contain a password
            raise GlobusSDKUsageError(
                "path must be that of a file, not a URL: for PostgreSQL pass SQLSessionStore a"
                " SQLDatabase.from_url('postgresql+asyncpg://...'), for Redis RedisSessionStore a RedisDatabase"
            )
        check_whole("max_entries", max_entries)
        check_number("timeout", timeout)
        if clock is not None:
            check_clock(clock)
        self.path: Path = Path(path)
        self._values = StoredValues(key, where=str(self.path))
        self._max_entries = max_entries
        self._clock: Clock = SystemClock() if clock is None else clock
        # reading never waits for a writer, in this process or another
        self._reader = _Connector(self.path, begin="BEGIN", timeout=timeout)
        # a transaction that reads before it writes must not begin as a reading one
        self._writer = _Connector(self.path, begin="BEGIN IMMEDIATE", timeout=timeout)

    def __repr__(self) -> str:
        return f"<SQLiteSessionStore at {self.path}, {'' if self._values.are_encrypted else 'not '}encrypted>"

    async def __aenter__(self) -> Self:
        """Open the file, so that an unusable one is noticed at the start."""
        await self._writer.run(_check)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the file after the running calls; the next call opens it again."""
        await self._reader.aclose()
        await self._writer.aclose()

    async def get(self, key: str) -> Secret | None:
        """Return the value of a key; ``None`` if there is none or it has expired."""
        return self._values.open(key, await self._reader.run(_select, key, self._clock.wall()))

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        """Set or replace the value of a key; it expires after that many seconds."""
        await self._writer.run(self._put, key, value, seconds)

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        """Replace the value of a key if it is still ``old``; return whether it was. ``None`` stands for no value."""
        return await self._writer.run(self._compare_and_set, key, old, new, seconds)

    async def pop(self, key: str) -> Secret | None:
        """Remove and return the value of a key; of several concurrent callers, only one receives it."""
        return self._values.open(key, await self._writer.run(_delete, key, self._clock.wall()))

    # in the thread of the writer

    def _compare_and_set(
        self, database: sqlite3.Connection, key: str, old: Secret | None, new: Secret | None, seconds: float
    ) -> bool:
        if self._values.open(key, _select(database, key, self._clock.wall())) != old:
            return False
        if new is None:
            _delete(database, key, 0.0)
        else:
            self._put(database, key, new, seconds)
        return True

    def _put(self, database: sqlite3.Connection, key: str, value: Secret, seconds: float) -> None:
        kind, now = key.partition(":")[0], self._clock.wall()
        text = self._values.seal(key, value)
        database.execute(
            "DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE kind = ? AND expires_at <= ? LIMIT ?)",
            (kind, now, _MAX_EXPIRED),
        )
        database.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at",
            (key, kind, text.reveal(), now + seconds),
        )
        database.execute(
            "DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE kind = ?1 AND key != ?2"
            " ORDER BY expires_at LIMIT max(0, (SELECT number FROM counts WHERE kind = ?1) - ?3))",
            (kind, key, self._max_entries),
        )


class _Connector:
    """The connection of this process: made at its first use, after a close and after a fork."""

    def __init__(self, path: Path, *, begin: str, timeout: float) -> None:
        self._path = path
        self._begin = begin
        self._timeout = timeout
        self._current: _Connection | None = None
        self._inherited: list[_Connection] = []

    async def run(self, work: Callable[Concatenate[sqlite3.Connection, P], R], *args: P.args, **options: P.kwargs) -> R:
        """Run a function with the connection, in a transaction of its own."""
        current = self._take()
        if current is None:
            current = _Connection(self._path, begin=self._begin, timeout=self._timeout)
        self._current = current
        return await current.run(work, *args, **options)

    async def aclose(self) -> None:
        """Close the connection after the running calls."""
        current = self._take()
        if current is not None:
            await current.aclose()

    def _take(self) -> _Connection | None:
        current, self._current = self._current, None
        if current is not None and current.pid != os.getpid():
            # what a fork has left is neither used nor closed: closing would disturb the parent's locks
            self._inherited.append(current)
            return None
        return current


class _Connection:
    """A connection to the file, in a thread of its own."""

    def __init__(self, path: Path, *, begin: str, timeout: float) -> None:
        self.pid = os.getpid()
        self._path = path
        self._begin = begin
        self._timeout = timeout
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="globus_async sessions")
        self._database: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    async def run(self, work: Callable[Concatenate[sqlite3.Connection, P], R], *args: P.args, **options: P.kwargs) -> R:
        """Run a function with the connection, in a transaction of its own."""
        deadline = _real.monotonic() + self._timeout
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: self._transaction(deadline, work, *args, **options)
        )

    async def aclose(self) -> None:
        """Close the connection after the running calls, and end the thread."""
        try:
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, self._close))
        finally:
            self._thread.shutdown(wait=False)

    def _transaction(
        self, deadline: float, work: Callable[Concatenate[sqlite3.Connection, P], R], *args: P.args, **options: P.kwargs
    ) -> R:
        try:
            database = self._opened(deadline)
            # each call has waited for those before it, so that all of them end when the first one gives up
            _set_busy_timeout(database, deadline)
            with transaction(database, self._begin):
                return work(database, *args, **options)
        except (sqlite3.DatabaseError, OSError) as error:
            raise SessionStoreUnavailable(f"the session store {self._path} cannot be used: {error}") from error

    def _opened(self, deadline: float) -> sqlite3.Connection:
        if self._database is not None and _file_of(self._path) != self._file:
            # else each process would go on with a file that no other one sees; SQLite closes it without harm
            _log.warning("%s was deleted or replaced while it was open; the sessions in it have ended", self._path)
            self._close()
        if self._database is None:
            self._database = _open(self._path, deadline)
            self._file = _file_of(self._path)
        return self._database

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()


def _check(database: sqlite3.Connection) -> None:
    database.execute("SELECT count(*) FROM counts").fetchone()


def _select(database: sqlite3.Connection, key: str, now: float) -> Secret | None:
    row = database.execute("SELECT value FROM entries WHERE key = ? AND expires_at > ?", (key, now)).fetchone()
    return None if row is None else Secret(row[0])


def _delete(database: sqlite3.Connection, key: str, now: float) -> Secret | None:
    value = _select(database, key, now)
    database.execute("DELETE FROM entries WHERE key = ?", (key,))
    return value


def _open(path: Path, deadline: float) -> sqlite3.Connection:
    """
    Open the file; create it if it is missing or empty; wait for other processes until a time of the real clock.

    Raises:
        GlobusSDKUsageError: It is not a file of this class and of this user.
    """
    with suppress(FileExistsError):
        # an existing file is not opened here: closing it would release the locks of this process's connections
        create_private(path)
    _check_owner(path)
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _set_busy_timeout(database, deadline)
        is_set_up = _is_set_up(database, path)  # before anything is changed
        make_database_private(path)
        _use_wal(database, deadline)
        database.execute("PRAGMA synchronous = FULL")  # the default of most builds of SQLite, not of all
        if not is_set_up:
            _set_busy_timeout(database, deadline)
            with transaction(database, "BEGIN IMMEDIATE"):
                for statement in () if _is_set_up(database, path) else _SCHEMA:
                    database.execute(statement)
    except BaseException:
        database.close()
        raise
    return database


def _is_set_up(database: sqlite3.Connection, path: Path) -> bool:
    """Return whether the file has the tables of the store; refuse a file with anything else."""
    try:
        # in this order, because another process may create the store in between
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = database.execute("PRAGMA application_id").fetchone()
    except sqlite3.OperationalError:  # locked, or not readable
        raise
    except sqlite3.DatabaseError:
        raise GlobusSDKUsageError(f"{path} is not a SQLite database, or is damaged; it was not changed") from None
    if application != _APPLICATION and (application != 0 or tables != 0):
        raise GlobusSDKUsageError(f"{path} is a database of another application; it was not changed")
    return bool(application == _APPLICATION)


def _use_wal(database: sqlite3.Connection, deadline: float) -> None:
    """Switch the file to a write-ahead log; while another process does so, SQLite reports it as locked at once."""
    while True:
        _set_busy_timeout(database, deadline)
        try:
            database.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or _real.monotonic() >= deadline:
                raise
            time.sleep(_WAL_PAUSE)
        else:
            return


def _set_busy_timeout(database: sqlite3.Connection, deadline: float) -> None:
    """Let statements wait for locks of other processes until a time of the real clock."""
    milliseconds = math.ceil(1000 * (deadline - _real.monotonic()))
    database.execute(f"PRAGMA busy_timeout = {min(max(0, milliseconds), _MAX_MILLISECONDS):d}")


def _file_of(path: Path) -> tuple[int, int] | None:
    """Return what identifies a file, whatever its name; ``None`` if it is missing."""
    found = status_of(path)
    return None if found is None else (found.st_dev, found.st_ino)


def _check_owner(path: Path) -> None:
    if fault := fault_of(path.lstat()):
        raise GlobusSDKUsageError(f"{path} {fault}; it must be a file of this user, not a link, a folder or a device")
