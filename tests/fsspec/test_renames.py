"""Renaming onto files: storages that replace them and storages that refuse, lost responses, several writers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from globus_async import AccessTokenAuthorizer, NetworkError, TransferClient
from globus_async._single_flight import SingleFlight
from globus_async.fsspec.directories import make_directories
from globus_async.services.files.renames import rename, rename_over
from globus_async.services.transfer.errors import Conflict, EndpointError, NotFound
from globus_async.testing import GlobusEmulator, MemoryStorage
from globus_async.testing.faults import drop_after, drop_before, status

RENAME, MKDIR = "/v0.10/operation/endpoint/*/rename", "/v0.10/operation/endpoint/*/mkdir"


class ReplacingStorage(MemoryStorage):
    """A storage whose renaming replaces files, as POSIX does."""

    def rename(self, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        """Move a file or directory."""
        if old != new and "/".join(new) in self.tree():
            self.remove(new)
        super().rename(old, new)


class World:
    """A collection, its storage and its owner's client."""

    def __init__(self, emulator: GlobusEmulator, tc: TransferClient, storage: MemoryStorage) -> None:
        self.emulator, self.tc, self.storage = emulator, tc, storage
        self.id = emulator.add_collection("Lab", storage=storage).id

    async def over(self, old: str, new: str, *, exclusive: bool = False) -> None:
        """Rename a file onto a path."""
        await rename_over(self.tc, self.id, old, new, remove=self.remove, exclusive=exclusive)

    async def remove(self, path: str) -> None:
        """Remove a file."""
        self.storage.remove(tuple(path.strip("/").split("/")))


@pytest.fixture(params=[MemoryStorage, ReplacingStorage])
async def world(request: pytest.FixtureRequest, globus_emulator: GlobusEmulator) -> AsyncIterator[World]:
    storage = request.param({"old": "old", "new": "new", "dir/x": "x"})
    authorizer = AccessTokenAuthorizer(globus_emulator.access_token())
    async with globus_emulator.transport() as transport:
        transport.jitter = lambda: 0.0
        yield World(globus_emulator, TransferClient(authorizer=authorizer, transport=transport), storage)


async def test_a_file_is_replaced(world: World) -> None:
    """On both kinds of storage; nothing else stays."""
    await world.over("/new", "/old")
    assert world.storage.tree() == {"old": b"new", "dir/x": b"x"}


async def test_a_directory_is_not_replaced(world: World) -> None:
    """It may hold a whole tree."""
    with pytest.raises((Conflict, EndpointError)):
        await world.over("/new", "/dir")
    assert world.storage.tree() == {"old": b"old", "new": b"new", "dir/x": b"x"}


@pytest.mark.parametrize("world", [MemoryStorage], indirect=True)
async def test_exclusive(world: World) -> None:
    """A storage that refuses to replace makes exclusive creation safe."""
    with pytest.raises(FileExistsError):
        await world.over("/new", "/old", exclusive=True)
    assert world.storage.tree() == {"old": b"old", "new": b"new", "dir/x": b"x"}


@pytest.mark.parametrize("world", [MemoryStorage], indirect=True)
@pytest.mark.parametrize("after", [1, 2])
async def test_the_old_file_comes_back(world: World, after: int) -> None:
    """Whichever renaming fails, the path has its former content."""
    world.emulator.faults.add("POST", RENAME, status(502), times=1, after=after)
    with pytest.raises(Exception, match="502"):
        await world.over("/new", "/old")
    assert world.storage.tree() == {"old": b"old", "new": b"new", "dir/x": b"x"}


async def test_a_lost_response(world: World) -> None:
    """The paths show whether it was renamed; the request is not sent twice."""
    world.emulator.faults.add("POST", RENAME, drop_after())
    await world.over("/new", "/free")
    assert world.storage.tree() == {"old": b"old", "free": b"new", "dir/x": b"x"}
    world.emulator.faults.add("POST", RENAME, drop_before())
    with pytest.raises(NetworkError):
        await rename(world.tc, world.id, "/old", "/other")
    assert world.storage.tree()["old"] == b"old"
    world.emulator.faults.add("POST", MKDIR, drop_after())
    assert await make_directories(world.tc, world.id, "/made", SingleFlight("creation")) is True
    with pytest.raises(NotFound):
        await rename(world.tc, world.id, "/missing", "/other")


async def test_several_writers(world: World) -> None:
    """One of them is last; nobody's file is damaged or left."""
    for number in range(5):
        world.storage.write(f"new{number}", f"content {number}")
    await asyncio.gather(*(world.over(f"/new{number}", "/old") for number in range(5)))
    tree = world.storage.tree()
    assert sorted(tree) == ["dir/x", "new", "old"]
    assert (tree["old"] or b"").startswith(b"content ")
