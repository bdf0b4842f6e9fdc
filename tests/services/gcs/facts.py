"""Facts about Globus Connect Server for the tests of all clients."""

from __future__ import annotations

from typing import Any

import httpx
import respx

from globus_async import AccessTokenAuthorizer, Transport
from globus_async.confidential import CONFIDENTIAL
from globus_async.services import gcs
from globus_async.testing import GlobusEmulator
from tests.clients import ID
from tests.toolkit.canaries import Canaries
from tests.toolkit.facts import ServiceFacts

__all__ = ("FACTS",)


async def _objects(secrets: Canaries) -> list[object]:
    """Make instances of the public classes that can hold a secret."""
    router = respx.Router()
    router.get("https://abc.def.data.globus.org/api/thing").respond(json={}, headers={"Set-Cookie": secrets.cookie})
    router.get(path="/api/roles").respond(json={"data": []})
    router.get(path="/api/endpoint").respond(json={"data": [{"DATA_TYPE": "endpoint#1.2.0"}]})
    router.get(path__startswith="/api/collections").respond(json={"data": []})
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler))
    async with Transport(http_client=http_client) as transport:
        authorizer = AccessTokenAuthorizer(secrets.access)
        client = gcs.GCSClient("abc.def.data.globus.org", transport=transport, authorizer=authorizer)
        return [
            client,
            await client.get("/thing"),
            await client.get_endpoint(),
            await client.check_collection(ID),
            await client.get_role_list(),
            client.get_role_list(),
            client.get_role_list().prefetch(),
            *_documents(secrets),
        ]


def _address(emulator: GlobusEmulator) -> str:
    return (
        f"https://{emulator.gcs.add_endpoint('Laboratory', owner=emulator.add_identity('grace@example.org')).host}/api"
    )


def _documents(secrets: Canaries) -> list[object]:
    """Make an instance of each document, with a secret in each member that is confidential."""
    kinds = [kind for name in gcs.__all__ if isinstance(kind := getattr(gcs, name), type)]
    documents: list[object] = []
    for kind in kinds:
        if issubclass(kind, gcs.GCSDocument) and hasattr(kind, "DATATYPE_BASE"):
            nested = {
                "policies": {"access_token": secrets.access, "s3_multi_keys": [{"s3_secret_key": secrets.created}]}
            }
            documents.append(kind(additional_fields={**nested, **dict.fromkeys(CONFIDENTIAL, secrets.client_secret)}))
    return documents


_DOCUMENT: dict[str, Any] = {"display_name": "nothing at all"}

FACTS = ServiceFacts(
    emulated_address=_address,
    constructor={"gcs_address": "abc.def.data.globus.org"},
    values={
        "collection_data": _DOCUMENT,
        "data": _DOCUMENT,
        "endpoint_data": _DOCUMENT,
        "subscription_admin_verified": True,
    },
    no_request=frozenset({"get_gcs_collection_scopes", "get_gcs_endpoint_scopes"}),
    objects=_objects,
    without_secrets=frozenset(
        {"ConnectorTable", "GCSDocument", "GlobusConnectServerConnector", "LocalGlobusConnectServer"}
    ),
)
