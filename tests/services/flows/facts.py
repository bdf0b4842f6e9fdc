"""Facts about Flows for the tests of all clients."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import respx

from globus_async import AccessTokenAuthorizer, Transport
from globus_async.services import flows
from tests.toolkit.canaries import Canaries
from tests.toolkit.facts import ServiceFacts

__all__ = ("FACTS",)

ID = "5e1f2a4c-0000-4000-8000-000000000001"


def _uncertain() -> flows.RunUncertain:
    error = flows.RunUncertain("no response", stage="no response")
    error.flow_id, error.label, error.tags, error.called_at = ID, "nightly", ["4711"], datetime.now(UTC)
    return error


async def _objects(secrets: Canaries) -> list[object]:
    """Make instances of the public classes that can hold a secret."""
    router = respx.Router()
    router.get("https://flows.automate.globus.org/thing").respond(json={}, headers={"Set-Cookie": secrets.cookie})
    router.get(path="/runs").respond(json={"runs": []})
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler))
    async with Transport(http_client=http_client) as transport:
        authorizer = AccessTokenAuthorizer(secrets.access)
        fc = flows.FlowsClient(transport=transport, authorizer=authorizer)
        run: Any = {"run_id": ID, "status": "INACTIVE"}
        return [
            fc,
            flows.SpecificFlowClient(ID, transport=transport, authorizer=authorizer),
            await fc.get("/thing"),
            await fc.list_runs(),
            fc.list_runs(),
            fc.list_runs().prefetch(),
            fc.watch_run(ID),
            fc.follow_run_logs(ID),
            flows.RunOutcome(flows.RunEndReason.INACTIVE, run),
            flows.RunActivityNotificationPolicy("FAILED"),
        ]


FACTS = ServiceFacts(
    constructor={"flow_id": ID},
    values={
        "body": {"name": "Ada"},
        "definition": {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}},
        "description": "all of them",
        "input_schema": {"type": "object"},
        "name": "list samples",
        "target": {"type": "openapi"},
        "title": "nothing at all",
        "value": "yes",
    },
    arguments={
        "find_runs": {"uncertain": _uncertain},
        "update_runs": {"cancel": True},
    },
    no_request=frozenset({"add_app_transfer_data_access_scope", "transfer_data_access_scope"}),
    repeated_writes={
        "cancel_run": "idempotent",
        "validate_flow": "changes nothing",
        "validate_run": "changes nothing",
    },
    objects=_objects,
    without_secrets=frozenset({"RunEndReason"}),
)
