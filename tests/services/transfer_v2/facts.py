"""Facts about version 2 of Transfer for the tests of all clients."""

from __future__ import annotations

from typing import Any

import httpx
import respx

from globus_async import AccessTokenAuthorizer, Transport
from globus_async.services import transfer_v2
from tests.toolkit.canaries import Canaries
from tests.toolkit.facts import ServiceFacts

__all__ = ("FACTS", "ID")

ID = "5e1f2a4c-0000-4000-8000-000000000001"
RELATED = {"collection": {"data": {"type": "Collection", "id": ID}}}
BOOKMARK: dict[str, Any] = {
    "data": {"type": "Bookmark", "attributes": {"name": "x", "path": "/x/"}, "relationships": RELATED}
}


async def _objects(secrets: Canaries) -> list[object]:
    """Make instances of the public classes that can hold a secret."""
    router = respx.Router()
    router.get(f"https://transfer.api.globus.org/v2/bookmarks/{ID}").respond(
        json=BOOKMARK, headers={"Set-Cookie": secrets.cookie}
    )
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler))
    async with Transport(http_client=http_client) as transport:
        client = transfer_v2.TransferClientV2(transport=transport, authorizer=AccessTokenAuthorizer(secrets.access))
        return [
            client,
            await client.get_bookmark(ID),
            transfer_v2.BookmarkCreateDocument(ID, "x", "/x/"),
            transfer_v2.BookmarkUpdateDocument("x", "/x/"),
            transfer_v2.TunnelCreateDocument(ID, ID),
            transfer_v2.TunnelUpdateDocument(label="x"),
        ]


FACTS = ServiceFacts(
    same_as="transfer",
    values={
        "update_doc": {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}},
        "update_document": BOOKMARK,
    },
    arguments={
        "create_bookmark": {"data": BOOKMARK},
        "create_tunnel": {"data": lambda: {"data": {"type": "Tunnel", "attributes": {}}}},
    },
    repeated_writes={"create_tunnel": "the service creates one tunnel for each submission id"},
    without_example={
        "TunnelCreateDocument": "as CreateTunnelData in the example of create_tunnel",
        "TunnelUpdateDocument": "as the dict in the example of update_tunnel",
        "BookmarkCreateDocument": "shown in the example of create_bookmark",
        "BookmarkUpdateDocument": "shown in the example of update_bookmark",
    },
    objects=_objects,
)
