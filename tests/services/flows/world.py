"""An emulated Globus for the examples in docstrings: flows, runs, a web input and a registered API, by name."""

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import globus_async
from globus_async import AccessTokenAuthorizer, UserApp, scopes
from globus_async.scopes import FlowsScopes, SpecificFlowScopes
from globus_async.services import flows
from globus_async.testing import GlobusEmulator

for module in ("jsonschema.validators", "simpleeval"):  # the emulator imports them when it needs them, which blocks
    importlib.import_module(module)

__all__ = ("HELLO", "SCHEMA", "World", "world")

World = dict[str, Any]
"""Names and values, for the globals of an example."""

HELLO: dict[str, Any] = {
    "StartAt": "Greet",
    "States": {
        "Greet": {
            "Type": "ExpressionEval",
            "Parameters": {"text.=": "'Hello, ' + name"},
            "ResultPath": "$.greeting",
            "End": True,
        }
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
}
MOVE_URL = "https://mover.example.org/move"
MOVE: dict[str, Any] = {
    "StartAt": "Move",
    "States": {"Move": {"Type": "Action", "ActionUrl": MOVE_URL, "Parameters": {}, "End": True}},
}
WAIT: dict[str, Any] = {
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "Next": "Done"}, "Done": {"Type": "Pass", "End": True}},
}
REQUIREMENT = {
    "code": "AuthorizationRequired",
    "description": "Log in again",
    "authorization_parameters": {"session_message": "Log in again", "prompt": "login"},
}


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    """Create it, yield its names, and close it."""
    async with GlobusEmulator() as emulator:
        ada = emulator.add_identity("ada@example.org", name="Ada Lovelace")
        emulator.flows.register_action(MOVE_URL, lambda _: {"moved": 2})
        hello = emulator.flows.add_flow("Say hello", HELLO, owner=ada, input_schema=SCHEMA)
        move = emulator.flows.add_flow("Move files", MOVE, owner=ada)
        approve = emulator.flows.add_flow("Approve", WAIT, owner=ada)
        target = {
            "type": "openapi",
            "openapi_version": "3.1",
            "destination": {"method": "get", "url": "https://x.org/"},
        }
        api = emulator.flows.add_registered_api("Sample store", target, owner=ada, description="Samples")
        collection = emulator.add_collection("Lab storage")
        transport = emulator.transport()

        def authorized(*needed: object) -> AccessTokenAuthorizer:
            return AccessTokenAuthorizer(emulator.access_token(ada, scopes=[str(each) for each in needed]))

        authorizer = authorized(FlowsScopes.all)
        app = UserApp("Nightly", client_id=emulator.add_client("Nightly").id, transport=transport)
        async with transport, flows.FlowsClient(authorizer=authorizer, transport=transport) as fc:
            names: World = {name: getattr(globus_async, name) for name in globus_async.__all__}
            for module in (scopes, flows):
                names |= {name: getattr(module, name) for name in module.__all__}
            made = {
                name: flows.SpecificFlowClient(
                    each.id, authorizer=authorized(SpecificFlowScopes(each.id).user), transport=transport
                )
                for name, each in (("flow", hello), ("mover", move), ("approval", approve))
            }
            names |= made
            names |= {
                "app": app,
                "authorizer": authorizer,
                "collection_id": collection.id,
                "emulator": emulator,
                "fc": fc,
                "flow_authorizer": made["flow"].authorizer,
                "flow_id": hello.id,
                "move_flow_id": move.id,
                "registered_api_id": api.id,
                "transport": transport,
            }
            names["run_id"] = (await made["flow"].run_flow({"name": "Ada"}, label="morning"))["run_id"]
            emulator.flows.suspend_next_action(MOVE_URL, REQUIREMENT)
            names["inactive_run_id"] = (await made["mover"].run_flow({}, label="move"))["run_id"]
            active = (await made["approval"].run_flow({}, label="results"))["run_id"]
            await emulator.settle()
            names["active_run_id"] = active
            names["web_input_id"] = emulator.flows.open_web_input(active, "Publish the results?", ["Yes", "No"]).id
            yield names
