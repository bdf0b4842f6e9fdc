"""A `SearchClient` of a scripted index, which takes in what is ingested as the service does."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx

from globus_async import Transport
from globus_async.clock import Clock
from globus_async.services.search import SearchClient

__all__ = ("INDEX", "ScriptedIndex", "entry", "search_client")

INDEX = "5e1f2a4c-0000-4000-8000-00000000000a"


def entry(number: int, **content: Any) -> dict[str, Any]:
    """Make an entry."""
    return {"subject": f"s{number:06}", "visible_to": ["public"], "content": {"number": number, **content}}


class ScriptedIndex:
    """
    An index that records what it is sent, and loses some of it.

    Attributes:
        batches: The entries of each ingest that was executed, or the subjects of each deletion.
        bodies: The bodies of these requests.
        failures: What happens to requests, by their number from 0: a status, or ``"lost"`` for a response that is lost.
        states: The states of tasks, by the number of the task; others succeed.
        polls_before_end: Number of polls of a task before it ends.
    """

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.bodies: list[bytes] = []
        self.failures: dict[int, int | str] = {}
        self.states: dict[int, str] = {}
        self.polls_before_end = 0
        self.requests = 0
        self.max_unfinished = 0
        self._polls: dict[int, int] = {}
        self._ended: set[int] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Respond to a request."""
        number, self.requests = self.requests, self.requests + 1
        failure = self.failures.get(number)
        if isinstance(failure, int):
            return httpx.Response(failure, json={"code": "BadRequest.ValidationError", "message": "refused"})
        if request.method == "GET":
            return self._task(UUID(request.url.path.rpartition("/")[2]).int)
        document = json.loads(request.content)
        self.batches.append(document.get("subjects") or document["ingest_data"]["gmeta"])
        self.bodies.append(request.content)
        self.max_unfinished = max(self.max_unfinished, len(self.batches) - len(self._ended))
        if failure == "lost":
            raise httpx.ReadError("the response is lost", request=request)
        return httpx.Response(200, json={"acknowledged": True, "task_id": str(UUID(int=len(self.batches) - 1))})

    def _task(self, number: int) -> httpx.Response:
        if number >= len(self.batches):
            return httpx.Response(404, json={"code": "NotFound.Generic", "message": "no such task"})
        polls = self._polls[number] = self._polls.get(number, 0) + 1
        state = self.states.get(number, "SUCCESS") if polls > self.polls_before_end else "PENDING"
        if state != "PENDING":
            self._ended.add(number)
        message = "too many fields" if state == "FAILED" else None
        document = {"task_id": str(UUID(int=number)), "state": state, "message": message, "task_type": "ingest"}
        return httpx.Response(200, json=document)

    def subjects(self) -> Iterator[str]:
        """Yield the subjects of all executed ingests, with repetitions."""
        return (each["subject"] for batch in self.batches for each in batch)


@asynccontextmanager
async def search_client(service: Any, *, clock: Clock | None = None) -> AsyncGenerator[SearchClient]:
    """Yield a client without a rate limit, whose requests are answered by a function."""
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(service)) as http_client,
        Transport(http_client=http_client, clock=clock, default_rate_limits=False) as transport,
    ):
        transport.jitter = lambda: 0.0
        yield SearchClient(base_url="https://search.example/", transport=transport)
