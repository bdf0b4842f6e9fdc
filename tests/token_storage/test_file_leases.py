"""Leases of storages in files: one holder at a time among all processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from globus_async import GlobusSDKUsageError
from globus_async.clock import Clock
from globus_async.token_storage import LeaseLost, TokenStorage, TokenStorageError
from tests.token_storage.factories import SHARED
from tests.toolkit.cancel import POINTS, every_suspension
from tests.toolkit.clock import FakeClock

Make = Callable[..., TokenStorage]


KINDS = ("json", "sqlite")


@pytest.fixture(params=KINDS)
def make(request: Any, tmp_path: Path) -> Make:
    """Make storages with the same tokens, each as another process would."""

    def new(clock: Clock | None = None, namespace: str = "DEFAULT") -> TokenStorage:
        return SHARED[request.param](tmp_path / "new", namespace, clock)

    return new


def files(folder: Path) -> list[Path]:
    return [*folder.iterdir()]


async def enter_and_leave(storage: TokenStorage, seconds: float) -> None:
    async with storage.lease("x", seconds) as lease:
        lease.check()


async def test_one_holder_among_several_objects(make: Make) -> None:
    """Tasks of one object and other objects for the same file exclude each other."""
    storages = [make() for _ in range(3)]
    running = most = 0

    async def work(storage: TokenStorage) -> None:
        nonlocal running, most
        async with storage.lease("x", 60) as lease:
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            lease.check()
            running -= 1

    await asyncio.gather(*(work(storage) for storage in storages for _ in range(4)))
    assert most == 1


async def test_leases_of_other_names_and_namespaces_do_not_wait(make: Make) -> None:
    names = ["x", "y", "../x", "", "\0", "\ud800", "x" * 5000]
    storage, other = make(), make(namespace="other")
    for name in names:
        async with storage.lease(name, 60), other.lease(name, 60), storage.lease(f"{name}!", 60) as lease:
            lease.check()


async def test_files_of_leases_are_few_and_private(make: Make, tmp_path: Path) -> None:
    """One file for each lease, however often it was taken, in the folder of the storage."""
    storage = make()
    for name in ("../../x", "y"):
        for _ in range(3):
            async with storage.lease(name, 60):
                pass
    assert files(tmp_path) == [tmp_path / "new"]
    found = files(tmp_path / "new")
    assert sorted(each.suffix for each in found) == [".lease", ".lease", ".lock"]
    assert {each.stat().st_mode & 0o777 for each in found} == {0o600}


async def takes_over(storage: TokenStorage, clock: FakeClock) -> Any:
    """Wait for a lease while time passes, some of it after the waiter has looked at the holder."""
    waiting = storage.lease("x", 60)
    task = asyncio.create_task(waiting.__aenter__())
    while not task.done():
        await asyncio.sleep(0.005)
        clock.jump(1)
    await task
    return waiting


async def test_a_holder_that_does_not_go_on_loses_the_lease(make: Make) -> None:
    """After its time by the waiter's clock. It notices, and its release takes the lease from nobody."""
    clocks = FakeClock(), FakeClock(), FakeClock()
    first_storage, second_storage, third_storage = (make(clock) for clock in clocks)
    first = first_storage.lease("x", 60)
    lease = await first.__aenter__()
    started = clocks[1].monotonic()
    second = await takes_over(second_storage, clocks[1])
    assert 60 <= clocks[1].monotonic() - started < 120
    lease.check()  # time stands still for it
    clocks[0].jump(60)
    with pytest.raises(LeaseLost, match="'x'"):
        lease.check()
    await first.__aexit__(None, None, None)
    third = asyncio.create_task(enter_and_leave(third_storage, 60))
    await asyncio.sleep(0.1)
    assert not third.done()
    await second.__aexit__(None, None, None)
    await third


async def test_the_holders_time_counts(make: Make) -> None:
    """Not the time for which the waiter wants the lease."""
    clock = FakeClock()
    storage, other = make(), make(clock)
    async with storage.lease("x", 1000):
        waiting = asyncio.create_task(enter_and_leave(other, 1))
        for _ in range(10):
            await asyncio.sleep(0.01)
            clock.jump(90)
        assert not waiting.done()
    await waiting


async def test_neither_wall_clock_nor_file_times_matter(make: Make, tmp_path: Path) -> None:
    clock = FakeClock()
    storage = make(clock)
    async with storage.lease("x", 60):
        waiting = asyncio.create_task(enter_and_leave(make(clock), 60))
        for seconds in (1e9, -2e9):
            await asyncio.sleep(0.03)
            clock.step_wall(seconds)
            for file in files(tmp_path / "new"):
                os.utime(file, (seconds % 1e9, seconds % 1e9))
        await asyncio.sleep(0.06)
        assert not waiting.done()
    await waiting


async def test_two_waiters_never_both_take_over(make: Make) -> None:
    """All of them find at the same moment that the holder is stopped."""
    for _ in range(5):
        clock = FakeClock()
        holder, *leases = (make(clock).lease("x", 60) for _ in range(7))
        await holder.__aenter__()
        waiters = [asyncio.create_task(lease.__aenter__()) for lease in leases]
        while not any(waiter.done() for waiter in waiters):
            await asyncio.sleep(0.01)
            clock.jump(6)
        await asyncio.sleep(0.1)
        assert [waiter.done() for waiter in waiters].count(True) == 1
        for waiter, lease in zip(waiters, leases, strict=True):
            if waiter.done():
                await lease.__aexit__(None, None, None)
            waiter.cancel()
        await asyncio.wait(waiters)


async def test_a_waiter_cancelled_at_every_suspension(make: Make, record_property: Any) -> None:
    """Nobody has the lease afterwards."""
    storage = make()

    async def call() -> None:
        async with storage.lease("x", 60) as lease:
            await asyncio.sleep(0)
            lease.check()

    async def holds() -> None:
        async with asyncio.timeout(10), make().lease("x", 60) as lease:
            lease.check()

    record_property(POINTS, await every_suspension(call, holds))


async def test_a_waiter_is_cancelled_at_once(make: Make) -> None:
    async with make().lease("x", 60):
        waiting = asyncio.create_task(enter_and_leave(make(), 60))
        await asyncio.sleep(0.1)
        waiting.cancel()
        started = time.monotonic()
        await asyncio.wait([waiting])
        assert time.monotonic() - started < 10


async def test_wrong_arguments(make: Make) -> None:
    wrong: list[tuple[Any, Any]] = [(1, 60), ("x", 0), ("x", -1), ("x", float("nan")), ("x", "60")]
    for name, seconds in wrong:
        with pytest.raises(GlobusSDKUsageError):
            make().lease(name, seconds)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
async def test_a_lease_file_that_is_no_file(make: Make, tmp_path: Path, kind: str) -> None:
    """A typed error, and nothing is read, written or waited for."""
    async with make().lease("x", 60):
        pass
    (path,) = (each for each in files(tmp_path / "new") if each.suffix == ".lease")
    path.unlink()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(TokenStorageError, match=str(path)):
        await make().lease("x", 60).__aenter__()
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("text", [b"", b"\xff\xff", b"a 1e999", b"a -1", b"a nan", b"a b c", b"x" * 9999])
async def test_a_lease_file_with_another_text(make: Make, tmp_path: Path, text: bytes) -> None:
    """Free, it is taken; held, the waiter waits for its own time."""
    clock = FakeClock()
    async with make().lease("x", 60):
        (path,) = (each for each in files(tmp_path / "new") if each.suffix == ".lease")
        path.write_bytes(text)
        waiting = await takes_over(make(clock), clock)
        await waiting.__aexit__(None, None, None)
    path.write_bytes(text)
    async with make().lease("x", 60) as lease:
        lease.check()


# several processes

HOLDER = """
import asyncio, sys
from pathlib import Path
from globus_async.token_storage import LeaseLost
from tests.token_storage.factories import SHARED

async def main(kind, folder, seconds):
    storage = SHARED[kind](Path(folder), "DEFAULT", None)
    lease = storage.lease("x", float(seconds))
    held = await lease.__aenter__()
    print("held", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    try:
        held.check()
        print("kept", flush=True)
    except LeaseLost:
        print("lost", flush=True)
    await lease.__aexit__(None, None, None)
    print("released", flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def holder(kind: str, folder: Path, seconds: float) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run a process that holds the lease."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDER, kind, str(folder), str(seconds)), stdin=pipe, stdout=pipe
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"held\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_a_killed_holder_frees_the_lease_at_once(kind: str, tmp_path: Path) -> None:
    async with holder(kind, tmp_path, 3600) as process:
        waiting = asyncio.create_task(enter_and_leave(SHARED[kind](tmp_path, "DEFAULT", None), 60))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        process.kill()
        started = time.monotonic()
        await waiting
        assert time.monotonic() - started < 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_a_stopped_holder_loses_the_lease(kind: str, tmp_path: Path) -> None:
    """When it goes on, it notices, and its release disturbs nobody."""
    async with holder(kind, tmp_path, 0.5) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.send_signal(signal.SIGSTOP)
        storage = SHARED[kind](tmp_path, "DEFAULT", None)
        started = time.monotonic()
        async with storage.lease("x", 60) as lease:
            assert time.monotonic() - started >= 0.5
            process.send_signal(signal.SIGCONT)
            process.stdin.write(b"\n")
            assert await process.stdout.readline() == b"lost\n"
            assert await process.stdout.readline() == b"released\n"
            waiting = asyncio.create_task(enter_and_leave(storage, 60))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            lease.check()
        await waiting


FORK = """
import asyncio, os, signal, sys, time
from pathlib import Path
from tests.token_storage.factories import SHARED, token_data

storage = SHARED[sys.argv[1]](Path(sys.argv[2]), "DEFAULT", None)

async def hold():
    await storage.store_token_data_by_resource_server({"a": token_data("a", "a")})
    lease = storage.lease("x", 3600)
    await lease.__aenter__()
    return lease

async def use():
    await storage.store_token_data_by_resource_server({"b": token_data("b", "b")})
    assert sorted(await storage.get_token_data_by_resource_server()) == ["a", "b"]
    async with asyncio.timeout(0.2):
        await storage.lease("x", 3600).__aenter__()

loop = asyncio.new_event_loop()
lease = loop.run_until_complete(hold())
if os.fork() == 0:
    signal.alarm(20)
    try:
        asyncio.run(use())
    except TimeoutError:
        print("waits", flush=True)
    sys.stdin.readline()
    os._exit(0)
time.sleep(30)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_a_forked_process_inherits_nothing(kind: str, tmp_path: Path) -> None:
    """It reads and writes, and waits for the lease of its parent, which ends with the parent."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FORK, kind, str(tmp_path)), stdin=pipe, stdout=pipe
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"waits\n"
    process.kill()
    async with asyncio.timeout(10), SHARED[kind](tmp_path, "DEFAULT", None).lease("x", 60) as lease:
        lease.check()
    await process.communicate(b"\n")


COUNT = """
import asyncio, os, sys
from pathlib import Path
from tests.token_storage.factories import SHARED

async def main(kind, folder, rounds):
    storage = SHARED[kind](Path(folder), "DEFAULT", None)
    for _ in range(int(rounds)):
        async with storage.lease("x", 60):
            path = Path(folder) / "count"
            number = int(path.read_text()) if path.exists() else 0
            await asyncio.sleep(0.001)
            path.write_text(str(number + 1))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_processes_exclude_each_other(kind: str, tmp_path: Path) -> None:
    """They increment a number in a file that nothing but the lease protects."""
    arguments = (sys.executable, "-c", COUNT, kind, str(tmp_path), "20")
    processes = [await asyncio.create_subprocess_exec(*arguments) for _ in range(4)]
    assert [await process.wait() for process in processes] == [0] * 4
    assert (tmp_path / "count").read_text() == "80"
