"""Ending what a client no longer waits for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ("CancelOnDisconnect",)


class CancelOnDisconnect:
    """
    A middleware that cancels a request's handler when its client has gone away.

    Servers leave handlers running: without this, whatever a handler asks of Globus goes on for nobody. What must be
    carried through even so belongs into a task of the application's own. Background tasks, which run after the answer,
    are not touched.

    Example:
        >>> app.add_middleware(CancelOnDisconnect)
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application for one request, as long as its client is there."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # one message, for handlers that do not look at the body; or what came of asking for one
        prefetch: asyncio.Queue[Message | Exception] = asyncio.Queue(1)
        answering = anyio.CancelScope()
        is_answered = False

        async def watch() -> None:
            last: Message | Exception
            try:
                while (message := await receive())["type"] != "http.disconnect":
                    await prefetch.put(message)
            except Exception as error:  # noqa: BLE001 -- a middleware around this one may refuse a body
                last = error
            else:
                last = message
                if not is_answered:
                    answering.cancel()
            while True:  # whoever asks is told, however often
                await prefetch.put(last)

        async def receive_ahead() -> Message:
            message = await prefetch.get()
            if isinstance(message, Exception):
                raise message
            return message

        async def send_answer(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                is_answered = True
            await send(message)

        watcher = asyncio.create_task(watch(), name="globus_async client watch")
        try:
            with answering:
                await self.app(scope, receive_ahead, send_answer)
        finally:
            watcher.cancel()
