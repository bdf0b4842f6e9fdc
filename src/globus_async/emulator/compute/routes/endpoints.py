"""Endpoints: registrations, status, locks, and the console of multi-user endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.fields import BOOLEAN, OBJECT, TEXT, UUID, list_of
from ...kit.ids import named_id, new_id
from ..access import (
    check_subscription,
    endpoint_in_path,
    is_visible,
    managed_endpoint,
)
from ..documents import endpoint_document, endpoint_entry, read_queue, time_text, write_queue
from ..errors import ComputeError
from ..models import Endpoint

if TYPE_CHECKING:
    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import ComputeState

__all__ = (
    "ROUTES",
    "V3_ROUTES",
    "delete_endpoint",
    "endpoint_status",
    "get_allowlist",
    "get_console",
    "get_endpoint",
    "list_endpoints",
    "lock_endpoint",
    "register_endpoint",
    "v3_lock_endpoint",
    "v3_register_endpoint",
    "v3_update_endpoint",
    "verify_endpoint",
)

_IDS: Final = list_of(UUID)
_TEXTS: Final = (
    *("endpoint_config", "description", "ip_address", "hostname", "local_user", "sdk_version", "endpoint_version"),
    "python_version",
)
_OBJECTS: Final = ("config", "user_config_schema")
"""Members of metadata, by their types; a template may be either."""
_CONSOLE_FIELDS: Final = (
    *("user_endpoint_id", "active", "python_version", "endpoint_version", "client_sdk_versions", "posix_pid"),
    *("posix_username", "start_time_iso", "start_time_unix", "last_heartbeat_unix", "total_worker_count"),
    *("idle_worker_count", "total_node_count", "node_info", "running_task_count", "queued_task_count"),
    *("executed_task_count", "engine_type", "provider_type", "account", "queue", "config"),
)


async def list_endpoints(state: ComputeState, request: Request) -> list[Document]:
    """List the caller's endpoints, or all that the caller may see."""
    role, caller = request.parameter("role", "owner"), request.caller
    if role not in {"owner", "any"}:
        raise request.errors.invalid_parameter("role", str(role), "'owner' or 'any'")
    endpoints = state.endpoints.values()
    if role == "owner":
        return [endpoint_entry(each) for each in endpoints if each.owner_id in caller.identity_ids]
    return [endpoint_entry(each) for each in endpoints if is_visible(each, caller)]


async def get_endpoint(state: ComputeState, request: Request) -> Document:
    """Read an endpoint."""
    caller = request.caller
    endpoint = endpoint_in_path(state, request)
    if not (endpoint.multi_user or is_visible(endpoint, caller)):
        raise ComputeError.forbidden("endpoint", endpoint.id)
    return endpoint_document(endpoint)


async def endpoint_status(state: ComputeState, request: Request) -> Document:
    """Read whether an endpoint is connected, and how many tasks it has."""
    caller = request.caller
    endpoint = endpoint_in_path(state, request)
    if not (endpoint.multi_user or is_visible(endpoint, caller)):
        raise ComputeError.forbidden("endpoint", endpoint.id)
    if not endpoint.is_online:
        return {"status": "offline", "details": _status_details(0, 0)}
    return {"status": "online", "details": _status_details(1, len(_pending_tasks(state, endpoint)))}


def _status_details(workers: int, tasks: int) -> Document:
    return {
        "total_workers": workers,
        "idle_workers": max(0, workers - tasks),
        "pending_tasks": tasks,
        "outstanding_tasks": tasks,
        "managers": workers,
    }


def _pending_tasks(state: ComputeState, endpoint: Endpoint) -> list[str]:
    return [each.id for each in state.tasks.values() if each.endpoint_id == endpoint.id and not each.is_final]


async def delete_endpoint(state: ComputeState, request: Request) -> Document:
    """Delete an endpoint."""
    endpoint = managed_endpoint(state, request)
    if endpoint.owner_id not in request.caller.identity_ids:
        raise ComputeError.forbidden("endpoint", endpoint.id)
    del state.endpoints[endpoint.id]
    return {"result": 302}


async def lock_endpoint(state: ComputeState, request: Request) -> Document:
    """Disconnect an endpoint, and refuse its registration for a while."""
    endpoint = _lock(state, request)
    return {"endpoint_id": endpoint.id, "lock_expiration_timestamp": time_text(endpoint.locked_until)}


async def v3_lock_endpoint(state: ComputeState, request: Request) -> Document:
    """Do the same; the end is a number."""
    endpoint = _lock(state, request)
    return {"endpoint_id": endpoint.id, "lock_expiration_timestamp": endpoint.locked_until}


def _lock(state: ComputeState, request: Request) -> Endpoint:
    endpoint = managed_endpoint(state, request)
    endpoint.is_online = False
    endpoint.locked_until = state.now() + state.lock_seconds
    return endpoint


async def register_endpoint(state: ComputeState, request: Request) -> Document:
    """Register an endpoint with an id of its owner's choice, or again."""
    caller, fields = request.caller, request.fields()
    endpoint_id = fields.required("endpoint_uuid", UUID)
    known = state.endpoints.get(endpoint_id)
    if known is not None:
        if not known.is_managed_by(caller.identity_ids):
            raise ComputeError.forbidden("endpoint", known.id)
        _check_unlocked(state, known)
    endpoint = _read(fields, known, endpoint_id, caller.identity_id)
    if known is not None:  # its document has no members for these
        endpoint.public, endpoint.high_assurance = known.public, known.high_assurance
        endpoint.subscription_uuid, endpoint.admins = known.subscription_uuid, known.admins
    state.endpoints[endpoint.id] = endpoint
    queues = _queues(endpoint)
    queues.pop("heartbeat_queue_info")
    if endpoint.multi_user:
        queues.pop("result_queue_info")
    return {"endpoint_id": endpoint.id, **queues, "warnings": []}


async def v3_register_endpoint(state: ComputeState, request: Request) -> Document:
    """Register an endpoint, whose id the service chooses."""
    endpoint = _read_v3(state, request, None, new_id())
    state.endpoints[endpoint.id] = endpoint
    return {"endpoint_id": endpoint.id, **_queues(endpoint), "warnings": []}


async def v3_update_endpoint(state: ComputeState, request: Request) -> Document:
    """Register an endpoint again, as it does when it starts."""
    known = managed_endpoint(state, request)
    _check_unlocked(state, known)
    endpoint = _read_v3(state, request, known, known.id)
    state.endpoints[endpoint.id] = endpoint
    return {"endpoint_id": endpoint.id, **_queues(endpoint), "warnings": []}


def _check_unlocked(state: ComputeState, endpoint: Endpoint) -> None:
    if state.now() < endpoint.locked_until:
        until = time_text(endpoint.locked_until)
        message = f"Endpoint {endpoint.id} is locked until {until}"
        raise ComputeError(423, "ENDPOINT_LOCKED", message, error_args=[endpoint.id])


def _queues(endpoint: Endpoint) -> Document:
    name = "command_queue_info" if endpoint.multi_user else "task_queue_info"
    return {
        name: read_queue("commands" if endpoint.multi_user else "tasks", endpoint.id),
        "result_queue_info": write_queue("results", endpoint.id),
        "heartbeat_queue_info": write_queue("heartbeats", endpoint.id),
    }


def _read(fields: Fields, known: Endpoint | None, id: str, owner_id: str) -> Endpoint:
    """Read the members that both versions have."""
    name = fields.required("endpoint_name", TEXT)
    multi_user = fields.optional("multi_user", BOOLEAN, default=False)
    if known is not None and known.multi_user != multi_user:
        raise ComputeError(400, "REQUEST_MALFORMED", "Whether an endpoint is a multi-user one cannot be changed")
    endpoint = Endpoint(
        id,
        owner_id if known is None else known.owner_id,
        name,
        fields.nullable("display_name", TEXT) or name,
        multi_user=multi_user,
        allowed_functions=fields.nullable("allowed_functions", _IDS),
        authentication_policy=fields.nullable("authentication_policy", UUID),
        metadata=_metadata(fields),
    )
    if known is not None:
        endpoint.subscription_admin_verified = known.subscription_admin_verified
    return endpoint


def _metadata(fields: Fields) -> Document:
    given = fields.object("metadata")
    for name in _TEXTS:
        given.nullable(name, TEXT)
    for name in _OBJECTS:
        given.nullable(name, OBJECT)
    return {name: given[name] for name in given}


def _read_v3(state: ComputeState, request: Request, known: Endpoint | None, id: str) -> Endpoint:
    caller, fields = request.caller, request.fields()
    fields.required("metadata", OBJECT)
    endpoint = _read(fields, known, id, caller.identity_id)
    endpoint.public = fields.optional("public", BOOLEAN, default=False)
    endpoint.high_assurance = fields.optional("high_assurance", BOOLEAN, default=False)
    if known is not None and known.high_assurance != endpoint.high_assurance:
        raise ComputeError(400, "REQUEST_MALFORMED", "Whether an endpoint has high assurance cannot be changed")
    endpoint.subscription_uuid = fields.nullable("subscription_uuid", UUID)
    endpoint.admins = fields.nullable("admins", _IDS) or []
    if endpoint.admins and endpoint.subscription_uuid is None:
        raise ComputeError.problem(("body", "admins"), "An endpoint with administrators needs a subscription_uuid")
    check_subscription(state, endpoint.subscription_uuid, caller)
    return endpoint


async def get_allowlist(state: ComputeState, request: Request) -> Document:
    """Read the functions that an endpoint runs."""
    endpoint = managed_endpoint(state, request)
    allowed = endpoint.allowed_functions
    return {"endpoint_id": endpoint.id, "restricted": allowed is not None, "functions": allowed or []}


async def get_console(state: ComputeState, request: Request) -> Document:
    """Read what the user endpoints of a multi-user endpoint do: one for each identity that has submitted tasks."""
    endpoint = managed_endpoint(state, request)
    if not endpoint.multi_user:
        raise ComputeError(400, "REQUEST_MALFORMED", f"Endpoint {endpoint.id} is no multi-user endpoint")
    if endpoint.subscription_uuid is None:
        raise ComputeError.forbidden("endpoint", endpoint.id)
    only, names = request.parameter("user_endpoint_id"), request.parameter_list("include_fields")
    for name in names:
        if name not in _CONSOLE_FIELDS:
            raise ComputeError(400, "REQUEST_MALFORMED", f"There is no field {name}", error_args=[name])
    users = dict.fromkeys(each.owner_id for each in state.tasks.values() if each.endpoint_id == endpoint.id)
    rows = [_user_endpoint(state, endpoint, each) for each in users]
    shown = names or [name for name in _CONSOLE_FIELDS if name != "config"]
    return {
        "user_endpoints": [
            {name: row[name] for name in shown if name in row}
            for row in rows
            if only is None or row["user_endpoint_id"] == only.lower()
        ]
    }


def _user_endpoint(state: ComputeState, endpoint: Endpoint, user_id: str) -> Document:
    tasks = [each for each in state.tasks.values() if (each.endpoint_id, each.owner_id) == (endpoint.id, user_id)]
    pending = [each for each in tasks if not each.is_final]
    started = tasks[0].created_at
    return {
        "user_endpoint_id": named_id("user endpoint", endpoint.id, user_id),
        "active": endpoint.is_online,
        "posix_username": state.platform.directory.username(user_id).partition("@")[0],
        "start_time_iso": f"{time_text(started)}+00:00",
        "start_time_unix": started,
        "last_heartbeat_unix": state.now(),
        "total_worker_count": 1,
        "idle_worker_count": 0 if pending else 1,
        "total_node_count": 1,
        "running_task_count": len([each for each in pending if each.status == "running"]),
        "queued_task_count": len([each for each in pending if each.status != "running"]),
        "executed_task_count": len(tasks) - len(pending),
        "config": str(endpoint.metadata.get("user_config_template", "")),
    }


async def verify_endpoint(state: ComputeState, request: Request) -> Document:
    """Set whether an administrator of its subscription has verified an endpoint."""
    caller, endpoint = request.caller, endpoint_in_path(state, request)
    verified = request.fields().required("subscription_admin_verified", BOOLEAN)
    if endpoint.subscription_uuid is None:
        raise ComputeError(409, "SUBSCRIPTION_REQUIRED", f"Endpoint {endpoint.id} has no subscription")
    subscription = state.platform.directory.subscriptions.get(endpoint.subscription_uuid)
    if subscription is None or not any(subscription.has_admin(each) for each in caller.identity_ids):
        raise ComputeError.forbidden("subscription", endpoint.subscription_uuid)
    endpoint.subscription_admin_verified = verified
    return {"subscription_admin_verified": verified}


ROUTES: Final[RouteTable[ComputeState]] = (
    ("GET", "/endpoints", list_endpoints),
    ("POST", "/endpoints", register_endpoint),
    ("GET", "/endpoints/{endpoint_id}", get_endpoint),
    ("DELETE", "/endpoints/{endpoint_id}", delete_endpoint),
    ("GET", "/endpoints/{endpoint_id}/status", endpoint_status),
    ("POST", "/endpoints/{endpoint_id}/lock", lock_endpoint),
)
V3_ROUTES: Final[RouteTable[ComputeState]] = (
    ("POST", "/endpoints", v3_register_endpoint),
    ("PUT", "/endpoints/{endpoint_id}", v3_update_endpoint),
    ("DELETE", "/endpoints/{endpoint_id}", delete_endpoint),
    ("POST", "/endpoints/{endpoint_id}/lock", v3_lock_endpoint),
    ("GET", "/endpoints/{endpoint_id}/allowed_functions", get_allowlist),
    ("GET", "/endpoints/{endpoint_id}/console", get_console),
    ("PUT", "/endpoints/{endpoint_id}/subscription-admin-verified", verify_endpoint),
)
