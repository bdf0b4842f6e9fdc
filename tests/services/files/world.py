"""An emulated Globus for the examples in docstrings: a collection with an HTTPS server, and its client."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import globus_async
from globus_async import AccessTokenAuthorizer, TransferClient, UserApp, scopes
from globus_async.scopes import GCSCollectionScopes
from globus_async.services import files
from globus_async.testing import GlobusEmulator, MemoryStorage

__all__ = ("World", "world")

World = dict[str, Any]
"""Names and values, for the globals of an example."""

FILES: dict[str, Any] = {
    "project/greeting.txt": "Hello, world",
    "project/old.txt": "old",
    "project/data/a.csv": "1,2\n",
    "project/data/b.csv": "3,4\n",
}


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    """Create it, yield its names, and close it."""
    with TemporaryDirectory() as folder:
        async with _world(Path(folder)) as names:
            yield names


@asynccontextmanager
async def _world(folder: Path) -> AsyncGenerator[World]:
    async with GlobusEmulator() as emulator:
        ada = emulator.add_identity("ada@example.org", name="Ada Lovelace")
        lab = emulator.add_collection("Lab storage", storage=MemoryStorage(FILES))
        https = [str(GCSCollectionScopes(lab.id).https)]
        authorizer = AccessTokenAuthorizer(emulator.access_token(ada, scopes=https))
        transport = emulator.transport()
        tc = TransferClient(authorizer=AccessTokenAuthorizer(emulator.access_token(ada)), transport=transport)
        app = UserApp("Nightly", client_id=emulator.add_client("Nightly").id, transport=transport)
        client = files.GCSCollectionClient(lab.id, str(lab.https_url), authorizer=authorizer, transport=transport)
        async with transport, client:
            names: World = {name: getattr(globus_async, name) for name in globus_async.__all__}
            for module in (scopes, files):
                names |= {name: getattr(module, name) for name in module.__all__}
            yield names | {
                "app": app,
                "authorizer": authorizer,
                "client": client,
                "collection_id": lab.id,
                "emulator": emulator,
                "folder": folder,
                "https_server": lab.https_url,
                "tc": tc,
                "transport": transport,
            }
