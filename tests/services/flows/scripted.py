"""A Flows service of runs and logs whose states are functions of the time, and its clients."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx

from globus_async import AccessTokenAuthorizer, RetryPolicy, Transport
from globus_async.clock import Clock
from globus_async.services.flows import FlowsClient, SpecificFlowClient
from tests.toolkit.clock import FakeClock

__all__ = ("FLOW", "Handler", "RunService", "clients_of", "failure", "run_id")

FLOW = "5e1f2a4c-0000-4000-8000-00000000f10e"
Handler = Callable[[httpx.Request], httpx.Response] | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


def run_id(number: int) -> str:
    """Return the id of a run."""
    return f"5e1f2a4c-0000-4000-8000-{number:012x}"


def failure(status: int, code: str = "SOME_CODE", **headers: str) -> httpx.Response:
    """Return an error response."""
    return httpx.Response(
        status, json={"error": {"code": code, "detail": "about it"}, "debug_id": "d"}, headers=headers
    )


@asynccontextmanager
async def clients_of(
    service: Handler, *, clock: Clock | None = None, retries: int = 0
) -> AsyncGenerator[tuple[FlowsClient, SpecificFlowClient]]:
    """Yield clients whose requests are answered by a function."""
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(service)) as http_client,
        Transport(http_client=http_client, clock=clock, default_rate_limits=False) as shared,
    ):
        options: Any = {
            "base_url": "https://flows.example/",
            "authorizer": AccessTokenAuthorizer("t0ken"),
            "transport": shared,
            "retry": RetryPolicy(max_retries=retries),
        }
        yield FlowsClient(**options), SpecificFlowClient(FLOW, **options)


class RunService:
    """
    A service with numbered runs, which records its requests.

    Args:
        clock: The clock.
        page: The largest page of a log.
        seconds: The duration of each request.
    """

    def __init__(self, clock: FakeClock, *, page: int = 100, seconds: float = 0.0) -> None:
        self.clock = clock
        self.page = page
        self.seconds = seconds
        self.changes: dict[int, list[tuple[float, dict[str, Any]]]] = {}
        """The members of a run from a time on."""
        self.log: list[tuple[float, str]] = []
        """The codes of the entries of all logs, with their times."""
        self.failures: list[httpx.Response | Exception | None] = []
        """What the next requests end with, instead of their documents."""
        self.requests: list[tuple[float, str]] = []
        self.concurrent = self.most = 0
        self._began = clock.monotonic()

    @property
    def now(self) -> float:
        """Seconds since the service was made."""
        return round(self.clock.monotonic() - self._began, 6)

    def run(self, number: int) -> dict[str, Any]:
        """Return a run."""
        document: dict[str, Any] = {"run_id": run_id(number), "status": "ACTIVE", "flow_id": FLOW, "details": {}}
        for time, members in self.changes.get(number, []):
            if time <= self.now:
                document |= members
        return document

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Respond."""
        self.requests.append((self.now, request.url.path.removeprefix("/runs/")))
        self.concurrent += 1
        self.most = max(self.most, self.concurrent)
        try:
            if self.seconds:
                await self.clock.sleep(self.seconds)
            failed = self.failures.pop(0) if self.failures else None
            if isinstance(failed, Exception):
                raise failed
            return failed or self._respond(request)
        finally:
            self.concurrent -= 1

    def _respond(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.split("/")
        if parts[-1] != "log":
            return httpx.Response(200, json=self.run(int(parts[-1][-12:], 16)))
        begin = int(request.url.params.get("marker", "m0")[1:])
        size = min(self.page, int(request.url.params["limit"]))
        there = [code for time, code in self.log if time <= self.now]
        entries = [
            {"code": code, "time": "t", "description": "", "details": {}} for code in there[begin : begin + size]
        ]
        document: dict[str, Any] = {"entries": entries, "limit": len(entries), "has_next_page": False}
        if begin + size < len(there):
            document |= {"has_next_page": True, "marker": f"m{begin + size}"}
        return httpx.Response(200, content=json.dumps(document), headers={"Content-Type": "application/json"})
