"""An emulated Globus for the examples in docstrings: two endpoints, a function, and its tasks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from globus_async import AccessTokenAuthorizer
from globus_async.services import compute as service
from globus_async.services.compute import ComputeClientV2, ComputeClientV3
from globus_async.testing import GlobusEmulator, ManualClock

__all__ = ("world",)

SCOPES = [str(ComputeClientV2.scopes.all)]


@asynccontextmanager
async def world() -> AsyncGenerator[dict[str, Any]]:
    """Create it, yield its names, and close it."""
    async with GlobusEmulator(clock=ManualClock()) as emulator:
        ada = emulator.add_identity("ada@example.org")
        state = emulator.compute
        laptop = state.add_endpoint("laptop", owner_id=ada.id)
        cluster = state.add_endpoint(
            "cluster", owner_id=ada.id, multi_user=True, subscription_uuid=emulator.add_subscription(admins=[ada])
        )
        function = state.add_function("howdy_world", owner_id=ada.id)
        container = state.add_container("tools", owner_id=ada.id)
        authorizer = AccessTokenAuthorizer(emulator.access_token(ada, scopes=SCOPES))
        async with emulator.transport(default_rate_limits=False) as transport:
            client = ComputeClientV2(authorizer=authorizer, transport=transport)
            newer = ComputeClientV3(authorizer=authorizer, transport=transport)
            submitted = await newer.submit(laptop.id, {"tasks": {function.id: ["one", "two"]}})
            await newer.submit(cluster.id, {"tasks": {function.id: ["three"]}})
            task_id, pending = submitted["tasks"][function.id]
            state.complete_task(task_id, "10000")
            names: dict[str, Any] = {name: getattr(service, name) for name in service.__all__}
            yield names | {
                "authorizer": authorizer,
                "compute": client,
                "compute_v3": newer,
                "container_id": container.id,
                "emulator": emulator,
                "endpoint_id": laptop.id,
                "function_id": function.id,
                "multi_user_endpoint_id": cluster.id,
                "pending_task_id": pending,
                "task_group_id": submitted["task_group_id"],
                "task_id": task_id,
                "transport": transport,
            }
