"""Submission of independent documents: each recorded in a journal before it is sent, and submitted once."""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from globus_async import AccessTokenAuthorizer, BulkError, GlobusSDKUsageError, RetryPolicy, SubmissionUncertain
from globus_async.emulator.transfer.state import Limits, Pace
from globus_async.services.transfer import DeleteData, PermissionDenied, TransferAPIError, TransferClient, TransferData
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage
from globus_async.testing.faults import drop_after, status
from tests.services.transfer.scripted import A, B, C, client_of, document_of, refusal
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clients import shared
from tests.toolkit.clock import FakeClock
from tests.toolkit.random_cases import cases

FILES = {f"in/{number:03d}.txt": f"file {number}" for number in range(40)}


@dataclass
class World:
    emulator: GlobusEmulator
    tc: TransferClient
    source: str
    destination: str
    journal: Path

    def documents(self, count: int, *, name: str = "") -> list[dict[str, Any]]:
        """Return transfers of a file each, and a deletion after every fourth."""
        documents: list[dict[str, Any]] = []
        for number in range(count):
            if number % 5 == 4:
                document: Any = DeleteData(self.source, label=f"{name}{number}", ignore_missing=True)
                document.add_item(f"/out/{name}{number}.txt")
            else:
                document = TransferData(self.source, self.destination, label=f"{name}{number}")
                document.add_item(f"/in/{number % 40:03d}.txt", f"/out/{name}{number}.txt")
            documents.append(document)
        return documents

    def submit(self, documents: Any, **options: Any) -> Any:
        arguments: dict[str, Any] = {"journal": self.journal, **options}
        return self.tc.submit_documents(documents, **arguments)

    def labels(self) -> list[str]:
        """Return the labels of all tasks."""
        return sorted(str(task.label) for task in self.emulator.tasks)


@asynccontextmanager
async def make_world(folder: Path, **options: Any) -> AsyncGenerator[World]:
    async with GlobusEmulator(**options) as emulator:
        ada = emulator.add_identity("ada@example.org", name="Ada")
        source = emulator.add_collection("Instrument", storage=MemoryStorage(FILES), owner=ada)
        destination = emulator.add_collection("Archive", storage=MemoryStorage({"out/": None}), owner=ada)
        authorizer = AccessTokenAuthorizer(emulator.access_token(ada))
        retry = RetryPolicy(base_delay=0.0)
        async with emulator.transport() as transport:
            tc = TransferClient(authorizer=authorizer, transport=transport, retry=retry)
            yield World(emulator, tc, source.id, destination.id, folder / "j")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    async with make_world(tmp_path) as world:
        yield world


class TestSubmission:
    async def test_each_document_is_a_task(self, world: World) -> None:
        """Transfers and deletions, in the order of the input; the documents are not changed."""
        documents = world.documents(10)
        before = copy.deepcopy(documents)
        outcomes = await world.submit(documents)
        assert [outcome.index for outcome in outcomes] == list(range(10))
        assert all(outcome.item is document for outcome, document in zip(outcomes, documents, strict=True))
        assert [outcome.value.task_id for outcome in outcomes] == [task.id for task in world.emulator.tasks]
        assert [outcome.value.items for outcome in outcomes] == [1] * 10
        assert world.labels() == [str(number) for number in range(10)]
        assert documents == before

    async def test_use_without_async(self, world: World) -> None:
        """It says how it is used, as its representation does, and how far it is."""
        documents: Any = world.submit(world.documents(2))
        items: Any = world.tc.submit_items(TransferData(A, B), [], journal=world.journal.with_name("k"))
        await anext(documents)
        assert repr(documents) == f"<DocumentSubmission to {world.journal}, 1 so far; await it, or use 'async for'>"
        assert repr(items) == (
            f"<BatchSubmission to {world.journal.with_name('k')}, 0 tasks so far; await it, or use 'async for'>"
        )
        for submission in (documents, items):
            with pytest.raises(TypeError, match="use 'async for'"):
                list(submission)

    async def test_lazy_reading(self, world: World) -> None:
        """A document is read when it is due."""
        read: list[int] = []

        async def documents() -> AsyncIterator[dict[str, Any]]:
            for number, document in enumerate(world.documents(10)):
                read.append(number)
                await asyncio.sleep(0)
                yield document

        source = documents()
        async for outcome in world.submit(source):
            if outcome.index == 2:
                break
        assert read == [0, 1, 2]
        await source.aclose()  # type: ignore[attr-defined] # a generator

    async def test_workers_share_a_submission(self, world: World) -> None:
        """Each document is recorded and submitted once, and its outcome is given to one of them."""
        outcomes = await shared(world.submit(world.documents(12)))
        assert [outcome.index for outcome in outcomes] == list(range(12))
        assert world.labels() == sorted(str(number) for number in range(12))
        assert [outcome.value.is_new for outcome in await world.submit(world.documents(12))] == [False] * 12

    async def test_submission_ids(self, world: World) -> None:
        """A document's own submission id is used; each of the others gets one, recorded before sending."""
        documents = world.documents(3)
        documents[1]["submission_id"] = C
        world.emulator.faults.add("POST", "/v0.10/transfer", status(500), times=1)
        await world.submit(documents)
        sent = [request.json for request in world.emulator.requests if request.method == "POST"]
        lines = [json.loads(line) for line in world.journal.read_text("utf-8").splitlines()]
        assert [line["document"] for line in lines if "submit" in line] == sent[1:]
        assert sent[0] == sent[1]
        assert sent[2]["submission_id"] == C
        assert len({document["submission_id"] for document in sent}) == 3

    async def test_resuming(self, world: World) -> None:
        """Documents that the journal has are not submitted again; the remaining ones follow, and further ones."""
        async for outcome in world.submit(world.documents(5)):
            if outcome.index == 2:
                break
        outcomes = await world.submit(iter(world.documents(8)))
        assert [outcome.value.is_new for outcome in outcomes] == [False] * 3 + [True] * 5
        assert world.labels() == [str(number) for number in range(8)]


class AdvancingClock(ManualClock):
    """The clock of an emulator, for a client whose sleeps advance it."""

    def __init__(self, emulator: GlobusEmulator) -> None:
        super().__init__()
        self._emulator = emulator

    def monotonic(self) -> float:
        """Return the seconds of the emulator."""
        return self._emulator.clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Advance the emulator."""
        await self._emulator.advance(seconds)


class TestPendingTasks:
    async def test_limits(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """No more than ``max_pending`` are unfinished, nor than the service accepts beside those of other programs."""
        caplog.set_level(logging.INFO, "globus_async")
        limits, pace = Limits(pending_tasks=4, running_tasks=1), Pace(seconds_per_file=7)
        async with make_world(tmp_path, limits=limits, pace=pace, clock=ManualClock()) as world:
            world.tc.transport.clock = AdvancingClock(world.emulator)
            for document in world.documents(3, name="other"):
                await world.tc.submit_transfer(document)
            maximum = 0
            for journal, max_pending in (("j", 2), ("k", 50)):
                async for outcome in world.submit(
                    world.documents(12, name=f"{journal}-"),
                    journal=tmp_path / journal,
                    max_pending=max_pending,
                ):
                    assert outcome.error is None
                    unfinished = [task for task in world.emulator.tasks if not task.is_final]
                    own = sum(str(task.label).startswith("j-") for task in unfinished)
                    maximum = max(maximum, own if max_pending == 2 else len(unfinished))
                assert maximum <= max_pending
            assert len(world.emulator.tasks) == 27
            assert len(set(world.labels())) == 27
        messages = [record.getMessage() for record in caplog.records]
        assert any("waiting for one to end" in message for message in messages)
        assert any("accepts no more pending tasks" in message for message in messages)

    @pytest.mark.parametrize(
        ("codes", "raising"), [([503] * 4, []), ([503] * 5, [503]), ([503, 403], [403]), ([404], [])], ids=repr
    )
    async def test_failed_polls(self, tmp_path: Path, codes: list[int], raising: list[int]) -> None:
        """Four transient failures in a row are passed over; a fifth or permanent one is raised."""
        service, failures = Service(), iter(codes)

        async def respond(request: httpx.Request) -> httpx.Response:
            if "/task/" not in request.url.path:
                return await service(request)
            code = next(failures, None)
            return refusal(code, "Code") if code else httpx.Response(200, json={"status": "SUCCEEDED"})

        raised: list[int] = []
        async with client_of(respond, clock=FakeClock(skipping=True)) as tc:
            submission = tc.submit_documents(scripted_documents(), journal=tmp_path / "j", max_pending=1)
            for _ in range(len(raising) + 1):
                try:
                    await submission
                except TransferAPIError as error:
                    raised.append(error.http_status)
        assert raised == raising
        service.check()


class TestErrors:
    async def test_a_refused_document(self, world: World) -> None:
        """Its error is its outcome, and the others are submitted; the next run submits it with the same id."""
        world.emulator.faults.add("POST", "/v0.10/transfer", status(403), times=1)
        outcomes = await world.submit(world.documents(4))
        assert [type(outcome.error) for outcome in outcomes] == [PermissionDenied, *[type(None)] * 3]
        with pytest.raises(PermissionDenied):
            _ = outcomes[0].value
        assert world.labels() == ["1", "2", "3"]
        outcomes = await world.submit(world.documents(4))
        assert [outcome.value.is_new for outcome in outcomes] == [True, False, False, False]
        assert world.labels() == ["0", "1", "2", "3"]
        ids = [request.json["submission_id"] for request in world.emulator.requests if request.method == "POST"]
        assert ids[0] == ids[-1]

    async def test_an_uncertain_document(self, world: World) -> None:
        """Whether it is a task is settled by the next run, which never makes a second one."""
        world.emulator.faults.add("POST", "/v0.10/transfer", drop_after(), times=6)
        outcomes = await world.submit(world.documents(3))
        assert isinstance(outcomes[0].error, SubmissionUncertain)
        assert world.labels() == ["0", "1", "2"]
        outcomes = await world.submit(world.documents(3))
        assert [outcome.value.task_id for outcome in outcomes] == [task.id for task in world.emulator.tasks]

    async def test_values(self, world: World) -> None:
        """The first error is raised, with the outcomes so far, and no further document is submitted."""
        assert [task.number for task in await world.submit(world.documents(2)).values()] == [0, 1]
        world.emulator.faults.add("POST", "/v0.10/transfer", status(403), times=1)
        with pytest.raises(BulkError) as refused:
            await world.submit(world.documents(4)).values()
        assert [type(error) for error in refused.value.exceptions] == [PermissionDenied]
        assert [outcome.error is None for outcome in refused.value.outcomes] == [True, True, False]
        assert world.labels() == ["0", "1"]

    async def test_no_connection(self, tmp_path: Path) -> None:
        """Without a connection the iteration raises, and can be continued."""
        service = Service()
        submission: Any
        async with client_of(service) as tc:
            submission = tc.submit_documents(scripted_documents(), journal=tmp_path / "j")
            service.is_down = True
            for _ in range(2):
                with pytest.raises(Exception, match="refused"):
                    await anext(submission)
            service.is_down = False
            assert [outcome.error async for outcome in submission] == [None] * 3
        service.check()

    @pytest.mark.parametrize(
        "bad",
        [
            7,
            "x",
            {},
            {"DATA_TYPE": "tunnel"},
            {"DATA_TYPE": ["transfer"]},
            None,
            {**TransferData(A, B), "DATA": 5},
            {**TransferData(A, B), "DATA": "/a"},
            TransferData(A, B),
            {**TransferData(A, B), "DATA": [{"source_path": "/caf\udce9", "destination_path": "/b"}]},
        ],
        ids=ascii,
    )
    async def test_invalid_documents(self, world: World, bad: Any) -> None:
        """The error has the number of the document, which is neither recorded nor sent."""
        with pytest.raises(GlobusSDKUsageError, match="document 2 is invalid"):
            await world.submit([*world.documents(2), bad])
        assert world.labels() == ["0", "1"]
        await world.submit(world.documents(3))
        assert world.labels() == ["0", "1", "2"]

    async def test_the_submission_id_of_another_document(self, world: World) -> None:
        """It is refused, because the service would take the document for the earlier one, and submit nothing."""
        documents = world.documents(3)
        documents[1]["submission_id"], documents[2]["submission_id"] = C, C.upper()
        for _ in range(2):
            with pytest.raises(GlobusSDKUsageError, match="document 2 has the same submission id as document 1"):
                await world.submit(documents)
        assert world.labels() == ["0", "1"]

    async def test_changed_documents(self, world: World) -> None:
        """Documents that differ from those of the journal are refused, as are fewer of them, and other journals."""
        await world.submit(world.documents(4))
        changed = world.documents(4)
        changed[2]["label"] = "changed"
        with pytest.raises(GlobusSDKUsageError, match="document 2, a transfer, differs"):
            await world.submit(changed)
        with pytest.raises(GlobusSDKUsageError, match="fewer documents"):
            await world.submit(world.documents(3))
        with pytest.raises(GlobusSDKUsageError, match="another submission"):
            await world.tc.submit_items(TransferData(A, B), [("/a", "/b")], journal=world.journal)
        assert len(world.emulator.tasks) == 4

    async def test_failing_input(self, world: World) -> None:
        """An input that raises is not mistaken for an exhausted one."""

        def broken() -> Iterator[dict[str, Any]]:
            yield from world.documents(1)
            raise OSError("the disk")

        submission = world.submit(broken())
        await anext(submission)
        with pytest.raises(OSError, match="the disk"):
            await anext(submission)
        with pytest.raises(GlobusSDKUsageError, match="interrupted"):
            await anext(submission)

    @pytest.mark.parametrize("options", [{"max_pending": 0}, {"documents": TransferData(A, B)}])
    async def test_invalid_arguments(self, world: World, options: dict[str, Any]) -> None:
        """A limit below 1, or a single document."""
        with pytest.raises(GlobusSDKUsageError):
            world.submit(**{"documents": [], **options})


def scripted_documents() -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = []
    for number in range(3):
        document = TransferData(A, B)
        document.add_item(f"/a{number}", "/b")
        documents.append(document)
    return documents


SUBMISSION_IDS = itertools.count(1)


class Service:
    """Creates one task for each submission id."""

    def __init__(self) -> None:
        self.is_down = False
        self.tasks: dict[str, tuple[str, str]] = {}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        if self.is_down:
            raise httpx.ConnectError("refused")
        if request.url.path == "/v0.10/submission_id":
            return httpx.Response(200, json={"value": str(UUID(int=next(SUBMISSION_IDS)))})
        task_id = self.create(document_of(request))
        await asyncio.sleep(0)
        return httpx.Response(200, json={"code": "Accepted", "task_id": task_id})

    def create(self, document: dict[str, Any]) -> str:
        """Create the task of a document, unless it exists; return its id."""
        (item,) = document["DATA"]
        new = str(UUID(int=1000 + len(self.tasks))), item["source_path"]
        task_id, path = self.tasks.setdefault(document["submission_id"], new)
        assert path == item["source_path"], "another document has the same submission id"
        return task_id

    def check(self) -> None:
        """Assert that each document is one task."""
        assert sorted(path for _, path in self.tasks.values()) == ["/a0", "/a1", "/a2"]


class TestInterruptions:
    @pytest.mark.slow
    @pytest.mark.parametrize("was_sent", [False, True])
    async def test_the_journal_cut_at_every_byte(self, tmp_path: Path, was_sent: bool) -> None:
        """After a crash at any byte of the journal, before or after the document was sent, each is one task."""
        whole = Service()
        async with client_of(whole) as tc:
            await tc.submit_documents(scripted_documents(), journal=tmp_path / "whole")
        text = (tmp_path / "whole").read_bytes()
        journal = tmp_path / "cut"
        sizes = range(len(text) + 1)
        ends = [size for size in sizes if text[size - 1 : size + 2].count(b"\n")]
        for size in sorted({*ends, *sizes[:: len(sizes) // cases(len(sizes))]}):
            journal.write_bytes(text[:size])
            service = Service()
            recorded: list[dict[str, Any]] = []
            for line in map(json.loads, text[:size].split(b"\n")[:-1]):
                if "submit" in line:
                    recorded.append(line["document"])
                    if was_sent:
                        service.create(recorded[-1])
                elif "submitted" in line:
                    service.create(recorded[line["submitted"]])
            async with client_of(service) as tc:
                outcomes = await tc.submit_documents(scripted_documents(), journal=journal)
            assert [outcome.error for outcome in outcomes] == [None] * 3
            service.check()

    @pytest.mark.slow
    async def test_cancelled_at_every_suspension(self, tmp_path: Path) -> None:
        """After a cancellation at any point, iterating further or anew submits all documents, each once."""
        round_ = 0
        service = Service()
        submission: Any = None
        async with client_of(service) as tc:

            async def submit() -> None:
                nonlocal round_, submission
                round_ += 1
                service.tasks.clear()
                submission = tc.submit_documents(scripted_documents(), journal=tmp_path / f"j{round_}")
                async for _ in submission:
                    pass

            async def all_are_submitted() -> None:
                if round_ % 2:
                    async for outcome in submission:
                        assert outcome.error is None
                outcomes = await tc.submit_documents(scripted_documents(), journal=tmp_path / f"j{round_}")
                assert [outcome.error for outcome in outcomes] == [None] * 3
                service.check()

            assert await every_suspension(submit, all_are_submitted) > 10

    async def test_waiting_for_the_service_can_be_cancelled(self, tmp_path: Path) -> None:
        """While the service accepts no more tasks; the document is submitted once it does."""
        service, clock, is_full = Service(), FakeClock(), True

        async def respond(request: httpx.Request) -> httpx.Response:
            if is_full and request.method == "POST":
                return refusal(409, "Conflict.TooManyPendingJobs")
            return await service(request)

        async with client_of(respond, clock=clock) as tc:
            submission = tc.submit_documents(scripted_documents(), journal=tmp_path / "j")
            waiting = asyncio.ensure_future(anext(submission))
            await clock.advance(60)
            assert not waiting.done()
            waiting.cancel()
            await asyncio.wait([waiting])
            is_full = False
            assert [outcome.error async for outcome in submission] == [None] * 3
        service.check()
