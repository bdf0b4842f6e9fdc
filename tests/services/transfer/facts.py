"""Facts about Transfer for the tests of all clients."""

from __future__ import annotations

import atexit
import itertools
import typing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import respx

from globus_async import AccessTokenAuthorizer, Transport
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.services import transfer
from globus_async.services.transfer.waiting import outcomes, task_progress, task_watch
from globus_async.token_storage import MemoryTokenStorage
from tests.toolkit.canaries import Canaries
from tests.toolkit.facts import ServiceFacts

__all__ = ("FACTS",)

ID = "5e1f2a4c-0000-4000-8000-000000000001"

_FOLDER = TemporaryDirectory()
_NUMBERS = itertools.count()
atexit.register(_FOLDER.cleanup)


def _leases() -> MemoryTokenStorage:
    return MemoryTokenStorage()


def _journal() -> Path:
    return Path(_FOLDER.name, f"journal {next(_NUMBERS)}")


async def _objects(secrets: Canaries) -> list[object]:
    """Make instances of the public classes that can hold a secret."""
    router = respx.Router()
    router.get("https://transfer.api.globus.org/v0.10/thing").respond(json={}, headers={"Set-Cookie": secrets.cookie})
    router.get(path__startswith="/v0.10/task_list").respond(json={"DATA": []})
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler))
    async with Transport(http_client=http_client) as transport:
        tc = transfer.TransferClient(transport=transport, authorizer=AccessTokenAuthorizer(secrets.access))
        requirements: Any = {"DATA": [], "expires_in": -1}
        response = RawResponse(
            method="GET",
            path="/x",
            status=200,
            reason="OK",
            headers=Headers([(b"Set-Cookie", f"session={secrets.cookie}".encode())]),
            body=b"{}",
        )
        objects: list[object] = [
            tc,
            await tc.get("/thing"),
            await tc.task_list(),
            tc.task_list(),
            tc.task_list(num_results=None).prefetch(),
            tc.task_watch(ID),
            transfer.ActivationRequirementsResponse(response, requirements),
            transfer.CreateTunnelData(ID, ID),
            transfer.DeleteData(ID),
            transfer.TransferData(ID, ID),
            outcomes.TaskOutcome(next(iter(outcomes.TaskEndReason)), typing.cast("Any", {"task_id": ID})),
            task_progress.TaskProgress.of(typing.cast("Any", {"task_id": ID})),
            task_watch.TaskWatch(tc._poller, ID, 1),
            transfer.TaskInactive(typing.cast("Any", {"task_id": ID})),
        ]
        return objects


FACTS = ServiceFacts(
    values={
        "bookmark_data": {"name": "home"},
        "data": {"DATA_TYPE": "anything"},
        "directories": [(ID, "/~/")],
        "message": "reason",
        "newpath": "/~/new",
        "oldpath": "/~/old",
        "path": "/~/",
        "requirements_data": {"DATA": []},
        "role_data": {"principal": ID},
        "rule_data": {"path": "/"},
        "server_data": {"hostname": "localhost"},
        "server_id": 985,
        "subscription_admin_verified": True,
        "symlink_target": "/~/there",
        "update_doc": {"data": {}},
    },
    arguments={
        "create_tunnel": {"data": {"data": {"type": "Tunnel", "attributes": {}}}},
        "run_task": {
            "data": {"DATA_TYPE": "delete", "endpoint": ID, "DATA": [{"path": "/x"}], "submission_id": ID},
            "timeout": 1,
            "cancel_task_if_cancelled": True,
        },
        "submit_delete": {
            "data": {"DATA_TYPE": "delete", "endpoint": ID, "DATA": [{"path": "/x"}], "submission_id": ID}
        },
        "submit_documents": {
            "documents": [{"DATA_TYPE": "delete", "endpoint": ID, "DATA": [{"path": "/x"}], "submission_id": ID}],
            "journal": _journal,
            "leases": _leases,
        },
        "submit_items": {
            "data": transfer.TransferData(ID, ID),
            "items": [("/x", "/y")],
            "journal": _journal,
            "leases": _leases,
        },
        "submit_transfer": {
            "data": {
                "DATA_TYPE": "transfer",
                "source_endpoint": ID,
                "destination_endpoint": ID,
                "DATA": [{"DATA_TYPE": "transfer_item", "source_path": "/x", "destination_path": "/y"}],
                "submission_id": ID,
            }
        },
        "task_wait": {"timeout": 1, "polling_interval": 1},
    },
    no_request=frozenset({"add_app_data_access_scope", "data_access_scope"}),
    repeated_writes={
        **dict.fromkeys(
            ("create_tunnel", "run_task", "submit_delete", "submit_documents", "submit_transfer"),
            "the service detects repetition by the submission id",
        ),
        **dict.fromkeys(
            (
                "cancel_task",
                "cancel_task_and_wait",
                "endpoint_autoactivate",
                "endpoint_deactivate",
                "endpoint_manager_pause_tasks",
                "endpoint_manager_resume_tasks",
            ),
            "idempotent",
        ),
    },
    text_ids=frozenset({"role_id", "rule_id", "server_id"}),
    without_example={"CreateTunnelData": "shown in the example of create_tunnel"},
    objects=_objects,
    without_secrets=frozenset(
        {"BatchSubmission", "DocumentSubmission", "SubmittedTask", "DirectoryWalk", "TaskEndReason"}
    ),
)
