"""Requests from one service of an emulator to another, in process."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Scope

__all__ = ("PeerResponse", "send_request")


@dataclass(frozen=True, slots=True)
class PeerResponse:
    """The response of another service."""

    status: int
    """The HTTP status."""
    document: Any
    """The JSON document of the body; `None` if it is not JSON."""
    headers: Mapping[str, str] = field(repr=False)
    """The headers, with names in lower case."""

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300


async def send_request(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    host: str,
    token: str | None = None,
    document: object = None,
    query: Mapping[str, str] | None = None,
) -> PeerResponse:
    """
    Send a request to an ASGI application; an exception that it raises is that of this call.

    Args:
        app: The application.
        method: The HTTP verb.
        path: The path, without encoding.
        host: The host that the request is for.
        token: The access token.
        document: The JSON document of the body; no body by default.
        query: The query parameters.
    """
    body = b"" if document is None else json.dumps(document).encode()
    headers = {"host": host, "accept": "application/json", "content-length": str(len(body))}
    if document is not None:
        headers["content-type"] = "application/json"
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": urlencode(query or {}).encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": None,
        "server": (host, 443),
    }
    start: dict[str, Any] = {}
    received = bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            received.extend(message.get("body", b""))

    await app(scope, receive, send)
    names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
    return PeerResponse(start["status"], _parse(received), names)


def _parse(body: bytearray) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
