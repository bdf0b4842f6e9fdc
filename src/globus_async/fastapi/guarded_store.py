"""Calls of a session store: each limited in time, and each failure a `SessionStoreUnavailable`."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .._concurrency.circuit_breaker import CircuitBreaker, CircuitOpen
from ..errors import GlobusError, GlobusSDKUsageError
from ..secret import Secret
from ..session_store import SessionStoreUnavailable

if TYPE_CHECKING:
    from .._single_flight import TaskOwner
    from ..clock import Clock
    from ..session_store import SessionStore

__all__ = ("SESSION_STORE_MEMBERS", "GuardedStore")

SESSION_STORE_MEMBERS: Final = ("get", "put", "compare_and_set", "pop")

T = TypeVar("T")
_log = logging.getLogger("globus_async")
_SLOW_SECONDS: Final = 0.5
"""After a failure that took so long, other calls do not wait for one of their own."""


class _SlowFailure(Exception):
    """A failure that took time; its cause is the error to raise."""

    def __init__(self, error: SessionStoreUnavailable) -> None:
        super().__init__()
        self.error = error


class GuardedStore:
    """
    A store whose calls end in time, and raise `SessionStoreUnavailable` whatever the store raises.

    The first failure of an outage is logged, and its end. After a failure that took time, calls fail at once for a
    second, and then one of them finds out whether the store responds again. A mistake in its configuration
    (`GlobusSDKUsageError`) is not an outage, and raised as it is.

    Args:
        store: The store.
        clock: The clock.
        name: The store's name in errors and in the log, such as ``the session store``.
        task_owner: Awaits a call that does not end when it is cancelled.
        timeout: Maximum seconds for a call.
    """

    def __init__(
        self, store: SessionStore, clock: Clock, *, name: str, task_owner: TaskOwner, timeout: float = 5.0
    ) -> None:
        self._store = store
        self._clock = clock
        self._name = name
        self._timeout = timeout
        self._breaker = CircuitBreaker(clock, failures=(_SlowFailure,))
        self._failed_at: float | None = None
        self._task_owner = task_owner

    def __repr__(self) -> str:
        return f"<GuardedStore of {self._store!r}>"

    async def get(self, key: str) -> Secret | None:
        """Return the value of a key; ``None`` if there is none or it has expired."""
        return await self._call(lambda: self._secret_of(self._store.get(key)))

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        """Set or replace the value of a key; it expires after that many seconds."""
        await self._call(lambda: self._store.put(key, value, seconds=seconds))

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        """Replace the value of a key if it is still ``old``; return whether it was. ``None`` stands for no value."""
        return await self._call(lambda: self._store.compare_and_set(key, old, new, seconds=seconds))

    async def pop(self, key: str) -> Secret | None:
        """Remove and return the value of a key; of several concurrent callers, only one receives it."""
        return await self._call(lambda: self._secret_of(self._store.pop(key)))

    async def _secret_of(self, call: Awaitable[object]) -> Secret | None:
        """Return the result of a call that reads, after a check of its type: a client of a database returns bytes."""
        value = await call
        if value is None or isinstance(value, Secret):
            return value
        raise self._unavailable(f"returned a value of type {type(value).__name__} instead of a Secret")

    async def _call(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        failure: SessionStoreUnavailable
        started = self._clock.monotonic()
        try:
            with self._breaker.attempt():
                try:
                    result = await self._bounded(call)
                except SessionStoreUnavailable as error:
                    if self._clock.monotonic() - started >= _SLOW_SECONDS:
                        raise _SlowFailure(error) from None
                    raise
        except CircuitOpen as error:
            failure = self._unavailable("did not respond to an earlier call")
            failure.retry_after = error.retry_after
        except _SlowFailure as error:
            failure = error.error
        except SessionStoreUnavailable as error:
            failure = error
        else:
            self._note_success()
            return result
        self._note_failure(failure)
        # not within the handler: the error would keep the frames of the store, whose locals may hold tokens
        raise failure.with_traceback(None)

    async def _bounded(self, call: Callable[[], Awaitable[T]]) -> T:
        """Await a call for a limited time, in a task of its own: a thread that hangs cannot be cancelled."""
        task = asyncio.get_running_loop().create_task(_outcome(call), name="globus_async session store")
        try:
            async with self._clock.timeout(self._timeout):
                await asyncio.wait({task})
        except TimeoutError:
            if not task.done():  # it is after a pause of the whole process
                raise self._unavailable(f"did not respond within {self._timeout:g} seconds") from None
        finally:
            if not task.done():
                task.cancel()
                self._task_owner.adopt(task)
        if task.cancelled():  # by the store itself, such as its pool of connections: this call was not
            raise self._unavailable("cancelled the call")
        result, error = task.result()
        if error is None:
            return result  # type: ignore[return-value] # there is one if there is no error
        if isinstance(error, SessionStoreUnavailable | GlobusSDKUsageError):
            raise error.with_traceback(None)
        raise self._typed(error)

    def _typed(self, error: Exception) -> SessionStoreUnavailable:
        """Return an error as that of a store; its text may hold the password of a URL, so a note has the places."""
        if isinstance(error, GlobusError):
            return self._unavailable(f"failed: {error}")
        typed = self._unavailable(f"failed with {type(error).__name__}")
        for frame, line in traceback.walk_tb(error.__traceback__):
            typed.add_note(f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_name}')
        return typed

    def _unavailable(self, what: str) -> SessionStoreUnavailable:
        return SessionStoreUnavailable(f"{self._name} {what}")

    def _note_failure(self, error: SessionStoreUnavailable) -> None:
        if self._failed_at is None:
            self._failed_at = self._clock.monotonic()
            _log.error("%s is unavailable: %s", self._name, "\n".join((str(error), *getattr(error, "__notes__", ()))))

    def _note_success(self) -> None:
        if self._failed_at is not None:
            seconds, self._failed_at = self._clock.monotonic() - self._failed_at, None
            _log.warning("%s is available again, after %.1f seconds", self._name, seconds)


async def _outcome(call: Callable[[], Awaitable[T]]) -> tuple[T | None, Exception | None]:
    """Return the result of a call, or its error."""
    try:
        return await call(), None
    except Exception as error:  # noqa: BLE001 -- a store of one's own may raise anything
        return None, error
