"""The documents of Globus Compute."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..kit.ids import random_text

if TYPE_CHECKING:
    from ..kit.service import Document
    from .models import Container, Endpoint, Function, Task, TaskGroup

__all__ = (
    "batch_task_document",
    "connection_url",
    "container_document",
    "endpoint_document",
    "endpoint_entry",
    "function_document",
    "group_document",
    "read_queue",
    "task_document",
    "time_text",
    "write_queue",
)

_HOST = "amqps://{user}:{password}@amqps.funcx.org:443/%2F"


def time_text(moment: float) -> str:
    """Return a time in ISO 8601 with microseconds, without time zone."""
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def connection_url(user: str) -> str:
    """Return the address of queues, with a new password."""
    return _HOST.format(user=user, password=random_text(24))


def read_queue(name: str, endpoint_id: str) -> Document:
    """Return a queue from which an endpoint reads."""
    return {"connection_url": connection_url(endpoint_id), "exchange": name, "queue": f"{endpoint_id}.{name}"}


def write_queue(name: str, endpoint_id: str) -> Document:
    """Return a queue to which an endpoint writes."""
    publish: Document = {
        "exchange": name,
        "routing_key": f"{endpoint_id}.{name}",
        "mandatory": True,
        "properties": {"delivery_mode": 2},
    }
    return {**read_queue(name, endpoint_id), "queue_publish_kwargs": publish}


def endpoint_entry(endpoint: Endpoint) -> Document:
    """Return an endpoint in a list."""
    return {
        "uuid": endpoint.id,
        "name": endpoint.name,
        "display_name": endpoint.display_name,
        "owner": endpoint.owner_id,
    }


def endpoint_document(endpoint: Endpoint) -> Document:
    """Return an endpoint."""
    metadata = endpoint.metadata
    texts = ("hostname", "local_user", "ip_address", "endpoint_version", "sdk_version", "python_version")
    return {
        "uuid": endpoint.id,
        "name": endpoint.name,
        "display_name": endpoint.display_name,
        "multi_user": endpoint.multi_user,
        "high_assurance": endpoint.high_assurance,
        "public": endpoint.public,
        "endpoint_config": metadata.get("endpoint_config", ""),
        "user_config_template": metadata.get("user_config_template", ""),
        "user_config_schema": metadata.get("user_config_schema", {}),
        "description": metadata.get("description", ""),
        **{name: metadata[name] for name in texts if name in metadata},
        "subscription_uuid": endpoint.subscription_uuid,
        "subscription_admin_verified": endpoint.subscription_admin_verified,
    }


def function_document(function: Function) -> Document:
    """Return a function."""
    return {
        "function_uuid": function.id,
        "function_name": function.name,
        "function_code": function.code,
        "description": function.description,
        "metadata": function.metadata,
    }


def container_document(container: Container, type: str) -> Document:
    """Return a container, with its location if it is of a type."""
    document: dict[str, Any] = {
        "container_uuid": container.id,
        "name": container.name,
        "build_status": container.build_status,
    }
    if container.type == type:
        document |= {"type": container.type, "location": container.location}
    return document


def task_document(task: Task) -> Document:
    """Return a task."""
    return {**_outcome(task), "details": task.details} if task.is_final else _outcome(task)


def batch_task_document(task: Task) -> Document:
    """Return a task among several."""
    return {**_outcome(task), "reason": task.reason} if task.reason is not None else _outcome(task)


def _outcome(task: Task) -> Document:
    document: Document = {"task_id": task.id, "status": task.status}
    if task.result is not None:
        document["result"] = task.result
    if task.exception is not None:
        document["exception"] = task.exception
    if task.completed_at is not None:
        document["completion_t"] = str(task.completed_at)
    return document


def group_document(group: TaskGroup, tasks: list[Task]) -> Document:
    """Return a task group."""
    return {
        "taskgroup_id": group.id,
        "create_websockets_queue": group.creates_queue,
        "tasks": [{"id": each.id, "created_at": time_text(each.created_at)} for each in tasks],
    }
