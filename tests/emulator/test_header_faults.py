"""Faults that a request asks for in its header, and the control plane of other machines."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from globus_async.testing import GlobusEmulator, ManualClock

TASKS = "/v0.10/task_list"
CONTROL = {"X-Emulator-Control": "1"}
STATUS = '{"fault": "status", "arguments": {"code": 503, "retry_after": 7}}'


@pytest.fixture
async def emulator() -> AsyncIterator[GlobusEmulator]:
    async with GlobusEmulator(clock=ManualClock()) as made:
        yield made


@pytest.fixture
async def http(emulator: GlobusEmulator) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {emulator.access_token()}"}
    async with emulator.serve() as server, httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        yield client


async def test_one_request(http: httpx.AsyncClient, emulator: GlobusEmulator) -> None:
    """The fault concerns this request alone, and both are recorded."""
    failed = await http.get(TASKS, headers={"X-Emulator-Fault": STATUS})
    assert (failed.status_code, failed.headers["retry-after"]) == (503, "7")
    with pytest.raises(httpx.TransportError):
        await http.get(TASKS, headers={"X-Emulator-Fault": '{"fault": "drop_before"}'})
    assert (await http.get(TASKS)).status_code == 200
    assert (await http.get(TASKS, headers={"X-Emulator-Fault": '{"fault": "revoke_token"}'})).status_code == 401
    assert [each.status for each in emulator.requests] == [503, None, 200, 401]
    assert emulator.faults.triggered == [("GET", TASKS)] * 3


async def test_together_with_others(http: httpx.AsyncClient, emulator: GlobusEmulator) -> None:
    """Those of the control plane are the outer layers; its own requests have no faults."""
    document = {"path": TASKS, "fault": "status", "arguments": {"code": 500}}
    await http.post("/emulator/faults", json=document, headers={**CONTROL, "X-Emulator-Fault": STATUS})
    assert (await http.get(TASKS, headers={"X-Emulator-Fault": STATUS})).status_code == 500
    assert (await http.get(TASKS, headers={"X-Emulator-Fault": STATUS})).status_code == 503
    assert emulator.faults.pending == []


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([""], "INVALID_HEADER"),
        (["503"], "INVALID_HEADER"),
        (["[]"], "INVALID_HEADER"),
        (["{"], "INVALID_HEADER"),
        (["{" * 3000], "INVALID_HEADER"),
        (["\xff"], "INVALID_HEADER"),
        (['{"fault": NaN}'], "INVALID_HEADER"),
        ([STATUS, STATUS], "INVALID_HEADER"),
        ([STATUS[:-1] + " " * 5000 + "}"], "INVALID_HEADER"),
        (["{}"], "INVALID_FIELD"),
        (['{"fault": "nothing"}'], "INVALID_FIELD"),
        (['{"fault": ["status"]}'], "INVALID_FIELD"),
        (['{"fault": "status"}'], "INVALID_FIELD"),
        (['{"fault": "status", "arguments": {"code": 99}}'], "INVALID_FIELD"),
        (['{"fault": "status", "arguments": {"code": 503, "retry_after": "1\\r\\nX: 2"}}'], "INVALID_FIELD"),
        (['{"fault": "latency", "arguments": {"seconds": 1e999}}'], "INVALID_HEADER"),
        (['{"fault": "drop_before", "times": 2}'], "UNKNOWN_MEMBER"),
    ],
)
async def test_hostile_values(http: httpx.AsyncClient, values: list[str], code: str) -> None:
    """They are refused with the reason, and the request is not processed."""
    headers = [(b"x-emulator-fault", value.encode("latin-1")) for value in values]
    refused = await http.get(TASKS, headers=[*headers, (b"host", http.base_url.netloc)])
    assert (refused.status_code, refused.json()["code"]) == (400, code), refused.text
    assert set(refused.json()) == {"code", "message"}


@pytest.mark.parametrize("address", ["192.0.2.1", "127.0.0.1"])
@pytest.mark.parametrize("is_remote", [False, True])
async def test_other_machines(address: str, is_remote: bool) -> None:
    """They control the emulator if it was asked to allow it; a proxy counts as another machine."""
    async with GlobusEmulator(remote_control=is_remote) as emulator:
        transport = httpx.ASGITransport(emulator.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            for proxied in ({}, {"X-Forwarded-For": "127.0.0.1"}):
                allowed = is_remote or (address == "127.0.0.1" and not proxied)
                seen = await http.get(TASKS, headers={"X-Emulator-Fault": STATUS, **proxied})
                assert seen.status_code == (503 if allowed else 403)
                seen = await http.post("/emulator/reset", headers={**CONTROL, **proxied})
                assert seen.status_code == (204 if allowed else 403)
            assert (await http.post("/emulator/reset")).status_code == 403


async def test_a_web_page_cannot_send_it(http: httpx.AsyncClient) -> None:
    """A page of another site has to ask first, and is refused."""
    origin = {"Origin": "https://evil.example", "Access-Control-Request-Headers": "x-emulator-fault"}
    asked = await http.options(TASKS, headers={**origin, "Access-Control-Request-Method": "GET"})
    assert (asked.status_code, "access-control-allow-headers" in asked.headers) == (403, False)
    assert json.loads(asked.text)["code"] == "CrossSiteRequest"
