"""A service that responds with a function, behind a client's transport, and records its requests."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx

from globus_async import Transport
from globus_async.services.auth import AuthLoginClient
from tests.toolkit.clock import FakeClock

C = TypeVar("C", bound=AuthLoginClient)
BASE = "https://auth.example.org/"
CLIENT_ID = "065db752-2f43-4fe1-a633-2ee68c9da889"


@dataclass(frozen=True)
class ReceivedRequest:
    """A parsed request."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    json: Any
    headers: httpx.Headers


def parse_request(request: httpx.Request) -> ReceivedRequest:
    url = urlsplit(str(request.url))
    body = request.content.decode()
    kind = request.headers.get("content-type", "")
    return ReceivedRequest(
        request.method,
        url.path,
        {name: ",".join(values) for name, values in parse_qs(url.query, keep_blank_values=True).items()},
        {name: values[0] for name, values in parse_qs(body).items()} if "form" in kind else {},
        json.loads(body) if body and "json" in kind else None,
        request.headers,
    )


Respond = Callable[[ReceivedRequest], Any] | Callable[[ReceivedRequest], Awaitable[Any]]


@dataclass
class Service:
    """Responds with the result of a function: a document, or an `httpx.Response`."""

    respond: Respond
    clock: FakeClock = field(default_factory=lambda: FakeClock(skipping=True))
    requests: list[ReceivedRequest] = field(default_factory=list)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        received = parse_request(request)
        self.requests.append(received)
        result = self.respond(received)
        if hasattr(result, "__await__"):
            result = await result
        return result if isinstance(result, httpx.Response) else httpx.Response(200, json=result)

    def transport(self, **options: Any) -> Transport:
        """Return a transport to this service; it need not be closed."""
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        return Transport(http_client=http, clock=self.clock, **options)

    def client(self, kind: type[C], *arguments: Any, **options: Any) -> C:
        """Create a client of this service."""
        return kind(*arguments, base_url=BASE, transport=self.transport(), **options)


def as_json(document: object) -> httpx.Response:
    """Return a response with any document, also null."""
    return httpx.Response(200, content=json.dumps(document), headers={"Content-Type": "application/json"})


def token_document(**changes: Any) -> dict[str, Any]:
    """Return a token response."""
    return {
        "access_token": "AgTransferToken",
        "token_type": "Bearer",
        "resource_server": "transfer.api.globus.org",
        "scope": "urn:globus:auth:scope:transfer.api.globus.org:all",
        "expires_in": 172800,
        "refresh_token": "AgRefreshToken",
        "state": "_default",
        "other_tokens": [
            {
                "access_token": "AgAuthToken",
                "token_type": "Bearer",
                "resource_server": "auth.globus.org",
                "scope": "openid email profile",
                "expires_in": 3600,
                "state": "_default",
            }
        ],
        **changes,
    }
