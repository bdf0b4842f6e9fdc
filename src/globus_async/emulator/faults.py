"""
Fault injection: error responses, delays and dropped connections for chosen requests.

A fault is a layer of ASGI around the application, for as many requests as it is added for::

    emulator.faults.add("GET", "/v0.10/task/*", status(503, retry_after=1), times=2)
    emulator.faults.add("POST", "/v0.10/transfer", drop_after())

On a loopback socket connections are really dropped. In process there is none, and `httpx.ReadError` is raised instead.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx

from .kit.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .injection import Fault
    from .kit.clock import Clock

__all__ = (
    "DROP",
    "TokenStore",
    "check_wait",
    "drop_after",
    "drop_before",
    "drop_connection",
    "drop_within",
    "empty",
    "expire_token",
    "html",
    "latency",
    "malformed",
    "respond",
    "revoke_token",
    "slow_body",
    "status",
    "truncated",
)

_HEADER_TEXT: Final = re.compile(r"[\x20-\x7e\xa0-\xff]*")
_MAX_RETRY_AFTER: Final = 1e9
"""Seconds, about 30 years, after which a date exists."""

DROP: Final = "globus_async.drop"
"""The extension in the ASGI scope that drops the request's connection; called with whether to reset it."""


class TokenStore(Protocol):
    """The tokens of the emulated Auth."""

    def revoke(self, token: str) -> None:
        """Revoke a token."""
        ...

    def expire(self, token: str) -> None:
        """Let a token expire now."""
        ...


def status(
    code: int,
    *,
    retry_after: float | str | None = None,
    document: object = None,
    headers: Iterable[tuple[str, str]] = (),
    clock: Clock | None = None,
    as_date: bool = False,
) -> Fault:
    """
    Respond with a status instead of processing the request.

    Args:
        code: The status.
        retry_after: The ``Retry-After`` header: seconds, or any text.
        document: The JSON body; an error document with a code and a message by default.
        headers: Further headers.
        clock: The source of the time for a date; the system's clock by default.
        as_date: Send the seconds of ``retry_after`` as a date.

    Raises:
        ValueError: There is no such status of a whole response, or a header cannot be sent.
    """
    _check_status(code)
    headers = [*headers]
    for text in [*itertools.chain(*headers), "" if retry_after is None else str(retry_after)]:
        if _HEADER_TEXT.fullmatch(text) is None:
            raise ValueError(f"a header cannot have the text {text!r}")
    if as_date and not isinstance(retry_after, str | None) and not abs(retry_after) <= _MAX_RETRY_AFTER:
        raise ValueError(f"the date of retry_after must be within {_MAX_RETRY_AFTER:.0f} seconds")

    async def fault(_app: ASGIApp, scope: Scope, _receive: Receive, send: Send) -> None:
        body = document
        if body is None:
            body = {
                "code": _CODES.get(code, "ServiceError"),
                "message": f"Injected fault: status {code}",
                "request_id": "injected1",
                "resource": scope["path"],
            }
        extra = [*headers]
        if retry_after is not None:
            text = str(retry_after)
            if as_date and not isinstance(retry_after, str):
                text = formatdate((clock or SystemClock()).wall() + retry_after, usegmt=True)
            extra.append(("retry-after", text))
        await respond(send, code, json.dumps(body).encode(), "application/json", extra)

    return fault


_WITHOUT_BODY: Final = {204, 205, 304}
_CODES: Final = {
    401: "AuthenticationFailed",
    403: "PermissionDenied",
    404: "ClientError.NotFound",
    409: "Conflict",
    429: "ClientError.TooManyRequests",
    500: "InternalError",
    502: "ExternalError",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


def latency(seconds: float, *, clock: Clock | None = None) -> Fault:
    """
    Delay the request before it is processed.

    Args:
        seconds: How long.
        clock: The clock to wait by; the system's by default.

    Raises:
        ValueError: A negative or infinite number of seconds.
    """
    check_wait(seconds)

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await (clock or SystemClock()).sleep(seconds)
        await app(scope, receive, send)

    return fault


def drop_before() -> Fault:
    """Reset the connection before the request is processed."""

    async def fault(_app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
        await drop_connection(scope, receive, reset=True)

    return fault


def drop_within(size: int = 0) -> Fault:
    """
    Process the request, and close the connection after the first bytes of the body.

    Args:
        size: How many bytes.
    """

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        response = await _response_of(app, scope, receive)
        await send(response.start)
        if size:
            await send({"type": "http.response.body", "body": response.body[:size], "more_body": True})
        await drop_connection(scope, receive, reset=False)

    return fault


def drop_after() -> Fault:
    """Process the request, and reset the connection instead of sending the response."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
        await _response_of(app, scope, receive)
        await drop_connection(scope, receive, reset=True)

    return fault


def truncated(size: int) -> Fault:
    """
    Process the request, and send the first bytes of the body as if they were the whole.

    Args:
        size: How many bytes.
    """
    return _changed("truncated", lambda body: body[:size])


def malformed() -> Fault:
    """Process the request, and send a body that is no JSON."""
    return _changed("malformed", lambda body: b"{" + body)


def empty() -> Fault:
    """Process the request, and send an empty body."""
    return _changed("empty", lambda _: b"")


def html(code: int = 200) -> Fault:
    """
    Respond with an HTML page, as proxies and login portals do.

    Args:
        code: The status.

    Raises:
        ValueError: There is no such status of a whole response.
    """
    _check_status(code)

    async def fault(_app: ASGIApp, _scope: Scope, _receive: Receive, send: Send) -> None:
        page = b"<!DOCTYPE html><html><head><title>Please sign in</title></head><body>Please sign in</body></html>"
        await respond(send, code, page, "text/html; charset=utf-8", ())

    return fault


def slow_body(*, size: int = 1, pause: float = 0.01, clock: Clock | None = None) -> Fault:
    """
    Process the request, and send the body slowly.

    Args:
        size: Bytes at a time.
        pause: Seconds to wait after each piece.
        clock: The clock to wait by; the system's by default.

    Raises:
        ValueError: A negative or infinite pause.
    """
    check_wait(pause)

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        response = await _response_of(app, scope, receive)
        await send(response.start)
        for start in range(0, len(response.body), size):
            await send({"type": "http.response.body", "body": response.body[start : start + size], "more_body": True})
            await (clock or SystemClock()).sleep(pause)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return fault


def revoke_token(auth: TokenStore) -> Fault:
    """
    Revoke the access token of the request, then process it.

    Args:
        auth: The emulator's ``auth``.
    """
    return _with_token("revoke_token", auth.revoke)


def expire_token(auth: TokenStore) -> Fault:
    """
    Let the access token of the request expire, then process it.

    Args:
        auth: The emulator's ``auth``.
    """
    return _with_token("expire_token", auth.expire)


def _with_token(name: str, do: Callable[[str], Any]) -> Fault:
    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer":
            do(token)
        await app(scope, receive, send)

    fault.__qualname__ = name  # that of the function which a test called
    return fault


@dataclass(slots=True)
class _Response:
    start: Message
    body: bytes = b""


async def _response_of(app: ASGIApp, scope: Scope, receive: Receive) -> _Response:
    """Process a request, and return the response instead of sending it."""
    response = _Response({})

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.start = message
        elif message["type"] == "http.response.body":
            response.body += message.get("body", b"")

    await app(scope, receive, keep)
    return response


def _changed(name: str, change: Callable[[bytes], bytes]) -> Fault:
    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        response = await _response_of(app, scope, receive)
        body = change(response.body)
        headers = [(name, value) for name, value in response.start["headers"] if name.lower() != b"content-length"]
        await send({**response.start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    fault.__qualname__ = name
    return fault


def _check_status(code: int) -> None:
    if not 200 <= code <= 599:
        raise ValueError(f"a response has a status between 200 and 599, not {code}")


def check_wait(seconds: float) -> None:
    """Require that a wait is a number of seconds that end."""
    if not (seconds >= 0 and math.isfinite(seconds)):
        raise ValueError(f"a wait is a finite number of 0 or more seconds, not {seconds!r}")


async def respond(send: Send, code: int, body: bytes, kind: str, extra: Iterable[tuple[str, str]]) -> None:
    """Send a response with a body."""
    if code in _WITHOUT_BODY:
        body, headers = b"", [*extra]
    else:
        headers = [("content-type", kind), ("content-length", str(len(body))), *extra]
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": code, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def drop_connection(scope: Scope, receive: Receive, *, reset: bool) -> None:
    """
    Drop the connection of a request, and wait for its end.

    Args:
        scope: The request.
        receive: Of the request.
        reset: Reset it; otherwise it is closed, after what was sent.

    Raises:
        httpx.ReadError: There is no connection, in process.
    """
    drop = scope.get("extensions", {}).get(DROP)
    if drop is None:
        raise httpx.ReadError("the emulator dropped the connection")
    drop(reset)
    while (await receive())["type"] != "http.disconnect":
        pass
