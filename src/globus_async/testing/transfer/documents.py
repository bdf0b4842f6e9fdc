"""The documents of the service, with all their fields, made from the model. Pure functions of state and reader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from . import paths
from .permissions import effective_roles, is_activated, may
from .state import TransferState, iso, iso_with_blank, local_username

if TYPE_CHECKING:
    from .model import (
        AccessRule,
        Bookmark,
        Collection,
        Document,
        Event,
        PauseRule,
        Role,
        SkippedError,
        SuccessfulTransfer,
        Task,
    )
    from .paths import Parts
    from .storage import Entry, LinkInfo

__all__ = (
    "ENDPOINT_DEFAULTS",
    "access_document",
    "bookmark_document",
    "endpoint_document",
    "event_document",
    "file_document",
    "pause_rule_document",
    "role_document",
    "skipped_error_document",
    "successful_transfer_document",
    "task_document",
)

ENDPOINT_DEFAULTS: Final[Document] = {
    "entity_type": "GCSv5_mapped_collection",
    "display_name": "",
    "description": None,
    "organization": None,
    "department": None,
    "keywords": None,
    "contact_email": None,
    "contact_info": None,
    "info_link": None,
    "user_message": None,
    "user_message_link": None,
    "french_english_bilingual": False,
    "public": True,
    "subscription_id": None,
    "subscription_admin_verified": False,
    "default_directory": None,
    "non_functional": False,
    "non_functional_endpoint_id": None,
    "non_functional_endpoint_display_name": None,
    "shareable": True,
    "gcs_version": None,
    "gcs_manager_url": None,
    "tlsftp_server": None,
    "https_server": None,
    "storage_type": None,
    "is_globus_connect": False,
    "gcp_connected": None,
    "gcp_paused": None,
    "globus_connect_setup_key": None,
    "local_user_info_available": False,
    "acl_max_expiration_period_mins": None,
    "network_use": "normal",
    "location": "Automatic",
    "max_concurrency": 4,
    "preferred_concurrency": 2,
    "max_parallelism": 8,
    "preferred_parallelism": 4,
    "disable_verify": False,
    "force_verify": False,
    "force_encryption": False,
    "preserve_modtime": False,
    "restrict_transfers_to_high_assurance": None,
    "requester_pays": False,
    "disable_anonymous_writes": False,
    "high_assurance": False,
    "authentication_assurance_timeout": None,
    "authentication_timeout_mins": None,
    "authentication_policy_id": None,
    "mfa_required": False,
    "associated_flow_policy": None,
    "guest_collection_activity_notification_policy": None,
    "last_accessed_time": None,
    "auto_delete_timeout": None,
    "skip_auto_delete": False,
    "myproxy_server": None,
    "myproxy_dn": None,
    "oauth_server": None,
    "s3_url": None,
    "s3_owner_activated": False,
}


def endpoint_document(
    state: TransferState, collection: Collection, identities: frozenset[str], *, as_manager: bool = False
) -> Document:
    """Describe a collection to one reader."""
    roles = effective_roles(state, collection, identities)
    host = collection.host
    short_name = str(collection.fields.get("name") or collection.id)
    username = local_username(collection.owner_id)
    reader = next(iter(identities), "")
    document: Document = {
        "DATA_TYPE": "endpoint",
        "id": collection.id,
        "name": short_name,
        "username": username,
        "canonical_name": f"{username}#{short_name}",
        "owner_id": collection.owner_id,
        "owner_string": state.username(collection.owner_id),
        **ENDPOINT_DEFAULTS,
        **{key: value for key, value in collection.fields.items() if key != "name"},
    }
    document |= {
        "host_path": paths.joined(collection.host_path, directory=True) if host else None,
        "sharing_target_endpoint": host.id if host else None,
        "sharing_target_root_path": paths.joined(collection.host_path, directory=True) if host else None,
        "host_endpoint": f"{local_username(host.owner_id)}#{host.fields.get('name') or host.id}" if host else None,
        "host_endpoint_id": host.id if host else None,
        "host_endpoint_display_name": host.display_name if host else None,
        "mapped_collection_id": host.id if host else None,
        "mapped_collection_display_name": host.display_name if host else None,
        "DATA": list(collection.servers.values()),
        "acl_available": collection.is_guest,
        "acl_editable": collection.is_guest and bool({"administrator", "access_manager"} & set(roles)),
        "my_effective_roles": list(roles),
        "in_use": None if as_manager else _in_use(state, collection, identities),
    }
    if not {"administrator"} & set(roles):
        document["globus_connect_setup_key"] = None
    return document | _activation(state, collection, reader)


def _in_use(state: TransferState, collection: Collection, identities: frozenset[str]) -> bool:
    return any(
        not task.is_final and task.owner_id in identities and collection in (task.source, task.destination)
        for task in state.tasks.values()
    )


def _activation(state: TransferState, collection: Collection, identity_id: str) -> Document:
    if not collection.needs_activation:
        return {"activated": False, "expires_in": -1, "expire_time": None}
    until = collection.activated_until.get(identity_id, 0.0)
    activated = is_activated(state, collection, identity_id)
    return {
        "activated": activated,
        "expires_in": int(until - state.now()) if activated else 0,
        "expire_time": iso_with_blank(until or None),
    }


def file_document(entry: Entry) -> Document:
    """Describe a file or directory."""
    link: LinkInfo | None = entry.link
    return {
        "DATA_TYPE": "file",
        "name": shown(entry.name),
        "type": entry.type,
        "size": entry.size,
        "last_modified": iso_with_blank(entry.mtime),
        "permissions": f"{entry.mode:04o}",
        "user": entry.user,
        "group": entry.group,
        "link_target": shown(link.target) if link else None,
        "link_size": link.size if link else None,
        "link_user": link.user if link else None,
        "link_group": link.group if link else None,
        "link_last_modified": iso_with_blank(link.mtime) if link else None,
    }


def shown(name: str) -> str:
    """Make a name that is not valid Unicode on disk fit for JSON."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return name


def role_document(role: Role) -> Document:
    """Describe a role."""
    return {
        "DATA_TYPE": "role",
        "id": role.id,
        "principal_type": role.principal_type,
        "principal": role.principal,
        "role": role.role,
    }


def access_document(rule: AccessRule) -> Document:
    """Describe a permission."""
    return {
        "DATA_TYPE": "access",
        "id": rule.id,
        "role_id": None,
        "role_type": None,
        "principal_type": rule.principal_type,
        "principal": rule.principal,
        "path": rule.path,
        "permissions": rule.permissions,
        "create_time": iso(rule.create_time),
        "expiration_date": rule.expiration_date,
    }


def implied_access_documents(collection: Collection) -> list[Document]:
    """Describe the permissions that follow from roles."""
    return [
        {
            "DATA_TYPE": "access",
            "id": None,
            "role_id": role.id,
            "role_type": role.role,
            "principal_type": role.principal_type,
            "principal": role.principal,
            "path": "/",
            "permissions": "rw",
            "create_time": None,
            "expiration_date": None,
        }
        for role in collection.roles.values()
        if role.role in {"administrator", "access_manager"}
    ]


def bookmark_document(bookmark: Bookmark) -> Document:
    """Describe a bookmark."""
    return {
        "DATA_TYPE": "bookmark",
        "id": bookmark.id,
        "name": bookmark.name,
        "endpoint_id": bookmark.endpoint_id,
        "path": bookmark.path,
        "pinned": bookmark.pinned,
    }


def pause_rule_document(state: TransferState, rule: PauseRule, *, editable: bool, limited: bool = False) -> Document:
    """Describe a pause rule; limited as users see it who manage nothing."""
    collection = state.collections.get(rule.endpoint_id)
    document: Document = {
        "DATA_TYPE": "pause_rule_limited" if limited else "pause_rule",
        "id": rule.id,
        "message": rule.message,
        "start_time": rule.start_time,
        "endpoint_id": rule.endpoint_id,
        "endpoint_display_name": collection.display_name if collection else None,
        "identity_id": rule.identity_id,
        "modified_by_id": rule.modified_by_id,
        "created_by_host_manager": rule.created_by_host_manager,
        "editable": editable,
        **rule.pauses,
    }
    if limited:
        del document["modified_by_id"]
    return document


def access_point(point_id: str, display_name: str, host_endpoint: str, attributes: Document) -> Document:
    """Describe a stream access point, in the form of v2."""
    return {
        "type": "StreamAccessPoint",
        "id": point_id,
        "attributes": {
            "advertised_owner": None,
            "contact_email": None,
            "contact_info": None,
            "department": None,
            "description": None,
            "info_link": None,
            "keywords": None,
            "organization": None,
            "tlsftp_server": f"tlsftp://{point_id[:8]}.data.emulator.example:443",
            **attributes,
            "display_name": display_name,
        },
        "relationships": {"host_endpoint": {"data": {"id": host_endpoint, "type": "Endpoint"}}},
    }


def event_document(event: Event) -> Document:
    """Describe an event."""
    return {
        "DATA_TYPE": "event",
        "code": event.code,
        "is_error": event.is_error,
        "description": event.description,
        "details": event.details,
        "time": iso(event.time),
    }


def successful_transfer_document(
    transfer: SuccessfulTransfer, *, source: bool = True, destination: bool = True
) -> Document:
    """Describe a file that arrived; a side that the reader has no role on stays hidden."""
    return {
        "DATA_TYPE": "successful_transfer",
        "source_path": shown(transfer.source_path) if source else None,
        "destination_path": shown(transfer.destination_path) if destination else None,
        "size": transfer.size,
        "checksum": transfer.checksum,
        "checksum_algorithm": transfer.checksum_algorithm,
        "dynamic": False,
    }


def skipped_error_document(error: SkippedError, *, source: bool = True, destination: bool = True) -> Document:
    """Describe a source that was left out."""
    return {
        "DATA_TYPE": "skipped_error",
        "error_code": error.code,
        "error_details": error.details,
        "error_time": iso(error.time),
        "source_path": shown(error.source_path) if source else None,
        "destination_path": shown(error.destination_path) if destination else None,
        "is_directory": error.is_directory,
        "is_symlink": False,
        "is_delete_destination_extra": error.is_delete_destination_extra,
        "external_checksum": error.external_checksum,
        "checksum_algorithm": error.checksum_algorithm,
    }


def task_document(state: TransferState, task: Task, *, as_manager: bool = False) -> Document:
    """Describe a task, to its owner or to a manager of one of its collections."""
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
        "request_time": iso(task.request_time),
        "completion_time": iso(task.completion_time),
        "deadline": iso(task.deadline),
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
        "is_ok": None if ended else task.trouble is None,
        "is_paused": task.paused and not ended,
        "nice_status": nice,
        "nice_status_short_description": nice_description,
        "nice_status_details": None,
        "nice_status_expires_in": None if ended else -1,
        "canceled_by_admin": task.canceled_by_admin,
        "canceled_by_admin_message": task.canceled_by_admin_message,
        "history_deleted": task.history_deleted,
        "key": f"{group},{(iso(moment) or '')[:19]}.{int(moment % 1 * 1e6):06d}",
    }
    if as_manager:
        document["owner_string"] = state.username(task.owner_id)
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
    elif not may(state, collection, frozenset({task.owner_id}), collection.home, write=side == "destination"):
        status = "NO_PERMISSION"
    elif task.start_time is None:
        status = "NOT_SCANNED"
    else:
        status = "OK"
        local_user = task.local_users.get(side) or state.username(task.owner_id).partition("@")[0]
    return document | {f"{side}_local_user": local_user, f"{side}_local_user_status": status}


def _nice_status(task: Task, now: float) -> tuple[str | None, str | None]:
    if task.is_final:
        return None, None
    if task.trouble is not None and (not task.queued or now - task.trouble[2] < 15 * 60):
        return task.trouble[0], task.trouble[1]
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


def directory_text(text: str | None, parts: Parts, home: Parts) -> str:
    """Echo the path of a listing: as it was asked for, with a slash at the end."""
    if not text:
        return "/~/" if not home else paths.joined(home, directory=True)
    return text if text.endswith("/") else f"{text}/" if parts or text.strip("/") else "/"
