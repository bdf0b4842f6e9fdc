"""
Every call that a client offers, found by looking at the client: a method is covered the day it appears.

A parameter without a default gets a value by its name; a new name that is not known here fails loudly.
"""

from __future__ import annotations

import atexit
import inspect
import itertools
from collections.abc import AsyncIterable, Awaitable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from globus_async import BaseClient, paging
from globus_async.services.transfer import TransferData

__all__ = ("ID", "Call", "every_call")

_FOLDER = TemporaryDirectory()
_NUMBERS = itertools.count()
atexit.register(_FOLDER.cleanup)

ID = "5e1f2a4c-0000-4000-8000-000000000001"

VALUES: dict[str, Any] = {
    "auth_code": "code",
    "bookmark_data": {"name": "home"},
    "contact_email": "ada@example.org",
    "description": "what it is",
    "display_name": "Lab storage",
    "directories": [(ID, "/~/")],
    "form_data": {"grant_type": "client_credentials"},
    "message": "why",
    "method": "GET",
    "name": "a name",
    "newpath": "/~/new",
    "oldpath": "/~/old",
    "path": "/~/",
    "project": ID,
    "refresh_token": "refresh",
    "requirements_data": {"DATA": []},
    "role_data": {"principal": ID},
    "rule_data": {"path": "/"},
    "scope_suffix": "suffix",
    "server_data": {"hostname": "localhost"},
    "server_id": 985,
    "subscription_admin_verified": True,
    "subscription_id": ID,
    "symlink_target": "/~/there",
    "token": "token",
    "update_doc": {"data": {}},
}
ONLY_FOR: dict[str, dict[str, Any]] = {
    "call": {"path": "/v0.10/x", "response_type": dict},
    "delete": {"path": "/v0.10/x"},
    "get": {"path": "/v0.10/x"},
    "listing": {"path": "/v0.10/x", "item": dict, "style": paging.single},
    "patch": {"path": "/v0.10/x"},
    "post": {"path": "/v0.10/x"},
    "put": {"path": "/v0.10/x"},
    "request": {"path": "/v0.10/x"},
    "submit_items": {
        "data": TransferData(ID, ID),
        "items": [("/x", "/y")],
        "journal": lambda: Path(_FOLDER.name, f"journal {next(_NUMBERS)}"),
    },
    "submit_delete": {"data": {"DATA_TYPE": "delete", "endpoint": ID, "DATA": [{"path": "/x"}], "submission_id": ID}},
    "submit_transfer": {
        "data": {
            "DATA_TYPE": "transfer",
            "source_endpoint": ID,
            "destination_endpoint": ID,
            "DATA": [{"DATA_TYPE": "transfer_item", "source_path": "/x", "destination_path": "/y"}],
            "submission_id": ID,
        }
    },
    "create_child_client": {"public_client": True},
    "create_client": {"public_client": True},
    "get_client": {"client_id": ID},
    "get_identities": {"ids": [ID]},
    "get_identity_providers": {"ids": [ID]},
    "create_tunnel": {"data": {"data": {"type": "Tunnel", "attributes": {}}}},
    "task_wait": {"timeout": 1, "polling_interval": 1},
}
"""A function is called for each call: what it makes is fresh."""
NO_CALLS = frozenset({"aclose", "data_access_scope", "oauth2_get_authorize_url", "oauth2_start_flow", "set_app_name"})
"""What sends nothing."""


@dataclass(frozen=True)
class Call:
    """A call with arguments that the client accepts."""

    method: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.method

    async def on(self, client: BaseClient) -> object:
        """Make the call; of a listing the first page, of a stream the first item."""
        on: Any = client
        if self.method == "oauth2_exchange_code_for_tokens" and hasattr(on, "oauth2_start_flow"):
            on.oauth2_start_flow(redirect_uri="http://127.0.0.1/")
        arguments = {name: value() if callable(value) else value for name, value in self.arguments.items()}
        made: object = getattr(on, self.method)(**arguments)
        if isinstance(made, Awaitable):
            return await cast("Awaitable[object]", made)
        assert isinstance(made, AsyncIterable), f"{self.method} gave {made!r}"
        return await anext(aiter(cast("AsyncIterable[object]", made)), None)


def _value(method: str, parameter: inspect.Parameter) -> Any:
    name = parameter.name
    if name in VALUES:
        return VALUES[name]
    if name == "data":
        return {"DATA_TYPE": "anything"}
    if name.endswith("_ids"):
        return [ID]
    assert name.endswith("_id"), f"tests.toolkit.calls has no value for the parameter {name!r} of {method}"
    return ID


def every_call(client_class: type[BaseClient]) -> Iterator[Call]:
    """Yield a call of every public coroutine and listing of a client class."""
    for name, method in inspect.getmembers(client_class, inspect.isfunction):
        if name.startswith("_") or name in NO_CALLS:
            continue
        own = ONLY_FOR.get(name, {})
        arguments = {
            parameter.name: _value(name, parameter)
            for parameter in list(inspect.signature(method).parameters.values())[1:]
            if parameter.default is parameter.empty
            and parameter.kind is not parameter.VAR_KEYWORD
            and parameter.name not in own
        }
        yield Call(name, arguments | own)
