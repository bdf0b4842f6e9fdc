"""Sharing one running call among all callers that need its result."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from globus_async._single_flight import SingleFlight, copy_error
from globus_async.errors import GlobusError, NetworkError, WrongEventLoopError


class Call:
    """A call that ends when the test says so."""

    def __init__(self) -> None:
        self.made = self.cancelled = 0
        self.done = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> str:
        self.made += 1
        try:
            await self.done.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return "result"


class Owner:
    """Collects the tasks that it adopts."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[Any]] = []

    def adopt(self, task: asyncio.Task[Any], /) -> None:
        """Collect a task."""
        self.tasks.append(task)


async def passes(count: int = 5) -> None:
    """Let the event loop run."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_one_call_for_all_waiters() -> None:
    """Ten waiters of one key share a call, another key has its own."""
    calls: SingleFlight[str] = SingleFlight("test call")
    first, second = Call(), Call()
    waiters = [asyncio.create_task(calls.join("a", first)) for _ in range(10)]
    waiters.append(asyncio.create_task(calls.join("b", second)))
    await passes()
    assert len(calls) == 2
    first.done.set()
    second.done.set()
    assert await asyncio.gather(*waiters) == ["result"] * 11
    assert (first.made, second.made, len(calls)) == (1, 1, 0)
    assert calls.running("a") is None


async def test_without_an_owner_a_call_is_cancelled_with_its_last_waiter() -> None:
    """Not before; and the next caller does not join the cancelled call."""
    calls: SingleFlight[str] = SingleFlight("test call")
    call = Call()
    waiters = [asyncio.create_task(calls.join("a", call)) for _ in range(3)]
    await passes()
    for waiter in waiters[:2]:
        waiter.cancel()
    await passes()
    assert call.cancelled == 0
    waiters[2].cancel()
    late = asyncio.create_task(calls.join("a", call))
    await passes()
    assert (call.made, call.cancelled) == (2, 1)
    call.done.set()
    assert await late == "result"


async def test_with_an_owner_a_call_outlives_its_waiters() -> None:
    """The owner has its task, and a later caller joins it."""
    owner = Owner()
    calls: SingleFlight[str] = SingleFlight("test call", owner=owner)
    call = Call()
    waiter = asyncio.create_task(calls.join("a", call))
    await passes()
    waiter.cancel()
    await passes()
    assert owner.tasks == [calls.running("a")]
    late = asyncio.create_task(calls.join("a", call))
    await passes()
    call.done.set()
    assert await late == "result"
    assert (call.made, call.cancelled) == (1, 0)


async def test_starting_in_the_background() -> None:
    """One call, however often it is started, and its error disturbs nobody."""
    calls: SingleFlight[str] = SingleFlight("test call", owner=Owner())
    call = Call()
    call.error = NetworkError("lost", stage="no response")
    calls.start("a", call)
    calls.start("a", call)
    await passes()
    call.done.set()
    await passes()
    assert (call.made, len(calls)) == (1, 0)


async def test_each_waiter_gets_its_own_error() -> None:
    """With its own cause, without a traceback of the task's frames, whose locals may hold credentials."""
    calls: SingleFlight[str] = SingleFlight("test call")
    call = Call()
    call.error = NetworkError("lost", stage="no response")
    call.error.__cause__ = GlobusError("cause")
    call.done.set()
    waiting = asyncio.gather(*(calls.join("a", call) for _ in range(5)), return_exceptions=True)
    await asyncio.sleep(0)
    task = calls.running("a")
    assert task is not None
    errors = await waiting
    assert await task is call.error
    assert call.error.__traceback__ is None
    assert len({id(error) for error in errors}) == 5
    assert len({id(error.__cause__) for error in errors if isinstance(error, NetworkError)}) == 5
    for error in errors:
        assert isinstance(error, NetworkError)
        assert error.__context__ is None
        trace = error.__traceback__
        while trace is not None:
            assert trace.tb_frame.f_code.co_name == "join"
            trace = trace.tb_next


async def test_a_task_cancelled_from_outside_does_not_cancel_the_waiters() -> None:
    """They get an error, and the next caller makes a new call."""
    calls: SingleFlight[str] = SingleFlight("test call")
    call = Call()
    waiters = [asyncio.create_task(calls.join("a", call)) for _ in range(3)]
    await passes()
    task = calls.running("a")
    assert task is not None
    task.cancel()
    outcomes = await asyncio.gather(*waiters, return_exceptions=True)
    assert [str(outcome).partition(";")[0] for outcome in outcomes] == ["the test call was cancelled from outside"] * 3
    call.done.set()
    assert await calls.join("a", call) == "result"


def test_a_call_of_another_running_loop_is_refused() -> None:
    """A caller in one loop cannot wait for a task of another."""
    calls: SingleFlight[str] = SingleFlight("test call")
    loop = asyncio.new_event_loop()

    async def join() -> None:
        call = Call()
        call.done.set()
        await calls.join("a", call)

    async def hang() -> None:
        waiter = asyncio.create_task(calls.join("a", Call()))
        await passes()
        waiters.append(waiter)

    waiters: list[asyncio.Task[str]] = []
    loop.run_until_complete(hang())
    try:
        with pytest.raises(WrongEventLoopError, match="another event loop"):
            asyncio.run(join())
    finally:
        waiters[0].cancel()
        loop.run_until_complete(asyncio.gather(*waiters, return_exceptions=True))
        loop.run_until_complete(calls.aclose())
        loop.close()
    asyncio.run(join())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
async def test_a_forked_process_makes_its_own_call() -> None:
    """It cannot wait for a task that only the parent's loop runs."""
    calls: SingleFlight[str] = SingleFlight("test call")
    call = Call()
    waiter = asyncio.create_task(calls.join("a", call))
    await passes()

    async def join() -> str:
        own = Call()
        own.done.set()
        return await calls.join("a", own)

    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if asyncio.run(join()) == "result" else 2
        finally:
            os._exit(code)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    call.done.set()
    assert await waiter == "result"


async def test_closing_waits_for_running_calls() -> None:
    """It does not cancel them."""
    calls: SingleFlight[str] = SingleFlight("test call")
    call = Call()
    waiter = asyncio.create_task(calls.join("a", call))
    await passes()
    closing = asyncio.create_task(calls.aclose())
    await passes()
    assert not closing.done()
    call.done.set()
    await closing
    assert await waiter == "result"


def test_copies_of_an_error() -> None:
    """The cause is copied if it is an error of this library."""
    error = NetworkError("lost", stage="no response")
    assert copy_error(error).__cause__ is None
    error.__cause__ = LookupError("foreign")
    assert copy_error(error).__cause__ is error.__cause__
    error.__cause__ = GlobusError("own")
    own = copy_error(error)
    assert own.__cause__ is not error.__cause__
    assert str(own.__cause__) == "own"
