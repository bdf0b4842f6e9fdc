"""The journal of a batch submission: a file that records each task before and after it is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ...._http.body import json_body
from ...._http.json_reader import is_list, is_object
from ...._http.path import is_segment
from ...._journal.log import JournalLog, NotOfAJournal, is_number

if TYPE_CHECKING:
    from ....token_storage import Leases

__all__ = ("Journal", "JournalEntry")


@dataclass(slots=True)
class JournalEntry:
    """
    The journal's record of one task.

    Attributes:
        items: Number of items of the task.
        digest: Digest of what the task was made of.
        document: The document to submit, as JSON; ``None`` once the task id is recorded.
        task_id: The task's id; ``None`` until it is recorded.
    """

    items: int
    digest: str
    document: bytes | None
    task_id: str | None = None


class Journal(JournalLog):
    """
    A write-ahead log of tasks, two lines for each task after the header.

    Attributes:
        entries: The recorded tasks, in order.
    """

    line_starts: ClassVar[tuple[bytes, ...]] = (b'{"submit":', b'{"submitted":')

    def __init__(self, path: Path, subject: Mapping[str, Any], leases: Leases | None = None) -> None:
        super().__init__(path, subject, leases)
        self.entries: list[JournalEntry] = []
        self._unfinished: dict[int, object] = {}

    async def begin(self, document: bytes, items: int, digest: str) -> JournalEntry:
        """
        Record a task before it is submitted; calling this again after a cancellation records it once.

        Args:
            document: The document to submit, as JSON.
            items: Number of its items.
            digest: Digest of what it was made of, with which the input is compared when the submission is resumed.

        Raises:
            GlobusSDKUsageError: Another submission has written to the file, or is writing to it.
            JournalError: The file cannot be written.
            TokenStorageError: The store of the leases cannot be used.
        """
        entry = JournalEntry(items, digest, document)
        head = json_body({"submit": len(self.entries), "items": items, "digest": digest})
        await self.append(head[:-1] + b',"document":' + document + b"}\n")
        self.entries.append(entry)
        return entry

    async def commit(self, entry: JournalEntry, task_id: str) -> None:
        """Record the id of a submitted task; raises as `begin`."""
        await self.append(json_body({"submitted": self.entries.index(entry), "task_id": task_id}) + b"\n")
        entry.task_id, entry.document = task_id, None

    def begin_reading(self) -> None:
        """Discard what was read."""
        self.entries, self._unfinished = [], {}

    def read_line(self, number: int, line: dict[str, Any]) -> None:
        """Take in the record of a task, or of its id."""
        if "submit" in line:
            self._check_begun(number, line)
            self._unfinished[len(self.entries)] = line["document"]
            self.entries.append(JournalEntry(line["items"], line["digest"], None))
        else:
            self._check_submitted(number, line)
            self.entries[line["submitted"]].task_id = line["task_id"]
            self._unfinished.pop(line["submitted"], None)

    def end_reading(self) -> None:
        """Keep the documents of the tasks whose ids are not recorded."""
        for entry, document in self._unfinished.items():
            self.entries[entry].document = json_body(document)
        self._unfinished = {}

    def _check_begun(self, number: int, line: Mapping[str, Any]) -> None:
        """Refuse a line that does not have the place, the size and the document of the next task."""
        items, document = line.get("items"), line.get("document")
        if not is_number(line["submit"]) or line["submit"] != len(self.entries):
            raise NotOfAJournal(f"line {number}: submit is not the number of the next task")
        if not is_number(items) or items < 1:
            raise NotOfAJournal(f"line {number}: items is not a number of items")
        if not isinstance(line.get("digest"), str):
            raise NotOfAJournal(f"line {number}: digest is not text")
        if not is_object(document) or not is_list(document.get("DATA")):
            raise NotOfAJournal(f"line {number}: document is not that of a task")
        submission_id = document.get("submission_id")
        if not isinstance(submission_id, str) or not submission_id:
            raise NotOfAJournal(f"line {number}: document has no submission_id")

    def _check_submitted(self, number: int, line: Mapping[str, Any]) -> None:
        """Refuse a line that does not give the id of a recorded task, or gives a second one."""
        entry, task_id = line.get("submitted"), line.get("task_id")
        if not is_number(entry) or not 0 <= entry < len(self.entries):
            raise NotOfAJournal(f"line {number}: submitted is not the number of a task")
        if not is_segment(task_id) or self.entries[entry].task_id not in {None, task_id}:
            raise NotOfAJournal(f"line {number}: task_id is not the id of this task")
