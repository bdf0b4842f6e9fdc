"""The journal of a submission in batches: which batches there are, their tasks, and how these ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ...._http.body import json_body
from ...._http.path import is_uuid
from ...._journal.log import JournalLog, NotOfAJournal, is_number

if TYPE_CHECKING:
    from ....token_storage import Leases

__all__ = ("BatchJournal", "BatchRecord")


@dataclass(slots=True)
class BatchRecord:
    """
    The record of one batch.

    Attributes:
        items: Number of its items.
        digest: Digest of its items.
        task_id: Its task; ``None`` until it is recorded.
        state: The final state of its task; ``None`` until it is recorded.
    """

    items: int
    digest: str
    task_id: str | None = None
    state: str | None = None


class BatchJournal(JournalLog):
    """
    A write-ahead log of batches, three lines for each: its items, its task, and the final state of that.

    It has digests of the items, and not the items: these are read again when a submission is resumed.

    Attributes:
        records: The recorded batches, in order.
    """

    line_starts: ClassVar[tuple[bytes, ...]] = (b'{"submit":', b'{"submitted":', b'{"ended":')

    def __init__(self, path: Path, subject: Mapping[str, Any], leases: Leases | None = None) -> None:
        super().__init__(path, subject, leases)
        self.records: list[BatchRecord] = []

    async def begin(self, number: int, record: BatchRecord) -> None:
        """Record a batch before it is submitted; raises as `append`."""
        line = {"submit": number, "items": record.items, "digest": record.digest}
        await self.append(json_body(line) + b"\n")

    async def commit(self, number: int, task_id: str) -> None:
        """Record the task of a batch; raises as `append`."""
        await self.append(json_body({"submitted": number, "task_id": task_id}) + b"\n")

    async def end(self, number: int, state: str) -> None:
        """Record the final state of a task; raises as `append`."""
        await self.append(json_body({"ended": number, "state": state}) + b"\n")

    def begin_reading(self) -> None:
        """Discard what was read."""
        self.records = []

    def read_line(self, number: int, line: dict[str, Any]) -> None:
        """Take in the record of a batch, of its task, or of the end of that."""
        if "submit" in line:
            self._read_batch(number, line)
            return
        name = "submitted" if "submitted" in line else "ended"
        batch = line.get(name)
        if not is_number(batch) or not 0 <= batch < len(self.records):
            raise NotOfAJournal(f"line {number}: {name} is not the number of a batch")
        record = self.records[batch]
        if name == "submitted":
            if not is_uuid(line.get("task_id")):
                raise NotOfAJournal(f"line {number}: task_id is not the id of a task")
            record.task_id, record.state = line["task_id"], None
        elif not isinstance(line.get("state"), str) or record.task_id is None:
            raise NotOfAJournal(f"line {number}: state is not that of a task")
        else:
            record.state = line["state"]

    def _read_batch(self, number: int, line: Mapping[str, Any]) -> None:
        """Refuse a line that does not have the place and the size of the next batch."""
        items = line.get("items")
        if not is_number(line["submit"]) or line["submit"] != len(self.records):
            raise NotOfAJournal(f"line {number}: submit is not the number of the next batch")
        if not is_number(items) or items < 1:
            raise NotOfAJournal(f"line {number}: items is not a number of items")
        if not isinstance(line.get("digest"), str):
            raise NotOfAJournal(f"line {number}: digest is not text")
        self.records.append(BatchRecord(items, line["digest"]))
