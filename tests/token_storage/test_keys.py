"""Keys of encrypted token storages, in files and in keyrings."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from globus_async import GlobusSDKUsageError, Secret
from globus_async.token_storage import (
    EncryptedTokenStorage,
    KeyFile,
    Keyring,
    MemoryTokenStorage,
    SystemKeyring,
    TokenStorageDamaged,
    TokenStorageError,
    TokenStorageUnavailable,
)
from tests.toolkit.canaries import Listener, canary, leaks_of, leaks_of_error
from tests.toolkit.clock import FakeClock

KEY = canary("key in a file").replace("+", "-").replace("/", "_")


# files


def names_in(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


async def test_a_new_key_file(tmp_path: Path) -> None:
    """Only its owner can read it, and the directories that were made for it; each key is another."""
    key_file = KeyFile(tmp_path / "new" / "keys" / "tokens.key")
    umask = os.umask(0)
    try:
        await key_file.create()
    finally:
        os.umask(umask)
    assert stat.S_IMODE(key_file.path.stat().st_mode) == 0o600
    assert [stat.S_IMODE(each.stat().st_mode) for each in list(key_file.path.parents)[:2]] == [0o700, 0o700]
    assert names_in(key_file.path.parent) == ["tokens.key"]
    key = await key_file.read_key()
    assert await key_file.read_key() == key
    other = KeyFile(tmp_path / "other.key")
    await other.create()
    assert await other.read_key() != key


@pytest.mark.parametrize("existing", ["file", "empty", "dangling", "directory"])
async def test_nothing_is_replaced(tmp_path: Path, existing: str) -> None:
    """Whatever has the name already: what its key encrypts would be lost."""
    path = tmp_path / "tokens.key"
    match existing:
        case "dangling":
            path.symlink_to(tmp_path / "elsewhere")
        case "directory":
            path.mkdir()
        case _:
            path.write_text(KEY if existing == "file" else "")
    with pytest.raises(TokenStorageError, match="already, and it is not replaced"):
        await KeyFile(path).create()
    assert names_in(tmp_path) == ["tokens.key"]
    assert existing != "file" or path.read_text() == KEY


async def test_a_file_is_created_once(tmp_path: Path) -> None:
    """By whichever task is the first."""
    files = [KeyFile(tmp_path / "tokens.key") for _ in range(10)]
    results = await asyncio.gather(*(each.create() for each in files), return_exceptions=True)
    assert [type(each) for each in results].count(TokenStorageError) == 9
    assert len({(await each.read_key()).reveal() for each in files}) == 1


def write(path: Path, content: str | bytes, mode: int = 0o600) -> KeyFile:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return KeyFile(path)


async def test_a_key_that_was_written_by_hand(tmp_path: Path) -> None:
    """Spaces and line ends around it do not count."""
    assert await write(tmp_path / "k", f"  {KEY}\r\n\n").read_key() == Secret(KEY)


@pytest.mark.parametrize(
    "content", ["", "short", "\n" * 40, "ä" * 40, f"{KEY}\n{KEY}", f"{KEY} {KEY}", b"\0" * 40, b"\xff" * 40, "x" * 5000]
)
async def test_files_without_a_key(tmp_path: Path, content: str | bytes) -> None:
    key_file = write(tmp_path / "tokens.key", content)
    with pytest.raises(TokenStorageDamaged, match=r"tokens\.key has no key") as caught:
        await key_file.read_key()
    assert leaks_of_error(caught.value) == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o602, 0o604, 0o620])
async def test_a_file_that_others_can_use(tmp_path: Path, mode: int) -> None:
    """It is not used, since others may have its key; and not changed."""
    key_file = write(tmp_path / "tokens.key", KEY, mode)
    with pytest.raises(TokenStorageDamaged, match=r"other users can read or write.*chmod 600"):
        await key_file.read_key()
    assert stat.S_IMODE(key_file.path.stat().st_mode) == mode


async def test_what_is_no_file(tmp_path: Path) -> None:
    """A link, a directory or a pipe, which could make the reader wait for ever."""
    write(tmp_path / "target", KEY)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "directory").mkdir(0o700)
    for name in ("link", "pipe", "directory"):
        with pytest.raises(TokenStorageError, match=name):
            await KeyFile(tmp_path / name).read_key()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give files away")
async def test_a_file_of_another_user(tmp_path: Path) -> None:
    key_file = write(tmp_path / "tokens.key", KEY)
    os.chown(key_file.path, 12345, -1)
    with pytest.raises(TokenStorageDamaged, match="another user"):
        await key_file.read_key()


async def test_a_missing_file(tmp_path: Path) -> None:
    """It is not made silently: after the loss of a key, that would hide the loss."""
    key_file = KeyFile(tmp_path / "tokens.key")
    with pytest.raises(TokenStorageError, match=r"there is no key file.*create"):
        await EncryptedTokenStorage(MemoryTokenStorage(), key_file).get_token_data("x")
    assert names_in(tmp_path) == []


async def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TokenStorageError):
        await KeyFile(tmp_path / "file" / "tokens.key").create()


@pytest.mark.parametrize("path", ["", "a\0b", "\ud800", None, 7])
def test_what_is_no_path(path: Any) -> None:
    with pytest.raises(GlobusSDKUsageError, match="path must be"):
        KeyFile(path)


# keyrings


class FakeKeyring:
    """A keyring in memory, which may wait for its user, or fail with a text that has the key."""

    def __init__(self, key: str | None = None, *, error: BaseException | None = None) -> None:
        self.entries = {} if key is None else {("globus_async", "portal"): key}
        self.error = error
        self.unlocked = threading.Event()
        self.unlocked.set()
        self.called = threading.Event()
        self.threads: set[threading.Thread] = set()

    def get_password(self, service: str, username: str, /) -> str | None:
        self.threads.add(threading.current_thread())
        self.called.set()
        self.unlocked.wait()
        if self.error is not None:
            raise self.error
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self.entries[service, username] = password


async def test_a_new_key_in_a_keyring() -> None:
    """It encrypts tokens, and is the only thing in the keyring; the event loop does not wait."""
    keyring = FakeKeyring()
    key = SystemKeyring("portal", keyring=keyring)
    await key.create()
    assert (await key.read_key()).reveal() == keyring.entries["globus_async", "portal"]
    assert list(keyring.entries) == [("globus_async", "portal")]
    assert threading.current_thread() not in keyring.threads


async def test_a_key_in_a_keyring_is_not_replaced() -> None:
    keyring = FakeKeyring(KEY)
    with pytest.raises(TokenStorageError, match="'portal' already, and it is not replaced"):
        await SystemKeyring("portal", keyring=keyring).create()
    assert keyring.entries["globus_async", "portal"] == KEY


async def test_a_keyring_without_a_key() -> None:
    with pytest.raises(TokenStorageError, match=r"no key in the keyring under 'globus_async', 'portal'; .*create"):
        await SystemKeyring("portal", keyring=FakeKeyring()).read_key()


async def test_a_keyring_with_something_else() -> None:
    with pytest.raises(TokenStorageDamaged, match="has no key") as caught:
        await SystemKeyring("portal", keyring=FakeKeyring(f"{KEY} {KEY}")).read_key()
    assert leaks_of_error(caught.value) == []


async def test_a_keyring_that_fails() -> None:
    """Of its error only the type is shown."""
    with Listener() as listener, pytest.raises(TokenStorageUnavailable, match="RuntimeError") as caught:
        await SystemKeyring("portal", keyring=FakeKeyring(error=RuntimeError(KEY))).read_key()
    assert leaks_of_error(caught.value) == []
    assert listener.leaks() == []


async def test_a_backend_that_panics() -> None:
    """As those that are written in Rust do: their errors are no `Exception`."""
    key = SystemKeyring("portal", keyring=FakeKeyring(error=BaseException(KEY)))
    for _ in range(2):
        with pytest.raises(TokenStorageUnavailable, match="BaseException"):
            await key.read_key()


async def test_two_storages_with_one_key() -> None:
    """Such as those of two namespaces, when a program starts: the user is asked once, and both get the key."""
    keyring = FakeKeyring(KEY)
    keyring.unlocked.clear()
    key = SystemKeyring("portal", keyring=keyring)
    storages = [EncryptedTokenStorage(MemoryTokenStorage(namespace), key) for namespace in ("ada", "bob")]
    reading = [asyncio.create_task(storage.get_token_data("x")) for storage in storages]
    await asyncio.to_thread(keyring.called.wait)
    keyring.unlocked.set()
    assert await asyncio.gather(*reading) == [None, None]
    assert len(keyring.threads) == 1


async def test_a_keyring_that_waits_for_its_user() -> None:
    """The caller waits for a limited time; no second thread waits until the first has ended."""
    keyring, clock = FakeKeyring(KEY), FakeClock()
    keyring.unlocked.clear()
    key = SystemKeyring("portal", keyring=keyring, clock=clock, timeout=30)
    reading = asyncio.create_task(key.read_key())
    await clock.asleep()
    await clock.advance(30)
    with pytest.raises(TokenStorageUnavailable, match="within 30 s; it may be waiting to be unlocked"):
        await reading
    with pytest.raises(TokenStorageUnavailable, match="earlier request"):
        await key.read_key()
    keyring.unlocked.set()
    (thread,) = keyring.threads
    thread.join()
    assert await key.read_key() == Secret(KEY)


async def test_a_cancelled_caller_does_not_wait() -> None:
    keyring = FakeKeyring(KEY)
    keyring.unlocked.clear()
    reading = asyncio.create_task(SystemKeyring("portal", keyring=keyring).read_key())
    await asyncio.to_thread(keyring.called.wait)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    keyring.unlocked.set()
    next(iter(keyring.threads)).join()


def test_a_keyring_that_outlives_the_event_loop() -> None:
    """Its response, or its failure, is dropped."""
    for error in (None, RuntimeError(KEY)):
        keyring = FakeKeyring(KEY, error=error)
        keyring.unlocked.clear()

        async def give_up(keyring: Keyring) -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await SystemKeyring("portal", keyring=keyring).read_key()

        asyncio.run(give_up(keyring))
        keyring.unlocked.set()
        for thread in keyring.threads:
            thread.join()


async def test_keys_are_not_shown(tmp_path: Path) -> None:
    key_file, keyring = write(tmp_path / "k", KEY), SystemKeyring("portal", keyring=FakeKeyring(KEY))
    for each in (key_file, keyring):
        assert leaks_of(await each.read_key()) == []
        assert leaks_of(each) == []
    assert repr(keyring) == "<SystemKeyring 'globus_async', 'portal'>"
    assert repr(KeyFile("a/b.key")) == "<KeyFile 'a/b.key'>"


@pytest.mark.parametrize(
    "arguments", [{"username": 7}, {"service": None}, {"timeout": 0}, {"timeout": "9"}, {"keyring": 7}, {"clock": 7}]
)
def test_bad_arguments_of_a_keyring(arguments: dict[str, Any]) -> None:
    with pytest.raises(GlobusSDKUsageError, match=next(iter(arguments))):
        SystemKeyring(**arguments)


BACKEND = """
import asyncio, sys
from globus_async.token_storage import SystemKeyring
assert "keyring" not in sys.modules
key = SystemKeyring("portal")
assert "keyring" not in sys.modules

async def main():
    await key.create()
    return await key.read_key()

print(len(asyncio.run(main()).reveal()))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["memory_keyring.Keyring", "keyring.backends.fail.Keyring"])
def test_the_system_keyring(tmp_path: Path, backend: str) -> None:
    """The package's own backend is used, and imported when the key is read; a system without one says so."""
    (tmp_path / "memory_keyring.py").write_text(
        "from keyring.backend import KeyringBackend\n"
        "class Keyring(KeyringBackend):\n"
        "    priority = 1\n"
        "    entries = {}\n"
        "    def get_password(self, service, username): return self.entries.get((service, username))\n"
        "    def set_password(self, service, username, password): self.entries[service, username] = password\n"
        "    def delete_password(self, service, username): del self.entries[service, username]\n"
    )
    paths = os.pathsep.join([str(tmp_path), *sys.path])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHON_KEYRING_BACKEND": backend}
    done = subprocess.run([sys.executable, "-c", BACKEND], env=environment, capture_output=True, text=True, check=False)
    if backend.startswith("memory"):
        assert done.stdout == "43\n", done.stderr
    else:
        assert "the keyring cannot be used: NoKeyringError; on a machine without one, use a KeyFile" in done.stderr


WITHOUT_KEYRING = """
import asyncio, sys
sys.modules["keyring"] = None
from globus_async.token_storage import SystemKeyring
asyncio.run(SystemKeyring().read_key())
"""


def test_the_extra_is_named() -> None:
    """By the error of a process without the package."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_KEYRING], capture_output=True, text=True, check=False)
    assert done.stderr.rstrip().endswith("the system's keyring needs an extra: pip install 'globus-async[keyring]'")
