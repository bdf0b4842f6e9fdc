"""Sharing one running call among all callers that need its result at the same time ("single flight")."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import os
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar

from .errors import GlobusError, NetworkError, WrongEventLoopError

__all__ = ("SingleFlight", "TaskOwner", "copy_error")

E = TypeVar("E", bound=GlobusError)
V = TypeVar("V")


class TaskOwner(Protocol):
    """Awaits the tasks handed to it before it closes, as `Transport` does."""

    def adopt(self, task: asyncio.Task[Any], /) -> None:
        """Await a task before closing."""
        ...


class _SharedCall(Generic[V]):
    """A running call, and the number of its waiters."""

    __slots__ = ("pid", "task", "waiters")

    def __init__(self, task: asyncio.Task[V | GlobusError]) -> None:
        self.task = task
        self.pid = os.getpid()
        self.waiters = 0

    @property
    def is_live(self) -> bool:
        """Whether the task's event loop still runs it: neither closed, nor left behind in the parent by a fork."""
        return self.pid == os.getpid() and not self.task.get_loop().is_closed()


class SingleFlight(Generic[V]):
    """
    Running calls by key. A caller whose key has a running call waits for that call instead of making another.

    A call runs in a task of its own, so that cancelling one waiter does not affect the others. If it fails with a
    `GlobusError`, each waiter gets its own copy of the error.

    Args:
        name: Name of the tasks, for debuggers and logs.
        owner: Awaits the tasks on close.
        continues: Whether a call continues when all its waiters are cancelled, as all calls with an owner do; else it
            is cancelled along with its last waiter.
    """

    def __init__(self, name: str, *, owner: TaskOwner | None = None, continues: bool = False) -> None:
        self._name = name
        self._owner = owner
        self._continues = continues or owner is not None
        self._calls: dict[Hashable, _SharedCall[V]] = {}
        self._tasks: set[asyncio.Task[V | GlobusError]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def running(self, key: Hashable) -> asyncio.Task[V | GlobusError] | None:
        """Return the task of the key's running call, if there is one."""
        call = self._calls.get(key)
        return call.task if call is not None and call.is_live else None

    def start(self, key: Hashable, function: Callable[[], Awaitable[V]]) -> None:
        """Start a call without waiting for it, unless the key has a running call. Only with an owner."""
        if self.running(key) is None:
            self._start(key, function)

    async def join(self, key: Hashable, function: Callable[[], Awaitable[V]]) -> V:
        """
        Wait for the key's running call, or make the call; return its result.

        Raises:
            GlobusError: The call failed, or its task was cancelled although this waiter was not.
            WrongEventLoopError: The running call belongs to another event loop.
        """
        call = self._calls.get(key)
        if call is None or call.task.done() or not call.is_live:
            call = self._start(key, function)
        elif call.task.get_loop() is not asyncio.get_running_loop():
            raise WrongEventLoopError(f"the {self._name} is running in another event loop; use one object per loop")
        call.waiters += 1
        try:
            outcome = await asyncio.shield(call.task)
        except asyncio.CancelledError:
            if not call.task.cancelled() or _is_being_cancelled():
                raise
            outcome = NetworkError(f"the {self._name} was cancelled from outside", stage="no response")
        finally:
            call.waiters -= 1
            if call.waiters == 0 and not self._continues and call.is_live:
                self._discard(key, call)  # the next caller must not join a call that is being cancelled
                call.task.cancel()
        if isinstance(outcome, GlobusError):
            raise copy_error(outcome)
        return outcome

    async def aclose(self) -> None:
        """Wait for the running calls; close their transport first, so that they end."""
        loop = asyncio.get_running_loop()
        if tasks := {task for task in self._tasks if task.get_loop() is loop}:
            await asyncio.wait(tasks)

    def _start(self, key: Hashable, function: Callable[[], Awaitable[V]]) -> _SharedCall[V]:
        # an empty context: the context variables of the first caller are not those of the other waiters
        task = asyncio.get_running_loop().create_task(
            _outcome(function), name=f"globus_async {self._name}", context=contextvars.Context()
        )
        call = self._calls[key] = _SharedCall(task)
        self._tasks.add(task)

        def end(_: object) -> None:
            self._tasks.discard(task)
            self._discard(key, call)
            if not task.cancelled():
                task.exception()  # marks it as retrieved: all waiters may have been cancelled

        task.add_done_callback(end)
        if self._owner is not None:
            self._owner.adopt(task)
        return call

    def _discard(self, key: Hashable, call: _SharedCall[V]) -> None:
        if self._calls.get(key) is call:
            del self._calls[key]


async def _outcome(function: Callable[[], Awaitable[V]]) -> V | GlobusError:
    """Return the result, or the error without its frames, whose locals may hold credentials."""
    try:
        return await function()
    except GlobusError as error:
        return error.with_traceback(None)


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def copy_error(error: E) -> E:
    """Return a copy of an error and of its cause, so that no two callers share notes or a traceback."""
    own = copy.copy(error)
    cause = error.__cause__
    own.__cause__ = copy.copy(cause) if isinstance(cause, GlobusError) else cause
    return own
