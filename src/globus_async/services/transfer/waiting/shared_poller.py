"""
Looking at tasks: all who wait on one client share their requests, each of which answers for up to fifty tasks.

Nothing runs in the background. Whoever waits first leads: it sleeps until the next look is due, asks for all tasks that
are due by then, and hands on what it learns. When it has got its own answer, or is cancelled, another one leads.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar, cast

from ....errors import GlobusError
from ..errors import TransferAPIError

if TYPE_CHECKING:
    from ..documents import TaskDocument
    from ..tasks import TaskMethods

__all__ = ("SharedPoller", "batched")

T = TypeVar("T")

_MOST_IDS: Final = 50
_REFUSED: Final = frozenset({400, 403, 404, 413, 414, 431})
"""Statuses that may be due to one of the ids, or to their number."""


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield items in batches of so many."""
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


class _Look:
    """One look that somebody waits for."""

    __slots__ = ("answer", "due", "latest", "task_id", "woken")

    def __init__(self, task_id: str, due: float, tolerance: float) -> None:
        self.task_id = task_id
        self.due = due
        self.latest = due + tolerance
        self.answer: TaskDocument | GlobusError | None = None
        self.woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(self) -> None:
        """Let whoever waits go on: the answer is there, or the lead is theirs."""
        if not self.woken.done():
            self.woken.set_result(None)


_Batch: TypeAlias = dict[str, list[_Look]]
"""Looks by the id of their task."""


class SharedPoller:
    """The looks of one client; see the module."""

    def __init__(self, client: TaskMethods) -> None:
        self._client = client
        self._clock = client.transport.clock
        self._waiting: dict[_Look, None] = {}
        self._leader: _Look | None = None
        self._nap: asyncio.Task[None] | None = None
        self._most_ids = _MOST_IDS
        self._loop: asyncio.AbstractEventLoop | None = None

    async def look(self, task_id: str, *, due: float, tolerance: float = 0.0) -> TaskDocument:
        """
        Look at a task when it is due.

        Args:
            task_id: Which one, in lower case.
            due: When, on the monotonic clock.
            tolerance: Seconds that the look may be late, to be made together with others.

        Raises:
            GlobusError: What the look ended with.
        """
        if self._loop is not asyncio.get_running_loop():  # also after a fork: who led before is not in this process
            self._loop, self._leader, self._waiting = asyncio.get_running_loop(), None, {}
        mine = _Look(task_id, due, tolerance)
        self._waiting[mine] = None
        if self._leader is None:
            self._leader = mine
        elif self._nap is not None:
            self._nap.cancel()  # the leader looks again how long it may sleep
        try:
            if self._leader is not mine:
                await mine.woken
            if mine.answer is None:
                await self._lead(mine)
        finally:
            del self._waiting[mine]
            if self._leader is mine:
                self._leader = next((look for look in self._waiting if look.answer is None), None)
                if self._leader is not None:
                    self._leader.wake()
        if isinstance(mine.answer, GlobusError):
            raise mine.answer
        return cast("TaskDocument", mine.answer)  # whoever leads goes on until it is there

    async def _lead(self, mine: _Look) -> None:
        await asyncio.sleep(0)  # whoever begins in this pass of the loop is looked after together
        while mine.answer is None:
            while (wait := self._next_round() - self._clock.monotonic()) > 0:
                await self._sleep(wait)
            await self._round()

    def _next_round(self) -> float:
        """Return when to look: when the last of those is due who can wait for one another."""
        open_ = [look for look in self._waiting if look.answer is None]
        latest = min(look.latest for look in open_)
        return max(look.due for look in open_ if look.due <= latest)

    async def _sleep(self, seconds: float) -> None:
        """Sleep, unless somebody comes whose look is due earlier."""
        nap = self._nap = asyncio.get_running_loop().create_task(self._clock.sleep(seconds))
        try:
            await asyncio.wait({nap})
        finally:
            self._nap = None
            if not nap.done():
                nap.cancel()
                await asyncio.wait({nap})

    async def _round(self) -> None:
        """Look at every task that is due."""
        now = self._clock.monotonic()
        due: dict[str, list[_Look]] = {}
        for look in self._waiting:
            if look.answer is None and look.due <= now:
                due.setdefault(look.task_id, []).append(look)
        batches = [dict(batch) for batch in batched(due.items(), self._most_ids)]
        if len(batches) == 1:
            await self._ask(batches[0])
            return
        try:
            async with asyncio.TaskGroup() as group:
                for batch in batches:
                    group.create_task(self._ask(batch))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _ask(self, batch: _Batch) -> bool:
        """Fetch tasks and hand them on; return whether the service answered for all of them at once."""
        try:
            found = await self._fetched(list(batch))
        except GlobusError as error:
            if len(batch) == 1 or not (isinstance(error, TransferAPIError) and error.http_status in _REFUSED):
                for looks in batch.values():
                    _hand_on(looks, error)
                return False
        else:
            for task_id, looks in batch.items():
                if task_id in found:
                    _hand_on(looks, found[task_id])
            for task_id in batch.keys() - found.keys():
                await self._ask({task_id: batch[task_id]})  # says what is the matter with it
            return True
        half = (len(batch) + 1) // 2
        if all([await self._ask(dict(part)) for part in batched(batch.items(), half)]):
            self._most_ids = min(self._most_ids, half)  # it was their number
        return False

    async def _fetched(self, task_ids: Sequence[str]) -> dict[str, TaskDocument]:
        if len(task_ids) == 1:
            response = await self._client.get_task(task_ids[0])
            if not isinstance(response.get("status"), str):  # whoever waits would wait for ever
                raise response.answer.unusable("it should say the status of the task")
            return {task_ids[0]: response.data}
        page = await self._client.task_list(
            limit=len(task_ids), filter={"task_id": task_ids, "type": ["TRANSFER", "DELETE"]}
        )
        return {str(task.get("task_id", "")).lower(): task for task in page if isinstance(task.get("status"), str)}


def _hand_on(looks: Sequence[_Look], answer: TaskDocument | GlobusError) -> None:
    for look in looks:
        look.answer = copy.copy(answer)  # each its own: what one caller does to it is not the others'
        look.wake()
