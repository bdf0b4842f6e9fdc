"""The journal of a batch submission: a file that records each task before and after it is submitted."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Final

from anyio import to_thread

from ...._http.body import json_body
from ....errors import GlobusSDKUsageError

try:
    import fcntl
except ImportError:  # Windows; there a second process is detected by what it has written
    _fcntl = None
else:
    _fcntl = fcntl

__all__ = ("Journal", "JournalEntry")

_FORMAT: Final = 1


@dataclass(slots=True)
class JournalEntry:
    """
    The journal's record of one task.

    Attributes:
        items: Number of items of the task.
        digest: Digest of all items up to the task's last one.
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
    A write-ahead log of tasks: a file of JSON lines, two for each task.

    A line is on disk before the action that it records begins. An incomplete last line, left by a crash, is ignored and
    overwritten.

    Attributes:
        path: The file.
        template: Endpoints and options of all tasks.
        entries: The recorded tasks, in order.
    """

    path: Path
    template: Mapping[str, Any]
    entries: list[JournalEntry] = field(default_factory=list[JournalEntry])
    _size: int = 0
    _last_line: bytes = b""
    _write_lock: Lock = field(default_factory=Lock)

    async def load(self) -> None:
        """
        Read the file; create it if it does not exist.

        Raises:
            GlobusSDKUsageError: The file is not a journal, or one of other endpoints or options.
        """
        await to_thread.run_sync(self._load)

    async def begin(self, document: bytes, items: int, digest: str) -> JournalEntry:
        """
        Record a task before it is submitted; calling this again after a cancellation records it once.

        Args:
            document: The document to submit, as JSON.
            items: Number of its items.
            digest: Digest of all items up to its last one.
        """
        entry = JournalEntry(items, digest, document)
        head = json_body({"submit": len(self.entries), "items": items, "digest": digest})
        await self._append(head[:-1] + b',"document":' + document + b"}\n")
        self.entries.append(entry)
        return entry

    async def commit(self, entry: JournalEntry, task_id: str) -> None:
        """Record the id of a submitted task."""
        await self._append(json_body({"submitted": self.entries.index(entry), "task_id": task_id}) + b"\n")
        entry.task_id, entry.document = task_id, None

    def _load(self) -> None:
        unfinished: dict[int, object] = {}
        with self._write_lock:
            self.entries, self._size = [], 0
            try:
                with self.path.open("rb") as file:
                    for line in file:
                        if not line.endswith(b"\n"):
                            break  # cut off by a crash
                        self._read(json.loads(line), unfinished)
                        self._size += len(line)
                for number, document in unfinished.items():
                    self.entries[number].document = json_body(document)
            except FileNotFoundError:
                self.path.touch(mode=0o600, exist_ok=False)
                _sync_directory(self.path.parent)
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                if isinstance(error, GlobusSDKUsageError):
                    raise
                raise GlobusSDKUsageError(
                    f"{self.path} is not a journal of a batch submission ({type(error).__name__})"
                ) from None
        if self._size == 0:
            self._write(json_body({"journal": _FORMAT, "template": self.template}) + b"\n")

    def _read(self, line: dict[str, Any], unfinished: dict[int, object]) -> None:
        if "journal" in line:
            if line["journal"] != _FORMAT:
                raise GlobusSDKUsageError(f"{self.path} is a journal of another version of this library")
            if line["template"] != json.loads(json_body(self.template)):
                raise GlobusSDKUsageError(f"{self.path} is the journal of a submission with other endpoints or options")
        elif "submit" in line:
            unfinished[len(self.entries)] = line["document"]
            self.entries.append(JournalEntry(line["items"], line["digest"], None))
        else:
            number: int = line["submitted"]
            self.entries[number].task_id = line["task_id"]
            unfinished.pop(number, None)

    async def _append(self, line: bytes) -> None:
        await to_thread.run_sync(self._write, line)

    def _write(self, line: bytes) -> None:
        with self._write_lock:
            if line == self._last_line:
                return  # written by the thread of a cancelled call
            with self.path.open("r+b") as file:
                _lock_file(file, self.path)
                file.seek(self._size)
                if b"\n" in file.read():  # without a line end it is left by a crash
                    raise GlobusSDKUsageError(
                        f"another process has written to {self.path}; a journal has one writer at a time"
                    )
                file.seek(self._size)
                file.truncate()
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            self._size += len(line)
            self._last_line = line


def _lock_file(file: BinaryIO, path: Path) -> None:
    """Lock the file until it is closed or the process ends."""
    if _fcntl is not None:
        try:
            _fcntl.flock(file, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except OSError:
            raise GlobusSDKUsageError(f"another process is writing to {path}") from None


def _sync_directory(directory: Path) -> None:
    """Flush a new file's directory entry to disk."""
    if os.name == "posix":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
