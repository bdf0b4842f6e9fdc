"""An iterator over the entries of the log of a run, which waits for further ones until the run is done."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict, cast

from ...._polling.repeated_poll import PollingInterval, RepeatedPoll
from ....errors import GlobusError, PaginationStalled, is_transient
from ....errors.arguments import check_text, check_type, check_whole
from ....porting import AsyncIterationOnly
from .outcomes import is_done

if TYPE_CHECKING:
    from ...._polling.shared_poller import SharedPoller
    from ....paging import Page
    from ..documents import RunDocument, RunLogEntryDocument

__all__ = ("FetchLog", "RunLog", "RunLogPosition")

_MAX_FAILURES: Final = 5


class RunLogPosition(TypedDict):
    """The position in the log of a run: after so many entries of the page at a marker. It can be stored as JSON."""

    marker: str | None
    entries: int


FetchLog: TypeAlias = "Callable[[str | None], Awaitable[Page[RunLogEntryDocument]]]"
"""Fetches the page of a log at a marker; the first page without one."""


class RunLog(AsyncIterationOnly):
    """
    Async iterator over the log of a run: each entry once, in order; see `FlowsClient.follow_run_logs`.

    It ends when the run is done and all its entries were returned. A cancelled iteration loses no entry: iterate
    further, or begin again at `position`.

    Args:
        poller: Polls the run.
        fetch: Fetches a page of the log.
        run_id: The run.
        polling_interval: Seconds from one poll to the next.
        after: The position after which to begin.
    """

    __slots__ = (
        "_entries",
        "_failures",
        "_fetch",
        "_is_at_end",
        "_is_run_done",
        "_lock",
        "_next",
        "_poll",
        "_seen",
        "_shown",
    )

    def __init__(
        self,
        poller: SharedPoller[RunDocument],
        fetch: FetchLog,
        run_id: str,
        polling_interval: PollingInterval,
        after: Mapping[str, object] | None = None,
    ) -> None:
        self._poll = RepeatedPoll(poller, run_id, polling_interval)
        self._fetch = fetch
        self._shown = self._next = _checked(after)  # of the entries returned, and of those fetched
        self._entries: deque[tuple[RunLogEntryDocument, RunLogPosition]] = deque()
        self._is_at_end = True
        self._is_run_done = False
        self._failures = 0
        self._seen: set[str | None] = {self._next["marker"]}
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<RunLog of run {self._poll.id}>"

    @property
    def position(self) -> RunLogPosition:
        """The position after the last entry that was returned; pass it as ``after`` to continue from there."""
        return self._shown.copy()

    def __aiter__(self) -> RunLog:
        return self

    async def __anext__(self) -> RunLogEntryDocument:
        if not self._entries:
            async with self._lock:  # several workers may share an iterator
                while not self._entries:
                    await self._advance()
        entry, self._shown = self._entries.popleft()
        return entry

    async def _advance(self) -> None:
        """Wait for the next poll if all entries were fetched, then fetch a page."""
        if self._is_at_end:
            if self._is_run_done and not self._failures:
                raise StopAsyncIteration
            run = await self._poll.poll_until(_any)
            self._poll.schedule_next()
            self._is_run_done = self._is_run_done or is_done(run)
            self._is_at_end = False  # until the page is there: this may be cancelled
        try:
            page = await self._fetch(self._next["marker"])
        except GlobusError as error:
            self._failures += 1
            self._is_at_end = True
            if not is_transient(error) or self._failures >= _MAX_FAILURES:
                raise
            return
        self._failures = 0
        self._take(page)

    def _take(self, page: Page[RunLogEntryDocument]) -> None:
        """Keep the entries of a page that were not returned before, and the position of the next page."""
        marker, known = self._next["marker"], self._next["entries"]
        count = max(known, len(page.items))
        positions = (RunLogPosition(marker=marker, entries=number) for number in range(known + 1, count + 1))
        self._entries.extend(zip(page.items[known:], positions, strict=True))
        self._next = RunLogPosition(marker=marker, entries=count)
        self._is_at_end = page.next_cursor is None
        if page.next_cursor is None:  # entries to come are added to this page
            return
        following = cast("str | None", page.next_cursor["marker"])
        if following is not None and following not in self._seen:
            self._seen.add(following)
            self._next = RunLogPosition(marker=following, entries=0)
        elif not self._entries:  # which are returned before the error
            raise PaginationStalled("the pages of the log lead back to an earlier page")


def _any(_: RunDocument) -> bool:
    return True


def _checked(after: Mapping[str, object] | None) -> RunLogPosition:
    """
    Return the position after which to begin.

    Raises:
        GlobusSDKUsageError: It is not the position of a log.
    """
    if after is None:
        return RunLogPosition(marker=None, entries=0)
    check_type("after", after, Mapping, "the position of a RunLog")
    marker, entries = after.get("marker"), after.get("entries")
    check_text("the marker of after", marker, optional=True)
    check_whole("the number of entries of after", entries, minimum=0)
    return RunLogPosition(marker=cast("str | None", marker), entries=cast("int", entries))
