"""An emulator with identities and collections for tests of the emulated Transfer service."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from globus_async.emulator.kit.directory import Identity
from globus_async.testing import Collection, GlobusEmulator, ManualClock, MemoryStorage

TREE: dict[str, Any] = {
    "data/a.txt": "one",
    "data/b.txt": "twotwo",
    "data/deep/c.bin": b"\0" * 1000,
    "data/.hidden": "x",
    "notes.md": "# notes",
    "empty/": None,
}


class TransferWorld:
    """Ada owns a lab and an archive; Bob and Eve are other users. The clock is advanced manually."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock()
        self.emulator = GlobusEmulator(clock=self.clock, **options)
        self.ada = self.emulator.add_identity("ada@example.org", name="Ada")
        self.bob = self.emulator.add_identity("bob@example.org", name="Bob")
        self.eve = self.emulator.add_identity("eve@example.org", name="Eve")
        self.lab_files = MemoryStorage(TREE, clock=self.clock)
        self.archive_files = MemoryStorage(clock=self.clock)
        self.lab = self.emulator.add_collection("Lab storage", storage=self.lab_files)
        self.archive = self.emulator.add_collection("Archive", storage=self.archive_files)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.emulator.app), base_url="http://globus")
        self._tokens: dict[str, str] = {}

    async def send(self, method: str, path: str, body: Any = None, /, **params: Any) -> httpx.Response:
        """Send a request as the identity ``by``, Ada by default, or with an access ``token``."""
        identity: Identity = params.pop("by", self.ada)
        if (token := params.pop("token", None) or self._tokens.get(identity.id)) is None:
            token = self._tokens[identity.id] = self.emulator.access_token(identity, lifetime=1e9)
        prefix = "" if path.startswith("/v2/") else "/v0.10"
        headers = {"Authorization": f"Bearer {token}"}
        return await self.http.request(method, prefix + path, json=body, params=params or None, headers=headers)

    async def ok(self, method: str, path: str, body: Any = None, /, **params: Any) -> dict[str, Any]:
        """Send a request that succeeds, and return the document."""
        response = await self.send(method, path, body, **params)
        assert response.is_success, response.text
        document: dict[str, Any] = response.json()
        return document

    async def refused(self, method: str, path: str, body: Any = None, /, **params: Any) -> tuple[int, str]:
        """Send a request that fails, and return its status and code."""
        response = await self.send(method, path, body, **params)
        assert not response.is_success, response.text
        document = response.json()
        code = document["errors"][0]["code"] if path.startswith("/v2/") else document["code"]
        assert response.headers["x-transfer-api-error"] == code
        return response.status_code, code

    def transfer(self, *pairs: tuple[str, str], **members: Any) -> dict[str, Any]:
        """Make a transfer document from the lab to the archive."""
        recursive = members.pop("recursive", None)
        items = [{"DATA_TYPE": "transfer_item", "source_path": old, "destination_path": new} for old, new in pairs]
        if recursive is not None:
            items = [{**item, "recursive": recursive} for item in items]
        return {
            "DATA_TYPE": "transfer",
            "submission_id": str(uuid.uuid4()),
            "source_endpoint": self.lab.id,
            "destination_endpoint": self.archive.id,
            "DATA": items,
            **members,
        }

    def delete(self, *paths: str, collection: Collection | None = None, **members: Any) -> dict[str, Any]:
        """Make a delete document for the lab."""
        return {
            "DATA_TYPE": "delete",
            "submission_id": str(uuid.uuid4()),
            "endpoint": (collection or self.lab).id,
            "DATA": [{"DATA_TYPE": "delete_item", "path": path} for path in paths],
            **members,
        }

    async def submit(self, document: dict[str, Any], *, by: Identity | None = None, token: str | None = None) -> str:
        """Submit a transfer or delete, and return the id of its task."""
        accepted = await self.ok("POST", f"/{document['DATA_TYPE']}", document, by=by or self.ada, token=token)
        return str(accepted["task_id"])

    async def task(self, task_id: str) -> dict[str, Any]:
        """Read a task of Ada."""
        return await self.ok("GET", f"/task/{task_id}")

    async def done(self, document: dict[str, Any], *, seconds: float = 0) -> dict[str, Any]:
        """Submit a task, advance the clock beyond its start, and return it."""
        task_id = await self.submit(document)
        await self.emulator.advance(1 + seconds)
        return await self.task(task_id)

    async def events(self, task_id: str) -> list[str]:
        """Return the codes of a task's events, the oldest first."""
        listed = await self.ok("GET", f"/task/{task_id}/event_list")
        return [event["code"] for event in reversed(listed["DATA"])]


@asynccontextmanager
async def transfer_world(**options: Any) -> AsyncGenerator[TransferWorld]:
    """Create a world, and close it afterwards."""
    world = TransferWorld(**options)
    async with world.emulator, world.http:
        yield world
        assert world.emulator.unknown_paths == {}
