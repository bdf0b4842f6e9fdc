"""An emulated Globus for the examples in docstrings: an index with three samples, and the names that they use."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from globus_async import AccessTokenAuthorizer
from globus_async.scopes import SearchScopes
from globus_async.services import search
from globus_async.services.search import SearchClient
from globus_async.testing import GlobusEmulator

__all__ = ("world",)

_SAMPLES = (
    {"title": "A copper sample", "material": "copper", "year": 2021},
    {"title": "A glass sample", "material": "glass", "year": 2019},
    {"title": "Another copper sample", "material": "copper", "year": 2024},
)


@asynccontextmanager
async def world() -> AsyncGenerator[dict[str, Any]]:
    """Start an emulator, and yield the names of the examples."""
    with TemporaryDirectory() as folder:
        async with GlobusEmulator() as emulator:
            researcher = emulator.add_identity("researcher@example.edu", name="Robin Researcher")
            colleague = emulator.add_identity("colleague@example.edu", name="Chris Colleague")
            index = emulator.search.add_index("Samples", owner=researcher)
            role = emulator.search.add_role(index.id, f"urn:globus:auth:identity:{colleague.id}", "writer")
            authorizer = AccessTokenAuthorizer(emulator.access_token(researcher, scopes=[str(SearchScopes.all)]))
            transport = emulator.transport()
            async with transport, SearchClient(authorizer=authorizer, transport=transport) as sc:
                entries = [
                    {"subject": f"https://example.org/samples/{number}", "visible_to": ["public"], "content": content}
                    for number, content in enumerate(_SAMPLES, 1)
                ]
                (batch,) = await sc.ingest_entries(index.id, entries)
                yield {
                    **{name: getattr(search, name) for name in search.__all__},
                    "authorizer": authorizer,
                    "emulator": emulator,
                    "identity_id": colleague.id,
                    "index_id": index.id,
                    "journal_path": Path(folder) / "ingest.journal",
                    "role_id": role.id,
                    "sc": sc,
                    "task_id": batch.task_id,
                    "transport": transport,
                }
