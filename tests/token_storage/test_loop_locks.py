"""Tasks of one event loop that use the same file: each gets its turn, and they do not keep each other waiting."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from globus_async.token_storage import (
    FileTokenStorage,
    JSONTokenStorage,
    MemoryTokenStorage,
    SQLiteTokenStorage,
    TokenStorage,
    TokenStorageData,
)
from tests.token_storage.factories import token_data

KINDS = pytest.mark.parametrize("kind", [JSONTokenStorage, SQLiteTokenStorage])
TASKS = 40


@KINDS
async def test_writers_of_one_object_never_find_the_file_locked(kind: type[FileTokenStorage], tmp_path: Path) -> None:
    """However many they are, and however little time they have; and the first one writes first."""
    storage = kind(tmp_path / "tokens", lock_timeout=0)
    written: list[str] = []

    async def write(server: str) -> None:
        assert await storage.compare_and_set(None, token_data("at", server))
        written.append(server)

    servers = [f"server {number}" for number in range(TASKS)]
    await asyncio.gather(*map(write, servers))
    assert written == servers
    assert {*await storage.get_token_data_by_resource_server()} == {*servers}


@KINDS
async def test_the_first_task_that_asks_gets_the_lease_first(kind: type[FileTokenStorage], tmp_path: Path) -> None:
    storage, other = (kind(tmp_path / "tokens") for _ in range(2))
    holders: list[int] = []

    async def hold(number: int) -> None:
        async with storage.lease("x", 60):
            holders.append(number)

    async with other.lease("x", 60):
        waiting = [asyncio.create_task(hold(number)) for number in range(TASKS)]
        await asyncio.sleep(0.05)
        assert holders == []
    await asyncio.gather(*waiting)
    assert holders == [*range(TASKS)]


@KINDS
async def test_event_loops_do_not_share_locks(kind: type[FileTokenStorage], tmp_path: Path) -> None:
    """Each of two threads has an event loop, with two tasks that wait for the lease of one object."""
    storage, other = (kind(tmp_path / "tokens") for _ in range(2))

    async def hold() -> bool:
        async with storage.lease("x", 60):
            return True

    async def hold_twice() -> list[bool]:
        return await asyncio.gather(*(hold() for _ in range(2)))

    async with other.lease("x", 60):
        threads = [asyncio.create_task(asyncio.to_thread(asyncio.run, hold_twice())) for _ in range(2)]
        await asyncio.sleep(0.1)
    assert await asyncio.gather(*threads) == [[True, True]] * 2


class OwnStorage(MemoryTokenStorage):
    """Has the `compare_and_set` of the base, and takes a moment to read."""

    compare_and_set = TokenStorage.compare_and_set

    async def get_token_data(self, resource_server: str) -> TokenStorageData | None:
        await asyncio.sleep(0)
        return await super().get_token_data(resource_server)


def test_a_storage_of_ones_own_in_several_event_loops() -> None:
    """In each of them, one of several writers succeeds."""
    storage = OwnStorage()

    async def write(server: str) -> list[bool]:
        return await asyncio.gather(*(storage.compare_and_set(None, token_data(text, server)) for text in "abc"))

    for server in ("one", "two"):
        assert asyncio.run(write(server)) == [True, False, False]
