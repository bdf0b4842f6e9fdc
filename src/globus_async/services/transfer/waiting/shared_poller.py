"""
Shared polling of tasks: all waits on one client share their requests, each of which fetches up to fifty tasks.

There is no background task. One of the waiting callers is the leader: it sleeps until the next poll is due, fetches all
tasks that are due by then, and delivers the results. When its own result has arrived, or it is cancelled, another
waiting caller becomes the leader.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar, cast

from ...._concurrency.tasks import all_of
from ...._single_flight import copy_error
from ....errors import GlobusError
from ..errors import TransferAPIError

if TYPE_CHECKING:
    from ..documents import TaskDocument
    from ..tasks import TaskMethods

__all__ = ("SharedPoller", "batched")

T = TypeVar("T")

_MAX_BATCH: Final = 50
_REDUCED_SECONDS: Final = 3600.0
"""Seconds after which full batches are tried again, after one was refused: it may have been a passing failure."""
_BATCH_REFUSED: Final = frozenset({400, 403, 404, 413, 414, 431})
"""Statuses that one of the ids of a batch may cause, or their number."""


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield the items in batches of at most ``size``."""
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


class _Poll:
    """One caller's pending poll of one task."""

    __slots__ = ("due", "latest", "result", "task_id", "wakeup")

    def __init__(self, task_id: str, due: float, tolerance: float) -> None:
        self.task_id = task_id
        self.due = due
        self.latest = due + tolerance
        self.result: TaskDocument | GlobusError | None = None
        self.wakeup: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(self) -> None:
        """Resume the caller: its result has arrived, or it is the leader now."""
        if not self.wakeup.done():
            self.wakeup.set_result(None)


_Batch: TypeAlias = dict[str, list[_Poll]]
"""Polls by the id of their task."""


class SharedPoller:
    """
    Polls tasks for all waits on one client, in batches.

    Attributes:
        transport: The client's transport, for its clock and its jitter.
    """

    def __init__(self, client: TaskMethods) -> None:
        self.transport = client.transport
        self._client = client
        self._clock = client.transport.clock
        self._pending: dict[_Poll, None] = {}
        self._leader: _Poll | None = None
        self._sleep_task: asyncio.Task[None] | None = None
        self._max_batch = _MAX_BATCH
        self._reduced_until = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    async def poll(self, task_id: str, *, due: float, tolerance: float = 0.0) -> TaskDocument:
        """
        Fetch a task when its poll is due.

        Args:
            task_id: The task. Lower-case UUID.
            due: The time of the poll, in seconds of the monotonic clock.
            tolerance: Seconds that the poll may be late, to share a request with others.

        Raises:
            GlobusError: The request failed.
        """
        self.transport.check()  # a call from another event loop must not affect the waits of this one
        if self._loop is not asyncio.get_running_loop():  # also after a fork: the former leader is in another process
            self._loop, self._leader, self._pending = asyncio.get_running_loop(), None, {}
        poll = _Poll(task_id, due, tolerance)
        self._pending[poll] = None
        if self._leader is None:
            self._leader = poll
        elif self._sleep_task is not None:
            self._sleep_task.cancel()  # the leader computes its sleep again
        try:
            if self._leader is not poll:
                await poll.wakeup
            if poll.result is None:
                await self._lead(poll)
        finally:
            self._pending.pop(poll, None)  # in a forked process it is not there
            if self._leader is poll:
                self._leader = next((other for other in self._pending if other.result is None), None)
                if self._leader is not None:
                    self._leader.wake()
        if isinstance(poll.result, GlobusError):
            raise poll.result
        return cast("TaskDocument", poll.result)  # the leader continues until it is set

    async def _lead(self, poll: _Poll) -> None:
        """Poll for all waiting callers until the result of ``poll`` has arrived."""
        await asyncio.sleep(0)  # include the polls that are added in this iteration of the event loop
        while poll.result is None:
            while (delay := self._next_due() - self._clock.monotonic()) > 0:
                await self._sleep(delay)
            await self._poll_due()

    def _next_due(self) -> float:
        """Return the time of the next poll: the latest due time within the tolerance of all earlier polls."""
        pending = [poll for poll in self._pending if poll.result is None]
        latest = min(poll.latest for poll in pending)
        return max(poll.due for poll in pending if poll.due <= latest)

    async def _sleep(self, seconds: float) -> None:
        """Sleep, unless a poll is added that is due earlier."""
        sleep = self._sleep_task = asyncio.get_running_loop().create_task(self._clock.sleep(seconds))
        try:
            await asyncio.wait({sleep})
        finally:
            self._sleep_task = None
            if not sleep.done():
                sleep.cancel()
                await asyncio.wait({sleep})

    async def _poll_due(self) -> None:
        """Fetch all tasks whose poll is due."""
        now = self._clock.monotonic()
        if now >= self._reduced_until:
            self._max_batch = _MAX_BATCH
        due: _Batch = {}
        for poll in self._pending:
            if poll.result is None and poll.due <= now:
                due.setdefault(poll.task_id, []).append(poll)
        batches = [dict(batch) for batch in batched(due.items(), self._max_batch)]
        if len(batches) == 1:
            await self._fetch_batch(batches[0])
            return
        await all_of(self._fetch_batch(batch) for batch in batches)

    async def _fetch_batch(self, batch: _Batch) -> bool:
        """Fetch tasks and deliver them; return whether the service accepted the batch."""
        try:
            found = await self._fetch(list(batch))
        except GlobusError as error:
            if len(batch) == 1 or not (isinstance(error, TransferAPIError) and error.http_status in _BATCH_REFUSED):
                for polls in batch.values():
                    _deliver(polls, error)
                return False
        else:
            for task_id, polls in batch.items():
                if task_id in found:
                    _deliver(polls, found[task_id])
            for task_id in batch.keys() - found.keys():
                await self._fetch_batch({task_id: batch[task_id]})  # alone, for the error that names its cause
            return True
        half = (len(batch) + 1) // 2
        if all([await self._fetch_batch(dict(part)) for part in batched(batch.items(), half)]):
            self._max_batch = min(self._max_batch, half)  # the batch was refused for its size
            self._reduced_until = self._clock.monotonic() + _REDUCED_SECONDS
        return False

    async def _fetch(self, task_ids: Sequence[str]) -> dict[str, TaskDocument]:
        if len(task_ids) == 1:
            response = await self._client.get_task(task_ids[0])
            if not isinstance(response.get("status"), str):  # the wait would never end
                raise response.raw.decode_error("it should say the status of the task")
            return {task_ids[0]: response.data}
        page = await self._client.task_list(
            limit=len(task_ids), filter={"task_id": task_ids, "type": ["TRANSFER", "DELETE"]}
        )
        return {str(task.get("task_id", "")).lower(): task for task in page if isinstance(task.get("status"), str)}


def _deliver(polls: Sequence[_Poll], result: TaskDocument | GlobusError) -> None:
    for poll in polls:
        # a copy each: callers may change their document
        poll.result = copy_error(result) if isinstance(result, GlobusError) else copy.copy(result)
        poll.wake()
