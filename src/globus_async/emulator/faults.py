"""
A script of troubles: what goes wrong with which request.

A trouble is a layer of ASGI around the application, for as many requests as it was added for::

    emulator.faults.add("GET", "/v0.10/task/*", status(503, retry_after=1), times=2)
    emulator.faults.add("POST", "/v0.10/transfer", drop_after())

Connections are really cut on a loopback socket. In process there is none, and `httpx.ReadError` is raised instead.
"""

from __future__ import annotations

import fnmatch
import json
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import httpx

from ..clock import Clock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .auth.state import AuthState

__all__ = (
    "CUT",
    "Faults",
    "Trouble",
    "drop_after",
    "drop_before",
    "drop_within",
    "empty",
    "expire_token",
    "html",
    "latency",
    "malformed",
    "revoke_token",
    "slow_body",
    "status",
    "truncated",
)

Trouble: TypeAlias = "Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]"

CUT: Final = "globus_async.cut"
"""The extension in a request's scope that cuts its connection; called with whether to reset it."""


@dataclass(slots=True)
class _Entry:
    method: str
    pattern: str
    trouble: Trouble
    left: int
    after: int

    def applies(self, method: str, path: str) -> bool:
        """Tell whether it is the turn of this trouble, and count the request."""
        if self.left <= 0 or self.method not in {"*", method} or not fnmatch.fnmatchcase(path, self.pattern):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.left -= 1
        return True


class Faults:
    """The script, and the ASGI layer that plays it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._entries: list[_Entry] = []
        self.met: list[tuple[str, str]] = []
        """Method and path of every request that met a trouble."""

    def __repr__(self) -> str:
        return f"<Troubles: {sum(entry.left > 0 for entry in self._entries)} to come, {len(self.met)} met>"

    def add(self, method: str, path_pattern: str, do: Trouble, *, times: int = 1, after: int = 0) -> None:
        """
        Make something go wrong.

        Args:
            method: Of which requests; ``*`` for all.
            path_pattern: Of which paths, as a pattern in which ``*`` also matches slashes.
            do: What happens: one of the functions of this module, or any function ``(app, scope, receive, send)``.
            times: To how many requests.
            after: How many matching requests are let through first.
        """
        self._entries.append(_Entry(method.upper(), path_pattern, do, times, after))

    def clear(self) -> None:
        """Forget all troubles to come."""
        self._entries.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request run into its troubles, those added first outside."""
        app = self._app
        if scope["type"] == "http":
            method, path = scope["method"], scope["path"]
            faults = [entry.trouble for entry in self._entries if entry.applies(method, path)]
            if faults:
                self.met.append((method, path))
            for trouble in reversed(faults):
                app = _around(app, trouble)
        await app(scope, receive, send)


def _around(app: ASGIApp, trouble: Trouble) -> ASGIApp:
    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        await trouble(app, scope, receive, send)

    return layer


def status(
    code: int,
    *,
    retry_after: float | str | None = None,
    document: object = None,
    headers: Iterable[tuple[str, str]] = (),
    clock: Clock | None = None,
    as_date: bool = False,
) -> Trouble:
    """
    Answer with a status instead of processing the request.

    Args:
        code: The status.
        retry_after: What the ``Retry-After`` header says: seconds, or any text.
        document: The body; an error document of the service by default.
        headers: Further headers.
        clock: Where the time comes from that a date is reckoned from.
        as_date: Send ``retry_after`` as a date.
    """

    async def trouble(_app: ASGIApp, scope: Scope, _receive: Receive, send: Send) -> None:
        body = document
        if body is None:
            body = {
                "code": _CODES.get(code, "ServiceError"),
                "message": f"The emulator was told to answer with {code}",
                "request_id": "troubled1",
                "resource": scope["path"],
            }
        extra = [*headers]
        if retry_after is not None:
            text = str(retry_after)
            if as_date and not isinstance(retry_after, str):
                text = formatdate((clock or SystemClock()).wall() + retry_after, usegmt=True)
            extra.append(("retry-after", text))
        await _respond(send, code, json.dumps(body).encode(), "application/json", extra)

    return trouble


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


def latency(seconds: float, *, clock: Clock | None = None) -> Trouble:
    """Wait before a request is processed."""

    async def trouble(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await (clock or SystemClock()).sleep(seconds)
        await app(scope, receive, send)

    return trouble


def drop_before() -> Trouble:
    """Reset the connection before the request is processed."""

    async def trouble(_app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
        await _cut(scope, receive, reset=True)

    return trouble


def drop_within(size: int = 0) -> Trouble:
    """Process the request, and end the connection after so many bytes of the body."""

    async def trouble(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await _answer_of(app, scope, receive)
        await send(answer.start)
        if size:
            await send({"type": "http.response.body", "body": answer.body[:size], "more_body": True})
        await _cut(scope, receive, reset=False)

    return trouble


def drop_after() -> Trouble:
    """Process the request, and reset the connection instead of answering."""

    async def trouble(app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
        await _answer_of(app, scope, receive)
        await _cut(scope, receive, reset=True)

    return trouble


def truncated(size: int) -> Trouble:
    """Process the request, and send only the first bytes of the body, as if they were all of it."""
    return _changed(lambda body: body[:size])


def malformed() -> Trouble:
    """Process the request, and send a body that is no JSON."""
    return _changed(lambda body: b"{" + body)


def empty() -> Trouble:
    """Process the request, and send no body."""
    return _changed(lambda _: b"")


def html(code: int = 200) -> Trouble:
    """Answer with a page, as proxies and login portals do."""

    async def trouble(_app: ASGIApp, _scope: Scope, _receive: Receive, send: Send) -> None:
        page = b"<!DOCTYPE html><html><head><title>Please sign in</title></head><body>Please sign in</body></html>"
        await _respond(send, code, page, "text/html; charset=utf-8", ())

    return trouble


def slow_body(*, size: int = 1, pause: float = 0.01, clock: Clock | None = None) -> Trouble:
    """Process the request, and send the body in drops with a pause after each, in seconds."""

    async def trouble(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await _answer_of(app, scope, receive)
        await send(answer.start)
        for start in range(0, len(answer.body), size):
            await send({"type": "http.response.body", "body": answer.body[start : start + size], "more_body": True})
            await (clock or SystemClock()).sleep(pause)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return trouble


def revoke_token(auth: AuthState) -> Trouble:
    """Revoke the token a request carries, then process it."""
    return _with_token(auth.revoke)


def expire_token(auth: AuthState) -> Trouble:
    """Let the token a request carries expire, then process it."""
    return _with_token(auth.expire)


def _with_token(do: Callable[[str], Any]) -> Trouble:
    async def trouble(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer":
            do(token)
        await app(scope, receive, send)

    return trouble


@dataclass(slots=True)
class _Answer:
    start: Message
    body: bytes = b""


async def _answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> _Answer:
    """Let the application process a request, and keep its answer."""
    answer = _Answer({})

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.start = message
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")

    await app(scope, receive, keep)
    return answer


def _changed(change: Callable[[bytes], bytes]) -> Trouble:
    async def trouble(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await _answer_of(app, scope, receive)
        body = change(answer.body)
        headers = [(name, value) for name, value in answer.start["headers"] if name.lower() != b"content-length"]
        await send({**answer.start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return trouble


async def _respond(send: Send, code: int, body: bytes, kind: str, extra: Iterable[tuple[str, str]]) -> None:
    headers = [("content-type", kind), ("content-length", str(len(body))), *extra]
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": code, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _cut(scope: Scope, receive: Receive, *, reset: bool) -> None:
    """Cut the connection of a request, and wait until it is gone."""
    cut = scope.get("extensions", {}).get(CUT)
    if cut is None:
        raise httpx.ReadError("the emulator dropped the connection")
    cut(reset)
    while (await receive())["type"] != "http.disconnect":
        pass
