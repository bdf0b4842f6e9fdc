"""An iterator over the changes of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...._polling.document_watch import DocumentWatch
from .outcomes import is_done

if TYPE_CHECKING:
    from ...._polling.repeated_poll import PollingInterval
    from ...._polling.shared_poller import SharedPoller
    from ..documents import RunDocument

__all__ = ("RunWatch",)


class RunWatch(DocumentWatch["RunDocument"]):
    """
    Async iterator over a run's documents: the current one, then one for each change; see `FlowsClient.watch_run`.

    It ends after the document with a final status. Polls that fail with a transient error (no response, 429, 5xx, also
    those of the token endpoint) are repeated at the next interval; the fifth failure in a row is raised.
    """

    __slots__ = ()

    def __init__(self, poller: SharedPoller[RunDocument], run_id: str, polling_interval: PollingInterval) -> None:
        super().__init__(poller, run_id, polling_interval, is_done)

    def __repr__(self) -> str:
        status = "not polled yet" if self._last is None else self._last.get("status")
        return f"<RunWatch of run {self._poll.id}: {status}>"
