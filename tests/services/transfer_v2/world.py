"""An emulated Globus for the examples in docstrings: a bookmark, a tunnel, and its stream access points."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from globus_async import AccessTokenAuthorizer
from globus_async.services import transfer_v2
from globus_async.services.transfer import CreateTunnelData
from globus_async.services.transfer_v2 import BookmarkCreateDocument, TransferClientV2, TunnelCreateDocument
from globus_async.testing import GlobusEmulator, MemoryStorage

__all__ = ("world",)


@asynccontextmanager
async def world() -> AsyncGenerator[dict[str, Any]]:
    """Create it, yield its names, and close it."""
    async with GlobusEmulator() as emulator:
        ada = emulator.add_identity("ada@example.org")
        lab = emulator.add_collection("Lab storage", storage=MemoryStorage({"a": "1"}))
        initiator, listener = (
            emulator.add_stream_access_point(name, host_endpoint=lab.id) for name in ("Initiator", "Listener")
        )
        authorizer = AccessTokenAuthorizer(emulator.access_token(ada))
        async with emulator.transport() as transport:
            tc = TransferClientV2(authorizer=authorizer, transport=transport)
            bookmark = await tc.create_bookmark(BookmarkCreateDocument(lab.id, "home", "/~/"))
            tunnel = await tc.create_tunnel(TunnelCreateDocument(initiator, listener, label="microscope"))
            names: dict[str, Any] = {name: getattr(transfer_v2, name) for name in transfer_v2.__all__}
            yield names | {
                "CreateTunnelData": CreateTunnelData,
                "authorizer": authorizer,
                "bookmark_id": bookmark["data"]["id"],
                "emulator": emulator,
                "endpoint_id": lab.id,
                "initiator_id": initiator,
                "listener_id": listener,
                "tc": tc,
                "transport": transport,
                "tunnel_id": tunnel["data"]["id"],
            }
