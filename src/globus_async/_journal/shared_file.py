"""
The file of a journal that the writers of several machines share, on a file system without locks.

A lease lets one writer in at a time, but a writer that was paused beyond its time does not notice in the middle of a
step. So each line is decided before it is written: its text is linked to a name with its number, which succeeds for one
writer. All that then write the line, early or late, or for a writer that has crashed, write the same bytes to the same
place. When the line is on disk, the link is removed; a writer that links another text afterwards finds the line.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final, TypeVar

from anyio import to_thread

from .._concurrency.tasks import run_to_end
from ..errors import GlobusSDKUsageError
from .file import End, JournalFile, changed_by_another, read_rest

if TYPE_CHECKING:
    from ..token_storage import Leases

__all__ = ("SharedJournalFile",)

T = TypeVar("T")

_LEASE_SECONDS: Final = 60.0
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP})
_MAX_TRIES: Final = 5


class SharedJournalFile(JournalFile):
    """
    The file of a journal, which a lease locks for one writer of all machines.

    Args:
        path: The file.
        leases: The leases, which all machines share. Their name has that of the file, but not its directory, which may
            have another name on another machine.
    """

    def __init__(self, path: Path, leases: Leases) -> None:
        super().__init__(path)
        self._leases = leases

    async def run(self, work: Callable[[], T]) -> T:
        """Run a function in a thread, in which it may use the other methods, while the lease is held."""
        target = await to_thread.run_sync(os.path.realpath, self.path)
        async with self._leases.lease(f"journal {Path(target).name}", _LEASE_SECONDS):
            # a thread goes on when its caller is cancelled; the lease is released after it
            return await run_to_end(lambda: to_thread.run_sync(work))

    def finish(self, end: End) -> bool:
        """Complete a line that another writer has decided, and not written; return whether there was one."""
        with self.errors():
            self._withdraw(end.lines - 1)  # of a writer that has crashed when its line was written
            decided = self._decided(end.lines)
            if decided is None:
                return False
            self._complete(end.size, decided)
            self._withdraw(end.lines)
            return True

    def append(self, end: End, line: bytes) -> None:
        """Decide and write a line, unless another writer has decided it; as for `JournalFile`."""
        with self.errors():
            decided = self._decide(end.lines, line)
            try:
                self._complete(end.size, decided)
            except GlobusSDKUsageError:  # another line was written before this one was decided
                self._withdraw(end.lines)
                raise
            self._withdraw(end.lines)
        if decided != line:
            raise changed_by_another(self.path)

    def _decide(self, number: int, line: bytes) -> bytes:
        """Return the text of a line: the given one, unless another writer was first."""
        for _ in range(_MAX_TRIES):
            if self._link(number, line):
                return line
            decided = self._decided(number)
            if decided is not None:
                return decided
        raise changed_by_another(self.path)  # it was withdrawn each time

    def _link(self, number: int, line: bytes) -> bool:
        """Link a text to the name of a line; return whether it was free."""
        name = self._name_of(number)
        temporary = name.with_name(f"{name.name}.{token_hex(8)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(line)
                file.flush()
                os.fsync(descriptor)
            os.link(temporary, name)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def _decided(self, number: int) -> bytes | None:
        """Return the text of a line that is decided, and perhaps not written; ``None`` if there is none."""
        name = self._name_of(number)
        try:
            text = name.read_bytes()
        except FileNotFoundError:
            return None
        if text.find(b"\n") != len(text) - 1:
            raise GlobusSDKUsageError(f"{name} is not of a journal, or is damaged; nothing was changed")
        return text

    def _complete(self, start: int, decided: bytes) -> None:
        """Write a line that is decided, unless that has been done; compare what the file then has."""
        rest = self._rest(start)
        if rest is None or (b"\n" in rest and not rest.startswith(decided)):
            raise changed_by_another(self.path)
        if not rest.startswith(decided):
            self._put(start, decided, rest)
            rest = self._rest(start)
            if rest is None or not rest.startswith(decided):
                raise changed_by_another(self.path)

    def _rest(self, start: int) -> bytes | None:
        with self.open() as file:  # opened again: an older view of a network file system may lack a line
            return read_rest(file, start)

    def _put(self, start: int, decided: bytes, rest: bytes) -> None:
        with self.open() as file:
            file.seek(start)
            if not decided.startswith(rest):  # left by a crash, before the journal was shared
                file.truncate()
            file.write(decided)
            file.flush()
            os.fsync(file.fileno())

    def _withdraw(self, number: int) -> None:
        self._name_of(number).unlink(missing_ok=True)

    def _name_of(self, number: int) -> Path:
        path = Path(os.path.realpath(self.path))
        return path.with_name(f".{path.name}.line-{number}")

    def _lock(self, descriptor: int) -> None:
        """The lease is the lock."""

    def _reason(self, error: OSError) -> str | None:
        if error.errno in _NO_LINKS:
            return "its file system has no hard links, which a shared journal needs"
        return None
