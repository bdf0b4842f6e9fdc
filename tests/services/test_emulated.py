"""Every client has an emulated service, which has a route for every request of every method."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from globus_async import AccessTokenAuthorizer, GlobusError, RetryPolicy
from globus_async.testing import GlobusEmulator
from tests.clients import CLIENTS, Client
from tests.source import ROOT

CLIENTS_OF_SERVICES = [client for client in CLIENTS if client.service]


def package_of(client: Client) -> str:
    """Return the path of the package that emulates a client's service."""
    return f"src/globus_async/emulator/{client.facts.same_as or client.service}"


@pytest.mark.parametrize("client", CLIENTS_OF_SERVICES, ids=str)
def test_every_service_is_emulated(client: Client) -> None:
    """The service of each client is emulated by a package of its name."""
    package = package_of(client)
    assert (ROOT / package / "service.py").exists(), f"{client} has no emulated service: add it in {package}/service.py"


@pytest.mark.parametrize("client", CLIENTS_OF_SERVICES, ids=str)
async def test_every_request_has_a_route(client: Client, record_property: Callable[[str, object], None]) -> None:
    """No method of a client sends a request that the emulator has no route for."""
    asyncio.get_running_loop().set_debug(False)
    package = package_of(client)
    missing: list[str] = []
    async with GlobusEmulator() as emulator:
        emulator.add_identity("ada@example.org")
        transport = emulator.transport()
        address = client.facts.emulated_address
        base_url: dict[str, Any] = {} if address is None else {"base_url": address(emulator)}
        made = client.make(
            transport,
            **base_url,
            authorizer=AccessTokenAuthorizer(emulator.access_token()),
            retry=RetryPolicy(max_retries=0),
            rate_limit=None,
        )
        for call in client.calls:
            before = emulator.unknown_paths.copy()
            with contextlib.suppress(GlobusError):  # what it is called with need not exist
                await call.run(made)
            missing += [f"{call}: {request}" for request in emulator.unknown_paths - before]
        await transport.aclose()
    record_property("methods whose requests the emulator has a route for", len(client.calls))
    assert not missing, f"the emulator has no route for {', '.join(missing)}: add it in {package}"
