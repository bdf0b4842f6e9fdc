"""Batch submission: items are packed into tasks, recorded in a journal before they are sent, and submitted once."""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import os
import pickle
import threading
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from globus_async import (
    AccessTokenAuthorizer,
    GlobusError,
    GlobusSDKUsageError,
    JournalError,
    RetryPolicy,
    SubmittedTask,
)
from globus_async.clock import SystemClock
from globus_async.emulator.transfer.state import Limits, Pace
from globus_async.errors import SubmissionUncertain
from globus_async.services.transfer import TaskEndReason, TransferAPIError, TransferClient, TransferData
from globus_async.testing import GlobusEmulator, MemoryStorage
from globus_async.testing.faults import drop_after, status
from tests.services.transfer.scripted import TASK, A, B, client_of, refusal
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clients import shared
from tests.toolkit.clock import FakeClock

FILES = {f"in/{number:03d}.txt": f"file {number}" for number in range(100)}

FOREIGN = [
    b'{"precious": [1, 2, 3]}',
    b"one line without a line end",
    bytes(range(256)).replace(b"\n", b"") * 9,
    b"hello\nworld\n",
    b"\0" * 99,
    b"[]\n",
    b"7\n",
    b"[" * 99_999 + b"\n",
    b'{"a": 1}\n{"b": 2}\n',
    b'{"submitted": 7, "task_id": "x"}\n',
    b'{"journal": 99}\n',
    b'{"journal": 1, "template": {}}',
]


ABSENT = object()
DAMAGED: dict[str, list[object]] = {
    "submit": [None, True, 1.0, "0", 7, -1],
    "items": [ABSENT, None, True, 0, -1, 7.0, "x", "7", [], [7], {}],
    "digest": [ABSENT, None, 5, [], {}],
    "document": [
        ABSENT,
        None,
        5,
        "{}",
        [],
        {},
        {"DATA": None, "submission_id": TASK},
        {"DATA": []},
        {"DATA": [], "submission_id": ""},
        {"DATA": [], "submission_id": 5},
        {"DATA": [float("nan")], "submission_id": TASK},
    ],
    "submitted": [ABSENT, None, True, False, 0.0, "0", -1, 2, 10**30, []],
    "task_id": [ABSENT, None, 5, True, [1], {"a": 1}, "", ".", "../x", "a/b", "a b", "\0"],
}
"""Values that the members of a journal's lines never have."""


def pairs(count: int, *, name: str = "") -> list[tuple[str, str]]:
    return [(f"/in/{number:03d}.txt", f"/out/{name}{number:03d}.txt") for number in range(count)]


@dataclass
class World:
    emulator: GlobusEmulator
    tc: TransferClient
    data: TransferData
    destination: Any
    journal: Path

    def submit(self, items: Any, **options: Any) -> Any:
        arguments: dict[str, Any] = {"journal": self.journal, "items_per_task": 7, **options}
        return self.tc.submit_items(self.data, items, **arguments)

    def submitted(self) -> Counter[str]:
        """Count how often each destination was submitted."""
        return Counter("/" + "/".join(item.destination) for task in self.emulator.tasks for item in task.items)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal.read_text("utf-8").splitlines()]


@asynccontextmanager
async def make_world(folder: Path, **options: Any) -> AsyncGenerator[World]:
    async with GlobusEmulator(**options) as emulator:
        ada = emulator.add_identity("ada@example.org", name="Ada")
        source = emulator.add_collection("Instrument", storage=MemoryStorage(FILES), owner=ada)
        destination = emulator.add_collection("Archive", storage=MemoryStorage({"out/": None}), owner=ada)
        authorizer = AccessTokenAuthorizer(emulator.access_token(ada))
        transport = emulator.transport()
        retry = RetryPolicy(base_delay=0.0)
        async with transport, TransferClient(authorizer=authorizer, transport=transport, retry=retry) as tc:
            yield World(emulator, tc, TransferData(source.id, destination.id, label="move"), destination, folder / "j")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    async with make_world(tmp_path) as world:
        yield world


class TestSubmission:
    async def test_packed_into_tasks(self, world: World) -> None:
        """Each task has ``items_per_task`` items, the last one the rest; each has all options."""
        tasks = await world.submit(pairs(20))
        assert [(task.number, task.items, task.is_new) for task in tasks] == [(0, 7, True), (1, 7, True), (2, 6, True)]
        await world.emulator.settle()
        assert {task.id for task in world.emulator.tasks} == {task.task_id for task in tasks}
        assert all(task.label == "move" and task.status.value == "SUCCEEDED" for task in world.emulator.tasks)
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(20)), 1)

    async def test_nothing_to_submit(self, world: World) -> None:
        """Without items no task is submitted."""
        assert await world.submit([]) == []
        assert world.emulator.tasks == []

    async def test_lazy_reading(self, world: World) -> None:
        """The items of a task are read when it is due; breaking out of the iteration leaves nothing open."""
        read: list[int] = []

        async def items() -> AsyncIterator[dict[str, Any]]:
            for number, (source, destination) in enumerate(pairs(50)):
                read.append(number)
                await asyncio.sleep(0)
                yield {"source_path": source, "destination_path": destination, "recursive": False}

        source = items()
        async for task in world.submit(source):
            if task.number == 1:
                break
        assert len(read) == 14
        assert len(world.emulator.tasks) == 2
        await source.aclose()  # type: ignore[attr-defined] # a generator

    async def test_workers_share_a_submission(self, world: World) -> None:
        """Each task is recorded and submitted once, and given to one of them; the journal can be resumed."""
        tasks = await shared(world.submit(pairs(30)))
        assert [task.number for task in tasks] == [0, 1, 2, 3, 4]
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(30)), 1)
        assert [task.is_new for task in await world.submit(pairs(30))] == [False] * 5

    async def test_recorded_before_sending(self, world: World) -> None:
        """A document is in the journal, with its submission id, before it is sent."""
        world.emulator.faults.add("POST", "/v0.10/transfer", status(500), times=1)
        seen = [task.task_id for task in await world.submit(pairs(10))]
        documents = [line["document"] for line in world.lines() if "submit" in line]
        sent = [request.json for request in world.emulator.requests if request.path == "/v0.10/transfer"]
        assert len(sent) == 3
        assert {document["submission_id"] for document in sent} == {d["submission_id"] for d in documents}
        assert [line["task_id"] for line in world.lines() if "submitted" in line] == seen
        assert world.journal.stat().st_mode & 0o777 == 0o600


class TestResuming:
    async def test_same_items_again(self, world: World) -> None:
        """Items in the journal are not submitted again; their tasks are returned first."""
        first = await world.submit(pairs(20))
        again = await world.submit(pairs(20))
        assert [task.task_id for task in again] == [task.task_id for task in first]
        assert not any(task.is_new for task in again)
        assert len(world.emulator.tasks) == 3

    async def test_remaining_items(self, world: World) -> None:
        """After an interrupted run the remaining items are submitted, from any kind of input."""
        async for task in world.submit(pairs(30)):
            if task.number == 1:
                break
        tasks = await world.submit(iter(pairs(30)))
        assert [task.is_new for task in tasks] == [False, False, True, True, True]
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(30)), 1)

    async def test_items_added_at_the_end(self, world: World) -> None:
        """Items may be added at the end between two runs."""
        await world.submit(pairs(10))
        tasks = await world.submit(pairs(30))
        assert sum(task.items for task in tasks) == 30
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(30)), 1)

    @pytest.mark.parametrize("items", [pairs(5), [], pairs(20)[1:], list(reversed(pairs(10)))], ids=str)
    async def test_different_items(self, world: World, items: list[tuple[str, str]]) -> None:
        """Items that differ from those of the journal are refused before a task is submitted."""
        await world.submit(pairs(10))
        with pytest.raises(GlobusSDKUsageError, match="items"):
            await world.submit(items)
        assert len(world.emulator.tasks) == 2

    async def test_different_options(self, world: World) -> None:
        """Endpoints or options that differ from those of the journal are refused."""
        await world.submit(pairs(10))
        world.data["label"] = "another"
        with pytest.raises(GlobusSDKUsageError, match="other endpoints or options"):
            await world.submit(pairs(10))

    @pytest.mark.parametrize("content", FOREIGN, ids=ascii)
    async def test_not_a_journal(self, world: World, content: bytes) -> None:
        """A file that is not a journal is refused and not changed, with or without a line end."""
        world.journal.write_bytes(content)
        with pytest.raises(GlobusSDKUsageError, match="journal"):
            await world.submit(pairs(10))
        assert world.journal.read_bytes() == content
        assert world.emulator.tasks == []

    @pytest.mark.parametrize("entry", [0, 1])
    @pytest.mark.parametrize(("member", "values"), DAMAGED.items(), ids=DAMAGED)
    async def test_a_damaged_line(self, world: World, member: str, values: list[object], entry: int) -> None:
        """A line whose members no journal has is refused by file and line; nothing is submitted or changed."""
        await world.submit(pairs(14))
        lines = world.lines()
        number = next(at for at, line in enumerate(lines) if member in line) + 2 * entry
        del lines[number + 1 :]
        for value in values:
            damaged = [*lines]
            damaged[number] = {name: old for name, old in lines[number].items() if name != member}
            if value is not ABSENT:
                damaged[number][member] = value
            content = "".join(f"{json.dumps(line)}\n" for line in damaged).encode()
            world.journal.write_bytes(content)
            with pytest.raises(GlobusSDKUsageError, match=f"line {number + 1}\\b") as refused:
                await world.submit(pairs(14))
            assert str(world.journal) in str(refused.value)
            assert world.journal.read_bytes() == content
            assert len(world.emulator.tasks) == 2

    @pytest.mark.parametrize("line", [b"[]\n", b"{\n", b"\n", b"\xff\n", b"[" * 9_999 + b"\n"])
    async def test_a_line_that_is_no_object(self, world: World, line: bytes) -> None:
        """The same."""
        await world.submit(pairs(7))
        content = world.journal.read_bytes() + line
        world.journal.write_bytes(content)
        with pytest.raises(GlobusSDKUsageError, match=r"line 4\b"):
            await world.submit(pairs(7))
        assert world.journal.read_bytes() == content

    async def test_a_second_id_of_a_task(self, world: World) -> None:
        """A task has one id; a line that repeats it does no harm."""
        await world.submit(pairs(7))
        content = world.journal.read_bytes()
        *_, submitted = content.splitlines(keepends=True)
        world.journal.write_bytes(content + submitted)
        assert [task.is_new for task in await world.submit(pairs(7))] == [False]
        world.journal.write_bytes(content + json.dumps({"submitted": 0, "task_id": TASK}).encode() + b"\n")
        with pytest.raises(GlobusSDKUsageError, match=r"line 4\b"):
            await world.submit(pairs(7))

    async def test_a_large_header(self, world: World) -> None:
        """A submission with large options is resumed, whatever their size."""
        world.data["label"] = "x" * (1 << 20)
        with pytest.raises(TransferAPIError):
            await world.submit(pairs(7))
        content = world.journal.read_bytes()
        with pytest.raises(TransferAPIError):  # of the service, as before: the journal itself is accepted
            await world.submit(pairs(7))
        assert world.journal.read_bytes() == content
        world.data["label"] = "another"
        with pytest.raises(GlobusSDKUsageError, match="not a journal"):
            await world.submit(pairs(7))
        assert world.journal.read_bytes() == content

    @pytest.mark.parametrize("tail", [b"notes", b'{"submitting": 1', b"\0x"])
    async def test_a_foreign_last_line(self, world: World, tail: bytes) -> None:
        """What others have appended to a journal is not taken for a line that a crash has cut off."""
        await world.submit(pairs(7))
        content = world.journal.read_bytes() + tail
        world.journal.write_bytes(content)
        with pytest.raises(GlobusSDKUsageError, match="not a journal"):
            await world.submit(pairs(7))
        assert world.journal.read_bytes() == content

    async def test_incomplete_header(self, world: World) -> None:
        """A header of this submission that a crash has cut off is written again; that of another one is kept."""
        await world.submit([])
        header = world.journal.read_bytes()
        for size in range(len(header)):
            world.journal.write_bytes(header[:size])
            assert await world.submit([]) == []
            assert world.journal.read_bytes() == header
        world.data["label"] = "another"
        world.journal.write_bytes(header[:-5])
        with pytest.raises(GlobusSDKUsageError, match="not a journal"):
            await world.submit([])
        assert world.journal.read_bytes() == header[:-5]

    async def test_zeros_after_a_crash(self, world: World) -> None:
        """Zeros, with which a file system fills up what it has lost, are ignored like an incomplete line."""
        await world.submit(pairs(7))
        whole = world.journal.read_bytes()
        for tail in (b"\0" * 50, b'{"subm\0\0\0'):
            world.journal.write_bytes(whole + tail)
            (task,) = await world.submit(pairs(7))
            assert not task.is_new
        assert len(await world.submit(pairs(9))) == 2
        assert world.journal.read_bytes().startswith(whole)
        assert b"\0" not in world.journal.read_bytes()

    async def test_incomplete_last_line(self, world: World) -> None:
        """An incomplete last line of any length is ignored and overwritten."""
        await world.submit(pairs(7))
        whole = world.journal.read_bytes()
        *before, confirmed = whole.splitlines(keepends=True)
        for size in range(len(confirmed)):
            world.journal.write_bytes(b"".join(before) + confirmed[:size])
            (task,) = await world.submit(pairs(7))
            assert task.is_new
            assert world.journal.read_bytes() == whole
        assert len(world.emulator.tasks) == 1

    async def test_a_second_submission(self, world: World) -> None:
        """A submission stops before it sends anything if another one has written to the journal."""
        mine, other = world.submit(pairs(30)), world.submit(pairs(30))
        await anext(mine)
        await anext(other)
        await anext(other)
        with pytest.raises(GlobusSDKUsageError, match="another submission"):
            await anext(mine)
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(14)), 1)

    async def test_several_begin_a_journal_at_once(self, world: World) -> None:
        """Whichever goes on, the others are refused with an error of this library, and each item is submitted once."""
        submissions = [world.submit(pairs(30)) for _ in range(3)]
        for result in await asyncio.gather(*submissions, return_exceptions=True):
            assert isinstance(result, list | GlobusSDKUsageError)
        await world.submit(pairs(30))
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(30)), 1)

    async def test_a_write_of_a_cancelled_submission(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """A later submission waits for the end of the write instead of being refused."""
        is_writing, may_end, fsync = threading.Event(), threading.Event(), os.fsync

        def slow_fsync(file: int) -> None:
            is_writing.set()
            assert may_end.wait(10)
            fsync(file)

        monkeypatch.setattr("os.fsync", slow_fsync)
        task = asyncio.ensure_future(world.submit(pairs(10)))
        assert await asyncio.to_thread(is_writing.wait, 10)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
        later = asyncio.ensure_future(world.submit(pairs(10)))
        await asyncio.sleep(0.05)
        may_end.set()
        assert len(await later) == 2
        assert task.cancelled()
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(10)), 1)


class TestFileSystem:
    """The file system refuses, or the path leads to something other than a file."""

    async def refused(self, world: World, reason: str) -> None:
        """Assert that a submission ends with an error that names the journal, and submits nothing."""
        with pytest.raises(JournalError, match=reason) as refused:
            await world.submit(pairs(3))
        assert str(world.journal) in str(refused.value)
        assert isinstance(refused.value, (GlobusError, OSError))
        assert world.emulator.tasks == []

    async def test_a_directory(self, world: World) -> None:
        """Its error is one of the library."""
        world.journal.mkdir()
        await self.refused(world, "directory")

    async def test_a_missing_directory(self, world: World) -> None:
        """The directory of a journal is not created."""
        world.journal = world.journal / "missing" / "j"
        await self.refused(world, "No such file")

    async def test_no_locks(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file system without locks is not taken for another submission."""
        for number in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):

            def flock(*_: object, number: int = number) -> None:
                raise OSError(number, os.strerror(number))

            monkeypatch.setattr("fcntl.flock", flock)
            await self.refused(world, "no locks")

    async def test_a_pipe_and_a_device(self, world: World) -> None:
        """They are refused at once, without waiting for the other end of the pipe."""
        os.mkfifo(world.journal)
        for path in (world.journal, Path(os.devnull)):
            with pytest.raises(GlobusSDKUsageError, match="not a regular file"):
                await world.submit(pairs(3), journal=path)
        assert world.emulator.tasks == []

    async def test_symlinks(self, world: World) -> None:
        """A symlink is followed; the file that it leads to is kept if it is not a journal."""
        target = world.journal.with_name("target")
        world.journal.symlink_to(target)
        assert len(await world.submit(pairs(7))) == 1
        assert (await world.submit(pairs(7), journal=target))[0].is_new is False
        target.write_bytes(b"precious")
        with pytest.raises(GlobusSDKUsageError, match="not a journal"):
            await world.submit(pairs(7))
        assert target.read_bytes() == b"precious"

    async def test_replaced_during_a_submission(self, world: World) -> None:
        """A journal that disappears or becomes shorter is not continued in the middle."""
        submission = world.submit(pairs(30))
        await anext(submission)
        world.journal.write_bytes(b"")
        with pytest.raises(GlobusSDKUsageError, match="changed"):
            await anext(submission)
        assert world.journal.read_bytes() == b""
        world.journal.unlink()
        with pytest.raises(JournalError, match="No such file"):
            await anext(submission)
        assert not world.journal.exists()

    async def test_full_disk(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """Wherever the disk is full, the error is one of the library, and iterating further submits all, once."""
        sync = os.fsync
        for at in range(1, 9):
            count = itertools.count(1)

            def full(descriptor: int, at: int = at, count: Iterator[int] = count) -> None:
                if next(count) == at:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                sync(descriptor)

            monkeypatch.setattr("os.fsync", full)
            items = pairs(14, name=f"{at}-")
            submission = world.submit(items, journal=world.journal.with_name(f"j{at}"))
            tasks: list[Any] = []
            with pytest.raises(JournalError, match="No space left") if at < 7 else nullcontext():
                tasks += [task async for task in submission]
            tasks += [task async for task in submission]
            submitted = world.submitted()
            assert [submitted[destination] for _, destination in items] == [1] * 14

    async def test_several_begin_at_once(self, world: World) -> None:
        """One goes on, the others are refused by an error of the library; afterwards every item was submitted once."""
        submissions = [world.submit(pairs(14)) for _ in range(5)]
        results = await asyncio.gather(*(anext(each) for each in submissions), return_exceptions=True)
        assert all(isinstance(each, (SubmittedTask, GlobusSDKUsageError)) for each in results), results
        assert any(isinstance(each, SubmittedTask) for each in results)
        await world.submit(pairs(14))
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(14)), 1)

    def test_the_error_can_be_pickled(self) -> None:
        """With its number, as every error of the library."""
        error = pickle.loads(pickle.dumps(JournalError(errno.ENOSPC, "the journal j cannot be used: full")))
        assert (error.errno, str(error)) == (errno.ENOSPC, "[Errno 28] the journal j cannot be used: full")


class TestFaults:
    async def test_lost_responses(self, world: World) -> None:
        """Lost responses do not lead to a second task."""
        world.emulator.faults.add("POST", "/v0.10/transfer", drop_after(), times=3)
        tasks = await world.submit(pairs(20))
        assert len(world.emulator.tasks) == len(tasks) == 3

    async def test_uncertain_outcome(self, world: World) -> None:
        """An uncertain submission raises, and iterating further settles it."""
        world.emulator.faults.add("POST", "/v0.10/transfer", drop_after(), times=6)
        submission = world.submit(pairs(10))
        with pytest.raises(SubmissionUncertain):
            await anext(submission)
        tasks = [task async for task in submission]
        assert [task.number for task in tasks] == [0, 1]
        assert len(world.emulator.tasks) == 2

    async def test_refused_task(self, world: World) -> None:
        """A refused task raises; iterating further submits it again."""
        world.emulator.faults.add("POST", "/v0.10/transfer", status(403), times=1)
        submission = world.submit(pairs(10))
        with pytest.raises(TransferAPIError):
            await anext(submission)
        assert len([task async for task in submission]) == 2
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(10)), 1)

    @pytest.mark.slow
    async def test_limit_of_pending_tasks(self, tmp_path: Path) -> None:
        """At most ``max_pending`` tasks are pending; the service's own limit makes it wait as well."""
        limits, pace = Limits(pending_tasks=4, running_tasks=1), Pace(seconds_per_file=0.001)
        async with make_world(tmp_path, limits=limits, pace=pace) as world:
            maximum = 0
            world.tc.transport.clock = _FastClock()
            async for _ in world.submit(pairs(60), items_per_task=3, max_pending=2):
                maximum = max(maximum, sum(not task.is_final for task in world.emulator.tasks))
            assert maximum <= 2
            (tmp_path / "j").unlink()
            tasks = await world.submit(pairs(60), items_per_task=3, max_pending=50)
            assert len(tasks) == 20
            outcomes = await world.tc.wait_for_tasks([task.task_id for task in tasks]).values()
            assert {outcome.reason for outcome in outcomes} == {TaskEndReason.SUCCEEDED}

    @pytest.mark.parametrize(
        ("failure", "count", "polls_made"), [(403, 1, 1), (401, 1, 1), (500, 4, 5), (429, 4, 5), (503, 9, 5)]
    )
    async def test_pending_tasks_that_cannot_be_polled(
        self, tmp_path: Path, failure: int, count: int, polls_made: int
    ) -> None:
        """The poll is repeated after a transient failure; a permanent one, and the fifth in a row, are raised."""
        polls = 0

        def service(request: httpx.Request) -> httpx.Response:
            nonlocal polls
            if request.method == "POST":
                return httpx.Response(202, json={"code": "Accepted", "task_id": TASK})
            if request.url.path.endswith("submission_id"):
                return httpx.Response(200, json={"value": str(uuid.uuid4())})
            polls += 1
            return httpx.Response(200, json={"status": "SUCCEEDED"}) if polls > count else refusal(failure, "Refused")

        async with client_of(service, clock=FakeClock(skipping=True)) as tc:
            submission = tc.submit_items(
                TransferData(A, B), pairs(2), journal=tmp_path / "j", items_per_task=1, max_pending=1
            )
            with nullcontext() if count < polls_made else pytest.raises(TransferAPIError):
                assert [task.number for task in await submission] == [0, 1]
        assert polls == polls_made

    async def test_failing_input(self, world: World) -> None:
        """An input that raises is not mistaken for an exhausted one."""

        def broken() -> Iterable[tuple[str, str]]:
            yield from pairs(10)
            raise OSError("the disk")

        submission = world.submit(broken())
        assert (await anext(submission)).number == 0
        with pytest.raises(OSError, match="the disk"):
            await anext(submission)
        with pytest.raises(GlobusSDKUsageError, match="interrupted"):
            await anext(submission)
        assert len(world.emulator.tasks) == 1

    @pytest.mark.slow
    async def test_cancelled_at_every_suspension(self, world: World) -> None:
        """After a cancellation at any point, iterating further submits all items, each once."""
        round_ = 0
        items: list[tuple[str, str]] = []
        submission: Any = None

        async def submit() -> None:
            nonlocal round_, items, submission
            round_ += 1
            items = pairs(10, name=f"{round_}-")  # new items: the tasks of the former ones may still be active
            submission = world.submit(items, journal=world.journal.with_name(f"j{round_}"))
            async for _ in submission:
                pass

        async def all_are_submitted() -> None:
            async for _ in submission:
                pass
            submitted = world.submitted()
            assert [submitted[destination] for _, destination in items] == [1] * 10

        assert await every_suspension(submit, all_are_submitted) > 10


class TestArguments:
    @pytest.mark.parametrize(
        "item", [None, "/a", ("/a",), ("/a", "/b", "/c"), ("", "/b"), ("/a", None), {"source_path": "/a"}, 7], ids=str
    )
    async def test_invalid_items(self, world: World, item: Any) -> None:
        """An invalid item is refused with an error that has its index."""
        with pytest.raises(GlobusSDKUsageError, match="item 3"):
            await world.submit([*pairs(3), item])
        assert world.emulator.tasks == []

    async def test_invalid_options(self, world: World) -> None:
        """A template with items, and limits below 1, are refused."""
        for options in ({"items_per_task": 0}, {"max_pending": 0}):
            with pytest.raises(GlobusSDKUsageError):
                world.submit(pairs(1), **options)
        world.data.add_item("/a", "/b")
        with pytest.raises(GlobusSDKUsageError, match="without items"):
            world.submit(pairs(1))


class _FastClock(SystemClock):
    """A clock whose seconds are milliseconds."""

    def monotonic(self) -> float:
        """Return the monotonic time, in milliseconds."""
        return super().monotonic() * 1000

    async def sleep(self, seconds: float) -> None:
        """Sleep for as many milliseconds."""
        await super().sleep(seconds / 1000)
