"""Listings and metadata: what is requested, what is cached, and what names of servers may be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from globus_async.fsspec import GlobusFileSystem
from globus_async.fsspec.entries import Listing, entry_of
from globus_async.testing import GlobusEmulator, MemoryStorage, faults


@pytest.fixture
def storage() -> MemoryStorage:
    """Return a storage with a small tree, whose files have their paths as content."""
    return MemoryStorage(
        {"a": {"b": {"c": {"deep": b"a/b/c/deep"}, "x1": b"a/b/x1", "x2": b"a/b/x2"}, "y": b"a/y"}, "z": b"z"}
    )


def test_a_listing_answers_all_questions(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """The second listing, metadata and questions for what was listed are no requests."""
    assert filesystem.ls(f"globus://{root}/a/b/", detail=False) == [f"{root}/a/b/{name}" for name in ("c", "x1", "x2")]
    before = len(emulator.requests)
    assert len(filesystem.ls(f"{root}/a/b")) == 3
    assert filesystem.info(f"{root}/a/b/x1")["size"] == 6
    assert filesystem.size(f"/{root}/a/b/x1") == 6
    assert filesystem.exists(f"{root}/a/b/c")
    assert [filesystem.isdir(f"{root}/a/b{name}") for name in ("", "/c", "/x1")] == [True, True, False]
    assert [filesystem.isfile(f"{root}/a/b{name}") for name in ("", "/c", "/x1")] == [False, False, True]
    assert (datetime.now(UTC) - filesystem.modified(f"{root}/a/b/x1")).total_seconds() < 60
    assert filesystem.ls(f"{root}/a/b/x1", detail=False) == [f"{root}/a/b/x1"]
    assert len(emulator.requests) == before
    filesystem.invalidate_cache(f"{root}/a/b/x1")
    filesystem.info(f"{root}/a/b/x1")
    assert len(emulator.requests) == before + 1


def test_the_time_of_a_directory(filesystem: GlobusFileSystem, root: str) -> None:
    """It is the same whether the directory has been listed or not."""
    found = filesystem.modified(f"{root}/a/b")
    filesystem.invalidate_cache()
    filesystem.ls(f"{root}/a/b")
    assert filesystem.modified(f"{root}/a/b") == found


def test_trees(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator) -> None:
    """With URLs and bare paths; each directory is listed once."""
    files = [f"{root}/{name}" for name in ("a/b/c/deep", "a/b/x1", "a/b/x2", "a/y", "z")]
    before = len(emulator.requests)
    assert filesystem.find(f"globus://{root}") == files
    assert filesystem.find(root, withdirs=True, maxdepth=2) == [
        root,
        *(f"{root}/{name}" for name in ("a", "a/b", "a/y", "z")),
    ]
    assert filesystem.glob(f"globus://{root}/**/x*") == filesystem.glob(f"{root}/a/b/x?") == files[1:3]
    assert filesystem.du(f"globus://{root}/a") == sum(len(content or b"") for content in storage.tree().values()) - 1
    assert filesystem.find(f"{root}/z") == [f"{root}/z"]
    assert [*filesystem.walk(f"{root}/a")] == [
        (f"{root}/a", ["b"], ["y"]),
        (f"{root}/a/b", ["c"], ["x1", "x2"]),
        (f"{root}/a/b/c", [], ["deep"]),
    ]
    assert [step[0] for step in filesystem.walk(f"{root}/a", topdown=False)] == [
        f"{root}/{p}" for p in ("a/b/c", "a/b", "a")
    ]
    pruned = []
    for path, directories, _ in filesystem.walk(f"{root}/a"):
        pruned.append(path)
        directories.clear()
    assert pruned == [f"{root}/a"]
    assert sum(request.path.endswith("/ls") for request in emulator.requests[before:]) == 4
    assert filesystem.find(f"{root}/missing") == []


def test_links_that_lead_back(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, tmp_path: Path) -> None:
    """Links to directories are directories, which whole trees do not follow; paths and patterns do."""
    for number in range(3):
        storage.make_link("..", ("a", "b", f"up{number}"))
    files = [f"{root}/{name}" for name in ("a/b/c/deep", "a/b/x1", "a/b/x2", "a/y", "z")]
    assert filesystem.find(root) == filesystem.glob(f"{root}/**/[!abcu]*") == files
    assert f"{root}/a/b/up1" in filesystem.find(root, withdirs=True)
    for top_down in (True, False):
        steps = {path: directories for path, directories, _ in filesystem.walk(f"{root}/a", topdown=top_down)}
        assert steps == {f"{root}/a": ["b"], f"{root}/a/b": ["c", "up0", "up1", "up2"], f"{root}/a/b/c": []}
    assert filesystem.glob(f"{root}/a/b/up*/y") == [f"{root}/a/b/up{number}/y" for number in range(3)]
    assert filesystem.cat_file(f"{root}/a/b/up0/b/up1/y") == b"a/y"
    filesystem.get(f"{root}/a", str(tmp_path / "a"), recursive=True)
    assert sorted(each.name for each in tmp_path.rglob("*") if each.is_file()) == ["deep", "x1", "x2", "y"]
    filesystem.rm(f"{root}/a/b", recursive=True, maxdepth=2)
    assert storage.read("a/y") == b"a/y"


def test_a_directory_that_cannot_be_listed_is_an_error(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """Its files may exist: an answer without them would be wrong. Callers can choose to omit it."""
    for read in (
        lambda: filesystem.find(root),
        lambda: [*filesystem.walk(root)],
        lambda: filesystem.glob(f"{root}/a/*"),
    ):
        emulator.faults.add("GET", "/*/ls", faults.status(403), times=9)
        with pytest.raises(PermissionError):
            read()
        assert [*filesystem.walk(root, on_error="omit")] == [(root, [], [])]
        emulator.faults.clear()


def test_entries() -> None:
    """Types, sizes and times are those of the service; what it should not send is left out."""
    assert entry_of("c/d", {"type": "dir", "size": 4096})["type"] == "directory"
    link = {"type": "invalid_symlink", "size": -1, "link_target": "../x", "last_modified": "yesterday"}
    found = entry_of("c/l", link)
    assert (found["type"], found["globus_type"], found["size"], found["mtime"]) == (
        "file",
        "invalid_symlink",
        None,
        None,
    )
    assert (found["islink"], found["destination"]) == (True, "../x")
    assert entry_of("c/f", {"last_modified": "1970-01-01 00:01:00"})["mtime"] == 60
    for name in ("..", ".", "", "a/b", "/etc", "a\0", None, 5):
        with pytest.raises(OSError, match="unusable"):
            Listing.of("c", [{"name": name}])
