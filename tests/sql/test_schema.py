"""The tables: made once, by whichever process is first, and refused if they are not those of this version."""

from __future__ import annotations

import asyncio
import re
import stat
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from globus_async import GlobusSDKUsageError, Secret
from globus_async.sql import SQLDatabase, SQLLeases, SQLSessionStore, SQLTokenStorage
from globus_async.token_storage import TokenStorageUnavailable
from tests.source import ROOT
from tests.sql.forks import run_forked
from tests.toolkit.postgres_server import shared_server
from tests.toolkit.sql_databases import ENGINES, database_url, ddl_statements

PAGE = ROOT / "docs" / "reference" / "sql.md"


@pytest.fixture
def empty_url(engine: str, tmp_path: Path) -> str:
    return database_url(engine, tmp_path, tables=False)


async def execute(url: str, *statements: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def test_tables_are_made_once(empty_url: str) -> None:
    """What is in them stays."""
    async with SQLDatabase.from_url(empty_url, timeout=20) as database:
        await database.create_tables()
        await SQLSessionStore(database).put("session:x", Secret("x"), seconds=100)
        await database.create_tables()
        assert await SQLSessionStore(database).get("session:x") == Secret("x")


async def test_missing_tables_are_named(empty_url: str) -> None:
    """The error says what to do."""
    async with SQLDatabase.from_url(empty_url, timeout=20) as database:
        with pytest.raises(GlobusSDKUsageError, match=r"await create_tables\(\) once, before"):
            await SQLSessionStore(database).get("session:x")
        with pytest.raises(GlobusSDKUsageError, match=r"await create_tables\(\) once, before"):
            await SQLTokenStorage(database).remove_token_data("x")
        with pytest.raises(GlobusSDKUsageError, match=r"await create_tables\(\) once, before"):
            async with SQLLeases(database).lease("x", 1):
                raise AssertionError("it was taken")
        await database.create_tables()
        assert await SQLSessionStore(database).get("session:x") is None


CREATE = """
async def work(url, number):
    async with SQLDatabase.from_url(url) as database:
        await database.create_tables()
        await SQLSessionStore(database).put(f"session:{number}", Secret("x"), seconds=100)
"""


async def test_eight_processes_make_them_at_once(empty_url: str) -> None:
    """None of them fails, and each can write afterwards."""
    await asyncio.to_thread(run_forked, empty_url, 8, CREATE)
    async with SQLDatabase.from_url(empty_url, timeout=20) as database:
        store = SQLSessionStore(database)
        assert None not in [await store.get(f"session:{number}") for number in range(8)]


async def test_a_later_version_is_refused(url: str) -> None:
    await execute(url, "UPDATE globus_async_schema SET version = 2")
    async with SQLDatabase.from_url(url, timeout=20) as database:
        with pytest.raises(GlobusSDKUsageError, match=r"of version 2, and .* uses 1; .* Install a later version"):
            await database.create_tables()


@pytest.mark.parametrize("statement", ["DELETE FROM globus_async_schema", "UPDATE globus_async_schema SET version = 0"])
async def test_an_unknown_version_is_refused(url: str, statement: str) -> None:
    await execute(url, statement)
    async with SQLDatabase.from_url(url, timeout=20) as database:
        with pytest.raises(GlobusSDKUsageError, match="one row with the version of the tables; nothing was changed"):
            await database.create_tables()


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE globus_async_tokens (id INTEGER)", "CREATE TABLE globus_async_schema (version TEXT, more TEXT)"],
)
async def test_tables_of_others_are_refused(empty_url: str, statement: str) -> None:
    """Nothing is added beside them."""
    await execute(empty_url, statement)
    async with SQLDatabase.from_url(empty_url, timeout=20) as database:
        with pytest.raises(GlobusSDKUsageError, match=r"not the expected .*; nothing was changed"):
            await database.create_tables()
        with pytest.raises(GlobusSDKUsageError, match="create_tables"):
            await SQLSessionStore(database).get("x")


async def test_tables_that_an_administrator_has_made_are_used(tmp_path: Path) -> None:
    """By a user that may not make any."""
    admin = database_url("postgresql", tmp_path)
    user = database_url("postgresql", tmp_path, tables=False)
    schema, name = (each.partition("//")[2].partition(":")[0] for each in (admin, user))
    shared_server().execute(
        f"GRANT USAGE ON SCHEMA {schema} TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}",
        f"REVOKE ALL ON SCHEMA {name} FROM {name}",
        f"ALTER SCHEMA {name} OWNER TO CURRENT_USER",
        f"ALTER ROLE {name} SET search_path = {schema}",
    )
    async with SQLDatabase.from_url(user, timeout=20) as database:
        await database.create_tables()
        await SQLSessionStore(database).put("session:x", Secret("x"), seconds=100)
        shared_server().execute(f"ALTER ROLE {name} SET search_path = {name}")
    async with SQLDatabase.from_url(user, timeout=20) as database:
        with pytest.raises(TokenStorageUnavailable, match="has no schema to make tables in"):
            await database.create_tables()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_documented_tables_are_those_that_are_made(engine: str) -> None:
    """An administrator can make them with the statements of the page."""
    title = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[engine]
    found = re.search(rf"### {title}\n.*?```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    documented = [" ".join(statement.split()) for statement in found[1].split(";") if statement.strip()]
    assert documented == [" ".join(statement.split()) for statement in ddl_statements(engine)]


def _modes(folder: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}


async def test_the_file_is_private(tmp_path: Path) -> None:
    """Also the files that SQLite makes beside it."""
    path = tmp_path / "state.db"
    async with SQLDatabase.from_url(f"sqlite+aiosqlite:///{path}", timeout=20) as database:
        await database.create_tables()
        await SQLSessionStore(database).put("session:x", Secret("x"), seconds=100)
        modes = await asyncio.to_thread(_modes, tmp_path)
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
