"""Local files that are no plain files, and those that change while they are uploaded."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from globus_async import AccessTokenAuthorizer, GCSCollectionClient, LocalFileError
from globus_async.scopes import GCSCollectionScopes
from globus_async.testing import Collection, GlobusEmulator, MemoryStorage

MIB = 1 << 20


@pytest.fixture
def storage() -> MemoryStorage:
    """Return the storage of the collection."""
    return MemoryStorage({"data": b"content"})


@pytest.fixture
async def client(storage: MemoryStorage) -> AsyncGenerator[GCSCollectionClient]:
    """Return a client of an emulated collection."""
    async with GlobusEmulator() as emulator, emulator.transport() as transport:
        ada = emulator.add_identity("ada@example.edu")
        found: Collection = emulator.add_collection("Lab", storage=storage)
        token = emulator.access_token(ada, scopes=[str(GCSCollectionScopes(found.id).https)])
        authorizer = AccessTokenAuthorizer(token)
        yield GCSCollectionClient(found.id, str(found.https_url), authorizer=authorizer, transport=transport)


def make_pipe(folder: Path) -> Path:
    """Make a named pipe."""
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def make_link_to_device(folder: Path) -> Path:
    """Make a link to a device."""
    (folder / "link").symlink_to(os.devnull)
    return folder / "link"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("make", [make_pipe, make_link_to_device])
async def test_what_is_no_plain_file(client: GCSCollectionClient, tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """A download does not replace it, and an upload does not wait for it."""
    path = make(tmp_path)
    before = path.lstat().st_mode
    with pytest.raises(LocalFileError, match="not a regular file"):
        await client.download("/data", path)
    assert stat.S_IFMT(path.lstat().st_mode) == stat.S_IFMT(before)
    async with asyncio.timeout(2):
        with pytest.raises(LocalFileError, match="not a regular file"):
            await client.upload(path, "/copy")


async def test_a_name_that_is_too_long(client: GCSCollectionClient, tmp_path: Path) -> None:
    """It is an error of this library, as any other of the local file system; the longest name is usable."""
    with pytest.raises(LocalFileError, match="too long"):
        await client.download("/data", tmp_path / ("n" * 256))
    done = await client.download("/data", tmp_path / ("n" * 255))
    assert done.target.read_bytes() == b"content"


@pytest.mark.parametrize("is_larger", [True, False])
async def test_a_file_that_changes_during_its_upload(
    client: GCSCollectionClient, storage: MemoryStorage, tmp_path: Path, is_larger: bool
) -> None:
    """Whether it grows or shrinks, it is an error of the local file, and nothing of it is left."""
    source = tmp_path / "log"
    source.write_bytes(bytes(3 * MIB))

    def change(_: object) -> None:
        os.truncate(source, 4 * MIB if is_larger else 2)

    with pytest.raises(LocalFileError):
        await client.upload(source, "/log", progress=change)
    assert storage.tree() == {"data": b"content"}
