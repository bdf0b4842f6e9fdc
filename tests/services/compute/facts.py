"""Facts about Compute for the tests of all clients."""

from __future__ import annotations

import typing
from typing import Any

import httpx
import respx

from globus_async import AccessTokenAuthorizer, Transport
from globus_async.services import compute
from tests.toolkit.canaries import Canaries
from tests.toolkit.facts import ServiceFacts

__all__ = ("FACTS", "ID", "SUBMISSION", "SUBMISSION_V3")

ID = "5e1f2a4c-0000-4000-8000-000000000001"
URL = "https://compute.api.globus.org"

SUBMISSION: dict[str, Any] = {"task_group_id": ID, "tasks": [[ID, ID, "arguments"]]}
SUBMISSION_V3: dict[str, Any] = {"task_group_id": ID, "tasks": {ID: ["one", "two"]}}


def _uncertain() -> compute.TasksUncertain:
    error = compute.TasksUncertain("no response", stage="no response", idempotent=True)
    error.document, error.task_group_id = SUBMISSION_V3, ID
    return error


async def _objects(secrets: Canaries) -> list[object]:
    """Make instances of the public classes that can hold a secret."""
    router = respx.Router()
    address = {"connection_url": f"amqps://user:{secrets.created}@mq.example"}
    router.get(f"{URL}/v2/get_amqp_result_connection_url").respond(json={"queue_prefix": "x", **address})
    router.post(f"{URL}/v3/endpoints").respond(json={"endpoint_id": ID, "task_queue_info": address})
    router.get(f"{URL}/v2/version").respond(json="1.23.0", headers={"Set-Cookie": secrets.cookie})
    router.get(f"{URL}/v2/authenticate").respond(json="OK")
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler))
    async with Transport(http_client=http_client) as transport:
        client = compute.ComputeClientV2(transport=transport, authorizer=AccessTokenAuthorizer(secrets.access))
        newer = compute.ComputeClientV3(transport=transport, authorizer=AccessTokenAuthorizer(secrets.access))
        task = typing.cast("Any", {"task_id": ID, "status": "success", "result": "10000"})
        return [
            client,
            newer,
            await client.get_version(),
            await client.check_authentication(),
            await client.get_result_amqp_url(),
            await newer.register_endpoint({"endpoint_name": "x", "metadata": {}}),
            compute.ComputeTaskOutcome(compute.ComputeTaskEndReason.SUCCESS, task),
            _uncertain(),
        ]


FACTS = ServiceFacts(
    values={
        "container_type": "docker",
        "data": {"endpoint_name": "x"},
        "subscription_admin_verified": True,
        "uncertain": _uncertain,
    },
    arguments={
        "ComputeClientV2.submit": {"data": SUBMISSION},
        "ComputeClientV3.submit": {"data": SUBMISSION_V3},
        "wait_for_task": {"timeout": 1, "polling_interval": 1},
        "wait_for_tasks": {"timeout": 1, "polling_interval": 1},
    },
    lists=frozenset({"check_authentication", "get_endpoints", "get_version", "head_version"}),
    repeated_writes={"get_task_batch": "reads only"},
    objects=_objects,
    without_secrets=frozenset({"ComputeTaskEndReason"}),
)
