"""The methods of globus-sdk, with their parameters."""

from __future__ import annotations

import inspect
import json
from functools import cache
from types import FunctionType
from typing import Any

import globus_sdk

from tests.clients import Client, Service

__all__ = ("Members", "counterpart", "members_of", "official_methods")

Members = dict[str, dict[str, list[str]]]
"""The parameters of methods, by class and method; ``*`` stands before those that are passed by name only."""


def counterpart(client: Client) -> type[Any]:
    """Return the client of globus-sdk that has the same name."""
    assert client.service is not None
    found: type[Any] | None = getattr(client.service.parity.sdk, str(client), None)
    where = f"tests/services/{client.service}/parity.py"
    assert found is not None, f"{client.service.parity.sdk.__name__} has no {client}: declare no_counterpart in {where}"
    return found


def official_methods(kind: type[Any]) -> dict[str, FunctionType]:
    """Return the public methods of a client of globus-sdk, without those that all its clients have."""
    return {
        name: method
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if name == "__init__" or not (name.startswith("_") or hasattr(globus_sdk.BaseClient, name))
    }


@cache
def members_of(service: Service, generation: str) -> Members:
    """Return the classes of a service in a generation of globus-sdk: ``seed`` is release 1, ``upstream`` release 4."""
    recorded = service.tests / "official_sdk.json"
    if recorded.exists():
        members: Members = json.loads(recorded.read_text())[generation]
        return members
    if generation == "seed":
        return {}
    compared = [client for client in service.clients if str(client) not in service.parity.no_counterpart]
    return {
        str(client): {name: _parameters(method) for name, method in official_methods(counterpart(client)).items()}
        for client in compared
    }


def _parameters(method: FunctionType) -> list[str]:
    parameters = list(inspect.signature(method).parameters.values())[1:]
    positional = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    by_name = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    return [*positional, *(["*", *by_name] if by_name else [])]
