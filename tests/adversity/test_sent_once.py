"""A call that changes something is sent once, unless the service recognises a repetition."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import httpx
import pytest

from globus_async import AccessTokenAuthorizer, GlobusError, RetryPolicy, Transport
from tests.clients import CLIENTS, Client
from tests.toolkit.clock import FakeClock
from tests.toolkit.http_clients import mock_client

RETRIES = 3
WRITES = {"POST", "PATCH"}
"""Requests that may not be repeated after a failure that leaves their outcome unknown."""

Failure = type[httpx.TransportError] | int


async def requests_of(client: Client, failure: Failure) -> dict[str, list[str]]:
    """Make each call of a client, all requests of which fail; return the HTTP methods of the requests, by call."""
    asyncio.get_running_loop().set_debug(False)
    sent: list[str] = []

    def fail(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        transport.origin(str(request.url)).budget.refill(after_retry=True)
        if isinstance(failure, int):
            return httpx.Response(failure, json={"code": "Unknown"})
        raise failure("scripted failure", request=request)

    found: dict[str, list[str]] = {}
    async with (
        mock_client(fail) as http,
        Transport(http_client=http, clock=FakeClock(skipping=True)) as transport,
    ):
        made = client.make(
            transport,
            retry=RetryPolicy(max_retries=RETRIES),
            authorizer=AccessTokenAuthorizer("AgToken"),
            rate_limit=None,
        )
        for call in client.all_calls:
            sent.clear()
            with contextlib.suppress(GlobusError):  # bulk calls report it in their outcomes
                await call.run(made)
            found[call.method] = list(sent)
    return found


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("failure", [httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError, 500, 503])
@pytest.mark.parametrize("client", CLIENTS, ids=str)
async def test_every_method(client: Client, failure: Failure, record_property: Callable[[str, object], None]) -> None:
    """After a failure that leaves the outcome unknown, POST and PATCH are not repeated, except as the facts declare."""
    writes = {name: sent for name, sent in (await requests_of(client, failure)).items() if not WRITES.isdisjoint(sent)}
    repeated = {name for name, sent in writes.items() if len(sent) > 1}
    expected = {name for name in client.facts.repeated_writes if name in client.methods}
    assert repeated - expected == set(), f"{client} repeats writes: is it harmless? Then declare repeated_writes"
    assert expected - repeated == set(), f"{client} does not repeat what its facts declare in repeated_writes"
    record_property("calls that were sent once only", len(writes) - len(repeated))


async def test_how_many() -> None:
    """The calls that are sent once only are many."""
    once = 0
    for client in CLIENTS:
        requests = (await requests_of(client, 500)).values()
        once += sum(len(sent) == 1 and sent[0] in WRITES for sent in requests)
    assert once > 20
