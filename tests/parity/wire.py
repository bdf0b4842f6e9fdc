"""The comparison of requests: the same call through globus-sdk and through this package, to a recording server."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Iterator
from typing import Any, cast
from uuid import UUID

import globus_sdk

import globus_async
from globus_async import AccessTokenAuthorizer
from tests.clients import CONSTRUCTOR, Client, Service
from tests.parity.facts import WireCall
from tests.parity.official import counterpart, official_methods
from tests.parity.recording import RecordedRequest, RecordingServer

__all__ = (
    "TOKEN",
    "compare",
    "compared_calls",
    "generated_calls",
    "make_ours",
    "make_theirs",
    "our_requests",
    "their_requests",
)

TOKEN = "AgT0ken"
A = "5e1f2a4c-0000-4000-8000-000000000001"


def _client_named(service: Service, name: str) -> Client:
    """Return a client of a service."""
    (found,) = (client for client in service.clients if str(client) == name)
    return found


def make_theirs(service: Service, name: str, url: str) -> Any:
    """Make a client of globus-sdk."""
    kind = counterpart(_client_named(service, name))
    parameters = inspect.signature(kind).parameters
    values = {**CONSTRUCTOR, **service.facts.constructor, **service.parity.constructor}
    arguments = {key: values[key] for key, each in parameters.items() if each.default is each.empty and key in values}
    if "authorizer" in parameters:
        arguments["authorizer"] = globus_sdk.AccessTokenAuthorizer(TOKEN)
    if "base_url" in parameters:
        return kind(**arguments, base_url=url)
    client = kind(**arguments)  # that of one flow has no such parameter
    client.base_url = url
    return client


def make_ours(service: Service, name: str, url: str) -> Any:
    """Make a client of this package."""
    return _client_named(service, name).make(
        base_url=url, authorizer=AccessTokenAuthorizer(TOKEN), constructor=service.parity.constructor
    )


def converted(value: Any) -> Any:
    """Replace the scopes of globus-sdk by ours."""
    if isinstance(value, globus_sdk.Scope):
        return globus_async.Scope.parse(str(value))
    return [converted(item) for item in value] if isinstance(value, list) else value


def their_requests(server: RecordingServer, service: Service, call: WireCall) -> list[RecordedRequest]:
    """Return the requests that globus-sdk sends for a call."""
    server.respond = service.parity.respond
    with make_theirs(service, call.client, server.url) as client:
        getattr(client, call.method)(*call.args, **call.kwargs)
    return server.taken()


def our_requests(server: RecordingServer, service: Service, call: WireCall) -> list[RecordedRequest]:
    """Return the requests that this package sends for a call."""
    server.respond = service.parity.respond

    async def run() -> None:
        async with make_ours(service, call.client, server.url) as client:
            method = getattr(client, call.method, None)
            assert method is not None, f"{call.client} has no {call.method}"
            await cast("Awaitable[object]", method(*map(converted, call.args), **call.kwargs))

    asyncio.run(run())
    return server.taken()


def compare(server: RecordingServer, service: Service, call: WireCall, their_call: WireCall | None = None) -> None:
    """
    Check that both packages send the same requests, but for the accepted differences.

    Args:
        server: The recording server.
        service: The service that the client belongs to.
        call: The call; its document may be of this package's type.
        their_call: The call of globus-sdk, if its document is of another type.
    """
    theirs = their_requests(server, service, their_call or call)
    ours = our_requests(server, service, call)
    assert theirs
    if call.accepts:
        assert service.parity.differences.reasons(*call.accepts)
    ours, theirs = service.parity.reconcile(call, ours, theirs)
    assert ours == theirs


def compared_calls(service: Service) -> list[WireCall]:
    """Return the calls of a service that are compared."""
    return list(generated_calls(service) if service.parity.calls is None else service.parity.calls(service))


def generated_calls(service: Service) -> Iterator[WireCall]:
    """Yield each method of each counterpart: with strings and `UUID` objects, and with each value of each option."""
    for client in service.clients:
        if str(client) in service.parity.no_counterpart:
            continue
        for method, function in official_methods(counterpart(client)).items():
            where = f"{client}.{method}"
            if method == "__init__" or {where, (str(client), method)} & _elsewhere(service):
                continue
            yield from _calls_of(service, str(client), method, function)


def _elsewhere(service: Service) -> set[object]:
    facts = service.parity
    return {*facts.not_compared, *facts.compared_by, *facts.removed}


def _calls_of(service: Service, client: str, method: str, function: Any) -> Iterator[WireCall]:
    parameters = [
        each
        for each in list(inspect.signature(function).parameters.values())[1:]
        if each.kind not in {each.VAR_KEYWORD, each.VAR_POSITIONAL}
    ]
    args = tuple(_required(service, each.name) for each in parameters if each.default is each.empty)
    call = WireCall(client, method, args)
    yield call
    uuids = tuple(UUID(value) if value == A else value for value in args)
    if uuids != args:
        yield WireCall(client, method, uuids)
    options = {each.name: _options(service, method, each.name) for each in parameters if each.default is not each.empty}
    yield from list(call.with_each(options))[1:]


def _required(service: Service, name: str) -> Any:
    for values in (service.parity.required, service.facts.values):
        if name in values:
            return values[name]
    assert name.endswith("_id"), (
        f"there is no value for the parameter {name!r} of {service}: add it to PARITY.required in"
        f" tests/services/{service}/parity.py"
    )
    return A


def _options(service: Service, method: str, name: str) -> list[Any]:
    options = service.parity.optional
    found = options.get(f"{method}.{name}", options.get(name))
    assert found is not None, (
        f"there are no values for the parameter {name!r} of {method}: add them to PARITY.optional in"
        f" tests/services/{service}/parity.py"
    )
    return found
