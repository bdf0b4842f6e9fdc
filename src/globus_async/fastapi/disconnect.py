"""Ending what a client no longer waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from starlette.types import ASGIApp, Receive, Scope, Send

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
        gone, body_read = anyio.Event(), anyio.Event()
        is_answered = False

        async def receive_body() -> MutableMapping[str, Any]:
            if body_read.is_set():  # the watcher listens from here on
                await gone.wait()
                return {"type": "http.disconnect"}
            message = await receive()
            if message["type"] == "http.disconnect":
                gone.set()
            if not message.get("more_body", False):
                body_read.set()
            return message

        async def send_answer(message: MutableMapping[str, Any]) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                is_answered = True
            await send(message)

        async def watch() -> None:
            await body_read.wait()
            while not gone.is_set():
                if (await receive())["type"] == "http.disconnect":
                    gone.set()
            if not is_answered:
                group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            await self.app(scope, receive_body, send_answer)
            group.cancel_scope.cancel()
