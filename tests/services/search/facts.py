"""Facts about Search for the tests of all clients."""

from __future__ import annotations

import atexit
import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import respx

from globus_async import AccessTokenAuthorizer, Transport
from globus_async.services import search
from globus_async.token_storage import MemoryTokenStorage
from tests.toolkit.canaries import Canaries
from tests.toolkit.facts import ServiceFacts

__all__ = ("FACTS",)

ID = "5e1f2a4c-0000-4000-8000-000000000001"
_ENTRY = {"subject": "https://example.org/1", "visible_to": ["public"], "content": {"year": 2026}}

_FOLDER = TemporaryDirectory()
_NUMBERS = itertools.count()
atexit.register(_FOLDER.cleanup)


def _journal() -> Path:
    return Path(_FOLDER.name, f"journal {next(_NUMBERS)}")


def _leases() -> MemoryTokenStorage:
    return MemoryTokenStorage()


async def _objects(secrets: Canaries) -> list[object]:
    """Make instances of the public classes that can hold a secret."""
    router = respx.Router()
    router.route().respond(json={"gmeta": [], "state": "SUCCESS"}, headers={"Set-Cookie": secrets.cookie})
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler))
    async with Transport(http_client=http_client) as transport:
        sc = search.SearchClient(transport=transport, authorizer=AccessTokenAuthorizer(secrets.access))
        return [
            sc,
            sc.search(ID, "x"),
            await sc.search(ID, "x"),
            await sc.get_index(ID),
            await sc.wait_for_task(ID),
            sc.ingest_entries(ID, [_ENTRY]),
        ]


FACTS = ServiceFacts(
    values={
        "data": {"q": "*"},
        "description": "a description",
        "display_name": "Samples",
        "entries": [_ENTRY],
        "q": "x",
        "subject": "https://example.org/1",
        "subjects": ["https://example.org/1"],
    },
    arguments={
        "delete_subjects": {"journal": _journal, "leases": _leases, "timeout": 1},
        "ingest_entries": {"journal": _journal, "leases": _leases, "timeout": 1},
        "wait_for_task": {"timeout": 1, "polling_interval": 1},
        "wait_for_tasks": {"timeout": 1, "polling_interval": 1},
    },
    repeated_writes=dict.fromkeys(("post_search", "scroll"), "read only"),
    text_ids=frozenset({"role_id"}),
    objects=_objects,
    without_secrets=frozenset(
        {
            "BatchOutcome",
            "BatchProgress",
            "Boost",
            "DeleteByQuery",
            "Facet",
            "Filter",
            "SearchQuery",
            "SearchQueryV1",
            "SearchScrollQuery",
            "SearchTaskEndReason",
            "Sort",
        }
    ),
)
