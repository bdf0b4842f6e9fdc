"""Downloads and uploads: whole or not at all, whatever interrupts them; trees stay in their folder."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from globus_async import (
    AccessTokenAuthorizer,
    BulkError,
    FileChanged,
    GCSCollectionClient,
    GlobusAPIError,
    LocalFileError,
    RetryPolicy,
    TransferClient,
    UploadInterrupted,
)
from globus_async.scopes import GCSCollectionScopes
from globus_async.services import files
from globus_async.services.files.byte_range import FileVersion
from globus_async.services.files.partial_file import PartialFile
from globus_async.services.files.temporary_names import is_temporary_name
from globus_async.testing import GlobusEmulator, MemoryStorage
from globus_async.testing import faults as f
from tests.toolkit.cancel import POINTS, every_suspension

CONTENT = bytes(range(256)) * 8192
"""Two MiB."""


class Lab(NamedTuple):
    """A collection, its clients, and a local folder."""

    emulator: GlobusEmulator
    collection: Any
    client: GCSCollectionClient
    tc: TransferClient
    folder: Path

    def stored(self) -> dict[str, bytes | None]:
        """Return the files of the collection."""
        found: dict[str, bytes | None] = self.collection.storage.tree()
        return found

    def local(self) -> set[str]:
        """Return the names of the local files."""
        return {str(each.relative_to(self.folder)) for each in self.folder.rglob("*") if not each.is_dir()}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncGenerator[Lab]:
    """Emulate it."""
    async with GlobusEmulator() as emulator, emulator.transport() as transport:
        ada = emulator.add_identity("ada@example.edu")
        storage = MemoryStorage({"a/data.bin": CONTENT, "a/deep/note.txt": "note", "old.txt": "old"})
        found = emulator.add_collection("Lab", storage=storage)
        token = emulator.access_token(ada, scopes=[str(GCSCollectionScopes(found.id).https)])
        client = GCSCollectionClient(
            found.id,
            str(found.https_url),
            authorizer=AccessTokenAuthorizer(token),
            transport=transport,
            retry=RetryPolicy(max_retries=1, base_delay=0),
        )
        tc = TransferClient(authorizer=AccessTokenAuthorizer(emulator.access_token(ada)), transport=transport)
        yield Lab(emulator, found, client, tc, tmp_path)


@pytest.mark.slow
async def test_cancelled_at_every_step(lab: Lab, record_property: Any) -> None:
    """A target is missing or whole, a file of the collection old or new, and nothing else is left of an upload."""
    target = lab.folder / "data.bin"

    async def downloaded() -> None:
        assert not target.exists() or target.read_bytes() == CONTENT
        target.unlink(missing_ok=True)

    async def uploaded() -> None:
        stored = lab.stored()
        assert stored.get("old.txt") in {b"old", CONTENT}
        lab.collection.storage.write("old.txt", b"old")

    points = await every_suspension(
        lambda: lab.client.download("/a/data.bin", target, transfer_client=lab.tc), downloaded, modes=("pending",)
    )
    points += await every_suspension(
        lambda: lab.client.upload(CONTENT, "/old.txt", transfer_client=lab.tc), uploaded, modes=("pending",)
    )
    record_property(POINTS, points)
    others = lab.stored().keys() - {"a/data.bin", "a/deep/note.txt", "old.txt"}
    assert all(map(is_temporary_name, others))  # the server had begun to write or to rename
    assert await lab.client.read("/a/deep/note.txt") == b"note"


async def test_a_changed_file_begins_anew(lab: Lab) -> None:
    """What an interrupted download has left is used for the same size and time only."""
    target, expected = lab.folder / "data.bin", CONTENT
    for changed in (False, True):
        entry = (await lab.tc.operation_stat(lab.collection.id, "/a/data.bin")).data
        source = f"{lab.collection.https_url}/a/data.bin"
        part = await asyncio.to_thread(PartialFile.begin, target, source, _version(entry))
        await asyncio.to_thread(part.write, [CONTENT[: 1 << 20]])
        await asyncio.to_thread(part.close)
        if changed:
            expected = CONTENT[::-1]
            lab.collection.storage.write("a/data.bin", expected)
            lab.collection.storage.set_mtime(("a", "data.bin"), 1_000_000_000)
        done = await lab.client.download("/a/data.bin", target, transfer_client=lab.tc)
        assert done.continued_from == (0 if changed else 1 << 20)
        assert target.read_bytes() == expected
        assert lab.local() == {"data.bin"}
    with pytest.raises(FileChanged):
        await lab.client.download("/a/data.bin", target, size=5)
    assert target.read_bytes() == expected


def _version(entry: Any) -> FileVersion:
    return FileVersion(entry["size"], {"time": entry["last_modified"]})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_full_disk(tmp_path: Path) -> None:
    """The error has the number of the operating system, and the target its old content."""
    target = tmp_path / "data.bin"
    target.write_bytes(b"old")
    part = PartialFile.begin(target, "x", FileVersion(len(CONTENT), {}))
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), part._descriptor)  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(LocalFileError) as caught:
            part.write([CONTENT])
    part.close()
    assert caught.value.errno == errno.ENOSPC
    assert target.read_bytes() == b"old"


async def test_one_download_per_target(lab: Lab) -> None:
    """Another one is refused while it runs."""
    begin = partial(PartialFile.begin, lab.folder / "data.bin", "x", FileVersion(len(CONTENT), {}))
    part = await asyncio.to_thread(begin)
    with pytest.raises(files.DownloadInProgress):
        await lab.client.download("/a/data.bin", lab.folder / "data.bin")
    await asyncio.to_thread(part.close)


@pytest.mark.parametrize("by_transfer", [True, False])
async def test_a_broken_upload(lab: Lab, by_transfer: bool) -> None:
    """By a temporary name the old content stays; in place the truncated file is removed."""
    lab.emulator.faults.add("PUT", "*", f.cut_upload(1 << 20), times=None)
    with pytest.raises(UploadInterrupted) as caught:
        await lab.client.upload(CONTENT, "/old.txt", transfer_client=lab.tc if by_transfer else None)
    assert caught.value.remaining_path is None
    assert lab.stored().get("old.txt") == (b"old" if by_transfer else None)
    assert not any(name.startswith(".") for name in lab.stored())


async def test_a_source_that_fails(lab: Lab) -> None:
    """Its own error is raised, and nothing is left."""

    async def source() -> AsyncIterator[bytes]:
        yield CONTENT
        raise LookupError

    with pytest.raises(LookupError):
        await lab.client.upload(source(), "/new.bin", transfer_client=lab.tc)
    assert set(lab.stored()) == {"a/data.bin", "a/deep/note.txt", "old.txt"}


@pytest.mark.parametrize("after", [1, 2])
async def test_a_renaming_that_fails(lab: Lab, after: int) -> None:
    """The path keeps its old content, whichever renaming it is; nothing else is left."""
    before = lab.stored()
    lab.emulator.faults.add("POST", "/v0.10/operation/endpoint/*/rename", f.status(502), times=1, after=after)
    with pytest.raises(GlobusAPIError, match="502"):
        await lab.client.upload(CONTENT, "/old.txt", transfer_client=lab.tc)
    assert lab.stored() == before
    with pytest.raises(GlobusAPIError):
        await lab.client.upload(CONTENT, "/a", transfer_client=lab.tc)  # a directory
    assert lab.stored() == before


@pytest.mark.parametrize("is_allowed", [True, False])
async def test_cancelled_again_during_the_removal(lab: Lab, is_allowed: bool, caplog: pytest.LogCaptureFixture) -> None:
    """The incomplete file is removed all the same, or named in the log."""
    before = set(lab.stored())
    sent = asyncio.Event()

    async def source() -> AsyncIterator[bytes]:
        yield CONTENT
        sent.set()
        await asyncio.Event().wait()

    if not is_allowed:
        lab.emulator.faults.add("DELETE", "*", f.status(403), times=None)
    upload = asyncio.create_task(lab.client.upload(source(), "/new.bin", transfer_client=lab.tc))
    await sent.wait()
    upload.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
        upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    if is_allowed:
        assert set(lab.stored()) == before
    else:
        assert "the incomplete file" in caplog.text
        assert ".globus-part" in caplog.text


async def test_trees_stay_in_their_folder(lab: Lab) -> None:
    """A link in place of a directory is not followed out of the target; a tree there and back is the same."""
    outside = lab.folder / "outside"
    outside.mkdir()
    target = lab.folder / "copy"
    target.mkdir()
    (target / "deep").symlink_to(outside)
    with pytest.raises(BulkError) as caught:
        await lab.client.download_tree("/a", target, transfer_client=lab.tc)
    assert {type(error) for error in caught.value.exceptions} == {files.UnsafeName}
    assert not list(outside.iterdir())
    assert (target / "data.bin").read_bytes() == CONTENT
    (target / "deep").unlink()
    await lab.client.download_tree("/a", target, transfer_client=lab.tc)
    await lab.client.upload_tree(target, "/b", transfer_client=lab.tc)
    stored = lab.stored()
    assert (stored["b/data.bin"], stored["b/deep/note.txt"]) == (CONTENT, b"note")


@pytest.mark.parametrize("path", ["", "/", "a/", "a//b", "../a", "a/../b", "a\0b", "a/.", 5, "\ud800"])
async def test_paths_that_are_refused(lab: Lab, path: Any) -> None:
    """Before anything is sent."""
    before = len(lab.emulator.requests)
    with suppress(files.FilesAPIError), pytest.raises(ValueError, match="path"):
        await lab.client.read(path)
    assert len(lab.emulator.requests) == before
