"""Empty databases of PostgreSQL and SQLite for tests, which have no running event loop, or have one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import ClauseElement, Dialect, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from globus_async.clock import Clock
from globus_async.sql import SQLDatabase, SQLTokenStorage
from globus_async.sql.tables import METADATA, VERSION, schema_version
from tests.toolkit.postgres_server import shared_server

__all__ = ("ENGINES", "PASSWORD", "OwnSQLTokenStorage", "database_url", "ddl_statements", "shared_url")

ENGINES: Final = ("postgresql", "sqlite")
PASSWORD: Final = "password-of-the-tests"
_DIALECTS: Final[dict[str, Dialect]] = {"postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}  # type: ignore[no-untyped-call]


class OwnSQLTokenStorage(SQLTokenStorage):
    """A storage that closes its database."""

    def __init__(self, url: str, namespace: str, clock: Clock | None) -> None:
        super().__init__(SQLDatabase.from_url(url, timeout=20, pool_size=3, clock=clock), namespace=namespace)

    async def aclose(self) -> None:
        await self._database.aclose()


def database_url(engine: str, folder: Path, *, tables: bool = True) -> str:
    """Return the URL of an empty database, or that of the SQLite file that the folder has, with tables or without."""
    statements = ddl_statements(engine) if tables else ()
    if engine == "postgresql":
        url = shared_server().fresh_url(PASSWORD)
        shared_server().execute(*statements, url=url)
        return url
    path = folder / "globus_async.db"
    if path.exists():
        return f"sqlite+aiosqlite:///{path}"
    with closing(sqlite3.connect(path)) as database:
        for statement in ("PRAGMA journal_mode = WAL", *statements):
            database.execute(statement)
        database.commit()
    return f"sqlite+aiosqlite:///{path}"


@cache
def shared_url() -> str:
    """Return the URL of a PostgreSQL database with tables, which the tests of this process share."""
    return database_url("postgresql", Path())


def ddl_statements(engine: str) -> tuple[str, ...]:
    """Return the statements that make the tables."""
    made: list[ClauseElement] = []
    for table in METADATA.sorted_tables:
        made += [CreateTable(table), *map(CreateIndex, table.indexes)]
    made.append(insert(schema_version).values(version=VERSION))
    compiled = (each.compile(dialect=_DIALECTS[engine], compile_kwargs={"literal_binds": True}) for each in made)
    return tuple(str(each).strip() for each in compiled)
