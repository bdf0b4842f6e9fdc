"""The number and size of the files of collections, as the status page shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from globus_async.emulator.transfer.models import Collection
from globus_async.emulator.transfer.storage.paths import Parts
from globus_async.emulator.transfer.storage.protocol import Entry, Problem
from globus_async.emulator.transfer.storage.usage import Usage, UsageCache, measure
from globus_async.testing import DirectoryStorage, GlobusEmulator, MemoryStorage, StorageError
from tests.toolkit.clock import FakeClock


def test_files_of_all_directories_count(tmp_path: Path) -> None:
    """Files count at any depth; links do not, so that a link to a parent is no endless tree."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "top.txt").write_text("1")
    (tmp_path / "a/b/deep.txt").write_text("1234")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "a/link").symlink_to(tmp_path / "top.txt")
    assert measure(DirectoryStorage(tmp_path)) == Usage(2, 5, is_complete=True)
    assert measure(MemoryStorage({"x/y": "12", "empty/": None})) == Usage(1, 2, is_complete=True)


def test_large_storages_are_not_counted_to_the_end() -> None:
    """Counting stops at a number of entries, and says so."""
    storage = MemoryStorage({f"{number}": "1" for number in range(10)})
    assert measure(storage, max_files=10) == Usage(10, 10, is_complete=True)
    assert measure(storage, max_files=9) == Usage(9, 9, is_complete=False)


def test_an_unreadable_directory_is_left_out() -> None:
    """A directory that cannot be read does not hide the others."""

    class Partly(MemoryStorage):
        def entries(self, path: Parts) -> list[Entry]:
            if path == ("secret",):
                raise StorageError(Problem.PERMISSION_DENIED, "no")
            return super().entries(path)

    assert measure(Partly({"secret/a": "1", "open/b": "12"})) == Usage(1, 2, is_complete=True)


class Counting(MemoryStorage):
    """A storage that counts how often it is read."""

    reads = 0

    def entries(self, path: Parts) -> list[Entry]:
        self.reads += 1
        return super().entries(path)


def collection(storage: MemoryStorage | None) -> Collection:
    return Collection("id", "owner", {"display_name": "Lab"}, storage=storage)


async def test_a_measurement_is_used_again_for_some_seconds() -> None:
    """A page that is refreshed twice a second does not read the disk twice a second."""
    clock, storage = FakeClock(), Counting({"a": "1"})
    lab, cache = collection(storage), UsageCache(clock.monotonic)
    assert cache.usage(lab) is None
    for seconds, reads in ((0.0, 1), (1.9, 1), (0.2, 2)):
        await clock.advance(seconds)
        await cache.update([lab])
        assert storage.reads == reads
    storage.write("b", "22")
    assert cache.usage(lab) == Usage(1, 1, is_complete=True)
    await clock.advance(2.1)
    await cache.update([lab])
    assert cache.usage(lab) == Usage(2, 3, is_complete=True)


async def test_another_storage_is_measured_at_once() -> None:
    """A collection of the same id with another storage, as after a reset, does not show the files of the old one."""
    cache = UsageCache(FakeClock().monotonic)
    await cache.update([collection(MemoryStorage({"a": "1"}))])
    other = collection(MemoryStorage({"a": "1", "b": "1"}))
    assert cache.usage(other) is None
    await cache.update([other])
    assert cache.usage(other) == Usage(2, 2, is_complete=True)
    offline = collection(None)
    await cache.update([offline])
    assert cache.usage(offline) is None


async def test_the_state_has_files_and_sizes(tmp_path: Path) -> None:
    """The data of the page has the files of directories and of memory, and the place of each storage."""
    (tmp_path / "a.txt").write_text("12345")
    async with GlobusEmulator() as emulator:
        emulator.add_collection("Disk", path=tmp_path)
        host = emulator.add_collection("Memory", storage=MemoryStorage({"x": "1"}))
        emulator.add_collection("Guest", host=host)
        emulator.add_collection("Offline")
        async with emulator.http_client(base_url="http://localhost") as http:
            rows = (await http.get("/emulator/state")).json()["collections"]
        assert [(row["storage"], row["files"], row["bytes"]) for row in rows] == [
            (str(tmp_path), 1, 5),
            ("memory", 1, 1),
            ("guest on Memory", None, None),
            ("offline", None, None),
        ]


async def test_the_state_has_requests_without_their_secrets() -> None:
    """The latest 50 requests are there, newest first, with time and status, and without query and headers."""
    async with GlobusEmulator() as emulator, emulator.http_client(base_url="https://transfer.api.globus.org") as http:
        for number in range(51):
            await http.get(
                f"/v0.10/endpoint/{number}", params={"secret": "s3cret"}, headers={"authorization": "s3cret"}
            )
        text = (await http.get("http://localhost/emulator/state")).text
        assert "s3cret" not in text
        recent = emulator.snapshot()["recent"]
        assert [each["path"] for each in recent] == [f"/v0.10/endpoint/{number}" for number in range(50, 0, -1)]
        assert {each["status"] for each in recent} == {401}
        assert all(each["time"] > 1e9 for each in recent)
        assert len({each["id"] for each in recent}) == 50


@pytest.mark.parametrize("served", [True, False])
async def test_the_address_of_the_emulator(served: bool) -> None:
    """An emulator on a socket shows its address and its variables; one in this process has none."""
    async with GlobusEmulator() as emulator:
        if not served:
            assert (emulator.snapshot()["url"], emulator.snapshot()["environ"]) == (None, {})
            return
        async with emulator.serve() as server:
            snapshot = emulator.snapshot()
            assert (snapshot["url"], snapshot["environ"]) == (server.url, dict(server.environ))
