"""The journal of a batch submission: a file that records each task before and after it is submitted."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeGuard

from ...._http.body import json_body
from ...._http.json_reader import decode_json, is_list, is_object
from ...._http.path import is_segment
from ....errors import GlobusSDKUsageError
from .journal_file import End, JournalFile
from .shared_journal_file import SharedJournalFile

if TYPE_CHECKING:
    from ....token_storage import Leases

__all__ = ("Journal", "JournalEntry")

_FORMAT: Final = 1
_LINE_STARTS: Final = (b'{"submit":', b'{"submitted":')
_MAX_FOREIGN_LINE: Final = 1 << 20
"""Bytes; a file without line ends that is no journal is not read into memory as a whole."""


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


@dataclass(slots=True)
class Journal:
    """
    A write-ahead log of tasks: a file of JSON lines, two for each task after a header.

    A line is on disk before the action that it records begins. An incomplete last line, left by a crash, is ignored and
    overwritten. A file that is not a journal is never changed.

    Attributes:
        path: The file.
        subject: The members of the header, which must be the same when a submission is resumed.
        leases: Locks the file for one writer of all machines; without, the kernel locks it for one of this machine.
        entries: The recorded tasks, in order.
    """

    path: Path
    subject: Mapping[str, Any]
    leases: Leases | None = None
    entries: list[JournalEntry] = field(default_factory=list[JournalEntry])
    _end: End = field(default_factory=End)
    _last_line: bytes = b""
    _file: JournalFile = field(init=False)

    def __post_init__(self) -> None:
        self._file = JournalFile(self.path) if self.leases is None else SharedJournalFile(self.path, self.leases)

    async def load(self) -> None:
        """
        Read the file; create it if it does not exist.

        Raises:
            GlobusSDKUsageError: The file is not a journal, is one of another submission, or is being written.
            JournalError: The file cannot be read, created or locked.
            TokenStorageError: The store of the leases cannot be used.
        """
        await self._file.run(self._load)

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
        await self._append(head[:-1] + b',"document":' + document + b"}\n")
        self.entries.append(entry)
        return entry

    async def commit(self, entry: JournalEntry, task_id: str) -> None:
        """Record the id of a submitted task; raises as `begin`."""
        await self._append(json_body({"submitted": self.entries.index(entry), "task_id": task_id}) + b"\n")
        entry.task_id, entry.document = task_id, None

    def _load(self) -> None:
        header = json_body({"journal": _FORMAT, **self.subject}) + b"\n"
        with self._file.write_lock:
            self._read(header)
            if self._file.finish(self._end):
                self._read(header)
            if not self._end.lines:
                self._write_at_end(header)
                with self._file.errors():
                    _sync_directory(self.path.parent)

    def _read(self, header: bytes) -> None:
        self.entries, self._end, self._last_line = [], End(), b""
        try:
            with self._file.open(create=True) as file:
                self._read_lines(file, header)
        except _NotOfAJournal as error:
            raise GlobusSDKUsageError(
                f"{self.path} is not a journal of a batch submission, or is damaged ({error}); it was not changed"
            ) from None

    def _read_lines(self, file: BinaryIO, header: bytes) -> None:
        first_line = file.readline(max(_MAX_FOREIGN_LINE, len(header)))
        if first_line.endswith(b"\n"):
            self._check_header(_decode_line(1, first_line), decode_json(header))
            self._end = self._end.after(first_line)
            self._read_entries(file)
        elif not header.startswith(first_line):
            raise _NotOfAJournal("line 1 is not the beginning of a journal")

    def _check_header(self, found: Mapping[str, Any], header: Mapping[str, Any]) -> None:
        if "journal" not in found:
            raise _NotOfAJournal("line 1 is not the beginning of a journal")
        if found["journal"] != _FORMAT:
            raise GlobusSDKUsageError(f"{self.path} is a journal of another version of this library")
        if found != header:
            raise GlobusSDKUsageError(
                f"{self.path} is the journal of another submission, or one with other endpoints or options"
            )

    def _read_entries(self, file: BinaryIO) -> None:
        unfinished: dict[int, object] = {}
        for number, text in enumerate(file, 2):
            if not text.endswith(b"\n"):  # cut off by a crash, perhaps filled up with zeros
                tail = text.rstrip(b"\0")
                if not any(tail.startswith(start[: len(tail)]) for start in _LINE_STARTS):
                    raise _NotOfAJournal(f"line {number} is not of a journal")
                break
            line = _decode_line(number, text)
            if "submit" in line:
                self._check_begun(number, line)
                unfinished[len(self.entries)] = line["document"]
                self.entries.append(JournalEntry(line["items"], line["digest"], None))
            else:
                self._check_submitted(number, line)
                self.entries[line["submitted"]].task_id = line["task_id"]
                unfinished.pop(line["submitted"], None)
            self._end = self._end.after(text)
        for entry, document in unfinished.items():
            self.entries[entry].document = json_body(document)

    def _check_begun(self, number: int, line: Mapping[str, Any]) -> None:
        """Refuse a line that does not have the place, the size and the document of the next task."""
        items, document = line.get("items"), line.get("document")
        if not _is_number(line["submit"]) or line["submit"] != len(self.entries):
            raise _NotOfAJournal(f"line {number}: submit is not the number of the next task")
        if not _is_number(items) or items < 1:
            raise _NotOfAJournal(f"line {number}: items is not a number of items")
        if not isinstance(line.get("digest"), str):
            raise _NotOfAJournal(f"line {number}: digest is not text")
        if not is_object(document) or not is_list(document.get("DATA")):
            raise _NotOfAJournal(f"line {number}: document is not that of a task")
        submission_id = document.get("submission_id")
        if not isinstance(submission_id, str) or not submission_id:
            raise _NotOfAJournal(f"line {number}: document has no submission_id")

    def _check_submitted(self, number: int, line: Mapping[str, Any]) -> None:
        """Refuse a line that does not give the id of a recorded task, or gives a second one."""
        entry, task_id = line.get("submitted"), line.get("task_id")
        if not _is_number(entry) or not 0 <= entry < len(self.entries):
            raise _NotOfAJournal(f"line {number}: submitted is not the number of a task")
        if not is_segment(task_id) or self.entries[entry].task_id not in {None, task_id}:
            raise _NotOfAJournal(f"line {number}: task_id is not the id of this task")

    async def _append(self, line: bytes) -> None:
        await self._file.run(partial(self._write, line))

    def _write(self, line: bytes) -> None:
        with self._file.write_lock:
            if line == self._last_line:
                return  # written by the thread of a cancelled call
            self._write_at_end(line)

    def _write_at_end(self, line: bytes) -> None:
        self._file.append(self._end, line)
        self._end = self._end.after(line)
        self._last_line = line


class _NotOfAJournal(Exception):
    """A line that no journal has; the message names it."""


def _decode_line(number: int, text: bytes) -> dict[str, Any]:
    try:
        line = decode_json(text)
    except ValueError:
        raise _NotOfAJournal(f"line {number} is not JSON") from None
    if not is_object(line):
        raise _NotOfAJournal(f"line {number} is not a JSON object")
    return line


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _sync_directory(directory: Path) -> None:
    """Flush a new file's directory entry to disk, where that is possible."""
    if os.name != "posix":
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except PermissionError:  # of a directory that may be entered, but not read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # of a file system that does not flush directories
            raise
    finally:
        os.close(descriptor)
