"""The file of a journal: opened, locked and extended by one line at a time."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final, TypeVar
from weakref import WeakValueDictionary

from anyio import to_thread

from ..errors import GlobusError, GlobusSDKUsageError

try:
    import fcntl
except ImportError:  # Windows; there a second writer is detected by what it has written
    _fcntl = None
else:
    _fcntl = fcntl

__all__ = ("End", "JournalError", "JournalFile", "changed_by_another", "read_rest")

T = TypeVar("T")

_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
_WRITE_LOCKS: Final = WeakValueDictionary[Path, Lock]()
"""By path: a later submission waits for the write that the cancelled one before it has in progress."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_WRITE_LOCKS.clear)

_OPEN_FLAGS: Final = os.O_RDWR | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
"""Without waiting for the other end of a pipe, which is refused once it is open."""


class JournalError(GlobusError, OSError):
    """The file system does not allow the journal to be read, written or locked; ``errno`` has the reason."""


@dataclass(frozen=True, slots=True)
class End:
    """
    The end of the complete lines of a journal.

    Args:
        lines: Their number.
        size: Their size in bytes.
    """

    lines: int = 0
    size: int = 0

    def after(self, line: bytes) -> End:
        """Return the end if a line follows."""
        return End(self.lines + 1, self.size + len(line))


class JournalFile:
    """
    The file of a journal, which the kernel locks for one process of one machine.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write_lock: Lock = _WRITE_LOCKS.setdefault(path.absolute(), Lock())

    async def run(self, work: Callable[[], T]) -> T:
        """Run a function in a thread, in which it may use the other methods."""
        return await to_thread.run_sync(work)

    @contextmanager
    def open(self, *, create: bool = False) -> Generator[BinaryIO]:
        """Open the file and lock it; every error of the file system in the block is a `JournalError`."""
        with self.errors():
            descriptor = os.open(self.path, _OPEN_FLAGS | (os.O_CREAT if create else 0), 0o600)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise GlobusSDKUsageError(f"{self.path} is not a regular file, so that it cannot be a journal")
                self._lock(descriptor)
                with open(descriptor, "r+b", closefd=False) as file:
                    yield file
            finally:
                os.close(descriptor)

    @contextmanager
    def errors(self) -> Generator[None]:
        """Turn every error of the file system in the block into a `JournalError`."""
        try:
            yield
        except JournalError:
            raise
        except OSError as error:
            reason = self._reason(error) or error.strerror or type(error).__name__
            raise JournalError(error.errno, f"the journal {self.path} cannot be used: {reason}") from error

    def finish(self, end: End) -> bool:  # noqa: ARG002 -- of an argument that the subclass uses
        """Complete a line that another writer has begun; return whether there was one."""
        return False  # an incomplete line is left by a crash, and of no use

    def append(self, end: End, line: bytes) -> None:
        """
        Write a line after the last complete one, and wait until it is on disk.

        Args:
            end: The end of the complete lines.
            line: The line.

        Raises:
            GlobusSDKUsageError: Another submission has changed the file, or is writing to it.
            JournalError: The file system does not allow it.
        """
        with self.open() as file:
            rest = read_rest(file, end.size)
            # a rest without a line end is left by a crash; the line itself, by a write that failed at the end
            if rest is None or (b"\n" in rest and rest != line):
                raise changed_by_another(self.path)
            file.seek(end.size)
            file.truncate()
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def _lock(self, descriptor: int) -> None:
        """
        Lock the file until it is closed or the process ends.

        Raises:
            GlobusSDKUsageError: Another submission has locked it.
            OSError: The file system has no locks.
        """
        if _fcntl is None:
            return
        try:
            _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except BlockingIOError:
            raise GlobusSDKUsageError(
                f"another submission, of this or another process, is writing to {self.path}; a journal has one writer"
                " at a time"
            ) from None

    def _reason(self, error: OSError) -> str | None:
        if error.errno in _NO_LOCKS:
            return "its file system has no locks; choose a journal on a local disk, or pass leases="
        return None


def read_rest(file: BinaryIO, start: int) -> bytes | None:
    """Return what follows a place in the file; ``None`` if it is shorter."""
    end = file.seek(start)
    rest = file.read()
    return None if os.fstat(file.fileno()).st_size < end else rest


def changed_by_another(path: Path) -> GlobusSDKUsageError:
    """Return the error for a journal that another submission has changed."""
    return GlobusSDKUsageError(
        f"another submission has changed {path}; a journal has one writer at a time: submit again when that has ended"
    )
