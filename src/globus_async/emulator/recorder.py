"""What was asked of the emulator."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = (
    "RecordedRequest",
    "Recorder",
    "fingerprint",
)

_SECRET_FIELDS: Final = {
    "access_token",
    "assertion",
    "client_secret",
    "code",
    "code_verifier",
    "password",
    "refresh_token",
    "token",
}
_UNRECORDED: Final = {"/", "/emulator/state", "/favicon.ico"}
"""The status page, which no test asks for."""

_MOST: Final = 100_000
"""Requests kept; the oldest are forgotten first."""

_MOST_BYTES: Final = 256 << 20
"""Bytes of all bodies kept."""


@dataclass(slots=True)
class RecordedRequest:
    """A request as it came in; whatever is secret in it is shown as a fingerprint."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case. ``authorization`` keeps its scheme; equal secrets have equal fingerprints."""
    body: bytes = field(repr=False)
    """As it came, but for secret fields of a form."""
    status: int | None = None
    """Of the answer, once it has begun; ``None`` if there was none."""

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The body, read as a form."""
        return dict(parse_qsl(self.body.decode()))


class Recorder:
    """An ASGI layer that keeps every request that passes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.requests: list[RecordedRequest] = []
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note a request, then let the application answer it."""
        if scope["type"] != "http" or scope["path"] in _UNRECORDED:
            await self._app(scope, receive, send)
            return
        body = await _whole_body(receive)
        record = RecordedRequest(
            scope["method"],
            scope["path"],
            parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            {name.decode("latin-1"): _masked(name, value.decode("latin-1")) for name, value in scope["headers"]},
            _without_secrets(body, scope["headers"]),
        )
        self._keep(record)
        delivered = False

        async def idempotent() -> Message:
            nonlocal delivered
            if not delivered:
                delivered = True
                return {"type": "http.request", "body": body, "more_body": False}
            return await receive()

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
            await send(message)

        await self._app(scope, idempotent, note)

    def _keep(self, record: RecordedRequest) -> None:
        if not self.requests:  # a test may have cleared them
            self._bytes = 0
        self.requests.append(record)
        self._bytes += len(record.body)
        while len(self.requests) > _MOST or (self._bytes > _MOST_BYTES and len(self.requests) > 1):
            self._bytes -= len(self.requests.pop(0).body)


async def _whole_body(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(pieces)


def fingerprint(secret: str) -> str:
    """Return what stands for a secret: the same for the same one, and of no use to anybody."""
    return f"#{hashlib.sha256(secret.encode()).hexdigest()[:12]}"


def _masked(name: bytes, value: str) -> str:
    if name == b"authorization":
        scheme, _, secret = value.partition(" ")
        return f"{scheme} {fingerprint(secret)}"
    return fingerprint(value) if name in {b"cookie", b"set-cookie"} else value


def _without_secrets(body: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    kind = dict(headers).get(b"content-type", b"")
    if not kind.startswith(b"application/x-www-form-urlencoded"):
        return body
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True)
    except UnicodeDecodeError:
        return body
    return urlencode(
        [(name, fingerprint(value) if name in _SECRET_FIELDS else value) for name, value in fields]
    ).encode()
