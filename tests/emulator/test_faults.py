"""Fault injection, in process and on a socket."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from globus_async.testing import Fault, GlobusEmulator, ManualClock, MemoryStorage, faults

TASKS = "/v0.10/task_list"


class Client:
    """An HTTP client of the emulator with a token."""

    def __init__(self, emulator: GlobusEmulator, http: httpx.AsyncClient) -> None:
        self.emulator = emulator
        self.http = http
        self.headers = {"Authorization": f"Bearer {emulator.access_token()}"}

    async def get(self, path: str = TASKS) -> httpx.Response:
        return await self.http.get(path, headers=self.headers)


@pytest.fixture(params=["in process", "socket"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    async with GlobusEmulator() as emulator:
        if request.param == "socket":
            async with emulator.serve() as server, httpx.AsyncClient(base_url=server.url) as http:
                yield Client(emulator, http)
        else:
            transport = httpx.ASGITransport(emulator.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://globus") as http:
                yield Client(emulator, http)


async def test_times_and_after(client: Client) -> None:
    """A fault is injected into the given number of matching requests, after those that it leaves alone."""
    client.emulator.faults.add("GET", "/v0.10/task*", faults.status(503), times=2, after=1)
    assert [(await client.get()).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert client.emulator.faults.triggered == [("GET", TASKS)] * 2
    client.emulator.faults.add("POST", "*", faults.status(500))
    client.emulator.faults.add("*", "/v2/*", faults.status(500))
    assert (await client.get()).status_code == 200
    assert (await client.get("/v2/api/identities?ids=x")).status_code == 500
    client.emulator.faults.clear()


async def test_every_form_of_retry_after(client: Client) -> None:
    """Retry-After can be seconds, a date, any text, or absent."""
    forms: list[Any] = [7, 0, 0.5, "soon", None]
    for form in forms:
        client.emulator.faults.add("GET", TASKS, faults.status(429, retry_after=form))
        response = await client.get()
        assert response.headers.get("retry-after") == (None if form is None else str(form))
        assert response.json()["code"] == "ClientError.TooManyRequests"
    clock = ManualClock(start=1_800_000_000)
    client.emulator.faults.add("GET", TASKS, faults.status(503, retry_after=60, as_date=True, clock=clock))
    date = parsedate_to_datetime((await client.get()).headers["retry-after"])
    assert date.timestamp() == 1_800_000_060


@pytest.mark.parametrize("drop", [faults.drop_before, faults.drop_within, faults.drop_after])
async def test_dropped_connections(client: Client, drop: Callable[[], Fault]) -> None:
    """A dropped connection is a network error for that request, and for no other."""
    client.emulator.faults.add("GET", TASKS, drop())
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await client.get()
    assert (await client.get()).status_code == 200


async def test_effects_of_dropped_requests(client: Client) -> None:
    """A request dropped before processing has no effect; one dropped within or after the response has."""
    lab = client.emulator.add_collection("Lab", storage=MemoryStorage())
    path = f"/v0.10/operation/endpoint/{lab.id}/mkdir"
    done: dict[str, bool] = {}
    for name, drop in (
        ("before", faults.drop_before()),
        ("within", faults.drop_within(10)),
        ("after", faults.drop_after()),
    ):
        client.emulator.faults.add("POST", path, drop)
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await client.http.post(path, json={"path": f"/{name}"}, headers=client.headers)
        assert isinstance(lab.storage, MemoryStorage)
        done[name] = f"{name}/" in lab.storage.tree()
    assert done == {"before": False, "within": True, "after": True}
    assert [request.status for request in client.emulator.requests[-3:]] == [None, 200, None]


async def test_bodies(client: Client) -> None:
    """Bodies can be truncated, malformed, empty, or an HTML page."""
    plain = await client.get()
    client.emulator.faults.add("GET", TASKS, faults.truncated(10))
    assert (await client.get()).content == plain.content[:10]
    client.emulator.faults.add("GET", TASKS, faults.malformed())
    broken = await client.get()
    assert broken.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        broken.json()
    client.emulator.faults.add("GET", TASKS, faults.empty())
    assert (await client.get()).content == b""
    client.emulator.faults.add("GET", TASKS, faults.html(502))
    page = await client.get()
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html; charset=utf-8")


async def test_slowness(client: Client) -> None:
    """Latency delays the response, a slow body stretches it; both can be combined."""
    client.emulator.faults.add("GET", TASKS, faults.latency(0.05))
    client.emulator.faults.add("GET", TASKS, faults.slow_body(size=40, pause=0.01))
    start = time.monotonic()
    response = await client.get()
    assert response.json()["total"] == 0
    assert time.monotonic() - start >= 0.06


async def test_tokens(client: Client) -> None:
    """A token can be revoked or expire just before the request with it is processed."""
    for fault in (faults.revoke_token, faults.expire_token):
        client.headers = {"Authorization": f"Bearer {client.emulator.access_token()}"}
        assert (await client.get()).status_code == 200
        client.emulator.faults.add("GET", TASKS, fault(client.emulator.auth))
        assert (await client.get()).status_code == 401
        assert (await client.get()).status_code == 401


@pytest.mark.parametrize("fault", [faults.status, faults.html], ids=["status", "html"])
@pytest.mark.parametrize("code", [-1, 0, 99, 100, 101, 199, 600, 999])
def test_a_status_that_no_response_has(fault: Callable[[int], object], code: int) -> None:
    """Refused when the fault is made, not when a request meets it."""
    with pytest.raises(ValueError, match=f"between 200 and 599, not {code}"):
        fault(code)
