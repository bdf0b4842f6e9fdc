"""The same call through globus-sdk and through this package sends the same requests, but for listed differences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients import CLIENTS, SERVICES, Client, Service
from tests.parity.facts import WireCall
from tests.parity.official import counterpart, official_methods
from tests.parity.recording import RecordingServer
from tests.parity.wire import compare, compared_calls
from tests.source import ROOT

pytestmark = pytest.mark.slow

COMPARED = [(service, call) for service in SERVICES if service.has("parity") for call in compared_calls(service)]


@pytest.mark.parametrize(("service", "call"), COMPARED, ids=str)
def test_call(
    server: RecordingServer, service: Service, call: WireCall, record_property: Callable[[str, object], None]
) -> None:
    """HTTP method, path, query, body and credentials are the same."""
    compare(server, service, call)
    record_property("calls that send the same requests as those of globus-sdk", 1)


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.service], ids=str)
def test_every_method_is_compared(client: Client) -> None:
    """Each public method of the counterpart is compared here or by another test, or is excluded for a reason."""
    service = client.service
    assert service is not None
    facts = service.parity
    if str(client) in facts.no_counterpart:
        return
    compared = {call.name for call in compared_calls(service)} | {*facts.compared_by, *facts.not_compared}
    compared |= {f"{owner}.{name}" for owner, name in facts.removed}
    names = [str(client), *map(str, client.bases)]
    missing = [
        name
        for name in official_methods(counterpart(client))
        if name != "__init__" and not any(f"{owner}.{name}" in compared for owner in names)
    ]
    assert not missing, f"{client}: no call compares {missing}: add calls in tests/services/{service}/parity.py"


@pytest.mark.parametrize("service", SERVICES, ids=str)
def test_the_other_tests_exist(service: Service) -> None:
    """The tests that ``compared_by`` names exist."""
    for test in service.parity.compared_by.values():
        path, _, function = test.partition("::")
        assert f"def {function}(" in Path(ROOT, path).read_text()


def test_how_many() -> None:
    """As many calls are compared as two releases of globus-sdk have options."""
    assert len(COMPARED) > 500
