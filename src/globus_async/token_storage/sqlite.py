"""Tokens in a SQLite file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import closing, suppress
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from .._files.database import SIDE_FILES, make_database_private, transaction
from .._files.private import create_private, status_of, sync_folder
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_text
from .errors import TokenStorageDamaged, TokenStorageUnavailable
from .file import FileTokenStorage
from .file_lock import poll_intervals, real_clock
from .shared_file import REREADS
from .stored_tokens import WRITTEN_BY, check_names, checked_entries, decode_entry, encode_entry, written_by

if TYPE_CHECKING:
    from ..clock import Clock
    from .token_data import TokenStorageData

__all__ = ("SQLiteTokenStorage",)

R = TypeVar("R")

_BUSY_SECONDS: Final = 0.1
"""How long SQLite waits for a lock in one attempt; new readers are kept out while a writer waits."""
_UNAVAILABLE: Final = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_AUTH,
    }
)
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_PRIMARY: Final = 0xFF
"""The part of an extended error code that is a plain one."""

_SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS token_storage (
        namespace VARCHAR NOT NULL, resource_server VARCHAR NOT NULL, token_data_json VARCHAR NOT NULL,
        PRIMARY KEY (namespace, resource_server)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS sdk_storage_adapter_internal (
        attribute VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY (attribute)
    )
    """,
)
_SCHEMA_VERSION: Final = "2"


class _Outcome(Enum):
    """Why an attempt to use the file has no result."""

    MISSING = auto()
    BUSY = auto()
    DAMAGED = auto()


class _FileFault(Exception):
    """A file is damaged, or has no tokens; with the code of SQLite that means the same."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class SQLiteTokenStorage(FileTokenStorage):
    """
    Holds tokens in a SQLite file, in the format of globus-sdk.

    Files of the schema versions 1, such as that of globus-cli, and 2 are read and written, and keep their version and
    their other tables. The file is opened by each call and closed at its end. Damaged entries are kept; the log names
    them, and reading skips them. A damaged file is moved aside, and the error says where to. A database of another
    application is refused, and not changed.

    Args:
        filepath: The file, on a disk of this machine; created by the first call that stores tokens. A leading ``~`` is
            the home directory.
        namespace: The name of the login.
        lock_timeout: Seconds that a call waits for the lock of the file, which others hold for milliseconds at a time.
        clock: The clock by which leases end; the default is the system's.

    Raises:
        GlobusSDKUsageError: The path is ``":memory:"``; use `MemoryTokenStorage` instead.

    Example:
        >>> storage = SQLiteTokenStorage(folder / "tokens.db", namespace="ada")
        >>> await storage.store_token_response(tokens)
        >>> [namespace async for namespace in storage.iter_namespaces()]
        ['ada']

    **Differs from globus-sdk:** the constructor does not touch the disk, so there are no ``connect_params``; the file
    may be created and written by several processes at the same time; it is private, whatever the umask.
    `iter_namespaces` is an asynchronous iterator.
    """

    file_format: ClassVar[str] = "db"

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        *,
        namespace: str = "DEFAULT",
        lock_timeout: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(filepath, namespace=namespace, lock_timeout=lock_timeout, clock=clock)
        if self.filepath == ":memory:":
            raise GlobusSDKUsageError(
                "filepath must be the path of a file; to keep tokens in memory, use MemoryTokenStorage"
            )

    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """Add or replace tokens: all of them, or none if it fails."""
        entries = checked_entries(token_data_by_resource_server)
        await self._write(partial(_replace, namespace=self.namespace, entries=entries))

    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """Return all tokens, by resource server; without those that are damaged, which the log names."""
        found = await self._read(partial(_select, namespace=self.namespace))
        tokens = {name: data for name, data in (found or {}).items() if data is not None}
        self._log_damaged([name for name in found or {} if name not in tokens])
        return tokens

    async def remove_token_data(self, resource_server: str) -> bool:
        """Remove the tokens for a resource server; return whether there were any."""
        check_text("resource_server", resource_server)
        if not check_names(resource_server) or not await self._file.run(self._file.is_there):
            return False
        return await self._write(partial(_delete, namespace=self.namespace, resource_server=resource_server))

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """Replace the tokens for a resource server if they are still those that were read; return whether they were."""
        entries = checked_entries({getattr(new, "resource_server", ""): new})

        def replace(database: sqlite3.Connection) -> bool:
            if _select(database, self.namespace).get(new.resource_server) != old:
                return False
            _replace(database, self.namespace, entries)
            return True

        return await self._write(replace)

    async def iter_namespaces(self) -> AsyncIterator[str]:
        """
        Yield the namespaces that have tokens, in order.

        Raises:
            TokenStorageError: The storage cannot be used.
        """
        for namespace in await self._read(_namespaces) or ():
            yield namespace

    async def _read(self, work: Callable[[sqlite3.Connection], R]) -> R | None:
        """Run a function that reads, in a transaction; return ``None`` if there is no file."""
        result = await self._transact(work, "BEGIN")
        return None if isinstance(result, _Outcome) else result

    async def _write(self, work: Callable[[sqlite3.Connection], R]) -> R:
        """Run a function that writes, in a transaction; create the file if it is missing."""
        async with self._file.loop_locks.of(self._file.path.name):
            while True:
                if await self._file.run(self._needs_creation):
                    await self._file.run_locked(self._create)
                # a transaction that reads before it writes must not begin as a reading one
                result = await self._transact(partial(_change, work=work), "BEGIN IMMEDIATE")
                if not isinstance(result, _Outcome):
                    return result

    async def _transact(self, work: Callable[[sqlite3.Connection], R], begin: str) -> R | _Outcome:
        """Run a function in a transaction, after those of others; the only outcome is that the file is missing."""
        deadline = real_clock.monotonic() + self._file.lock_timeout
        rereads = iter(REREADS)
        attempt = partial(self._attempt, work, begin)
        for interval in poll_intervals():
            result = await self._file.run(attempt)
            if result is _Outcome.DAMAGED:
                pause = next(rereads, None)
                if pause is None:
                    result = await self._file.run_locked(partial(attempt, sets_aside=True))
                else:
                    await real_clock.sleep(pause)
                    continue
            if result is not _Outcome.BUSY:
                return result
            if real_clock.monotonic() >= deadline:
                break
            await real_clock.sleep(interval)
        raise self._file.locked_by_another()

    # in a worker thread

    def _attempt(
        self, work: Callable[[sqlite3.Connection], R], begin: str, *, sets_aside: bool = False
    ) -> R | _Outcome:
        """Run a function in a transaction, unless the file is missing, locked or damaged."""
        if not self._file.is_there():
            return _Outcome.MISSING
        make_database_private(self._file.path)
        try:
            with closing(_connect(self._file.path)) as database, transaction(database, begin):
                _check_tables(database, self._file.path, is_last=sets_aside)
                return work(database)
        except _FileFault as fault:
            code, reason = fault.code, str(fault)
        except sqlite3.Error as error:
            code, reason = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY, _reason(error)
        except UnicodeDecodeError:  # the text of SQLite's error quotes the file
            code, reason = sqlite3.SQLITE_CORRUPT, "it is damaged"
        if code in _BUSY:
            return _Outcome.BUSY
        if code in _UNAVAILABLE:
            raise TokenStorageUnavailable(f"the token storage {self.filepath} cannot be used: {reason}")
        if code != sqlite3.SQLITE_CORRUPT:
            raise self._file.refusal(reason)
        if not sets_aside:
            return _Outcome.DAMAGED
        raise self._set_aside(reason)

    def _set_aside(self, reason: str) -> TokenStorageDamaged:
        """Move the damaged file to another name; return the error that says so."""
        return self._file.set_aside(reason, endings=("", *SIDE_FILES))

    def _needs_creation(self) -> bool:
        """Return whether the file is missing, or an interrupted creation has left another one."""
        return not self._file.is_there() or status_of(self._file.beside("new")) is not None

    def _create(self) -> None:
        """Create the file, with its tables from the start, unless another process does."""
        new = self._file.beside("new")
        for ending in ("", *SIDE_FILES):
            with suppress(FileNotFoundError):
                new.with_name(f"{new.name}{ending}").unlink()
        if self._file.is_there():
            return
        create_private(new)
        try:
            with closing(_connect(new)) as database, transaction(database, "BEGIN IMMEDIATE"):
                for statement in _SCHEMA:
                    database.execute(statement)
                database.executemany(
                    "INSERT INTO sdk_storage_adapter_internal VALUES (?, ?)",
                    [(WRITTEN_BY, written_by()), ("globus-sdk.database_schema_version", _SCHEMA_VERSION)],
                )
            # a program that does not use the lock may have created the file by now
            with suppress(FileExistsError):
                os.link(new, self._file.path)
        except sqlite3.Error as error:
            raise TokenStorageUnavailable(f"the token storage {self.filepath} cannot be created: {error}") from error
        finally:
            with suppress(OSError):
                new.unlink()
        sync_folder(self._file.path.parent)


def _connect(path: Path) -> sqlite3.Connection:
    """Open an existing database; its texts are returned as bytes, since damaged ones are not UTF-8."""
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_BUSY_SECONDS
    )
    database.text_factory = bytes
    return database


def _check_tables(database: sqlite3.Connection, path: Path, *, is_last: bool) -> None:
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if b"token_storage" in tables:
        return
    # one without tables may be filled by another program at this moment, so that it is read again
    found = None if tables else status_of(path)
    if found is not None and not (is_last and found.st_size):
        raise _FileFault(sqlite3.SQLITE_CORRUPT, "it is empty")
    raise _FileFault(sqlite3.SQLITE_MISMATCH, "it is a database of another application")


def _change(database: sqlite3.Connection, work: Callable[[sqlite3.Connection], R]) -> R:
    """Run a function that writes; not in a file that is damaged elsewhere, which would lose what can be read now."""
    if not _is_intact(database):
        with suppress(sqlite3.IntegrityError):
            database.execute("REINDEX")  # the tables have everything that the indices have
        if not _is_intact(database):
            raise _FileFault(sqlite3.SQLITE_CORRUPT, "a part of it is damaged")
    return work(database)


def _is_intact(database: sqlite3.Connection) -> bool:
    (first,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    return bool(first == b"ok")


def _reason(error: sqlite3.Error) -> str:
    """Return a text for an error; not SQLite's own, which may quote the file."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return {"SQLITE_NOTADB": "it is not a SQLite database", "SQLITE_FULL": "the disk is full"}.get(
        name, f"SQLite reports {name}"
    )


def _select(database: sqlite3.Connection, namespace: str) -> dict[str, TokenStorageData | None]:
    """Return the tokens of a namespace; ``None`` for those that are damaged."""
    # "+" reads the table and not its index, which may be damaged: else tokens would vanish without an error
    rows = database.execute(
        "SELECT resource_server, token_data_json FROM token_storage WHERE +namespace = ?", (namespace,)
    ).fetchall()
    return {_text(name): decode_entry(text) if isinstance(text, bytes) else None for name, text in rows}


def _replace(database: sqlite3.Connection, namespace: str, entries: Mapping[str, TokenStorageData]) -> None:
    database.executemany(
        "REPLACE INTO token_storage (namespace, resource_server, token_data_json) VALUES (?, ?, ?)",
        _rows(namespace, entries),
    )


def _rows(namespace: str, entries: Mapping[str, TokenStorageData]) -> Iterator[tuple[str, str, str]]:
    for resource_server, data in entries.items():
        yield namespace, resource_server, str(encode_entry(data), "ascii")


def _delete(database: sqlite3.Connection, namespace: str, resource_server: str) -> bool:
    deleted = database.execute(
        "DELETE FROM token_storage WHERE +namespace = ? AND +resource_server = ?", (namespace, resource_server)
    )
    return deleted.rowcount > 0


def _namespaces(database: sqlite3.Connection) -> list[str]:
    rows = database.execute("SELECT DISTINCT +namespace FROM token_storage ORDER BY 1").fetchall()
    return [_text(name) for (name,) in rows]


def _text(value: object) -> str:
    """Return a name, readable even if it is damaged."""
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else repr(value)
