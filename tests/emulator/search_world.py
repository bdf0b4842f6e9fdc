"""An emulator with a search index, and requests that tests send to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from globus_async.emulator.kit.directory import Identity
from globus_async.testing import GlobusEmulator, ManualClock

SCOPE = "urn:globus:auth:scope:search.api.globus.org:"


def urn(identity: Identity) -> str:
    return f"urn:globus:auth:identity:{identity.id}"


def entry(subject: str, content: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    return {"subject": subject, "visible_to": ["public"], "content": content or {}, **members}


class SearchWorld:
    """Ada owns an index; Bob is another user. The clock is advanced manually, and tasks take a second."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock()
        self.emulator = GlobusEmulator(clock=self.clock, **options)
        self.state = self.emulator.search
        self.ada = self.emulator.add_identity("ada@example.org")
        self.bob = self.emulator.add_identity("bob@example.org")
        self.index = self.state.add_index("Library").id
        self.http = self.emulator.http_client(base_url="https://search.api.globus.org")

    async def send(self, method: str, path: str, body: Any = None, /, **params: Any) -> httpx.Response:
        """Send a request as ``by``, Ada by default; ``scope`` is that of the token, and `None` sends none."""
        by, scope = params.pop("by", self.ada), params.pop("scope", "all")
        headers = {}
        if scope is not None:
            token = self.emulator.access_token(by, scopes=[SCOPE + scope], lifetime=1e9)
            headers = {"Authorization": f"Bearer {token}"}
        path = path if path.startswith(("/v1", "/beta")) else f"/v1/index/{self.index}{path}"
        return await self.http.request(method, path, json=body, params=params or None, headers=headers)

    async def ok(self, method: str, path: str, body: Any = None, /, **params: Any) -> dict[str, Any]:
        """Send a request that succeeds, and return the document."""
        response = await self.send(method, path, body, **params)
        assert response.status_code == 200, response.text
        document: dict[str, Any] = response.json()
        return document

    async def refused(self, method: str, path: str, body: Any = None, /, **params: Any) -> tuple[int, str]:
        """Send a request that fails, and return status and code."""
        document = (await self.send(method, path, body, **params)).json()
        assert (document["@datatype"], len(document["request_id"])) == ("GError", 32)
        return document["status"], document["code"]

    async def problems(self, method: str, path: str, body: Any = None, /, **params: Any) -> Any:
        """Send an invalid request, and return the messages."""
        response = await self.send(method, path, body, **params)
        document = response.json()
        assert (response.status_code, document["code"]) == (400, "BadRequest.ValidationError"), document
        return document["error_data"]["messages"]

    async def found(self, query: dict[str, Any] | str, **params: Any) -> list[str]:
        """Return the subjects that a query finds; a text is an advanced query."""
        document = {"q": query, "advanced": True} if isinstance(query, str) else query
        result = await self.ok("POST", "/search", document, **params)
        return [hit["subject"] for hit in result["gmeta"]]

    async def ingest(self, *entries: dict[str, Any], **members: Any) -> dict[str, Any]:
        """Ingest entries, wait for the task, and return its document."""
        body = {"ingest_type": "GMetaList", "ingest_data": {"gmeta": list(entries)}, **members}
        task = (await self.ok("POST", "/ingest", body))["task_id"]
        await self.emulator.advance(1)
        return await self.ok("GET", f"/v1/task/{task}")


@asynccontextmanager
async def search_world(**options: Any) -> AsyncGenerator[SearchWorld]:
    """Create a world, and close it afterwards."""
    world = SearchWorld(**options)
    async with world.emulator:
        yield world
        assert world.emulator.unknown_paths == {}
