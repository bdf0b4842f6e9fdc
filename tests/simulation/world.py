"""Simulated time, processes and network: every step is chosen by a seed."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple, Unpack

__all__ = ("Process", "SimulatedLoop", "Violation", "World")

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Violation(AssertionError):
    """A promise was broken in a history."""


class HistoryEnded(BaseException):
    """Raised in the tasks of dropped processes, whose coroutines are closed at the end of a history."""


class World:
    """
    The time, and what happens at which time.

    Time stands still while a process that is not paused has something to do.

    Args:
        seed: Decides every choice.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 1000.0
        self.has_ended = False
        self._running: SimulatedLoop | None = None
        self.processes: list[Process] = []
        self.disturb: Callable[[Process], None] = lambda _: None
        """Called before each step of a process; may pause or crash it."""
        self.loops: list[SimulatedLoop] = []
        self.broken: str | None = None
        """The first promise that was broken."""
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    def violated(self, what: str) -> None:
        """Record that a promise was broken; `run` raises it, since code under test catches exceptions."""
        self.broken = self.broken or f"{what}, at {self.now:.3f}"

    def after(self, seconds: float, happen: Callable[[], None]) -> None:
        """Let something happen later, independently of all processes."""
        heapq.heappush(self._events, (self.now + seconds, next(self._order), happen))

    def run(self, seconds: float) -> None:
        """Run everything for so many seconds."""
        try:
            self._run(self.now + seconds)
        finally:
            self.enter(None)

    def enter(self, loop: SimulatedLoop | None) -> None:
        """Make a loop the running one."""
        if self._running is not loop:
            self._running = loop
            events._set_running_loop(loop)

    def _run(self, end: float) -> None:
        while True:
            if self.broken is not None:
                raise Violation(self.broken)
            runnable = [each for each in self.processes if each.is_runnable()]
            if runnable:
                process = runnable[int(self.random.random() * len(runnable))]
                self.disturb(process)
                process.step()
                continue
            instants = [at for each in self.processes if (at := each.next_instant()) is not None]
            if self._events:
                instants.append(self._events[0][0])
            if not instants or min(instants) > end:
                self.now = end
                return
            self.now = max(self.now, min(instants))
            while self._events and self._events[0][0] <= self.now:
                heapq.heappop(self._events)[2]()

    async def call(self, process: Process, effect: Callable[[], T], *, before: float, after: float) -> T:
        """
        Send a request to a server, and return the response.

        The server executes it even if the sender has been paused, cancelled or killed by then.

        Args:
            process: The sender.
            effect: What the server does; an error that it raises is the response.
            before: Seconds until the server does it; infinite for never.
            after: Seconds from then until the response; infinite for never.
        """
        if self.has_ended:
            raise HistoryEnded
        response: asyncio.Future[T] = process.loop.create_future()

        def execute() -> None:
            try:
                result, error = effect(), None
            except Exception as raised:  # noqa: BLE001 -- whatever it is, it is the response
                result, error = None, raised
            if after != float("inf"):
                self.after(after, lambda: deliver(result, error))

        def deliver(result: Any, error: Exception | None) -> None:
            if not response.done():
                if error is None:
                    response.set_result(result)
                else:
                    response.set_exception(error)

        if before != float("inf"):
            self.after(before, execute)
        return await response

    def end(self) -> None:
        """Close the coroutines of all tasks that have not ended."""
        self.has_ended = True
        for loop in self.loops:
            self.enter(loop)  # what is closed may start tasks, which are closed, too
            for task in loop.tasks:
                if not task.done():
                    task._log_destroy_pending = False  # type: ignore[attr-defined]
                    _close(task.get_coro())
            loop.tasks.clear()
        self.enter(None)


def _close(coroutine: Any) -> None:
    for _ in range(20):
        try:
            coroutine.close()
        except (RuntimeError, HistoryEnded):
            continue
        return


class SimulatedLoop(asyncio.AbstractEventLoop):
    """The event loop of one process, run one handle at a time: of all methods, it has those that tasks use."""

    def __init__(self, world: World) -> None:
        self._world = world
        world.loops.append(self)
        self.ready: deque[asyncio.Handle] = deque()
        self.timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self._world.now

    def get_debug(self) -> bool:
        return False

    def is_closed(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def call_soon(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self.ready.append(handle)
        return handle

    def call_at(
        self, when: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self.timers, (when, next(self._order), handle))
        return handle

    def call_later(
        self, delay: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._world.now + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        pass

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self.tasks.append(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self._world.has_ended:
            self._world.violated(f"an error was handled nowhere: {context}")


class Process:
    """
    A process: an event loop, clocks of its own, and a memory that is lost when it dies.

    It is a `Clock`, and stands for a `Transport`: it adopts tasks.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.loop = SimulatedLoop(world)  # type: ignore[abstract]
        self.is_alive = True
        self.resumes_at = 0.0
        self.paused_for = 0.0
        self.wall_offset = 1_800_000_000.0
        self.adopted: set[asyncio.Task[Any]] = set()
        world.processes.append(self)

    def __repr__(self) -> str:
        return f"<process {self.name}>"

    # the clock

    def wall(self) -> float:
        return self.world.now + self.wall_offset

    def monotonic(self) -> float:
        return self.world.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[asyncio.Timeout]:
        return asyncio.timeout(seconds)

    # the owner of tasks

    @property
    def clock(self) -> Process:
        return self

    def adopt(self, task: asyncio.Task[Any], /) -> None:
        self.adopted.add(task)
        task.add_done_callback(self.adopted.discard)

    # the scheduler

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task."""
        return self.loop.create_task(coroutine)

    def is_runnable(self) -> bool:
        if self.resumes_at > self.world.now:
            return False
        timers = self.loop.timers
        return bool(self.loop.ready) or bool(timers and timers[0][0] <= self.world.now)

    def next_instant(self) -> float | None:
        """Return when it has something to do."""
        if self.loop.ready:
            return self.resumes_at
        timers = self.loop.timers
        while timers and timers[0][2].cancelled():
            heapq.heappop(timers)
        return max(timers[0][0], self.resumes_at) if timers else None

    def step(self) -> None:
        """Run one handle; after a pause timers come first, as asyncio would not poll for input before them."""
        if self.resumes_at > self.world.now or not self.is_alive:
            return
        ready, timers = self.loop.ready, self.loop.timers
        due: list[asyncio.Handle] = []
        while timers and timers[0][0] <= self.world.now:
            due.append(heapq.heappop(timers)[2])
        ready.extendleft(reversed(due))
        if not ready:
            return
        handle = ready.popleft()
        if not handle.cancelled():
            self.world.enter(self.loop)
            handle._run()

    def pause(self, seconds: float) -> None:
        """Stop it for a time, as a suspended machine or a long garbage collection does."""
        self.resumes_at = self.world.now + seconds
        self.paused_for += seconds

    def crash(self) -> None:
        """Kill it: its tasks are dropped where they are, without cleaning up."""
        self.is_alive = False
        self.loop.ready.clear()
        self.loop.timers.clear()
        self.world.processes.remove(self)
