"""An emulated Globus for the examples in docstrings: an endpoint, its gateways, collections and roles, by name."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import globus_async
from globus_async import AccessTokenAuthorizer, scopes
from globus_async.scopes import GCSCollectionScopes, GCSEndpointScopes
from globus_async.services import gcs
from globus_async.testing import GlobusEmulator

__all__ = ("World", "world")

World = dict[str, Any]
"""Names and values, for the globals of an example."""


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    """Create it, yield its names, and close it."""
    async with GlobusEmulator() as emulator:
        ada = emulator.add_identity("ada@example.org", name="Ada Lovelace")
        grace = emulator.add_identity("grace@example.org", name="Grace Hopper")
        subscription_id = emulator.add_subscription(admins=[ada])
        endpoint = emulator.gcs.add_endpoint("Laboratory", owner=ada, subscription_id=subscription_id)
        gateway = emulator.gcs.add_storage_gateway(endpoint, "Lab file system", files={"/open/data.csv": b"1,2\n"})
        mapped = emulator.gcs.add_mapped_collection(gateway, "Lab storage", delete_protected=False)
        guest = emulator.gcs.add_guest_collection(mapped, "Open data", owner=ada, base_path="/open")
        data_access = GCSCollectionScopes(mapped.id).data_access.with_optional(True)
        scope = GCSEndpointScopes(endpoint.client_id).manage_collections.with_dependency(data_access)
        authorizer = AccessTokenAuthorizer(emulator.access_token(ada, scopes=[str(scope)]))
        transport = emulator.transport()
        async with transport, gcs.GCSClient(endpoint.host, authorizer=authorizer, transport=transport) as client:
            names: World = {name: getattr(globus_async, name) for name in globus_async.__all__}
            for module in (scopes, gcs):
                names |= {name: getattr(module, name) for name in module.__all__}
            node = await client.create_node(gcs.NodeData(ip_addresses="192.0.2.1", status="active"))
            unused = await client.create_storage_gateway(
                gcs.StorageGatewayDocument(display_name="Unused", connector_id=gcs.ConnectorTable.POSIX.connector_id)
            )
            policy = await client.create_sharing_policy(
                gcs.SharingPolicyData(
                    collection_id=mapped.id, users="ada", sharing_restrict_paths=gcs.PathRestrictions(read="/open")
                )
            )
            stream = await client.create_stream_gateway(gcs.StreamGatewayData(display_name="Instruments"))
            tunnel_id = str(UUID(int=1))
            lan_secret = await client.create_lan_secret(
                gcs.LanSecretData(stream_access_point_id=stream["id"], tunnel_id=tunnel_id)
            )
            monitor = await client.create_role(
                gcs.GCSRoleDocument(principal=f"urn:globus:auth:identity:{grace.id}", role="activity_monitor")
            )
            (role,) = await client.get_role_list(mapped.id).list()
            (credential,) = await client.get_user_credential_list(gateway.id).list()
            names |= {
                "authorizer": authorizer,
                "collection_id": mapped.id,
                "emulator": emulator,
                "gateway_id": gateway.id,
                "gcs": client,
                "gcs_address": endpoint.host,
                "guest_id": guest.id,
                "identity_id": ada.id,
                "lan_secret_id": lan_secret["id"],
                "monitor_role_id": monitor["id"],
                "node_id": node["id"],
                "other_identity_id": grace.id,
                "role_id": role["id"],
                "sharing_policy_id": policy["id"],
                "stream_gateway_id": stream["id"],
                "transport": transport,
                "tunnel_id": tunnel_id,
                "unused_gateway_id": unused["id"],
                "user_credential_id": credential["id"],
            }
            yield names
