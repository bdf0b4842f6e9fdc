"""A file system without an event loop, on a collection of an emulated Globus in another thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from fsspec.asyn import get_loop, sync

from globus_async.clock import SystemClock
from globus_async.fsspec import GlobusFileSystem, sessions
from globus_async.testing import Collection, GlobusEmulator, LoopbackServer, MemoryStorage
from tests.toolkit.leaks import Snapshot
from tests.toolkit.random_cases import cases


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out three quarters of the 96 patterns of fsspec's tests in an ordinary run."""
    patterns = [item for item in items if "_glob_edge_cases[" in item.name]
    kept = set(patterns[:: max(1, len(patterns) // max(1, cases(len(patterns))))])
    items[:] = [item for item in items if item in kept or "_glob_edge_cases[" not in item.name]


@pytest.fixture(autouse=True, scope="session")
def _loop_of_fsspec() -> None:
    """Start fsspec's event loop, which never ends, so that no test is blamed for its descriptors."""
    get_loop()


@pytest.fixture
def storage() -> MemoryStorage:
    """Return the storage of the collection."""
    return MemoryStorage()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[GlobusEmulator, LoopbackServer]]:
    """Serve an emulated Globus for the tests of a module, since starting it takes longer than most of them."""
    emulator = GlobusEmulator()
    emulator.add_identity("user@example.org", name="Default User")
    with emulator.serve_in_thread() as server:
        yield emulator, server


@pytest.fixture
def lab(
    served: tuple[GlobusEmulator, LoopbackServer], storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Collection]:
    """Return a collection of the application whose credentials the environment has."""
    emulator, server = served
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    job = emulator.add_client("Job", secret="secret of the job")
    monkeypatch.setenv("GLOBUS_ASYNC_CLIENT_ID", job.id)
    monkeypatch.setenv("GLOBUS_ASYNC_CLIENT_SECRET", "secret of the job")
    before = Snapshot.take()
    yield emulator.add_collection("Lab storage", storage=storage, owner=job)
    emulator.faults.clear()
    for _ in range(200):  # the server closes its ends in a thread of its own
        if not before.new_descriptors():
            break
        time.sleep(0.005)


@pytest.fixture
def emulator(served: tuple[GlobusEmulator, LoopbackServer]) -> GlobusEmulator:
    """Return the emulated Globus."""
    return served[0]


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
