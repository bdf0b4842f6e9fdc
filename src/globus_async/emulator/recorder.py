"""The requests that an emulator has received."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode

from .injection import CONNECTION, ZERO_COPY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
_MAX_REQUESTS: Final = 100_000
"""Above this number the oldest requests are removed."""

_MAX_BYTES: Final = 256 << 20
"""Above this size of all bodies the oldest requests are removed."""


@dataclass(slots=True)
class RecordedRequest:
    """A request, with fingerprints in place of the secrets in it."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str] = field(repr=False)
    """Names are in lower case. ``authorization`` keeps its scheme; equal secrets have equal fingerprints."""
    body: bytes = field(repr=False)
    """
    The bytes that were sent, with fingerprints in place of the secret fields of a form; empty for the files that are
    sent to the HTTPS servers of collections.
    """
    status: int | None = None
    """The status of the response, once its headers were sent; `None` before, and if there was no response."""
    received_at: float = 0.0
    """The POSIX seconds of the emulator's clock at which it was received."""
    number: int = 0
    """Its number among all requests, from 1."""
    host: str = ""
    """The host it was sent to; that of the service where the address is a path of the emulator."""
    connection: int | None = None
    """The number of the connection it came by; `None` in process."""
    bytes_received: int = 0
    """The bytes of its body, so far."""
    bytes_sent: int = 0
    """The bytes of the response's body, so far."""
    ended: int | None = None
    """The number of the next request when this one had ended, by which one sees which were in flight together."""

    @property
    def json(self) -> Any:
        """The body, parsed as JSON."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The body, parsed as a form."""
        return dict(parse_qsl(self.body.decode()))


class Recorder:
    """
    An ASGI layer that records every request to an application.

    Args:
        app: The application.
        now: Returns POSIX seconds.
        streams: Returns whether the body of a request is passed on as it arrives, and is not recorded.
    """

    def __init__(
        self, app: ASGIApp, now: Callable[[], float], *, streams: Callable[[Scope], bool] = lambda _: False
    ) -> None:
        self._app = app
        self._now = now
        self._streams = streams
        self.requests: list[RecordedRequest] = []
        self._bytes = 0
        self._numbers = itertools.count(1)
        self._last = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record a request, then pass it to the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received_at = self._now()
        streams = self._streams(scope)
        body = b"" if streams else await _whole_body(receive)
        headers = dict(scope["headers"])
        record = RecordedRequest(
            scope["method"],
            scope["path"],
            parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            {name.decode("latin-1"): _masked(name, value.decode("latin-1")) for name, value in scope["headers"]},
            _without_secrets(body, scope["headers"]),
            received_at=received_at,
            number=next(self._numbers),
            host=headers.get(b"host", b"").decode("latin-1").lower(),
            connection=scope.get("extensions", {}).get(CONNECTION),
            bytes_received=len(body),
        )
        self._last = record.number
        self._keep(record)
        delivered = False

        async def count() -> Message:
            message = await receive()
            record.bytes_received += len(message.get("body", b""))
            return message

        async def replay() -> Message:
            nonlocal delivered
            if not delivered:
                delivered = True
                return {"type": "http.request", "body": body, "more_body": False}
            return await receive()

        async def record_response(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
            await send(message)
            record.bytes_sent += message["count"] if message["type"] == ZERO_COPY else len(message.get("body", b""))

        try:
            await self._app(scope, count if streams else replay, record_response)
        finally:
            record.ended = self._last + 1

    def _keep(self, record: RecordedRequest) -> None:
        if not self.requests:  # a test may have cleared them
            self._bytes = 0
        self.requests.append(record)
        self._bytes += len(record.body)
        while len(self.requests) > _MAX_REQUESTS or (self._bytes > _MAX_BYTES and len(self.requests) > 1):
            self._bytes -= len(self.requests.pop(0).body)


async def _whole_body(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(pieces)


def fingerprint(secret: str) -> str:
    """
    Return the fingerprint of a secret: part of its SHA-256 hash.

    Args:
        secret: The secret text.
    """
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
