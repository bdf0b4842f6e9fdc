"""Cancellation at every suspension finds faulty calls."""

from __future__ import annotations

import asyncio

import pytest

from tests.toolkit.cancel import MODES, CancelAt, every_suspension


async def three_suspensions() -> str:
    await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    await asyncio.sleep(0)
    return "done"


async def fine() -> None:
    """Accept everything."""


async def test_counts_every_point_in_every_mode() -> None:
    """A call of three suspensions has nine points."""
    assert await every_suspension(three_suspensions, fine) == 3 * len(MODES)


async def test_passes_results_and_errors_through() -> None:
    """Uncancelled, a call ends as it would have."""
    assert await CancelAt(three_suspensions(), 99, "pending") == "done"

    async def failing() -> None:
        await asyncio.sleep(0)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await every_suspension(failing, fine)


async def test_finds_a_swallowed_cancellation() -> None:
    """A call that ends otherwise than cancelled is reported, with the point."""

    async def swallowing() -> None:
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            return

    with pytest.raises(AssertionError, match=r"suspension 1, mode 'pending'.*a result"):
        await every_suspension(swallowing, fine)


async def test_finds_a_lost_wakeup() -> None:
    """A permit that is lost when the cancellation meets the result is found in mode `ready` only."""
    permits = asyncio.Queue[None]()
    permits.put_nowait(None)

    async def careless() -> None:
        async def take() -> None:
            await asyncio.sleep(0)
            permits.get_nowait()

        await asyncio.create_task(take())
        permits.put_nowait(None)

    async def whole() -> None:
        await asyncio.sleep(0)
        assert permits.qsize() == 1

    assert await every_suspension(careless, whole, modes=("pending",)) == 1
    with pytest.raises(AssertionError) as found:
        await every_suspension(careless, whole, modes=("ready",))
    assert found.value.__notes__ == ["cancelled at suspension 1, mode 'ready'"]


async def test_finds_a_clean_up_that_a_second_cancellation_pierces() -> None:
    """Clean-up that awaits is cut short in mode `double` only."""
    held: list[int] = []

    async def fragile() -> None:
        held.append(1)
        try:
            await asyncio.sleep(1)
        finally:
            await asyncio.sleep(0.01)
            held.clear()

    async def nothing_held() -> None:
        assert not held

    with pytest.raises(AssertionError) as found:
        await every_suspension(fragile, nothing_held, modes=("double",))
    assert found.value.__notes__ == ["cancelled at suspension 1, mode 'double'"]


async def test_finds_a_call_that_hangs_when_cancelled() -> None:
    """A call that does not end soon after being cancelled is reported."""

    async def stubborn() -> None:
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            await asyncio.sleep(1)

    with pytest.raises(AssertionError, match="hangs"):
        await every_suspension(stubborn, fine, patience=0.02)
