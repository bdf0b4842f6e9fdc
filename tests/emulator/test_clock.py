"""`ManualClock`: sleeps and timeouts end in order, and only when the clock is advanced."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from globus_async.testing import ManualClock


async def test_sleeps_end_in_order() -> None:
    """The earliest sleep ends first, at its own time, and its task may sleep again before the clock moves on."""
    clock = ManualClock(start=1000)
    seen: list[tuple[str, float]] = []

    async def sleep(name: str, *lengths: float) -> None:
        for length in lengths:
            await clock.sleep(length)
            seen.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleep("a", 3, 3))
        group.create_task(sleep("b", 2, 2, 5))
        await clock.advance(6)
        assert seen == [("b", 2), ("a", 3), ("b", 4), ("a", 6)]
        assert (clock.wall(), clock.monotonic(), clock.waiting) == (1006, 6, 1)
        await clock.advance(10)
    assert seen[-1] == ("b", 9)
    assert clock.waiting == 0


async def test_timeouts_expire_by_the_clock() -> None:
    """A timeout ends its block when the clock has been advanced so far, and has no effect after the block."""
    clock = ManualClock()

    async def limited(seconds: float | None, work: float) -> str:
        try:
            async with clock.timeout(seconds):
                await clock.sleep(work)
        except TimeoutError:
            return "expired"
        return "done"

    tasks = [asyncio.create_task(limited(*each)) for each in ((5, 10), (10, 5), (None, 10), (0, 1))]
    await clock.advance(20)
    assert [await task for task in tasks] == ["expired", "done", "done", "expired"]
    assert clock.waiting == 0


async def test_cancelling_a_sleep() -> None:
    """A cancelled sleep is removed from the clock; the others are unaffected."""
    clock = ManualClock()
    tasks = [asyncio.create_task(clock.sleep(1)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.sleep(0)
    assert clock.waiting == 2
    await clock.advance(1)
    assert [task.cancelled() for task in tasks] == [False, True, False]
    assert all(task.done() for task in tasks)


async def test_sleeps_in_another_thread() -> None:
    """One clock serves several event loops."""
    clock = ManualClock()
    woken = threading.Event()

    async def sleep() -> None:
        await clock.sleep(10)
        woken.set()

    thread = threading.Thread(target=lambda: asyncio.run(sleep()))
    thread.start()
    while not clock.waiting:  # noqa: ASYNC110  # another thread's loop changes it
        await asyncio.sleep(0.001)
    await clock.advance(10)
    await asyncio.to_thread(thread.join)
    assert woken.is_set()


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
async def test_a_clock_cannot_go_back(seconds: float) -> None:
    """A negative, infinite or undefined number of seconds is refused."""
    with pytest.raises(ValueError, match="cannot be advanced by"):
        await ManualClock().advance(seconds)


async def test_advances_at_once_add_up() -> None:
    """The time goes forward only, and sleeps end at their own times."""
    clock = ManualClock()
    times: list[float] = []

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        times.append(clock.monotonic())

    async with asyncio.TaskGroup() as group:
        for seconds in (5, 105, 111):
            group.create_task(sleep(seconds))
        await asyncio.sleep(0)
        for seconds in (100, 10, 1):
            group.create_task(clock.advance(seconds))
    assert times == [5, 105, 111]
    assert clock.monotonic() == 111


async def test_an_advance_after_a_cancelled_one() -> None:
    """It starts at the time that was reached."""
    clock = ManualClock()
    cancelled = asyncio.create_task(clock.advance(100))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.wait({cancelled})
    await clock.advance(10)
    assert clock.monotonic() == 10


@pytest.mark.parametrize("start", [None, "2027-01-01", True, float("nan"), float("inf")])
def test_a_start_that_is_no_time(start: Any) -> None:
    """It is refused where the clock is made, not when the time is read."""
    with pytest.raises(ValueError, match="a clock cannot start at"):
        ManualClock(start=start)
