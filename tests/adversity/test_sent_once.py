"""What changes something is sent once, unless the service can tell a repetition."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import httpx
import pytest

from globus_async import AccessTokenAuthorizer, BaseClient, GlobusError, RetryPolicy, Transport
from globus_async.services.auth import AuthClient, ConfidentialAppAuthClient, NativeAppAuthClient
from globus_async.services.transfer import TransferClient
from tests.toolkit.calls import ID, every_call
from tests.toolkit.clock import FakeClock

RETRIES = 3
REPEATED = {
    "its submission id tells a repetition": {"submit_transfer", "submit_delete", "create_tunnel"},
    "done twice it is as done once": {
        "cancel_task",
        "cancel_task_and_wait",
        "endpoint_autoactivate",
        "endpoint_deactivate",
        "endpoint_manager_pause_tasks",
        "endpoint_manager_resume_tasks",
        "oauth2_revoke_token",
    },
    "it only asks": {"oauth2_token_introspect", "oauth2_validate_token"},
    "its grant uses nothing up": {
        "oauth2_token",  # with client credentials; codes and refresh tokens are sent once
        "oauth2_client_credentials_tokens",
        "oauth2_get_dependent_tokens",
    },
}
"""Calls by POST that are repeated, by the reason."""


def clients(transport: Transport) -> Iterator[BaseClient]:
    retry, bearer = RetryPolicy(max_retries=RETRIES), AccessTokenAuthorizer("AgToken")
    yield TransferClient(transport=transport, retry=retry, authorizer=bearer, rate_limit=None)
    yield AuthClient(transport=transport, retry=retry, authorizer=bearer)
    yield NativeAppAuthClient(ID, transport=transport, retry=retry)
    yield ConfidentialAppAuthClient(ID, "a secret", transport=transport, retry=retry)


@pytest.mark.parametrize("error", [httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError, 500, 503])
async def test_every_method(
    error: type[httpx.TransportError] | int, record_property: Callable[[str, object], None]
) -> None:
    """When nobody knows whether it was done, a call by POST or PATCH is not repeated; all others are."""
    asyncio.get_running_loop().set_debug(False)
    sent: list[str] = []

    def lost(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        transport.origin(str(request.url)).budget.refill(after_retry=True)
        if isinstance(error, int):
            return httpx.Response(error, json={"code": "Unknown"})
        raise error("so it goes", request=request)

    once: set[str] = set()
    repeated: set[str] = set()
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(lost)) as http,
        Transport(http_client=http, clock=FakeClock(skipping=True)) as transport,
    ):
        for client in clients(transport):
            for call in every_call(type(client)):
                sent.clear()
                with contextlib.suppress(GlobusError):  # some tell of it in their outcomes instead
                    await call.on(client)
                if not {"POST", "PATCH"}.isdisjoint(sent):
                    (once if len(sent) == 1 else repeated).add(str(call))
    record_property("calls that were sent once only", len(once))
    assert repeated == set[str]().union(*REPEATED.values())
    assert len(once) > 20
