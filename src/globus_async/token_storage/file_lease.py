"""
Leases that the processes of one machine share.

A lease is a kernel lock on a file of its own, which ends with its holder's process. The file names the holder by a
random text. A waiter that has read the same text for the holder's time assumes that the holder is stopped, and replaces
the file: the holder's lock then stays on a file without a name. A lease is taken under the lock of the storage only.
"""

from __future__ import annotations

import math
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import TYPE_CHECKING, Final

from .._files.private import read_private, status_of, write_private
from .file_lock import HeldLock, poll_intervals, real_clock, try_lock
from .lease import Lease

if TYPE_CHECKING:
    from ..clock import Clock
    from .shared_file import SharedFile

__all__ = ("FileLease",)

_CAN_REPLACE: Final = os.name == "posix"
"""Whether a locked file can be read, and replaced."""
_MAX_SIZE: Final = 200


class FileLease:
    """
    The context in which a lease is held, which all processes share.

    Args:
        name: What the lease is for.
        seconds: How long it is held at most.
        path: The file of the lease.
        storage: The file of the storage, whose lock is held while the lease is taken.
        clock: The clock by which its time, and that of other holders, runs.
    """

    __slots__ = ("_clock", "_lock", "_name", "_path", "_seconds", "_storage")

    def __init__(self, name: str, seconds: float, *, path: Path, storage: SharedFile, clock: Clock) -> None:
        self._name = name
        self._seconds = seconds
        self._path = path
        self._storage = storage
        self._clock = clock
        self._lock: HeldLock | None = None

    async def __aenter__(self) -> Lease:
        async with self._storage.loop_locks.of(self._path.name):
            return await self._acquire()

    async def _acquire(self) -> Lease:
        holder: _Holder | None = None
        since = 0.0
        for interval in poll_intervals():
            found = await self._storage.run(self._find_holder)
            now = self._clock.monotonic()
            if found != holder:
                holder, since = found, now
            if holder is None or now - since >= holder.seconds:
                taken = await self._storage.run_locked(partial(self._take, holder), discard=_release)
                if taken is not None:
                    self._lock, lease = taken
                    return lease
            await real_clock.sleep(interval)
        raise AssertionError  # the intervals do not end

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            await self._storage.run(lock.release)

    # in a worker thread

    def _find_holder(self) -> _Holder | None:
        """Return who seems to hold the lease; ``None`` if no one does."""
        if status_of(self._path) is None:
            return None
        lock = try_lock(self._path)
        if lock is None:
            return self._named_holder()
        lock.release()
        return None

    def _take(self, stopped: _Holder | None) -> tuple[HeldLock, Lease] | None:
        """Take the lease, if no one holds it, or the holder that is assumed to be stopped."""
        # its time begins before others can know of it, so that it ends for its holder first
        lease = Lease(self._name, self._seconds, self._clock)
        lock = try_lock(self._path)
        if not _CAN_REPLACE:
            return None if lock is None else (lock, lease)
        if lock is None and self._named_holder() != stopped:
            return None
        try:
            name = memoryview(f"{token_hex(16)} {self._seconds!r}".encode())
            write_private(self._path, name, temporary=self._path.with_name(f"{self._path.name}.new"))
            taken = try_lock(self._path)
        finally:
            if lock is not None:
                lock.release()
        return None if taken is None else (taken, lease)

    def _named_holder(self) -> _Holder:
        """Return the holder that the file names; one without a name, if it names none."""
        with suppress(OSError, ValueError):
            name, seconds = str(read_private(self._path, max_size=_MAX_SIZE), "ascii").split()
            if 0 < float(seconds) < math.inf:
                return _Holder(name, float(seconds))
        return _Holder("", self._seconds)


@dataclass(frozen=True, slots=True)
class _Holder:
    """
    The holder of a lease, as its file names it.

    Args:
        name: A random text.
        seconds: How long it holds the lease at most.
    """

    name: str
    seconds: float


def _release(taken: tuple[HeldLock, Lease] | None) -> None:
    if taken is not None:
        taken[0].release()
