"""Several processes that share one file of tokens, some of which are killed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from globus_async.token_storage import FileTokenStorage, JSONTokenStorage, SQLiteTokenStorage
from tests.token_storage.factories import token_data

pytestmark = pytest.mark.slow

KINDS: dict[str, type[FileTokenStorage]] = {"json": JSONTokenStorage, "sqlite": SQLiteTokenStorage}
kinds = pytest.mark.parametrize("kind", KINDS)

PROCESSES, UPDATES = 8, 50

PROGRAM = """
import asyncio, os, random, signal, sys, time
import anyio.to_thread, anyio._backends._asyncio, filelock
from globus_async.token_storage import JSONTokenStorage, SQLiteTokenStorage
from tests.token_storage.factories import token_data

async def update(storage, name):
    for number in range(UPDATES):
        await storage.store_token_data_by_resource_server({f"{name}-{number}": token_data("x", f"{name}-{number}")})
        while number % 5 == 0:
            old = await storage.get_token_data("count")
            new = token_data("count", "count", number=5 + (old.extra["number"] if old else 0))
            if await storage.compare_and_set(old, new):
                break

async def read(storage):
    known = set()
    for reads in range(1, 100_000):
        found = await storage.get_token_data_by_resource_server()
        assert known <= set(found), "an update was lost"
        known = set(found)
        if len(found) == PROCESSES * UPDATES + 1:
            return print(reads, flush=True)
        await asyncio.sleep(0.002)

async def write_for_ever(storage, name):
    for number in range(1_000_000):
        await storage.store_token_data_by_resource_server({name: token_data("x" * 2000, name, number=number)})

kind, path, UPDATES, PROCESSES = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

def fork(work, *names):
    pid = os.fork()
    if not pid:
        storage = {"json": JSONTokenStorage, "sqlite": SQLiteTokenStorage}[kind](path, lock_timeout=60)
        try:
            asyncio.run(work(storage, *names))
            os._exit(0)
        finally:
            os._exit(1)
    return pid

def share():
    pids = [fork(read), *(fork(update, f"p{number}") for number in range(PROCESSES))]
    print([os.waitpid(pid, 0)[1] for pid in pids])

def create():
    async def wait_and_write(storage, name):
        await asyncio.sleep(max(0, start - time.time()))
        await storage.store_token_data_by_resource_server({name: token_data("x", name)})
    start = time.time() + 0.3
    pids = [fork(wait_and_write, f"p{number}") for number in range(PROCESSES)]
    print([os.waitpid(pid, 0)[1] for pid in pids])

def kill():
    moments = random.Random(13)
    while sys.stdin.readline():
        pids = [fork(write_for_ever, f"p{number}") for number in range(PROCESSES)]
        time.sleep(0.1)
        for pid in pids:
            time.sleep(moments.uniform(0, 0.03))
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        print("killed", flush=True)

globals()[sys.argv[5]]()
"""


async def start(kind: str, path: Path, updates: int, processes: int, what: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, kind, str(path), str(updates), str(processes), what), stdin=pipe, stdout=pipe
    )


@kinds
async def test_no_update_is_lost_and_no_read_is_torn(kind: str, tmp_path: Path, summary: Callable[[str], None]) -> None:
    """8 processes with 50 updates each, some of them of a common entry, and one that reads meanwhile."""
    process = await start(kind, tmp_path / "tokens", UPDATES, PROCESSES, "share")
    reads, statuses = (await process.communicate())[0].decode().splitlines()
    assert json.loads(statuses) == [0] * (1 + PROCESSES)
    found = await KINDS[kind](tmp_path / "tokens").get_token_data_by_resource_server()
    assert found.pop("count").extra == {"number": PROCESSES * UPDATES}
    assert len(found) == PROCESSES * UPDATES
    summary(f"{kind}: {PROCESSES} processes kept {len(found)} of {PROCESSES * UPDATES} updates; {reads} reads, 0 torn")


@kinds
async def test_processes_that_create_the_file_at_the_same_time(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "tokens"
    process = await start(kind, path, 0, 16, "create")
    assert json.loads((await process.communicate())[0]) == [0] * 16
    assert len(await KINDS[kind](path).get_token_data_by_resource_server()) == 16


def check_whole(kind: str, path: Path) -> None:
    """Check the file as any other program would read it."""
    if kind == "json":
        assert json.loads(path.read_text())["format_version"] == "2.0"
        return
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def leftovers(path: Path) -> set[str]:
    names = {each.name for each in path.parent.iterdir() if each.suffix != ".lease"}
    return names - {path.name, f"{path.name}.lock"}


@kinds
async def test_writers_killed_at_random_moments(kind: str, tmp_path: Path) -> None:
    """60 times: the file is whole, one leftover at most, which the next write removes, within a second."""
    path = tmp_path / "tokens"
    other = KINDS[kind](path, namespace="other")
    await other.store_token_data_by_resource_server({"a": token_data("a", "a")})
    process = await start(kind, path, 0, 4, "kill")
    assert process.stdin is not None
    assert process.stdout is not None
    seen = set[str]()
    for _ in range(15):
        process.stdin.write(b"\n")
        assert await process.stdout.readline() == b"killed\n"
        assert len(leftovers(path)) <= 1
        seen |= leftovers(path)
        check_whole(kind, path)
        started = time.monotonic()
        async with other.lease("x", 60):
            await other.store_token_data_by_resource_server({"b": token_data("b", "b")})
        assert time.monotonic() - started < 5  # some milliseconds, unless the machine is busy
        assert leftovers(path) == set()
        assert await other.get_token_data("a") == token_data("a", "a")
    process.stdin.close()
    await process.wait()
    assert seen <= {"tokens.new", "tokens-journal"}


@kinds
async def test_a_creation_that_was_killed(kind: str, tmp_path: Path) -> None:
    """What it has left is removed by the next write, also if the file exists by now."""
    path = tmp_path / "tokens"
    storage = KINDS[kind](path)
    for number in range(2):
        for name in ("tokens.new", "tokens.new-journal"):
            if kind == "sqlite" or name == "tokens.new":
                (tmp_path / name).write_bytes(b"half")
        await storage.store_token_data_by_resource_server({f"{number}": token_data("x", f"{number}")})
        assert leftovers(path) == set()
    assert sorted(await storage.get_token_data_by_resource_server()) == ["0", "1"]
