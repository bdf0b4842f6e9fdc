"""A file system without an event loop, on a collection of an emulated Globus in another thread."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest
from fsspec.asyn import get_loop, sync

from globus_async.clock import SystemClock
from globus_async.fsspec import GlobusFileSystem, sessions
from globus_async.testing import Collection, GlobusEmulator, LoopbackServer, MemoryStorage


@pytest.fixture(autouse=True, scope="session")
def _loop_of_fsspec() -> None:
    """Start fsspec's event loop, which never ends, so that no test is blamed for its descriptors."""
    get_loop()


@pytest.fixture
def storage() -> MemoryStorage:
    """Return the storage of the collection."""
    return MemoryStorage()


@pytest.fixture
def lab(
    globus_emulator: GlobusEmulator,
    globus_server: LoopbackServer,
    storage: MemoryStorage,
    monkeypatch: pytest.MonkeyPatch,
) -> Collection:
    """Return a collection of the application whose credentials the environment has."""
    job = globus_emulator.add_client("Job", secret="secret of the job")
    monkeypatch.setenv("GLOBUS_ASYNC_CLIENT_ID", job.id)
    monkeypatch.setenv("GLOBUS_ASYNC_CLIENT_SECRET", "secret of the job")
    return globus_emulator.add_collection("Lab storage", storage=storage, owner=job)


@pytest.fixture
def filesystem(lab: Collection) -> Iterator[GlobusFileSystem]:
    """Return the file system that URLs lead to; its connections are closed at the end."""
    GlobusFileSystem.clear_instance_cache()
    fs = GlobusFileSystem()
    sync(get_loop(), use_fast_clock, fs)
    yield fs
    GlobusFileSystem.clear_instance_cache()
    close_connections()


@pytest.fixture
def root(lab: Collection) -> str:
    """Return the path of the collection."""
    return lab.id


class FastClock(SystemClock):
    """A clock that runs ten times as fast, so that waits for tasks are short."""

    def monotonic(self) -> float:
        """Return the seconds of the clock."""
        return 10 * super().monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock is so many seconds later."""
        await super().sleep(seconds / 10)


async def use_fast_clock(fs: GlobusFileSystem) -> None:
    """Give the connections of a file system in the running loop a fast clock."""
    session = await fs._sessions.here()  # pyright: ignore[reportPrivateUsage]
    session.transport.clock = FastClock()


def close_connections() -> None:
    """Close the connections of all file systems in fsspec's event loop."""
    for session in [*sessions._open]:  # pyright: ignore[reportPrivateUsage]
        if session.loop is get_loop():
            asyncio.run_coroutine_threadsafe(session.transport.aclose(), session.loop).result(5)
    gc.collect()
