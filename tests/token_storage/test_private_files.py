"""Files of token storages are readable by their owner only, from the first byte, and nothing else is touched."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from globus_async import GlobusSDKUsageError
from globus_async._files.private import make_private, read_private
from globus_async.token_storage import (
    FileTokenStorage,
    JSONTokenStorage,
    SQLiteTokenStorage,
    TokenStorageError,
    TokenStorageUnavailable,
)
from tests.token_storage.factories import token_data

SERVER = "transfer.api.globus.org"
KINDS: dict[str, type[FileTokenStorage]] = {"json": JSONTokenStorage, "sqlite": SQLiteTokenStorage}
kinds = pytest.mark.parametrize("kind", KINDS)

# Prints the mode of everything in a folder at each audited operation, and so between any two changes.
WATCHED = """
import asyncio, os, stat, sys
from pathlib import Path
from tests.token_storage.factories import token_data
from tests.token_storage.test_private_files import KINDS

kind, path, umask = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3], 8)
seen, reported = {}, False

def look(*_):
    global reported
    if reported:
        return
    reported = True
    for folder, folders, files in os.walk(path.parent.parent.parent):
        for name in (*folders, *files):
            each = os.path.join(folder, name)
            try:
                seen.setdefault(each, set()).add(stat.S_IMODE(os.lstat(each).st_mode))
            except FileNotFoundError:
                pass
    reported = False

async def main():
    async with KINDS[kind](path) as storage:
        await storage.store_token_data_by_resource_server({"a": token_data("a", "a")})
        await storage.compare_and_set(None, token_data("b", "b"))
        await storage.get_token_data_by_resource_server()
        await storage.remove_token_data("a")
        async with storage.lease("x", 60):
            pass

os.umask(umask)
sys.addaudithook(look)
asyncio.run(main())
reported = False
look()
del seen[str(path.parent.parent)]
print({Path(each).name: [oct(mode) for mode in modes] for each, modes in seen.items()})
"""


@pytest.mark.slow
@kinds
@pytest.mark.parametrize("umask", ["000", "022", "077"])
@pytest.mark.parametrize("before", [None, 0o644, 0o666])
async def test_files_are_private_from_the_first_byte(kind: str, umask: str, before: int | None, tmp_path: Path) -> None:
    """At each operation that Python audits, whatever the umask; an existing file becomes so by the first write."""
    path = tmp_path / "top" / "own" / "tokens"
    path.parent.parent.mkdir()
    if before is not None:
        path.parent.mkdir(mode=0o700)
        storage = KINDS[kind](tmp_path / "top" / "tokens")
        await storage.store_token_data_by_resource_server({"old": token_data("old", "old")})
        (tmp_path / "top" / "tokens").rename(path)
        (tmp_path / "top" / "tokens.lock").unlink()
        path.chmod(before)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WATCHED, kind, str(path), umask), stdout=asyncio.subprocess.PIPE
    )
    modes: dict[str, list[str]] = eval((await process.communicate())[0])
    assert modes.pop("own") == ["0o700"]
    tokens = modes.pop("tokens")
    assert set(tokens) <= {"0o600"} if before is None else set(tokens) == {"0o600", oct(before)}
    assert "tokens.lock" in modes
    assert ("tokens.new" in modes) is (kind == "json" or before is None)
    assert {mode for each in modes.values() for mode in each} == {"0o600"}
    assert path.stat().st_mode & 0o777 == 0o600


@kinds
async def test_all_folders_that_are_created_are_private(kind: str, tmp_path: Path) -> None:
    """Not the innermost one only; an existing folder keeps its mode."""
    set_mode(tmp_path, 0o755)
    before = os.umask(0)
    try:
        storage = KINDS[kind](tmp_path / "a" / "b" / "c" / "tokens")
        await storage.store_token_data_by_resource_server({SERVER: token_data("a")})
    finally:
        os.umask(before)
    folders = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c"]
    assert [mode_of(folder) for folder in folders] == [0o700] * 3
    assert mode_of(tmp_path) == 0o755


@kinds
async def test_a_file_that_others_can_read_is_made_private_by_reading(kind: str, tmp_path: Path) -> None:
    storage = KINDS[kind](tmp_path / "tokens")
    await storage.store_token_data_by_resource_server({SERVER: token_data("a")})
    (tmp_path / "tokens").chmod(0o666)
    assert await storage.get_token_data(SERVER) == token_data("a")
    assert (tmp_path / "tokens").stat().st_mode & 0o777 == 0o600


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def mode_of(path: Path) -> int:
    return path.lstat().st_mode & 0o777


def set_mode(path: Path, mode: int) -> None:
    path.chmod(mode)


async def uses(storage: FileTokenStorage) -> list[Callable[[], Any]]:
    data = token_data("a")
    return [
        lambda: storage.get_token_data(SERVER),
        lambda: storage.store_token_data_by_resource_server({SERVER: data}),
        lambda: storage.remove_token_data(SERVER),
        lambda: storage.compare_and_set(None, data),
    ]


@kinds
@pytest.mark.parametrize("place", ["tokens", "tokens.lock"])
@pytest.mark.parametrize("what", ["link", "dangling link", "pipe", "socket", "folder"])
async def test_what_is_no_file_is_refused(kind: str, place: str, what: str, tmp_path: Path) -> None:
    """Nothing is read, written or waited for, neither in the file nor where a link leads."""
    victim, path = tmp_path / "victim", tmp_path / "own" / place
    victim.write_text("precious")
    victim.chmod(0o644)
    path.parent.mkdir()
    listener = socket.socket(socket.AF_UNIX)
    if what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        listener.bind(str(path))
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to(victim if what == "link" else tmp_path / "absent")
    found = path.lstat()
    for number, use in enumerate(await uses(KINDS[kind](tmp_path / "own" / "tokens"))):
        if place == "tokens.lock" and number in {0, 2}:
            await use()  # reading needs no lock, nor does removing from a storage that is empty
            continue
        fault = {"folder": "is a folder", "pipe": "is not a regular file", "socket": "is not a regular file"}.get(what)
        with pytest.raises(TokenStorageError, match=f"{place} {fault or 'is a symbolic link'}") as caught:
            await use()
        assert not isinstance(caught.value, TokenStorageUnavailable)
    listener.close()
    assert path.lstat() == found
    assert victim.read_text() == "precious"
    assert victim.stat().st_mode & 0o777 == 0o644
    assert not (tmp_path / "absent").exists()


@kinds
async def test_links_in_place_of_temporary_files_are_replaced(kind: str, tmp_path: Path) -> None:
    """What an interrupted write has left, or somebody has put there, is removed, and not followed."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "tokens.new").symlink_to(victim)
    storage = KINDS[kind](tmp_path / "tokens")
    await storage.store_token_data_by_resource_server({SERVER: token_data("a")})
    assert victim.read_text() == "precious"
    assert names(tmp_path) == ["tokens", "tokens.lock", "victim"]
    (tmp_path / "tokens.new").write_text("left")
    await storage.store_token_data_by_resource_server({SERVER: token_data("b")})
    assert names(tmp_path) == ["tokens", "tokens.lock", "victim"]
    assert await storage.get_token_data(SERVER) == token_data("b")


@kinds
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
async def test_a_file_of_another_user_is_refused(kind: str, tmp_path: Path) -> None:
    storage = KINDS[kind](tmp_path / "tokens")
    await storage.store_token_data_by_resource_server({SERVER: token_data("a")})
    os.chown(tmp_path / "tokens", 12345, 12345)
    for use in await uses(storage):
        with pytest.raises(TokenStorageError, match="another user"):
            await use()
    assert (tmp_path / "tokens").stat().st_uid == 12345


FULL = """
import asyncio, resource, signal, sys
from tests.token_storage.factories import token_data
from tests.token_storage.test_private_files import KINDS
from globus_async.token_storage import TokenStorageUnavailable

async def main():
    storage = KINDS[sys.argv[1]](sys.argv[2])
    await storage.store_token_data_by_resource_server({"a": token_data("a", "a")})
    limit = 2000 if sys.argv[1] == "json" else 20000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        await storage.store_token_data_by_resource_server({f"{n}": token_data("x" * 900, f"{n}") for n in range(90)})
    except TokenStorageUnavailable as error:
        print(error)
    print(list(await storage.get_token_data_by_resource_server()))

asyncio.run(main())
"""


@pytest.mark.slow
@kinds
async def test_a_full_disk(kind: str, tmp_path: Path) -> None:
    """A typed error; the file has its old tokens, and there is no leftover."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FULL, kind, str(tmp_path / "tokens")), stdout=asyncio.subprocess.PIPE
    )
    error, tokens = (await process.communicate())[0].decode().splitlines()
    assert f"the token storage {tmp_path / 'tokens'} cannot be used: " in error
    assert tokens == "['a']"
    assert names(tmp_path) == ["tokens", "tokens.lock"]


@kinds
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_without_write_permission(kind: str, tmp_path: Path) -> None:
    set_mode(tmp_path, 0o500)
    storage = KINDS[kind](tmp_path / "own" / "tokens")
    assert await storage.get_token_data(SERVER) is None
    with pytest.raises(TokenStorageUnavailable, match="Permission denied"):
        await storage.store_token_data_by_resource_server({SERVER: token_data("a")})
    set_mode(tmp_path, 0o700)


@kinds
async def test_a_path_through_a_file(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    storage = KINDS[kind](tmp_path / "file" / "tokens")
    assert await storage.get_token_data(SERVER) is None
    with pytest.raises(TokenStorageUnavailable, match="cannot be used"):
        await storage.store_token_data_by_resource_server({SERVER: token_data("a")})


@kinds
async def test_reading_creates_nothing(kind: str, tmp_path: Path) -> None:
    storage = KINDS[kind](str(tmp_path / "own" / "tokens"))
    assert storage.filepath == str(tmp_path / "own" / "tokens")
    assert await storage.get_token_data_by_resource_server() == {}
    assert not await storage.remove_token_data(SERVER)
    assert not await storage.file_exists()
    assert not (tmp_path / "own").exists()
    await storage.store_token_data_by_resource_server({SERVER: token_data("a")})
    assert await storage.file_exists()


@kinds
async def test_a_bare_file_name(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    await KINDS[kind]("tokens é %41?#.x").store_token_data_by_resource_server({SERVER: token_data("a")})
    assert await KINDS[kind](tmp_path / "tokens é %41?#.x").get_token_data(SERVER) == token_data("a")
    assert names(tmp_path) == ["tokens é %41?#.x", "tokens é %41?#.x.lock"]


@kinds
@pytest.mark.parametrize("path", ["", ".", "/", "a\0b", b"tokens", 7, None, "\ud800"])
def test_paths_that_are_none(kind: str, path: Any) -> None:
    with pytest.raises(GlobusSDKUsageError, match="filepath must be"):
        KINDS[kind](path)


@kinds
def test_other_wrong_arguments(kind: str) -> None:
    wrong: list[dict[str, Any]] = [{"namespace": 1}, {"namespace": "\ud800"}, {"lock_timeout": -1}, {"clock": 1}]
    for options in wrong:
        with pytest.raises(GlobusSDKUsageError, match=next(iter(options))):
            KINDS[kind]("tokens", **options)
    with pytest.raises(GlobusSDKUsageError, match="MemoryTokenStorage"):
        SQLiteTokenStorage(":memory:")
    with pytest.raises(TypeError, match="file_format"):
        type("Other", (FileTokenStorage,), {})


@kinds
async def test_a_lock_that_is_not_released(kind: str, tmp_path: Path) -> None:
    """Waiting ends with an error that names the file; reading does not wait."""
    from globus_async.token_storage.file_lock import try_lock  # noqa: PLC0415 -- a part of the package

    storage = KINDS[kind](tmp_path / "tokens", lock_timeout=0.05)
    await storage.store_token_data_by_resource_server({SERVER: token_data("a")})
    lock = await asyncio.to_thread(try_lock, tmp_path / "tokens.lock")
    assert lock is not None
    with pytest.raises(TokenStorageUnavailable, match=r"locked .*tokens for 0\.05 s"):
        await storage.lease("x", 60).__aenter__()
    if kind == "json":
        with pytest.raises(TokenStorageUnavailable, match=r"locked .*tokens for 0\.05 s"):
            await storage.store_token_data_by_resource_server({SERVER: token_data("b")})
    assert await storage.get_token_data(SERVER) == token_data("a")
    lock.release()
    lock.release()
    await storage.store_token_data_by_resource_server({SERVER: token_data("b")})


async def test_a_repr_has_no_token(tmp_path: Path) -> None:
    assert repr(JSONTokenStorage("tokens.json")) == "<JSONTokenStorage at 'tokens.json', namespace 'DEFAULT'>"


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file that is readable, and whose mode cannot be changed")
def test_a_file_system_that_keeps_its_modes() -> None:
    """Such as one that is read-only: what it has is read all the same, in whatever format it is."""
    path = Path("/proc/self/comm")
    make_private(path)
    assert read_private(path, max_size=100)
