"""The journal of a submission of many files: what was submitted, written down before it was sent."""

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
except ImportError:  # not on Windows; there, that two processes write is found out by what they wrote
    _lock = None
else:
    _lock = fcntl

__all__ = ("Journal", "JournalEntry")

_FORMAT: Final = 1


@dataclass(slots=True)
class JournalEntry:
    """
    What a journal says of one task.

    Attributes:
        items: How many items it has.
        digest: Of all items up to its last one.
        document: What is to be submitted, while it is not known that it was.
        task_id: The task's id, once it is known.
    """

    items: int
    digest: str
    document: dict[str, Any] | None
    task_id: str | None = None


@dataclass(slots=True)
class Journal:
    """
    A file of JSON lines, one for each task that is to be submitted and one for each that was.

    A line is on the disk before anything that it announces is done. What a crash leaves of a line counts as not
    written.

    Attributes:
        path: The file.
        template: What all its tasks have in common.
        recorded: The tasks in it, in order.
    """

    path: Path
    template: Mapping[str, Any]
    recorded: list[JournalEntry] = field(default_factory=list[JournalEntry])
    _size: int = 0
    _last: bytes = b""
    _one_at_a_time: Lock = field(default_factory=Lock)

    async def load(self) -> None:
        """
        Read the file, or begin it.

        Raises:
            GlobusSDKUsageError: It is no journal, or one of tasks of another kind.
        """
        await to_thread.run_sync(self._load)

    async def announce(self, document: dict[str, Any], digest: str) -> JournalEntry:
        """Write down what is going to be submitted; doing so again after a cancellation is the same."""
        entry = JournalEntry(len(document["DATA"]), digest, document)
        await self._add({"submit": len(self.recorded), "items": entry.items, "digest": digest, "document": document})
        self.recorded.append(entry)
        return entry

    async def confirm(self, entry: JournalEntry, task_id: str) -> None:
        """Write down that it was submitted."""
        await self._add({"submitted": self.recorded.index(entry), "task_id": task_id})
        entry.task_id, entry.document = task_id, None

    def _load(self) -> None:
        with self._one_at_a_time:
            self.recorded, self._size = [], 0
            try:
                with self.path.open("rb") as file:
                    for line in file:
                        if not line.endswith(b"\n"):
                            break  # a crash cut it off
                        self._read(json.loads(line))
                        self._size += len(line)
            except FileNotFoundError:
                self.path.touch(mode=0o600, exist_ok=False)
                _sync_folder(self.path.parent)
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                if isinstance(error, GlobusSDKUsageError):
                    raise
                raise GlobusSDKUsageError(
                    f"{self.path} is no journal of submissions ({type(error).__name__})"
                ) from None
        if self._size == 0:
            self._write(_line({"journal": _FORMAT, "template": self.template}))

    def _read(self, entry: dict[str, Any]) -> None:
        if "journal" in entry:
            if entry["journal"] != _FORMAT:
                raise GlobusSDKUsageError(f"{self.path} is a journal of another version of this library")
            if entry["template"] != json.loads(json_body(self.template)):
                raise GlobusSDKUsageError(f"{self.path} is the journal of a submission with other endpoints or options")
        elif "submit" in entry:
            self.recorded.append(JournalEntry(entry["items"], entry["digest"], entry["document"]))
        else:
            place: int = entry["submitted"]
            self.recorded[place].task_id, self.recorded[place].document = entry["task_id"], None

    async def _add(self, entry: Mapping[str, object]) -> None:
        await to_thread.run_sync(self._write, _line(entry))

    def _write(self, line: bytes) -> None:
        with self._one_at_a_time:
            if line == self._last:
                return  # by a thread that went on when its caller was cancelled
            with self.path.open("r+b") as file:
                _take(file, self.path)
                file.seek(self._size)
                if b"\n" in file.read():  # anything less is what a crash left
                    raise GlobusSDKUsageError(f"another process has written to {self.path}; only one may use it")
                file.seek(self._size)
                file.truncate()
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            self._size += len(line)
            self._last = line


def _line(entry: Mapping[str, object]) -> bytes:
    return json_body(entry) + b"\n"


def _take(file: BinaryIO, path: Path) -> None:
    """Lock the file until it is closed, or the process is killed."""
    if _lock is not None:
        try:
            _lock.flock(file, _lock.LOCK_EX | _lock.LOCK_NB)
        except OSError:
            raise GlobusSDKUsageError(f"another process is writing to {path}") from None


def _sync_folder(folder: Path) -> None:
    """Put the name of a new file on the disk."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
