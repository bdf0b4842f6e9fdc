"""
Many calls at once: a limited number of workers over an iterable; each outcome is a value or an error.

::

    async with bulk(tc.get_endpoint, ids) as outcomes:  # in order of completion
        async for outcome in outcomes:
            print(outcome.item, outcome.error or outcome.value["display_name"])

    outcomes = await bulk(tc.get_endpoint, ids)  # all outcomes, in the order of the input
    endpoints = await bulk(tc.get_endpoint, ids).values()  # only the values; an error is raised

The workers stop when the block is left, by an exception or a cancellation too. They are at most twice their number of
outcomes ahead of the reader. While a call waits for the rate limit or for a slot in flight, no further one is started:
calls outside of the bulk have precedence, and the time limit of a call is not spent in a queue.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Generator, Iterable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, cast

from ._concurrency.item_source import ItemSource
from ._concurrency.tasks import cancel_all
from ._http.html import members_html, progress_html
from ._http.readable import readable_duration, readable_rate
from .clock import Clock, SystemClock
from .errors import GlobusError, GlobusSDKUsageError
from .errors.arguments import check_bool, check_callback, check_clock, check_iterable, check_whole, refusal
from .paging.pages import set_call_site
from .paging.truncation import call_site
from .porting import AsyncIterationOnly, EnteredOnly
from .transport._bulk_context import BulkContext, current_bulk

if TYPE_CHECKING:
    from types import TracebackType

    from .paging import CallSite

__all__ = ("Bulk", "BulkError", "Outcome", "Progress", "bulk")

I = TypeVar("I")  # noqa: E741 -- an item
R = TypeVar("R")

_FIRST_WORKERS: Final = 1000
"""Further workers are started as items are read, so that there are never many more of them than items."""
_RECENT_ITEMS: Final = 100


class Outcome(Generic[I, R]):
    """
    The outcome of the call for one item.

    Attributes:
        index: The index of the item in the input, from 0.
        item: The item.
        error: The error of the call, or ``None``.
    """

    __slots__ = ("_value", "error", "index", "item")

    def __init__(self, index: int, item: I, value: R | None, error: GlobusError | None) -> None:
        self.index: int = index
        self.item: I = item
        self.error: GlobusError | None = error
        self._value = value

    @property
    def value(self) -> R:
        """The result of the call; raises the error if there is one."""
        if self.error is not None:
            raise self.error
        return cast("R", self._value)

    def __repr__(self) -> str:
        shown = f"error={self.error!r}" if self.error is not None else f"value={self._value!r}"
        return f"<Outcome {self.index}: {shown}>"

    def _repr_html_(self) -> str:
        """Return the outcome as an HTML table, for notebooks."""
        outcome = ("value", repr(self._value)) if self.error is None else (type(self.error).__name__, str(self.error))
        attempts = "; ".join(attempt.outcome for attempt in getattr(self.error, "attempts", ()))
        members = {"item": repr(self.item), outcome[0]: outcome[1]} | ({"attempts": attempts} if attempts else {})
        return members_html(f"Outcome {self.index}", members)


@dataclass(frozen=True, slots=True)
class Progress:
    """
    The progress of a bulk.

    Attributes:
        done: The number of items done, with or without an error.
        failed: The number of items with an error.
        total: The number of all items; ``None`` if the input has no length.
        throttled: Seconds for which calls had to wait, for the rate limit, for a slot in flight, or for the end of a
            pause that the service requested.
        rate: Items per second, of the last hundred items; 0 for the first item.
    """

    done: int
    failed: int
    total: int | None
    throttled: float = 0.0
    rate: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """The seconds until all items are done at the present rate; ``None`` if it or their number is not known."""
        return None if self.total is None or not self.rate else (self.total - self.done) / self.rate

    def __str__(self) -> str:
        left = self.seconds_left
        parts = [f"{self.done:,}{'' if self.total is None else f' of {self.total:,}'} done"]
        parts += [f"{self.failed:,} failed"] if self.failed else []
        parts += [readable_rate(self.rate)] if self.rate else []
        parts += [f"{readable_duration(left)} left"] if left else []
        parts += [f"throttled for {readable_duration(self.throttled)}"] if self.throttled >= 1 else []
        return ", ".join(parts)

    def _repr_html_(self) -> str:
        """Return a progress bar with the rate and the time left, for notebooks."""
        left, throttled = self.seconds_left, self.throttled
        members: dict[str, object] = {"failed": self.failed} if self.failed else {}
        members |= {"rate": readable_rate(self.rate)} if self.rate else {}
        if left is not None:
            members["time left"] = readable_duration(left)
        if throttled:
            members["throttled"] = readable_duration(throttled)
        of = "" if self.total is None else f" of {self.total}"
        return progress_html(f"{self.done}{of} done", self.done, self.total, members)


class BulkError(ExceptionGroup[GlobusError], GlobusError):
    """
    The errors of a bulk, raised by `Bulk.values`. Each has the index of its item as a note.

    Attributes:
        outcomes: The outcomes of all items that were done, values among them, in the order of the input.
    """

    outcomes: Sequence[Outcome[Any, Any]] = ()

    def derive(self, excs: Sequence[GlobusError], /) -> BulkError:  # type: ignore[override] # the errors of a bulk are ours
        """Return a group of some of the errors, for ``except*``."""
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
    clock: Clock | None = None,
) -> Bulk[I, R]:
    """
    Call a function for every item. No call is made until the result is awaited or entered.

    Calls that change something run concurrently, too; use ``concurrency=1`` where their order matters.

    Args:
        call: A method of a client, or any function of one argument that returns an awaitable.
        items: The arguments of the calls; an iterator is read as the calls proceed.
        concurrency: The maximum number of concurrent calls.
        ordered: Whether outcomes are in the order of the input instead of the order of completion.
        progress: Called after every outcome; an exception that it raises ends the bulk.
        clock: The source of time for the rate in ``progress``. By default the clock of this machine.

    Returns:
        A `Bulk`: await it for all outcomes, in the order of the input; enter it with ``async with`` for the outcomes
        one by one; or use its `values`.

    Raises:
        GlobusSDKUsageError: ``concurrency`` is not a positive whole number, or ``items`` is a string.

    Example:
        >>> outcomes = await bulk(tc.get_endpoint, [endpoint_id, "ddb59aef-6d04-11e5-ba46-22000b92c6ec"])
        >>> [outcome.value["display_name"] if outcome.error is None else outcome.error.code for outcome in outcomes]
        ['Lab storage', 'EndpointNotFound']
    """
    return Bulk(
        call,
        items,
        concurrency=concurrency,
        ordered=ordered,
        progress=progress,
        clock=SystemClock() if clock is None else clock,
    )


class Bulk(EnteredOnly, Generic[I, R]):
    """
    Many concurrent calls; made by `bulk`. It may be used several times if its input can be iterated several times.

    A `GlobusError` of a call is the outcome of its item. Any other exception of a call or of the input ends the bulk
    and is raised unchanged, as is a cancellation.
    """

    __slots__ = ("_call", "_clock", "_concurrency", "_entered", "_items", "_ordered", "_progress", "_site")

    def __init__(
        self,
        call: Callable[[I], Awaitable[R]],
        items: Iterable[I] | AsyncIterable[I],
        *,
        concurrency: int,
        ordered: bool,
        progress: Callable[[Progress], object] | None,
        clock: Clock,
    ) -> None:
        if not callable(call):
            raise refusal("call", call, "a function, such as tc.get_endpoint without parentheses")
        check_iterable("items", items, Iterable | AsyncIterable, "an iterable of arguments")
        check_whole("concurrency", concurrency)
        check_bool("ordered", ordered)
        check_callback("progress", progress)
        check_clock(clock)
        self._call = call
        self._items = items
        self._concurrency = concurrency
        self._ordered = ordered
        self._progress = progress
        self._clock = clock
        self._entered: _Run[I, R] | None = None
        self._site = call_site()

    def __repr__(self) -> str:
        call: object = self._call
        while isinstance(call, partial):  # whose repr shows its arguments
            call = cast("partial[object]", call).func
        name = getattr(call, "__name__", type(call).__name__)
        return f"<Bulk of {name}, {self._concurrency} at a time; await it, or use 'async with'>"

    def __await__(self) -> Generator[Any, None, list[Outcome[I, R]]]:
        return self._all().__await__()

    async def _all(self) -> list[Outcome[I, R]]:
        async with self._run(ordered=False) as outcomes:
            return sorted([outcome async for outcome in outcomes], key=_index)

    async def values(self) -> list[R]:
        """
        Return the values, in the order of the input.

        After the first error no further call is made; calls in progress are finished.

        Raises:
            BulkError: The errors, with all outcomes.

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
                    run.stop()
        outcomes.sort(key=_index)
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
            raise GlobusSDKUsageError("this bulk is in use already; leave its 'async with' block first")
        self._entered = self._run(ordered=self._ordered)
        return await self._entered.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run, self._entered = self._entered, None
        if run is not None:
            await run.__aexit__(kind, error, trace)

    def _run(self, *, ordered: bool) -> _Run[I, R]:
        return _Run(
            self._call,
            self._items,
            self._concurrency,
            ordered=ordered,
            progress=self._progress,
            site=self._site,
            clock=self._clock,
        )


def _index(outcome: Outcome[Any, Any]) -> int:
    return outcome.index


class _Run(AsyncIterationOnly, Generic[I, R]):
    """The workers of a bulk, and their outcomes one by one."""

    def __init__(
        self,
        call: Callable[[I], Awaitable[R]],
        items: Iterable[I] | AsyncIterable[I],
        concurrency: int,
        *,
        ordered: bool,
        progress: Callable[[Progress], object] | None,
        site: CallSite | None,
        clock: Clock,
    ) -> None:
        self._call = call
        self._site = site
        self._source = ItemSource(items)
        total = self._source.total
        self._max_workers = concurrency if total is None else min(total, concurrency)
        self._ordered = ordered
        self._progress = progress
        self._clock = clock
        self._context = BulkContext()
        self._worker_context = copy_context()
        self._worker_context.run(current_bulk.set, self._context)
        self._reading = asyncio.Lock()
        self._done_at: deque[float] = deque(maxlen=_RECENT_ITEMS)
        self._workers: list[asyncio.Task[None]] = []
        self._working = self._in_progress = 0
        self._slots = asyncio.Semaphore(2 * concurrency)
        self._ready: deque[Outcome[I, R]] = deque()
        self._out_of_order: dict[int, Outcome[I, R]] = {}
        self._next_index = 0
        self._done = self._failed = 0
        self._changed = asyncio.Event()
        self._failure: BaseException | None = None
        self._is_left = False

    async def __aenter__(self) -> Self:
        for _ in range(min(self._max_workers, _FIRST_WORKERS)):
            self._start_worker()
        return self

    def _start_worker(self) -> None:
        self._working += 1
        work, context = self._work(), self._worker_context.copy()
        self._workers.append(asyncio.get_running_loop().create_task(work, name="globus_async bulk", context=context))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_left = True
        self.stop()
        self._changed.set()
        try:
            await cancel_all(self._workers)
        finally:
            await self._source.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome[I, R]:
        while not self._ready:
            if self._is_left:
                raise GlobusSDKUsageError("outcomes can only be read inside 'async with'")
            if self._failure is not None:
                raise self._failure
            if not self._working or (self._source.is_done and not self._in_progress):
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        self._slots.release()
        return self._ready.popleft()

    def stop(self) -> None:
        """Make no further calls; calls in progress are finished."""
        self._source.is_done = True

    async def _work(self) -> None:
        try:
            await self._slots.acquire()
            while (indexed := await self._next_item()) is not None:
                self._in_progress += 1
                if len(self._workers) < self._max_workers and not self._source.is_done:
                    self._start_worker()
                self._deliver(await self._make_call(*indexed))
                self._in_progress -= 1
                if self._is_left:  # the call has ended in spite of its cancellation
                    return
                await self._slots.acquire()
            self._slots.release()  # another worker may wait for it, to end as well
        except BaseException as failure:
            if isinstance(failure, StopAsyncIteration):  # it would end the iteration over the outcomes
                failure = RuntimeError("a call of the bulk raised StopAsyncIteration")
            self._failure = self._failure or failure
            self.stop()
            if not isinstance(failure, Exception):
                raise
        finally:
            self._working -= 1
            self._changed.set()

    async def _next_item(self) -> tuple[int, I] | None:
        async with self._reading:
            await self._context.no_call_waits()
            return await self._source.next()

    async def _make_call(self, index: int, item: I) -> Outcome[I, R]:
        try:
            result = self._call(item)
            if not hasattr(result, "__await__"):
                raise TypeError(f"call must return an awaitable, as 'async def' does; got {type(result).__name__}")
            set_call_site(result, self._site)  # a worker's caller is the event loop
            return Outcome(index, item, await result, None)
        except GlobusError as error:
            return Outcome(index, item, None, error)

    def _deliver(self, outcome: Outcome[I, R]) -> None:
        if self._ordered:
            self._out_of_order[outcome.index] = outcome
            while (ready := self._out_of_order.pop(self._next_index, None)) is not None:
                self._ready.append(ready)
                self._next_index += 1
        else:
            self._ready.append(outcome)
        self._changed.set()
        self._done += 1
        self._failed += outcome.error is not None
        if self._progress is not None:
            self._done_at.append(now := self._clock.monotonic())
            seconds = now - self._done_at[0]
            rate = (len(self._done_at) - 1) / seconds if seconds > 0 else 0.0
            self._progress(Progress(self._done, self._failed, self._source.total, self._context.throttled, rate))
