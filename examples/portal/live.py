"""Pages that show the current state: server-sent events, which any worker process can serve."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from fastapi import HTTPException
from fastapi.responses import StreamingResponse

from globus_async import GlobusError

from .pages import HEADERS
from .shared_poll import SharedPoll

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
    from uuid import UUID

    from fastapi import Request

    from globus_async.fastapi import GlobusBackend, GlobusLogin, Readiness, Session

__all__ = ("LivePages", "Update")

MAX_STREAMS = 12
"""Of one user, in each worker. A further one ends after its first event; the browser asks again later."""
KEEP_ALIVE_SECONDS = 15.0
"""Proxies close connections that are silent for longer, often after 60 seconds."""
RETRY_SECONDS = 2
SLOW_RETRY_SECONDS = 10


@dataclass(frozen=True)
class Update:
    """
    What has changed in a page.

    Attributes:
        html: The content of its live section.
        title: The title of the browser's window.
        summary: One sentence for screen readers, which read it out whenever it is another one.
    """

    html: str
    title: str
    summary: str


class LivePages:
    """
    The streams of all live pages of this process.

    Globus is polled once for all pages of a user that show the same, and not at all if there are none. All streams end
    when the server is asked to stop; browsers then connect to another process.

    Args:
        globus: The backend.
        login: The login.
        readiness: Has the event of the shutdown.
        seconds: Seconds between two updates of a page.
    """

    def __init__(
        self, globus: GlobusBackend, login: GlobusLogin, readiness: Readiness, *, seconds: float = 1.0
    ) -> None:
        self.seconds = seconds
        self._globus = globus
        self._login = login
        self._open = Counter["UUID"]()
        self._polls = WeakValueDictionary["Hashable", SharedPoll[Any]]()  # a poll exists as long as a stream uses it
        self._readiness = readiness

    def shared_poll(self, key: Hashable, interval: Callable[[Any], float]) -> SharedPoll[Any]:
        """Return the poll of a key, which names the user and what is polled."""
        return self._polls.setdefault(key, SharedPoll(self._globus.transport.clock, interval))

    def stream(self, request: Request, session: Session, update: Callable[[], Awaitable[Update]]) -> StreamingResponse:
        """
        Return the stream of a page: an event for each change, until the session ends or the server stops.

        Args:
            request: The request; with the query parameter ``once``, the stream ends after the first event.
            session: The user's session.
            update: Returns the present state of the page.
        """
        events = self._events(request, session, update)
        headers = {**HEADERS, "X-Accel-Buffering": "no"}  # proxies would collect the events
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def _events(
        self, request: Request, session: Session, update: Callable[[], Awaitable[Update]]
    ) -> AsyncGenerator[str]:
        sent: Update | None = None
        silent = 0.0
        is_short = "once" in request.query_params or self._open[session.identity_id] >= MAX_STREAMS
        self._open[session.identity_id] += 1
        try:
            # the page shows that it is not live, and the browser reconnects; without the sessions' store, it gets a 503
            with suppress(GlobusError, HTTPException):
                while not self._readiness.shutdown.is_set():
                    if await self._login.optional_session(request) is None:
                        yield "event: logout\ndata: {}\n\n"
                        return
                    if (current := await update()) != sent:
                        retry = SLOW_RETRY_SECONDS if is_short else RETRY_SECONDS
                        yield f"retry: {retry * 1000}\ndata: {json.dumps(asdict(current))}\n\n"
                        sent, silent = current, 0.0
                    elif silent >= KEEP_ALIVE_SECONDS:
                        yield ": no change\n\n"
                        silent = 0.0
                    if is_short:
                        return
                    await self._pause()
                    silent += self.seconds
        finally:
            self._open -= Counter({session.identity_id: 1})  # without users that have none

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with self._globus.transport.clock.timeout(self.seconds):
                await self._readiness.shutdown.wait()
