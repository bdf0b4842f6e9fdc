"""Rows of token storages and session stores: kept, expired, damaged, and written by several processes."""

from __future__ import annotations

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text, update

from globus_async import GlobusSDKUsageError, Secret
from globus_async.sql import SQLDatabase, SQLSessionStore, SQLTokenStorage
from globus_async.sql.tables import escaped, name_of, row_key, sessions, tokens, unescaped
from globus_async.token_storage import TokenStorageDamaged
from tests.sql.forks import run_forked
from tests.token_storage.factories import token_data
from tests.toolkit.canaries import canary, leaks_in_text

SERVER = "transfer.api.globus.org"

UPDATES = """
async def work(url, number):
    async with SQLDatabase.from_url(url, timeout=30, pool_size=1) as database:
        store, storage = SQLSessionStore(database), SQLTokenStorage(database)
        for _ in range(50):
            while True:
                old = await store.get(f"counter {number % 4}")
                new = Secret(str(int(old.reveal()) + 1 if old else 1))
                if await store.compare_and_set(f"counter {number % 4}", old, new, seconds=1000):
                    break
        name = f"server-{number}"
        await storage.store_token_data_by_resource_server(
            {name: TokenStorageData(name, None, "all", "t", None, 1, "Bearer")}
        )
"""


@pytest.mark.slow
async def test_no_update_of_eight_processes_is_lost(url: str) -> None:
    """Each replaces a value 50 times, which another one replaces too."""
    await asyncio.to_thread(run_forked, url, 8, UPDATES)
    async with SQLDatabase.from_url(url, timeout=20) as database:
        store = SQLSessionStore(database)
        assert [await store.get(f"counter {number}") for number in range(4)] == [Secret("100")] * 4
        assert len(await SQLTokenStorage(database).get_token_data_by_resource_server()) == 8


async def test_no_update_of_several_writers_is_lost(database: SQLDatabase) -> None:
    """Of tokens that all of them replace."""
    storage = SQLTokenStorage(database)

    async def add() -> None:
        for _ in range(5):
            while True:
                old = await storage.get_token_data(SERVER)
                count = 0 if old is None else int(old.access_token.reveal())
                if await storage.compare_and_set(old, token_data(str(count + 1))):
                    break

    await asyncio.gather(*(add() for _ in range(4)))
    assert await storage.get_token_data(SERVER) == token_data("20")


async def store_document(database: SQLDatabase, document: object, server: str = SERVER) -> None:
    row = {"namespace": "DEFAULT", "resource_server": server, "document": document}
    await database.run(lambda connection: connection.execute(insert(tokens).values(row)), raises=AssertionError)


DAMAGED = ["", "{", "null", "[]", "{}", '{"access_token": "s3cret"}', '{"a": 1, "a": 2}', "[" * 2000, "\u00e9", "\\x"]


@pytest.mark.parametrize("document", DAMAGED)
async def test_a_damaged_document_is_named_and_kept(database: SQLDatabase, document: str) -> None:
    """It can be replaced and removed; the others are read."""
    storage = SQLTokenStorage(database)
    good = token_data("a", "other")
    await storage.store_token_data_by_resource_server({"other": good})
    await store_document(database, document)
    for call in (
        storage.get_token_data(SERVER),
        storage.get_token_data_by_resource_server(),
        storage.compare_and_set(token_data("a"), token_data("b")),
    ):
        with pytest.raises(
            TokenStorageDamaged, match=rf"the tokens for '{SERVER}' of .* remove_token_data\(\)"
        ) as failed:
            await call
        assert "s3cret" not in str(failed.value)
    assert not await storage.compare_and_set(None, token_data("b"))
    assert await storage.get_token_data("other") == good
    assert await storage.remove_token_data(SERVER)
    assert await storage.get_token_data_by_resource_server() == {"other": good}
    await store_document(database, document)
    await storage.store_token_data_by_resource_server({SERVER: token_data("c")})
    assert await storage.get_token_data(SERVER) == token_data("c")


async def test_a_damaged_name_is_an_error(database: SQLDatabase) -> None:
    """Instead of tokens that vanish, or those of another resource server."""
    storage = SQLTokenStorage(database)
    await storage.store_token_data_by_resource_server({SERVER: token_data("a")})
    await database.run(
        lambda connection: connection.execute(update(tokens).values(resource_server='\\"\u00e9')), raises=AssertionError
    )
    with pytest.raises(TokenStorageDamaged, match="are damaged"):
        await storage.get_token_data_by_resource_server()


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_text_of_a_file_that_is_no_utf8(database: SQLDatabase) -> None:
    """The driver of SQLite would raise an error that quotes it."""
    storage, store = SQLTokenStorage(database), SQLSessionStore(database)
    await storage.store_token_data_by_resource_server({SERVER: token_data("a")})
    await store.put("session:x", Secret("x"), seconds=1000)

    for table, column in (("tokens", "document"), ("sessions", "value")):
        statement = text(f"UPDATE globus_async_{table} SET {column} = CAST(x'ff00' AS TEXT)")
        await database.run(lambda connection, each=statement: connection.execute(each), raises=AssertionError)  # type: ignore[misc]
    with pytest.raises(TokenStorageDamaged, match=SERVER):
        await storage.get_token_data(SERVER)
    assert await store.get("session:x") is None
    assert await store.compare_and_set("session:x", None, Secret("y"), seconds=1000)
    assert await store.get("session:x") == Secret("y")


@pytest.mark.parametrize("stored", ["x", "", "\\", "\u00e9", "gAAAAA"])
async def test_a_damaged_session_counts_as_missing(
    database: SQLDatabase, stored: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says so; the value can be set again."""
    store = SQLSessionStore(database, key="k" * 32)
    caplog.set_level(logging.WARNING, logger="globus_async")
    for old in (None, "popped"):
        await store.put("session:x", Secret("x"), seconds=1000)
        damage = update(sessions).values(value=stored)
        await database.run(lambda connection, each=damage: connection.execute(each), raises=AssertionError)  # type: ignore[misc]
        assert await store.get("session:x") is None
        assert not await store.compare_and_set("session:x", Secret("x"), Secret("y"), seconds=1000)
        if old is None:
            assert await store.compare_and_set("session:x", None, Secret("y"), seconds=1000)
            assert await store.get("session:x") == Secret("y")
        else:
            assert await store.pop("session:x") is None
    assert caplog.text.count("they count as missing") == 1


async def test_values_are_encrypted(database: SQLDatabase, engine: str) -> None:
    """With the key of the value: two of them cannot be exchanged."""
    store = SQLSessionStore(database, key="k" * 32)
    await store.put("session:x", Secret("plain text"), seconds=1000)
    await store.put("session:y", Secret("of y"), seconds=1000)
    rows = await database.run(
        lambda connection: connection.execute(text("SELECT value FROM globus_async_sessions")), raises=AssertionError
    )
    assert not [value for (value,) in rows if "plain" in str(value)]
    swap = update(sessions).values(key=sessions.c.key + "2")
    await database.run(lambda connection: connection.execute(swap), raises=AssertionError)
    assert await store.get("session:x2") is None
    assert f"at {engine}" in repr(store)
    assert repr(store).endswith(", encrypted>")


async def test_expired_rows_are_removed_by_writes(database: SQLDatabase) -> None:
    """At most 100 at a time, by each tenth write."""
    store = SQLSessionStore(database)
    old = [{"key": f"s:{number}", "value": "x", "expires_at": number} for number in range(150)]
    await database.run(lambda connection: connection.execute(insert(sessions), old), raises=AssertionError)

    async def count() -> int:
        statement = text("SELECT count(*) FROM globus_async_sessions")
        found = await database.run(lambda connection: connection.scalar(statement), raises=AssertionError)
        assert found is not None
        total: int = found
        return total

    await store.put("new:1", Secret("x"), seconds=1000)
    assert await count() == 51
    for number in range(2, 11):
        await store.put(f"new:{number}", Secret("x"), seconds=1000)
    assert await count() == 60
    await store.compare_and_set("new:11", None, Secret("x"), seconds=1000)
    assert await count() == 11


async def test_a_long_name_must_be_that_of_its_tokens(database: SQLDatabase) -> None:
    """Its row has a hash of it only."""
    storage = SQLTokenStorage(database)
    with pytest.raises(GlobusSDKUsageError, match="a long name"):
        await storage.store_token_data_by_resource_server({"x" * 300: token_data("a", "y")})
    assert await storage.get_token_data_by_resource_server() == {}


async def test_namespaces_are_listed(database: SQLDatabase) -> None:
    names = ["ada", "b c", "é\n'"]
    entries = {SERVER: token_data("a"), "b": token_data("a", "b")}
    for name in names:
        await SQLTokenStorage(database, namespace=name).store_token_data_by_resource_server(entries)
    assert [name async for name in SQLTokenStorage(database).iter_namespaces()] == sorted(names)


@given(st.text(max_size=300), st.text(max_size=300))
def test_keys_are_those_of_their_names(one: str, other: str) -> None:
    """ASCII without control characters, different for different names, and readable again unless they are long."""
    key = row_key(one)
    assert key.isascii()
    assert key.isprintable()
    assert len(key) <= 200
    assert (key == row_key(other)) is (one == other)
    assert name_of(key) in {one, None}
    assert (name_of(key) is None) is (len(escaped(one)) > 200)
    assert unescaped(escaped(other)) == other


async def test_debug_logs_show_no_secrets(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """SQLAlchemy logs the rows that it reads, and aiosqlite what it writes."""
    for name in ("sqlalchemy.engine", "aiosqlite"):
        caplog.set_level(logging.DEBUG, logger=name)
    access, session = canary("access token"), canary("session")
    async with SQLDatabase.from_url(url, timeout=20) as database:
        storage, store = SQLTokenStorage(database), SQLSessionStore(database)
        await storage.store_token_data_by_resource_server({SERVER: token_data(access)})
        stored = await storage.get_token_data(SERVER)
        assert stored == token_data(access)
        assert await storage.compare_and_set(stored, token_data(access, note="x"))
        assert len(await storage.get_token_data_by_resource_server()) == 1
        for _ in range(2):
            await store.put("session:x", Secret(session), seconds=10)
            assert await store.get("session:x") == Secret(session)
            assert await store.compare_and_set("session:x", Secret(session), Secret(session + "2"), seconds=10)
            assert await store.pop("session:x") == Secret(session + "2")
    assert any("SELECT" in each.getMessage() for each in caplog.records)
    assert [leaks for each in caplog.records if (leaks := leaks_in_text(each.getMessage()))] == []
