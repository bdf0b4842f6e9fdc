"""The methods that submit any number of items, or of documents."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..submissions import SubmissionMethods, submission_id_of
from ..waiting.task_wait import TaskWaitMethods

if TYPE_CHECKING:
    from ....token_storage import Leases
    from ..data import TransferData
    from ..data.items import TransferItem
    from .documents import DocumentSubmission
    from .submission import BatchSubmission

__all__ = ("BatchSubmissionMethods",)


class BatchSubmissionMethods(SubmissionMethods, TaskWaitMethods):
    """Submission of any number of items, or of documents."""

    def submit_items(
        self,
        data: TransferData,
        items: Mapping[str, str] | Iterable[TransferItem] | AsyncIterable[TransferItem],
        *,
        journal: str | os.PathLike[str],
        leases: Leases | None = None,
        items_per_task: int = 10_000,
        max_pending: int = 100,
    ) -> BatchSubmission:
        """
        Submit any number of items in tasks of limited size, each item exactly once.

        Each task is written to the journal, with its submission id, before it is sent. After a crash or an error, call
        this again with the same arguments and the same items in the same order: tasks that the journal has are not
        submitted again, a task in progress is submitted with the same submission id, and the remaining items follow.

        Args:
            data: Endpoints and options of all tasks, without items.
            items: The items to transfer, as in `TransferData`: pairs of source and destination path, or mappings with
                the arguments of `TransferData.add_item`. A generator is read as tasks are submitted.
            journal: Path of the journal, which is created if it does not exist. It contains the paths of all items; one
                submission at a time may use it.
            leases: Locks the journal for one submission on all machines, such as `RedisLeases`, `SQLLeases` or a token
                storage that they share. By default the kernel locks it, for this machine, which a file on a network
                file system does not allow.
            items_per_task: Maximum number of items of one task.
            max_pending: Maximum number of unfinished tasks of this batch; further ones wait. The service allows a user
                100.

        Returns:
            An async iterator over the tasks, which are submitted one after the other; those in the journal come first.
            Or await it, to submit all.

        Raises:
            GlobusSDKUsageError: Items or options differ from those of the journal, the file is not a journal or is
                damaged (it is not changed), another submission is using it, or an argument is invalid.
            JournalError: The journal cannot be read, written or locked: no permission, a full disk.
            TokenStorageError: The store of the leases cannot be used; iterate further, or call this again.
            SubmissionUncertain: The last task may or may not exist; iterate further, or call this again.
            TransferAPIError: The service refused a task.

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
        from .submission import BatchSubmission  # noqa: PLC0415 -- few programs submit in batches

        return BatchSubmission(
            data,
            items,
            journal=journal,
            leases=leases,
            items_per_task=items_per_task,
            max_pending=max_pending,
            get_submission_id=self._new_submission_id,
            submit=partial(self._submit_for_task_id, "submit_items", "transfer"),
            poller=self._poller,
        )

    def submit_documents(
        self,
        documents: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        *,
        journal: str | os.PathLike[str],
        leases: Leases | None = None,
        max_pending: int = 100,
    ) -> DocumentSubmission:
        """
        Submit any number of independent transfers and deletions, each exactly once.

        Each document is written to the journal, with its submission id, before it is sent. After a crash, call this
        again with the same documents in the same order: those that the journal has are not submitted again, one in
        progress and those that were refused are submitted with the same submission id, and the remaining ones follow.

        Args:
            documents: `TransferData`, `DeleteData`, or dicts of the same form; they are not changed. A generator is
                read as documents are submitted.
            journal: Path of the journal, which is created if it does not exist. It contains the documents; one
                submission at a time may use it.
            leases: Locks the journal for one submission on all machines, such as `RedisLeases`, `SQLLeases` or a token
                storage that they share. By default the kernel locks it, for this machine, which a file on a network
                file system does not allow.
            max_pending: Maximum number of unfinished tasks of this submission; further ones wait. The service allows a
                user 100; while it accepts no more, because other programs have submitted some, the next one waits, too.

        Returns:
            An async iterator over the outcomes, one for each document, in order; documents are submitted one after the
            other. An outcome has the document as its ``item``, and a `SubmittedTask` as its ``value``, or an ``error``
            if the service refused the document, or whether it created a task is uncertain. Or await it for all
            outcomes, or its ``values()`` for the tasks, which raise the first error and submit no more.

        Raises:
            GlobusSDKUsageError: Documents differ from those of the journal, one is invalid, the file is not a journal
                or is damaged (it is not changed), or another submission is using it.
            JournalError: The journal cannot be read, written or locked: no permission, a full disk.
            TokenStorageError: The store of the leases cannot be used; iterate further, or call this again.
            NetworkError: There is no connection to the service; iterate further, or call this again.

        Example:
            >>> transfer = TransferData(source_id, destination_id, label="one")
            >>> transfer.add_item("/source/path/file.txt", "/dest/path/three.txt")
            >>> deletion = DeleteData(source_id, ignore_missing=True)
            >>> deletion.add_item("/source/path/old.txt")
            >>> outcomes = await tc.submit_documents([transfer, deletion], journal=journal_path)
            >>> [(outcome.item["DATA_TYPE"], outcome.value.is_new) for outcome in outcomes]
            [('transfer', True), ('delete', True)]

        **Differs from globus-sdk:** which has no such method.

        REST: `POST /v0.10/transfer, POST /v0.10/delete <https://docs.globus.org/api/transfer/task_submit/>`_
        """
        from .documents import DocumentSubmission  # noqa: PLC0415 -- few programs submit in batches

        return DocumentSubmission(
            documents,
            journal=journal,
            leases=leases,
            max_pending=max_pending,
            get_submission_id=self._new_submission_id,
            submit=partial(self._submit_for_task_id, "submit_documents"),
            poller=self._poller,
        )

    async def _new_submission_id(self) -> str:
        return submission_id_of(await self.get_submission_id())

    async def _submit_for_task_id(self, method: str, kind: str, document: bytes) -> str:
        task_id: str = (await self._submit_encoded(kind, document, method=method))["task_id"]
        return task_id
