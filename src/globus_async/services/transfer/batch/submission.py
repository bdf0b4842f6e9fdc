"""A batch submission: an iterator that submits one task at each step."""

from __future__ import annotations

import asyncio
import copy
import os
from collections.abc import AsyncIterable, Awaitable, Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...._http.body import json_body
from ....errors import GlobusSDKUsageError
from ....errors.arguments import check_file_path, check_whole
from ....porting import AsyncIterationOnly
from ....token_storage.lease import check_leases
from ..data import TransferData
from ..submissions import check_endpoints, with_submission_id
from .items import ItemReader
from .journal import Journal, JournalEntry
from .pending_tasks import PendingTasks

if TYPE_CHECKING:
    from ...._polling.shared_poller import SharedPoller
    from ....token_storage import Leases
    from ..data.items import TransferItem
    from ..documents import TaskDocument

__all__ = ("BatchSubmission", "SubmittedTask")


@dataclass(frozen=True, slots=True)
class SubmittedTask:
    """
    One task of a batch submission.

    Attributes:
        number: The task's place in the batch, from 0.
        task_id: The task. UUID.
        items: Number of items of the task.
        is_new: Whether this run submitted the task; False if the journal had it already.
    """

    number: int
    task_id: str
    items: int
    is_new: bool


class BatchSubmission(AsyncIterationOnly):
    """
    Async iterator that submits a batch task by task; see `TransferClient.submit_items`.

    Nothing stays open between two tasks. After an error or a cancellation it can be iterated further, unless that
    interrupted the reading of items. Several workers may share it: each task is given to one of them.
    """

    def __init__(
        self,
        template: TransferData,
        items: Mapping[str, str] | Iterable[TransferItem] | AsyncIterable[TransferItem],
        *,
        journal: str | os.PathLike[str],
        leases: Leases | None,
        items_per_task: int,
        max_pending: int,
        get_submission_id: Callable[[], Awaitable[str]],
        submit: Callable[[bytes], Awaitable[str]],
        poller: SharedPoller[TaskDocument],
    ) -> None:
        if not isinstance(template, TransferData) or template["DATA"] or template.get("submission_id"):
            raise GlobusSDKUsageError("data must be a TransferData without items and without submission id")
        check_endpoints("transfer", template)
        check_whole("items_per_task", items_per_task)
        check_whole("max_pending", max_pending)
        check_file_path("journal", journal)
        if leases is not None:
            check_leases(leases)
        self._journal = Journal(Path(journal), {"template": copy.deepcopy(template)}, leases)
        options = {name: value for name, value in template.items() if name not in ("DATA", "submission_id")}
        self._options = json_body(options)
        self._items_per_task = items_per_task
        self._get_submission_id = get_submission_id
        self._submit = submit
        self._pending = PendingTasks(max_pending, poller)
        self._reader = ItemReader(items, template)
        self._is_loaded = False
        self._journaled_items = 0
        self._items: list[bytes] = []
        self._submission_id: str | None = None
        self._next = 0
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<BatchSubmission to {self._journal.path}, {self._next} tasks so far; await it, or use 'async for'>"

    def __await__(self) -> Generator[Any, None, list[SubmittedTask]]:
        return self._submit_all().__await__()

    async def _submit_all(self) -> list[SubmittedTask]:
        return [task async for task in self]

    def __aiter__(self) -> BatchSubmission:
        return self

    async def __anext__(self) -> SubmittedTask:
        async with self._lock:  # several workers may share an iterator
            return await self._next_task()

    async def _next_task(self) -> SubmittedTask:
        journal = self._journal
        if not self._is_loaded:
            await journal.load()
            self._is_loaded = True
            self._journaled_items = sum(entry.items for entry in journal.entries)
            for entry in journal.entries:
                if entry.task_id is not None:
                    self._pending.add(entry.task_id)
        if self._next == len(journal.entries) and not await self._begin_task():
            raise StopAsyncIteration
        entry = journal.entries[self._next]
        is_new = entry.task_id is None
        task_id = entry.task_id or await self._submit_entry(entry)
        self._next += 1
        return SubmittedTask(self._next - 1, task_id, entry.items, is_new)

    async def _begin_task(self) -> bool:
        """Record the next task in the journal; return whether there were items left for one."""
        await self._skip_journaled_items()
        while len(self._items) < self._items_per_task:
            item = await self._reader.next()
            if item is None:
                break
            self._items.append(item)
        if not self._items:
            return False
        if self._submission_id is None:
            self._submission_id = await self._get_submission_id()
        document = with_submission_id(
            self._options[:-1] + b',"DATA":[' + b",".join(self._items) + b"]}", self._submission_id
        )
        await self._journal.begin(document, len(self._items), self._reader.digest)
        self._items, self._submission_id = [], None
        return True

    async def _skip_journaled_items(self) -> None:
        """Read the items that the journal has, and check that they are the same."""
        while self._reader.count < self._journaled_items:
            if await self._reader.next() is None:
                raise GlobusSDKUsageError(
                    f"there are fewer items than in {self._journal.path}, which has {self._journaled_items}"
                )
            if self._reader.count == self._journaled_items and self._reader.digest != self._journal.entries[-1].digest:
                raise GlobusSDKUsageError(
                    f"the items differ from those in {self._journal.path}; resume with the same items in the same order"
                )

    async def _submit_entry(self, entry: JournalEntry) -> str:
        """Submit a recorded task when the number of pending tasks permits, and record its id."""
        await self._pending.wait_for_place()
        task_id = await self._pending.submit(partial(self._submit, entry.document or b"{}"))
        await self._journal.commit(entry, task_id)
        self._pending.add(task_id)
        return task_id
