"""Locks between processes: kernel locks on files, which end with the process that holds them."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from .._concurrency.tasks import wait_to_end
from .._files.private import PRIVATE, fault_of, status_of
from ..clock import SystemClock
from .errors import TokenStorageError, TokenStorageUnavailable

if TYPE_CHECKING:
    from filelock import FileLock

__all__ = ("HeldLock", "poll_intervals", "real_clock", "run_in_thread", "try_lock")

R = TypeVar("R")

real_clock: Final = SystemClock()
"""The clock by which locks of other processes are polled, whatever that of the storage is."""

_FIRST_INTERVAL: Final = 0.001
_LONGEST_INTERVAL: Final = 0.05
_WITHOUT_LOCKS: Final = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP})


def poll_intervals() -> Iterator[float]:
    """Yield the seconds between attempts to get a lock: short ones first, since most are held shortly."""
    seconds = _FIRST_INTERVAL
    while True:
        yield seconds
        seconds = min(1.5 * seconds, _LONGEST_INTERVAL)


class HeldLock:
    """A lock that this process holds, until it is released or the process ends; a fork does not inherit it."""

    __slots__ = ("_lock", "_releasing")

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock
        self._releasing = threading.Lock()

    def release(self) -> None:
        """Release the lock; idempotent, and in any thread."""
        with self._releasing:
            self._lock.release(force=True)


def try_lock(path: Path) -> HeldLock | None:
    """
    Lock a file, which is created if it is missing; return ``None`` if somebody else holds the lock.

    Two objects exclude each other within a process as well.

    Raises:
        TokenStorageError: The file is not a regular file of this user.
        TokenStorageUnavailable: The file system has no locks.
        OSError: The file cannot be created or opened.
    """
    import filelock  # noqa: PLC0415 -- only writing needs it

    found = status_of(path)
    if found is not None and (fault := fault_of(found)):
        raise TokenStorageError(f"the lock file {path} {fault}; remove it")
    lock = filelock.FileLock(path, mode=PRIVATE, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return None
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            raise
        raise TokenStorageUnavailable(
            f"the file system of {path} has no locks, so that processes would overwrite each other's tokens; keep the"
            " tokens on a local disk"
        ) from error
    return HeldLock(lock)


async def run_in_thread(work: Callable[[], R], *, discard: Callable[[R], object] | None = None) -> R:
    """
    Run a function in a worker thread; a caller that is cancelled waits for its end, so that nothing is written later.

    Args:
        work: The function; it takes no longer than a file takes to be read or written.
        discard: Called with its result if the caller has been cancelled.
    """
    from anyio import to_thread  # noqa: PLC0415 -- not all programs need it

    task = asyncio.get_running_loop().create_task(to_thread.run_sync(work))
    cancelled = await wait_to_end([task])
    try:
        if cancelled is None:
            return task.result()
        if not task.cancelled() and task.exception() is None and discard is not None:
            discard(task.result())
        raise cancelled
    finally:
        del cancelled  # it refers to this frame
