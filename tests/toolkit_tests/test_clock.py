"""The clock stands still until it is advanced, and wakes sleepers in order."""

from __future__ import annotations

import asyncio

import pytest

from globus_async.clock import Clock
from tests.toolkit.clock import FakeClock


async def test_wakes_sleepers_in_order() -> None:
    """Each sleeper runs at its own instant, also one that goes to sleep again on the way."""
    clock = FakeClock(wall=100.0)
    protocol: Clock = clock
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for seconds in naps:
            await protocol.sleep(seconds)
            woken.append((name, clock.wall()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper("c", 3))
        group.create_task(sleeper("a", 1, 1.5))
        group.create_task(sleeper("b", 2))
        await clock.asleep(3)
        assert clock.pending == (1, 2, 3)
        assert woken == []
        await clock.advance(2.2)
        assert woken == [("a", 101), ("b", 102)]
        assert clock.pending == pytest.approx((0.3, 0.8))
        await clock.advance(10)
    assert woken == [("a", 101), ("b", 102), ("a", 102.5), ("c", 103)]
    assert clock.wall() == pytest.approx(112.2)
    assert clock.slept == [3, 1, 2, 1.5]


async def test_a_cancelled_sleeper_is_gone() -> None:
    """Cancelling a sleep returns at once and leaves no alarm."""
    clock = FakeClock()
    task = asyncio.create_task(clock.sleep(5))
    await clock.asleep()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.pending == ()


async def test_times_out_by_hand() -> None:
    """`timeout` ends when the clock is advanced, and only then."""
    clock = FakeClock()

    async def bounded(seconds: float | None) -> str:
        async with clock.timeout(seconds):
            await clock.sleep(10)
        return "slept"

    task = asyncio.create_task(bounded(2))
    await clock.asleep(2)
    await clock.advance(1.9)
    assert not task.done()
    await clock.advance(0.1)
    with pytest.raises(TimeoutError):
        await task
    task = asyncio.create_task(bounded(None))
    await clock.asleep()
    await clock.advance(10)
    assert await task == "slept"
    with pytest.raises(TimeoutError):
        await bounded(0)
    assert clock.pending == ()


async def test_skips_waiting() -> None:
    """Sleepers advance a skipping clock; a timeout before their end is triggered."""
    clock = FakeClock(skipping=True)
    await clock.sleep(3600)
    assert clock.monotonic() == 4600


async def test_a_timeout_rings_while_a_skipping_clock_is_turned() -> None:
    """Sleeping beyond a timeout is sleeping into it."""
    clock = FakeClock(skipping=True)

    async def too_long() -> None:
        async with clock.timeout(5):
            await clock.sleep(6)
            await asyncio.sleep(1)

    with pytest.raises(TimeoutError):
        await too_long()


async def test_the_wall_can_step_alone() -> None:
    """A correction of the wall clock, or a suspended machine, does not move the other."""
    clock = FakeClock(wall=1000.0)
    clock.step_wall(-3600)
    clock.suspend(8)
    assert (clock.wall(), clock.monotonic()) == (-2592, 1000)
