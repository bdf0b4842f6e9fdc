"""
Faults of files over HTTPS: false misses, bodies that end early, stall or crawl, and uploads that break off.

They are streams: no more of a file is read than is sent.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect

from .faults import check_wait, drop_connection, respond
from .kit.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .injection import Fault
    from .kit.clock import Clock

__all__ = ("cut", "cut_upload", "false_404", "hollow", "login_redirect", "short", "stall", "throttle")

_FALSE_404: Final[Mapping[str, str]] = {
    "mapping": (
        "Mapping collection to specified ID failed.\nGlobusError: v=1 c=ENDPOINT_ERROR\nGCS Manager Internal Error\n"
    ),
    "manager": (
        "Mapping collection to specified ID failed.\nGlobusError: v=1 c=ENDPOINT_ERROR\n"
        "Failure while contacting GCS Manager API.\n"
    ),
    "shutdown": (
        "GlobusError: v=1 c=INTERNAL_ERROR\nGridFTP-Errno: 108\nGridFTP-Reason: System error in stat\n"
        "GridFTP-Error-String: Cannot send after transport endpoint shutdown\n"
    ),
    "unknown": "Not Found\n",
    "miss_2023": (
        "GlobusError: v=1 c=INTERNAL_ERROR\nGridFTP-Error: globus_xio_register_open\n"
        "globus_xio: Unable to open file\nglobus_xio: System error in open: No such file or directory\n"
        "globus_xio: A system call failed: No such file or directory\n"
    ),
}
"""The bodies by kind; that of 2023 is that of a real miss."""


def false_404(kind: str = "mapping") -> Fault:
    """
    Respond with 404 though the file exists, as a server does whose backend or Manager is away.

    Args:
        kind: The body: ``mapping`` and ``manager`` (``ENDPOINT_ERROR``), ``shutdown`` (``INTERNAL_ERROR``, error 108),
            ``unknown`` (a text that says nothing), or ``miss_2023``, that of a real miss without an error number. There
            is none in the response to a HEAD.

    Raises:
        ValueError: There is no such kind.
    """
    if kind not in _FALSE_404:
        raise ValueError(f"a false 404 is one of {', '.join(_FALSE_404)}, not {kind!r}")

    async def fault(_app: ASGIApp, scope: Scope, _receive: Receive, send: Send) -> None:
        body = b"" if scope["method"] == "HEAD" else _FALSE_404[kind].encode()
        await respond(send, 404, body, "text/plain; charset=utf-8", ())

    return fault


def login_redirect() -> Fault:
    """Process the request as if it had no access token: mostly a redirect to the login page of Auth."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        kept = [each for each in scope["headers"] if each[0] not in {b"authorization", b"x-requested-with"}]
        await app({**scope, "headers": kept}, receive, send)

    return fault


def cut(after: int | None = None) -> Fault:
    """
    Process the request, and close the connection within the body, whose length was announced as a whole.

    Args:
        after: The bytes that are sent; half of the body by default.
    """

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await _Beginning(after, send).of(app, scope, receive)
        await drop_connection(scope, receive, reset=False)

    return fault


def stall(after: int | None = None) -> Fault:
    """
    Process the request, and stop within the body until the client leaves.

    Args:
        after: The bytes that are sent; half of the body by default.
    """

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await _Beginning(after, send).of(app, scope, receive)
        while (await receive())["type"] != "http.disconnect":
            pass

    return fault


def short(after: int | None = None) -> Fault:
    """
    Process the request, and send the first bytes of the body as if they were what was asked for.

    ``Content-Length`` and ``Content-Range`` agree with what is sent.

    Args:
        after: The bytes that are sent; half of the body by default.
    """

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await _Beginning(after, send, announced=True).of(app, scope, receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return fault


def hollow() -> Fault:
    """Process the request, and respond with 200 and no content at all."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def nothing(message: Message) -> None:
            if message["type"] == "http.response.start":
                start = {**message, "status": 200 if message["status"] == 206 else message["status"]}
                await send(_with_length(start, 0, content_range=None))
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                raise _EnoughError

        with contextlib.suppress(_EnoughError):
            await app(scope, receive, nothing)

    return fault


def throttle(bytes_per_second: float, *, size: int = 16_384, clock: Clock | None = None) -> Fault:
    """
    Process the request, and send the body at a low rate.

    Args:
        bytes_per_second: The rate.
        size: Bytes at a time.
        clock: The clock to wait by; the system's by default.

    Raises:
        ValueError: A rate or size that is not positive.
    """
    if size <= 0 or not bytes_per_second > 0:
        raise ValueError("a rate and a number of bytes at a time are positive")
    pause = size / bytes_per_second
    check_wait(pause)

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def slowly(message: Message) -> None:
            body: bytes = message.get("body", b"")
            if message["type"] == "http.response.body" and body:
                for start in range(0, len(body), size):
                    piece = body[start : start + size]
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    await (clock or SystemClock()).sleep(pause * len(piece) / size)
                message = {**message, "body": b""}
            await send(message)

        await app(scope, receive, slowly)

    return fault


def cut_upload(after: int = 0) -> Fault:
    """
    Reset the connection of an upload, of which the server keeps what has arrived.

    Args:
        after: The bytes of the body that are processed first.
    """

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
        remaining = after

        async def beginning() -> Message:
            nonlocal remaining
            message = await receive() if remaining else {"type": "http.disconnect"}
            if message["type"] != "http.request":
                return message
            body = message.get("body", b"")[:remaining]
            remaining -= len(body)
            return {"type": "http.request", "body": body, "more_body": True}

        async def discard(_message: Message) -> None:
            pass

        with contextlib.suppress(ClientDisconnect):  # which other services than that of files raise
            await app(scope, beginning, discard)
        await drop_connection(scope, receive, reset=True)

    return fault


class _EnoughError(BaseException):
    """Ends the processing of a request of whose response no more is sent; no layer below handles it."""


class _Beginning:
    """
    The beginning of the body of a response.

    Args:
        after: Its bytes; half of the body for `None`.
        send: Of the request.
        announced: Send the headers of a body of this size.
    """

    def __init__(self, after: int | None, send: Send, *, announced: bool = False) -> None:
        self._after = after
        self._send = send
        self._announced = announced
        self._remaining = 0

    async def of(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        """Process a request, and send the beginning of the response."""
        with contextlib.suppress(_EnoughError):
            await app(scope, receive, self._send_beginning)

    async def _send_beginning(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = {name.lower(): value for name, value in message["headers"]}
            length = int(headers.get(b"content-length", b"0"))
            self._remaining = length // 2 if self._after is None else min(self._after, length)
            if self._announced:
                message = _with_length(message, self._remaining, content_range=headers.get(b"content-range"))
            await self._send(message)
        else:
            body = message.get("body", b"")[: self._remaining]
            self._remaining -= len(body)
            if body:
                await self._send({"type": "http.response.body", "body": body, "more_body": True})
        if self._remaining == 0:
            raise _EnoughError


def _with_length(start: Message, length: int, *, content_range: bytes | None) -> Message:
    """Return the start of a response with another length of its body, and the range that agrees with it."""
    replaced = {b"content-length", b"content-range"}
    headers = [(name, value) for name, value in start["headers"] if name.lower() not in replaced]
    headers.append((b"content-length", str(length).encode()))
    if content_range is not None:
        first = int(content_range.decode().removeprefix("bytes ").partition("-")[0])
        headers.append((b"content-range", f"bytes {first}-{first + max(length - 1, 0)}/*".encode()))
    return {**start, "headers": headers}
