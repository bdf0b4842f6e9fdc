"""The task machine: lets tasks wait, work, be paused, try again, expire and end."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple, Unpack, cast

import anyio
import anyio.to_thread

from ..models import Status, Task
from ..permissions import lacking, pausing_rules
from ..storage.protocol import StorageError
from ..task_documents import started_details
from . import history
from .delete import DeleteWork
from .file_copy import SourceError, StoppedError
from .transfer import Copy, FatalError, Outcome, TransferWork, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from ..state import TransferState

__all__ = (
    "Pace",
    "TaskRunner",
    "logger",
)

T = TypeVar("T")
_Ts = TypeVarTuple("_Ts")

logger: Final = logging.getLogger("globus_async.testing")

_HOUR: Final = 3600.0


@dataclass(slots=True)
class Pace:
    """How fast tasks work, in seconds of the emulator's clock."""

    start_delay: float = 0.0
    """Between a task's turn and its first file."""
    seconds_per_file: float = 0.0
    bytes_per_second: float | None = None
    retry_delay: float = 5.0
    """Before what failed is tried again; doubles up to ten minutes."""
    workers: int = 4
    """Files of one task that are worked on at a time."""


class TaskRunner:
    """Owns everything that goes on between two requests: one asyncio task for each task of the service."""

    def __init__(self, state: TransferState, *, pace: Pace | None = None, threads: int = 8) -> None:
        """
        Build an idle machine.

        Args:
            state: What the tasks work on.
            pace: How fast they are; as fast as they can by default.
            threads: How many files are read or written at a time, over all tasks.
        """
        self.pace = pace or Pace()
        self._state = state
        self._threads = threads
        self._loop: asyncio.AbstractEventLoop | None = None
        self._limiter: anyio.CapacityLimiter | None = None
        self._slots: dict[tuple[str, str], asyncio.Semaphore] = {}
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._scopes: dict[str, anyio.CancelScope] = {}
        self._naps: dict[str, anyio.CancelScope] = {}
        """What a change of the deadline or of a pause has to interrupt: the sleep of a task's watchman."""
        self._changed: dict[str, asyncio.Event] = {}
        self._works: dict[str, TransferWork | DeleteWork] = {}
        """How far tasks are; kept while no loop runs."""
        self._busy = 0
        self._closed = False

    def __repr__(self) -> str:
        return f"<TaskMachine with {len(self._lives)} tasks, {self._busy} at work>"

    # What routes call.

    def submit(self, task: Task) -> None:
        """Take a task up."""
        self._call(lambda: self._begin(task))

    def take_up(self) -> None:
        """Go on with the tasks that have not ended, if the loop they were in has."""
        self._call(lambda: None)

    async def end(self, task: Task, code: str, details: str, *, patience: float = 5.0) -> bool:
        """
        End a task from outside; tell whether it has ended already.

        Args:
            task: Which one.
            code: ``CANCELED`` or ``EXPIRED``.
            details: What its event says.
            patience: Seconds to wait for threads to stop.
        """
        self._stop(task, code, details)
        life = self._lives.get(task.id)
        if life is not None and life.get_loop() is asyncio.get_running_loop():
            await asyncio.wait({life}, timeout=patience)
            return life.done()
        return True

    def changed(self, task: Task) -> None:
        """Look again at a task whose deadline was changed."""
        self._call(lambda: self._interrupt(task))

    def holds_changed(self) -> None:
        """Look again at what is paused or suspended; may be called from any thread."""
        if self._loop is None or self._loop.is_closed():
            return
        try:
            here = self._loop is asyncio.get_running_loop()
        except RuntimeError:
            here = False
        if here:
            self._wake_all()
        else:
            self._loop.call_soon_threadsafe(self._wake_all)

    async def settle(self) -> None:
        """Wait until every task waits for the clock, for its turn, or for somebody to end a pause."""
        quiet = 0
        while quiet < 12:
            await asyncio.sleep(0 if not self._busy else 0.001)
            quiet = 0 if self._busy else quiet + 1

    async def aclose(self) -> None:
        """Stop all work for good, and wait for it."""
        self._closed = True
        await self.halt()

    async def halt(self) -> None:
        """Stop all work and wait for it; tasks that have not ended stay as they are."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        if loop is not asyncio.get_running_loop():
            raise RuntimeError("the emulator's tasks belong to another event loop; close it there")
        for scope in list(self._scopes.values()):
            scope.cancel()
        lives = list(self._lives.values())
        if lives:
            await asyncio.wait(lives)

    # From here on everything happens in the machine's own event loop.

    def _call(self, call: Callable[[], object]) -> None:
        """Run something in the loop of the machine: that of its first task."""
        running = asyncio.get_running_loop()
        if self._loop is None or self._loop.is_closed():
            self._loop = running
            self._limiter = anyio.CapacityLimiter(self._threads)
            for registry in (self._slots, self._lives, self._scopes, self._naps, self._changed):
                registry.clear()
            self._busy = 0
            for task in [] if self._closed else list(self._state.running.values()):
                if task.id in self._works:
                    self._begin(task)
        if self._loop is running:
            call()
        else:
            self._loop.call_soon_threadsafe(call)

    def _begin(self, task: Task) -> None:
        if self._closed:
            raise RuntimeError("the emulator is closed")
        if task.id not in self._works:
            kind = TransferWork if task.is_transfer else DeleteWork
            self._works[task.id] = kind(self._state, task, stopped=lambda: self._is_over(task))
        self._changed[task.id] = asyncio.Event()
        self._scopes[task.id] = anyio.CancelScope()  # before the life begins, so that it can be stopped before it does
        life = asyncio.create_task(self._live(task), name=f"globus task {task.id}")
        self._lives[task.id] = life
        life.add_done_callback(lambda _: self._bury(task))

    def _bury(self, task: Task) -> None:
        if task.is_final:
            self._works.pop(task.id, None)
        for registry in (self._lives, self._scopes, self._naps, self._changed):
            registry.pop(task.id, None)

    def _stop(self, task: Task, code: str, details: str) -> None:
        """Give a task its end, then stop what still works for it."""
        if task.is_final:
            return
        history.finish(self._state, task, Status.FAILED, code, description=code.lower(), details=details)
        scope = self._scopes.get(task.id)
        if scope is not None:
            self._call(scope.cancel)

    def _interrupt(self, task: Task) -> None:
        nap = self._naps.get(task.id)
        if nap is not None:
            nap.cancel()

    def _wake_all(self) -> None:
        for task_id, event in self._changed.items():
            self._refresh_suspension(self._state.tasks[task_id])
            self._refresh_pause(self._state.tasks[task_id])
            event.set()

    async def _live(self, task: Task) -> None:
        """The whole life of a task, from submission to its end."""
        with self._scopes[task.id]:
            self._busy += 1
            try:
                async with anyio.create_task_group() as group:
                    group.start_soon(self._watch, task)
                    await self._work(task)
                    group.cancel_scope.cancel()
            finally:
                self._busy -= 1

    async def _watch(self, task: Task) -> None:
        """Let a task expire at its deadline, wherever that has been moved to."""
        while True:
            left = task.deadline - self._state.now()
            if left <= 0 and not self._postpone(task):
                self._stop(task, "EXPIRED", "The task passed its deadline")
                return
            with anyio.CancelScope() as nap:
                self._naps[task.id] = nap
                await self._state.clock.sleep(max(task.deadline - self._state.now(), 0.0))

    def _postpone(self, task: Task) -> bool:
        """Push the deadline of a task that waits for its turn, is paused, or has made progress; tell whether it was."""
        if task.deadline_is_fixed:
            return False
        now = self._state.now()
        if task.paused:
            task.deadline = now + 90 * 24 * _HOUR
        elif task.queued and task.trouble is None:
            task.deadline = now + 24 * _HOUR
        elif task.progress_time is not None:
            task.deadline = max(task.deadline, task.progress_time + 72 * _HOUR)
        return task.deadline > now

    @contextmanager
    def _resting(self) -> Generator[None]:
        """Count a task as idle while it waits for something that `settle` does not wait for."""
        self._busy -= 1
        try:
            yield
        finally:
            self._busy += 1

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            with self._resting():
                await self._state.clock.sleep(seconds)

    async def _work(self, task: Task) -> None:
        limit = self._state.limits.running_tasks
        slot = self._slots.setdefault((task.owner_id, task.type), asyncio.Semaphore(limit))
        with self._resting():
            await slot.acquire()
        try:
            await self._unpaused(task)
            task.queued = False
            if task.start_time is None:
                await self._sleep(self.pace.start_delay)
                task.start_time = self._state.now()
                history.note(self._state, task, "STARTED", "started", started_details())
            work = self._works[task.id]
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
            logger.exception("task %s broke", task.id)
            task.fatal_error = ("INTERNAL_ERROR", "internal error")
            history.finish(
                self._state, task, Status.FAILED, "INTERNAL_ERROR", description="internal error", details=repr(error)
            )
        else:
            history.finish(self._state, task, Status.SUCCEEDED, "SUCCEEDED", description="succeeded")
        finally:
            slot.release()

    def _is_over(self, task: Task) -> bool:
        """Whether threads should stop working for a task."""
        return self._closed or task.is_final or task.id not in self._lives

    async def _unpaused(self, task: Task) -> None:
        """Wait while a manager holds the task, or its owner must do something first."""
        while self._refresh_suspension(task) | self._refresh_pause(task):
            changed = self._changed[task.id]
            changed.clear()
            with self._resting():
                await changed.wait()

    def _refresh_suspension(self, task: Task) -> bool:
        """Make a task inactive or active as its credentials are now; tell whether it is inactive."""
        code = task.suspended or lacking(self._state, task)
        if code is not None and task.status is Status.ACTIVE:
            task.status = Status.INACTIVE
            task.trouble = (code, code.lower().replace("_", " "), self._state.now())
        elif code is None and task.status is Status.INACTIVE:
            task.status = Status.ACTIVE
            task.trouble = None
        return task.status is Status.INACTIVE

    def _refresh_pause(self, task: Task) -> bool:
        """Pause or resume a task as the rules and managers want it now; tell whether it is paused."""
        messages = [rule.message for _, rule in pausing_rules(self._state, task)] + list(task.paused_by_admin.values())
        if task.is_final or task.paused == bool(messages):
            return task.paused
        task.paused = bool(messages)
        if task.paused:
            history.note(self._state, task, "PAUSED", "paused", messages[0])
        else:
            history.note(self._state, task, "UNPAUSED", "unpaused", "The task was resumed")
            if not task.deadline_is_fixed:
                task.deadline = self._state.now() + 24 * _HOUR
                self._interrupt(task)
        return task.paused

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
            history.note(self._state, task, "SKIPPED_ERRORS", "skipped errors", f"{count} source errors were skipped")
            if task.options.get("delete_destination_extra"):
                details = "Nothing was deleted at the destination, since source errors were skipped"
                history.note(
                    self._state, task, "DELETE_DESTINATION_EXTRA_SKIPPED", "delete destination extra skipped", details
                )

    async def _round(self, task: Task, work: TransferWork) -> None:
        """Do all that can be done now, some units at a time."""
        progress = history.Progress(self._state.now())
        freed = anyio.Event()
        in_flight: list[Sequence[Unit]] = []

        async def perform(units: Sequence[Unit]) -> None:
            try:
                outcomes = await self._perform(work, units)
                in_flight.remove(units)
                for outcome in outcomes:
                    history.book(self._state, task, work, outcome)
            finally:
                freed.set()

        try:
            async with anyio.create_task_group() as group:
                while work or in_flight:
                    await self._unpaused(task)
                    while len(in_flight) < self.pace.workers:
                        units = work.take(alone=self._is_slow, nothing_in_flight=not in_flight)
                        if not units:
                            break
                        in_flight.append(units)
                        group.start_soon(perform, units)
                    if in_flight:
                        freed = anyio.Event()
                        with self._resting():
                            await freed.wait()
                        history.report(self._state, task, progress)
                    else:
                        break
        except BaseExceptionGroup as group_error:
            raise _the_one(group_error) from None
        finally:
            for units in in_flight:  # what was stopped on its way is done again, if the task ever goes on
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
        copy = await self._in_thread(work.copy_in_steps, unit)
        if isinstance(copy, Outcome):
            return copy
        try:
            while (done := await self._in_thread(copy.step, limit)) is None:
                await self._sleep(0.25)
            await self._sleep(self.pace.seconds_per_file)
        except SourceError as error:
            return Outcome(unit, error=error.error, on_source=True)
        except StorageError as error:
            return Outcome(unit, error=error)
        finally:
            copy.close()
        return Outcome(unit, transferred=done)

    async def _in_thread(self, call: Callable[[Unpack[_Ts]], T], *args: *_Ts) -> T:
        return await anyio.to_thread.run_sync(call, *args, limiter=self._limiter)

    async def _delete(self, task: Task, work: DeleteWork) -> None:
        delay = self.pace.retry_delay
        while work:
            await self._unpaused(task)
            error = await self._in_thread(lambda: work.perform(alone=self._is_slow))
            task.counts.retrying = 1 if error is not None else 0
            if error is not None:
                task.counts.faults += 1
                history.trouble(self._state, task, task.source, work.place, error)
                await self._sleep(delay)
                delay = min(delay * 2, 600.0)
            else:
                task.trouble = None
                await self._sleep(self.pace.seconds_per_file)


def _the_one(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the error a task group failed with: the first that is not just the end of the others."""
    others = [error for error in group.exceptions if not isinstance(error, StoppedError)]
    chosen = (others or group.exceptions)[0]
    return (
        _the_one(cast("BaseExceptionGroup[BaseException]", chosen))
        if isinstance(chosen, BaseExceptionGroup)
        else chosen
    )
