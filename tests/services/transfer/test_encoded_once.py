"""A submitted document is encoded once, whatever is done with it: check, journal, digest, request, retry."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from globus_async import MISSING, GlobusSDKUsageError
from globus_async.services.transfer import DeleteData, TransferData
from tests.services.transfer.scripted import TASK, A, B, C, client_of, document_of
from tests.toolkit.clock import FakeClock

COUNT = 25


class Counted(dict[str, Any]):
    """An object of a document that counts how often its members are read."""

    reads = 0

    def items(self) -> Any:
        """Return the members."""
        self.reads += 1
        return super().items()


class Service:
    """Accepts submissions and records their documents; loses the first responses."""

    def __init__(self, *, losses: int = 0) -> None:
        self.losses = losses
        self.bodies: list[bytes] = []
        self.documents: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v0.10/submission_id":
            return httpx.Response(200, json={"DATA_TYPE": "submission_id", "value": C})
        self.bodies.append(request.content)
        self.documents.append(document_of(request))
        if len(self.bodies) <= self.losses:
            raise httpx.ReadError("reset")
        return httpx.Response(200, json={"code": "Accepted", "submission_id": C, "task_id": TASK})


def counted(count: int) -> list[Counted]:
    return [Counted(number=number) for number in range(count)]


@pytest.mark.parametrize("submission_id", [None, C])
@pytest.mark.parametrize("losses", [0, 2])
async def test_a_submission(submission_id: str | None, losses: int) -> None:
    """With and without a submission id, and with retries."""
    service, parts = Service(losses=losses), counted(2 * COUNT)
    transfer, deletion = TransferData(A, B, submission_id=submission_id), DeleteData(A, submission_id=submission_id)
    for number, part in enumerate(parts):
        if number % 2:
            transfer.add_item("/a", "/b", additional_fields={"part": part})
        else:
            deletion.add_item("/a", additional_fields={"part": part})
    async with client_of(service, clock=FakeClock(skipping=True), retries=losses) as tc:
        await tc.submit_transfer(transfer)
        await tc.submit_delete(deletion)
    assert [part.reads for part in parts] == [1] * len(parts)
    assert service.documents == [dict(transfer)] * (losses + 1) + [dict(deletion)]
    assert len(set(service.bodies)) == 2


class Passes:
    """Counts the passes of the event loop, and how many items are encoded in one pass at most."""

    def __init__(self) -> None:
        self.passes = self.last = self.count = self.maximum = 0

    async def run(self) -> None:
        """Count, until cancelled."""
        while True:
            self.passes += 1
            await asyncio.sleep(0)

    def encoded(self) -> None:
        """Count an item."""
        self.count = self.count + 1 if self.last == self.passes else 1
        self.last = self.passes
        self.maximum = max(self.maximum, self.count)


class Observed(dict[str, Any]):
    """An object that reports when its members are read."""

    passes: Passes

    def items(self) -> Any:
        """Return the members."""
        self.passes.encoded()
        return super().items()


@pytest.mark.parametrize("in_batch", [False, True], ids=["submit_transfer", "submit_items"])
async def test_other_tasks_run_while_items_are_encoded(tmp_path: Path, in_batch: bool) -> None:
    """Few items are encoded in one pass of the event loop, however many there are."""
    service, passes = Service(), Passes()
    Observed.passes = passes
    item = {"source_path": "/a", "destination_path": "/b", "additional_fields": {"part": Observed(x=1)}}
    ticking = asyncio.create_task(passes.run())
    async with client_of(service) as tc:
        if in_batch:
            await tc.submit_items(TransferData(A, B), [item] * 3000, journal=tmp_path / "j")
        else:
            data = TransferData(A, B)
            for _ in range(3000):
                data.add_item("/a", "/b", additional_fields={"part": Observed(x=1)})
            await tc.submit_transfer(data)
    ticking.cancel()
    assert len(service.documents[0]["DATA"]) == 3000
    assert 1 < passes.maximum <= 501


async def test_items_are_those_at_the_time_of_the_call() -> None:
    """What is added to a document while it is being encoded is not sent; what is missing is left out."""
    service, data = Service(), TransferData(A, B, label="x")
    for number in range(2200):
        data.add_item(f"/a{number}", "/b")
    data["DATA"][600:2100] = [MISSING] * 1500  # more than are encoded at a time
    async with client_of(service) as tc:
        submitted = asyncio.create_task(tc.submit_transfer(data))
        await asyncio.sleep(0)
        data.add_item("/later", "/b")
        await submitted
    (document,) = service.documents
    names = [item["source_path"] for item in document["DATA"]]
    assert names == [f"/a{number}" for number in (*range(600), *range(2100, 2200))]
    assert (document["label"], document["submission_id"]) == ("x", data["submission_id"])


@pytest.mark.parametrize("count", [3, 1200])
async def test_a_name_that_is_not_unicode(count: int, tmp_path: Path) -> None:
    """It is refused before anything is sent, and the error names the item and its member."""
    name = os.fsdecode(b"caf\xe9.txt")
    service, data = Service(), TransferData(A, B)
    for number in range(count):
        data.add_item("/a", f"/{name}" if number == count - 2 else "/b")
    async with client_of(service) as tc:
        with pytest.raises(GlobusSDKUsageError, match=rf"DATA\[{count - 2}\]\.destination_path: .* UTF-8"):
            await tc.submit_transfer(data)
        pairs = [(item["source_path"], item["destination_path"]) for item in data["DATA"]]
        with pytest.raises(GlobusSDKUsageError, match=rf"item {count - 2} is invalid.*destination_path"):
            await tc.submit_items(TransferData(A, B), pairs, journal=tmp_path / "j")
    assert service.bodies == []


async def test_a_batch_submission(tmp_path: Path) -> None:
    """Each item: the journal has the bytes that are sent, and the digest is computed from them."""
    service, parts = Service(losses=1), counted(COUNT)
    items = [{"source_path": "/a", "destination_path": "/b", "additional_fields": {"part": part}} for part in parts]
    async with client_of(service, clock=FakeClock(skipping=True), retries=1) as tc:
        tasks = await tc.submit_items(TransferData(A, B), items, journal=tmp_path / "j", items_per_task=10)
    assert [task.items for task in tasks] == [10, 10, 5]
    assert [part.reads for part in parts] == [1] * COUNT
    assert [item["part"] for document in service.documents[1:] for item in document["DATA"]] == parts
    journal = (tmp_path / "j").read_bytes()
    assert all(body in journal for body in service.bodies)


async def test_a_journal_of_an_earlier_version(tmp_path: Path) -> None:
    """Documents in any JSON layout are resumed; digests are those of the sorted items."""
    template: dict[str, Any] = {"DATA_TYPE": "transfer", "DATA": [], "source_endpoint": A, "destination_endpoint": B}
    pairs = [(f"/a{number}", f"/b{number}") for number in range(5)]
    items = [{"DATA_TYPE": "transfer_item", "source_path": a, "destination_path": b} for a, b in pairs]
    digest = hashlib.sha256()
    lines: list[dict[str, Any]] = [{"journal": 1, "template": template}]
    for number in range(2):
        part = items[2 * number : 2 * number + 2]
        for item in part:
            digest.update(json.dumps(item, sort_keys=True).encode())
        document = {**template, "DATA": part, "submission_id": B if number else A}
        lines.append({"submit": number, "items": 2, "digest": digest.hexdigest(), "document": document})
        if number == 0:
            lines.append({"submitted": 0, "task_id": A})
    (tmp_path / "j").write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), "utf-8")
    service = Service()
    async with client_of(service) as tc:
        tasks = await tc.submit_items(TransferData(A, B), pairs, journal=tmp_path / "j", items_per_task=2)
    assert [(task.task_id, task.items, task.is_new) for task in tasks] == [
        (A, 2, False),
        (TASK, 2, True),
        (TASK, 1, True),
    ]
    assert service.documents == [
        {**template, "DATA": items[2:4], "submission_id": B},
        {**template, "DATA": items[4:], "submission_id": C},
    ]
