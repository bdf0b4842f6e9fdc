"""A write-ahead log: a file of JSON lines, of which the first says what it is about."""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Final, TypeGuard

from .._http.body import json_body
from .._http.json_reader import decode_json, is_object
from ..errors import GlobusSDKUsageError
from .file import End, JournalFile
from .shared_file import SharedJournalFile

if TYPE_CHECKING:
    from ..token_storage import Leases

__all__ = ("JournalLog", "NotOfAJournal", "is_number")

_FORMAT: Final = 1
_MAX_FOREIGN_LINE: Final = 1 << 20
"""Bytes; a file without line ends that is no journal is not read into memory as a whole."""


class JournalLog(ABC):
    """
    A write-ahead log: a file of JSON lines after a header.

    A line is on disk before the action that it records begins. An incomplete last line, left by a crash, is ignored and
    overwritten. A file that is not a journal is never changed.

    A subclass sets ``line_starts``, and has methods that take in the lines that are read.

    Attributes:
        line_starts: How the lines after the header begin.
        path: The file.
        subject: The members of the header, which must be the same when a submission is resumed.
        leases: Locks the file for one writer of all machines; without, the kernel locks it for one of this machine.
    """

    line_starts: ClassVar[tuple[bytes, ...]]

    def __init__(self, path: Path, subject: Mapping[str, Any], leases: Leases | None = None) -> None:
        self.path = path
        self.subject = subject
        self.leases = leases
        self._end = End()
        self._last_line = b""
        self._file = JournalFile(path) if leases is None else SharedJournalFile(path, leases)

    async def load(self) -> None:
        """
        Read the file; create it if it does not exist.

        Raises:
            GlobusSDKUsageError: The file is not a journal, is one of another submission, or is being written.
            JournalError: The file cannot be read, created or locked.
            TokenStorageError: The store of the leases cannot be used.
        """
        await self._file.run(self._load)

    async def append(self, line: bytes) -> None:
        """
        Write a line; calling this again after a cancellation writes it once.

        Args:
            line: The line, with its end.

        Raises:
            GlobusSDKUsageError: Another submission has written to the file, or is writing to it.
            JournalError: The file cannot be written.
            TokenStorageError: The store of the leases cannot be used.
        """
        await self._file.run(partial(self._write, line))

    @abstractmethod
    def begin_reading(self) -> None:
        """Discard what was read."""

    @abstractmethod
    def read_line(self, number: int, line: dict[str, Any]) -> None:
        """
        Take in a line.

        Args:
            number: Its number in the file, from 2.
            line: The line.

        Raises:
            NotOfAJournal: No journal of this kind has such a line.
        """

    def end_reading(self) -> None:  # noqa: B027 -- few kinds of journals need it
        """Take in the end of the file."""

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
        self._end, self._last_line = End(), b""
        self.begin_reading()
        try:
            with self._file.open(create=True) as file:
                self._read_lines(file, header)
        except NotOfAJournal as error:
            raise GlobusSDKUsageError(
                f"{self.path} is not a journal of a batch submission, or is damaged ({error}); it was not changed"
            ) from None

    def _read_lines(self, file: BinaryIO, header: bytes) -> None:
        first_line = file.readline(max(_MAX_FOREIGN_LINE, len(header)))
        if first_line.endswith(b"\n"):
            self._check_header(_decode_line(1, first_line), decode_json(header))
            self._end = self._end.after(first_line)
            self._read_rest(file)
        elif not header.startswith(first_line):
            raise NotOfAJournal("line 1 is not the beginning of a journal")

    def _check_header(self, found: Mapping[str, Any], header: Mapping[str, Any]) -> None:
        if "journal" not in found:
            raise NotOfAJournal("line 1 is not the beginning of a journal")
        if found["journal"] != _FORMAT:
            raise GlobusSDKUsageError(f"{self.path} is a journal of another version of this library")
        if found != header:
            raise GlobusSDKUsageError(
                f"{self.path} is the journal of another submission, or one with other endpoints or options"
            )

    def _read_rest(self, file: BinaryIO) -> None:
        for number, text in enumerate(file, 2):
            if not text.endswith(b"\n"):  # cut off by a crash, perhaps filled up with zeros
                tail = text.rstrip(b"\0")
                if not any(tail.startswith(start[: len(tail)]) for start in self.line_starts):
                    raise NotOfAJournal(f"line {number} is not of a journal")
                break
            self.read_line(number, _decode_line(number, text))
            self._end = self._end.after(text)
        self.end_reading()

    def _write(self, line: bytes) -> None:
        with self._file.write_lock:
            if line == self._last_line:
                return  # written by the thread of a cancelled call
            self._write_at_end(line)

    def _write_at_end(self, line: bytes) -> None:
        self._file.append(self._end, line)
        self._end = self._end.after(line)
        self._last_line = line


class NotOfAJournal(Exception):
    """A line that no journal has; the message names it."""


def _decode_line(number: int, text: bytes) -> dict[str, Any]:
    try:
        line = decode_json(text)
    except ValueError:
        raise NotOfAJournal(f"line {number} is not JSON") from None
    if not is_object(line):
        raise NotOfAJournal(f"line {number} is not a JSON object")
    return line


def is_number(value: object) -> TypeGuard[int]:
    """Return whether a member of a line is a whole number."""
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
