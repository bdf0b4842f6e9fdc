"""Ingest of any number of entries: within the limits, each once, with an outcome for each batch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from globus_async.errors import GlobusSDKUsageError, NetworkError
from globus_async.services.search import BatchProgress, SearchAPIError, SearchTaskEndReason
from tests.services.search.scripted import INDEX, ScriptedIndex, entry, search_client
from tests.toolkit.cancel import MODES, CancelAt
from tests.toolkit.clock import FakeClock

PUBLIC = ["public"]
IDENTITY = "urn:globus:auth:identity:5e1f2a4c-0000-4000-8000-000000000001"

INVALID: list[tuple[str, Any]] = [
    ("an entry must be a dict", ["subject"]),
    ("subject must be text", {"visible_to": PUBLIC, "content": {}}),
    ("subject must be text", {"subject": "", "visible_to": PUBLIC, "content": {}}),
    ("501 bytes in UTF-8", {"subject": "é" * 250 + "x", "visible_to": PUBLIC, "content": {}}),
    ("visible_to must be a list", {"subject": "s", "content": {}}),
    ("visible_to must be a list", {"subject": "s", "visible_to": "public", "content": {}}),
    ("visible_to must be a list", {"subject": "s", "visible_to": [], "content": {}}),
    ("visible_to has a principal", {"subject": "s", "visible_to": [IDENTITY[-36:]], "content": {}}),
    ("visible_to has a principal", {"subject": "s", "visible_to": [["public"]], "content": {}}),
    ("content must be an object", {"subject": "s", "visible_to": PUBLIC, "content": "x"}),
    ("id must be text", {"subject": "s", "visible_to": PUBLIC, "content": {}, "id": 5}),
    ("a mapping of names", {"subject": "s", "visible_to": PUBLIC, "content": {}, "principal_sets": [IDENTITY]}),
    ("has a principal", {"subject": "s", "visible_to": PUBLIC, "content": {}, "principal_sets": {"a": PUBLIC}}),
    ("cannot be sent as JSON", {"subject": "s", "visible_to": PUBLIC, "content": {"x": float("nan")}}),
    ("the service accepts 10000000", {"subject": "s", "visible_to": PUBLIC, "content": {"x": "x" * 10_000_000}}),
]


def many(count: int, **content: Any) -> Iterator[dict[str, Any]]:
    """Generate entries."""
    return (entry(number, **content) for number in range(count))


class TestBatches:
    async def test_sizes_in_bytes_as_sent(self) -> None:
        """No document is larger than the maximum, none could have had the next entry, and the order is kept."""
        index = ScriptedIndex()
        given = [entry(number, text="é日" * (number * 37 % 101)) for number in range(200)]
        async with search_client(index) as sc:
            outcomes = await sc.ingest_entries(INDEX, given, max_batch_bytes=8000, field_mapping={"at": "geo_point"})
        assert [each for batch in index.batches for each in batch] == given
        assert [outcome.size for outcome in outcomes] == [len(body) for body in index.bodies]
        assert max(map(len, index.bodies)) <= 8000
        for body, following in zip(index.bodies, index.batches[1:], strict=False):
            assert len(body) + 1 + len(json.dumps(following[0], separators=(",", ":"))) > 8000
        assert [position for outcome in outcomes for position in outcome.positions] == list(range(200))
        assert all(json.loads(body)["field_mapping"] == {"at": "geo_point"} for body in index.bodies)

    async def test_a_large_entry_is_alone(self) -> None:
        """An entry that is larger than a batch may be, and that the service accepts."""
        index = ScriptedIndex()
        async with search_client(index) as sc:
            await sc.ingest_entries(INDEX, [entry(0), entry(1, x="x" * 5000), entry(2)], max_batch_bytes=2000)
        assert [len(batch) for batch in index.batches] == [1, 1, 1]

    async def test_an_async_input_and_a_number_per_batch(self) -> None:
        """Entries are read as batches are submitted; no more tasks than the maximum are unfinished."""
        index, progress, read = ScriptedIndex(), list[BatchProgress](), 0
        index.polls_before_end = 2

        async def generate() -> AsyncIterator[dict[str, Any]]:
            nonlocal read
            for each in many(50):
                await asyncio.sleep(0)
                read += 1
                yield each

        async with search_client(index, clock=FakeClock(skipping=True)) as sc:
            run = sc.ingest_entries(INDEX, generate(), max_batch_entries=4, max_pending=3, progress=progress.append)
            first = await anext(run)
            assert (first.number, first.positions, read) == (0, range(4), 12)
            assert [outcome.reason for outcome in await run] == [SearchTaskEndReason.SUCCESS] * 12
        assert index.max_unfinished == 3
        assert progress[-1] == BatchProgress(read=50, submitted=50, succeeded=50, batches=13)

    async def test_each_entry_is_encoded_once(self) -> None:
        """Also those that did not fit in a batch."""
        reads = 0

        class Content(dict[str, int]):
            def items(self) -> Any:
                nonlocal reads
                reads += 1
                return super().items()

        index = ScriptedIndex()
        async with search_client(index) as sc:
            given = [{"subject": f"{n}", "visible_to": PUBLIC, "content": Content(x=n)} for n in range(60)]
            await sc.ingest_entries(INDEX, given, max_batch_bytes=1000)
        assert len(index.batches) > 3
        assert reads == 60

    async def test_without_waiting(self) -> None:
        """An outcome follows the creation of its task, which is not polled."""
        index = ScriptedIndex()
        async with search_client(index) as sc:
            outcomes = await sc.ingest_entries(INDEX, many(10), max_batch_entries=5, wait=False)
        assert [(outcome.reason, outcome.is_success) for outcome in outcomes] == [(None, False)] * 2
        assert index.requests == 2

    async def test_deletion_of_subjects(self, tmp_path: Path) -> None:
        """In the same way."""
        index = ScriptedIndex()
        async with search_client(index) as sc:
            for _ in range(2):
                outcomes = await sc.delete_subjects(
                    INDEX, ["a", "b", "c"], max_batch_subjects=2, journal=tmp_path / "j"
                )
                assert all(outcome.is_success for outcome in outcomes)
        assert index.batches == [["a", "b"], ["c"]]


class TestInvalidEntries:
    @pytest.mark.parametrize(("message", "invalid"), INVALID, ids=[message for message, _ in INVALID])
    async def test_they_are_found_before_they_are_sent(self, message: str, invalid: Any) -> None:
        """As an error, after which nothing more is read; or as an outcome of their own."""
        index = ScriptedIndex()
        async with search_client(index) as sc:
            run = sc.ingest_entries(INDEX, [entry(0), invalid, entry(2)])
            for _ in range(2):
                with pytest.raises(GlobusSDKUsageError, match=f"item 1 of entries is invalid: .*{message}"):
                    await run
            assert index.batches == []
            bad, good = await sc.ingest_entries(INDEX, [entry(0), invalid, entry(2)], invalid="report")
        assert (bad.number, bad.positions, bad.is_success) == (None, (1,), False)
        assert message in str(bad.message)
        assert (good.number, tuple(good.positions), good.is_success) == (0, (0, 2), True)

    async def test_valid_principals(self) -> None:
        """Everybody, users, identities and groups."""
        index = ScriptedIndex()
        group = IDENTITY.replace("auth:identity", "groups:id")
        good = {**entry(0), "id": "x", "visible_to": ["public", "all_authenticated_users", IDENTITY, group]}
        async with search_client(index) as sc:
            await sc.ingest_entries(INDEX, [{**good, "principal_sets": {"a": [IDENTITY, group]}}])
        assert len(index.batches) == 1


class TestFailures:
    async def test_a_failed_task_is_an_outcome(self) -> None:
        """With the message of the service; the other batches are ingested."""
        index = ScriptedIndex()
        index.states = {1: "FAILED", 2: "CANCELLED"}
        async with search_client(index) as sc:
            outcomes = await sc.ingest_entries(INDEX, many(8), max_batch_entries=2)
        assert [outcome.reason for outcome in outcomes] == ["success", "failed", "cancelled", "success"]
        assert [outcome.message for outcome in outcomes] == [None, "too many fields", None, None]
        assert outcomes[1].positions == range(2, 4)

    async def test_a_batch_that_the_service_refuses(self) -> None:
        """Its content is the cause, so that the next batch follows; other refusals are raised."""
        index = ScriptedIndex()
        index.failures = {1: 400}
        async with search_client(index) as sc:
            outcomes = await sc.ingest_entries(INDEX, many(6), max_batch_entries=2)
            index.failures = {index.requests: 403}
            with pytest.raises(SearchAPIError, match="403"):
                await sc.ingest_entries(INDEX, many(6), max_batch_entries=2)
        refused = [outcome for outcome in outcomes if outcome.error is not None]
        assert [(outcome.number, outcome.task_id, outcome.positions) for outcome in refused] == [(1, None, range(2, 4))]
        assert sum(outcome.is_success for outcome in outcomes) == 2

    async def test_a_task_that_the_service_no_longer_has(self, tmp_path: Path) -> None:
        """Its end is unknown."""
        index = ScriptedIndex()
        async with search_client(index) as sc:
            await sc.ingest_entries(INDEX, many(2), journal=tmp_path / "j", wait=False)
            index.batches.clear()
            (outcome,) = await sc.ingest_entries(INDEX, many(2), journal=tmp_path / "j")
        assert "no such task" in str(outcome.message)
        assert not outcome.is_success

    async def test_a_lost_response(self) -> None:
        """The batch is not repeated, until the run is iterated further: it then replaces its entries by themselves."""
        index = ScriptedIndex()
        index.failures = {1: "lost"}
        async with search_client(index) as sc:
            run = sc.ingest_entries(INDEX, many(6), max_batch_entries=2)
            with pytest.raises(NetworkError) as caught:
                await run
            assert "iterate further" in str(caught.value.__notes__)
            assert len(index.batches) == 2
            assert len([outcome async for outcome in run]) == 3
        assert [len(batch) for batch in index.batches] == [2, 2, 2, 2]


class TestJournal:
    async def test_resuming_after_each_request(self, tmp_path: Path) -> None:
        """Whichever request the connection breaks at, no more than one batch is sent again, and all entries are in."""
        index = ScriptedIndex()
        async with search_client(index) as sc:
            await sc.ingest_entries(INDEX, many(25), max_batch_entries=10, max_pending=2)
        for number in range(index.requests):
            again, journal = ScriptedIndex(), tmp_path / f"{number}"
            again.failures = {number: "lost" if number < 4 else 500}
            async with search_client(again) as sc:
                with suppress(NetworkError, SearchAPIError):
                    await sc.ingest_entries(INDEX, many(25), journal=journal, max_batch_entries=10, max_pending=2)
                outcomes = await sc.ingest_entries(INDEX, many(25), journal=journal, max_batch_entries=7, max_pending=2)
            assert {*again.subjects()} == {entry(number)["subject"] for number in range(25)}
            assert len(again.bodies) - len({*again.bodies}) in {0, 1}
            assert all(outcome.is_success for outcome in outcomes)

    async def test_what_it_has_is_neither_sent_nor_polled_again(self, tmp_path: Path) -> None:
        """The file has neither entries nor anything else that may be confidential."""
        index, journal = ScriptedIndex(), tmp_path / "j"
        async with search_client(index) as sc:
            first = await sc.ingest_entries(INDEX, many(25), journal=journal, max_batch_entries=10)
            requests = index.requests
            second = await sc.ingest_entries(INDEX, many(30), journal=journal)
        assert index.requests == requests + 2
        assert [(outcome.is_new, outcome.is_success) for outcome in first] == [(True, True)] * 3
        assert [(outcome.is_new, outcome.is_success) for outcome in second] == [(False, True)] * 3 + [(True, True)]
        assert [outcome.task_id for outcome in second[:3]] == [outcome.task_id for outcome in first]
        assert b"s0000" not in journal.read_bytes()

    @pytest.mark.parametrize("change", ["fewer", "other", "order", "index", "mapping"])
    async def test_a_changed_input_is_refused(self, change: str, tmp_path: Path) -> None:
        """And what follows is not sent, however often it is iterated."""
        index, journal = ScriptedIndex(), tmp_path / "j"
        given = list(many(10))
        changed = {
            "fewer": given[:-1],
            "other": [*given[:7], entry(7, other=True), *given[8:], entry(10)],
            "order": [*given[:-2], given[-1], given[-2]],
        }
        async with search_client(index) as sc:
            await sc.ingest_entries(INDEX, given, journal=journal, max_batch_entries=5)
            run = sc.ingest_entries(
                INDEX[:-1] + "b" if change == "index" else INDEX,
                changed.get(change, given),
                journal=journal,
                field_mapping={"x": "geo_point"} if change == "mapping" else None,
            )
            for _ in range(2):
                with pytest.raises(GlobusSDKUsageError, match=r"differ from|fewer entries|another submission"):
                    await run
        assert len(index.batches) == 2

    async def test_failed_batches_are_sent_again_on_request(self, tmp_path: Path) -> None:
        """Else they are reported again."""
        index, journal = ScriptedIndex(), tmp_path / "j"
        index.states = {1: "FAILED"}
        async with search_client(index) as sc:
            for retry_failed, expected in ((False, "failed"), (False, "failed"), (True, "success"), (True, "success")):
                outcomes = await sc.ingest_entries(
                    INDEX, many(9), journal=journal, max_batch_entries=3, retry_failed=retry_failed
                )
                assert [outcome.reason for outcome in outcomes] == ["success", expected, "success"]
        assert len(index.batches) == 4
        assert index.batches[1] == index.batches[3]

    @pytest.mark.parametrize(
        "line",
        [
            b'{"submit":5,"items":1,"digest":"x"}\n',
            b'{"submit":1,"items":0,"digest":"x"}\n',
            b'{"submit":1,"items":1,"digest":1}\n',
            b'{"submitted":1,"task_id":"x"}\n',
            b'{"submitted":0,"task_id":"../x"}\n',
            b'{"ended":0,"state":1}\n',
            b'{"what":0}\n',
        ],
    )
    async def test_a_damaged_journal_is_refused_and_not_changed(self, line: bytes, tmp_path: Path) -> None:
        """By the number of the line."""
        index, journal = ScriptedIndex(), tmp_path / "j"
        async with search_client(index) as sc:
            await sc.ingest_entries(INDEX, many(2), journal=journal)
            content = journal.read_bytes() + line
            journal.write_bytes(content)
            with pytest.raises(GlobusSDKUsageError, match="line 5"):
                await sc.ingest_entries(INDEX, many(2), journal=journal)
        assert journal.read_bytes() == content

    async def test_a_callback_that_raises(self, tmp_path: Path) -> None:
        """Iterated further, each batch is counted once, and is the one of this run."""
        index, counts = ScriptedIndex(), list[tuple[int, int]]()

        def progress(done: BatchProgress) -> None:
            counts.append((done.submitted, done.succeeded))
            if len(counts) == 1:
                raise LookupError

        async with search_client(index) as sc:
            ingest = sc.ingest_entries(INDEX, many(4), journal=tmp_path / "j", max_batch_entries=2, progress=progress)
            with pytest.raises(LookupError):
                await ingest
            assert [outcome.is_new for outcome in await ingest] == [True, True]
        assert counts == [(2, 0), (4, 0), (4, 2), (4, 4)]

    async def test_cancellation_at_every_suspension(self, tmp_path: Path) -> None:
        """The same run goes on, or a later one does: each batch has an outcome, and no more than one is sent twice."""
        points = 0
        for mode in MODES[:1]:  # the test of all clients has the others
            for k in range(1, 1000):
                index, journal = ScriptedIndex(), tmp_path / f"{mode} {k}"
                async with search_client(index) as sc:
                    run = sc.ingest_entries(INDEX, many(4), journal=journal, max_batch_entries=2, max_pending=2)
                    call = CancelAt(run, k, mode)
                    task = asyncio.ensure_future(_await(call))
                    await asyncio.wait({task})
                    if not call.fired:
                        break
                    points += 1
                    resumed = sc.ingest_entries(INDEX, many(4), journal=journal, max_batch_entries=2, max_pending=2)
                    outcomes = await (run if k % 2 else resumed)
                    assert all(outcome.is_success for outcome in outcomes)
                assert {*index.subjects()} == {entry(number)["subject"] for number in range(4)}
                assert len(index.batches) in {2, 3}
        assert points > 10


async def _await(call: CancelAt[Any]) -> None:
    await call


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"entries": {"subject": "s"}}, "single dict"),
        ({"entries": "text"}, "single string"),
        ({"max_batch_bytes": 999}, "from 1000 to 10000000"),
        ({"max_batch_bytes": 10_000_001}, "from 1000 to 10000000"),
        ({"max_batch_entries": 0}, "max_batch_entries"),
        ({"max_pending": 0}, "max_pending"),
        ({"invalid": "drop"}, "'raise' or 'report'"),
        ({"invalid": ["raise"]}, "'raise' or 'report'"),
        ({"retry_failed": 1}, "retry_failed"),
        ({"wait": 1}, "wait"),
        ({"timeout": 0}, "timeout"),
        ({"polling_interval": 0.1}, "polling_interval"),
        ({"journal": ""}, "journal"),
        ({"leases": 5}, "leases"),
        ({"field_mapping": {"a": "geo"}}, "geo_point"),
        ({"index_id": "a/../b"}, "index_id"),
    ],
)
async def test_bad_arguments(options: dict[str, Any], message: str) -> None:
    """Before anything is read or sent."""
    index = ScriptedIndex()
    async with search_client(index) as sc:
        given: dict[str, Any] = {"index_id": INDEX, "entries": many(1), **options}
        with pytest.raises(GlobusSDKUsageError, match=message):
            sc.ingest_entries(**given)
    assert index.requests == 0
