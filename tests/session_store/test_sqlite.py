"""The file of sessions that processes share."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from globus_async import GlobusSDKUsageError, Secret
from globus_async.fastapi import (
    SessionStoreUnavailable,
    SQLiteSessionStore,
    error_response,
)

KEY, OTHER = "k" * 32, "o" * 32


def files(folder: Path) -> list[Path]:
    return [*folder.iterdir()]


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def test_the_file_is_private_from_the_first_byte(tmp_path: Path) -> None:
    """Also its side files, and one that was readable by others; whatever the umask."""
    before = os.umask(0)
    try:
        for name, mode in (("new.db", None), ("old.db", 0o666)):
            path = tmp_path / name
            if mode is not None:
                path.touch()
                path.chmod(mode)
            async with SQLiteSessionStore(path) as store:
                await store.put("session:a", Secret("x"), seconds=10)
                modes = {each.name: mode_of(each) for each in files(tmp_path) if each.name.startswith(name)}
                assert set(modes) == {name, f"{name}-wal", f"{name}-shm"}
                assert set(modes.values()) == {0o600}
    finally:
        os.umask(before)


CREATION = """
import asyncio, os, stat, sys
from globus_async.fastapi import SQLiteSessionStore

def show(event, arguments):
    if event == "sqlite3.connect":
        print(oct(stat.S_IMODE(os.stat(sys.argv[1]).st_mode)))

async def main():
    async with SQLiteSessionStore(sys.argv[1]):
        pass

os.umask(0)
sys.addaudithook(show)
asyncio.run(main())
"""


async def test_a_new_file_is_private_when_it_is_created(tmp_path: Path) -> None:
    """Before SQLite opens it: somebody who has opened it by then could read it for ever."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CREATION, str(tmp_path / "sessions.db"), stdout=asyncio.subprocess.PIPE
    )
    assert (await process.communicate())[0].split() == [b"0o600"]


async def test_files_that_are_not_sessions_are_left_alone(tmp_path: Path) -> None:
    """Text, another application's database, a link, a folder: refused, without a change."""
    text, other, link = tmp_path / "text", tmp_path / "other.db", tmp_path / "link"
    text.write_text("precious " * 1000)
    database = sqlite3.connect(other)
    database.execute("CREATE TABLE entries (x)")
    database.commit()
    database.close()
    link.symlink_to(tmp_path / "target")
    (tmp_path / "target").touch()
    for path, message in ((text, "not a SQLite"), (other, "another application"), (link, "link"), (tmp_path, "folder")):
        content, mode = path.read_bytes() if path.is_file() else b"", path.stat().st_mode
        with pytest.raises(GlobusSDKUsageError, match=message):
            async with SQLiteSessionStore(path):
                pass
        assert (path.read_bytes() if path.is_file() else b"", path.stat().st_mode) == (content, mode)
    assert sorted(each.name for each in files(tmp_path)) == ["link", "other.db", "target", "text"]
    with pytest.raises(SessionStoreUnavailable, match="No such file"):
        await SQLiteSessionStore(tmp_path / "absent" / "sessions.db").get("session:a")


async def test_an_encrypted_file_holds_no_value(tmp_path: Path) -> None:
    """Nor can values be exchanged by somebody who can write to the file."""
    path = tmp_path / "sessions.db"
    async with SQLiteSessionStore(path, key=KEY) as store:
        await store.put("session:a", Secret("canary-of-ada"), seconds=100)
        await store.put("session:b", Secret("canary-of-bob"), seconds=100)
        content = b"".join(each.read_bytes() for each in files(tmp_path))
        assert b"session:a" in content
        assert b"canary" not in content
        database = sqlite3.connect(path, isolation_level=None)
        (value,) = database.execute("SELECT value FROM entries WHERE key = 'session:a'").fetchone()
        database.execute("UPDATE entries SET value = ? WHERE key = 'session:b'", (value,))
        database.close()
        assert await store.get("session:a") == Secret("canary-of-ada")
        assert await store.get("session:b") is None


async def test_the_key_of_a_file_is_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With both keys all values are readable; without the old one their sessions have ended, and the log says so."""
    path = tmp_path / "sessions.db"
    async with SQLiteSessionStore(path, key=KEY) as store:
        await store.put("session:a", Secret("a"), seconds=100)
    async with SQLiteSessionStore(path, key=[OTHER, KEY]) as store:
        assert await store.get("session:a") == Secret("a")
        await store.put("session:b", Secret("b"), seconds=100)
    with caplog.at_level(logging.WARNING, "globus_async"):
        async with SQLiteSessionStore(path, key=OTHER) as store:
            assert [await store.get(f"session:{name}") for name in "aba"] == [None, Secret("b"), None]
    (message,) = [record.getMessage() for record in caplog.records if record.name == "globus_async"]
    assert message == (
        f"{path} has values that its keys do not decrypt: they count as missing; an earlier key can be passed after the"
        " new one"
    )


async def test_a_file_is_opened_again(tmp_path: Path) -> None:
    """After a close, and by another store; its values are there."""
    path = tmp_path / "sessions.db"
    store = SQLiteSessionStore(path)
    await store.put("session:a", Secret("a"), seconds=100)
    await store.aclose()
    await store.aclose()
    assert await store.get("session:a") == Secret("a")
    await store.aclose()
    async with SQLiteSessionStore(path) as other:
        assert await other.get("session:a") == Secret("a")
    assert KEY not in repr(SQLiteSessionStore(path, key=KEY))


@pytest.mark.parametrize(
    ("replaced", "side_files"),
    [(False, False), (False, True), (True, True)],
    ids=["deleted", "deleted with its log", "replaced"],
)
async def test_a_file_that_is_deleted_or_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, replaced: bool, side_files: bool
) -> None:
    """All processes go on with the same new file, whether they have read, written or both; the log says why."""
    path = tmp_path / "sessions.db"
    async with SQLiteSessionStore(path) as first, SQLiteSessionStore(path) as second:
        await first.put("session:old", Secret("old"), seconds=100)
        assert await first.get("session:old") == Secret("old")
        if replaced:
            async with SQLiteSessionStore(tmp_path / "other.db") as other:
                await other.put("session:other", Secret("other"), seconds=100)
        for file in files(tmp_path):
            if file.name == path.name or (side_files and file.name.startswith(path.name)):
                file.unlink()
        if replaced:
            (tmp_path / "other.db").rename(path)
        await first.put("session:a", Secret("a"), seconds=100)
        await second.put("session:b", Secret("b"), seconds=100)
        async with SQLiteSessionStore(path) as third:
            for store in (first, second, third):
                assert await store.get("session:a") == Secret("a")
                assert await store.get("session:b") == Secret("b")
                assert await store.get("session:old") is None
                assert (await store.get("session:other") is not None) is replaced
    assert "was deleted or replaced while it was open" in caplog.text


async def test_reading_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    """Another process may be stopped in the middle of a write."""
    path = tmp_path / "sessions.db"
    async with SQLiteSessionStore(path) as store:
        await store.put("session:a", Secret("a"), seconds=100)
        database = sqlite3.connect(path, isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(store.put("session:a", Secret("b"), seconds=100))
        await asyncio.sleep(0.05)
        assert await store.get("session:a") == Secret("a")
        assert not writing.done()
        database.execute("COMMIT")
        database.close()
        await writing
        assert await store.get("session:a") == Secret("b")


async def failures(*calls: Coroutine[Any, Any, object]) -> float:
    """Run calls that fail because of the store; return how long they take together."""
    started = time.monotonic()
    for error in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(error, SessionStoreUnavailable)
        assert isinstance(error.__cause__, sqlite3.OperationalError)
    return time.monotonic() - started


async def test_waiting_for_a_locked_file_is_limited(tmp_path: Path) -> None:
    """Calls do not wait one after the other; once the lock is gone, calls succeed, also those that have waited long."""
    path = tmp_path / "sessions.db"
    async with SQLiteSessionStore(path, timeout=0.05) as store:
        await store.put("session:a", Secret("a"), seconds=100)
        database = sqlite3.connect(path, isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        writing = [store.put(f"session:{number}", Secret("x"), seconds=100) for number in range(80)]
        assert await failures(*writing) < 2.0  # 4 seconds one after the other
        assert await store.get("session:0") is None
        database.execute("COMMIT")
        database.close()
        await store.put("session:a", Secret("b"), seconds=100)
        assert await store.get("session:a") == Secret("b")


async def test_a_file_that_is_locked_before_it_is_opened(tmp_path: Path) -> None:
    """Then reading waits as well, and no longer than the limit."""
    path = tmp_path / "sessions.db"
    async with SQLiteSessionStore(path) as other:
        await other.put("session:a", Secret("a"), seconds=100)
    store = SQLiteSessionStore(path, timeout=0.05)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("BEGIN EXCLUSIVE")
    reading = [store.get("session:a") for _ in range(40)]
    assert await failures(*reading, *(store.pop("session:a") for _ in range(40))) < 2.0
    database.close()
    assert await store.get("session:a") == Secret("a")
    await store.aclose()


async def test_a_damaged_file(tmp_path: Path) -> None:
    """The same error, without what is in the file."""
    path = tmp_path / "sessions.db"
    async with SQLiteSessionStore(path) as store:
        for number in range(20):
            await store.put(f"session:{number}", Secret("precious" * 1000), seconds=100)
        await store.aclose()
        content = bytearray(path.read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)
        path.write_bytes(content)
        with pytest.raises(SessionStoreUnavailable, match="malformed") as caught:
            await store.put("session:new", Secret("secret value"), seconds=100)
        assert "precious" not in str(caught.value)
        assert error_response(caught.value).status_code == 503
        assert b"sessions.db" not in bytes(error_response(caught.value).body)


# several processes

PROCESSES, ROUNDS = 4, 40
PROGRAM = """
import asyncio, sys
from globus_async import Secret
from globus_async.fastapi import SQLiteSessionStore

async def main(path, key, rounds):
    claimed = 0
    async with SQLiteSessionStore(path, key=key) as store:
        for number in range(rounds):
            claimed += await store.compare_and_set(f"login:{number}", None, Secret("used"), seconds=1000)
            while True:
                old = await store.get("tokens:number")
                new = Secret(str(1 if old is None else int(old.reveal()) + 1))
                if await store.compare_and_set("tokens:number", old, new, seconds=1000):
                    break
    print(claimed)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


@pytest.mark.slow
async def test_processes_lose_no_update(tmp_path: Path) -> None:
    """They increment a shared number, claim what one of them may have, and create the file at the same time."""
    path = tmp_path / "sessions.db"
    arguments = (sys.executable, "-c", PROGRAM, str(path), KEY, str(ROUNDS))
    processes = [
        await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE) for _ in range(PROCESSES)
    ]
    claims = [int((await process.communicate())[0]) for process in processes]
    assert sum(claims) == ROUNDS
    async with SQLiteSessionStore(path, key=KEY) as store:
        assert await store.get("tokens:number") == Secret(str(PROCESSES * ROUNDS))


FORK = """
import asyncio, os, signal, sys
from globus_async import Secret
from globus_async.fastapi import SQLiteSessionStore

store = SQLiteSessionStore(sys.argv[1])

async def write(name):
    await store.put(f"session:{name}", Secret(name), seconds=100)
    return await store.get("session:parent"), await store.get(f"session:{name}")

async def close():
    await store.aclose()

assert asyncio.run(write("parent")) == (Secret("parent"), Secret("parent"))
for name in ("child", "closing child"):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)  # ends a child that waits for a thread of its parent
        if name == "closing child":
            asyncio.run(close())
        assert asyncio.run(write(name)) == (Secret("parent"), Secret(name))
        asyncio.run(close())
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert asyncio.run(write(name + "'s parent"))[0] == Secret("parent")
asyncio.run(close())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
async def test_a_fork_opens_a_connection_of_its_own(tmp_path: Path) -> None:
    """What the parent has opened is neither used nor closed in the child, and remains usable in the parent."""
    path = tmp_path / "sessions.db"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", FORK, str(path))
    assert await process.wait() == 0
    async with SQLiteSessionStore(path) as store:
        for name in ("parent", "child", "child's parent", "closing child", "closing child's parent"):
            assert await store.get(f"session:{name}") == Secret(name)


async def test_another_process_creates_the_file_meanwhile(tmp_path: Path) -> None:
    """Before any of the statements with which it is opened."""

    async def create(path: Path) -> None:
        with suppress(SessionStoreUnavailable):  # the first one has locked it
            async with SQLiteSessionStore(path, timeout=0) as other:
                await other.get("session:b")

    number = seen = 0
    while seen >= number:
        number, seen = number + 1, 0
        path = tmp_path / f"{number}.db"

        def before(_: object, event: str, called: object, path: Path = path, number: int = number) -> None:
            nonlocal seen
            if event == "c_call" and getattr(called, "__name__", "") == "execute":
                seen += 1
                if seen == number:
                    asyncio.run(create(path))

        threading.setprofile(before)  # called in the threads of the store
        try:
            async with SQLiteSessionStore(path) as store:
                assert await store.get("session:a") is None
                await store.put("session:a", Secret("x"), seconds=100)
                assert await store.get("session:a") == Secret("x")
        finally:
            threading.setprofile(None)
    assert number > 10


async def test_calls_beside_a_close(tmp_path: Path) -> None:
    """Those that run are completed, and those that begin meanwhile open the file again."""
    store = SQLiteSessionStore(tmp_path / "sessions.db")
    for number in range(20):
        before = [store.put(f"session:{number}.{each}", Secret("x"), seconds=100) for each in range(3)]
        after = [store.get(f"session:{number}.{each}") for each in range(3)]
        await asyncio.gather(*before, store.aclose(), *after)
        assert await store.get(f"session:{number}.2") == Secret("x")
    await store.aclose()


@pytest.mark.parametrize(
    ("argument", "value"),
    [("path", None), ("path", 3), ("max_entries", 0), ("max_entries", 1.5), ("clock", 5), ("timeout", -1)],
)
def test_wrong_arguments_are_refused(tmp_path: Path, argument: str, value: Any) -> None:
    arguments: dict[str, Any] = {"path": tmp_path / "sessions.db", argument: value}
    with pytest.raises(GlobusSDKUsageError, match=f"^{argument} must be"):
        SQLiteSessionStore(**arguments)


def test_the_url_of_another_database_is_refused() -> None:
    """At once, and without the password that it may contain: it is no path below the current folder."""
    with pytest.raises(GlobusSDKUsageError, match="SQLSessionStore") as caught:
        SQLiteSessionStore("postgres://portal:hunter2@db.example.org/portal")
    assert "hunter2" not in str(caught.value)
