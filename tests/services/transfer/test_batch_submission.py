"""Batch submission: items are packed into tasks, recorded in a journal before they are sent, and submitted once."""

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
from globus_async.emulator.transfer.state import Limits, Pace
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
            tc.rate_limit = None
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

    @pytest.mark.parametrize("text", ["hello\n", "[]\n", '{"submitted": 7, "task_id": "x"}\n', '{"journal": 99}\n'])
    async def test_not_a_journal(self, world: World, text: str) -> None:
        """A file that is not a journal is refused and not changed."""
        world.journal.write_text(text, "utf-8")
        with pytest.raises(GlobusSDKUsageError, match="journal"):
            await world.submit(pairs(10))
        assert world.journal.read_text("utf-8") == text
        assert world.emulator.tasks == []

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

    async def test_a_second_process(self, world: World) -> None:
        """A process stops before it submits if another process has written to the journal."""
        mine, other = world.submit(pairs(30)), world.submit(pairs(30))
        await anext(mine)
        await anext(other)
        await anext(other)
        with pytest.raises(GlobusSDKUsageError, match="another process"):
            await anext(mine)
        assert world.submitted() == dict.fromkeys((destination for _, destination in pairs(14)), 1)


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
        "item", ["/a", ("/a",), ("/a", "/b", "/c"), ("", "/b"), ("/a", None), {"source_path": "/a"}, 7], ids=str
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
