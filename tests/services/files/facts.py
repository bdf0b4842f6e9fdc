"""Facts about files over HTTPS for the tests of all clients."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import respx

from globus_async import AccessTokenAuthorizer, Transport
from globus_async.services import files
from globus_async.testing import GlobusEmulator, MemoryStorage
from tests.toolkit.canaries import Canaries
from tests.toolkit.facts import ServiceFacts

__all__ = ("FACTS",)

ID = "5e1f2a4c-0000-4000-8000-000000000001"
FOLDER = Path(tempfile.gettempdir(), "globus-async-files")
"""The local folder of the calls, most of which fail."""


class _StandIn:
    """Stands for `TransferClient`: a directory with one file."""

    async def operation_stat(self, *_: object) -> Any:
        return {"size": 12, "last_modified": "2026-11-30 07:00:00+00:00"}

    async def operation_mkdir(self, *_: object) -> Any:
        return {}

    async def operation_rename(self, *_: object) -> Any:
        return {}

    async def operation_walk(self, *_: object) -> AsyncIterator[dict[str, Any]]:
        yield {"name": "a", "path": "/project/a", "type": "file", "size": 12, "last_modified": "2026-11-30 07:00:00Z"}


def _source() -> Path:
    source = FOLDER / "source"
    source.mkdir(parents=True, exist_ok=True)
    (source / "a.csv").write_bytes(b"1,2\n")
    return source


async def _objects(secrets: Canaries) -> list[object]:
    """Make instances of the public classes that can hold a secret."""
    router = respx.Router()
    router.get("https://files.example/thing").respond(json={}, headers={"Set-Cookie": secrets.cookie})
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler))
    async with Transport(http_client=http_client) as transport:
        client = files.GCSCollectionClient(
            ID, "files.example", transport=transport, authorizer=AccessTokenAuthorizer(secrets.access)
        )
        return [
            client,
            await client.get("/thing"),
            client.stream_file("/x", size=1),
            client.stream_file("/x"),
            files.FileProgress("/x", 1, 2),
            files.DownloadedFile("/x", FOLDER, 1, 0),
            files.UploadedFile("/x", 1),
        ]


def _emulated_address(emulator: GlobusEmulator) -> str:
    return str(emulator.add_collection("Lab", storage=MemoryStorage({"project/": None})).https_url)


FACTS = ServiceFacts(
    constructor={"collection_id": ID, "collection_address": "files.example"},
    values={"path": "/project/greeting.txt"},
    arguments={
        "download": {"target": FOLDER / "greeting.txt"},
        "download_tree": {"path": "/project/", "target": lambda: _source() / "tree", "transfer_client": _StandIn},
        "upload": {"source": b"Hello"},
        "upload_tree": {"source": _source, "path": "/project/", "transfer_client": _StandIn},
    },
    emulated_address=_emulated_address,
    no_request=frozenset({"stream_file"}),
    objects=_objects,
)
