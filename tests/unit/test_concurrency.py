"""Running calls concurrently: results, errors, and cancellation at any point."""

from __future__ import annotations

import asyncio
import contextlib
import gc

import pytest

from globus_async._concurrency.entrance import Entrance
from globus_async._concurrency.tasks import all_of, cancel_all, run_to_end
from tests.toolkit.cancel import every_suspension


class Calls:
    """Calls that end after so many passes of the event loop; counts those that are running."""

    def __init__(self) -> None:
        self.running = 0

    async def __call__(self, passes: int, error: Exception | None = None, *, stubborn: int = 0) -> int:
        self.running += 1
        try:
            for _ in range(passes):
                await asyncio.sleep(0)
            if error is not None:
                raise error
            return passes
        finally:
            try:
                for _ in range(stubborn):
                    await asyncio.sleep(0)
            finally:
                self.running -= 1


async def test_results_in_order() -> None:
    """Whichever ends first."""
    call = Calls()
    assert await all_of(call(passes) for passes in (3, 1, 2)) == [3, 1, 2]


async def test_the_first_error() -> None:
    """It is raised itself, in no group; the others are cancelled, and have ended."""
    call = Calls()
    error = OSError("first")
    with pytest.raises(OSError, match="first") as caught:
        await all_of([call(99, stubborn=3), call(5, KeyError("second")), call(2, error), call(1)])
    assert caught.value is error
    assert call.running == 0


async def test_errors_of_the_same_moment() -> None:
    """One of them is raised; none is reported as never retrieved."""
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    call = Calls()

    async def fails_when_cancelled() -> int:
        try:
            return await call(99)
        finally:
            raise OSError("late")

    with pytest.raises(KeyError, match="0"):
        await all_of([*(call(2, KeyError(number)) for number in range(5)), fails_when_cancelled()])
    gc.collect()
    assert (call.running, reported) == (0, [])


@pytest.mark.parametrize("passes", range(1, 8))
async def test_a_cancellation_at_the_time_of_an_error_is_not_lost(passes: int) -> None:
    """Nor is the error's own cancellation of the others left behind in the caller."""
    call = Calls()
    caller: asyncio.Task[None]

    def cancel_after(passes: int) -> None:
        if passes == 0:
            caller.cancel()
        else:
            asyncio.get_running_loop().call_soon(cancel_after, passes - 1)

    async def work() -> None:
        cancel_after(passes)
        try:
            await all_of([call(3, OSError("passing")), call(99, stubborn=2)])
        finally:
            counts.append(caller.cancelling())
        await asyncio.sleep(0)

    async def persistent() -> None:
        for _ in range(2):
            try:
                await work()
            except OSError:
                await asyncio.sleep(0)

    counts: list[int] = []
    caller = asyncio.create_task(persistent())
    await asyncio.wait({caller})
    assert caller.cancelled()
    assert set(counts) <= {0, 1}
    assert call.running == 0


async def test_cancelled_at_every_suspension() -> None:
    """Every call has ended when the caller has."""
    call = Calls()

    async def all_have_ended() -> None:
        assert call.running == 0

    points = await every_suspension(lambda: all_of(call(n, stubborn=n) for n in range(5)), all_have_ended)
    assert points >= 3


async def test_many_cancellations() -> None:
    """Of two thousand tasks, five hundred end in each pass of the event loop."""
    passes = 0
    ended: list[int] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(passes)

    async def count() -> None:
        nonlocal passes
        while True:
            await asyncio.sleep(0)
            passes += 1

    tasks = [asyncio.create_task(wait()) for _ in range(2000)]
    counter = asyncio.create_task(count())
    await asyncio.sleep(0)
    await cancel_all(tasks)
    counter.cancel()
    assert all(task.cancelled() for task in tasks)
    assert {ended.count(number) for number in ended} == {500}


async def test_a_cancellation_of_many_cancellations() -> None:
    """All are cancelled before it is raised."""
    tasks = [asyncio.create_task(asyncio.Event().wait()) for _ in range(2000)]
    cancelling = asyncio.create_task(cancel_all(tasks))
    await asyncio.sleep(0)
    cancelling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelling
    assert all(task.cancelled() for task in tasks)


async def test_an_entrance() -> None:
    """It admits two hundred calls in each pass of the event loop, in order, and skips those that are cancelled."""
    entrance = Entrance()
    calls = [entrance.enter() for _ in range(700)]
    for call in calls[200:300]:
        call.cancel()
    admitted = [sum(call.done() and not call.cancelled() for call in calls)]
    while admitted[-1] < 600:
        await asyncio.sleep(0)
        admitted.append(sum(call.done() and not call.cancelled() for call in calls))
    assert admitted == [200, 400, 600]
    await asyncio.sleep(0)
    assert entrance.enter().done()


def test_an_entrance_in_several_event_loops() -> None:
    """Calls that did not begin in a closed loop do not block the next one."""
    entrance = Entrance()

    async def enter(passes: int) -> int:
        calls = [entrance.enter() for _ in range(500)]
        for _ in range(passes):
            await asyncio.sleep(0)
        return sum(call.done() for call in calls)

    assert [asyncio.run(enter(passes)) for passes in (0, 1, 0, 4)] == [200, 400, 200, 500]


class TestRunToEnd:
    """A call whose caller is cancelled runs to its end; then the cancellation is raised."""

    async def test_its_result_or_error(self) -> None:
        """As if it were awaited."""
        call = Calls()
        assert await run_to_end(lambda: call(3)) == 3
        with pytest.raises(LookupError):
            await run_to_end(lambda: call(3, LookupError()))

    @pytest.mark.parametrize("error", [None, LookupError()])
    async def test_at_any_point(self, error: Exception | None) -> None:
        """It has always ended before its caller does."""
        call, ended = Calls(), 0

        async def counted() -> None:
            nonlocal ended
            try:
                await call(3, error)
            finally:
                ended += 1

        async def made() -> None:
            nonlocal ended
            ended = 0
            with contextlib.suppress(LookupError):
                await run_to_end(counted)

        async def it_has_ended() -> None:
            assert (call.running, ended) == (0, 1)

        assert await every_suspension(made, it_has_ended) >= 3

    @pytest.mark.parametrize("cancellations", [1, 3, 4])
    async def test_a_call_that_is_cancelled_itself(self, cancellations: int) -> None:
        """It is made again, up to three times."""
        started = 0

        async def cancelled_from_outside() -> str:
            nonlocal started
            started += 1
            if started <= cancellations:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            await asyncio.sleep(0)
            return "done"

        task = asyncio.create_task(run_to_end(cancelled_from_outside))
        await asyncio.wait({task})
        assert started == min(cancellations, 3) + 1
        assert task.cancelled() if cancellations > 3 else task.result() == "done"
