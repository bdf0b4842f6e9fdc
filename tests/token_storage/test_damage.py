"""Damaged, foreign and newer files: a typed error, and no login of others is lost."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from globus_async.token_storage import (
    FileTokenStorage,
    JSONTokenStorage,
    SQLiteTokenStorage,
    TokenStorageDamaged,
    TokenStorageUnavailable,
)
from globus_async.token_storage.stored_tokens import WRITTEN_BY, StoredTokens, UnusableFormat
from tests.token_storage.factories import token_data
from tests.toolkit.random_cases import cases

ENTRIES = {name: token_data(f"access-{name}", name) for name in ("transfer.api.globus.org", "groups")}
NEW = token_data("new", "new")


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def whole(kind: type[FileTokenStorage], path: Path) -> bytes:
    """Write a small file with two namespaces; return its content."""

    async def write() -> None:
        for namespace in ("DEFAULT", "other"):
            await kind(path, namespace=namespace).store_token_data_by_resource_server(ENTRIES)

    asyncio.run(write())
    return path.read_bytes()


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def has(path: Path | str | None, content: bytes) -> bool:
    return path is not None and Path(path).read_bytes() == content


async def outcome(storage: FileTokenStorage, content: bytes, other: FileTokenStorage) -> str:
    """
    Read and write a storage with a damaged file; return what became of it.

    Whatever could be read before the write can be read after it. What was set aside is as it was.
    """
    path = Path(storage.filepath)
    path.parent.mkdir()
    put(path, content)
    before = []
    for each in (storage, other):
        try:
            before.append(await each.get_token_data_by_resource_server())
        except TokenStorageDamaged as caught:
            error = caught
            break
    else:
        try:
            await storage.store_token_data_by_resource_server({"new": NEW})
        except TokenStorageUnavailable:  # SQLite marks files with a later format as not writable
            assert has(path, content)
            return "not writable"
        except TokenStorageDamaged as caught:
            return "set aside by writing" if has(caught.set_aside, content) else "changed"
        after = [await each.get_token_data_by_resource_server() for each in (storage, other)]
        assert after == [{**before[0], "new": NEW}, before[1]]
        return "whole" if before == [ENTRIES, ENTRIES] else "partly"
    if error.set_aside is None:
        assert has(path, content)
        with pytest.raises(TokenStorageDamaged):
            await storage.store_token_data_by_resource_server({"new": NEW})
        assert has(path, content)
        return "refused"
    assert has(error.set_aside, content)
    assert not await storage.file_exists()
    await storage.store_token_data_by_resource_server({"new": NEW})
    assert await storage.get_token_data_by_resource_server() == {"new": NEW}
    return "set aside"


def outcomes(kind: type[FileTokenStorage], folder: Path, contents: Iterator[bytes]) -> dict[str, int]:
    """Return how many files had which outcome; many wait at a time."""
    found: dict[str, int] = {}

    async def one(path: Path, content: bytes, places: asyncio.Semaphore) -> None:
        async with places:
            result = await outcome(kind(path), content, kind(path, namespace="other"))
        found[result] = found.get(result, 0) + 1
        await asyncio.to_thread(shutil.rmtree, path.parent)

    async def run() -> None:
        places = asyncio.Semaphore(100)
        async with asyncio.TaskGroup() as tasks:
            for number, content in enumerate(contents):
                tasks.create_task(one(folder / f"{number}" / "tokens", content, places))

    asyncio.run(run())
    return found


def flipped(content: bytes, index: int, mask: int) -> bytes:
    return content[:index] + bytes([content[index] ^ mask]) + content[index + 1 :]


def damaged_contents(content: bytes) -> Iterator[bytes]:
    """Yield a content cut at every byte, and with each bit of each byte flipped."""
    for index in range(len(content)):
        yield content[:index]
        for bit in range(8):
            yield flipped(content, index, 1 << bit)


@pytest.mark.slow
def test_the_content_of_a_json_file_with_every_damage(tmp_path: Path) -> None:
    """It is refused, or what can be read of it, and what cannot, survives a change."""
    found = {"damaged": 0, "unusable": 0, "read": 0}
    for content in damaged_contents(whole(JSONTokenStorage, tmp_path / "tokens")):
        try:
            stored = StoredTokens.decode(memoryview(content))
        except UnusableFormat:
            found["unusable"] += 1
            continue
        if stored is None:
            found["damaged"] += 1
            continue
        found["read"] += 1
        before = json.loads(content)
        stored.put("DEFAULT", {"new": NEW})
        after = json.loads(stored.encode().tobytes())
        assert after["data"]["DEFAULT"].pop("new")
        before["data"].setdefault("DEFAULT", {})
        assert {**after, WRITTEN_BY: 0} == {**before, WRITTEN_BY: 0}
    assert min(found.values()) > 100


@pytest.mark.slow
def test_a_json_file_with_damage_at_many_bytes(tmp_path: Path) -> None:
    content = whole(JSONTokenStorage, tmp_path / "tokens")
    cuts = (content[:end] for end in range(0, len(content), 17))
    assert set(outcomes(JSONTokenStorage, tmp_path, cuts)) == {"set aside"}
    flips = (flipped(content, index, 1 << index % 8) for index in range(0, len(content), 5))
    assert set(outcomes(JSONTokenStorage, tmp_path, flips)) == {"whole", "partly", "set aside", "refused"}


@pytest.mark.slow
def test_a_sqlite_file_with_damage_at_its_used_bytes(tmp_path: Path) -> None:
    content = whole(SQLiteTokenStorage, tmp_path / "tokens")
    expected = {"set aside", "refused", "whole", "partly", "set aside by writing", "not writable"}
    cuts = (content[:end] for end in range(0, len(content), 199))
    assert set(outcomes(SQLiteTokenStorage, tmp_path, cuts)) <= expected
    every = [index for index, byte in enumerate(content) if byte]
    used = every[:: len(every) // cases(len(every))]
    flips = (flipped(content, index, 1 << index % 8) for index in used)
    found = outcomes(SQLiteTokenStorage, tmp_path, flips)
    assert sum(found.values()) == len(used)
    assert set(found) == expected


def json_text(**members: Any) -> str:
    entries = {name: data.to_dict() for name, data in ENTRIES.items()}
    document = {"data": {"DEFAULT": entries}, "format_version": "2.0", "globus-sdk.version": "4.10.0"}
    return json.dumps({**document, **members})


DEEP = "[" * 1100 + "]" * 1100


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "not a JSON object"),
        ("{}", "format_version is unknown; .* reads 1.0 and 2.0"),
        (json_text(format_version="3.0"), r"format_version is 3\.0; "),
        (json_text(format_version="2.1", data={}), r"format_version is 2\.1; "),
        (json_text(format_version=2.0), "format_version is unknown; "),
        (json_text(format_version="access-" * 50), "format_version is unknown; "),
        (json_text(data=[]), "no tokens under 'data'"),
        (json_text(format_version="1.0"), "no tokens under 'by_rs'"),
        (json_text(data={"DEFAULT": ["access-groups"]}), "its namespace 'DEFAULT' is not a JSON object"),
    ],
)
async def test_json_files_that_are_something_else_are_not_touched(tmp_path: Path, text: str, reason: str) -> None:
    """Also those of a later format; the error says what to do, and quotes no more than a version."""
    path = tmp_path / "tokens.json"
    path.write_text(text)
    storage = JSONTokenStorage(path)
    for call in (
        storage.get_token_data("groups"),
        storage.store_token_data_by_resource_server({"new": NEW}),
        storage.remove_token_data("groups"),
        storage.compare_and_set(None, NEW),
    ):
        with pytest.raises(TokenStorageDamaged, match=f"was not changed: .*{reason}.*; move it away") as caught:
            await call
        assert caught.value.set_aside is None
        assert "access-groups" not in str(caught.value)
        assert len(str(caught.value)) < 400
    assert path.read_text() == text
    assert names(tmp_path) == ["tokens.json", "tokens.json.lock"]


async def test_a_database_that_is_read_as_json_is_not_touched(tmp_path: Path) -> None:
    """The wrong class for the file of a program that has a login there, such as globus-cli."""
    path = tmp_path / "storage.db"
    await SQLiteTokenStorage(path).store_token_data_by_resource_server(ENTRIES)
    for call in (JSONTokenStorage(path).get_token_data("groups"), JSONTokenStorage(path).compare_and_set(None, NEW)):
        with pytest.raises(TokenStorageDamaged, match="was not changed: it is a SQLite database; move it away"):
            await call
    assert await SQLiteTokenStorage(path).get_token_data_by_resource_server() == ENTRIES


@pytest.mark.parametrize(
    "content",
    [
        b"precious text",
        b"\xff\xfe",
        json_text().replace('"groups": {', '"transfer.api.globus.org": {', 1).encode(),
        json_text(other=float("nan")).encode(),
        json_text().replace("4.10.0", "\\ud800").encode(),
        json_text().replace('"4.10.0"', DEEP).encode(),
        json_text().replace("1900000000", "9" * 5000).encode(),
        b"",
    ],
    ids=["text", "no UTF-8", "a name twice", "NaN", "a lone surrogate", "deep", "a long number", "empty"],
)
async def test_a_json_file_that_is_unreadable_is_moved_aside(tmp_path: Path, content: bytes) -> None:
    """Each one to a name of its own; the error says where to, and the next write begins a new file."""
    path = tmp_path / "tokens.json"
    storage = JSONTokenStorage(path)
    calls: list[Callable[[], Awaitable[object]]] = [
        storage.get_token_data_by_resource_server,
        partial(storage.compare_and_set, None, NEW),
    ]
    for number, call in enumerate(calls, 1):
        path.write_bytes(content)
        path.chmod(0o644)
        with pytest.raises(TokenStorageDamaged, match=r"damaged-\d, and the next login is stored in a new") as caught:
            await call()
        aside = tmp_path / f"tokens.json.damaged-{number}"
        assert caught.value.set_aside == str(aside)
        assert aside.read_bytes() == content
        assert aside.stat().st_mode & 0o777 == 0o600
        assert not path.exists()
        assert await storage.get_token_data_by_resource_server() == {}
    await storage.store_token_data_by_resource_server({"new": NEW})
    assert await storage.get_token_data("new") == NEW


async def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(TokenStorageDamaged, match="more than 64 MiB"):
        await JSONTokenStorage(path).get_token_data("groups")
    assert path.stat().st_size == (64 << 20) + 1


async def test_a_nested_entry_that_cannot_be_written(tmp_path: Path) -> None:
    """It can be read; the interpreter's limit for writing is a typed error, and nothing is changed."""
    path = tmp_path / "tokens.json"
    text = json_text().replace('"4.10.0"', "[" * 1000 + "]" * 1000)
    path.write_text(text)
    storage = JSONTokenStorage(path)
    assert await storage.get_token_data_by_resource_server() == ENTRIES
    try:
        await storage.store_token_data_by_resource_server({"new": NEW})
    except TokenStorageDamaged:
        assert has(path, text.encode())
    else:
        assert await storage.get_token_data_by_resource_server() == {**ENTRIES, "new": NEW}


UNTIMELY = [
    {**ENTRIES["groups"].to_dict(), "expires_at_seconds": value}
    for value in ("soon", 1.5, True, 10**400, -(10**400), 1_900_000_000_000)
]
DAMAGED: tuple[object, ...] = ({"access_token": 7}, {}, [], None, "x", *UNTIMELY)


@pytest.mark.parametrize("entry", DAMAGED)
@pytest.mark.parametrize("kind", ["json", "sqlite"])
async def test_a_damaged_entry(kind: str, entry: object, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Others can be read and written; it stays as it is until it is replaced or removed, and the log names it."""
    path = tmp_path / "tokens"
    storage: FileTokenStorage
    if kind == "json":
        entries = {name: data.to_dict() for name, data in ENTRIES.items()}
        path.write_text(json_text(data={"DEFAULT": {**entries, "bad": entry}}))
        storage = JSONTokenStorage(path)
    else:
        storage = SQLiteTokenStorage(path)
        await storage.store_token_data_by_resource_server(ENTRIES)
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("INSERT INTO token_storage VALUES ('DEFAULT', 'bad', ?)", (json.dumps(entry),))
    with caplog.at_level(logging.WARNING, "globus_async"):
        assert await storage.get_token_data_by_resource_server() == ENTRIES
    assert f"{path}: the tokens for 'bad' in the namespace 'DEFAULT' are damaged" in caplog.text
    await storage.store_token_data_by_resource_server({"new": NEW})
    assert await storage.get_token_data("bad") is None
    assert await storage.get_token_data_by_resource_server() == {**ENTRIES, "new": NEW}
    assert stored_entry(path) == entry
    assert await storage.remove_token_data("bad")
    assert not await storage.remove_token_data("bad")
    assert await storage.compare_and_set(None, token_data("a", "bad"))


def stored_entry(path: Path) -> object:
    """Read the damaged entry."""
    if path.read_bytes().startswith(b"{"):
        return json.loads(path.read_text())["data"]["DEFAULT"]["bad"]
    with closing(sqlite3.connect(path)) as database:
        (text,) = database.execute("SELECT token_data_json FROM token_storage WHERE resource_server = 'bad'").fetchone()
    return json.loads(text)


@pytest.mark.parametrize("value", [b"\xff\xfe", 7, None, 1.5, "\x00"])
async def test_values_that_are_no_text(value: object, tmp_path: Path) -> None:
    """In a database they can be anything."""
    path = tmp_path / "tokens.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE token_storage (namespace, resource_server, token_data_json)")
        rows = [("DEFAULT", name, json.dumps(data.to_dict())) for name, data in ENTRIES.items()]
        database.executemany("INSERT INTO token_storage VALUES (?, ?, ?)", rows)
        database.execute("INSERT INTO token_storage VALUES ('DEFAULT', ?, '{}')", (value,))
        database.execute("INSERT INTO token_storage VALUES ('DEFAULT', 'bad', CAST(? AS TEXT))", (value,))
        database.execute("INSERT INTO token_storage VALUES ('DEFAULT', 'worse', ?)", (value,))
        database.execute("INSERT INTO token_storage VALUES (CAST(? AS TEXT), 'bad', ?)", (value, value))
    storage = SQLiteTokenStorage(path)
    assert await storage.get_token_data_by_resource_server() == ENTRIES
    assert "DEFAULT" in [name async for name in storage.iter_namespaces()]


async def test_databases_of_others_are_not_touched(tmp_path: Path) -> None:
    """Text, another application's database, with tables or without, one with another table of that name: refused."""
    text, other, alike, bare = (tmp_path / name for name in ("text", "other.db", "alike.db", "bare.db"))
    text.write_text("precious " * 1000)
    for path, statement in (
        (other, "CREATE TABLE entries (x)"),
        (alike, "CREATE TABLE token_storage (x)"),
        (bare, "PRAGMA user_version = 5"),
    ):
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(statement)
    for path, message in (
        (text, "not a SQLite database"),
        (other, "another application"),
        (alike, "SQLite reports"),
        (bare, "another application"),
    ):
        content = path.read_bytes()
        storage = SQLiteTokenStorage(path)
        for call in (
            storage.get_token_data("groups"),
            storage.store_token_data_by_resource_server(ENTRIES),
            storage.remove_token_data("groups"),
        ):
            with pytest.raises(TokenStorageDamaged, match=f"was not changed: .*{message}.*; move it away") as caught:
                await call
            assert caught.value.set_aside is None
        assert path.read_bytes() == content
    assert set(names(tmp_path)) - {"bare.db.lock"} == {"alike.db", "bare.db", "other.db", "text"}


async def test_a_database_is_set_aside_with_the_files_beside_it(tmp_path: Path) -> None:
    """They may have what is missing from it."""
    path = tmp_path / "tokens.db"
    path.touch()
    (tmp_path / "tokens.db-shm").write_text("journal")
    with pytest.raises(TokenStorageDamaged, match="it is empty; it was moved to"):
        await SQLiteTokenStorage(path).get_token_data("groups")
    assert names(tmp_path) == ["tokens.db.damaged-1", "tokens.db.damaged-1-shm", "tokens.db.lock"]


@pytest.mark.parametrize("kind", [JSONTokenStorage, SQLiteTokenStorage])
async def test_a_file_that_another_program_is_writing(kind: type[FileTokenStorage], tmp_path: Path) -> None:
    """As globus-sdk does, in several steps: it is read again before it counts as damaged."""
    await kind(tmp_path / "other").store_token_data_by_resource_server(ENTRIES)
    content = (tmp_path / "other").read_bytes()
    path = tmp_path / "tokens"
    path.touch()
    reading = asyncio.create_task(kind(path).get_token_data_by_resource_server())
    writing = asyncio.create_task(kind(path).store_token_data_by_resource_server({"new": NEW}))
    for end in (0, 1, len(content) // 2 if kind is JSONTokenStorage else 0):
        path.write_bytes(content[:end] if kind is JSONTokenStorage else b"")
        await asyncio.sleep(0.01)
    path.write_bytes(content)
    assert await reading in [ENTRIES, {**ENTRIES, "new": NEW}]
    await writing
    assert await kind(path).get_token_data_by_resource_server() == {**ENTRIES, "new": NEW}
