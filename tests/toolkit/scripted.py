"""
A service that responds by a script, as the HTTP client of a `Transport`, with a `FakeClock`.

The n-th request gets the n-th step, and all further ones the last step::

    service = Scripted(respond(503), respond(200, {"id": 1}))
    async with service.client() as client:
        await client.get("x")
    assert service.paths == ["/x", "/x"]
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from globus_async import BaseClient, RetryPolicy, Transport
from globus_async.authorizers import GlobusAuthorizer

from .clock import FakeClock
from .http_clients import mock_client

__all__ = ("ORIGIN", "Scripted", "Step", "fails", "fields_of", "raw", "respond")

ORIGIN = "https://transfer.api.globus.org/"

Step = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]
"""Returns the response to a request, or raises an error."""


def raw(status: int, body: bytes = b"", **headers: str) -> Step:
    """Respond with these bytes; an underscore in a header's name stands for a dash."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, content=body, headers=fields)


def respond(status: int, document: object = None, **headers: str) -> Step:
    """Respond with JSON."""
    fields = {"content_type": "application/json"} | headers
    return raw(status, json.dumps({} if document is None else document).encode(), **fields)


def fails(error: type[httpx.TransportError]) -> Step:
    """Fail as the HTTP library does."""

    def step(request: httpx.Request) -> httpx.Response:
        raise error("scripted failure", request=request)

    return step


class Scripted:
    """Plays the steps; records every request and its time."""

    def __init__(self, *steps: Step, clock: FakeClock | None = None) -> None:
        self.steps = steps or (respond(200),)
        self.clock = FakeClock(skipping=True) if clock is None else clock
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []
        self._begun = self.clock.monotonic()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Respond to the next request."""
        self.requests.append(request)
        self.times.append(self.clock.monotonic() - self._begun)
        came = self.steps[min(len(self.requests), len(self.steps)) - 1](request)
        return came if isinstance(came, httpx.Response) else await came

    @property
    def paths(self) -> list[str]:
        """The path of every request."""
        return [request.url.path for request in self.requests]

    @property
    def tokens(self) -> list[str | None]:
        """The ``Authorization`` header of every request."""
        return [request.headers.get("authorization") for request in self.requests]

    @asynccontextmanager
    async def transport(self, **options: Any) -> AsyncGenerator[Transport]:
        """Make a transport to this service; jitter is 1, so that every wait has its maximum length."""
        async with (
            mock_client(self) as http,
            Transport(http_client=http, clock=self.clock, **options) as transport,
        ):
            transport.jitter = lambda: 1.0
            yield transport

    @asynccontextmanager
    async def client(
        self,
        *,
        authorizer: GlobusAuthorizer | None = None,
        retry: RetryPolicy | None = None,
        client_class: type[BaseClient] = BaseClient,
        **options: Any,
    ) -> AsyncGenerator[BaseClient]:
        """Make a client of this service over a transport with these options."""
        async with self.transport(**options) as transport:
            yield client_class(base_url=ORIGIN, authorizer=authorizer, transport=transport, retry=retry)


def fields_of(request: httpx.Request) -> Mapping[str, str]:
    """Return the form in the body of a request."""
    return dict(httpx.QueryParams(request.content.decode()))
