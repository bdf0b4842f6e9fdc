"""A file that processes share: who may use it when, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar, cast

from .._concurrency.loop_locks import LoopLocks
from .._files.private import fault_of, make_private_folder, status_of
from .errors import TokenStorageDamaged, TokenStorageError, TokenStorageUnavailable
from .file_lock import poll_intervals, real_clock, run_in_thread, try_lock

__all__ = ("REREADS", "SharedFile")

R = TypeVar("R")

REREADS: Final = (0.01, 0.04, 0.1, 0.15)
"""Seconds between the attempts to read a damaged file: globus-sdk may be writing it, which takes it several steps."""

_BUSY: Final = object()


class SharedFile:
    """
    A file that processes share.

    Args:
        path: The file.
        lock_timeout: Seconds that a call waits for its lock.

    Attributes:
        loop_locks: Held by the task that polls for a lock of this name.
    """

    __slots__ = ("lock_timeout", "loop_locks", "path")

    def __init__(self, path: Path, lock_timeout: float) -> None:
        self.path: Path = path
        self.lock_timeout: float = lock_timeout
        self.loop_locks: LoopLocks = (
            LoopLocks()
        )  # one task polls at a time: many would take the processor from the holder

    def beside(self, ending: str) -> Path:
        """Return the path of a file beside it."""
        return self.path.with_name(f"{self.path.name}.{ending}")

    async def run(self, work: Callable[[], R], *, discard: Callable[[R], object] | None = None) -> R:
        """
        Run a function in a worker thread; see `run_in_thread`.

        Raises:
            TokenStorageUnavailable: The function raised an `OSError`.
        """
        try:
            return await run_in_thread(work, discard=discard)
        except OSError as error:
            self._raise_unavailable(error)

    async def run_locked(self, work: Callable[[], R], *, discard: Callable[[R], object] | None = None) -> R:
        """
        Run a function in a worker thread, while no other process does so; create the folder if it is missing.

        Args:
            work: The function.
            discard: Called with the function's result if the caller has been cancelled.

        Raises:
            TokenStorageUnavailable: Others hold the lock for too long, or the function raised an `OSError`.
        """
        path = self.beside("lock")

        def attempt() -> Any:
            make_private_folder(path.parent)
            lock = try_lock(path)
            if lock is None:
                return _BUSY
            try:
                return work()
            finally:
                lock.release()

        def discard_result(result: Any) -> None:
            if discard is not None and result is not _BUSY:
                discard(result)

        deadline = real_clock.monotonic() + self.lock_timeout
        async with self.loop_locks.of(path.name):
            for interval in poll_intervals():
                result = await self.run(attempt, discard=discard_result)
                if result is not _BUSY:
                    return cast("R", result)
                if real_clock.monotonic() >= deadline:
                    break
                await real_clock.sleep(interval)
        raise self.locked_by_another()

    def is_there(self) -> bool:
        """
        Return whether the file exists.

        Raises:
            TokenStorageError: It is not a regular file of this user.
        """
        found = status_of(self.path)
        if found is not None and (fault := fault_of(found)):
            raise TokenStorageError(
                f"{self.path} {fault}; tokens are stored in regular files of this user only; use another path"
            )
        return found is not None

    def locked_by_another(self) -> TokenStorageUnavailable:
        """Return the error for a lock that others hold for too long."""
        return TokenStorageUnavailable(
            f"another process has locked {self.path} for {self.lock_timeout:g} s: it may be stopped; end it, or let it"
            " continue"
        )

    def refusal(self, reason: str) -> TokenStorageDamaged:
        """Return the error for a file that has something else than tokens."""
        return TokenStorageDamaged(
            f"the file {self.path} cannot be used for tokens, and was not changed: {reason}; move it away, or use"
            " another path"
        )

    def set_aside(self, reason: str, *, endings: tuple[str, ...] = ("",)) -> TokenStorageDamaged:
        """Move the damaged file, and those that belong to it, to other names; return the error that says so."""
        number = 1
        while status_of(aside := self.beside(f"damaged-{number}")) is not None:
            number += 1
        for ending in endings:
            if status_of(file := self.path.with_name(f"{self.path.name}{ending}")) is not None:
                file.rename(aside.with_name(f"{aside.name}{ending}"))
        error = TokenStorageDamaged(
            f"the token storage {self.path} is damaged: {reason}; it was moved to {aside}, and the next login is"
            " stored in a new file"
        )
        error.set_aside = str(aside)
        return error

    def _raise_unavailable(self, error: OSError) -> NoReturn:
        reason = error.strerror or str(error)
        raise TokenStorageUnavailable(f"the token storage {self.path} cannot be used: {reason}") from error
