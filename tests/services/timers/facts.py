"""Facts about Timers for the tests of all clients."""

from __future__ import annotations

import typing
from typing import Any

import httpx
import respx

from globus_async import AccessTokenAuthorizer, Transport
from globus_async.services import timers
from tests.toolkit.canaries import Canaries
from tests.toolkit.facts import ServiceFacts

__all__ = ("FACTS",)

ID = "5e1f2a4c-0000-4000-8000-000000000001"

JOB: dict[str, Any] = {
    "callback_url": "https://actions.example.org/run",
    "callback_body": {"body": {}},
    "start": "2027-01-01T00:00:00Z",
    "interval": 3600,
}
TIMER: dict[str, Any] = {
    "timer_type": "transfer",
    "schedule": {"type": "once"},
    "body": {"DATA_TYPE": "transfer", "source_endpoint": ID, "destination_endpoint": ID, "DATA": []},
}


async def _objects(secrets: Canaries) -> list[object]:
    """Make instances of the public classes that can hold a secret."""
    router = respx.Router()
    router.get("https://timer.automate.globus.org/jobs/").respond(
        json={"jobs": []}, headers={"Set-Cookie": secrets.cookie}
    )
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler))
    async with Transport(http_client=http_client) as transport:
        client = timers.TimersClient(transport=transport, authorizer=AccessTokenAuthorizer(secrets.access))
        once = timers.OnceTimerSchedule()
        return [
            client,
            await client.list_jobs(),
            once,
            timers.RecurringTimerSchedule(60),
            timers.TransferTimer(schedule=once, body={}),
            timers.FlowTimer(flow_id=ID, schedule=once, body={}),
            timers.TimerJob("https://actions.example.org/run", {}, "2027-01-01T00:00:00Z", 60),
            timers.TimerOutcome(timers.TimerEndReason.ENDED, typing.cast("Any", {"job_id": ID})),
        ]


FACTS = ServiceFacts(
    values={"data": {"name": "nightly"}, "timer": TIMER},
    arguments={
        "create_job": {"data": JOB},
        "wait_for_timer": {"timeout": 1, "polling_interval": 1},
        "wait_for_timer_run": {"timeout": 1, "polling_interval": 1},
    },
    no_request=frozenset(
        {
            "add_app_flow_user_scope",
            "add_app_transfer_data_access_scope",
            "flow_timer_scope",
            "transfer_timer_scope",
        }
    ),
    repeated_writes=dict.fromkeys(("pause_job", "resume_job"), "idempotent"),
    objects=_objects,
    without_secrets=frozenset({"TimerEndReason"}),
)
