"""Endpoints of the emulated Compute: registrations with both versions of the API."""

from __future__ import annotations

import pytest

from globus_async import AccessTokenAuthorizer, ComputeClientV2, ComputeClientV3
from globus_async.emulator.compute.models import COMPUTE_SCOPE
from globus_async.services.compute import ComputeAPIError
from globus_async.testing import GlobusEmulator


async def test_version_2_keeps_what_it_has_no_members_for() -> None:
    """An endpoint that is registered again stays public, of high assurance, and with its subscription."""
    async with GlobusEmulator() as emulator:
        ada, bob = emulator.add_identity("ada@example.org"), emulator.add_identity("bob@example.org")
        subscription = emulator.add_subscription(admins=[ada])
        authorizer = AccessTokenAuthorizer(emulator.access_token(ada, scopes=[COMPUTE_SCOPE]))
        async with emulator.transport() as transport:
            v2 = ComputeClientV2(authorizer=authorizer, transport=transport)
            v3 = ComputeClientV3(authorizer=authorizer, transport=transport)
            document = {"endpoint_name": "cluster", "multi_user": True, "metadata": {}}
            own = {
                "public": True,
                "high_assurance": True,
                "subscription_uuid": subscription,
                "admins": [bob.id],
            }
            endpoint_id = (await v3.register_endpoint({**document, **own}))["endpoint_id"]
            await v2.register_endpoint({**document, "endpoint_uuid": endpoint_id, "display_name": "Cluster"})
            endpoint = (await v2.get_endpoint(endpoint_id)).data
            assert (endpoint["display_name"], endpoint["public"], endpoint.get("high_assurance")) == (
                "Cluster",
                True,
                True,
            )
            assert endpoint.get("subscription_uuid") == subscription
            assert emulator.compute.endpoints[endpoint_id].admins == [bob.id]
            with pytest.raises(ComputeAPIError, match="high assurance"):
                await v3.update_endpoint(endpoint_id, document)
