"""The registry finds every client, and every service declares what the tests of all clients need."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import globus_async
from globus_async import BaseClient, services
from tests.clients import CALLS, CLIENTS, SERVICES, Call, Client, Service
from tests.parity.inventory import cases
from tests.source import MODULES

WITHOUT_QUERY_PARAMETERS = {
    # files, whose servers have no query parameters
    "delete_file",
    "download",
    "download_tree",
    "read",
    "size",
    "upload",
    "upload_tree",
    "get_jwk",  # its address is checked first, and has no parameters
    "oauth2_exchange_code_for_tokens",
    # several requests of different kinds
    "cancel_task_and_wait",
    "delete_subjects",
    "follow_run_logs",
    "get_tasks",
    "ingest_entries",
    "run_task",
    "submit_documents",
    "submit_items",
    "task_wait",
    "task_watch",
    "wait_for_run",
    "wait_for_runs",
    "wait_for_task",
    "wait_for_tasks",
    "wait_for_timer",
    "wait_for_timer_run",
    "watch_run",
}

each_service = pytest.mark.parametrize("service", SERVICES, ids=str)
each_client = pytest.mark.parametrize("client", CLIENTS, ids=str)


def test_every_service_is_found() -> None:
    """Each package below ``globus_async.services`` is a service."""
    assert [str(service) for service in SERVICES] == sorted(
        each.name for each in pkgutil.iter_modules(services.__path__)
    )
    assert {"auth", "transfer"} <= {str(service) for service in SERVICES}


@each_service
def test_a_service_has_clients(service: Service) -> None:
    """A service exports at least one client."""
    assert service.clients, f"{service.module.__name__}.__all__ names no subclass of BaseClient"


@each_service
def test_every_client_is_exported(service: Service) -> None:
    """A class named ``...Client`` that a module of a service makes public is exported by its package."""
    prefix = f"globus_async.services.{service}."
    public = {
        name
        for module in MODULES
        if module.name.startswith(prefix) and not module.path.name.startswith("_")
        for name in module.all_names
        if name.endswith("Client") and issubclass(getattr(importlib.import_module(module.name), name), BaseClient)
    }
    assert public <= {str(client) for client in service.clients}


@each_service
def test_a_service_declares_its_facts(service: Service) -> None:
    """A service has an emulated world for its examples, and is compared with globus-sdk."""
    assert callable(service.world)
    assert service.parity is not None


@each_client
def test_a_client_is_a_public_name(client: Client) -> None:
    """A client can be imported from the package itself."""
    assert getattr(globus_async, str(client), None) is client.kind, (
        f"add {client} to the names in src/globus_async/__init__.py"
    )


@each_client
def test_a_client_has_errors_of_its_service(client: Client) -> None:
    """Any error response is raised as a class of the service, not only as a `GlobusAPIError`."""
    service = client.facts.same_as or client.service
    home = "globus_async.errors" if service is None else f"globus_async.services.{service}."
    assert client.kind.error_kinds.class_for(400, "").__module__.startswith(home), (
        f"set error_kinds in {client.kind.__module__}"
    )


@each_client
def test_arguments(client: Client) -> None:
    """There is a value for each required parameter, and each declared fact is about an existing method."""
    for call in client.all_calls:
        assert set(call.required) <= set(call.arguments)


@each_service
def test_facts_are_about_existing_methods(service: Service) -> None:
    """No fact is left over from a method that has been renamed."""
    facts = service.facts
    methods = {name for client in service.clients for name in [*client.methods, *client.own_functions]}
    declared = {*facts.arguments, *facts.no_request, *facts.preparation, *facts.repeated_writes, *facts.lists}
    qualified = {f"{client}.{name}" for client in service.clients for name in methods} | set(service.module.__all__)
    assert declared - methods - qualified == set()
    assert {*facts.not_callable, *facts.without_example} - qualified == set()


def test_an_unknown_parameter_fails_loudly() -> None:
    """A parameter without a value is an error that names the file to add it to."""

    class OddClient(BaseClient):
        async def paint(self, colour: str) -> None:
            """Paint."""

    client = Client(OddClient, SERVICES[0])
    with pytest.raises(AssertionError, match=r"'colour' of OddClient.*tests/services/auth/facts\.py"):
        _ = Call(client, "paint").arguments


def test_inherited_methods_are_called_once() -> None:
    """A method that is inherited unchanged is called for the base class alone; overridden ones are called for both."""
    assert len(CALLS) == len({str(call) for call in CALLS}) > 130
    for client in CLIENTS:
        called = {(call.method, call.function) for base in client.bases for call in base.calls}
        assert called.isdisjoint((call.method, call.function) for call in client.own_calls)
        assert called | {(call.method, call.function) for call in client.own_calls} >= {
            (call.method, call.function) for call in client.calls
        }


def positional_in_globus_sdk(client: Client, method: str) -> int:
    """Return how many arguments a method of the same name takes by position in globus-sdk."""
    assert client.service is not None
    if not client.service.has("parity"):
        return 0
    owners = [str(client), *map(str, client.bases)]
    known = [case for case in cases(client.service) if case.name == method and case.owner in owners]
    return max((len(case.taken_by_position) for case in known), default=0)


@pytest.mark.parametrize("client", [each for each in CLIENTS if each.service is not None], ids=str)
def test_methods_are_simple_to_call(client: Client) -> None:
    """Positional arguments of globus-sdk or few, no open ends, and query parameters wherever a request is made."""
    for call in client.own_calls:
        parameters = list(inspect.signature(call.function).parameters.values())[1:]
        positional = sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters)
        assert positional <= max(2, positional_in_globus_sdk(client, call.method)), call
        assert not any(each.kind in {each.VAR_KEYWORD, each.VAR_POSITIONAL} for each in parameters), call
        if call.method not in WITHOUT_QUERY_PARAMETERS:
            assert "query_params" in {each.name for each in parameters}, call
