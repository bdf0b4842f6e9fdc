"""Submitting any number of files: packed into tasks, journalled before they are sent, and none of them twice."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from globus_async import AccessTokenAuthorizer, GlobusSDKUsageError, RetryPolicy
from globus_async.clock import SystemClock
from globus_async.emulator.transfer.state import Limits
from globus_async.emulator.transfer.work.task_runner import Pace
from globus_async.errors import SubmissionUncertain
from globus_async.services.transfer import TaskEndReason, TransferAPIError, TransferClient, TransferData
from globus_async.testing import GlobusEmulator, MemoryStorage
from globus_async.testing.faults import drop_after, status
from tests.toolkit.cancel import every_suspension

FILES = {f"in/{number:03d}.txt": f"file {number}" for number in range(100)}


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
        told: dict[str, Any] = {"journal": self.journal, "items_per_task": 7, **options}
        return self.tc.submit_items(self.data, items, **told)

    def submitted(self) -> Counter[str]:
        """Count how often each destination was submitted."""
        return Counter("/" + "/".join(item.destination) for task in self.emulator.tasks for item in task.items)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal.read_text("utf-8").splitlines()]


@asynccontextmanager
async def founded(folder: Path, **options: Any) -> AsyncGenerator[World]:
    async with GlobusEmulator(**options) as emulator:
        ada = emulator.add_identity("ada@example.org", name="Ada")
        source = emulator.add_collection("Instrument", storage=MemoryStorage(FILES), owner=ada)
        destination = emulator.add_collection("Archive", storage=MemoryStorage({"out/": None}), owner=ada)
        authorizer = AccessTokenAuthorizer(emulator.access_token(ada))
        transport = emulator.transport()
        retry = RetryPolicy(base_delay=0.0)
        async with transport, TransferClient(authorizer=authorizer, transport=transport, retry=retry) as tc:
            tc.rate_limit = None
            yield World(emulator, tc, TransferData(source.id, destination.id, label="move"), destination, folder / "j")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    async with founded(tmp_path) as world:
        yield world


class TestSubmitting:
    async def test_packed_into_tasks(self, world: World) -> None:
        """So many items go into a task, the rest into the last; all options are on each."""
        tasks = await world.submit(pairs(20))
        assert [(task.number, task.items, task.is_new) for task in tasks] == [(0, 7, True), (1, 7, True), (2, 6, True)]
        await world.emulator.settle()
        assert {task.id for task in world.emulator.tasks} == {task.task_id for task in tasks}
        assert all(task.label == "move" and task.status.value == "SUCCEEDED" for task in world.emulator.tasks)
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(20)), 1)

    async def test_nothing_to_submit(self, world: World) -> None:
        """No items, no tasks."""
        assert await world.submit([]) == []
        assert world.emulator.tasks == []

    async def test_one_after_the_other(self, world: World) -> None:
        """The next task's items are read when it is asked for, and leaving early leaves nothing open."""
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

    async def test_written_down_before_it_is_sent(self, world: World) -> None:
        """When the service gets a document, the journal has it, submission id included."""
        world.emulator.faults.add("POST", "/v0.10/transfer", status(500), times=1)
        seen = [task.task_id for task in await world.submit(pairs(10))]
        documents = [line["document"] for line in world.lines() if "submit" in line]
        sent = [request.json for request in world.emulator.requests if request.path == "/v0.10/transfer"]
        assert len(sent) == 3
        assert {document["submission_id"] for document in sent} == {d["submission_id"] for d in documents}
        assert [line["task_id"] for line in world.lines() if "submitted" in line] == seen
        assert world.journal.stat().st_mode & 0o777 == 0o600


class TestResuming:
    async def test_the_same_again(self, world: World) -> None:
        """What the journal has is not submitted again; its tasks are told first."""
        first = await world.submit(pairs(20))
        again = await world.submit(pairs(20))
        assert [task.task_id for task in again] == [task.task_id for task in first]
        assert not any(task.is_new for task in again)
        assert len(world.emulator.tasks) == 3

    async def test_the_rest_follows(self, world: World) -> None:
        """After a run that ended early, the rest is submitted; items come from any kind of input."""
        async for task in world.submit(pairs(30)):
            if task.number == 1:
                break
        tasks = await world.submit(iter(pairs(30)))
        assert [task.is_new for task in tasks] == [False, False, True, True, True]
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(30)), 1)

    async def test_more_than_before(self, world: World) -> None:
        """Items may have been added at the end meanwhile."""
        await world.submit(pairs(10))
        tasks = await world.submit(pairs(30))
        assert sum(task.items for task in tasks) == 30
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(30)), 1)

    @pytest.mark.parametrize("items", [pairs(5), [], pairs(20)[1:], list(reversed(pairs(10)))], ids=str)
    async def test_other_items(self, world: World, items: list[tuple[str, str]]) -> None:
        """Items that are not those of the journal are refused before anything new is submitted."""
        await world.submit(pairs(10))
        with pytest.raises(GlobusSDKUsageError, match="items"):
            await world.submit(items)
        assert len(world.emulator.tasks) == 2

    async def test_other_options(self, world: World) -> None:
        """So are other endpoints or options."""
        await world.submit(pairs(10))
        world.data["label"] = "another"
        with pytest.raises(GlobusSDKUsageError, match="other endpoints or options"):
            await world.submit(pairs(10))

    @pytest.mark.parametrize("text", ["hello\n", "[]\n", '{"submitted": 7, "task_id": "x"}\n', '{"journal": 99}\n'])
    async def test_what_is_no_journal(self, world: World, text: str) -> None:
        """A file that is something else is left alone."""
        world.journal.write_text(text, "utf-8")
        with pytest.raises(GlobusSDKUsageError, match="journal"):
            await world.submit(pairs(10))
        assert world.journal.read_text("utf-8") == text
        assert world.emulator.tasks == []

    async def test_a_line_that_a_crash_cut_off(self, world: World) -> None:
        """Wherever the last line is cut off, it counts as not written, and is written anew."""
        await world.submit(pairs(7))
        whole = world.journal.read_bytes()
        *before, confirmed = whole.splitlines(keepends=True)
        for size in range(len(confirmed)):
            world.journal.write_bytes(b"".join(before) + confirmed[:size])
            (task,) = await world.submit(pairs(7))
            assert task.is_new
            assert world.journal.read_bytes() == whole
        assert len(world.emulator.tasks) == 1

    async def test_a_second_process(self, world: World) -> None:
        """Who finds that somebody else has written to the journal stops before submitting."""
        mine, other = world.submit(pairs(30)), world.submit(pairs(30))
        await anext(mine)
        await anext(other)
        await anext(other)
        with pytest.raises(GlobusSDKUsageError, match="another process"):
            await anext(mine)
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(14)), 1)


class TestTroubles:
    async def test_lost_answers(self, world: World) -> None:
        """Answers that are lost on the way make no second task."""
        world.emulator.faults.add("POST", "/v0.10/transfer", drop_after(), times=3)
        tasks = await world.submit(pairs(20))
        assert len(world.emulator.tasks) == len(tasks) == 3

    async def test_an_unknown_outcome(self, world: World) -> None:
        """When nobody knows, that is said, and iterating further finds out."""
        world.emulator.faults.add("POST", "/v0.10/transfer", drop_after(), times=6)
        submitting = world.submit(pairs(10))
        with pytest.raises(SubmissionUncertain):
            await anext(submitting)
        tasks = [task async for task in submitting]
        assert [task.number for task in tasks] == [0, 1]
        assert len(world.emulator.tasks) == 2

    async def test_a_refusal(self, world: World) -> None:
        """A task that the service refuses is an error; when the cause is gone, it goes on."""
        world.emulator.faults.add("POST", "/v0.10/transfer", status(403), times=1)
        submitting = world.submit(pairs(10))
        with pytest.raises(TransferAPIError):
            await anext(submitting)
        assert len([task async for task in submitting]) == 2
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(10)), 1)

    async def test_within_the_limit_of_pending_tasks(self, tmp_path: Path) -> None:
        """No more than so many are pending at a time; what others have pending makes it wait as well."""
        limits, pace = Limits(pending_tasks=4, running_tasks=1), Pace(seconds_per_file=0.001)
        async with founded(tmp_path, limits=limits, pace=pace) as world:
            most = 0
            world.tc.transport.clock = _Hasty()
            async for _ in world.submit(pairs(60), items_per_task=3, max_pending=2):
                most = max(most, sum(not task.is_final for task in world.emulator.tasks))
            assert most <= 2
            (tmp_path / "j").unlink()
            tasks = await world.submit(pairs(60), items_per_task=3, max_pending=50)
            assert len(tasks) == 20
            outcomes = await world.tc.wait_for_tasks([task.task_id for task in tasks]).values()
            assert {outcome.reason for outcome in outcomes} == {TaskEndReason.SUCCEEDED}

    async def test_input_that_fails(self, world: World) -> None:
        """An input that fails, or is cancelled, is not taken for one that is over."""

        def broken() -> Iterable[tuple[str, str]]:
            yield from pairs(10)
            raise OSError("the disk")

        submitting = world.submit(broken())
        assert (await anext(submitting)).number == 0
        with pytest.raises(OSError, match="the disk"):
            await anext(submitting)
        with pytest.raises(GlobusSDKUsageError, match="interrupted"):
            await anext(submitting)
        assert len(world.emulator.tasks) == 1

    async def test_cancelled_at_every_suspension(self, world: World) -> None:
        """However it is cancelled, iterating further submits the rest, and nothing twice."""
        round_ = 0
        items: list[tuple[str, str]] = []
        submitting: Any = None

        async def submit() -> None:
            nonlocal round_, items, submitting
            round_ += 1
            items = pairs(10, name=f"{round_}-")  # others than before, whose tasks may still be at work
            submitting = world.submit(items, journal=world.journal.with_name(f"j{round_}"))
            async for _ in submitting:
                pass

        async def the_rest_follows() -> None:
            async for _ in submitting:
                pass
            submitted = world.submitted()
            assert [submitted[destination] for _, destination in items] == [1] * 10

        assert await every_suspension(submit, the_rest_follows) > 10


class TestArguments:
    @pytest.mark.parametrize(
        "item", ["/a", ("/a",), ("/a", "/b", "/c"), ("", "/b"), ("/a", None), {"source_path": "/a"}, 7], ids=str
    )
    async def test_bad_items(self, world: World, item: Any) -> None:
        """What is no item is refused, and which one it is is said."""
        with pytest.raises(GlobusSDKUsageError, match="item 3"):
            await world.submit([*pairs(3), item])
        assert world.emulator.tasks == []

    async def test_bad_options(self, world: World) -> None:
        """The template has no items of its own, and numbers are above nought."""
        for options in ({"items_per_task": 0}, {"max_pending": 0}):
            with pytest.raises(GlobusSDKUsageError):
                world.submit(pairs(1), **options)
        world.data.add_item("/a", "/b")
        with pytest.raises(GlobusSDKUsageError, match="without items"):
            world.submit(pairs(1))


class _Hasty(SystemClock):
    """A clock whose seconds are milliseconds."""

    def monotonic(self) -> float:
        """Return seconds that never step."""
        return super().monotonic() * 1000

    async def sleep(self, seconds: float) -> None:
        """Wait; cancelling it returns at once."""
        await super().sleep(seconds / 1000)
