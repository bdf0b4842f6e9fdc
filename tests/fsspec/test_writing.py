"""Writing through the file system: whole files, hidden names, directories, removals, moves, copies."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

import fsspec
import pytest

from globus_async.fsspec import GlobusFileSystem
from globus_async.testing import GlobusEmulator, MemoryStorage

OWN_SIZE = Path(__file__).stat().st_size
Act = Callable[[GlobusFileSystem, str], Any]


def fail() -> NoReturn:
    """Raise what no other code raises."""
    raise ZeroDivisionError


# -- removing


def test_rm(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """Files, the matches of a pattern, and trees are removed; nothing else is."""
    filesystem.pipe({f"{root}/{name}": b"1" for name in ("a", "b1", "b2", "tree/x", "tree/deep/y", "kept")})
    filesystem.rm(f"{root}/a")
    filesystem.rm(f"{root}/b*")
    filesystem.rm(f"{root}/tree", recursive=True)
    assert [*storage.tree()] == ["kept"]
    assert filesystem.ls(root, detail=False) == [f"{root}/kept"]


@pytest.mark.parametrize("recursive", [False, True])
def test_rm_of_a_missing_path(filesystem: GlobusFileSystem, root: str, recursive: bool) -> None:
    """It is an error, as for files of this machine."""
    with pytest.raises(FileNotFoundError):
        filesystem.rm(f"{root}/missing", recursive=recursive)


def test_rm_of_a_directory_has_to_be_recursive(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """Nothing is removed otherwise."""
    filesystem.pipe(f"{root}/tree/x", b"1")
    with pytest.raises(IsADirectoryError):
        filesystem.rm(f"{root}/tree")
    assert storage.tree() == {"tree/x": b"1"}


def test_rm_of_a_collection_is_refused(filesystem: GlobusFileSystem, root: str, emulator: GlobusEmulator) -> None:
    """Before anything is sent."""
    before = len(emulator.requests)
    with pytest.raises(PermissionError, match="whole collection"):
        filesystem.rm(root, recursive=True)
    assert len(emulator.requests) == before


def test_many_files_are_removed_by_one_task(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """Instead of a request for each."""
    storage.make_directory(("many",))
    for number in range(40):
        storage.write(f"many/{number}", b"1")
    before = len(emulator.requests)
    filesystem.rm(f"{root}/many/*")
    assert storage.tree() == {"many/": None}
    assert len(emulator.requests) - before < 15


# -- moving


def test_mv_of_lists_and_other_paths(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """Two lists are pairs, as for cp; a path may be a `PurePath`; a missing file cannot be moved, even onto itself."""
    filesystem.pipe({f"{root}/{name}": name.encode() for name in "abc"})
    filesystem.mv([f"{root}/a", f"{root}/b"], [f"{root}/new/b", f"{root}/new/a"])
    filesystem.mv(PurePosixPath(root, "c"), PurePosixPath(root, "d"))
    filesystem.mv(f"{root}/d", f"{root}/d")
    assert storage.tree() == {"new/b": b"a", "new/a": b"b", "d": b"c"}
    with pytest.raises(FileNotFoundError):
        filesystem.mv(f"{root}/missing", f"{root}/missing")
    with pytest.raises(ValueError, match="shorter"):
        filesystem.mv([f"{root}/d", f"{root}/new/a"], [f"{root}/e"])


def test_mv(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """A file is renamed, into a directory, over another file, into a new directory; a tree as a whole."""
    filesystem.pipe({f"{root}/{name}": name.encode() for name in ("a", "b", "c", "tree/deep/x")})
    filesystem.mv(f"{root}/a", f"{root}/tree/")
    filesystem.mv(f"{root}/b", f"{root}/new/b2")
    filesystem.mv(f"{root}/c", f"{root}/new/b2")
    filesystem.mv(f"{root}/tree", f"{root}/moved", recursive=True)
    assert storage.tree() == {"moved/a": b"a", "moved/deep/x": b"tree/deep/x", "new/b2": b"c"}
    assert filesystem.find(root) == [f"{root}/moved/a", f"{root}/moved/deep/x", f"{root}/new/b2"]
    with pytest.raises(FileNotFoundError):
        filesystem.mv(f"{root}/missing", f"{root}/x")
    filesystem.mv(f"{root}/new/b2", f"{root}/new/b2")
    filesystem.pipe(f"{root}/new/b2", b"again, in a directory that was known")
    assert (storage.tree()["new/b2"] or b"").startswith(b"again")


# -- directories


def test_writers_of_one_tree_make_each_directory_once(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """As those of the chunks of a zarr store, which are in directories of many levels."""
    before = len(emulator.requests)
    chunks = {f"store/c/{row}/{column}/{each}": b"x" for row in range(4) for column in range(4) for each in (0, 1)}
    filesystem.pipe({f"{root}/{name}": content for name, content in chunks.items()})
    assert {name: content for name, content in storage.tree().items() if name in chunks} == chunks
    statuses = Counter(request.status for request in emulator.requests[before:] if request.path.endswith("/mkdir"))
    assert statuses == {200: 1 + 1 + 4 + 16, 404: 16 + 4 + 1}


def test_one_of_two_makes_a_directory(filesystem: GlobusFileSystem, root: str) -> None:
    """And the other is told so, also at the same time: it may serve as a lock."""

    async def both() -> Any:
        fs = fsspec.filesystem("globus", asynchronous=True)
        calls = (fs._mkdir(f"{root}/new/lock"), fs._makedirs(f"{root}/new/lock"))
        return await asyncio.gather(*calls, return_exceptions=True)

    assert sorted(type(each).__name__ for each in asyncio.run(both())) == ["FileExistsError", "NoneType"]


def test_directories(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """They are made with or without parents, and removed if they are empty."""
    with pytest.raises(FileNotFoundError):
        filesystem.mkdir(f"{root}/a/b", create_parents=False)
    filesystem.mkdir(f"{root}/a/b/c")
    assert filesystem.isdir(f"{root}/a/b/c")
    with pytest.raises(FileExistsError):
        filesystem.mkdir(f"{root}/a/b")
    with pytest.raises(FileExistsError):
        filesystem.makedirs(f"{root}/a/b")
    filesystem.makedirs(f"{root}/a/b", exist_ok=True)
    filesystem.pipe(f"{root}/file", b"1")
    with pytest.raises(FileExistsError):
        filesystem.makedirs(f"{root}/file", exist_ok=True)
    with pytest.raises(NotADirectoryError):
        filesystem.pipe(f"{root}/file/below", b"1")
    with pytest.raises(OSError, match="not empty"):
        filesystem.rmdir(f"{root}/a")
    with pytest.raises(NotADirectoryError):
        filesystem.rmdir(f"{root}/file")
    filesystem.rmdir(f"{root}/a/b/c")
    assert filesystem.ls(f"{root}/a/b") == []
    assert storage.tree() == {"a/b/": None, "file": b"1"}


def test_touch(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """It makes or empties a file; the time of one that exists cannot be set."""
    filesystem.touch(f"{root}/new/empty")
    filesystem.pipe(f"{root}/full", b"1")
    with pytest.raises(NotImplementedError):
        filesystem.touch(f"{root}/full", truncate=False)
    assert storage.tree() == {"new/empty": b"", "full": b"1"}
    filesystem.touch(f"{root}/full")
    assert filesystem.size(f"{root}/full") == 0


# -- files


def test_a_file_is_written_in_blocks(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """The old content stays until the file is closed; its name is hidden until then."""
    filesystem.pipe(f"{root}/data", b"old")
    with filesystem.open(f"{root}/data", "wb", block_size=1000) as file:
        for _ in range(50):
            file.write(b"0123456789" * 10)
        assert storage.tree() == {"data": b"old"}
    assert storage.tree() == {"data": b"0123456789" * 500}
    with filesystem.open(f"{root}/text", "w", encoding="utf-8") as text:
        text.write("é")
    assert filesystem.cat(f"{root}/text") == "é".encode()


def test_a_block_that_raises_writes_nothing(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """Half a file is not what was meant."""
    filesystem.pipe(f"{root}/data", b"old")
    with pytest.raises(ZeroDivisionError), filesystem.open(f"{root}/data", "wb") as file:  # noqa: PT012
        file.write(b"new")
        fail()
    assert storage.tree() == {"data": b"old"}


def test_a_file_that_is_never_closed_is_not_written(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage
) -> None:
    """The garbage collector cannot know that it is complete."""
    with pytest.warns(ResourceWarning, match="was not closed"):  # noqa: PT031
        filesystem.open(f"{root}/data", "wb").write(b"half")
        gc.collect()
    assert storage.tree() == {}


@pytest.mark.parametrize("mode", ["ab", "r+b", "wb+"])
def test_other_modes_are_refused(filesystem: GlobusFileSystem, root: str, mode: str) -> None:
    """Files are written whole."""
    with pytest.raises(NotImplementedError, match="written whole"):
        filesystem.open(f"{root}/data", mode)


@pytest.mark.parametrize(
    "write",
    [
        lambda fs, path: fs.pipe_file(path, b"new", mode="create"),
        lambda fs, path: fs.open(path, "xb"),
        lambda fs, path: fs.put_file(__file__, path, mode="create"),
    ],
)
def test_exclusive_creation(
    write: Act, filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """A file that another program has made since the last listing is not replaced; nothing is sent."""
    assert filesystem.ls(root) == []
    storage.write("data", b"theirs")
    before = len(emulator.requests)
    with pytest.raises(FileExistsError):
        write(filesystem, f"{root}/data")
    assert storage.tree() == {"data": b"theirs"}
    assert len(emulator.requests) == before + 1


def test_text_is_no_content(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """Buffers of bytes are."""
    with pytest.raises(TypeError, match="bytes"):
        filesystem.pipe_file(f"{root}/data", "text")
    filesystem.pipe_file(f"{root}/data", memoryview(bytearray(b"0123"))[::2])
    assert storage.tree() == {"data": b"02"}


# -- transactions


def test_a_transaction(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, tmp_path: Path) -> None:
    """All files are replaced at its end, or none if it raises; nothing hidden stays."""
    (tmp_path / "local").write_bytes(b"put")
    filesystem.pipe({f"{root}/data": b"old", f"{root}/deep/other": b"1"})

    def write() -> None:
        with filesystem.open(f"{root}/data", "wb") as file:
            file.write(b"new")
        filesystem.pipe(f"{root}/deep/piped", b"piped")
        filesystem.put_file(str(tmp_path / "local"), f"{root}/put")
        filesystem.cp_file(f"{root}/data", f"{root}/copy")
        assert {path: content for path, content in storage.tree().items() if not path.endswith(".globus-part")} == {
            "data": b"old",
            "deep/other": b"1",
        }

    with pytest.raises(ZeroDivisionError), filesystem.transaction:  # noqa: PT012
        write()
        fail()
    assert storage.tree() == {"data": b"old", "deep/other": b"1"}
    with filesystem.transaction:
        write()
    expected = {"data": b"new", "deep/other": b"1", "deep/piped": b"piped", "put": b"put", "copy": b"old"}
    assert storage.tree() == expected


# -- caches


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda fs, root: fs.pipe(f"{root}/d/new", b"123"), {"d/a": 1, "d/new": 3}),
        (lambda fs, root: fs.pipe(f"{root}/d/a", b"123"), {"d/a": 3}),
        (lambda fs, root: fs.pipe(f"{root}/d/e/f/new", b"123"), {"d/a": 1, "d/e/f/new": 3}),
        (
            lambda fs, root: fs.put_file(__file__, f"{root}/d/new"),
            {"d/a": 1, "d/new": OWN_SIZE},
        ),
        (lambda fs, root: fs.touch(f"{root}/d/new"), {"d/a": 1, "d/new": 0}),
        (lambda fs, root: fs.cp_file(f"{root}/d/a", f"{root}/d/e/b"), {"d/a": 1, "d/e/b": 1}),
        (lambda fs, root: fs.mv(f"{root}/d/a", f"{root}/d/b"), {"d/b": 1}),
        (lambda fs, root: fs.mv(f"{root}/d", f"{root}/e"), {"e/a": 1}),
        (lambda fs, root: fs.rm(f"{root}/d/a"), {}),
        (lambda fs, root: fs.rm(f"{root}/d", recursive=True), {}),
    ],
)
def test_listings_have_what_was_written(
    write: Act, expected: dict[str, int], filesystem: GlobusFileSystem, root: str, storage: MemoryStorage
) -> None:
    """Every write discards the listings that it changes."""
    storage.make_directory(("d",))
    storage.write("d/a", b"1")
    assert filesystem.find(root) == [f"{root}/d/a"]
    assert filesystem.info(f"{root}/d/a")["size"] == 1
    assert filesystem.cat(f"{root}/d/a") == b"1"
    write(filesystem, root)
    found = filesystem.find(root, detail=True)
    assert {path.removeprefix(f"{root}/"): info["size"] for path, info in found.items()} == expected
    for path, size in expected.items():
        assert filesystem.info(f"{root}/{path}")["size"] == size
        assert len(filesystem.cat(f"{root}/{path}")) == size
