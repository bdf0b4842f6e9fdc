"""A submission in batches: an iterator over the outcomes of batches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ....errors import GlobusSDKUsageError, NetworkError
from ....porting import AsyncIterationOnly
from ..errors import NotFound, SearchAPIError
from ..waiting import SearchTaskEndReason
from .journal import BatchJournal, BatchRecord
from .outcomes import BatchOutcome, BatchProgress

if TYPE_CHECKING:
    from ..waiting import SearchTaskOutcome
    from .batches import Batch, BatchReader, ItemKind

__all__ = ("BatchOptions", "SubmittedBatches")

_SUCCESS: Final = "SUCCESS"
_OF_THE_DOCUMENT: Final = frozenset({400, 413, 422})
"""Statuses of which the content of a batch is the cause, so that the next one may be accepted."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """
    The options of a submission.

    Attributes:
        max_pending: Maximum number of unfinished tasks.
        wait: Whether to wait for the end of tasks.
        report_invalid: Whether an invalid item is an outcome, and not an error.
        retry_failed: Whether to submit the batches again whose tasks failed in an earlier run.
        progress: Called after each batch and each outcome.
    """

    max_pending: int
    wait: bool
    report_invalid: bool
    retry_failed: bool
    progress: Callable[[BatchProgress], object] | None


class SubmittedBatches(AsyncIterationOnly):
    """
    Async iterator over the outcomes of batches; see `SearchClient.ingest_entries`.

    Nothing stays open between two outcomes. After an error or a cancellation it can be iterated further, unless that
    interrupted the reading of the input. Several workers may share it: each outcome is given to one of them.
    """

    def __init__(
        self,
        reader: BatchReader,
        kind: ItemKind,
        options: BatchOptions,
        *,
        journal: BatchJournal | None,
        submit: Callable[[bytes], Awaitable[str]],
        wait_for_task: Callable[[str], Awaitable[SearchTaskOutcome]],
    ) -> None:
        self._reader = reader
        self._kind = kind
        self._options = options
        self._journal = journal
        self._submit = submit
        self._wait_for_task = wait_for_task
        self._is_loaded = False
        self._has_all = False
        self._next = 0
        self._record: BatchRecord | None = None
        self._refusal: GlobusSDKUsageError | None = None
        self._batch: Batch | None = None
        self._pending: deque[BatchOutcome] = deque()
        self._ready: deque[BatchOutcome] = deque()
        self._progress = BatchProgress()
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<SubmittedBatches of {self._kind.plural}, {self._next} batches so far; await it, or use 'async for'>"

    def __await__(self) -> Generator[Any, None, list[BatchOutcome]]:
        return self._all().__await__()

    async def _all(self) -> list[BatchOutcome]:
        return [outcome async for outcome in self]

    def __aiter__(self) -> SubmittedBatches:
        return self

    async def __anext__(self) -> BatchOutcome:
        async with self._lock:  # several workers may share an iterator
            return await self._next_outcome()

    async def _next_outcome(self) -> BatchOutcome:
        if not self._is_loaded:
            if self._journal is not None:
                await self._journal.load()
            self._is_loaded = True
        if self._refusal is not None:
            raise self._refusal
        while not self._ready:
            if not self._has_all and len(self._pending) < self._options.max_pending:
                await self._add_batch()
            elif self._pending:
                await self._end_oldest()
            else:
                raise StopAsyncIteration
        return self._ready.popleft()

    async def _add_batch(self) -> None:
        """Read the next batch, record and submit it; each step is done once, however often this is cancelled."""
        journal = self._journal
        records = [] if journal is None else journal.records
        recorded = records[self._next] if self._next < len(records) else None
        if self._batch is None:
            found = await self._reader.next(recorded, report_invalid=self._options.report_invalid)
            if isinstance(found, BatchOutcome):
                self._add_outcome(found, invalid=self._progress.invalid + 1)
                return
            if recorded is not None and journal is not None and (found is None or found.digest != recorded.digest):
                self._refusal = self._changed(journal, recorded, found)
                raise self._refusal
            self._batch, self._has_all = found, found is None
        batch = self._batch
        if batch is None:
            return
        record = recorded or await self._begin(batch)
        is_failed = record.state is not None and record.state != _SUCCESS
        is_new = record.task_id is None or (is_failed and self._options.retry_failed)
        task_id = await self._create_task(batch) if is_new else record.task_id
        if task_id is None:
            return
        reason = SearchTaskEndReason.SUCCESS if record.state == _SUCCESS and not is_new else None
        self._add_pending(batch, BatchOutcome(self._next, (), task_id=task_id, reason=reason, is_new=is_new))
        done = self._progress
        self._report(submitted=done.submitted + len(batch.items), batches=done.batches + 1)  # last: it may raise

    def _add_pending(self, batch: Batch, outcome: BatchOutcome) -> None:
        """Add the outcome of a batch, which may have to be waited for."""
        self._pending.append(replace(outcome, positions=batch.position_sequence(), size=batch.size))
        self._next, self._batch = self._next + 1, None

    def _changed(self, journal: BatchJournal, recorded: BatchRecord, found: Batch | None) -> GlobusSDKUsageError:
        """Return the error for an input that is not that of the journal."""
        if found is None or len(found.items) < recorded.items:
            return GlobusSDKUsageError(
                f"there are fewer {self._kind.plural} than in {journal.path}; resume with the same input"
            )
        first, last = found.positions[0], found.positions[-1]
        return GlobusSDKUsageError(
            f"the {self._kind.plural} {first} to {last} differ from those in {journal.path}; resume with the same input"
            " in the same order"
        )

    async def _begin(self, batch: Batch) -> BatchRecord:
        """Record a new batch."""
        if self._record is None:
            self._record = BatchRecord(len(batch.items), batch.digest)
        record = self._record
        if self._journal is not None:
            await self._journal.begin(self._next, record)
            self._journal.records.append(record)
        self._record = None
        return record

    async def _create_task(self, batch: Batch) -> str | None:
        """Submit a batch and record its task; return ``None``, with an outcome, if the service refuses its content."""
        if batch.task_id is None:
            document = self._kind.head + b",".join(batch.items) + self._kind.tail
            try:
                batch.task_id = await self._submit(document)
            except SearchAPIError as error:
                if error.http_status not in _OF_THE_DOCUMENT:
                    raise
                self._add_pending(batch, BatchOutcome(self._next, (), error=error))
                return None
            except NetworkError as error:
                error.add_note(
                    f"batch {self._next} of the {self._kind.plural} may be ingested; iterate further to repeat it"
                )
                raise
        if self._journal is not None:
            await self._journal.commit(self._next, batch.task_id)
            record = self._journal.records[self._next]
            record.task_id, record.state = batch.task_id, None
        return batch.task_id

    async def _end_oldest(self) -> None:
        """Wait for the end of the oldest task, unless that is known, and add the outcome."""
        outcome = self._pending[0]
        if self._options.wait and outcome.reason is None and outcome.error is None:
            outcome = await self._ended(outcome)
        self._pending.popleft()
        done, count = self._progress, len(outcome.positions)
        if outcome.is_success:
            self._add_outcome(outcome, succeeded=done.succeeded + count)
        elif outcome.reason is not None or outcome.error is not None:
            self._add_outcome(outcome, failed=done.failed + count)
        else:
            self._add_outcome(outcome)

    async def _ended(self, outcome: BatchOutcome) -> BatchOutcome:
        """Wait for the end of a task, and record it."""
        number, journal = outcome.number or 0, self._journal
        try:
            ended = await self._wait_for_task(str(outcome.task_id))
        except NotFound as error:  # the service keeps the latest tasks only
            return replace(outcome, error=error)
        if journal is not None and ended.has_ended:
            await journal.end(number, ended.task["state"])
            journal.records[number].state = ended.task["state"]
        return replace(outcome, reason=ended.reason, task=ended.task)

    def _add_outcome(self, outcome: BatchOutcome, **changes: int) -> None:
        self._ready.append(outcome)
        self._report(**changes)

    def _report(self, **changes: int) -> None:
        self._progress = replace(self._progress, read=self._reader.count, **changes)
        if self._options.progress is not None:
            self._options.progress(self._progress)
