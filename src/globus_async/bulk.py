"""
Many calls at once: so many workers over an iterator, each result a value or an error.

::

    async with bulk(tc.get_endpoint, ids) as outcomes:  # as they come
        async for outcome in outcomes:
            print(outcome.item, outcome.error or outcome.value["display_name"])

    outcomes = await bulk(tc.get_endpoint, ids)  # all of them, in the order of the input
    endpoints = await bulk(tc.get_endpoint, ids).values()  # the values alone; an error ends it

The block owns the workers: when it is left, however, none is left behind. Between two outcomes the workers go on, but
never further ahead of the reader than twice their number.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Sequence,
)
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from ._item_source import Source
from .errors import GlobusError, GlobusSDKUsageError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("Bulk", "BulkError", "Outcome", "Progress", "bulk")

I = TypeVar("I")  # noqa: E741 -- an item
R = TypeVar("R")


class Outcome(Generic[I, R]):
    """
    What came of one item.

    Attributes:
        index: The item's place in the input, from 0.
        item: The item.
        error: What went wrong, or ``None``.
    """

    __slots__ = ("_value", "error", "index", "item")

    def __init__(self, index: int, item: I, value: R | None, error: GlobusError | None) -> None:
        self.index = index
        self.item = item
        self.error = error
        self._value = value

    @property
    def value(self) -> R:
        """What the call returned; raises the error if there is one."""
        if self.error is not None:
            raise self.error
        return cast("R", self._value)

    def __repr__(self) -> str:
        shown = f"error={self.error!r}" if self.error is not None else f"value={self._value!r}"
        return f"<Outcome {self.index}: {shown}>"


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a bulk is.

    Attributes:
        done: Items that are over, with or without an error.
        failed: Those with an error.
        total: How many there are altogether; ``None`` if the input does not say.
    """

    done: int
    failed: int
    total: int | None


class BulkError(ExceptionGroup[GlobusError], GlobusError):
    """
    The errors of a bulk that was to have none. ``except*`` takes them apart; each has its item's index as a note.

    Attributes:
        outcomes: All that was over, values among them, in the order of the input.
    """

    outcomes: Sequence[Outcome[Any, Any]] = ()

    def derive(self, excs: Sequence[GlobusError], /) -> BulkError:  # type: ignore[override] # the errors of a bulk are ours
        """Return a group of some of the errors, as ``except*`` asks for."""
        part = BulkError(self.message, excs)
        part.outcomes = self.outcomes
        return part


def bulk(
    call: Callable[[I], Awaitable[R]],
    items: Iterable[I] | AsyncIterable[I],
    *,
    concurrency: int = 50,
    ordered: bool = False,
    progress: Callable[[Progress], object] | None = None,
) -> Bulk[I, R]:
    """
    Make a call for every item. Nothing is begun until it is awaited or entered.

    Calls that change something run side by side like all others: use ``concurrency=1`` where their order matters.

    Args:
        call: Any method of a client, or any function of one argument that returns an awaitable.
        items: What to call it with; a generator is read only as far as the work has got.
        concurrency: Most calls under way at once.
        ordered: Give outcomes in the order of the input instead of as they come.
        progress: Called after every outcome; what it raises ends the bulk.

    Returns:
        What can be awaited (all outcomes, in the order of the input), entered with ``async with`` (outcomes one by one)
        or asked for its `values`.

    Raises:
        GlobusSDKUsageError: ``concurrency`` is no whole number above 0, or the input a single text.

    Example:
        >>> outcomes = await bulk(tc.get_endpoint, [endpoint_id, "ddb59aef-6d04-11e5-ba46-22000b92c6ec"])
        >>> [outcome.value["display_name"] if outcome.error is None else outcome.error.code for outcome in outcomes]
        ['Lab storage', 'EndpointNotFound']
    """
    return Bulk(call, items, concurrency=concurrency, ordered=ordered, progress=progress)


class Bulk(Generic[I, R]):
    """
    Many calls, to be made at once; see `bulk`. Can be used as often as its input can be iterated.

    An error of ours (`GlobusError`) is the outcome of its item. Everything else that a call or the input raises ends
    the bulk and is raised as it is; so is being cancelled.
    """

    __slots__ = ("_call", "_concurrency", "_entered", "_items", "_ordered", "_progress")

    def __init__(
        self,
        call: Callable[[I], Awaitable[R]],
        items: Iterable[I] | AsyncIterable[I],
        *,
        concurrency: int,
        ordered: bool,
        progress: Callable[[Progress], object] | None,
    ) -> None:
        if not isinstance(concurrency, int) or isinstance(concurrency, bool) or concurrency < 1:
            raise GlobusSDKUsageError("concurrency must be a whole number, 1 or more")
        if isinstance(items, (str, bytes)):
            raise GlobusSDKUsageError("the input is a single text; put it into a list")
        self._call = call
        self._items = items
        self._concurrency = concurrency
        self._ordered = ordered
        self._progress = progress
        self._entered: _Run[I, R] | None = None

    def __await__(self) -> Generator[Any, None, list[Outcome[I, R]]]:
        return self._all().__await__()

    async def _all(self) -> list[Outcome[I, R]]:
        async with self._run(ordered=False) as outcomes:
            return sorted([outcome async for outcome in outcomes], key=_place)

    async def values(self) -> list[R]:
        """
        Return the values, in the order of the input.

        After the first error nothing new is begun, and what is under way is finished.

        Raises:
            BulkError: The errors; it has all outcomes, too.

        Example:
            >>> endpoints = await bulk(tc.get_endpoint, [endpoint_id]).values()
            >>> [endpoint["display_name"] for endpoint in endpoints]
            ['Lab storage']
        """
        outcomes: list[Outcome[I, R]] = []
        errors: list[GlobusError] = []
        async with self._run(ordered=False) as run:
            async for outcome in run:
                outcomes.append(outcome)
                if outcome.error is not None:
                    run.take_no_more()
        outcomes.sort(key=_place)
        for outcome in outcomes:
            if outcome.error is not None:
                outcome.error.add_note(f"item {outcome.index} of the bulk")
                errors.append(outcome.error)
        if errors:
            group = BulkError(f"{len(errors)} of {len(outcomes)} calls failed", errors)
            group.outcomes = outcomes
            raise group
        return [outcome.value for outcome in outcomes]

    async def __aenter__(self) -> AsyncIterator[Outcome[I, R]]:
        if self._entered is not None:
            raise GlobusSDKUsageError("this bulk is under way already")
        self._entered = self._run(ordered=self._ordered)
        return await self._entered.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run, self._entered = self._entered, None
        if run is not None:
            await run.__aexit__(kind, error, trace)

    def _run(self, *, ordered: bool) -> _Run[I, R]:
        return _Run(self._call, self._items, self._concurrency, ordered=ordered, progress=self._progress)


def _place(outcome: Outcome[Any, Any]) -> int:
    return outcome.index


class _Run(Generic[I, R]):
    """The workers at work, and their outcomes one by one."""

    def __init__(
        self,
        call: Callable[[I], Awaitable[R]],
        items: Iterable[I] | AsyncIterable[I],
        concurrency: int,
        *,
        ordered: bool,
        progress: Callable[[Progress], object] | None,
    ) -> None:
        self._call = call
        self._source = Source(items)
        self._concurrency = concurrency
        self._ordered = ordered
        self._progress = progress
        self._workers: list[asyncio.Task[None]] = []
        self._working = self._under_way = 0
        self._room = asyncio.Semaphore(2 * concurrency)
        self._ready: deque[Outcome[I, R]] = deque()
        self._early: dict[int, Outcome[I, R]] = {}
        self._next = 0
        self._done = self._failed = 0
        self._news = asyncio.Event()
        self._end: BaseException | None = None
        self._is_left = False

    async def __aenter__(self) -> Self:
        loop, total = asyncio.get_running_loop(), self._source.total
        self._working = self._concurrency if total is None else min(total, self._concurrency)
        self._workers = [loop.create_task(self._work(), name="globus_async bulk") for _ in range(self._working)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_left = True
        self._news.set()
        for worker in self._workers:
            worker.cancel()
        cancelled: asyncio.CancelledError | None = None
        while left := [worker for worker in self._workers if not worker.done()]:
            try:
                await asyncio.wait(left)
            except asyncio.CancelledError as again:  # once more: the workers end first all the same
                cancelled = again
        await self._source.aclose()
        if cancelled is not None:
            raise cancelled

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome[I, R]:
        while not self._ready:
            if self._is_left:
                raise GlobusSDKUsageError("outcomes are read inside 'async with' only")
            if self._end is not None:
                raise self._end
            if not self._working or (self._source.is_done and not self._under_way):
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        self._room.release()
        return self._ready.popleft()

    def take_no_more(self) -> None:
        """Begin nothing new; what is under way is finished."""
        self._source.is_done = True

    async def _work(self) -> None:
        try:
            await self._room.acquire()
            while (numbered := await self._source.next()) is not None:
                self._under_way += 1
                self._deliver(await self._called(*numbered))
                self._under_way -= 1
                await self._room.acquire()
            self._room.release()  # for another worker to see that it is over
        except BaseException as end:
            if isinstance(end, StopAsyncIteration):  # it would pass for the end of the outcomes
                end = RuntimeError("a call of the bulk raised StopAsyncIteration")
            self._end = self._end or end
            self.take_no_more()
            if not isinstance(end, Exception):
                raise
        finally:
            self._working -= 1
            self._news.set()

    async def _called(self, index: int, item: I) -> Outcome[I, R]:
        try:
            return Outcome(index, item, await self._call(item), None)
        except GlobusError as error:
            return Outcome(index, item, None, error)

    def _deliver(self, outcome: Outcome[I, R]) -> None:
        if self._ordered:
            self._early[outcome.index] = outcome
            while (following := self._early.pop(self._next, None)) is not None:
                self._ready.append(following)
                self._next += 1
        else:
            self._ready.append(outcome)
        self._news.set()
        self._done += 1
        self._failed += outcome.error is not None
        if self._progress is not None:
            self._progress(Progress(self._done, self._failed, self._source.total))
