"""
Shared polling of documents: all waits on one client share their requests, each of which fetches one or many documents.

There is no background task. One of the waiting callers is the leader: it sleeps until the next poll is due, fetches all
documents that are due by then, and delivers the results. A caller is resumed only when it needs no further poll. When
the leader needs none, or is cancelled, another waiting caller becomes the leader.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from .._concurrency.entrance import Entrance
from .._concurrency.tasks import all_of
from .._single_flight import copy_error
from ..errors import GlobusAPIError, GlobusError
from .document_copy import copy_document

if TYPE_CHECKING:
    from ..client import BaseClient
    from ..transport import Transport

__all__ = ("Poll", "SharedPoller")

D = TypeVar("D")

_MAX_REQUESTS: Final = 10
"""Requests at the same time: their responses, with up to a batch of documents each, may all arrive at once."""
_REDUCED_SECONDS: Final = 3600.0
"""Seconds after which full batches are tried again, after one was refused: it may have been a passing failure."""
_BATCH_REFUSED: Final = frozenset({400, 403, 404, 413, 414, 431})
"""Statuses that one of the ids of a batch may cause, or their number."""


class Poll(Generic[D]):
    """
    The next poll of one document for one caller. This one is the only one; a subclass may need more.

    Attributes:
        id: The id of the document, as the poller's ``fetch`` gets and returns it.
        due: The time of the poll, in seconds of the monotonic clock.
        latest: The time until which it may be late, to share a request with others.
    """

    __slots__ = ("_result", "_wakeup", "due", "id", "latest")

    def __init__(self, document_id: str, due: float) -> None:
        self.id: str = document_id
        self.due: float = due
        self.latest: float = due
        self._result: D | GlobusError | None = None
        self._wakeup: asyncio.Future[None] | None = None

    def take(self, result: D | GlobusError) -> bool:
        """Take the result of a poll, which is not this caller's own; return whether no further poll is needed."""
        self._result = result
        return True

    def result(self) -> D | None:
        """
        Return a copy of the document that was taken, which the caller may change.

        Raises:
            GlobusError: A copy of the error that was taken.
        """
        result, self._result = self._result, None
        if isinstance(result, GlobusError):
            raise copy_error(result)
        return None if result is None else copy_document(result)

    def begin_wait(self) -> asyncio.Future[None]:
        """Return a future that is done when the caller needs no further poll, or is to be the leader."""
        self._wakeup = asyncio.get_running_loop().create_future()
        return self._wakeup

    def wake(self) -> None:
        """Resume the caller."""
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)


class SharedPoller(Generic[D]):
    """
    Polls documents of one kind for all waits on one client.

    Args:
        client: The client, for its transport and the class of its errors.
        fetch: Fetches the documents of one or more ids, at most ``max_batch``, and returns them by their ids. Of one id
            it returns the document or raises its error; of several it leaves out those that it cannot find, which are
            then fetched one by one.
        max_batch: The number of documents that a request can fetch.

    Attributes:
        transport: The client's transport, for its clock and its jitter.
    """

    def __init__(
        self, client: BaseClient, fetch: Callable[[Sequence[str]], Awaitable[Mapping[str, D]]], *, max_batch: int = 1
    ) -> None:
        self.transport: Transport = client.transport
        self._error_class = client.error_class
        self._fetch = fetch
        self._clock = client.transport.clock
        self._pending: OrderedDict[Poll[D], None] = OrderedDict()  # a dict searches for its first key
        self._entrance = Entrance()
        self._leader: Poll[D] | None = None
        self._sleep_task: asyncio.Task[None] | None = None
        self._full_batch = self._max_batch = max_batch
        self._reduced_until = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    def enter(self) -> asyncio.Future[None]:
        """Return a future that is done when a wait may begin: of thousands, not all in one pass of the event loop."""
        return self._entrance.enter()

    async def poll(self, document_id: str, *, due: float) -> D:
        """
        Fetch a document when its poll is due.

        Args:
            document_id: The document.
            due: The time of the poll, in seconds of the monotonic clock.

        Raises:
            GlobusError: The request failed.
        """
        return cast("D", await self.run(Poll(document_id, due)))  # a single poll ends with a result

    async def run(self, poll: Poll[D]) -> D | None:
        """
        Make a poll when it is due, and all further ones that its caller needs; return its result.

        Raises:
            GlobusError: The result is an error.
        """
        self._check_loop()
        self._pending[poll] = None
        if self._leader is None:
            self._leader = poll
        elif self._sleep_task is not None:
            self._sleep_task.cancel()  # the leader computes its sleep again
        try:
            if self._leader is not poll:
                await poll.begin_wait()
            if poll in self._pending:
                await self._lead(poll)
        finally:
            self._pending.pop(poll, None)  # in a forked process it is not there
            if self._leader is poll:
                self._leader = next(iter(self._pending), None)
                if self._leader is not None:
                    self._leader.wake()
        return poll.result()

    def _check_loop(self) -> None:
        self.transport.check()  # a call from another event loop must not affect the waits of this one
        if self._loop is not asyncio.get_running_loop():  # also after a fork: the former leader is in another process
            self._loop, self._leader, self._pending = asyncio.get_running_loop(), None, OrderedDict()

    async def _lead(self, poll: Poll[D]) -> None:
        """Poll for all waiting callers until the caller of ``poll`` needs no further one."""
        await asyncio.sleep(0)  # include the polls that are added in this iteration of the event loop
        while poll in self._pending:
            while (delay := self._next_due() - self._clock.monotonic()) > 0:
                await self._sleep(delay)
            await self._poll_due()

    def _next_due(self) -> float:
        """Return the time of the next poll: the latest due time within the tolerance of all earlier polls."""
        latest = min(poll.latest for poll in self._pending)
        return max(poll.due for poll in self._pending if poll.due <= latest)

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
        """Fetch all documents whose poll is due."""
        now = self._clock.monotonic()
        if now >= self._reduced_until:
            self._max_batch = self._full_batch
        due: dict[str, list[Poll[D]]] = {}
        for poll in self._pending:
            if poll.due <= now:
                due.setdefault(poll.id, []).append(poll)
        if len(due) <= self._max_batch:
            await self._fetch_batch(due)
            return
        rest = iter(due.items())

        async def fetch_batches() -> None:
            while batch := dict(islice(rest, self._max_batch)):
                await self._fetch_batch(batch)
                await asyncio.sleep(0)  # a batch that fails at once resumes its callers before the next one does

        await all_of(fetch_batches() for _ in range(min(_MAX_REQUESTS, -(-len(due) // self._max_batch))))

    async def _fetch_batch(self, batch: dict[str, list[Poll[D]]]) -> bool:
        """Fetch documents and deliver them; return whether the service accepted the batch."""
        try:
            found = await self._fetch(list(batch))
        except GlobusError as error:
            if len(batch) == 1 or not self._is_refusal(error):
                for polls in batch.values():
                    self._deliver(polls, error)
                return False
        else:
            for document_id, polls in batch.items():
                if document_id in found:
                    self._deliver(polls, found[document_id])
            for document_id in batch.keys() - found.keys():
                await self._fetch_batch({document_id: batch[document_id]})  # alone, for the error that names its cause
            return True
        half, parts = (len(batch) + 1) // 2, iter(batch.items())
        if all([await self._fetch_batch(dict(islice(parts, half))) for _ in range(2)]):
            self._max_batch = min(self._max_batch, half)  # the batch was refused for its size
            self._reduced_until = self._clock.monotonic() + _REDUCED_SECONDS
        return False

    def _is_refusal(self, error: GlobusError) -> bool:
        """Return whether the service itself refused a batch, for one of its ids or for its size."""
        return (
            isinstance(error, GlobusAPIError)
            and isinstance(error, self._error_class)
            and error.http_status in _BATCH_REFUSED
        )

    def _deliver(self, polls: Sequence[Poll[D]], result: D | GlobusError) -> None:
        for poll in polls:
            if poll in self._pending and poll.take(result):
                del self._pending[poll]
                poll.wake()
