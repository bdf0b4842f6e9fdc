"""A journal that several machines share, locked by leases: no line is lost, and no task is submitted twice."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import random
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from globus_async import GlobusSDKUsageError, JournalError
from globus_async._journal.file import End
from globus_async._journal.shared_file import SharedJournalFile
from globus_async.services.transfer.batch.journal import Journal
from globus_async.token_storage import JSONTokenStorage, Lease, Leases, MemoryTokenStorage, TokenStorageUnavailable
from tests.services.transfer.test_batch_submission import World, make_world, pairs
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clock import FakeClock

SUBJECT: Final = {"template": {"label": "x"}}
DOCUMENT: Final = b'{"DATA":[{}],"submission_id":"%d"}'


class LostLeases:
    """Leases that everybody has, as if each holder had lost its own in the next moment."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.held = 0

    @asynccontextmanager
    async def lease(self, name: str, seconds: float) -> AsyncGenerator[Lease]:
        """Yield a lease whose time has run out."""
        self.names.append(name)
        self.held += 1
        try:
            yield Lease(name, 0.0, FakeClock())
        finally:
            self.held -= 1


class UnavailableLeases:
    """Leases of a database that stops responding after a number of them."""

    def __init__(self, available: int) -> None:
        self.available = available

    @asynccontextmanager
    async def lease(self, name: str, seconds: float) -> AsyncGenerator[Lease]:
        """Yield a lease, or fail."""
        self.available -= 1
        if self.available < 0:
            raise TokenStorageUnavailable("the database does not respond")
        yield Lease(name, seconds, FakeClock())


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with make_world(tmp_path) as made:
        yield made


class Stopped(BaseException):
    """The machine has crashed."""


class Machine(SharedJournalFile):
    """
    The file as a machine sees it that is paused before each of its steps.

    Args:
        path: The file.
        steps: How many steps it makes each time it goes on; it crashes where another one would follow.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, LostLeases())
        self.write_lock = threading.Lock()  # another machine has one of its own
        self._may_go = threading.Semaphore(0)
        self._has_stopped = threading.Semaphore(0)
        self._is_crashed = self._is_done = False
        self.outcome: object = None
        self._thread = threading.Thread(target=self._work)
        self._work_to_do: Callable[[], object] = lambda: None

    def start(self, work: Callable[[], object]) -> Machine:
        self._work_to_do = work
        self._thread.start()
        self._has_stopped.acquire()
        return self

    def go_on(self, steps: int) -> None:
        """Make some of the next steps."""
        for _ in range(steps):
            if not self._is_done:
                self._may_go.release()
                self._has_stopped.acquire()

    def finish_all(self) -> None:
        while not self._is_done:
            self.go_on(1)
        self._thread.join()

    def crash(self) -> None:
        self._is_crashed = True
        self.finish_all()

    def _work(self) -> None:
        try:
            self.outcome = self._work_to_do()
        except (GlobusSDKUsageError, Stopped) as error:
            self.outcome = error
        finally:
            self._is_done = True
            self._has_stopped.release()

    def _step(self) -> None:
        self._has_stopped.release()
        self._may_go.acquire()
        if self._is_crashed:
            raise Stopped

    def _link(self, number: int, line: bytes) -> bool:
        self._step()
        return super()._link(number, line)

    def _decided(self, number: int) -> bytes | None:
        self._step()
        return super()._decided(number)

    def _rest(self, start: int) -> bytes | None:
        self._step()
        return super()._rest(start)

    def _put(self, start: int, decided: bytes, rest: bytes) -> None:
        self._step()
        super()._put(start, decided[: len(decided) // 2], rest)  # a reader sees half of it
        self._step()
        super()._put(start, decided, decided[: len(decided) // 2])

    def _withdraw(self, number: int) -> None:
        self._step()
        super()._withdraw(number)


STEPS: Final = 8
"""More than the steps of writing a line."""


def journal_of(path: Path) -> Journal:
    """Return the journal as a machine that has just read it has it."""
    journal = Journal(path, SUBJECT, LostLeases())
    journal._load()
    return journal


def writer(machine: Machine, end: End, line: bytes) -> Machine:
    return machine.start(lambda: machine.append(end, line))


def line_of(number: int, machine: int) -> bytes:
    """Return the line of a machine that begins a task, as long as no other."""
    return b'{"submit":%d,"items":1,"digest":"%b","document":%b}\n' % (number, b"x" * machine, DOCUMENT % machine)


class TestInterleavings:
    """Machines that write the same line are paused before every step; at the end one of them has written it."""

    @pytest.mark.slow
    def test_two_writers(self, tmp_path: Path) -> None:
        """
        Wherever both are paused and however often: one line is in the file, and only its writer may submit its task.

        A writer that has seen its line in the file would submit a task; no line is lost afterwards.
        """
        for number, (first, second) in enumerate(itertools.product(range(STEPS), repeat=2)):
            path = tmp_path / f"j{number}"
            end = journal_of(path)._end
            lines = line_of(0, 1), line_of(0, 2)
            one, two = (writer(Machine(path), end, line) for line in lines)
            one.go_on(first)
            two.go_on(second)
            one.finish_all()
            two.finish_all()
            self.check(path, lines, (one, two))

    @pytest.mark.slow
    def test_a_late_writer_and_further_lines(self, tmp_path: Path) -> None:
        """A writer that goes on after others have written further lines destroys none of them."""
        for number, (first, second) in enumerate(itertools.product(range(STEPS), range(0, STEPS, 2))):
            path = tmp_path / f"j{number}"
            end = journal_of(path)._end
            late = writer(Machine(path), end, line_of(0, 1))
            late.go_on(first)
            resumed = journal_of(path)  # of another machine, which completes what it finds
            lines = [entry.document for entry in resumed.entries]
            task = len(resumed.entries)
            resumed._write(line_of(task, 2))
            late.go_on(second)
            resumed._write(line_of(task + 1, 3))
            late.finish_all()
            found = journal_of(path)
            documents = [entry.document for entry in found.entries]
            expected = [*lines, DOCUMENT % 2, DOCUMENT % 3]
            assert [bytes(each or b"") for each in documents] == [bytes(each or b"") for each in expected]
            if late.outcome is None:
                assert DOCUMENT % 1 in documents
            self.check_folder(path)

    @pytest.mark.slow
    def test_a_crash(self, tmp_path: Path) -> None:
        """Wherever a writer crashes: its line is in the journal as a whole when it is read again, or not at all."""
        seen: set[int] = set()
        for steps in range(STEPS):
            path = tmp_path / f"j{steps}"
            end = journal_of(path)._end
            machine = writer(Machine(path), end, line_of(0, 1))
            machine.go_on(steps)
            machine.crash()
            read = journal_of(path)
            seen.add(len(read.entries))
            assert [entry.document for entry in read.entries] in ([], [DOCUMENT % 1])
            assert len(journal_of(path).entries) == len(read.entries)
            read._write(line_of(len(read.entries), 2))
            assert journal_of(path).entries[-1].document == DOCUMENT % 2
            self.check_folder(path)
        assert seen == {0, 1}

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(3))
    def test_three_writers(self, tmp_path: Path, seed: int) -> None:
        """In any order of their steps."""
        chance = random.Random(seed)
        for number in range(40):
            path = tmp_path / f"j{number}"
            end = journal_of(path)._end
            lines = tuple(line_of(0, machine) for machine in (1, 2, 3))
            machines = [writer(Machine(path), end, line) for line in lines]
            for _ in range(30):
                chance.choice(machines).go_on(1)
            for machine in machines:
                machine.finish_all()
            self.check(path, lines, machines)

    def check(self, path: Path, lines: Any, machines: Any) -> None:
        content = path.read_bytes()
        written = [line for line in lines if content.endswith(line)]
        assert len(written) == 1
        assert content.count(b"\n") == 2
        for line, machine in zip(lines, machines, strict=True):
            assert (machine.outcome is None) == (line in written) or isinstance(machine.outcome, GlobusSDKUsageError)
        assert sum(machine.outcome is None for machine in machines) <= 1
        assert len(journal_of(path).entries) == 1
        self.check_folder(path)

    def check_folder(self, path: Path) -> None:
        """Nothing is left beside the journal but what a machine that has crashed was about to link."""
        left = [each.name for each in path.parent.glob(f".{path.name}.line-*")]
        assert [name for name in left if name.count(".") == 2] == []


class TestSubmission:
    async def test_two_machines(self, world: World) -> None:
        """With leases that exclude nobody: one submission goes on, and each item is submitted once."""
        leases = LostLeases()
        for number in range(5):
            journal = world.journal.with_name(f"j{number}")
            items = pairs(30, name=f"{number}-")
            results: list[Any] = [None]
            while not all(isinstance(result, list) for result in results):
                submissions = [world.submit(items, journal=journal, leases=leases) for _ in range(2)]
                results = await asyncio.gather(*submissions, return_exceptions=True)
                for result in results:
                    assert isinstance(result, list | GlobusSDKUsageError), result
            submitted = world.submitted()
            assert {submitted[destination] for _, destination in items} == {1}
        assert leases.held == 0
        assert set(leases.names) == {f"journal j{number}" for number in range(5)}

    @pytest.mark.parametrize("kind", ["memory", "json"])
    async def test_token_storages(self, world: World, kind: str, tmp_path: Path) -> None:
        """Every token storage has leases; a journal begun without is continued with them, and the other way round."""
        storage = MemoryTokenStorage() if kind == "memory" else JSONTokenStorage(tmp_path / "tokens.json")
        async with storage:
            leases: Leases = storage
            first = world.submit(pairs(30))
            await anext(first)
            second = world.submit(pairs(30), leases=leases)
            assert [(await anext(second)).is_new for _ in range(2)] == [False, True]
            assert [task.is_new for task in await world.submit(pairs(30))] == [False, False, True, True, True]
            with pytest.raises(
                GlobusSDKUsageError, match=r"another submission has changed .* submit again when that has ended"
            ):
                await anext(second)
        assert set(world.submitted().values()) == {1}

    async def test_documents(self, world: World) -> None:
        """Documents are submitted with leases, too."""
        leases = LostLeases()
        data = world.data.copy()
        data["DATA"] = [{"DATA_TYPE": "transfer_item", "source_path": "/in/000.txt", "destination_path": "/out/x"}]
        for is_new in (True, False):
            outcomes = await world.tc.submit_documents([data], journal=world.journal, leases=leases)
            assert [outcome.value.is_new for outcome in outcomes] == [is_new]
        assert leases.names

    async def test_no_lock_of_the_kernel(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file system without locks is no obstacle, and one without links is named."""

        def unsupported(*_: object) -> None:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

        monkeypatch.setattr("fcntl.flock", unsupported)
        with pytest.raises(JournalError, match="or pass leases="):
            await world.submit(pairs(3))
        assert len(await world.submit(pairs(3), leases=LostLeases())) == 1
        monkeypatch.setattr("os.link", unsupported)
        with pytest.raises(JournalError, match="no hard links") as caught:
            await world.submit(pairs(3), journal=world.journal.with_name("other"), leases=LostLeases())
        assert str(caught.value).count("cannot be used") == 1
        assert len(world.emulator.tasks) == 1

    @pytest.mark.parametrize("available", range(7))
    async def test_an_unavailable_store(self, world: World, available: int) -> None:
        """Whenever the store of the leases fails: nothing unrecorded was sent, and iterating further loses nothing."""
        leases = UnavailableLeases(available)
        submission = world.submit(pairs(14), leases=leases)
        tasks: list[Any] = []
        if available < 5:
            with pytest.raises(TokenStorageUnavailable):
                tasks += [task async for task in submission]
        if available < 2:
            assert world.emulator.tasks == []
        leases.available = 100
        tasks += [task async for task in submission]
        assert len(world.emulator.tasks) == 2
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(14)), 1)

    async def test_cancelled_at_every_suspension(self, world: World) -> None:
        """Wherever a submission is cancelled, the lease is released after its write, and each item submitted once."""
        leases, number = LostLeases(), itertools.count()
        items: list[Any] = []

        async def submit() -> None:
            items[:] = pairs(7, name=f"{next(number)}-")
            await world.submit(items, journal=world.journal.with_name(items[0][1][5:]), leases=leases)

        async def nothing_is_lost() -> None:
            assert leases.held == 0
            await world.submit(items, journal=world.journal.with_name(items[0][1][5:]), leases=leases)
            submitted = world.submitted()
            assert {submitted[destination] for _, destination in items} == {1}

        assert await every_suspension(submit, nothing_is_lost) > 10

    async def test_symlinks(self, world: World) -> None:
        """The lease is named after the file that a symlink leads to."""
        leases = LostLeases()
        target = world.journal.with_name("target")
        world.journal.symlink_to(target)
        await world.submit(pairs(3), leases=leases)
        assert set(leases.names) == {"journal target"}

    async def test_a_foreign_link(self, world: World) -> None:
        """A file in the place of a decided line that is none is not written into the journal."""
        await world.submit(pairs(7), leases=LostLeases())
        world.journal.with_name(f".{world.journal.name}.line-3").write_bytes(b"precious\nnotes\n")
        before = world.journal.read_bytes()
        with pytest.raises(GlobusSDKUsageError, match="is not of a journal"):
            await world.submit(pairs(14), leases=LostLeases())
        assert world.journal.read_bytes() == before

    async def test_types(self, world: World) -> None:
        """Leases are an object with the method lease."""
        with pytest.raises(GlobusSDKUsageError, match="leases must be an object with leases"):
            world.submit([], leases=object())
        with pytest.raises(GlobusSDKUsageError, match="leases must be an object with leases"):
            world.tc.submit_documents([], journal=world.journal, leases="redis")  # type: ignore[arg-type]
