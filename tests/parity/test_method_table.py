"""The tables of all methods in the documentation are up to date."""

from __future__ import annotations

import pytest

from tests.clients import SERVICES, Service
from tests.parity.method_table import owners, page, path_of, rows
from tests.source import ROOT

each_service = pytest.mark.parametrize("service", SERVICES, ids=str)


@each_service
def test_the_page_is_up_to_date(service: Service) -> None:
    """Run ``python -m tests.parity.method_table`` if it is not."""
    path = path_of(service)
    assert path.exists(), f"{path.relative_to(ROOT)} is missing: run python -m tests.parity.method_table"
    assert path.read_text() == page(service)


@each_service
def test_every_method_is_in_it(service: Service) -> None:
    """Every method of either generation and every method of the clients is listed, and how it is called here."""
    for owner, (before, now) in owners(service).items():
        found = {name: here for name, _, _, here in rows(service, owner)}
        assert {*before, *now} - {"__init__"} <= set(found)
        assert all(found.values())
    listed = {name for owner in owners(service) for name, *_ in rows(service, owner)}
    assert {name for client in service.clients for name in client.methods} <= listed


def test_it_distinguishes_coroutines_from_listings() -> None:
    """Methods that are awaited, methods that are iterated, and methods that are called."""
    (transfer,) = (service for service in SERVICES if service.name == "transfer")
    found = {name: here for name, _, _, here in rows(transfer, "TransferClient")}
    assert found["get_task"] == "`await get_task(...)`"
    assert found["task_list"] == "`async for ... in task_list(...)`"
    assert found["data_access_scope"] == "`data_access_scope(...)`"
