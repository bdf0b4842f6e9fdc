"""The documents of a task, for its owner and for managers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .documents import format_time, local_username
from .permissions import may_access
from .storage import paths

if TYPE_CHECKING:
    from ..kit.service import Document
    from .models import Collection, Task
    from .state import TransferState

__all__ = (
    "started_details",
    "task_document",
)


def task_document(state: TransferState, task: Task, *, as_manager: bool = False) -> Document:
    """Make the document of a task, for its owner or for a manager of one of its collections."""
    now = state.now()
    counts = task.counts
    ended = task.is_final
    nice, nice_description = _nice_status(task, now)
    group = "complete" if ended else "active"
    moment = task.completion_time if task.completion_time is not None else task.request_time
    document: Document = {
        "DATA_TYPE": "task",
        "task_id": task.id,
        "type": task.type,
        "status": task.status.value,
        "fatal_error": {"code": task.fatal_error[0], "description": task.fatal_error[1]} if task.fatal_error else None,
        "label": task.label,
        "username": local_username(task.owner_id),
        "owner_id": task.owner_id,
        "request_time": format_time(task.request_time),
        "completion_time": format_time(task.completion_time),
        "deadline": format_time(task.deadline),
        **_side("source", task.source),
        **_side("destination", task.destination),
        "source_base_path": None,
        "destination_base_path": None,
        "sync_level": None,
        "encrypt_data": False,
        "verify_checksum": False,
        "delete_destination_extra": False,
        "preserve_timestamp": False,
        "skip_source_errors": False,
        "fail_on_quota_errors": False,
        "filter_rules": None,
        "recursive_symlinks": "ignore" if task.is_transfer else None,
        **task.options,
        "files": counts.files,
        "directories": counts.directories,
        "symlinks": counts.symlinks,
        "files_skipped": counts.files_skipped,
        "files_transferred": counts.files_transferred,
        "bytes_transferred": counts.bytes_transferred,
        "bytes_checksummed": counts.bytes_checksummed,
        "effective_bytes_per_second": _speed(task, now),
        "faults": counts.faults,
        "subtasks_total": counts.total,
        "subtasks_pending": counts.pending,
        "subtasks_retrying": counts.retrying,
        "subtasks_succeeded": counts.succeeded,
        "subtasks_expired": counts.expired,
        "subtasks_canceled": counts.canceled,
        "subtasks_failed": counts.failed,
        "subtasks_skipped_errors": counts.skipped_errors,
        "command": "API 0.10",
        "is_ok": None if ended else task.current_error is None,
        "is_paused": task.paused and not ended,
        "nice_status": nice,
        "nice_status_short_description": nice_description,
        "nice_status_details": None,
        "nice_status_expires_in": None if ended else -1,
        "canceled_by_admin": task.canceled_by_admin,
        "canceled_by_admin_message": task.canceled_by_admin_message,
        "history_deleted": task.history_deleted,
        "key": f"{group},{(format_time(moment) or '')[:19]}.{int(moment % 1 * 1e6):06d}",
    }
    if as_manager:
        document["owner_string"] = state.directory.username(task.owner_id)
        document |= _manager_side(state, task, "source", task.source)
        document |= _manager_side(state, task, "destination", task.destination)
    return document


def _side(side: str, collection: Collection | None) -> Document:
    if collection is None:
        return {f"{side}_endpoint": None, f"{side}_endpoint_id": None, f"{side}_endpoint_display_name": None}
    return {
        f"{side}_endpoint": f"{local_username(collection.owner_id)}#{collection.fields.get('name') or collection.id}",
        f"{side}_endpoint_id": collection.id,
        f"{side}_endpoint_display_name": collection.display_name,
    }


def _manager_side(state: TransferState, task: Task, side: str, collection: Collection | None) -> Document:
    host = collection.host if collection else None
    document: Document = {
        f"{side}_host_endpoint": f"{local_username(host.owner_id)}#{host.id}" if host else None,
        f"{side}_host_endpoint_id": host.id if host else None,
        f"{side}_host_endpoint_display_name": host.display_name if host else None,
        f"{side}_host_path": paths.joined(collection.host_path, directory=True) if collection and host else None,
        f"{side}_mapped_collection_id": host.id if host else None,
        f"{side}_mapped_collection_display_name": host.display_name if host else None,
    }
    local_user: str | None = None
    if collection is None:
        status = "NO_ENDPOINT"
    elif not may_access(state, collection, frozenset({task.owner_id}), collection.home, write=side == "destination"):
        status = "NO_PERMISSION"
    elif task.start_time is None:
        status = "NOT_SCANNED"
    else:
        status = "OK"
        local_user = task.local_users.get(side) or state.directory.username(task.owner_id).partition("@")[0]
    return document | {f"{side}_local_user": local_user, f"{side}_local_user_status": status}


def _nice_status(task: Task, now: float) -> tuple[str | None, str | None]:
    if task.is_final:
        return None, None
    if task.current_error is not None and (not task.queued or now - task.current_error[2] < 15 * 60):
        return task.current_error[0], task.current_error[1]
    if task.queued:
        return "Queued", "Queued"
    return "OK", "OK"


def _speed(task: Task, now: float) -> int:
    if task.start_time is None:
        return 0
    end = task.completion_time if task.completion_time is not None else now
    return int(task.counts.bytes_transferred / max(end - task.start_time, 1e-3))


def started_details() -> str:
    """Return the details of a ``STARTED`` event."""
    return json.dumps({"type": "GridFTP Transfer", "concurrency": 2, "parallelism": 4, "pipelining": 20})
