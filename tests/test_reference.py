"""The reference pages of the documentation name every client and every method."""

from __future__ import annotations

import re

import pytest

from tests.clients import CLIENTS, SERVICES, Client, Service
from tests.source import ROOT

AUTOCLASS = re.compile(r"^\.\. autoclass:: (?P<name>\S+)\n(?P<options>(?:   :.*\n)*)", re.MULTILINE)
AUTOMETHOD = re.compile(r"^\.\. automethod:: (?P<name>\S+)$", re.MULTILINE)


def page_of(service: Service) -> str:
    """Return the reference page of a service."""
    path = ROOT / "docs" / "reference" / f"{service}.md"
    assert path.exists(), f"the service {service} has no reference page: write {path.relative_to(ROOT)}"
    return path.read_text()


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.service], ids=str)
def test_every_method_is_named(client: Client) -> None:
    """Each method of a client is documented with it, or with a client that inherits it."""
    assert client.service is not None
    page = page_of(client.service)
    classes = {match["name"].rpartition(".")[2]: ":members:" in match["options"] for match in AUTOCLASS.finditer(page)}
    assert str(client) in classes, f"docs/reference/{client.service}.md has no autoclass of {client}"
    family = {
        str(other)
        for other in client.service.clients
        if issubclass(other.kind, client.kind) or issubclass(client.kind, other.kind)
    }
    named = {tuple(match["name"].split(".")[-2:]) for match in AUTOMETHOD.finditer(page)}
    missing = [
        name
        for name in [*client.own_methods, *client.own_functions]
        if not any((other, name) in named for other in family)
        # ``:members:`` leaves out what a class inherits
        and not (classes[str(client)] and name in vars(client.kind))
    ]
    assert not missing, f"docs/reference/{client.service}.md has no automethod of {', '.join(missing)} of {client}"


def test_what_all_clients_inherit_is_named() -> None:
    """The methods of bases without an entry of their own, such as ``with_options``, are in that of `BaseClient`."""
    core = {m["name"]: m["options"] for m in AUTOCLASS.finditer((ROOT / "docs" / "api.md").read_text())}
    assert ":inherited-members:" in core["globus_async.client.BaseClient"]


@pytest.mark.parametrize("service", SERVICES, ids=str)
def test_the_page_is_in_the_index(service: Service) -> None:
    """The reference page is in the table of contents."""
    page_of(service)
    entry = f"reference/{service}"
    listed = f"\n{entry}\n" in (ROOT / "docs" / "index.md").read_text()
    assert listed, f"add the line {entry} to the table of contents in docs/index.md"
