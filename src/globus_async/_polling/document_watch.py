"""An async iterator over the changes of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Self, TypeVar

from ..porting import AsyncIterationOnly
from .document_copy import copy_document
from .repeated_poll import PollingInterval, RepeatedPoll

if TYPE_CHECKING:
    from collections.abc import Callable

    from .shared_poller import SharedPoller

__all__ = ("DocumentWatch",)

D = TypeVar("D")


class DocumentWatch(AsyncIterationOnly, Generic[D]):
    """
    Async iterator over a document: the current one, then one for each change, until it is final.

    Polls that fail with a transient error (no response, 429, 5xx, also those of the token endpoint) are repeated at the
    next interval; the fifth failure in a row is raised.

    Args:
        poller: The poller of the documents of its kind.
        document_id: The document.
        polling_interval: Seconds from one poll to the next.
        is_final: Returns whether a document is the last one.
    """

    __slots__ = ("_is_final", "_last", "_poll")

    def __init__(
        self,
        poller: SharedPoller[D],
        document_id: str,
        polling_interval: PollingInterval,
        is_final: Callable[[D], bool],
    ) -> None:
        self._poll = RepeatedPoll(poller, document_id, polling_interval)
        self._is_final = is_final
        self._last: D | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> D:
        is_final = self._last is not None and self._is_final(self._last)
        document = None if is_final else await self._poll.poll_until(self._is_change)
        if document is None:
            raise StopAsyncIteration
        self._last = document
        self._poll.schedule_next()  # not after a cancellation: then the same poll is still due
        return copy_document(document)  # a change by the caller is none of the service

    def _is_change(self, document: D) -> bool:
        try:
            return document != self._last
        except RecursionError:  # both have more levels than can be compared
            return True
