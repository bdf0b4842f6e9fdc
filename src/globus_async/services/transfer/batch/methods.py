"""The method that submits any number of items."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Iterable
from typing import TYPE_CHECKING

from ..submissions import SubmissionMethods, submission_id_of
from ..waiting.task_wait import TaskWaitMethods
from .submission import BatchSubmission

if TYPE_CHECKING:
    from ..data import TransferData
    from .items import TransferItem

__all__ = ("BatchSubmissionMethods",)


class BatchSubmissionMethods(SubmissionMethods, TaskWaitMethods):
    """Submission of any number of items."""

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
        Submit any number of items in tasks of limited size, each item exactly once.

        Each task is written to the journal, with its submission id, before it is sent. After a crash or an error, call
        this again with the same arguments and the same items in the same order: tasks that the journal has are not
        submitted again, a task in progress is submitted with the same submission id, and the remaining items follow.

        Args:
            data: Endpoints and options of all tasks, without items.
            items: The items to transfer: pairs of source and destination path, or mappings with the arguments of
                `TransferData.add_item`. A generator is read as tasks are submitted.
            journal: Path of the journal, which is created if it does not exist. It contains the paths of all items; one
                submission at a time may use it.
            items_per_task: Maximum number of items of one task.
            max_pending: Maximum number of unfinished tasks of this batch; further ones wait. The service allows a user
                100.

        Returns:
            An async iterator over the tasks, which are submitted one after the other; those in the journal come first.
            Or await it, to submit all.

        Raises:
            GlobusSDKUsageError: Items or options differ from those of the journal, the file is not a journal (it is not
                changed), another submission is using it, or an argument is invalid.
            JournalError: The journal cannot be read, written or locked: no permission, a full disk.
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

        async def get_submission_id() -> str:
            return submission_id_of(await self.get_submission_id())

        async def submit(document: bytes) -> str:
            task_id: str = (await self._submit_encoded("transfer", document))["task_id"]
            return task_id

        return BatchSubmission(
            data,
            items,
            journal=journal,
            items_per_task=items_per_task,
            max_pending=max_pending,
            get_submission_id=get_submission_id,
            submit=submit,
            poller=self._poller,
        )
