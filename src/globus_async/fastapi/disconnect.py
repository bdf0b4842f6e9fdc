"""Cancellation of requests whose client has disconnected."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import anyio
import anyio.lowlevel

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ("CancelOnDisconnect",)

_CLIENT_CLOSED_REQUEST: Final = 499
"""The status of nginx for a client that has disconnected."""


class CancelOnDisconnect:
    """
    A middleware that cancels the handler of a request when its client disconnects.

    Servers do not cancel handlers by themselves, so their calls to Globus would continue. Work that must be completed
    even so belongs in a task of the application. Background tasks, which run after the response, are not cancelled.
    Middlewares around this one see a response with the status 499, which is not sent any more.

    Example:
        >>> app.add_middleware(CancelOnDisconnect)
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __repr__(self) -> str:
        return f"<CancelOnDisconnect of {self.app!r}>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application for one request until its client disconnects."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _WatchedRequest(receive, send)
        try:
            with request.handling:
                await self.app(scope, request.receive, request.send)
            if request.handling.cancelled_caught and not request.is_started:
                # BaseHTTPMiddleware around this one reports a missing response as an error
                await send({"type": "http.response.start", "status": _CLIENT_CLOSED_REQUEST, "headers": []})
                await send({"type": "http.response.body", "body": b""})
        finally:
            request.end()


class _WatchedRequest:
    """
    The messages of one request; that of a disconnect cancels its handler.

    While the handler waits for something else than a message, a task receives one message ahead. There is none for a
    handler that never waits.
    """

    __slots__ = (
        "_is_complete",
        "_loop",
        "_prefetched",
        "_readers",
        "_receive",
        "_send",
        "_watcher",
        "handling",
        "is_started",
    )

    def __init__(self, receive: Receive, send: Send) -> None:
        self.handling = anyio.CancelScope()
        self.is_started = self._is_complete = False
        self._receive = receive
        self._send = send
        self._readers = 0
        self._prefetched: asyncio.Queue[Message | Exception] | None = None
        self._loop = asyncio.get_running_loop()
        self._watcher: asyncio.Handle | asyncio.Task[None] = self._loop.call_soon(self._start_watching)

    def _start_watching(self) -> None:
        """Start the task; called by the event loop, which runs when the handler waits."""
        self._prefetched = asyncio.Queue(1)
        self._watcher = self._loop.create_task(self._watch(self._prefetched), name="globus_async client watch")

    async def _watch(self, prefetched: asyncio.Queue[Message | Exception]) -> None:
        last: Message | Exception
        try:
            while (message := await self._receive())["type"] != "http.disconnect":
                await prefetched.put(message)
        except Exception as error:  # noqa: BLE001 -- a middleware around this one may refuse a body
            last = error
        else:
            last = message
            self._cancel()
        while True:  # every further receive() returns or raises the same
            await prefetched.put(last)

    def _cancel(self) -> None:
        if not self._is_complete:
            self.handling.cancel()

    async def receive(self) -> Message:
        """Return the next message."""
        if self._prefetched is not None:
            prefetched = await self._prefetched.get()
            if isinstance(prefetched, Exception):
                raise prefetched
            return prefetched
        if self._readers == 0:
            self._watcher.cancel()
        self._readers += 1
        try:
            message = await self._receive()
        finally:
            self._readers -= 1
            if not self._readers:
                self._watcher = self._loop.call_soon(self._start_watching)
        if message["type"] == "http.disconnect":
            self._cancel()
            await anyio.lowlevel.checkpoint()
        return message

    async def send(self, message: Message) -> None:
        """Send a message of the response."""
        self.is_started = True
        if message["type"] != "http.response.start" and _is_last(message):
            self._is_complete = True
        await self._send(message)

    def end(self) -> None:
        """Stop watching, once the handler has ended."""
        self._readers += 1  # so that a task of the handler that is still reading does not start it again
        self._watcher.cancel()
        del self._watcher  # which refers to this object: garbage that only the collector finds


def _is_last(message: Message) -> bool:
    """Return whether a message ends a response: the last part of its body, or a file that the server sends itself."""
    is_last_part = message["type"] == "http.response.body" and not message.get("more_body", False)
    return is_last_part or message["type"] == "http.response.pathsend"
