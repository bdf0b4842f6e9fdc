"""The submission of independent documents: an iterator that submits one at each step."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterable, Awaitable, Callable, Generator, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ....bulk_calls import BulkError, Outcome
from ....errors import GlobusSDKUsageError, SubmissionUncertain
from ....errors.arguments import check_file_path, check_whole
from ....porting import AsyncIterationOnly
from ....token_storage.lease import check_leases
from ..errors import TransferAPIError
from ..submissions import check_submission, encode_document, with_submission_id
from .items import InputReader
from .journal import Journal, JournalEntry
from .pending_tasks import PendingTasks
from .submission import SubmittedTask

if TYPE_CHECKING:
    from ...._polling.shared_poller import SharedPoller
    from ....token_storage import Leases
    from ..documents import TaskDocument

__all__ = ("DocumentSubmission",)

_Document: TypeAlias = Mapping[str, Any]


class DocumentSubmission(AsyncIterationOnly):
    """
    Async iterator that submits documents one after the other; see `TransferClient.submit_documents`.

    Nothing stays open between two documents. After an error or a cancellation it can be iterated further, unless that
    interrupted the reading of documents. Several workers may share it: each outcome is given to one of them.
    """

    def __init__(
        self,
        documents: Iterable[_Document] | AsyncIterable[_Document],
        *,
        journal: str | os.PathLike[str],
        leases: Leases | None,
        max_pending: int,
        get_submission_id: Callable[[], Awaitable[str]],
        submit: Callable[[str, bytes], Awaitable[str]],
        poller: SharedPoller[TaskDocument],
    ) -> None:
        if isinstance(documents, Mapping):
            raise GlobusSDKUsageError("documents is a single document; pass a list")
        check_whole("max_pending", max_pending)
        check_file_path("journal", journal)
        if leases is not None:
            check_leases(leases)
        self._journal = Journal(Path(journal), {"documents": True}, leases)
        self._get_submission_id = get_submission_id
        self._submit = submit
        self._pending = PendingTasks(max_pending, poller)
        self._input = InputReader(documents, "documents")
        self._digest = hashlib.sha256()
        self._is_loaded = False
        self._current: tuple[int, _Document] | None = None
        self._numbers: dict[str, int] = {}
        self._submission_id: str | None = None
        self._next = 0
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<DocumentSubmission to {self._journal.path}, {self._next} so far; await it, or use 'async for'>"

    def __await__(self) -> Generator[Any, None, list[Outcome[_Document, SubmittedTask]]]:
        return self._submit_all().__await__()

    async def _submit_all(self) -> list[Outcome[_Document, SubmittedTask]]:
        return [outcome async for outcome in self]

    async def values(self) -> list[SubmittedTask]:
        """
        Return the tasks; after the first document that is not submitted, submit no more.

        Raises:
            BulkError: The error, with all outcomes so far.
        """
        outcomes: list[Outcome[_Document, SubmittedTask]] = []
        async for outcome in self:
            outcomes.append(outcome)
            if outcome.error is not None:
                outcome.error.add_note(f"document {outcome.index} of the submission")
                group = BulkError(f"document {outcome.index} was not submitted", [outcome.error])
                group.outcomes = outcomes
                raise group
        return [outcome.value for outcome in outcomes]

    def __aiter__(self) -> DocumentSubmission:
        return self

    async def __anext__(self) -> Outcome[_Document, SubmittedTask]:
        async with self._lock:  # several workers may share an iterator
            return await self._next_outcome()

    async def _next_outcome(self) -> Outcome[_Document, SubmittedTask]:
        if not self._is_loaded:
            await self._journal.load()
            self._is_loaded = True
            for entry in self._journal.entries:
                if entry.task_id is not None:
                    self._pending.add(entry.task_id)
        if self._current is None:
            self._current = await self._input.next()
        if self._current is None:
            if self._next < len(self._journal.entries):
                raise GlobusSDKUsageError(
                    f"there are fewer documents than in {self._journal.path}, which has {len(self._journal.entries)}"
                )
            raise StopAsyncIteration
        _, document = self._current
        entry = await self._recorded(document)
        outcome = await self._outcome(document, entry)
        self._next += 1
        self._current = None
        return outcome

    async def _recorded(self, document: _Document) -> JournalEntry:
        """Return the journal's record of a document; make one if it is new."""
        try:
            kind = check_submission(document)
            encoded = await encode_document(document, sort_keys=True)
        except GlobusSDKUsageError as error:
            raise GlobusSDKUsageError(f"document {self._next} is invalid: {error}") from None
        self._check_submission_id(document)
        digest = hashlib.sha256(encoded).hexdigest()
        entries = self._journal.entries
        if self._next == len(entries):
            if self._submission_id is None:
                self._submission_id = str(document.get("submission_id") or await self._get_submission_id())
            task_document = with_submission_id(encoded, self._submission_id)
            await self._journal.begin(task_document, len(document["DATA"]), digest)
            self._submission_id = None
        elif entries[self._next].digest != digest:
            raise GlobusSDKUsageError(
                f"document {self._next}, a {kind}, differs from that in {self._journal.path}; resume with the same"
                " documents in the same order"
            )
        return entries[self._next]

    def _check_submission_id(self, document: _Document) -> None:
        """Refuse the submission id of an earlier document, for which the service would create no second task."""
        submission_id = document.get("submission_id")
        first = self._numbers.setdefault(str(submission_id).lower(), self._next) if submission_id else self._next
        if first != self._next:
            raise GlobusSDKUsageError(f"document {self._next} has the same submission id as document {first}")

    async def _outcome(self, document: _Document, entry: JournalEntry) -> Outcome[_Document, SubmittedTask]:
        """Submit a recorded document unless that has been done, and record the id of its task."""
        is_new = entry.task_id is None
        task_id = entry.task_id
        if task_id is None:
            submit = partial(self._submit, document["DATA_TYPE"], entry.document or b"{}")
            await self._pending.wait_for_place()  # its errors are not of the document
            try:
                task_id = await self._pending.submit(submit)
            except (TransferAPIError, SubmissionUncertain) as error:
                return Outcome(self._next, document, None, error)
            await self._journal.commit(entry, task_id)
            self._pending.add(task_id)
        return Outcome(self._next, document, SubmittedTask(self._next, task_id, entry.items, is_new), None)
