"""The task runner: executes tasks, with queueing, pauses, retries, deadlines and cancellation."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple, Unpack, cast

import anyio
import anyio.to_thread

from ...kit.errors import EmulatorClosed
from ..models import Status, Task
from ..state import Pace
from ..storage.protocol import StorageError
from ..task_documents import started_details
from . import history
from .delete import DeleteWork
from .file_copy import SourceError, StoppedError
from .task_status import extend_deadline, update_pause, update_suspension
from .transfer import Copy, FatalError, Outcome, TransferWork, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from ..state import TransferState

__all__ = (
    "TaskRunner",
    "logger",
)

T = TypeVar("T")
_Ts = TypeVarTuple("_Ts")

logger: Final = logging.getLogger("globus_async.testing")

_BATCHES: Final = 2
"""The number of batches of small files of one task at once: more threads would only wait for locks of each other."""

_SETTLE_CYCLES: Final = 12
"""Idle cycles of the event loop after which the task runner counts as settled."""


class TaskRunner:
    """The background execution of tasks: one asyncio task for each task of the service."""

    def __init__(self, state: TransferState, *, pace: Pace | None = None, threads: int = 8) -> None:
        """
        Create a task runner without tasks.

        Args:
            state: The state of the service.
            pace: The speed of tasks; unlimited by default.
            threads: The maximum number of worker threads of all tasks.
        """
        self.pace: Pace = pace or Pace()
        self._state = state
        self._threads = threads
        self._loop: asyncio.AbstractEventLoop | None = None
        self._limiter: anyio.CapacityLimiter | None = None
        self._slots: dict[tuple[str, str], asyncio.Semaphore] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._scopes: dict[str, anyio.CancelScope] = {}
        self._deadline_timers: dict[str, anyio.CancelScope] = {}
        """The sleep until the deadline of each task; cancelled when the deadline changes."""
        self._changed: dict[str, asyncio.Event] = {}
        self._work: dict[str, TransferWork | DeleteWork] = {}
        """The remaining work of each task; kept while no event loop runs."""
        self._busy = 0
        self._closed = False

    def __repr__(self) -> str:
        return f"<TaskRunner with {len(self._running)} tasks, {self._busy} busy>"

    # Called by routes and by the service.

    def submit(self, task: Task) -> None:
        """Start a task."""
        self._run_in_loop(lambda: self._start(task))

    def start(self) -> None:
        """Resume the unfinished tasks of a closed event loop in the running one."""
        self._run_in_loop(lambda: None)

    async def cancel(self, task: Task, details: str, *, max_wait: float = 5.0) -> bool:
        """
        Cancel a task; return whether its execution has ended.

        Args:
            task: The task.
            details: The details of its ``CANCELED`` event.
            max_wait: The maximum number of seconds to wait for worker threads.
        """
        self._end(task, "CANCELED", details)
        running = self._running.get(task.id)
        if running is not None and running.get_loop() is asyncio.get_running_loop():
            await asyncio.wait({running}, timeout=max_wait)
            return running.done()
        return True

    def update_deadline(self, task: Task) -> None:
        """Apply a changed deadline of a task."""
        self._run_in_loop(lambda: self._restart_deadline_timer(task))

    def update_pauses(self) -> None:
        """Pause, suspend or resume tasks after a change of rules or credentials; callable from any thread."""
        if self._loop is None or self._loop.is_closed():
            return
        try:
            is_own_loop = self._loop is asyncio.get_running_loop()
        except RuntimeError:
            is_own_loop = False
        if is_own_loop:
            self._update_pauses()
        else:
            self._loop.call_soon_threadsafe(self._update_pauses)

    async def settle(self) -> None:
        """Wait until every task has ended, is paused or queued, or waits for the clock."""
        idle_cycles = 0
        while idle_cycles < _SETTLE_CYCLES:
            await asyncio.sleep(0 if not self._busy else 0.001)
            idle_cycles = 0 if self._busy else idle_cycles + 1

    async def aclose(self) -> None:
        """
        Stop all tasks permanently, and wait for their worker threads.

        Raises:
            RuntimeError: The tasks run in another event loop.
        """
        self._closed = True
        loop = self._loop
        if loop is not None and not loop.is_closed() and loop is not asyncio.get_running_loop():
            raise RuntimeError("the emulator runs tasks in another event loop; close it in that event loop")
        await self.stop()

    async def stop(self) -> None:
        """Stop all tasks of this event loop and wait for their worker threads; `start` resumes unfinished ones."""
        if self._loop is not asyncio.get_running_loop():
            return
        for scope in list(self._scopes.values()):
            scope.cancel()
        running = list(self._running.values())
        if running:
            await asyncio.wait(running)

    # Everything below runs in the event loop of the task runner.

    def _run_in_loop(self, call: Callable[[], object]) -> None:
        """Call a function in the event loop of the task runner: the one of its first task."""
        running = asyncio.get_running_loop()
        if self._loop is None or self._loop.is_closed():
            self._loop = running
            self._limiter = anyio.CapacityLimiter(self._threads)
            for registry in (self._slots, self._running, self._scopes, self._deadline_timers, self._changed):
                registry.clear()
            self._busy = 0
            for task in [] if self._closed else list(self._state.running.values()):
                if task.id in self._work:
                    self._start(task)
        if self._loop is running:
            call()
        else:
            self._loop.call_soon_threadsafe(call)

    def _start(self, task: Task) -> None:
        if self._closed:
            raise EmulatorClosed
        if task.id not in self._work:
            kind = TransferWork if task.is_transfer else DeleteWork
            self._work[task.id] = kind(self._state, task, is_stopped=lambda: self._is_stopped(task))
        self._changed[task.id] = asyncio.Event()
        self._scopes[task.id] = anyio.CancelScope()  # made here, so that a task can be cancelled before it runs
        running = asyncio.create_task(self._run(task), name=f"globus task {task.id}")
        self._running[task.id] = running
        running.add_done_callback(lambda _: self._discard(task))

    def _discard(self, task: Task) -> None:
        if task.is_final:
            self._work.pop(task.id, None)
        for registry in (self._running, self._scopes, self._deadline_timers, self._changed):
            registry.pop(task.id, None)

    def _end(self, task: Task, code: str, details: str) -> None:
        """Mark a task as ended, then stop its execution."""
        if task.is_final:
            return
        history.finish(self._state, task, Status.FAILED, code, description=code.lower(), details=details)
        scope = self._scopes.get(task.id)
        if scope is not None:
            self._run_in_loop(scope.cancel)

    def _restart_deadline_timer(self, task: Task) -> None:
        timer = self._deadline_timers.get(task.id)
        if timer is not None:
            timer.cancel()

    def _update_pauses(self) -> None:
        for task_id, event in self._changed.items():
            update_suspension(self._state, self._state.tasks[task_id])
            self._update_pause(self._state.tasks[task_id])
            event.set()

    async def _run(self, task: Task) -> None:
        """Execute a task, from submission to its end."""
        with self._scopes[task.id]:
            self._busy += 1
            try:
                async with anyio.create_task_group() as group:
                    group.start_soon(self._enforce_deadline, task)
                    await self._execute(task)
                    group.cancel_scope.cancel()
            finally:
                self._busy -= 1

    async def _enforce_deadline(self, task: Task) -> None:
        """Wait for the deadline of a task, which may change during the wait, and end the task."""
        while True:
            if task.deadline <= self._state.now() and not extend_deadline(task, self._state.now()):
                self._end(task, "EXPIRED", "The task passed its deadline")
                return
            with anyio.CancelScope() as timer:
                self._deadline_timers[task.id] = timer
                await self._state.clock.sleep(max(task.deadline - self._state.now(), 0.0))

    @contextmanager
    def _idle(self) -> Generator[None]:
        """Count a task as idle during a wait that `settle` ignores."""
        self._busy -= 1
        try:
            yield
        finally:
            self._busy += 1

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            with self._idle():
                await self._state.clock.sleep(seconds)

    async def _execute(self, task: Task) -> None:
        limit = self._state.limits.running_tasks
        slot = self._slots.setdefault((task.owner_id, task.type), asyncio.Semaphore(limit))
        with self._idle():
            await slot.acquire()
        try:
            await self._wait_while_paused(task)
            task.queued = False
            if task.start_time is None:
                await self._sleep(self.pace.start_delay)
                task.start_time = self._state.now()
                history.add_event(self._state, task, "STARTED", "started", started_details())
            work = self._work[task.id]
            await (self._transfer(task, work) if isinstance(work, TransferWork) else self._delete(task, work))
        except FatalError as error:
            task.counts.faults += 1
            task.counts.failed += 1
            task.fatal_error = (error.code, error.description)
            history.finish(
                self._state, task, Status.FAILED, error.code, description=error.description, details=error.details
            )
        except StoppedError:
            pass
        except Exception as error:
            logger.exception("task %s failed with an unexpected error", task.id)
            task.fatal_error = ("INTERNAL_ERROR", "internal error")
            history.finish(
                self._state, task, Status.FAILED, "INTERNAL_ERROR", description="internal error", details=repr(error)
            )
        else:
            history.finish(self._state, task, Status.SUCCEEDED, "SUCCEEDED", description="succeeded")
        finally:
            slot.release()

    def _is_stopped(self, task: Task) -> bool:
        """Whether worker threads should stop executing a task."""
        return self._closed or task.is_final or task.id not in self._running

    async def _wait_while_paused(self, task: Task) -> None:
        """Wait while a task is paused by a manager, or suspended until its owner logs in."""
        while update_suspension(self._state, task) | self._update_pause(task):
            changed = self._changed[task.id]
            changed.clear()
            with self._idle():
                await changed.wait()

    def _update_pause(self, task: Task) -> bool:
        deadline = task.deadline
        is_paused = update_pause(self._state, task)
        if task.deadline != deadline:
            self._restart_deadline_timer(task)
        return is_paused

    async def _transfer(self, task: Task, work: TransferWork) -> None:
        delay = self.pace.retry_delay
        while True:
            await self._round(task, work)
            if not work.failed:
                break
            await self._sleep(delay)
            delay = min(delay * 2, 600.0)
            work.retry_failed()
            task.counts.retrying = 0
        if task.skipped:
            count = len(task.skipped)
            history.add_event(
                self._state, task, "SKIPPED_ERRORS", "skipped errors", f"{count} source errors were skipped"
            )
            if task.options.get("delete_destination_extra"):
                details = "Nothing was deleted at the destination, since source errors were skipped"
                history.add_event(
                    self._state, task, "DELETE_DESTINATION_EXTRA_SKIPPED", "delete destination extra skipped", details
                )

    async def _round(self, task: Task, work: TransferWork) -> None:
        """Execute all remaining units once, some of them concurrently."""
        progress = history.Progress(self._state.now())
        finished = anyio.Event()
        executing: list[Sequence[Unit]] = []

        async def perform(units: Sequence[Unit]) -> None:
            try:
                outcomes = await self._perform(work, units)
                executing.remove(units)
                for outcome in outcomes:
                    history.record_outcome(self._state, task, work, outcome)
            finally:
                finished.set()

        try:
            async with anyio.create_task_group() as group:
                while work or executing:
                    await self._wait_while_paused(task)
                    while len(executing) < self.pace.workers and sum(len(units) > 1 for units in executing) < _BATCHES:
                        units = work.next_batch(single=self._is_slow, is_idle=not executing)
                        if not units:
                            break
                        executing.append(units)
                        group.start_soon(perform, units)
                    if executing:
                        finished = anyio.Event()
                        with self._idle():
                            await finished.wait()
                        history.add_progress_event(self._state, task, progress)
                    else:
                        break
        except BaseExceptionGroup as group_error:
            raise _root_cause(group_error) from None
        finally:
            for units in executing:  # interrupted units are executed again when the task is resumed
                work.put_back(units)

    @property
    def _is_slow(self) -> bool:
        return self.pace.seconds_per_file > 0 or self.pace.bytes_per_second is not None

    async def _perform(self, work: TransferWork, units: Sequence[Unit]) -> list[Outcome]:
        self._busy += 1
        try:
            if self._is_slow and len(units) == 1 and isinstance(units[0], Copy):
                return [await self._copy_slowly(work, units[0])]
            return await self._in_thread(work.perform, units)
        finally:
            self._busy -= 1

    async def _copy_slowly(self, work: TransferWork, unit: Copy) -> Outcome:
        rate = self.pace.bytes_per_second
        limit = max(1, int(rate / 4)) if rate else None
        copy = await self._in_thread(work.start_copy, unit)
        if isinstance(copy, Outcome):
            return copy
        try:
            while (transferred := await self._in_thread(copy.step, limit)) is None:
                await self._sleep(0.25)
            await self._sleep(self.pace.seconds_per_file)
        except SourceError as error:
            return Outcome(unit, error=error.error, on_source=True)
        except StorageError as error:
            return Outcome(unit, error=error)
        finally:
            copy.close()
        return Outcome(unit, transferred=transferred)

    async def _in_thread(self, call: Callable[[Unpack[_Ts]], T], *args: *_Ts) -> T:
        return await anyio.to_thread.run_sync(call, *args, limiter=self._limiter)

    async def _delete(self, task: Task, work: DeleteWork) -> None:
        delay = self.pace.retry_delay
        while work:
            await self._wait_while_paused(task)
            error = await self._in_thread(lambda: work.perform(single=self._is_slow))
            task.counts.retrying = 1 if error is not None else 0
            if error is not None:
                task.counts.faults += 1
                history.add_fault(self._state, task, task.source, work.current_path, error)
                await self._sleep(delay)
                delay = min(delay * 2, 600.0)
            else:
                task.current_error = None
                await self._sleep(self.pace.seconds_per_file)


def _root_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a task group that is not a mere consequence of the end of the task."""
    others = [error for error in group.exceptions if not isinstance(error, StoppedError)]
    chosen = (others or group.exceptions)[0]
    return (
        _root_cause(cast("BaseExceptionGroup[BaseException]", chosen))
        if isinstance(chosen, BaseExceptionGroup)
        else chosen
    )
