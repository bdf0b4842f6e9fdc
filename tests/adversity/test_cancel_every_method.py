"""Every public coroutine and listing of every client, cancelled at every suspension, over a pool of one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from globus_async import BaseClient, GlobusError, RetryPolicy, Transport
from tests.clients import CALLS, ID, Call
from tests.toolkit.cancel import POINTS, every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.leaks import Snapshot, recorded_problems
from tests.toolkit.raw_server import RawServer, Received, Script, Send, ok

pytestmark = pytest.mark.slow

ONCE = RetryPolicy(max_retries=0)

DOCUMENT = {
    "DATA_TYPE": "anything",
    "DATA": [],
    "identities": [],
    "keys": [],
    "value": ID,
    "task_id": ID,
    "status": "SUCCEEDED",
    "code": "Accepted",
    "total": 0,
    "has_next_page": False,
    "access_token": "access",
    "token_type": "Bearer",
    "scope": "openid profile email urn:globus:auth:scope:transfer.api.globus.org:all",
    "resource_server": "auth.globus.org",
    "expires_in": 3600,
    "active": True,
}


def respond(request: Received) -> Script:
    """Respond to every request with a document that most methods accept."""
    document = dict(DOCUMENT, jwks_uri=f"http://{request.header('host')}/jwk.json")
    return [Send(ok(json.dumps(document).encode()))]


@pytest.mark.parametrize("call", CALLS, ids=str)
async def test_every_method_at_every_suspension(call: Call, record_property: Callable[[str, object], None]) -> None:
    """In three modes: it ends cancelled, the next call gets the only slot, no task or descriptor is left."""
    async with (
        RawServer(respond) as server,
        Transport(max_in_flight=1, clock=FakeClock(skipping=True)) as transport,
    ):
        client = call.client.make(transport, base_url=server.url, retry=ONCE)
        other = BaseClient(base_url=server.url, transport=transport, retry=ONCE)

        async def make() -> object:
            try:
                return await call.run(client)
            except GlobusError as error:  # the one document is not what every method expects
                return error

        async def unharmed() -> None:
            async with asyncio.timeout(1):
                await other.get("/next")
            assert server.open <= 2
            assert [task for task in before.new_tasks() if task not in server.tasks] == []

        await other.get("/warm")
        await asyncio.sleep(0.001)
        before = Snapshot.take()
        with recorded_problems() as problems:
            points = await every_suspension(make, unharmed)
        problems.assert_none()
    record_property(POINTS, points)
    assert points >= 3
