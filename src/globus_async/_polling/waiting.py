"""One wait for a document: its time limit, its failed polls, and its progress callback."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from ..errors import GlobusTimeoutError
from ..errors.arguments import check_callback, check_number
from .document_copy import copy_document
from .repeated_poll import PollingInterval, RepeatedPoll, check_polling_interval

if TYPE_CHECKING:
    import asyncio

    from .shared_poller import SharedPoller

__all__ = (
    "LAST_POLL_TIMEOUT",
    "Wait",
    "check_wait_options",
    "check_wait_timeout",
    "no_poll_succeeded",
    "wait_for_document",
)

D = TypeVar("D")

LAST_POLL_TIMEOUT: Final = 5.0
"""Seconds that the poll at the end of a time limit may take."""


class Wait(NamedTuple, Generic[D]):
    """
    The result of a wait.

    Attributes:
        document: The last document.
        has_ended: Whether it is the one that was waited for; else the time limit was reached.
    """

    document: D
    has_ended: bool


def check_wait_timeout(timeout: float | None) -> None:
    """Check the time limit of a wait."""
    if timeout is not None:
        check_number("timeout", timeout, minimum=1, finite=False)


def check_wait_options(
    timeout: float | None, polling_interval: PollingInterval, progress: Callable[[D], object] | None
) -> None:
    """
    Check the options of a wait.

    Raises:
        GlobusSDKUsageError: One of them is invalid.
    """
    check_polling_interval(polling_interval)
    check_wait_timeout(timeout)
    check_callback("progress", progress)


async def wait_for_document(
    poller: SharedPoller[D],
    document_id: str,
    is_last: Callable[[D], bool],
    *,
    timeout: float | None,  # noqa: ASYNC109 -- a poll may be in progress when it has passed
    polling_interval: PollingInterval,
    progress: Callable[[D], object] | None = None,
    kind: str,
) -> Wait[D]:
    """
    Poll a document until it is the one that is waited for, or the time limit is reached.

    Polls at once, then at every interval, and a last time when the time limit is reached.

    Args:
        poller: The poller of the documents of its kind.
        document_id: The document, as the poller's ``fetch`` expects it: lower case, for UUIDs.
        is_last: Returns whether a document is the one that is waited for; it must not change it.
        timeout: Seconds to wait, at least 1; ``None`` for no time limit.
        polling_interval: Seconds from one poll to the next, at least 1; or a pair (minimum, maximum).
        progress: Called with the document after each poll. An exception that it raises ends the wait, and is raised.
        kind: The word for a document in errors, such as "task".

    Raises:
        GlobusSDKUsageError: An invalid option.
        GlobusTimeoutError: The time limit was reached and no poll succeeded.
        GlobusAPIError: A poll failed with a permanent error; or, without a time limit, five in a row failed.
        NetworkError: Without a time limit, five in a row failed.
        TokenRefreshError: The same; `LoginRequired` and `ApplicationRefused` end the wait at once.
    """
    await poller.enter()
    check_wait_options(timeout, polling_interval, progress)
    poll = RepeatedPoll(poller, document_id, polling_interval, timeout)
    last = _LastDocument(is_last, keeps_all=timeout is not None)
    limit: asyncio.Timeout | None = None
    try:
        async with poller.transport.clock.timeout(None if timeout is None else timeout + LAST_POLL_TIMEOUT) as limit:
            if progress is None:
                await poll.poll_until(last.examine)
            else:
                await _report(poll, last, progress)
    except TimeoutError:
        if limit is None or not limit.expired():  # it is of the callback
            raise
    if last.document is None:
        raise no_poll_succeeded(poll, timeout, kind)
    return Wait(copy_document(last.document), last.has_ended)


class _LastDocument(Generic[D]):
    """Keeps the last document of a wait, and whether it is the one that is waited for."""

    __slots__ = ("_is_last", "_keeps_all", "document", "has_ended")

    def __init__(self, is_last: Callable[[D], bool], *, keeps_all: bool) -> None:
        self._is_last = is_last
        self._keeps_all = keeps_all
        self.document: D | None = None
        self.has_ended: bool = False

    def examine(self, document: D) -> bool:
        self.has_ended = self._is_last(document)
        if self.has_ended or self._keeps_all:  # thousands of waits without a time limit keep none
            self.document = document
        return self.has_ended


async def _report(poll: RepeatedPoll[D], last: _LastDocument[D], progress: Callable[[D], object]) -> None:
    """Poll until the last document or the time limit is reached, and report each document."""

    def examine(document: D) -> bool:
        last.examine(document)
        return True  # the callback is called by its own wait, not by the one that polls for all

    while (document := await poll.poll_until(examine)) is not None:
        progress(document)
        if last.has_ended or poll.schedule_next():
            return


def no_poll_succeeded(poll: RepeatedPoll[D], timeout: float | None, kind: str) -> GlobusTimeoutError:
    """Return the error of a wait whose time limit was reached before a poll succeeded."""
    error = GlobusTimeoutError(
        f"no poll of {kind} {poll.id} succeeded within {timeout} s", stage="no response", idempotent=True
    )
    error.__cause__ = poll.last_error
    return error
