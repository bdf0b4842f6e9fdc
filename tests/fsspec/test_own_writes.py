"""Responses to requests that began before a write of this process, and arrive after it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from globus_async.fsspec import GlobusFileSystem
from globus_async.fsspec.own_writes import OwnWrites
from globus_async.testing import Collection, GlobusEmulator, MemoryStorage

Read = Callable[[GlobusFileSystem, str], Any]
OLD, NEW = b"0123456789", b"ABCDEFGHIJKL"


@pytest.fixture
def storage() -> MemoryStorage:
    """Return a storage with a file that has not changed for an hour."""
    storage = MemoryStorage({"data": OLD})
    storage.set_mtime(("data",), time.time() - 3600)
    return storage


class Held:
    """Holds the next response of a kind back until it is released."""

    def __init__(self, emulator: GlobusEmulator, pattern: str) -> None:
        self._is_made, self._is_released = threading.Event(), threading.Event()
        emulator.faults.add("GET", pattern, self._hold)

    async def _hold(self, app: Any, scope: Any, receive: Any, send: Any) -> None:
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)

        await app(scope, receive, keep)
        self._is_made.set()
        while not self._is_released.is_set():  # noqa: ASYNC110 -- another thread sets it
            await asyncio.sleep(0.005)
        for message in messages:
            await send(message)

    def wait(self) -> None:
        """Wait until the response is made."""
        assert self._is_made.wait(5)

    def release(self) -> None:
        """Let the response be sent."""
        self._is_released.set()


def part(fs: GlobusFileSystem, root: str) -> bytes:
    """Read a range."""
    found: bytes = fs.cat_file(f"{root}/data", 1, 5)
    return found


def opened(fs: GlobusFileSystem, root: str) -> bytes:
    """Read by a file object."""
    with fs.open(f"{root}/data") as file:
        file.seek(1)
        found: bytes = file.read(4)
        return found


def listed(fs: GlobusFileSystem, root: str) -> object:
    """Read after a request for the metadata."""
    return fs.info(f"{root}/data")["size"] and part(fs, root)


@pytest.mark.parametrize("first", [part, opened, listed])
@pytest.mark.parametrize("second", [part, opened, listed])
def test_content(
    lab: Collection, filesystem: GlobusFileSystem, emulator: GlobusEmulator, first: Read, second: Read
) -> None:
    """After a write the new content is read, by whom and whenever."""
    with ThreadPoolExecutor(1) as pool:
        held = Held(emulator, "/*/stat")
        reading: Future[Any] = pool.submit(first, filesystem, lab.id)
        held.wait()
        filesystem.pipe(f"{lab.id}/data", NEW)
        assert second(filesystem, lab.id) == NEW[1:5]
        held.release()
        outcome = reading.exception(10) or reading.result()
        assert outcome in {OLD[1:5], NEW[1:5]} or (first is opened and "changed" in str(outcome))
        assert second(filesystem, lab.id) == NEW[1:5]
        assert filesystem.info(f"{lab.id}/data")["size"] == len(NEW)


@pytest.mark.parametrize("name", ["new", "deep/new"])
def test_listings(filesystem: GlobusFileSystem, root: str, emulator: GlobusEmulator, name: str) -> None:
    """A listing of the time before a write is not kept."""
    with ThreadPoolExecutor(1) as pool:
        held = Held(emulator, "/*/ls")
        listing: Future[Any] = pool.submit(filesystem.ls, root)
        held.wait()
        filesystem.pipe(f"{root}/{name}", b"1")
        held.release()
        assert [entry["name"] for entry in listing.result(10)] == [f"{root}/data"]
        assert f"{root}/{name.partition('/')[0]}" in filesystem.ls(root, detail=False)


def test_versions() -> None:
    """A write changes the versions of what is at and below its path, and of the listing it is in; nothing else."""
    writes = OwnWrites()

    def changed(path: str | None) -> set[str]:
        paths = ["c", "c/a", "c/a/b", "c/a/b/d", "c/x"]
        before = {each: (writes.version(each), writes.version_of_listing(each)) for each in paths}
        writes.add(path)
        content = {each for each in paths if writes.version(each) != before[each][0]}
        return content | {f"{each}/" for each in paths if writes.version_of_listing(each) != before[each][1]}

    below = {"c/a/b", "c/a/b/d", "c/a/b/", "c/a/b/d/"}
    assert changed("c/a/b") == below | {"c/a/"}
    assert changed("c/a") == below | {"c/a", "c/a/", "c/"}
    assert len(changed(None)) == 10
    before = writes.version("c/x")
    for number in range(20_000):
        writes.add(f"d/{number}")
    assert writes.version("c/x") != before  # not known any more, and so taken for written
