"""
Background work of an emulated service: jobs that wait by the emulator's clock.

A service has one `Background`, which its state and its handlers use, and gives it to `service.Service`, which resumes,
stops, settles and closes it::

    class RunsService(Service[RunsState]):
        def __init__(self, platform: Platform) -> None:
            state = RunsState(platform, Background(platform.clock))
            super().__init__(platform, state, background=state.background)


    async def create_run(state: RunsState, request: Request) -> Document:
        run = state.add_run(request.fields().required("seconds", NUMBER))
        state.background.start(run.id, lambda: execute(state, run))
        return run_document(run)


    async def execute(state: RunsState, run: Run) -> None:
        while run.progress < 1:
            await state.background.sleep_until(run.next_step_at)
            take_a_step(state, run)

A job is a coroutine function, and is called again if the event loop that ran it has ended, as that of
``serve_in_thread`` does at the end of its block. So a job reads from the state how far it is, and changes the state
between two waits completely or not at all.

A job sleeps with `Background.sleep` and `Background.sleep_until` only, in its own asyncio task: `Background.settle`
counts a job as idle during these sleeps, and as busy otherwise. `Background.wake` ends the sleep of a job, which then
reads the state again; a wake-up before a sleep ends that sleep, so none is lost.

A request to another service is a call of `service.Platform.request`, with a token of `authentication.TokenAuthority`::

    token = state.platform.authority.dependent_token(run.caller, TRANSFER_SCOPE)  # ConsentMissing: ask the user
    response = await state.platform.request("transfer", "POST", "/v0.10/transfer", token=token, document=transfer)
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .errors import EmulatorClosed
from .ids import current_ids

if TYPE_CHECKING:
    from .clock import Clock

__all__ = ("Background", "Work")

_logger: Final = logging.getLogger(__name__)

_IDLE_ITERATIONS: Final = 12
"""Iterations of the event loop without a busy job after which all jobs count as settled."""
_EARLY: Final = 1e-6
"""
Seconds by which `Background.sleep_until` is early.

The difference of two times in POSIX seconds has an error of that order, unless it is one of whole seconds.
"""

Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""A job: called without arguments, in the event loop that will run it."""


@dataclass(eq=False, slots=True)
class _Job:
    key: str
    work: Work
    context: Context = field(default_factory=copy_context)
    """That of the call that has started it, with its source of ids."""
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    """`None` until an event loop runs it."""
    is_idle: bool = False


class Background:
    """
    The jobs of a service, each with a key. Its methods can be called from any thread, and without an event loop.

    The jobs run in the event loop of the first call that was made in one. Until then, and between two event loops,
    they wait.

    Args:
        clock: The source of the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._jobs: dict[str, _Job] = {}
        """The jobs that have not ended."""
        self._running: dict[asyncio.Task[None], _Job] = {}
        """The asyncio tasks of this event loop, also of cancelled jobs that have not ended yet."""
        self._is_closed = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self._jobs)} jobs>"

    def __contains__(self, key: str) -> bool:
        """Return whether a job has not ended."""
        return key in self._jobs

    # jobs

    def start(self, key: str, work: Work) -> None:
        """
        Start a job; one with the same key is cancelled, and the new one starts when that has ended.

        An exception that a job raises ends the job and is logged.

        Args:
            key: Identifies the job: the id of a run, for example.
            work: The job.

        Raises:
            EmulatorClosed: The emulator is closed, or its state was replaced.
        """
        if self._is_closed:
            raise EmulatorClosed
        with self._lock:
            previous, job = self._jobs.pop(key, None), _Job(key, work)
            self._jobs[key] = job
        self._call(lambda: self._launch(job, previous))

    def cancel(self, key: str) -> bool:
        """
        Cancel a job; return whether there was one. A job that cancels itself ends at its next wait.

        Args:
            key: The key of the job.
        """
        with self._lock:
            job = self._jobs.pop(key, None)
        if job is None:
            return False
        self._call(lambda: job.task is not None and job.task.cancel())
        return True

    def wake(self, key: str) -> None:
        """
        End the sleep of a job, or else its next one; nothing happens if there is no such job.

        Args:
            key: The key of the job.
        """
        job = self._jobs.get(key)
        if job is not None:
            self._call(job.woken.set)

    async def sleep(self, seconds: float = math.inf) -> bool:
        """
        Wait, within a job.

        Args:
            seconds: How long; by default until the job is woken.

        Returns:
            Whether the job was woken.

        Raises:
            RuntimeError: This is not the asyncio task of one of the jobs.
        """
        job = self._current_job()
        if job.woken.is_set() or seconds <= 0:
            await asyncio.sleep(0)
        else:
            job.is_idle = True
            try:
                async with self._clock.timeout(seconds if math.isfinite(seconds) else None):
                    await job.woken.wait()
            except TimeoutError:
                return False
            finally:
                job.is_idle = False
        was_woken = job.woken.is_set()
        job.woken.clear()
        return was_woken

    async def sleep_until(self, wall: float) -> bool:
        """
        Wait, within a job, until a time; it ends up to a microsecond early, so compare with `wall`, not with the clock.

        Args:
            wall: POSIX seconds; `math.inf` to wait until the job is woken.

        Returns:
            Whether the job was woken.

        Raises:
            RuntimeError: This is not the asyncio task of one of the jobs.
        """
        seconds = wall - self._clock.wall()
        return await self.sleep(seconds if seconds.is_integer() else seconds - _EARLY)

    def _current_job(self) -> _Job:
        task = asyncio.current_task()
        job = None if task is None else self._running.get(task)
        if job is None:
            raise RuntimeError("only a job can sleep here, in its own asyncio task")
        return job

    # event loops

    def resume(self) -> None:
        """Run the jobs in the running event loop, if no other one runs them; `service.Service.start` calls it."""
        self._call(lambda: None)

    async def settle(self) -> None:
        """Wait until every job has ended or sleeps."""
        self.resume()
        idle_iterations = 0
        while (self._jobs or self._running) and self._loop is not None and self._loop.is_running():
            is_busy = self._is_busy()
            idle_iterations = 0 if is_busy else idle_iterations + 1
            if idle_iterations > _IDLE_ITERATIONS:
                return
            # let the jobs run; those of another event loop, or that wait for a thread, need real time
            await asyncio.sleep(0.001 if is_busy or self._loop is not asyncio.get_running_loop() else 0)

    async def stop(self) -> None:
        """Stop the jobs of the running event loop; `resume` calls them again in another one."""
        if self._loop is asyncio.get_running_loop():
            await self._cancel_all()
            with self._lock:
                self._loop = None

    async def aclose(self) -> None:
        """Cancel all jobs and start none any more."""
        self._is_closed = True
        with self._lock:
            self._jobs.clear()
        loop = self._loop
        if loop is asyncio.get_running_loop():
            await self._cancel_all()
        elif loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._request_cancellation)

    async def _cancel_all(self) -> None:
        own = asyncio.current_task()
        while tasks := [each for each in self._request_cancellation() if each is not own]:
            await asyncio.wait(tasks)

    def _request_cancellation(self) -> list[asyncio.Task[None]]:
        tasks = [each for each in self._running if not each.done()]
        for task in tasks:
            task.cancel()
        return tasks

    def _call(self, call: Callable[[], object]) -> None:
        """Call a function in the event loop of the jobs; if there is none, the jobs are launched by a later call."""
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        with self._lock:
            if running is not None and (self._loop is None or self._loop.is_closed()):
                self._loop, self._running = running, {}
                for job in list(self._jobs.values()):
                    job.task, job.woken = None, asyncio.Event()
                    self._launch(job, None)
            loop = self._loop
        if loop is None or loop.is_closed():
            return
        if loop is running:
            call()
        else:
            loop.call_soon_threadsafe(call)

    def _launch(self, job: _Job, previous: _Job | None) -> None:
        """Run a job in this event loop, if nothing has done so before and it was not cancelled."""
        before = None if previous is None else previous.task
        if before is not None:
            before.cancel()
        if self._jobs.get(job.key) is job and job.task is None:
            run, context = self._run(job, before), job.context.copy()
            job.task = asyncio.get_running_loop().create_task(run, name=f"background job {job.key}", context=context)
            self._running[job.task] = job
            job.task.add_done_callback(self._discard)

    def _discard(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)

    async def _run(self, job: _Job, before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None and not before.done():
                await asyncio.wait({before})
            with current_ids().fork().use():
                await job.work()
        except Exception:
            _logger.exception("the background job %s has failed", job.key)
        with self._lock:  # a cancelled job does not get here: if only the event loop has ended it, it is kept
            if self._jobs.get(job.key) is job:
                del self._jobs[job.key]

    def _is_busy(self) -> bool:
        jobs = [*self._jobs.values(), *list(self._running.values())]
        return any(each.task is None or not (each.is_idle or each.task.done()) for each in jobs)
