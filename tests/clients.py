"""
The registry of all clients: every test that covers all clients takes them from here.

It is built by scanning ``globus_async.services``: each public subclass of `BaseClient` that a service's package
exports is a client, and each public method of it that is a coroutine or returns a listing is a call. What cannot be
derived from the code stands with the tests of the service, below ``tests/services/<name>/``:

- ``facts.py``: ``FACTS``, values of parameters and properties of methods (`tests.toolkit.facts.ServiceFacts`);
- ``world.py``: ``world()``, an emulated Globus and the names that the examples in docstrings use;
- ``parity.py``: ``PARITY``, the comparison with globus-sdk (`tests.parity.facts.ParityFacts`).
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import pkgutil
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from types import FunctionType, MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from globus_async import BaseClient, StreamedCall, Transport, paging, services
from globus_async.authorizers import GlobusAuthorizer
from tests.source import ROOT
from tests.toolkit.facts import ServiceFacts

if TYPE_CHECKING:
    from tests.parity.facts import ParityFacts

__all__ = ("BASE", "CALLS", "CLIENTS", "ID", "SERVICES", "Call", "Client", "Service", "World")

ID = "5e1f2a4c-0000-4000-8000-000000000001"
"""The id of everything."""

World = dict[str, Any]
"""Names and their values: the globals of an example."""

CONSTRUCTOR: Mapping[str, Any] = MappingProxyType({"client_id": ID, "client_secret": "secret"})
"""Values of required constructor arguments, by name; ``FACTS.constructor`` of a service adds to them."""

BASE_FACTS = ServiceFacts(
    values={"path": "/v0.10/x", "method": "GET"},
    arguments={
        "call": {"response_type": dict},
        "listing": {"item_type": dict, "style": paging.single},
    },
    no_request=frozenset({"aclose", "add_app_scope", "attach_globus_app", "set_app_name", "with_options"}),
)
"""The methods of `BaseClient`, which all clients have."""


@dataclass(frozen=True, eq=False)
class Service:
    """A package of clients, with the facts that its tests declare."""

    name: str
    module: ModuleType

    def __str__(self) -> str:
        return self.name

    @property
    def tests(self) -> Path:
        """The folder of its tests."""
        return ROOT / "tests" / "services" / self.name

    @cached_property
    def facts(self) -> ServiceFacts:
        """``FACTS`` of ``facts.py``; a service without that file needs none."""
        return cast("ServiceFacts", self._declared("facts", "FACTS", default=ServiceFacts()))

    @cached_property
    def parity(self) -> ParityFacts:
        """``PARITY`` of ``parity.py``."""
        return cast("ParityFacts", self._declared("parity", "PARITY"))

    @cached_property
    def world(self) -> Callable[[], AbstractAsyncContextManager[World]]:
        """``world`` of ``world.py``: makes an emulated Globus and the names that the examples in docstrings use."""
        return cast("Callable[[], AbstractAsyncContextManager[World]]", self._declared("world", "world"))

    def has(self, module: str) -> bool:
        """Whether a module of its tests exists."""
        return (self.tests / f"{module}.py").exists()

    def _declared(self, module: str, name: str, default: object = None) -> object:
        if not self.has(module):
            where = f"tests/services/{self.name}/{module}.py"
            assert default is not None, (
                f"the service {self.name!r} has no {name}: add it in {where} (see tests/clients.py)"
            )
            return default
        return getattr(importlib.import_module(f"tests.services.{self.name}.{module}"), name)

    @cached_property
    def clients(self) -> tuple[Client, ...]:
        """Its clients, base classes first."""
        exported = [getattr(self.module, name) for name in getattr(self.module, "__all__", ())]
        kinds = [each for each in exported if inspect.isclass(each) and issubclass(each, BaseClient)]
        return tuple(Client(kind, self) for kind in sorted(kinds, key=lambda kind: (len(kind.__mro__), kind.__name__)))


@dataclass(frozen=True, eq=False)
class Client:
    """A client class, and how to make and call it."""

    kind: type[BaseClient]
    service: Service | None
    """``None`` for `BaseClient`."""

    def __str__(self) -> str:
        return self.kind.__name__

    @property
    def facts(self) -> ServiceFacts:
        """The facts of its service."""
        return BASE_FACTS if self.service is None else self.service.facts

    def make(
        self,
        transport: Transport | None = None,
        *,
        base_url: str = "https://service.example/",
        authorizer: GlobusAuthorizer | None = None,
        constructor: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> BaseClient:
        """
        Make a client.

        Args:
            transport: Its transport; without one the client makes its own and closes it.
            base_url: The address of the service.
            authorizer: Its authorizer, unless the client has credentials of its own.
            constructor: Values of required arguments that replace the usual ones.
            options: Further keyword arguments of all clients.
        """
        parameters = inspect.signature(self.kind).parameters
        values = {**CONSTRUCTOR, **self.facts.constructor, **(constructor or {})}
        arguments: dict[str, Any] = {}
        for name, parameter in parameters.items():
            if parameter.default is parameter.empty:
                assert name in values, self._unknown(name, "its constructor", "constructor")
                arguments[name] = values[name]
        if "authorizer" in parameters:
            arguments["authorizer"] = authorizer
        return self.kind(**arguments, base_url=base_url, transport=transport, **options)

    def _unknown(self, parameter: str, where: str, field_name: str) -> str:
        facts = f"tests/services/{self.service}/facts.py" if self.service else "tests/clients.py"
        return (
            f"there is no value for the parameter {parameter!r} of {self}, {where}: add it to {field_name} in {facts}"
        )

    @cached_property
    def methods(self) -> dict[str, FunctionType]:
        """Its public methods, without those of `BaseClient`."""
        return {
            name: method
            for name, method in inspect.getmembers(self.kind, inspect.isfunction)
            if not name.startswith("_") and (self.service is None or not hasattr(BaseClient, name))
        }

    @cached_property
    def own_functions(self) -> dict[str, FunctionType]:
        """Its public static methods and class methods."""
        return {
            name: getattr(self.kind, name)
            for name in dir(self.kind)
            if not name.startswith("_")
            and isinstance(inspect.getattr_static(self.kind, name), (staticmethod, classmethod))
            and all(not hasattr(base.kind, name) for base in (BASE, *self.bases))
        }

    @cached_property
    def own_methods(self) -> dict[str, FunctionType]:
        """Its public methods, without those that it inherits unchanged from another client."""
        return {
            name: method
            for name, method in self.methods.items()
            if all(getattr(base.kind, name, None) is not method for base in self.bases)
        }

    @property
    def bases(self) -> list[Client]:
        """The clients that it inherits from."""
        others = self.service.clients if self.service else ()
        return [other for other in others if other is not self and issubclass(self.kind, other.kind)]

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """A call of each public coroutine and listing, without those of `BaseClient`."""
        facts = self.facts
        return tuple(
            Call(self, name)
            for name in self.methods
            if name not in facts.no_request and f"{self}.{name}" not in facts.not_callable
        )

    @cached_property
    def own_calls(self) -> tuple[Call, ...]:
        """The calls that no base class makes in the same way."""
        inherited = {(call.method, call.function) for base in self.bases for call in base.calls}
        return tuple(call for call in self.calls if (call.method, call.function) not in inherited)

    @property
    def all_calls(self) -> tuple[Call, ...]:
        """All calls, those of `BaseClient` included."""
        return (*self.calls, *(Call(self, call.method, base=True) for call in BASE.calls if self is not BASE))


@dataclass(frozen=True)
class Call:
    """A call of a method, with arguments that the method accepts."""

    client: Client
    method: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that replace the usual ones, where the method takes them."""
    base: bool = False
    """Whether it is a method of `BaseClient`."""

    def __str__(self) -> str:
        return f"{self.client}.{self.method}"

    @property
    def function(self) -> FunctionType:
        """The function that implements the method."""
        return cast("FunctionType", getattr(self.client.kind, self.method))

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the required parameters."""
        return _required(self.function)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters for which the call has arguments."""
        return tuple(dict.fromkeys((*self.required, *self._own_arguments)))

    @property
    def _facts(self) -> ServiceFacts:
        return BASE_FACTS if self.base else self.client.facts

    @property
    def _own_arguments(self) -> Mapping[str, Any]:
        known = self._facts.arguments
        return known.get(str(self)) or known.get(self.method, {})

    @property
    def arguments(self) -> dict[str, Any]:
        """Its arguments, by name."""
        own = self._own_arguments
        arguments = {name: own[name] if name in own else self._value(name) for name in self.parameters}
        arguments = {name: value() if isinstance(value, FunctionType) else value for name, value in arguments.items()}
        return arguments | {name: value for name, value in self.changes.items() if name in arguments}

    def _value(self, name: str) -> Any:
        if name in self._facts.values:
            return self._facts.values[name]
        if name.endswith("_ids"):
            return [ID]
        assert name.endswith("_id"), (BASE if self.base else self.client)._unknown(
            name, f"method {self.method}", "values or arguments"
        )
        return ID

    def start(self, client: BaseClient) -> object:
        """Call the method; return what it returns, a coroutine or a listing."""
        facts = self.client.facts
        if self.method in facts.preparation:
            facts.preparation[self.method](client)
        return cast("object", getattr(client, self.method)(**self.arguments))

    async def run(self, client: BaseClient) -> object:
        """Call the method and await its response; of a listing the first page, of a stream the first item."""
        started = self.start(client)
        if isinstance(started, Awaitable):
            return await cast("Awaitable[object]", started)
        if isinstance(started, StreamedCall):
            async with started as response:
                return b"".join([chunk async for chunk in response])
        assert isinstance(started, AsyncIterable), (
            f"{self} returned {started!r}, which is neither awaitable nor a listing: if it sends no request, add it to"
            " no_request in the facts of its service"
        )
        return await anext(aiter(cast("AsyncIterable[object]", started)), None)


@cache  # thousands of calls of the same methods are made
def _required(function: FunctionType) -> tuple[str, ...]:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return tuple(each.name for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD)


def _services() -> Iterator[Service]:
    for module in sorted(pkgutil.iter_modules(services.__path__), key=lambda module: module.name):
        yield Service(module.name, importlib.import_module(f"{services.__name__}.{module.name}"))


BASE = Client(BaseClient, None)
SERVICES = tuple(_services())
CLIENTS = (BASE, *itertools.chain.from_iterable(service.clients for service in SERVICES))
CALLS = tuple(itertools.chain.from_iterable(client.own_calls for client in CLIENTS))
"""A call of each method of each client; methods that are inherited unchanged are called once."""
