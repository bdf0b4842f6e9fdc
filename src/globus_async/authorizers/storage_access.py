"""Calls of a token storage: each limited in time, and each failure a `TokenStorageError`."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..errors import GlobusError
from ..token_storage.errors import TokenStorageError, TokenStorageUnavailable
from ..token_storage.token_data import TokenStorageData

if TYPE_CHECKING:
    from .._single_flight import TaskOwner
    from ..clock import Clock
    from ..token_storage.base import TokenStorage
    from ..token_storage.lease import Lease

__all__ = ("LEASE_SECONDS", "StorageAccess")

T = TypeVar("T")

LEASE_SECONDS: Final = 60.0
"""How long the lease is held at most: a token request and its repetition, and the writing of what it returned."""
_LEASE_WAIT_SECONDS: Final = LEASE_SECONDS + 10.0
"""A holder that died or was paused has lost it by then."""
_CALL_SECONDS: Final = 4.0

_log = logging.getLogger("globus_async")


class StorageAccess:
    """
    The tokens of one resource server in a storage.

    Args:
        storage: The storage.
        resource_server: The resource server.
        clock: The clock that limits the calls.
        task_owner: Awaits a call that does not end when it is cancelled.
    """

    def __init__(self, storage: TokenStorage, resource_server: str, *, clock: Clock, task_owner: TaskOwner) -> None:
        self.resource_server = resource_server
        self._storage = storage
        self._clock = clock
        self._task_owner = task_owner

    async def read(self) -> TokenStorageData | None:
        """Return the stored tokens."""
        stored: Any = await self._bounded(lambda: self._storage.get_token_data(self.resource_server))
        if stored is not None and not isinstance(stored, TokenStorageData):
            raise TokenStorageError(f"the token storage returned a {type(stored).__name__} instead of TokenStorageData")
        return stored

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """Store new tokens unless others than ``old`` are stored; return whether they were stored."""
        return await self._bounded(lambda: self._storage.compare_and_set(old, new))

    @asynccontextmanager
    async def lease(self) -> AsyncGenerator[Lease]:
        """Hold the lease for refreshing the tokens."""
        try:
            context = self._storage.lease(self.resource_server, LEASE_SECONDS)
            async with self._clock.timeout(_LEASE_WAIT_SECONDS):
                lease = await context.__aenter__()
        except TimeoutError:
            raise TokenStorageUnavailable(
                f"another process has held the lease of the token for {_LEASE_WAIT_SECONDS:.0f} seconds"
            ) from None
        except Exception as error:  # noqa: BLE001 -- a storage of one's own may raise anything
            raise _typed(error) from None
        try:
            yield lease
        finally:
            try:
                async with self._clock.timeout(_CALL_SECONDS):
                    await context.__aexit__(None, None, None)
            except Exception as error:  # noqa: BLE001 -- a received token must not be lost by it
                _log.warning("a lease was not released, and ends by itself: %s", type(error).__name__)

    async def _bounded(self, call: Callable[[], Awaitable[T]]) -> T:
        """Await a call for a limited time, in a task of its own: a thread that hangs cannot be cancelled."""
        task = asyncio.get_running_loop().create_task(_result_of(call))
        try:
            async with self._clock.timeout(_CALL_SECONDS):
                await asyncio.wait({task})
        except TimeoutError:
            if not task.done():  # it is after a pause of the whole process
                raise TokenStorageUnavailable(
                    f"the token storage did not respond within {_CALL_SECONDS:.0f} seconds"
                ) from None
        finally:
            if not task.done():
                task.cancel()
                task.add_done_callback(_retrieve)
                self._task_owner.adopt(task)
        if task.cancelled():  # by the storage itself, such as its pool of connections: this call was not
            raise TokenStorageUnavailable("the token storage cancelled the call")
        try:
            return task.result()
        except Exception as error:  # noqa: BLE001 -- a storage of one's own may raise anything
            raise _typed(error) from None


async def _result_of(call: Callable[[], Awaitable[T]]) -> T:
    return await call()


def _typed(error: Exception) -> TokenStorageError:
    """Return an error as that of a storage; of its frames, whose locals hold tokens, a note has the places."""
    if isinstance(error, TokenStorageError):
        return error.with_traceback(None)
    kind = TokenStorageUnavailable if isinstance(error, OSError) else TokenStorageError
    typed = kind(f"the token storage failed with {type(error).__name__}")
    for frame, line in traceback.walk_tb(error.__traceback__):
        typed.add_note(f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_name}')
    if isinstance(error, GlobusError):
        typed = TokenStorageError(f"the token storage failed: {error}")
        typed.__cause__ = error.with_traceback(None)
    return typed


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Mark the exception of a task as retrieved."""
    if not task.cancelled():
        task.exception()
