"""What all SQLite files of this package have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from .private import make_private

__all__ = ("SIDE_FILES", "make_database_private", "transaction")

SIDE_FILES: Final = ("-journal", "-wal", "-shm")
"""The endings of the names of the files that SQLite creates beside a database, with the database's permissions."""


@contextmanager
def transaction(database: sqlite3.Connection, begin: str) -> Generator[None]:
    """Run a block in a transaction; if it raises, nothing of it is kept."""
    database.execute(begin)
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise


def make_database_private(path: Path) -> None:
    """
    Let only the owner read a database and the files beside it.

    None of them is opened: closing it again would release the locks of this process's connections.
    """
    for ending in ("", *SIDE_FILES):
        make_private(path.with_name(f"{path.name}{ending}"))
