"""An event loop in a daemon thread, for callers without one."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import weakref
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from contextvars import Context
from inspect import iscoroutine
from typing import Any, Final, Generic, TypeAlias, TypeVar

from ..errors import ClientClosedError, GlobusSDKUsageError
from ..errors.arguments import check_number

__all__ = ("LoopThread",)

T = TypeVar("T")

_Close: TypeAlias = Callable[[], Awaitable[None]]

_EXIT_SECONDS: Final = 5.0
"""How long the end of the process waits for connections to close."""


class LoopThread:
    """
    An event loop in a daemon thread; the first call starts it, in each process.

    A forked child starts a loop of its own, because threads do not survive a fork. The loop ends with `close`, with the
    process, or when nothing refers to this object any more.
    """

    def __init__(self) -> None:
        self._loops = _Loops()
        weakref.finalize(self, self._loops.stop).atexit = False  # the end of the process waits, this does not

    def call_on_end(self, close: _Close) -> None:
        """Call a function in the loop before it ends, unless it is removed by `do_not_call`."""
        self._loops.on_end.append(close)

    def do_not_call(self, close: _Close) -> None:
        """Remove a function that would be called before the loop ends."""
        with suppress(ValueError):
            self._loops.on_end.remove(close)

    @property
    def is_closed(self) -> bool:
        """Whether no further call can be made."""
        return self._loops.is_closed

    def check(self) -> None:
        """
        Check that a call can be made by this thread.

        Raises:
            GlobusSDKUsageError: The thread runs an event loop, which a blocking call would stop.
            ClientClosedError: The loop has ended.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            if self._loops.is_closed:
                raise ClientClosedError("this blocking client has been closed; make a new one") from None
            return
        raise GlobusSDKUsageError(
            "a blocking call inside a running event loop would stop it: in coroutines use the client itself, with"
            " 'await'; in callbacks and iterators given to a blocking client make no blocking calls"
        )

    def run(self, awaitable: Awaitable[T], *, timeout: float | None = None) -> T:
        """
        Await something in the loop, with the context variables of the caller; return its result.

        Whatever ends the wait, such as `KeyboardInterrupt`, cancels the call and waits for its end.

        Args:
            awaitable: What to await.
            timeout: Seconds until the call is cancelled; ``None`` for no limit.

        Raises:
            TimeoutError: The time is up.
            ClientClosedError: The loop has ended, or ended during the call.
            GlobusSDKUsageError: A bad timeout, or the thread runs an event loop.
        """
        call = _Call(awaitable, timeout)
        try:
            if timeout is not None:
                check_number("timeout", timeout, positive=True)
            self.check()
            self._loops.here().submit(call)
            return call.future.result()
        except BaseException:
            call.end()
            raise
        finally:
            del call, awaitable  # they would keep the error, which has this frame

    def close(self) -> None:
        """End the loop and its thread, and wait for them; idempotent."""
        self._loops.close()


class _Call(Generic[T]):
    """
    A call of a thread that waits for it.

    Attributes:
        future: Its outcome.
    """

    def __init__(self, awaitable: Awaitable[T], timeout: float | None) -> None:
        self.future: Future[T] = Future()
        self._awaitable = awaitable
        self._timeout = timeout
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_ended = False

    def schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the call in a loop, with the context variables of this thread."""
        self._loop = loop
        loop.call_soon_threadsafe(self._start)

    def _start(self) -> None:
        if self._is_ended:
            self.future.cancel()
            return
        self._task = asyncio.get_running_loop().create_task(self._run(), name="globus_async blocking call")
        self._task.add_done_callback(self._finish)

    async def _run(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                result = await self._awaitable
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 -- raised in the thread that waits; SystemExit would end the loop
            self.future.set_exception(_from_next_frame(error))  # this one has the future, which would be a cycle
        else:
            self.future.set_result(result)

    def _finish(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self.future.set_exception(ClientClosedError("this blocking client was closed during a call"))

    def end(self) -> None:
        """Cancel the call unless it is done, and wait for its end; close a coroutine that was not started."""
        self._is_ended = True
        if self._loop is not None and not self.future.done():
            # a RuntimeError if the loop has been closed, a CancelledError if the call was not started
            with suppress(RuntimeError, CancelledError):
                self._loop.call_soon_threadsafe(self._cancel)
                self.future.exception()
        if self._task is None and iscoroutine(self._awaitable):
            self._awaitable.close()

    def _cancel(self) -> None:
        if self._task is None:
            self.future.cancel()
        else:
            self._task.cancel()


def _from_next_frame(error: BaseException) -> BaseException:
    trace = error.__traceback__
    return error.with_traceback(None if trace is None else trace.tb_next)


class _Loop:
    """A loop and its thread."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)  # fails here if there is no descriptor left
        self._loop = self._runner.get_loop()
        self._stopped = asyncio.Event()
        self._lock = threading.RLock()  # a signal handler may make a call, too
        self._is_stopping = False
        self._on_end: tuple[_Close, ...] = ()
        self._thread = threading.Thread(target=self._serve, name="globus_async blocking client", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with self._runner:  # cancels the calls that are left
            main = self._loop.create_task(self._main(), context=Context())
            while not main.done():
                # an exit in a callback is raised where the call is made, too; other calls go on
                with suppress(SystemExit, KeyboardInterrupt):
                    self._loop.run_until_complete(main)

    async def _main(self) -> None:
        await self._stopped.wait()
        for close in reversed(self._on_end):
            with suppress(Exception):  # no caller waits for it
                await close()

    def submit(self, call: _Call[Any]) -> None:
        """Start a call."""
        with self._lock:
            if self._is_stopping or self._loop.is_closed():
                raise ClientClosedError("this blocking client has been closed; make a new one")
            call.schedule(self._loop)

    def stop(self, on_end: tuple[_Close, ...]) -> None:
        """Accept no further calls, and end the loop."""
        with self._lock:
            if not self._is_stopping:
                self._is_stopping = True
                self._on_end = on_end
                with suppress(RuntimeError):  # the loop has been closed
                    self._loop.call_soon_threadsafe(self._stopped.set)

    def join(self, seconds: float | None = None) -> None:
        """Wait for the end of the thread."""
        if self._thread is not threading.current_thread():
            self._thread.join(seconds)


class _Loops:
    """
    The loops of one `LoopThread`: one for each process that uses it.

    Attributes:
        is_closed: Whether no further call can be made.
        on_end: The functions to call before a loop ends.
    """

    def __init__(self) -> None:
        self.is_closed: bool = False
        self.on_end: list[_Close] = []
        self._by_process: dict[int, _Loop] = {}  # a child neither uses nor closes those of its parent
        self._locks: dict[int, threading.Lock] = {}  # the parent's may be locked for ever in a child

    def here(self) -> _Loop:
        """Return the loop of this process; the first call starts it."""
        process = os.getpid()
        loop = self._by_process.get(process)
        if loop is None:
            with self._locks.setdefault(process, threading.Lock()):
                loop = self._by_process.get(process)
                if loop is None:
                    loop = self._by_process[process] = _Loop()
                    atexit.register(self._close_at_exit)
        return loop

    def stop(self) -> _Loop | None:
        """End the loop of this process, and do not wait for it."""
        self.is_closed = True
        loop = self._by_process.get(os.getpid())
        if loop is not None:
            atexit.unregister(self._close_at_exit)
            loop.stop(tuple(self.on_end))
        return loop

    def close(self) -> None:
        """End the loop of this process, and wait for it."""
        loop = self.stop()
        if loop is not None:
            loop.join()

    def _close_at_exit(self) -> None:
        loop = self.stop()
        if loop is not None:
            loop.join(_EXIT_SECONDS)
