"""File names that are not UTF-8, and JSON that no response could repeat."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from globus_async.emulator.transfer.storage.names import os_name, text_name
from globus_async.emulator.transfer.storage.paths import is_text
from globus_async.emulator.transfer.storage.protocol import Problem
from globus_async.testing import MemoryStorage, StorageError
from tests.emulator.transfer_world import TransferWorld, transfer_world

NAMES = [
    b"caf\xe9.txt",
    b"\xff\xfe",
    b"both-\xc3\xa9-\xe9",
    b"private-\xef\x9f\xa9",
    b"\xed\xa0\x80",
    b"plain",
    b"\xc3\xa9",
]


def at(directory: Path, name: bytes) -> Path:
    """Return the path of a name in a directory."""
    return directory / os.fsdecode(name)


def names_in(directory: Path) -> set[bytes]:
    """Return the names in a directory."""
    return {os.fsencode(each.name) for each in directory.iterdir()}


@pytest.fixture
async def world() -> AsyncIterator[TransferWorld]:
    async with transfer_world() as set_up:
        yield set_up


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A directory ``top`` with odd names, a link, and a directory."""
    top = tmp_path / "source" / "top"
    top.mkdir(parents=True)
    for number, name in enumerate(NAMES):
        at(top, name).write_text(str(number))
    at(top, b"link\xe9").symlink_to(os.fsdecode(b"caf\xe9.txt"))
    shared = at(top.parent, b"shared\xe9")
    shared.mkdir()
    (shared / "file").write_text("x")
    (shared / "absolute").symlink_to(shared / "file")
    return top.parent


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def test_every_file_name_is_text_of_its_own() -> None:
    """Any bytes are shown as text, no two alike, and the text leads back to the bytes."""
    names = [os.fsdecode(name) for name in NAMES] + [os.fsdecode(bytes([byte])) for byte in range(1, 256)]
    shown = [text_name(name) for name in names]
    assert len(set(shown)) == len(set(names))
    assert all(is_text(name) for name in shown)
    assert [os.fsencode(os_name(name)) for name in shown] == [os.fsencode(name) for name in names]
    assert text_name("é日本.txt") == os_name("é日本.txt") == "é日本.txt"


async def test_names_that_are_not_utf8(source: Path, target: Path, world: TransferWorld) -> None:
    """They are listed, read, copied to a directory as the same bytes, renamed and deleted."""
    odd = world.emulator.add_collection("Odd", path=source)
    copies = world.emulator.add_collection("Copies", path=target)
    operation = f"/operation/endpoint/{odd.id}"
    listed = (await world.ok("GET", f"{operation}/ls", path="/top/"))["DATA"]
    by_name = {entry["name"]: entry for entry in listed}
    assert len(by_name) == len(NAMES) + 1
    assert by_name["link\uf7e9"]["link_target"] == "caf\uf7e9.txt"
    for name in by_name:
        assert (await world.ok("GET", f"{operation}/stat", path=f"/top/{name}"))["name"] == name
    whole, single = (
        world.transfer(("/top/", "/top/"), recursive=True),
        world.transfer(("/top/caf\uf7e9.txt", "/one\uf7e9")),
    )
    into_memory = {**whole, "source_endpoint": odd.id, "submission_id": str(uuid.uuid4())}
    for document in (whole, single):
        document |= {"source_endpoint": odd.id, "destination_endpoint": copies.id}
    for document in (whole, single, into_memory):
        task = await world.done(document, seconds=5)
        assert task["status"] == "SUCCEEDED"
        await world.ok("GET", f"/task/{task['task_id']}/event_list")
        copied = (await world.ok("GET", f"/task/{task['task_id']}/successful_transfers"))["DATA"]
        assert all(is_text(entry["source_path"]) for entry in copied)
    assert names_in(target / "top") == set(NAMES)
    assert b"one\xe9" in names_in(target)
    assert world.archive_files.read("/top/caf\uf7e9.txt") == b"0"
    await world.ok("POST", f"{operation}/rename", {"old_path": "/top/caf\uf7e9.txt", "new_path": "/caf\uf7e8.txt"})
    await world.ok("POST", f"{operation}/mkdir", {"path": "/new\uf7e8"})
    link = {"symlink_target": "caf\uf7e8.txt", "path": "/link"}
    await world.ok("POST", f"{operation}/symlink", link)
    assert (await world.ok("GET", f"{operation}/stat", path="/link"))["type"] == "file"
    assert {b"caf\xe8.txt", b"new\xe8"} < names_in(source)
    deleted = await world.done(world.delete("/top/", collection=odd, recursive=True), seconds=5)
    assert deleted["status"] == "SUCCEEDED"
    assert b"top" not in names_in(source)


async def test_a_guest_collection_below_a_name_that_is_not_utf8(source: Path, world: TransferWorld) -> None:
    """Its root is the directory of these bytes, for absolute links as well."""
    host = world.emulator.add_collection("Host", path=source)
    guest = world.emulator.add_collection("Guest", host=host, host_path="/shared\uf7e9")
    listed = (await world.ok("GET", f"/operation/endpoint/{guest.id}/ls", path="/"))["DATA"]
    assert {entry["name"]: entry["type"] for entry in listed} == {"file": "file", "absolute": "file"}


@pytest.mark.parametrize(
    "text",
    [
        '"\\ud800"',
        '"\\udcff.txt"',
        '"\\ude00\\ud83d"',
        '{"x": ["\\uD800"]}',
        "NaN",
        "-Infinity",
        "1e999",
        '"\xff"',
        "\ufeff1",
    ],
)
async def test_json_that_cannot_be_sent_again(text: str, world: TransferWorld) -> None:
    """It is refused wherever it stands in a document, and nothing is stored."""
    body = f'{{"DATA_TYPE": "bookmark", "name": {text}, "endpoint_id": "{world.lab.id}", "path": "/"}}'
    sent = body.encode("latin-1" if "\xff" in text else "utf-8")
    headers = {"Authorization": f"Bearer {world.emulator.access_token()}"}
    for path in ("/v0.10/bookmark", "/v2/bookmarks"):
        response = await world.http.post(path, content=sent, headers=headers)
        assert (response.status_code, "JSON" in response.text) == (400, True)
    assert (await world.ok("GET", "/bookmark_list"))["DATA"] == []


async def test_escaped_characters_outside_the_basic_plane(world: TransferWorld) -> None:
    """A pair of escaped surrogates is one character."""
    body = f'{{"name": "\\ud83d\\ude00", "endpoint_id": "{world.lab.id}", "path": "/"}}'
    headers = {"Authorization": f"Bearer {world.emulator.access_token()}"}
    assert (await world.http.post("/v0.10/bookmark", content=body, headers=headers)).json()["name"] == "\U0001f600"


def test_names_in_memory() -> None:
    """A storage in memory refuses names that are no text."""
    storage = MemoryStorage()
    for call in (storage.create, storage.make_directory):
        with pytest.raises(StorageError) as caught:
            call(("bad\udcff",))
        assert caught.value.problem is Problem.OTHER
