"""Submitting any number of files: packed into tasks, journalled, and never submitted twice."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import json
import os
from collections.abc import AsyncIterable, Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from ...._item_source import Source
from ....bulk import bulk
from ....errors import GlobusSDKUsageError
from ..data import TransferData
from ..errors import NotFound, TooManyPendingJobs
from ..submissions import SubmissionMethods, id_of
from ..waiting.methods import WaitingMethods
from ..waiting.outcomes import is_done
from .journal import Journal, JournalEntry

__all__ = ("BatchMethods", "BatchSubmission", "SubmittedTask", "TransferItem")

TransferItem: TypeAlias = tuple[str, str] | Mapping[str, Any]
"""A source and a destination path, or the arguments of `TransferData.add_item` as a mapping."""

_LOOK_SECONDS: Final = 5.0
_BREATH: Final = 1000


@dataclass(frozen=True, slots=True)
class SubmittedTask:
    """
    One task of a submission of many files.

    Attributes:
        number: Its place among them, from 0.
        task_id: The task.
        items: How many items it has.
        is_new: Whether it was submitted in this run; otherwise the journal knew it.
    """

    number: int
    task_id: str
    items: int
    is_new: bool


class BatchSubmission:
    """
    The tasks of a submission of many files, one after the other; see `TransferClient.submit_items`.

    Between two tasks nothing is open. After an error or a cancellation it can be iterated further, unless that came
    while the items were read.
    """

    def __init__(
        self,
        client: BatchMethods,
        template: TransferData,
        items: Iterable[TransferItem] | AsyncIterable[TransferItem],
        *,
        journal: str | os.PathLike[str],
        items_per_task: int,
        max_pending: int,
    ) -> None:
        if not isinstance(template, TransferData) or template["DATA"] or template.get("submission_id"):
            raise GlobusSDKUsageError("give a TransferData without items and submission id: those are added here")
        if items_per_task < 1 or max_pending < 1:
            raise GlobusSDKUsageError("items_per_task and max_pending must be 1 or more")
        self._client = client
        self._template = copy.deepcopy(template)
        self._source = Source(items)
        self._is_reading = False
        self._journal = Journal(Path(journal), self._template)
        self._items_per_task = items_per_task
        self._max_pending = max_pending
        self._is_loaded = False
        self._known = 0
        self._digest = hashlib.sha256()
        self._read = 0
        self._document, self._scratch = copy.deepcopy(template), copy.deepcopy(template)
        self._next = 0
        self._pending: list[str] = []
        self._look_due = 0.0

    def __await__(self) -> Generator[Any, None, list[SubmittedTask]]:
        return self._all().__await__()

    async def _all(self) -> list[SubmittedTask]:
        return [task async for task in self]

    def __aiter__(self) -> BatchSubmission:
        return self

    async def __anext__(self) -> SubmittedTask:
        if not self._is_loaded:
            await self._journal.load()
            self._is_loaded = True
            self._known = sum(entry.items for entry in self._journal.recorded)
            self._pending = [entry.task_id for entry in self._journal.recorded if entry.task_id is not None]
        if self._next == len(self._journal.recorded) and not await self._announced():
            raise StopAsyncIteration
        entry = self._journal.recorded[self._next]
        is_new = entry.task_id is None
        task_id = entry.task_id or await self._submitted(entry)
        self._next += 1
        return SubmittedTask(self._next - 1, task_id, entry.items, is_new)

    async def _announced(self) -> bool:
        """Fill the next task's document and write it down; return whether there was anything left."""
        while self._read < self._known:
            if await self._item() is None:
                raise GlobusSDKUsageError(f"there are fewer items than {self._journal.path} has, {self._known}")
            if self._read == self._known and self._digest.hexdigest() != self._journal.recorded[-1].digest:
                raise GlobusSDKUsageError(
                    f"these are not the items that {self._journal.path} has: resume with the same, in the same order"
                )
        while len(self._document["DATA"]) < self._items_per_task:
            item = await self._item()
            if item is None:
                break
            self._document["DATA"].append(item)
        if not self._document["DATA"]:
            return False
        if "submission_id" not in self._document:
            self._document["submission_id"] = id_of(await self._client.get_submission_id())
        await self._journal.announce(self._document, self._digest.hexdigest())
        self._document = copy.deepcopy(self._template)
        return True

    async def _item(self) -> dict[str, Any] | None:
        """Read the next item."""
        if self._is_reading:  # an iterator that was interrupted may pass for one that is over
            raise GlobusSDKUsageError("reading the items was interrupted; begin again with the same journal")
        if self._read % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)  # not to hold up the loop while items are skipped
        self._is_reading = True
        numbered = await self._source.next()
        self._is_reading = False
        if numbered is None:
            return None
        # no await from here on: an item that was read must not be lost
        item = self._built(*numbered)
        self._digest.update(json.dumps(item, sort_keys=True).encode())
        self._read += 1
        return item

    def _built(self, number: int, given: TransferItem) -> dict[str, Any]:
        """Return an item as it is sent."""
        scratch = self._scratch
        try:
            if isinstance(given, Mapping):
                scratch.add_item(**given)
            else:
                pair: Any = () if isinstance(given, str) else given
                source_path, destination_path = pair
                scratch.add_item(source_path, destination_path)
        except (TypeError, ValueError) as error:
            raise GlobusSDKUsageError(f"item {number} cannot be submitted: {error}") from None
        item: dict[str, Any] = scratch["DATA"].pop()
        return item

    async def _submitted(self, entry: JournalEntry) -> str:
        """Submit what was written down, when there is room; write down that it was."""
        await self._room(self._max_pending)
        task_id: str | None = None
        while task_id is None:
            try:
                task_id = (await self._client.submit_transfer(entry.document or {}))["task_id"]
            except TooManyPendingJobs:
                if self._pending:
                    await self._room(len(self._pending))
                else:  # they are somebody else's
                    await self._client.transport.clock.sleep(_LOOK_SECONDS)
        await self._journal.confirm(entry, task_id)
        self._pending.append(task_id)
        return task_id

    async def _room(self, most: int) -> None:
        """Wait until fewer than so many of these tasks are pending."""
        while len(self._pending) >= most:
            look = partial(self._client.looks.look, due=self._look_due)
            for outcome in await bulk(look, tuple(self._pending), concurrency=len(self._pending)):
                if isinstance(outcome.error, NotFound) or is_done(outcome.value):
                    self._pending.remove(outcome.item)
            self._look_due = self._client.transport.clock.monotonic() + _LOOK_SECONDS


class BatchMethods(SubmissionMethods, WaitingMethods):
    """Submission of any number of files."""

    def submit_items(
        self,
        data: TransferData,
        items: Iterable[TransferItem] | AsyncIterable[TransferItem],
        *,
        journal: str | os.PathLike[str],
        items_per_task: int = 10_000,
        max_pending: int = 100,
    ) -> BatchSubmission:
        """
        Submit any number of files, in as few tasks as sensible, and none of them twice.

        What is submitted is written to the journal, with its submission id, before it is sent. After a crash, at
        whatever moment, call this again with the same arguments and the same items in the same order: what the journal
        has is not submitted again, what was under way is submitted under the same id, and the rest follows.

        Args:
            data: Endpoints and options of all tasks, without items.
            items: What to copy: pairs of source and destination path, or mappings with the arguments of
                `TransferData.add_item`. A generator is read only as far as the work has got.
            journal: A file, which is begun if it is not there. It holds the paths of all items; only one process at a
                time may use it.
            items_per_task: Most items of one task.
            max_pending: Most of these tasks that may be unfinished at a time; the service allows a user 100. Further
                ones wait.

        Returns:
            An iterator over the tasks, those that the journal knew first; or await it, to submit all. Tasks are
            submitted one after the other.

        Raises:
            GlobusSDKUsageError: Items or options that are not those of the journal, or a bad argument.
            SubmissionUncertain: Nobody knows whether the last task exists; iterate further, or call this again.
            TransferAPIError: The service refuses a task.

        Example:
            >>> tdata = TransferData(source_id, destination_id, label="move")
            >>> pairs = [("/source/path/file.txt", f"/dest/path/{name}.txt") for name in ("one", "two")]
            >>> tasks = await tc.submit_items(tdata, pairs, journal=journal_path)
            >>> [(task.items, task.is_new) for task in tasks]
            [(2, True)]
            >>> tasks = await tc.submit_items(tdata, pairs, journal=journal_path)
            >>> [(task.items, task.is_new) for task in tasks]
            [(2, False)]

        **Differs from globus-sdk:** which has no such method.

        REST: `POST /v0.10/transfer <https://docs.globus.org/api/transfer/task_submit/#submit_transfer_task>`_
        """
        return BatchSubmission(
            self, data, items, journal=journal, items_per_task=items_per_task, max_pending=max_pending
        )
