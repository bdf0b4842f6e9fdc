"""File operations on storages in memory and in directories, and their confinement to the root."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from globus_async.emulator.transfer.authorized_storage import AuthorizedStorage
from globus_async.emulator.transfer.models import AccessRule
from globus_async.emulator.transfer.storage.paths import Parts
from globus_async.emulator.transfer.storage.protocol import Entry, Problem, Storage
from globus_async.testing import DirectoryStorage, GlobusEmulator, MemoryStorage, StorageError
from tests.emulator.transfer_world import TransferWorld, transfer_world


@pytest.fixture
async def world() -> AsyncIterator[TransferWorld]:
    async with transfer_world() as set_up:
        yield set_up


@pytest.fixture(params=["memory", "real", "real, its root kept open", "real, a directory kept open"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """A tree with valid links, links to the outside, broken links and loops of links."""
    made: Storage
    if request.param == "memory":
        made = MemoryStorage()
    else:
        (tmp_path / "root").mkdir()
        made = DirectoryStorage(tmp_path / "root")
    (tmp_path / "secret").write_text("secret")
    for path in ("dir", "dir/sub"):
        made.make_directory(tuple(path.split("/")))
    for path in ("file", "dir/inner"):
        upload = made.create(tuple(path.split("/")))
        upload.write(b"content")
        upload.commit()
    links = {
        "to_file": "file",
        "to_dir": "dir",
        "up_and_down": "dir/../dir/inner",
        "out": "../secret",
        "far_out": str(tmp_path / "secret"),
        "system": "/etc/passwd",
        "system_dir": "/etc",
        "way_out": "..",
        "nowhere": "missing",
        "circle": "circle",
        "chain": "to_dir/sub/../../to_file",
    }
    for name, target in links.items():
        made.make_link(target, (name,))
    made.make_link("../..", ("dir", "sub", "to_root"))
    made.make_link("../../..", ("dir", "sub", "above"))
    if request.param.endswith("kept open"):
        with made.keeping_open(() if "root" in request.param else ("dir", "sub")) as kept:
            yield kept
    else:
        yield made


def problem_of(call: Any, *args: Any) -> Problem:
    with pytest.raises(StorageError) as caught:
        call(*args)
    assert isinstance(caught.value.problem, Problem)
    return caught.value.problem


def content(storage: Storage, *path: str) -> bytes:
    with storage.open(path) as file:
        return file.read()


def test_links_within_the_root_are_followed(storage: Storage) -> None:
    """Links with targets within the root are followed, also through ``..``."""
    for path in (("to_file",), ("up_and_down",), ("chain",), ("to_dir", "inner"), ("dir", "sub", "to_root", "file")):
        assert content(storage, *path) == b"content"
    assert storage.stat(("to_dir",)).type == "dir"
    assert storage.stat(("dir", "sub", "to_root")).type == "dir"
    assert storage.stat(("to_file",)).link is not None


@pytest.mark.parametrize(
    "path",
    [
        ("out",),
        ("far_out",),
        ("way_out", "secret"),
        ("system",),
        ("system_dir", "passwd"),
        ("dir", "sub", "above", "secret"),
        ("..", "secret"),
        ("dir", "..", "..", "secret"),
    ],
)
def test_no_operation_leaves_the_root(storage: Storage, path: tuple[str, ...], tmp_path: Path) -> None:
    """No operation leaves the root through absolute or relative links or through ``..``."""
    outside = {entry.name: entry.lstat().st_mtime_ns for entry in tmp_path.iterdir()}
    inside = {"memory": Problem.NOT_FOUND}.get(type(storage).__name__, Problem.PERMISSION_DENIED)
    allowed = {inside, Problem.PERMISSION_DENIED, Problem.NOT_FOUND, Problem.NOT_A_DIRECTORY}
    for call in (storage.open, storage.entries, lambda p: storage.set_mtime(p, 1), storage.create):
        assert problem_of(call, path) in allowed
    assert problem_of(storage.make_directory, (*path, "new")) in allowed
    assert problem_of(storage.rename, ("file",), (*path[:-1], "..", "stolen")) in allowed or len(path) == 1
    if len(path) == 1:
        assert storage.stat(path).type == "invalid_symlink"
        storage.remove(path)
    else:
        assert problem_of(storage.stat, path) in allowed
        assert problem_of(storage.remove, path) in allowed
    assert {entry.name: entry.lstat().st_mtime_ns for entry in tmp_path.iterdir()} | {"root": 0} == outside | {
        "root": 0
    }


@pytest.mark.parametrize("name", ["../secret", "dir/../../secret", "/etc/passwd", "//"])
def test_a_name_is_one_component(name: str, tmp_path: Path) -> None:
    """A name with slashes is not passed to the operating system, which would resolve it."""
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "root" / "dir").mkdir(parents=True)
    storage = DirectoryStorage(tmp_path / "root")
    for path in ((name,), ("dir", name), (name, "secret")):
        for call in (storage.stat, storage.open, storage.entries, storage.create, storage.make_directory):
            assert problem_of(call, path) is Problem.PERMISSION_DENIED
    assert problem_of(storage.make_link, "x", (name,)) is Problem.PERMISSION_DENIED
    assert (tmp_path / "secret").read_text() == "secret"


@pytest.mark.parametrize("name", ["..", ".", "", "../x", "/etc", "n\0l", "bad\udcff", "\ud800"])
def test_names_that_a_storage_makes_up(name: str) -> None:
    """A storage that lists something that is not a file name: the listing fails, and no task follows the name."""

    class MadeUp(MemoryStorage):
        def entries(self, path: Parts) -> list[Entry]:
            return [entry._replace(name=name) for entry in super().entries(path)]

    emulator = GlobusEmulator()
    owner = emulator.add_identity("ada@example.org")
    collection = emulator.add_collection("Lab", storage=MadeUp({"dir": {"file": "x"}}), owner=owner)
    view = AuthorizedStorage(emulator.transfer, collection, frozenset({owner.id}))
    assert problem_of(view.entries, ("dir",)) is Problem.OTHER


def test_real_paths(storage: Storage) -> None:
    """`real_path` resolves all links; only the last component may be missing."""
    assert storage.real_path(("chain",)) == ("file",)
    assert storage.real_path(("to_dir", "sub", "to_root", "dir", "inner")) == ("dir", "inner")
    assert storage.real_path(("nowhere",)) == ("missing",)
    assert storage.real_path(("dir", "sub", "to_root")) == ()
    assert problem_of(storage.real_path, ("missing", "below")) is Problem.NOT_FOUND
    assert storage.subtree(("dir",)).real_path(("inner",)) == ("inner",)


def test_broken_links(storage: Storage) -> None:
    """Broken links and loops of links are listed as invalid and can be removed."""
    assert storage.stat(("nowhere",)).type == "invalid_symlink"
    assert storage.stat(("circle",)).type == "invalid_symlink"
    assert problem_of(storage.open, ("nowhere",)) is Problem.NOT_FOUND
    assert problem_of(storage.open, ("circle",)) is Problem.OTHER
    storage.remove(("circle",))
    assert problem_of(storage.stat, ("circle",)) is Problem.NOT_FOUND


def test_writing_through_a_link(storage: Storage) -> None:
    """Writing to a link changes its target; if that is missing within the root, it is created."""
    for name, target in (("to_file", "file"), ("nowhere", "missing")):
        upload = storage.create((name,))
        upload.write(b"new")
        upload.commit(mtime=1000)
        assert content(storage, target) == b"new"
        assert storage.stat((target,)).mtime == 1000
        assert storage.stat((name,)).link is not None


def test_an_upload_is_visible_after_its_commit(storage: Storage) -> None:
    """Before the commit a file has its old content, and the new content is not listed."""
    before = {entry.name for entry in storage.entries(())}
    upload = storage.create(("file",))
    upload.write(b"half")
    assert content(storage, "file") == b"content"
    assert {entry.name for entry in storage.entries(())} == before
    upload.abandon()
    upload.abandon()
    assert content(storage, "file") == b"content"


def test_storage_errors(storage: Storage) -> None:
    """Each failed operation raises the error of its cause."""
    assert problem_of(storage.make_directory, ("dir",)) is Problem.EXISTS
    assert problem_of(storage.make_directory, ()) is Problem.EXISTS
    assert problem_of(storage.make_directory, ("no", "parent")) is Problem.NOT_FOUND
    assert problem_of(storage.make_directory, ("file", "below")) is Problem.NOT_A_DIRECTORY
    assert problem_of(storage.entries, ("file",)) is Problem.NOT_A_DIRECTORY
    assert problem_of(storage.open, ("dir",)) is Problem.IS_A_DIRECTORY
    assert problem_of(storage.create, ("dir",)) is Problem.IS_A_DIRECTORY
    assert problem_of(storage.remove, ("dir",)) is Problem.IS_A_DIRECTORY
    assert problem_of(storage.remove_directory, ("dir",)) is Problem.NOT_EMPTY
    assert problem_of(storage.remove_directory, ("file",)) is Problem.NOT_A_DIRECTORY
    assert problem_of(storage.rename, ("file",), ("dir",)) is Problem.EXISTS
    assert problem_of(storage.rename, ("missing",), ("new",)) is Problem.NOT_FOUND
    assert problem_of(storage.rename, ("dir",), ("dir", "sub", "x")) is Problem.OTHER
    assert problem_of(storage.rename, (), ("x",)) is Problem.PERMISSION_DENIED
    assert problem_of(storage.create, ("x" * 256,)) is Problem.OTHER
    assert problem_of(storage.make_directory, ("é" * 128,)) is Problem.OTHER


def test_a_directory_kept_open(storage: Storage) -> None:
    """Its entries are the same, a link to it is not followed for somebody without access, and it may be missing."""
    with storage.keeping_open(("to_dir", "sub")) as kept:
        made = kept.create(("to_dir", "sub", "new"))
        made.write(b"new")
        made.commit()
        assert content(storage, "dir", "sub", "new") == b"new"
        assert content(kept, "to_dir", "sub", "to_root", "file") == b"content"
        assert problem_of(kept.open, ("to_dir", "sub", "..")) in {Problem.IS_A_DIRECTORY, Problem.PERMISSION_DENIED}
        assert problem_of(kept.open, ("to_dir", "sub", "../inner")) in {Problem.NOT_FOUND, Problem.PERMISSION_DENIED}
        assert problem_of(kept.open, ("to_dir", "sub", "to_root")) is Problem.IS_A_DIRECTORY
        assert problem_of(kept.without_links().open, ("to_dir", "sub", "new")) is Problem.OTHER
        assert content(kept.subtree(("dir",)), "sub", "new") == b"new"
    for missing in (("missing",), ("file",), ("circle",), ("out",), ("system_dir",)):
        with storage.keeping_open(missing) as kept:
            assert content(kept, "file") == b"content"
            assert problem_of(kept.open, (*missing, "x")) is problem_of(storage.open, (*missing, "x"))


def test_a_directory_kept_open_is_replaced(tmp_path: Path) -> None:
    """Neither is a link followed that replaces it, nor a file written through a link that appears in it."""
    for name in ("root", "root/dir", "outside"):
        (tmp_path / name).mkdir()
    storage = DirectoryStorage(tmp_path / "root")
    with storage.keeping_open(("dir",)) as kept:
        (tmp_path / "root" / "dir").rename(tmp_path / "root" / "moved")
        (tmp_path / "root" / "dir").symlink_to(tmp_path / "outside")
        (tmp_path / "root" / "moved" / "link").symlink_to(tmp_path / "outside" / "file")
        for name in ("file", "link"):
            try:
                upload = kept.create(("dir", name))
            except StorageError:
                continue
            upload.write(b"x")
            upload.commit()
    assert list((tmp_path / "outside").iterdir()) == []
    assert (tmp_path / "root" / "moved" / "file").read_bytes() == b"x"


def test_subtree(storage: Storage) -> None:
    """A subtree has its own root: links to the outside of it are invalid."""
    below = storage.subtree(("dir",))
    assert content(below, "inner") == b"content"
    assert below.stat(("sub", "to_root")).type == "invalid_symlink"
    assert problem_of(below.entries, ("sub", "to_root")) in {Problem.PERMISSION_DENIED, Problem.NOT_FOUND}
    below.make_directory(("made",))
    assert storage.stat(("dir", "made")).is_directory


def test_special_files_do_not_block(tmp_path: Path) -> None:
    """A named pipe is listed as one and cannot be read; opening it does not block."""
    os.mkfifo(tmp_path / "pipe")
    storage = DirectoryStorage(tmp_path)
    assert storage.stat(("pipe",)).type == "pipe"
    assert problem_of(storage.open, ("pipe",)) is Problem.NOT_SUPPORTED


def test_directories_replaced_by_links_during_an_operation(tmp_path: Path) -> None:
    """A directory that is replaced by a link to the outside during an operation does not expose the outside."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    for path in (root / "dir", outside):
        path.mkdir(parents=True)
    (outside / "file").write_text("secret")
    (root / "dir" / "file").write_text("public")
    storage = DirectoryStorage(root)
    for _ in range(50):
        (root / "dir").rename(root / "aside")
        (root / "dir").symlink_to(outside)
        assert problem_of(storage.open, ("dir", "file")) is Problem.PERMISSION_DENIED
        (root / "dir").unlink()
        (root / "aside").rename(root / "dir")
        assert content(storage, "dir", "file") == b"public"


OPERATIONS: dict[str, Callable[[AuthorizedStorage], object]] = {
    "stat": lambda view: view.stat(("open", "dir", "file")),
    "stat of a link": lambda view: view.stat(("open", "link")),
    "entries": lambda view: view.entries(("open", "dir")),
    "open": lambda view: view.open(("open", "dir", "file")).read(),
    "open a link": lambda view: view.open(("open", "link")).read(),
    "create": lambda view: view.create(("open", "dir", "new")).commit(),
    "make_directory": lambda view: view.make_directory(("open", "dir", "new")),
    "make_link": lambda view: view.make_link("x", ("open", "dir", "new")),
    "rename from": lambda view: view.rename(("open", "dir", "file"), ("open", "mine")),
    "rename to": lambda view: view.rename(("open", "own"), ("open", "dir", "new")),
    "remove": lambda view: view.remove(("open", "dir", "file")),
    "remove_directory": lambda view: view.remove_directory(("open", "dir", "empty")),
    "set_mtime": lambda view: view.set_mtime(("open", "dir", "file"), 0),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", [MemoryStorage, DirectoryStorage])
def test_a_link_created_after_the_permission_check(kind: Any, operation: str, tmp_path: Path) -> None:
    """On a guest collection, a directory replaced by a link after the permission check gives no further access."""

    class Swapping(kind):  # type: ignore[misc]
        """A storage that replaces a directory by a link right after its path was resolved."""

        armed = False

        def real_path(self, path: Parts) -> Parts:
            real: Parts = super().real_path(path)
            if self.armed and path[:2] in {("open", "dir"), ("open", "link")}:
                type(self).armed = False
                self.rename(("open", "dir"), ("open", "aside"))
                self.make_link("../closed", ("open", "dir"))
            return real

    storage = Swapping(tmp_path) if kind is DirectoryStorage else Swapping()
    for name in ("open", "closed"):
        for path in ((name,), (name, "dir"), (name, "dir", "empty"), (name, "empty")):
            storage.make_directory(path)
        for path in ((name, "dir", "file"), (name, "file"), (name, "own")):
            upload = storage.create(path)
            upload.write(b"secret" * 1111 if name == "closed" else b"public")
            upload.commit(mtime=1e9)
    storage.make_link("dir/file", ("open", "link"))
    emulator = GlobusEmulator()
    share = emulator.add_collection("Share", storage=storage, entity_type="GCP_guest_collection")
    share.rules["r"] = AccessRule("r", "identity", "eve", "/open/", "rw", 0)
    view = AuthorizedStorage(emulator.transfer, share, frozenset({"eve"}))
    before = [storage.entries(("closed",)), storage.entries(("closed", "dir"))]
    Swapping.armed = True
    try:
        seen = repr(OPERATIONS[operation](view))
    except StorageError:
        seen = ""
    assert not Swapping.armed
    assert not re.search(r"secret|\b6666\b", seen)  # no digits of a time
    assert [storage.entries(("closed",)), storage.entries(("closed", "dir"))] == before
    assert {entry.name for entry in storage.entries(("open",))} >= {"own", "aside", "link", "dir"}


async def test_ls(world: TransferWorld) -> None:
    """A directory is listed with all members, ordered by name, with hidden files unless excluded."""
    world.lab_files.set_mtime(("data", "a.txt"), 1_700_000_000)
    listed = await world.ok("GET", f"/operation/endpoint/{world.lab.id}/ls", path="/data")
    assert {key: value for key, value in listed.items() if key != "DATA"} == {
        "DATA_TYPE": "file_list",
        "endpoint": world.lab.id,
        "path": "/data/",
        "absolute_path": "/data/",
        "rename_supported": True,
        "symlink_supported": True,
        "length": 4,
        "total": 4,
    }
    assert [entry["name"] for entry in listed["DATA"]] == [".hidden", "a.txt", "b.txt", "deep"]
    assert listed["DATA"][1] == {
        "DATA_TYPE": "file",
        "name": "a.txt",
        "type": "file",
        "size": 3,
        "last_modified": "2023-11-14 22:13:20+00:00",
        "permissions": "0644",
        "user": "emulator",
        "group": "emulator",
        "link_target": None,
        "link_size": None,
        "link_user": None,
        "link_group": None,
        "link_last_modified": None,
    }


async def test_ls_parameters(world: TransferWorld) -> None:
    """Listings can be filtered, ordered, paged and reduced to fields."""

    async def names(**params: Any) -> list[str]:
        listed = await world.ok("GET", f"/operation/endpoint/{world.lab.id}/ls", path="/data/", **params)
        return [entry["name"] for entry in listed["DATA"]]

    assert await names(show_hidden="0") == ["a.txt", "b.txt", "deep"]
    assert await names(show_hidden="false") == ["a.txt", "b.txt", "deep"]
    assert await names(orderby="name DESC") == ["deep", "b.txt", "a.txt", ".hidden"]
    assert await names(orderby="type,size DESC") == ["deep", "b.txt", "a.txt", ".hidden"]
    assert await names(limit=2, offset=1) == ["a.txt", "b.txt"]
    assert await names(filter="type:dir") == ["deep"]
    assert await names(filter="name:~*.txt") == ["a.txt", "b.txt"]
    assert await names(filter="name:!~*.txt/type:file") == [".hidden"]
    assert await names(filter="name:=a.txt,deep") == ["a.txt", "deep"]
    assert await names(filter="name:!a.txt/type:file") == [".hidden", "b.txt"]
    assert await names(filter="size:>3/type:file") == ["b.txt"]
    assert await names(filter=["type:dir", "name:~a*"]) == ["a.txt", "deep"]
    assert await names(filter="last_modified:,2021-01-01") == []
    assert await names(filter="last_modified:2021-01-01,") == [".hidden", "a.txt", "b.txt", "deep"]
    path = f"/operation/endpoint/{world.lab.id}/ls"
    listed = await world.ok("GET", path, path="/data/", fields="name", limit=1)
    assert listed["DATA"] == [{"DATA_TYPE": "file", "name": ".hidden"}]
    assert (listed["length"], listed["total"]) == (1, 4)
    for bad in ({"filter": "colour:red"}, {"orderby": "colour"}, {"limit": "x"}, {"filter": "size:>x"}):
        assert await world.refused("GET", path, **bad) == (400, "BadRequest")
    assert (await world.ok("GET", path))["path"] == "/~/"


@pytest.mark.parametrize(
    ("operation", "body", "params", "expected"),
    [
        ("ls", None, {"path": "/none"}, (404, "ClientError.NotFound")),
        ("ls", None, {"path": "/notes.md"}, (502, "ExternalError.DirListingFailed.NotDirectory")),
        ("ls", None, {"path": "/.."}, (400, "BadRequest")),
        ("ls", None, {"path": "a\0b"}, (400, "BadRequest")),
        ("stat", None, {"path": "/none"}, (404, "NotFound")),
        ("stat", None, {"path": "/secret/x"}, (403, "EndpointPermissionDenied")),
        ("ls", None, {"path": "/secret"}, (403, "EndpointPermissionDenied")),
        ("mkdir", {"path": "/data"}, {}, (502, "ExternalError.MkdirFailed.Exists")),
        ("mkdir", {"path": "/no/parent"}, {}, (404, "ClientError.NotFound")),
        ("mkdir", {}, {}, (400, "BadRequest")),
        ("mkdir", {"path": 5}, {}, (400, "BadRequest")),
        ("mkdir", [], {}, (400, "BadRequest")),
        ("mkdir", {"path": "/" + "x" * 300}, {}, (502, "ExternalError.MkdirFailed")),
        ("rename", {"old_path": "/none", "new_path": "/x"}, {}, (404, "ClientError.NotFound")),
        ("rename", {"old_path": "/data", "new_path": "/notes.md"}, {}, (502, "ExternalError.RenameFailed.Exists")),
    ],
)
async def test_refused_operations(
    world: TransferWorld, operation: str, body: Any, params: dict[str, str], expected: tuple[int, str]
) -> None:
    """Every refused operation has the status and code of the real service."""
    world.lab.deny("/secret")
    path = f"/operation/endpoint/{world.lab.id}/{operation}"
    assert await world.refused("GET" if body is None else "POST", path, body, **params) == expected


async def test_mkdir_rename_stat_link(world: TransferWorld) -> None:
    """Directories and links are created, files renamed; relative paths and ``/~/`` start at the home directory."""
    base = f"/operation/endpoint/{world.lab.id}"
    made = await world.ok("POST", f"{base}/mkdir", {"DATA_TYPE": "mkdir", "path": "/~/new"})
    assert (made["DATA_TYPE"], made["code"]) == ("mkdir_result", "DirectoryCreated")
    moved = await world.ok(
        "POST", f"{base}/rename", {"DATA_TYPE": "rename", "old_path": "new", "new_path": "/data/moved/"}
    )
    assert (moved["DATA_TYPE"], moved["code"]) == ("result", "FileRenamed")
    found = await world.ok("GET", f"{base}/stat", path="data/moved/")
    assert (found["name"], found["type"]) == ("moved", "dir")
    await world.ok("POST", f"{base}/symlink", {"symlink_target": "/notes.md", "path": "/data/link"})
    link = await world.ok("GET", f"{base}/stat", path="/data/link")
    assert (link["type"], link["size"], link["link_target"]) == ("file", 7, "../notes.md")


async def test_error_documents(world: TransferWorld) -> None:
    """An error has a code, a message with the text of the server, a request id and a resource."""
    path = f"/operation/endpoint/{world.lab.id}/stat"
    response = await world.send("GET", path, path="/none")
    document = response.json()
    assert set(document) == {"code", "message", "request_id", "resource"}
    assert document["resource"] == f"/v0.10{path}"
    assert len(document["request_id"]) == 9
    lines = document["message"].split("\n")
    assert lines[:2] == ["Path not found, Error (list)", f"Endpoint: Lab storage ({world.lab.id})"]
    assert "---" in lines
    assert response.headers["x-transfer-api-version"] == "0.10"
    bad = await world.http.post(
        f"/v0.10/operation/endpoint/{world.lab.id}/mkdir",
        content=b'{"path": ',
        headers={"Authorization": f"Bearer {world.emulator.access_token()}"},
    )
    assert bad.json()["message"] == "Could not parse JSON: Expecting value: line 1 column 10 (char 9)"


async def test_listing_above_the_limit(world: TransferWorld) -> None:
    """A listing of a directory with too many entries is refused."""
    world.emulator.transfer.limits.ls_entries = 3
    refused = await world.refused("GET", f"/operation/endpoint/{world.lab.id}/ls", path="/data")
    assert refused == (502, "ExternalError.DirListingFailed.SizeLimit")


@pytest.fixture
def odd_files(tmp_path: Path) -> Path:
    """A directory with a script, links, and a name that is not valid Unicode."""
    (tmp_path / "run.sh").write_text("echo")
    (tmp_path / "run.sh").chmod(0o750)
    (tmp_path / "link").symlink_to("run.sh")
    (tmp_path / "out").symlink_to("/etc/passwd")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff"))).write_text("x")
    return tmp_path


async def test_real_files(odd_files: Path, world: TransferWorld) -> None:
    """In a real directory, modes and links are listed, and names that are not valid Unicode are accepted."""
    real = world.emulator.add_collection("Real", path=odd_files)
    listed = await world.ok("GET", f"/operation/endpoint/{real.id}/ls")
    entries = {entry["name"]: entry for entry in listed["DATA"]}
    assert set(entries) == {"run.sh", "link", "out", "bad\uf7ff"}
    assert entries["run.sh"]["permissions"] == "0750"
    assert (entries["link"]["type"], entries["link"]["link_target"]) == ("file", "run.sh")
    assert entries["out"]["type"] == "invalid_symlink"


@pytest.fixture
def two_directories(tmp_path: Path) -> tuple[Path, Path]:
    """A directory with a large and an empty file, and an empty directory."""
    source, target = tmp_path / "source", tmp_path / "target"
    for directory in (source / "a", target):
        directory.mkdir(parents=True)
    (source / "a" / "big").write_bytes(os.urandom(3_000_000))
    (source / "a" / "empty").write_bytes(b"")
    return source, target


async def test_real_transfer(two_directories: tuple[Path, Path], world: TransferWorld) -> None:
    """Real files are copied completely, without remaining temporary files."""
    source, target = two_directories
    there = world.emulator.add_collection("Source", path=source)
    here = world.emulator.add_collection("Target", path=target)
    document = world.transfer(("/a", "/b"), verify_checksum=True, preserve_timestamp=True)
    task = await world.done({**document, "source_endpoint": there.id, "destination_endpoint": here.id})
    assert (task["status"], task["bytes_checksummed"]) == ("SUCCEEDED", 3_000_000)
    check_copy(source / "a", target / "b")


def check_copy(source: Path, target: Path) -> None:
    assert (target / "big").read_bytes() == (source / "big").read_bytes()
    assert (target / "big").stat().st_mtime == pytest.approx((source / "big").stat().st_mtime)
    assert sorted(path.name for path in target.iterdir()) == ["big", "empty"]


@pytest.mark.parametrize("tree", [True, "a.txt", [("a", "b")], {"a": 5}, {5: "a"}, {"dir": {"a": ["text"]}}])
def test_contents_of_another_type(tree: Any) -> None:
    """They are refused with the types that a storage takes."""
    with pytest.raises(TypeError, match="tree must"):
        MemoryStorage(tree)
