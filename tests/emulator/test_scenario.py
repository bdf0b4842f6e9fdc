"""All services at once: a group decides in three of them, and a timer starts a flow that uses two others."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any, Final

import httpx

from globus_async.emulator.control.seed_dump import encode
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage

jsonschema: Final = import_module("jsonschema")
"""Imported here, since its import reads files, which these tests refuse in an event loop."""

TRANSFER: Final = "urn:globus:auth:scope:transfer.api.globus.org:all"
SEARCH: Final = "urn:globus:auth:scope:search.api.globus.org:all"
INDEX: Final = "2e6a1b9e-3f2c-4f1e-9a57-6b1a1f3f7a10"
DEFINITION: Final = {
    "StartAt": "Copy",
    "States": {
        "Copy": {
            "Type": "Action",
            "ActionUrl": "https://actions.globus.org/transfer/transfer",
            "Parameters": {
                "source_endpoint_id.$": "$.source",
                "destination_endpoint_id.$": "$.target",
                "transfer_items": [{"source_path": "/run/1.csv", "destination_path": "/1.csv"}],
            },
            "ResultPath": "$.copy",
            "Next": "Publish",
        },
        "Publish": {
            "Type": "Action",
            "ActionUrl": "https://actions.globus.org/search/ingest",
            "Parameters": {
                "search_index": INDEX,
                "subject": "run 1",
                "visible_to.$": "$.visible_to",
                "content": {"rows": 3},
            },
            "ResultPath": "$.publish",
            "End": True,
        },
    },
}


class Scenario:
    """An emulator with three people, two of them in the group that decides, and the bytes of all responses."""

    def __init__(self) -> None:
        self.emulator = emulator = GlobusEmulator(id_seed=1, clock=ManualClock())
        self.ada, self.bob, self.cyd = (emulator.add_identity(f"{name}@example.org") for name in ("ada", "bob", "cyd"))
        self.group = emulator.add_group([self.ada, self.bob], name="Physics")
        self.principal = f"urn:globus:groups:id:{self.group}"
        files = MemoryStorage({"run/1.csv": "1,2,3"}, clock=emulator.clock)
        self.lab = emulator.add_collection("Lab", storage=files)
        self.vault = emulator.add_collection("Vault", storage=MemoryStorage(clock=emulator.clock))
        self.shared = emulator.add_collection("Shared runs", host=self.lab, host_path="/run")
        self.index = emulator.search.add_index("Runs", owner=self.ada, id=INDEX)
        emulator.search.add_role(INDEX, self.principal, "writer")
        self.flow = emulator.flows.add_flow("Publish", DEFINITION, owner=self.ada, starters=[self.principal])
        self.responses: list[tuple[int, bytes]] = []

    async def send(self, person: Any, scope: str, method: str, url: str, document: object = None) -> Any:
        """Send a request as a person; return the document."""
        token = self.emulator.access_token(person, scopes=[scope])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.emulator.app)) as http:
            headers = {"Authorization": f"Bearer {token}"}
            response = await http.request(method, url, json=document, headers=headers)
        self.responses.append((response.status_code, response.content))
        return response.json()

    async def status(self, person: Any, scope: str, method: str, url: str, document: object = None) -> int:
        await self.send(person, scope, method, url, document)
        return self.responses[-1][0]

    async def play(self) -> None:
        transfer, search = "https://transfer.api.globus.org/v0.10", "https://search.api.globus.org/v1"
        rule = {"principal_type": "group", "principal": self.group, "path": "/", "permissions": "r"}
        await self.send(self.ada, TRANSFER, "POST", f"{transfer}/endpoint/{self.shared.id}/access", rule)
        listing = f"{transfer}/operation/endpoint/{self.shared.id}/ls?path=/"
        assert await self.status(self.bob, TRANSFER, "GET", listing) == 200
        assert await self.status(self.cyd, TRANSFER, "GET", listing) == 403

        given = {"source": self.lab.id, "target": self.vault.id, "visible_to": [self.principal]}
        scope, start = self.flow.scope, f"https://flows.automate.globus.org/flows/{self.flow.id}/run"
        assert await self.status(self.cyd, scope, "POST", start, {"body": given}) == 404  # not visible either
        self.emulator.timers.add_timer(
            self.bob.id, flow_id=self.flow.id, body={"body": given}, name="Nightly", interval=86_400, count=2
        )
        await self.emulator.advance(3600)
        assert self.vault.storage is not None
        assert self.vault.storage.entries(())[0].name == "1.csv"
        query = f"{search}/index/{INDEX}/search?q=*"
        assert (await self.send(self.bob, SEARCH, "GET", query))["total"] == 1
        assert (await self.send(self.cyd, SEARCH, "GET", query))["total"] == 0
        (run,) = self.emulator.flows.runs.values()
        assert (run.status, run.owner) == ("SUCCEEDED", f"urn:globus:auth:identity:{self.bob.id}")
        async with self.emulator.http_client(base_url="http://localhost") as http:
            work = (await http.get("/emulator/work")).json()
        self.responses.append((200, json.dumps(work).encode()))
        assert [len(work[kind]) for kind in ("tasks", "search_tasks", "runs", "timers")] == [1, 1, 1, 1]


async def test_the_services_together() -> None:
    """The group decides, the timer starts the flow, and the state is dumped and loaded as the same bytes."""
    scenario = Scenario()
    async with scenario.emulator as emulator:
        await scenario.play()
        emulator.directory.groups[scenario.group].memberships[scenario.bob.id].status = "removed"
        query = f"https://search.api.globus.org/v1/index/{INDEX}/search?q=*"
        assert (await scenario.send(scenario.bob, SEARCH, "GET", query))["total"] == 0
        dumped = encode(emulator.dump_seed())
        await emulator.load_seed(json.loads(dumped))
        assert encode(emulator.dump_seed()) == dumped
        assert {"groups", "collections", "permissions", "flows", "timers"} <= set(json.loads(dumped))


async def test_two_runs() -> None:
    """All responses of both have the same bytes."""
    first, second = Scenario(), Scenario()
    for scenario in (first, second):
        async with scenario.emulator:
            await scenario.play()
    assert first.responses == second.responses
