"""A `TransferClient` with a function as its service."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx

from globus_async import AccessTokenAuthorizer, RetryPolicy, Transport
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.clock import Clock
from globus_async.services.transfer import TransferClient

__all__ = ("TASK", "A", "B", "C", "client_of", "document_of", "raw_response_of", "refusal")

A, B, C, TASK = (f"5e1f2a4c-0000-4000-8000-{number:012d}" for number in range(1, 5))
Service = Callable[[httpx.Request], httpx.Response] | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


@asynccontextmanager
async def client_of(
    service: Service, *, clock: Clock | None = None, retries: int = 0
) -> AsyncGenerator[TransferClient]:
    """Yield a client without a rate limit, whose requests are answered by a function."""
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(service)) as http_client,
        Transport(http_client=http_client, clock=clock, default_rate_limits=False) as shared,
    ):
        yield TransferClient(
            base_url="https://transfer.example/",
            authorizer=AccessTokenAuthorizer("t0ken"),
            transport=shared,
            retry=RetryPolicy(max_retries=retries),
        )


def refusal(status: int, code: str, **members: Any) -> httpx.Response:
    """Return an error response."""
    document = {"code": code, "message": f"about {code}", "request_id": "Abc123xyz", "resource": "/", **members}
    return httpx.Response(status, json=document)


def document_of(request: httpx.Request) -> Any:
    """Return the JSON body of a request."""
    return json.loads(request.content)


def raw_response_of(status: int, document: Any) -> RawResponse:
    """Return a raw response."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = Headers([(b"Content-Type", b"application/json")])
    return RawResponse(method="GET", path="/v0.10/thing", status=status, reason="Reason", headers=headers, body=body)
