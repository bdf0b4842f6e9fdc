"""Every method and parameter of globus-sdk is here, or removed for a documented reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clients import CLIENTS, SERVICES, Client, Service
from tests.parity.core_differences import DIFFERENCES as CORE
from tests.parity.inventory import Case, cases, check, check_exceptions
from tests.parity.official import counterpart, members_of
from tests.source import ROOT

COMPARED = [service for service in SERVICES if service.has("parity")]

each_service = pytest.mark.parametrize("service", SERVICES, ids=str)


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.service], ids=str)
def test_every_client_has_a_counterpart(client: Client) -> None:
    """Each client has a counterpart of the same name in globus-sdk, unless its facts declare that none exists."""
    assert client.service is not None
    if str(client) not in client.service.parity.no_counterpart:
        assert str(client) in members_of(client.service, "upstream")
        assert counterpart(client)


@pytest.mark.parametrize("case", [case for service in COMPARED for case in cases(service)], ids=str)
def test_method(case: Case, record_property: Callable[[str, object], None]) -> None:
    """The method exists, and takes the same parameters by name and by position, but for listed differences."""
    check(case)
    record_property(f"methods of globus-sdk {'1' if case.generation == 'seed' else '4'} compared", 1)


@each_service
def test_every_exception_is_one(service: Service) -> None:
    """Removed methods and parameters do not exist, and parameters that are passed by name only are not positional."""
    check_exceptions(service)


@each_service
def test_the_documentation_lists_the_differences(service: Service) -> None:
    """Run ``python -m tests.parity.differences`` if a page is not up to date."""
    page = ROOT / "docs" / f"{service}_differences.md"
    differences = service.parity.differences
    if differences.entries:
        assert page.exists(), f"{page.relative_to(ROOT)} is missing: run python -m tests.parity.differences"
        assert page.read_text() == differences.page()
    else:
        assert not page.exists()


def test_the_documentation_lists_the_differences_of_all_clients() -> None:
    """Run ``python -m tests.parity.differences`` if the page is not up to date."""
    assert (ROOT / "docs" / "client_differences.md").read_text() == CORE.page()


@pytest.mark.parametrize(
    ("service", "owner", "generation", "minimum"),
    [
        ("transfer", "TransferClient", "seed", 65),
        ("transfer", "TransferClient", "upstream", 69),
        ("auth", None, "seed", 25),
        ("auth", None, "upstream", 85),
    ],
)
def test_how_many(service: str, owner: str | None, generation: str, minimum: int) -> None:
    """As many methods are compared as globus-sdk has."""
    (found,) = (each for each in SERVICES if each.name == service)
    compared = [case for case in cases(found) if case.generation == generation and owner in {None, case.owner}]
    assert len(compared) >= minimum
