"""Every example in a docstring of a service's clients and classes runs, and prints what it says."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from globus_async import BaseClient, gare, scopes
from globus_async.scopes import consents
from tests.clients import CLIENTS, SERVICES, Client, Service
from tests.toolkit.examples import check_examples, examples_of

pytestmark = pytest.mark.slow

METHODS = [
    (client, name)
    for client in CLIENTS
    if client.service is not None
    for name in [*client.own_methods, *client.own_functions]
]
OWN = "globus_async."


def classes_of(service: Service) -> dict[str, Any]:
    """Return the public classes and functions of a service, and their public members, that have an example."""
    names: dict[str, Any] = {}
    for name in service.module.__all__:
        names |= members_of(name, getattr(service.module, name))
    return {name: thing for name, thing in names.items() if examples_of(thing)}


def members_of(name: str, thing: Any) -> dict[str, Any]:
    """Return a class or function, and the public members that a class defines or inherits from its own package."""
    found: dict[str, Any] = {name: thing}
    if inspect.isclass(thing) and thing.__module__.startswith(OWN) and not issubclass(thing, (BaseClient, Exception)):
        package = thing.__module__.rpartition(".")[0]
        for base in thing.__mro__:
            if base.__module__.startswith(package):
                found |= {
                    f"{name}.{each}": getattr(thing, each)
                    for each, member in vars(base).items()
                    if not each.startswith("_")
                    and (callable(member) or isinstance(member, (classmethod, property, staticmethod)))
                }
    return found


def core() -> Iterator[tuple[str, Any]]:
    """Yield what other modules than the services have examples of, in terms of Auth."""
    for module in (scopes, consents, gare):
        for name in module.__all__:
            if callable(getattr(module, name)):
                yield from members_of(name, getattr(module, name)).items()


CLASSES = [(service, name) for service in SERVICES for name in classes_of(service)]
CORE = {name: thing for name, thing in core() if examples_of(thing)}
(AUTH,) = (service for service in SERVICES if service.name == "auth")

WORLDS = {service: service.world for service in SERVICES if service.has("world")}
"""Imported here, because importing an emulator blocks."""

Record = Callable[[str, object], None]


async def check(service: Service, documented: Any, record_property: Record) -> None:
    async with service.world() as names:
        await check_examples(documented, names, options=doctest.ELLIPSIS)
    record_property("statements in examples of docstrings", len(examples_of(documented)))


@pytest.mark.parametrize(("client", "name"), METHODS, ids=str)
async def test_method(client: Client, name: str, record_property: Record) -> None:
    """Each statement of a method's example prints what the docstring says."""
    assert client.service is not None
    method = getattr(client.kind, name)
    assert examples_of(method) or f"{client}.{name}" in client.facts.without_example, (
        f"{client}.{name} has no example: write one in its docstring, or declare it in without_example in"
        f" tests/services/{client.service}/facts.py"
    )
    await check(client.service, method, record_property)


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.service], ids=str)
def test_class(client: Client) -> None:
    """The docstring of a client describes the arguments of its constructor, and has an example."""
    doc = inspect.getdoc(client.kind) or ""
    for parameter in inspect.signature(client.kind).parameters:
        assert f"\n    {parameter}: " in doc, f"the docstring of {client} does not describe {parameter}"
    assert examples_of(client.kind) or str(client) in client.facts.without_example


@pytest.mark.parametrize("service", SERVICES, ids=str)
def test_data_classes(service: Service) -> None:
    """Classes of documents to send have an example."""
    names = [name for name in service.module.__all__ if name.endswith("Data")]
    assert [
        name
        for name in names
        if not examples_of(getattr(service.module, name)) and name not in service.facts.without_example
    ] == []


@pytest.mark.parametrize(("service", "name"), CLASSES, ids=str)
async def test_other(service: Service, name: str, record_property: Record) -> None:
    """Each statement of the example of another class or function of a service prints what the docstring says."""
    await check(service, classes_of(service)[name], record_property)


@pytest.mark.parametrize("name", CORE)
async def test_core(name: str, record_property: Record) -> None:
    """Each statement of the examples of scopes, consents and requirements prints what the docstring says."""
    await check(AUTH, CORE[name], record_property)


@pytest.mark.parametrize(("client", "name"), METHODS, ids=str)
def test_sections(client: Client, name: str) -> None:
    """A method's docstring describes its arguments, its result and its request, and has an example."""
    method = getattr(client.kind, name)
    doc, signature = inspect.getdoc(method) or "", inspect.signature(method)
    where = f"the docstring of {client}.{name}"
    for parameter in signature.parameters:
        if parameter != "self":
            assert f"\n    {parameter}: " in doc, f"{where} does not describe {parameter}"
    assert "Returns:\n" in doc, f"{where} has no section Returns"
    assert "Example:\n" in doc or f"{client}.{name}" in client.facts.without_example, f"{where} has no example"
    if name not in client.facts.no_request:
        assert "\nREST: `" in doc, f"{where} does not name the request"
        assert doc.rstrip().endswith(">`_"), f"{where} does not link to the documentation of the service"
