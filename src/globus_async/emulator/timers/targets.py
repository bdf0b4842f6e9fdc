"""What timers run: transfer tasks, runs of flows, and actions, each by requests to another service of the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ..kit.peer import PeerResponse
    from ..kit.service import Document, Platform
    from .models import Run, Timer

__all__ = (
    "TRANSFER_ACTION",
    "TRANSFER_SCOPE",
    "as_object",
    "flow_scope",
    "poll_run",
    "resume_run",
    "run_id",
    "run_status",
    "start_run",
)

TRANSFER_SCOPE: Final = "urn:globus:auth:scope:transfer.api.globus.org:all"
TRANSFER_ACTION: Final = "https://actions.automate.globus.org/transfer/transfer/run"
"""The URL of the action that transfer timers are said to run."""

_RUN_STATUS: Final = "https://auth.globus.org/scopes/eec9b274-0c81-4334-bdc2-54e90e689b9a/run_status"
_IDS: Final = {"transfer": "task_id", "flow": "run_id", "generic": "action_id"}
_ENDS: Final = {"ENDED": "FAILED"}
"""Statuses of ends that have another name."""


def flow_scope(flow_id: str) -> str:
    """Return the scope with which a flow is started."""
    return f"https://auth.globus.org/scopes/{flow_id}/flow_{flow_id.replace('-', '_')}_user"


async def start_run(platform: Platform, timer: Timer) -> PeerResponse:
    """
    Create the task, run or action of a timer, on behalf of its owner.

    Raises:
        ConsentMissing: The owner has not consented to it.
        LookupError: There is no such flow, action or scope.
    """
    match timer.kind:
        case "transfer":
            token = platform.authority.dependent_token(timer.caller, TRANSFER_SCOPE)
            document = {**timer.body, "DATA_TYPE": "transfer", "submission_id": timer.submission_id}
            return await platform.request("transfer", "POST", "/v0.10/transfer", token=token, document=document)
        case "flow":
            token = platform.authority.dependent_token(timer.caller, flow_scope(str(timer.flow_id)))
            path = f"/flows/{timer.flow_id}/run"
            return await platform.request("flows", "POST", path, token=token, document=timer.body)
        case "generic":
            document = {"request_id": timer.submission_id, "body": timer.body}
            return await _to_action(platform, timer, "POST", urlsplit(timer.callback_url).path, document)


async def poll_run(platform: Platform, timer: Timer, run: Run) -> PeerResponse:
    """
    Fetch the task, run or status of the action.

    Raises:
        ConsentMissing: The owner has rescinded the consent.
        LookupError: There is no such flow, action or scope any more.
    """
    match timer.kind:
        case "transfer":
            token = platform.authority.dependent_token(timer.caller, TRANSFER_SCOPE)
            return await platform.request("transfer", "GET", f"/v0.10/task/{run.resource_id}", token=token)
        case "flow":
            token = platform.authority.trusted_token(timer.caller, _RUN_STATUS)
            return await platform.request("flows", "GET", f"/runs/{run.resource_id}", token=token)
        case "generic":
            base = urlsplit(timer.callback_url).path.rpartition("/")[0]
            return await _to_action(platform, timer, "GET", f"{base}/{run.resource_id}/status")


async def resume_run(platform: Platform, timer: Timer, run: Run) -> PeerResponse | None:
    """
    Resume an inactive run of a flow or action; `None` for a task, which goes on when its owner has logged in.

    Raises:
        ConsentMissing: The owner has not consented to it.
        LookupError: There is no such flow, action or scope any more.
    """
    match timer.kind:
        case "transfer":
            return None
        case "flow":
            token = platform.authority.dependent_token(timer.caller, flow_scope(str(timer.flow_id)))
            path = f"/runs/{run.resource_id}/resume"
            return await platform.request("flows", "POST", path, token=token, document={})
        case "generic":
            base = urlsplit(timer.callback_url).path.rpartition("/")[0]
            return await _to_action(platform, timer, "POST", f"{base}/{run.resource_id}/resume", {})


async def _to_action(
    platform: Platform, timer: Timer, method: str, path: str, document: Document | None = None
) -> PeerResponse:
    host = urlsplit(timer.callback_url).hostname or ""
    service = platform.service_at(host)
    if service is None:
        raise LookupError(f"There is no service at {host}")
    token = platform.authority.dependent_token(timer.caller, timer.scope or TRANSFER_SCOPE)
    return await platform.request(service, method, path, token=token, document=document)


def as_object(value: object) -> Document:
    """Return a JSON object; an empty one for any other value."""
    return cast("Document", value) if isinstance(value, dict) else {}


def run_id(timer: Timer, document: object) -> str | None:
    """Return the id of a task, run or action from the response to its creation."""
    value = as_object(document).get(_IDS[timer.kind])
    return value if isinstance(value, str) else None


def run_status(document: object) -> str:
    """Return ``ACTIVE``, ``INACTIVE``, ``SUCCEEDED`` or ``FAILED`` from the document of a task, run or action."""
    status = as_object(document).get("status")
    return _ENDS.get(status, status) if isinstance(status, str) else "ACTIVE"
