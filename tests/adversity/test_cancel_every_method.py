"""Every public coroutine and listing of every client, cancelled at every suspension, over a pool of one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from globus_async import BaseClient, GlobusError, RetryPolicy, Transport
from globus_async.services.auth import AuthClient, ConfidentialAppAuthClient, NativeAppAuthClient
from globus_async.services.transfer import TransferClient
from tests.toolkit.calls import ID, Call, every_call
from tests.toolkit.cancel import POINTS, every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.leaks import Snapshot, recorded_problems
from tests.toolkit.raw_server import RawServer, Received, Script, Send, ok

ONCE = RetryPolicy(max_retries=0)

Maker = Callable[[str, Transport], BaseClient]

MAKERS: dict[type[BaseClient], Maker] = {
    BaseClient: lambda url, door: BaseClient(base_url=url, transport=door, retry=ONCE),
    TransferClient: lambda url, door: TransferClient(base_url=url, transport=door, retry=ONCE),
    AuthClient: lambda url, door: AuthClient(base_url=url, transport=door, retry=ONCE),
    NativeAppAuthClient: lambda url, door: NativeAppAuthClient(ID, base_url=url, transport=door, retry=ONCE),
    ConfidentialAppAuthClient: lambda url, door: ConfidentialAppAuthClient(
        ID, "secret", base_url=url, transport=door, retry=ONCE
    ),
}
CALLS = [
    (client, call)
    for client in MAKERS
    for call in every_call(client)
    # what a client has from its base is tried there; AuthClient has no login whose code it could exchange
    if getattr(client, call.method) is not getattr(client.__base__, call.method, None) or client is AuthClient
    if (client, call.method) != (AuthClient, "oauth2_exchange_code_for_tokens")
]

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


def content(request: Received) -> Script:
    """Answer everything, in a way most methods are content with."""
    document = dict(DOCUMENT, jwks_uri=f"http://{request.header('host')}/jwk.json")
    return [Send(ok(json.dumps(document).encode()))]


@pytest.mark.parametrize(("client_class", "call"), CALLS, ids=lambda value: getattr(value, "__name__", str(value)))
async def test_every_method_at_every_suspension(
    client_class: type[BaseClient], call: Call, record_property: Callable[[str, object], None]
) -> None:
    """In three modes: it ends cancelled, the next call succeeds on the same place, no task or descriptor is left."""
    async with (
        RawServer(content) as server,
        Transport(max_in_flight=1, clock=FakeClock(skipping=True)) as transport,
    ):
        client = MAKERS[client_class](server.url, transport)
        other = BaseClient(base_url=server.url, transport=transport, retry=ONCE)

        async def make() -> object:
            try:
                return await call.on(client)
            except GlobusError as error:  # an answer that suits everybody suits few perfectly
                return error

        async def whole() -> None:
            async with asyncio.timeout(1):
                await other.get("/next")
            assert server.open <= 2
            assert [task for task in before.new_tasks() if task not in server.tasks] == []

        await other.get("/warm")
        await asyncio.sleep(0.001)
        before = Snapshot.take()
        with recorded_problems() as problems:
            points = await every_suspension(make, whole)
        problems.assert_none()
    record_property(POINTS, points)
    assert points >= 3
