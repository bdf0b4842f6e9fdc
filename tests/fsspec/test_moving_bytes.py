"""`get`, `put` and large copies: broken connections, progress, tasks, and an event loop of the caller."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from fsspec.asyn import get_loop, sync
from fsspec.callbacks import Callback

from globus_async.fsspec import GlobusFileSystem
from globus_async.testing import Collection, GlobusEmulator, MemoryStorage
from globus_async.testing.faults import drop_before, drop_within, status

CONTENT = os.urandom(300_000)


def test_an_upload_that_breaks_off(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """The former content is whole; nothing hidden stays."""
    filesystem.pipe(f"{root}/data", b"old")
    emulator.faults.add("PUT", "/*", drop_before(), times=20)
    with pytest.raises(OSError, match="broke off"):
        filesystem.pipe(f"{root}/data", CONTENT)
    emulator.faults.clear()
    assert storage.tree() == {"data": b"old"}
    assert filesystem.cat(f"{root}/data") == b"old"


@pytest.mark.parametrize("mode", ["put", "open", "pipe"])
def test_an_upload_is_repeated(
    mode: str, filesystem: GlobusFileSystem, root: str, emulator: GlobusEmulator, tmp_path: Path
) -> None:
    """A lost connection or a busy server is no error."""
    emulator.faults.add("PUT", "/*", drop_before())
    emulator.faults.add("PUT", "/*", status(503), after=1)
    if mode == "put":
        (tmp_path / "local").write_bytes(CONTENT)
        filesystem.put_file(tmp_path / "local", f"{root}/data")
    elif mode == "pipe":
        filesystem.pipe_file(f"{root}/data", CONTENT)
    else:
        with filesystem.open(f"{root}/data", "wb", block_size=100_000) as file:
            file.write(CONTENT)
    assert emulator.faults.pending == []
    assert filesystem.cat(f"{root}/data") == CONTENT


def test_empty_files(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, tmp_path: Path) -> None:
    """Their requests are complete before the local file is closed."""
    for number in range(20):
        (tmp_path / f"{number}").touch()
    filesystem.put(f"{tmp_path}/", f"{root}/empty/", recursive=True)
    assert {*storage.tree().values()} == {b""}
    assert len(storage.tree()) == 20


def test_progress(filesystem: GlobusFileSystem, root: str, tmp_path: Path) -> None:
    """The callbacks of fsspec receive sizes and bytes."""
    (tmp_path / "local").write_bytes(CONTENT)
    up, down = Callback(), Callback()
    filesystem.put_file(str(tmp_path / "local"), f"{root}/data", callback=up)
    filesystem.get_file(f"{root}/data", str(tmp_path / "deep/copy"), callback=down)
    assert (up.size, up.value, down.size, down.value) == (len(CONTENT),) * 4
    assert (tmp_path / "deep/copy").read_bytes() == CONTENT


def test_a_download_that_breaks_off(
    filesystem: GlobusFileSystem, root: str, emulator: GlobusEmulator, tmp_path: Path
) -> None:
    """The target has its former content."""
    filesystem.pipe(f"{root}/data", CONTENT)
    (target := tmp_path / "copy").write_bytes(b"old")
    emulator.faults.add("GET", "/data", drop_before(), times=20)
    with pytest.raises(OSError, match="data"):
        filesystem.get_file(f"{root}/data", str(target))
    assert target.read_bytes() == b"old"


def test_a_download_continues(
    filesystem: GlobusFileSystem, root: str, emulator: GlobusEmulator, tmp_path: Path
) -> None:
    """A response that breaks off is followed by a request for the rest."""
    filesystem.pipe(f"{root}/data", CONTENT)
    emulator.faults.add("GET", "/data", drop_within(100_000))
    filesystem.get_file(f"{root}/data", str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == CONTENT
    assert emulator.faults.pending == []


def test_a_file_that_changed_since_it_was_listed(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, tmp_path: Path
) -> None:
    """Its size is requested again."""
    storage.write("data", b"short")
    filesystem.ls(root)
    storage.write("data", b"longer than before")
    filesystem.get(f"{root}/data", str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == b"longer than before"


def test_a_directory_that_another_program_removed(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage
) -> None:
    """It is made again."""
    filesystem.pipe(f"{root}/tree/a", b"1")
    storage.remove(("tree", "a"))
    storage.remove_directory(("tree",))
    filesystem.pipe(f"{root}/tree/b", b"2")
    assert storage.tree() == {"tree/b": b"2"}


def test_a_large_copy_is_a_task(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator, lab: Collection
) -> None:
    """Its bytes do not pass this machine; a task that fails is an error, and the former file stays."""
    storage.write("large", bytes(9_000_000))
    filesystem.pipe(f"{root}/copy", b"old")
    before = len(emulator.requests)
    filesystem.cp(f"{root}/large", f"{root}/copy")
    assert storage.tree()["copy"] == bytes(9_000_000)
    methods = {request.method for request in emulator.requests[before:] if "m-" in request.path}
    assert "GET" not in methods
    other = MemoryStorage()
    elsewhere = emulator.add_collection("Other", storage=other, owner=emulator.transfer.collection(lab.id).owner_id)
    filesystem.cp(f"{root}/large", f"{elsewhere.id}/deep/copy")
    filesystem.mv(f"{root}/copy", f"{elsewhere.id}/moved")
    assert sorted(other.tree()) == ["deep/copy", "moved"]
    assert sorted(storage.tree()) == ["large"]


def test_a_copy_that_fails_leaves_nothing(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """A file that a task has copied under a hidden name is removed, if the end of the task is not known."""
    storage.write("large", bytes(9_000_000))

    async def after_the_copy(app: Any, scope: Any, receive: Any, send: Any) -> None:
        async with asyncio.timeout(5):
            while len(storage.tree()) < 2:  # noqa: ASYNC110 -- tests wait
                await asyncio.sleep(0.005)
        await status(400)(app, scope, receive, send)

    emulator.faults.add("GET", "/*/task/*", after_the_copy)
    with pytest.raises(OSError, match="400"):
        filesystem.cp(f"{root}/large", f"{root}/copy")
    assert emulator.faults.pending == []
    assert [*storage.tree()] == ["large"]


def test_compressed_files_in_an_event_loop(filesystem: GlobusFileSystem, root: str) -> None:
    """They are refused, instead of being returned as they are stored."""
    filesystem.pipe(f"{root}/data.gz", b"content")
    for mode in ("rb", "wb"):
        with pytest.raises(ValueError, match="compression"):
            sync(get_loop(), filesystem.open_async, f"{root}/data.gz", mode, compression="gzip")


def test_in_the_event_loops_of_callers(lab: Collection, storage: MemoryStorage) -> None:
    """One object works in one loop after the other, and in several threads at the same time."""
    GlobusFileSystem.clear_instance_cache()
    fs = GlobusFileSystem(asynchronous=True)

    async def use(name: str) -> None:
        async with await fs.open_async(f"{lab.id}/{name}", "wb", block_size=1000) as file:
            for start in range(0, 5000, 500):
                await file.write(CONTENT[start : start + 500])
        with pytest.raises(FileExistsError):
            await fs.open_async(f"{lab.id}/{name}", "xb")
        await fs._pipe_file(f"{lab.id}/tree/{name}", b"1")
        await fs._mv(f"{lab.id}/tree/{name}", f"{lab.id}/moved/{name}")
        await fs._cp_file(f"{lab.id}/moved/{name}", f"{lab.id}/{name}.copy")
        await fs._rm(f"{lab.id}/moved/{name}")

    def in_a_loop(call: Callable[[str], Awaitable[None]], name: str) -> None:
        async def run() -> None:
            await call(name)

        asyncio.run(run())

    in_a_loop(use, "first")
    threads = [threading.Thread(target=in_a_loop, args=(use, f"thread{number}")) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = ("first", "thread0", "thread1", "thread2")
    expected = dict.fromkeys(names, CONTENT[:5000]) | {f"{name}.copy": b"1" for name in names}
    assert storage.tree() == expected | {"moved/": None, "tree/": None}
    with pytest.raises(RuntimeError, match="transaction"), fs.transaction:
        pass


def test_abandoned_in_an_event_loop(lab: Collection, storage: MemoryStorage) -> None:
    """A block that raises writes nothing."""
    GlobusFileSystem.clear_instance_cache()
    fs = GlobusFileSystem(asynchronous=True)

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012
            async with await fs.open_async(f"{lab.id}/data", "wb", block_size=10) as file:
                await file.write(b"more than a block")
                raise ZeroDivisionError

    asyncio.run(main())
    assert storage.tree() == {}
