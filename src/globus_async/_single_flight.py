"""Making a call once for all who want the same at the same time, whoever of them goes away."""

from __future__ import annotations

import asyncio
import contextvars
import copy
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from .errors import GlobusError

__all__ = ("SingleFlight",)

V = TypeVar("V")


class _Flight(Generic[V]):
    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[V | GlobusError]) -> None:
        self.task = task
        self.waiting = 0


class SingleFlight(Generic[V]):
    """
    Calls under way, by key. Who asks for a key that is under way waits for that call.

    A call runs in a task of its own, so that cancelling one who waits does not touch the others; when the last of them
    is gone, so is the call. If it fails, each gets an error of its own.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[V]] = {}
        self._tasks: set[asyncio.Task[V | GlobusError]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    async def join(self, key: Hashable, call: Callable[[], Awaitable[V]]) -> V:
        """Return what the call for this key brings; make it if it is not under way."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = self._take_off(key, call)
        flight.waiting += 1
        try:
            outcome = await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                del self._flights[key]  # whoever comes now begins anew instead of joining what ends
                flight.task.cancel()
        if isinstance(outcome, GlobusError):
            raise copy.copy(outcome)
        return outcome

    def _take_off(self, key: Hashable, call: Callable[[], Awaitable[V]]) -> _Flight[V]:
        # an empty context: what the first caller traces or logs with is not the others'
        task = asyncio.get_running_loop().create_task(_outcome(call), context=contextvars.Context())
        flight = _Flight(task)
        self._tasks.add(task)

        def landed(_: object) -> None:
            self._tasks.discard(task)
            if self._flights.get(key) is flight:
                del self._flights[key]

        task.add_done_callback(landed)
        return flight

    async def aclose(self) -> None:
        """Wait for the calls under way; close the transport first, so that they end."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))


async def _outcome(call: Callable[[], Awaitable[V]]) -> V | GlobusError:
    try:
        return await call()
    except GlobusError as error:
        return error
