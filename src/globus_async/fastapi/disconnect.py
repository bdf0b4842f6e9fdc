"""Cancellation of requests whose client has disconnected."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio

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
        # one message ahead, so that a disconnect is seen although the handler does not read; or the error of receive()
        prefetch: asyncio.Queue[Message | Exception] = asyncio.Queue(1)
        handling = anyio.CancelScope()
        is_started = is_complete = False

        async def watch() -> None:
            last: Message | Exception
            try:
                while (message := await receive())["type"] != "http.disconnect":
                    await prefetch.put(message)
            except Exception as error:  # noqa: BLE001 -- a middleware around this one may refuse a body
                last = error
            else:
                last = message
                if not is_complete:
                    handling.cancel()
            while True:  # every further receive() returns or raises the same
                await prefetch.put(last)

        async def send_response(message: Message) -> None:
            nonlocal is_started, is_complete
            is_started = True
            is_complete = is_complete or _is_last(message)
            await send(message)

        watcher = asyncio.create_task(watch(), name="globus_async client watch")
        try:
            with handling:
                await self.app(scope, partial(_receive_from, prefetch), send_response)
            if handling.cancelled_caught and not is_started:
                # BaseHTTPMiddleware around this one reports a missing response as an error
                await send({"type": "http.response.start", "status": _CLIENT_CLOSED_REQUEST, "headers": []})
                await send({"type": "http.response.body", "body": b""})
        finally:
            watcher.cancel()


def _is_last(message: Message) -> bool:
    """Return whether a message ends a response: the last part of its body, or a file that the server sends itself."""
    is_last_part = message["type"] == "http.response.body" and not message.get("more_body", False)
    return is_last_part or message["type"] == "http.response.pathsend"


async def _receive_from(prefetch: asyncio.Queue[Message | Exception]) -> Message:
    message = await prefetch.get()
    if isinstance(message, Exception):
        raise message
    return message
