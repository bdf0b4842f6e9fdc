"""An emulator with collections that serve files over HTTPS, in process or on a socket."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from globus_async.emulator.kit.directory import Identity
from globus_async.testing import Collection, GlobusEmulator, ManualClock, MemoryStorage

TEXT = b"0123456789"
TREE: dict[str, Any] = {
    "data/a.txt": TEXT,
    "data/ä %41?#.bin": "odd",
    "data/empty": "",
    "shared/b.csv": "x,y\n",
    "d/": None,
}


class FilesWorld:
    """Ada's mapped collection with a guest collection on a part of it; Bob and Eve are other users."""

    def __init__(self, http: httpx.AsyncClient, emulator: GlobusEmulator, **fields: Any) -> None:
        self.http = http
        self.emulator = emulator
        self.ada, self.bob, self.eve = (emulator.add_identity(f"{name}@example.org") for name in ("ada", "bob", "eve"))
        self.storage = MemoryStorage(TREE)
        self.lab = emulator.add_collection("Lab", storage=self.storage, owner=self.ada, **fields)
        self.guest = emulator.add_collection("Guest", host=self.lab, host_path="/shared", owner=self.ada)

    def token(self, collection: Collection, by: Identity, *names: str) -> str:
        scopes = [f"https://auth.globus.org/scopes/{collection.id}/{name}" for name in names or ("https",)]
        return self.emulator.access_token(by, scopes=scopes, lifetime=1e9)

    async def send(
        self,
        method: str,
        path: str,
        *,
        to: Collection | None = None,
        by: Identity | None = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        content: Any = None,
    ) -> httpx.Response:
        """Send a request to a collection, the lab by default, as an identity, by default Ada."""
        collection = self.lab if to is None else to
        authorization = token if token is not None else self.token(collection, by or self.ada)
        sent = {**(headers or {}), **({"Authorization": f"Bearer {authorization}"} if authorization else {})}
        return await self.http.request(method, f"{collection.https_url}{path}", headers=sent, content=content)

    async def status(self, method: str, path: str, **options: Any) -> int:
        return (await self.send(method, path, **options)).status_code


@asynccontextmanager
async def files_world(*, socket: bool = False, manual: bool = False, **fields: Any) -> AsyncGenerator[FilesWorld]:
    """Make a world; with a manual clock if asked for."""
    async with GlobusEmulator(clock=ManualClock() if manual else None) as emulator:
        if not socket:
            yield FilesWorld(emulator.http_client(), emulator, **fields)
            return
        async with emulator.serve(), httpx.AsyncClient(trust_env=False) as http:
            yield FilesWorld(http, emulator, **fields)
