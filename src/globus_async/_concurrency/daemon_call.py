"""A blocking call in a thread of its own, which keeps neither the event loop nor the process waiting."""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

__all__ = ("DaemonCall",)

T = TypeVar("T")


class DaemonCall(Generic[T]):
    """
    A blocking call in a daemon thread. Threads of a pool would be joined at the end of the process.

    Args:
        function: Called in the thread, with the context variables of the caller.
        name: The name of the thread, for debuggers.
    """

    def __init__(self, function: Callable[[], T], *, name: str) -> None:
        self._function = function
        self._outcome: tuple[T] | BaseException | None = None
        self._wake: Callable[[], object] | None = None
        self._lock = threading.Lock()
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), name=name, daemon=True)
        self._thread.start()

    async def result(self) -> T:
        """Wait for the call; cancelling the wait leaves the call running, and `result` can be awaited again."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        with self._lock:
            self._wake = lambda: loop.call_soon_threadsafe(done.set)
            if self._outcome is not None:
                done.set()
        await done.wait()
        if isinstance(self._outcome, tuple):
            return self._outcome[0]
        raise self._outcome or RuntimeError("the call has not ended")

    def interrupt(self) -> None:
        """Raise `KeyboardInterrupt` in the thread, at the next step of its Python code."""
        if self._thread.ident is not None and self._thread.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident), ctypes.py_object(KeyboardInterrupt)
            )

    def _run(self) -> None:
        outcome: tuple[T] | BaseException
        try:
            outcome = (self._function(),)
        except BaseException as error:  # noqa: BLE001 -- raised where the result is awaited
            outcome = error.with_traceback(None)
        with suppress(KeyboardInterrupt):  # interrupted after it had ended
            self._publish(outcome)

    def _publish(self, outcome: tuple[T] | BaseException) -> None:
        with self._lock:
            self._outcome = outcome
            wake = self._wake
        if wake is not None:
            with suppress(RuntimeError):  # the event loop has been closed
                wake()
