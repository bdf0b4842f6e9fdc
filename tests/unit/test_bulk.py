"""Many calls at once: bounded, in either order, each outcome a value or an error, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import pickle
import time
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import partial
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import BulkError, Progress, bulk
from globus_async.errors import GlobusConnectionError, GlobusError, GlobusSDKUsageError, GlobusTimeoutError
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clock import FakeClock


def lost(number: int) -> GlobusConnectionError:
    return GlobusConnectionError(f"{number} was lost", stage="no response")


def without_debugging() -> None:
    """Switch off what takes a stack trace at every step of a task."""
    asyncio.get_running_loop().set_debug(False)


class Calls:
    """A call that takes some passes of the loop, fails for some numbers, and counts how many are under way."""

    def __init__(self, *, passes: Callable[[int], int] = lambda _: 3, failing: frozenset[int] = frozenset()) -> None:
        self.under_way = 0
        self.most = 0
        self.begun: list[int] = []
        self._passes = passes
        self._failing = failing

    async def __call__(self, number: int) -> int:
        self.begun.append(number)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            for _ in range(self._passes(number)):
                await asyncio.sleep(0)
        finally:
            self.under_way -= 1
        if number in self._failing:
            raise lost(number)
        return number * number


async def agen(count: int, read: list[int] | None = None) -> AsyncGenerator[int, None]:
    for number in range(count):
        await asyncio.sleep(0)
        if read is not None:
            read.append(number)
        yield number


def gen(count: int, read: list[int]) -> Iterator[int]:
    for number in range(count):
        read.append(number)
        yield number


class TestOutcomes:
    async def test_awaited_all_in_the_order_of_the_input(self) -> None:
        """Awaiting gives every outcome, with its item, in the order of the input, whatever took how long."""
        calls = Calls(passes=lambda number: 20 - number, failing=frozenset({3, 7}))
        outcomes = await bulk(calls, range(20), concurrency=6)
        assert [outcome.item for outcome in outcomes] == list(range(20))
        assert [outcome.index for outcome in outcomes] == list(range(20))
        assert [outcome.item for outcome in outcomes if outcome.error is not None] == [3, 7]
        assert [outcome.value for outcome in outcomes if outcome.error is None] == [
            number * number for number in range(20) if number not in {3, 7}
        ]
        assert calls.most == 6

    async def test_the_value_of_a_failure_raises_it(self) -> None:
        """Asking a failed outcome for its value raises its error, so that it cannot be overlooked."""
        (outcome,) = await bulk(Calls(failing=frozenset({5})), [5])
        with pytest.raises(GlobusConnectionError, match="5 was lost"):
            _ = outcome.value
        assert "5 was lost" in repr(outcome)

    async def test_as_they_come(self) -> None:
        """The quick ones do not wait for a slow one before them."""
        calls = Calls(passes=lambda number: 50 if number == 0 else 1)
        async with bulk(calls, range(10), concurrency=3) as outcomes:
            seen = [outcome.item async for outcome in outcomes]
        assert sorted(seen) == list(range(10))
        assert seen[-1] == 0

    async def test_ordered(self) -> None:
        """With ``ordered=True`` outcomes are in the order of the input."""
        calls = Calls(passes=lambda number: 7 * (5 - number % 5))
        async with bulk(calls, range(100), concurrency=8, ordered=True) as outcomes:
            assert [outcome.item async for outcome in outcomes] == list(range(100))
        assert calls.most == 8

    @pytest.mark.parametrize("ordered", [False, True])
    async def test_async_input(self, ordered: bool) -> None:
        """An async iterable is as good as any."""
        async with bulk(Calls(), agen(50), ordered=ordered, concurrency=7) as outcomes:
            seen = [outcome.value async for outcome in outcomes]
        assert sorted(seen) == [number * number for number in range(50)]

    async def test_nothing_in_nothing_out(self) -> None:
        """An empty input has no outcomes."""
        assert await bulk(Calls(), []) == []
        assert await bulk(Calls(), iter(())).values() == []
        async with bulk(Calls(), agen(0)) as outcomes:
            assert [outcome async for outcome in outcomes] == []

    async def test_plain_functions_and_pages(self) -> None:
        """Whatever returns an awaitable will do, also if it never waits."""

        def call(number: int) -> Awaitable[int]:
            done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            done.set_result(number)
            return done

        assert await bulk(call, range(1000), concurrency=3).values() == list(range(1000))

    async def test_can_be_used_again(self) -> None:
        """A bulk over a list can be run twice, but not entered twice at once."""
        twice = bulk(Calls(), [1, 2])
        assert await twice.values() == await twice.values() == [1, 4]
        async with twice:
            with pytest.raises(GlobusSDKUsageError, match="in use already"):
                await twice.__aenter__()

    @pytest.mark.parametrize("concurrency", [0, -1, True, 2.5, "7"])
    def test_a_concurrency_that_is_none(self, concurrency: Any) -> None:
        """It takes a worker to work."""
        with pytest.raises(GlobusSDKUsageError, match="concurrency"):
            bulk(Calls(), [1], concurrency=concurrency)

    @pytest.mark.parametrize("progress", [Calls(), Calls().__call__, partial(Calls.__call__, Calls())])
    def test_a_progress_that_would_have_to_be_awaited(self, progress: Any) -> None:
        """A coroutine function as progress is refused: nothing would await it."""
        with pytest.raises(GlobusSDKUsageError, match=r"progress must be a plain function.*write def, not async def"):
            bulk(Calls(), [1], progress=progress)

    @pytest.mark.parametrize("text", ["ddb59aef-6d04-11e5-ba46-22000b92c6ec", b"x"])
    def test_a_string_is_refused(self, text: Any) -> None:
        """One id where a list of ids is wanted is a mistake."""
        with pytest.raises(GlobusSDKUsageError, match="pass a list"):
            bulk(Calls(), text)

    @settings(deadline=None)
    @given(
        passes=st.lists(st.integers(0, 9), max_size=40),
        concurrency=st.integers(1, 12),
        failing=st.frozensets(st.integers(0, 40)),
        ordered=st.booleans(),
        asynchronous=st.booleans(),
    )
    def test_every_item_has_its_outcome(
        self, passes: list[int], concurrency: int, failing: frozenset[int], ordered: bool, asynchronous: bool
    ) -> None:
        """Whatever takes how long and fails, every item has exactly one outcome, its own."""

        async def run() -> list[tuple[int, int | None]]:
            calls = Calls(passes=passes.__getitem__, failing=failing)
            items = agen(len(passes)) if asynchronous else range(len(passes))
            async with bulk(calls, items, concurrency=concurrency, ordered=ordered) as outcomes:
                return [(o.item, None if o.error is not None else o.value) async for o in outcomes]

        seen = asyncio.run(run())
        wanted = [(number, None if number in failing else number * number) for number in range(len(passes))]
        assert (seen if ordered else sorted(seen, key=lambda pair: pair[0])) == wanted


class TestBounds:
    @pytest.mark.parametrize("ordered", [False, True])
    async def test_the_input_is_not_read_ahead_of_a_slow_reader(self, ordered: bool) -> None:
        """No more than twice the workers are read and not yet taken."""
        read: list[int] = []
        async with bulk(Calls(), gen(10_000, read), concurrency=5, ordered=ordered) as outcomes:
            for taken in range(1, 50):
                await anext(outcomes)
                for _ in range(30):
                    await asyncio.sleep(0)
                assert len(read) <= taken + 10

    async def test_memory_does_not_grow_with_the_input(self) -> None:
        """Twenty thousand calls of a generator take less than 5 MB."""

        async def call(number: int) -> bytes:
            await asyncio.sleep(0)
            return bytes(1000)

        without_debugging()
        gc.collect()
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            async with bulk(call, (number for number in range(20_000))) as outcomes:
                count = 0
                async for outcome in outcomes:
                    count += len(outcome.value)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert count == 20_000_000
        assert peak - before < 5_000_000


class TestStrict:
    async def test_values(self) -> None:
        """The values alone, in the order of the input."""
        assert await bulk(Calls(), agen(30), concurrency=4).values() == [number * number for number in range(30)]

    async def test_an_error_ends_it(self) -> None:
        """After an error nothing new is begun, what is under way is finished, and all of it is on the group."""
        calls = Calls(failing=frozenset({4, 5}), passes=lambda number: 9 if number == 3 else 2)
        with pytest.raises(BulkError) as caught:
            await bulk(calls, range(1000), concurrency=3).values()
        assert len(calls.begun) < 12
        assert calls.under_way == 0
        assert [outcome.item for outcome in caught.value.outcomes] == calls.begun == list(range(len(calls.begun)))
        assert 3 in [outcome.item for outcome in caught.value.outcomes if outcome.error is None]
        notes = [note for error in caught.value.exceptions for note in error.__notes__]
        assert notes == [f"item {number} of the bulk" for number in (4, 5) if number in calls.begun]

    async def test_taken_apart(self) -> None:
        """``except*`` finds the errors by their kind, and the parts know the outcomes too."""

        async def call(number: int) -> int:
            await asyncio.sleep(0)
            raise lost(number) if number % 2 else GlobusTimeoutError(str(number), stage="no response")

        kinds: dict[str, BaseExceptionGroup[Any]] = {}
        try:
            await bulk(call, range(4)).values()
        except* GlobusTimeoutError as group:
            kinds["late"] = group
        except* GlobusConnectionError as group:
            kinds["lost"] = group
        assert {name: len(group.exceptions) for name, group in kinds.items()} == {"late": 2, "lost": 2}
        assert all(isinstance(group, BulkError) and len(group.outcomes) == 4 for group in kinds.values())

    async def test_is_an_error_of_ours(self) -> None:
        """`GlobusError` catches it too; it pickles and copies."""
        with pytest.raises(GlobusError) as caught:
            await bulk(Calls(failing=frozenset({1})), [1, 2]).values()
        for twin in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
            assert isinstance(twin, BulkError)
            assert str(twin) == str(caught.value)
            assert [str(error) for error in twin.exceptions] == [str(lost(1))]

    async def test_does_not_wait_for_the_input(self) -> None:
        """An error is not kept back because the next item is still to come."""

        async def slow_input() -> AsyncIterator[int]:
            yield 1
            await asyncio.Event().wait()

        with pytest.raises(BulkError):
            async with asyncio.timeout(1):
                await bulk(Calls(failing=frozenset({1})), slow_input()).values()


class TestDefects:
    """What is not an error of ours is raised as it is."""

    async def test_of_a_call(self) -> None:
        """A defect of a call ends the bulk, after the outcomes before it."""

        async def call(number: int) -> int:
            await asyncio.sleep(0)
            return 12 // (3 - number)

        with pytest.raises(ZeroDivisionError):
            await bulk(call, range(1000), concurrency=2)

    async def test_of_the_input(self) -> None:
        """So does one of the input."""

        def broken() -> Iterator[int]:
            yield 1
            raise KeyError("input")

        with pytest.raises(KeyError, match="input"):
            await bulk(Calls(), broken()).values()

    async def test_of_the_progress(self) -> None:
        """And one of the progress callback."""

        def reported(progress: Progress) -> None:
            raise KeyError(progress.done)

        with pytest.raises(KeyError):
            await bulk(Calls(), range(100), progress=reported)

    async def test_what_looks_like_the_end(self) -> None:
        """A call that raises StopAsyncIteration is a defect, not the end of the outcomes."""
        with pytest.raises(RuntimeError, match="StopAsyncIteration"):
            await bulk(anext, [agen(0)])

    async def test_a_call_cancelled_from_elsewhere(self) -> None:
        """If a call is cancelled by somebody else, so is the bulk: an outcome is never missing."""

        async def call(number: int) -> int:
            await asyncio.sleep(0)
            if number == 5:
                raise asyncio.CancelledError
            return number

        with pytest.raises(asyncio.CancelledError):
            await bulk(call, range(100), concurrency=3)


class TestWorkers:
    @pytest.mark.parametrize("items", [range(10**9), iter(range(10**9))], ids=["sized", "iterator"])
    async def test_are_started_as_items_are_read(self, items: Iterable[int]) -> None:
        """A concurrency of a billion makes no task in advance, and bounds nothing else."""
        without_debugging()
        before = len(asyncio.all_tasks())
        async with bulk(Calls(), items, concurrency=10**9):
            assert len(asyncio.all_tasks()) - before <= 1000

    async def test_as_many_calls_as_allowed(self) -> None:
        """More than a thousand calls are made at once, up to the concurrency, also of an input without a length."""
        without_debugging()
        calls = Calls(passes=lambda _: 20)
        outcomes = await bulk(calls, iter(range(5000)), concurrency=2500)
        assert [outcome.value for outcome in outcomes] == [number * number for number in range(5000)]
        assert calls.most == 2500

    async def test_have_the_context_of_the_caller(self) -> None:
        """What one call sets in its context is not seen by a call of a worker that is started later."""
        without_debugging()
        seen: set[str] = set()
        variable = ContextVar("variable", default="unset")
        variable.set("of the caller")

        async def call(number: int) -> None:
            if number < 1000:
                await asyncio.sleep(0)
                variable.set("of a call")
                await asyncio.Event().wait() if number else await asyncio.sleep(0)
            else:
                seen.add(variable.get())

        async with bulk(call, iter(range(1500)), concurrency=2000) as outcomes:
            for _ in range(400):
                await anext(outcomes)
        assert seen == {"of the caller"}


class TestCancelled:
    async def test_a_thousand_under_way(self) -> None:
        """Cancelling ends a thousand calls within 100 ms, and nothing of them is left."""
        without_debugging()
        ended = 0

        async def call(number: int) -> None:
            nonlocal ended
            try:
                await asyncio.Event().wait()
            finally:
                ended += 1

        async def work() -> None:
            await bulk(call, range(5000), concurrency=1000)

        task = asyncio.create_task(work())
        for _ in range(5):
            await asyncio.sleep(0)
        began = time.process_time()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.process_time() - began < 0.1
        assert ended == 1000
        assert asyncio.all_tasks() == {asyncio.current_task()}

    @pytest.mark.parametrize("ordered", [False, True])
    @pytest.mark.parametrize("asynchronous", [False, True])
    async def test_at_every_suspension(self, ordered: bool, asynchronous: bool) -> None:
        """However a bulk is cancelled, it is cancelled as one: no task and no call goes on, and the input is closed."""
        calls = Calls()
        inputs: list[AsyncGenerator[int, None]] = []

        async def work() -> None:
            inputs.append(agen(12))
            items = inputs[-1] if asynchronous else range(12)
            async with bulk(calls, items, concurrency=4, ordered=ordered) as outcomes:
                async for _ in outcomes:
                    await asyncio.sleep(0)

        async def nothing_goes_on() -> None:
            await asyncio.sleep(0)
            assert calls.under_way == 0
            assert len(asyncio.all_tasks()) == 1
            if asynchronous:
                assert await anext(inputs[-1], None) is None
            else:
                await inputs[-1].aclose()

        assert await every_suspension(work, nothing_goes_on) > 30

    async def test_leaving_the_block(self) -> None:
        """Leaving the block early ends what is under way."""
        calls = Calls(passes=lambda number: 0 if number == 0 else 10_000)
        async with bulk(calls, range(100), concurrency=10) as outcomes:
            async for _ in outcomes:
                break
            assert calls.under_way > 0
        assert calls.under_way == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    @pytest.mark.parametrize("stubborn", ["call", "input"])
    async def test_code_that_ignores_its_cancellation(self, stubborn: str) -> None:
        """The block ends along with it, and makes no further call."""
        made: list[int] = []
        waiting = 0

        async def stay() -> None:
            nonlocal waiting
            waiting += 1
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.get_running_loop().create_future()

        async def call(number: int) -> None:
            made.append(number)
            if stubborn == "call" and number >= 3:
                await stay()

        async def numbers() -> AsyncIterator[int]:
            for number in range(100):
                if stubborn == "input" and number > 0:
                    await stay()
                yield number

        async def leave() -> None:
            async with bulk(call, numbers() if stubborn == "input" else range(100), concurrency=3):
                while waiting < (1 if stubborn == "input" else 3):  # noqa: ASYNC110 -- tests wait, and nothing else does
                    await asyncio.sleep(0)

        leaving = asyncio.create_task(leave())
        _, ends_not = await asyncio.wait({leaving}, timeout=1)
        assert not ends_not
        assert made == ([0] if stubborn == "input" else [0, 1, 2, 3, 4, 5])

    async def test_by_anyio(self) -> None:
        """A scope of anyio, which cancels again and again, ends it as well."""
        calls = Calls(passes=lambda _: 10_000)
        with anyio.move_on_after(0.01) as scope:
            await bulk(calls, range(100), concurrency=10)
        assert scope.cancelled_caught
        assert calls.under_way == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    async def test_an_error_of_the_body_comes_through(self) -> None:
        """What the body raises is raised, once the workers are gone."""
        calls = Calls(passes=lambda number: number * 1000)
        with pytest.raises(KeyError):  # noqa: PT012 -- raised in the middle of the block
            async with bulk(calls, range(9)) as outcomes:
                async for outcome in outcomes:
                    raise KeyError(outcome.item)
        assert calls.under_way == 0


class TestLeft:
    @pytest.mark.parametrize("read", [0, 1])
    async def test_nothing_is_awaited_outside_the_block(self, read: int) -> None:
        """Nobody works there any more, so that nothing would ever come."""

        async def call(number: int) -> int:
            await asyncio.sleep(0)
            return number

        async with bulk(call, range(50), concurrency=2) as outcomes:
            for _ in range(read):
                await anext(outcomes)
        async with asyncio.timeout(1):
            with pytest.raises(GlobusSDKUsageError, match="inside 'async with'"):
                async for _ in outcomes:
                    pass

    async def test_waiting_for_an_outcome_after_the_block_is_an_error(self) -> None:
        """In another task, as it may be."""
        async with bulk(asyncio.sleep, [60]) as outcomes:
            waiting = asyncio.ensure_future(anext(outcomes))
            await asyncio.sleep(0)
        async with asyncio.timeout(1):
            with pytest.raises(GlobusSDKUsageError, match="inside 'async with'"):
                await waiting


class TestProgress:
    async def test_progress_is_called_for_every_outcome(self) -> None:
        """How many are over, how many failed, and how many there are, if that is known."""
        reported: list[Progress] = []
        await bulk(Calls(failing=frozenset({1, 2})), range(5), progress=reported.append)
        assert [progress.done for progress in reported] == [1, 2, 3, 4, 5]
        assert (reported[-1].done, reported[-1].failed, reported[-1].total) == (5, 2, 5)
        reported.clear()
        await bulk(Calls(), agen(3), progress=reported.append)
        assert (reported[-1].done, reported[-1].failed, reported[-1].total) == (3, 0, None)

    async def test_a_list_that_grows(self) -> None:
        """Its total is not known once more items were read than it had at first; no negative time is left."""
        items = [1, 2]
        reported: list[Progress] = []

        async def call(number: int) -> None:
            items.extend([5] if number < 3 else [])

        await bulk(call, items, concurrency=1, progress=reported.append)
        assert [(progress.done, progress.total) for progress in reported] == [(1, 2), (2, 2), (3, None), (4, None)]

    async def test_rate_and_time_left(self) -> None:
        """The rate is that of the last hundred items; with the number of items it gives the time left."""
        clock = FakeClock(skipping=True)
        reported: list[Progress] = []
        await bulk(clock.sleep, [1.0] * 50 + [4.0] * 150, concurrency=1, progress=reported.append, clock=clock)
        assert (reported[0].rate, reported[0].seconds_left) == (0, None)
        assert reported[20].rate == pytest.approx(1)
        assert reported[20].seconds_left == pytest.approx(179)
        assert reported[199].rate == pytest.approx(0.25)
        assert reported[199].seconds_left == 0
        assert reported[199].throttled == 0
        await bulk(clock.sleep, iter([1.0, 1.0]), concurrency=1, progress=reported.append, clock=clock)
        assert reported[-1].seconds_left is None
