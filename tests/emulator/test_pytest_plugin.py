"""The fixtures of the pytest plugin."""

from __future__ import annotations

import os

import httpx
import pytest

from globus_async import AuthClient, GlobusAPIError, RateLimit, TransferClient, Transport
from globus_async.testing import GlobusEmulator, LoopbackServer, MemoryStorage, RecordedRequest
from globus_async.testing.faults import status


async def test_client_and_emulator_are_connected(
    globus_emulator: GlobusEmulator, transfer_client: TransferClient, globus_requests: list[RecordedRequest]
) -> None:
    """A test adds a collection, lists it through the client, and finds the request recorded."""
    lab = globus_emulator.add_collection("Lab", storage=MemoryStorage({"data.txt": "1"}))
    assert [entry["name"] async for entry in transfer_client.operation_ls(lab.id, path="/")] == ["data.txt"]
    assert [(request.method, request.path) for request in globus_requests] == [
        ("GET", f"/v0.10/operation/endpoint/{lab.id}/ls")
    ]


async def test_auth_client_has_the_same_identity(auth_client: AuthClient) -> None:
    """The Auth client has a token of the emulator's first identity."""
    info = await auth_client.userinfo()
    assert info["preferred_username"] == "user@example.org"


@pytest.mark.usefixtures("globus_retries_at_once")
async def test_retries_without_waiting(globus_emulator: GlobusEmulator, transfer_client: TransferClient) -> None:
    """All retries are made, without delays."""
    globus_emulator.faults.add("GET", "/v0.10/task_list", status(500), times=100)
    with pytest.raises(GlobusAPIError) as caught:
        await transfer_client.task_list()
    assert [attempt.waited for attempt in caught.value.attempts] == [0, 0, 0, 0, 0, None]
    async with globus_emulator.user_app() as app:
        with pytest.raises(GlobusAPIError) as caught:
            await TransferClient(app=app).task_list()
    assert [attempt.waited for attempt in caught.value.attempts] == [0, 0, 0, 0, 0, None]


def test_environment_of_synchronous_programs(globus_emulator: GlobusEmulator, globus_server: LoopbackServer) -> None:
    """The variables that Globus SDKs read have the emulator's URL."""
    url = os.environ["GLOBUS_SDK_SERVICE_URL_TRANSFER"]
    assert url.rstrip("/") == globus_server.url.rstrip("/")
    headers = {"Authorization": f"Bearer {globus_emulator.access_token()}"}
    response = httpx.get(f"{globus_server.url.rstrip('/')}/v0.10/task_list", headers=headers)
    assert (response.status_code, response.json()["total"]) == (200, 0)


async def test_no_default_rate_limit(transfer_client: TransferClient, globus_transport: Transport) -> None:
    """A test with hundreds of calls does not wait; a client may have a rate limit of its own."""
    assert transfer_client.rate_limit is None
    assert TransferClient(transport=globus_transport, rate_limit=RateLimit(5, 1)).rate_limit == RateLimit(5, 1)
    assert TransferClient.default_rate_limit is not None


@pytest.mark.usefixtures("globus_server")
def test_no_default_rate_limit_of_programs() -> None:
    """Nor do clients that the tested program makes, on sockets."""
    assert TransferClient().rate_limit is None
