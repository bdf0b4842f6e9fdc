"""An emulator with people and flows, for tests of the emulated Flows service."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from globus_async.emulator.flows.models import Flow, Run
from globus_async.emulator.kit.directory import Identity
from globus_async.testing import GlobusEmulator, ManualClock

ALL = "https://auth.globus.org/scopes/eec9b274-0c81-4334-bdc2-54e90e689b9a/all"
ECHO = "https://actions.example.org/echo"


def urn(identity: Identity) -> str:
    return f"urn:globus:auth:identity:{identity.id}"


def states(**members: dict[str, Any]) -> dict[str, Any]:
    """Make a definition that starts at the first state."""
    return {"StartAt": next(iter(members)), "States": members}


def action(url: str = ECHO, **members: Any) -> dict[str, Any]:
    """Make an Action state, the last one unless it has ``Next``."""
    onward = {} if "Next" in members else {"End": True}
    given: dict[str, Any] = {} if "InputPath" in members else {"Parameters": {}}
    return {"Type": "Action", "ActionUrl": url, **given, **onward, **members}


class FlowsWorld:
    """Ada owns flows; Bob and Eve are other users. The clock is advanced manually."""

    def __init__(self) -> None:
        self.emulator = GlobusEmulator(clock=ManualClock())
        self.state = self.emulator.flows
        self.ada = self.emulator.add_identity("ada@example.org", email="ada@mail.example.org")
        self.bob = self.emulator.add_identity("bob@example.org")
        self.eve = self.emulator.add_identity("eve@example.org")
        self.state.register_action(ECHO, lambda body: body)
        self.http = self.emulator.http_client(base_url="https://flows.automate.globus.org")

    async def send(self, method: str, path: str, body: Any = None, /, **params: Any) -> httpx.Response:
        """Send a request as the identity ``by``, Ada by default, with the scope ``scope`` or a ``token``."""
        identity: Identity = params.pop("by", self.ada)
        scope = params.pop("scope", ALL)
        token = params.pop("token", None) or self.emulator.access_token(identity, scopes=[scope])
        headers = {"Authorization": f"Bearer {token}"}
        return await self.http.request(method, path, json=body, params=params or None, headers=headers)

    async def ok(self, method: str, path: str, body: Any = None, /, **params: Any) -> Any:
        """Send a request that succeeds, and return the document."""
        response = await self.send(method, path, body, **params)
        assert response.is_success, response.text
        return response.json()

    async def refused(self, method: str, path: str, body: Any = None, /, **params: Any) -> tuple[int, str]:
        """Send a request that fails, and return its status and code."""
        response = await self.send(method, path, body, **params)
        error = response.json()["error"]
        assert error["detail"], response.text
        assert response.json()["debug_id"], response.text
        return response.status_code, error["code"]

    def flow(self, definition: dict[str, Any], **details: Any) -> Flow:
        """Add a flow of Ada."""
        return self.state.add_flow(details.pop("title", "A flow"), definition, owner=self.ada, **details)

    async def start(self, flow: Flow, body: dict[str, Any] | None = None, **params: Any) -> Run:
        """Start a run and execute it as far as it goes without waiting."""
        document = {"body": body or {}, **params.pop("document", {})}
        made = await self.ok("POST", f"/flows/{flow.id}/run", document, **{"scope": flow.scope, **params})
        await self.emulator.settle()
        return self.state.runs[made["run_id"]]

    async def result(self, definition: dict[str, Any], body: dict[str, Any] | None = None) -> Any:
        """Execute a definition; return its output, or its error."""
        run = await self.start(self.flow(definition), body)
        while run.status == "ACTIVE":
            await self.emulator.advance(10_000)
        return run.details["output"] if run.status == "SUCCEEDED" else run.details["details"]["error"]


@asynccontextmanager
async def flows_world() -> AsyncGenerator[FlowsWorld]:
    world = FlowsWorld()
    async with world.emulator:
        yield world
