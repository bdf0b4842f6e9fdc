"""The documents of the service, with all their members. Pure functions of the state and the reader."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from .models import ENDPOINT_DEFAULTS
from .permissions import effective_roles, is_activated
from .storage import paths

if TYPE_CHECKING:
    from ..kit.request import Request
    from ..kit.service import Document
    from .models import (
        AccessRule,
        Bookmark,
        Collection,
        Event,
        PauseRule,
        Role,
        SkippedError,
        SuccessfulTransfer,
    )
    from .state import TransferState
    from .storage.paths import Parts
    from .storage.protocol import Entry, LinkInfo
    from .tunnels import AccessPoint, Tunnel, TunnelEvent

__all__ = (
    "access_document",
    "access_point_resource",
    "bookmark_document",
    "directory_text",
    "endpoint_document",
    "event_document",
    "file_document",
    "format_file_time",
    "format_time",
    "implied_access_documents",
    "local_username",
    "pause_rule_document",
    "result_document",
    "role_document",
    "skipped_error_document",
    "successful_transfer_document",
    "tunnel_event_resource",
    "tunnel_resource",
)


def local_username(identity_id: str) -> str:
    """Return the local user name of an identity: ``u_`` and its UUID in base 32."""
    try:
        raw = uuid.UUID(identity_id).bytes
    except ValueError:
        raw = identity_id.encode()
    return "u_" + base64.b32encode(raw).decode().rstrip("=").lower()


def format_time(moment: float | None) -> str | None:
    """Format a time as in the documents of tasks and events."""
    return None if moment is None else datetime.fromtimestamp(int(moment), UTC).isoformat()


def format_file_time(moment: float | None) -> str | None:
    """Format a time as in the documents of files."""
    return None if moment is None else datetime.fromtimestamp(int(moment), UTC).isoformat(sep=" ")


def result_document(
    request: Request, code: str, message: str, *, data_type: str = "result", **members: object
) -> Document:
    """Make the document that most operations return after a change."""
    return {
        "DATA_TYPE": data_type,
        "code": code,
        "message": message,
        "request_id": request.id,
        "resource": request.path,
        **members,
    }


def endpoint_document(
    state: TransferState, collection: Collection, identities: frozenset[str], *, as_manager: bool = False
) -> Document:
    """Make the document of a collection for the identities of a reader."""
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
        "owner_string": state.directory.username(collection.owner_id),
        **ENDPOINT_DEFAULTS,
        **{key: value for key, value in collection.fields.items() if key != "name"},
    }
    document |= {
        "https_server": collection.https_url,
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
    if "administrator" not in roles:
        document["globus_connect_setup_key"] = None
    if collection.manager_host is not None:
        document["gcs_manager_url"] = state.platform.address_of(collection.manager_host)
        if collection.endpoint_id is not None:  # its owner is the endpoint, not a person
            username = state.directory.username(collection.endpoint_id)
            document |= {"owner_id": collection.endpoint_id, "owner_string": username}
    if document["is_globus_connect"]:
        document |= {"gcp_connected": collection.storage is not None, "gcp_paused": False}
    return document | _activation(state, collection, reader)


def _in_use(state: TransferState, collection: Collection, identities: frozenset[str]) -> bool:
    return any(
        task.owner_id in identities and collection in (task.source, task.destination) for task in state.running.values()
    )


def _activation(state: TransferState, collection: Collection, identity_id: str) -> Document:
    if not collection.needs_activation:
        return {"activated": False, "expires_in": -1, "expire_time": None}
    until = collection.activated_until.get(identity_id, 0.0)
    activated = is_activated(state, collection, identity_id)
    return {
        "activated": activated,
        "expires_in": int(until - state.now()) if activated else 0,
        "expire_time": format_file_time(until or None),
    }


def file_document(entry: Entry) -> Document:
    """Make the document of a file or directory."""
    link: LinkInfo | None = entry.link
    return {
        "DATA_TYPE": "file",
        "name": entry.name,
        "type": entry.type,
        "size": entry.size,
        "last_modified": format_file_time(entry.mtime),
        "permissions": f"{entry.mode:04o}",
        "user": entry.user,
        "group": entry.group,
        "link_target": link.target if link else None,
        "link_size": link.size if link else None,
        "link_user": link.user if link else None,
        "link_group": link.group if link else None,
        "link_last_modified": format_file_time(link.mtime) if link else None,
    }


def role_document(role: Role) -> Document:
    """Make the document of a role."""
    return {
        "DATA_TYPE": "role",
        "id": role.id,
        "principal_type": role.principal_type,
        "principal": role.principal,
        "role": role.role,
    }


def access_document(rule: AccessRule) -> Document:
    """Make the document of an access rule."""
    return {
        "DATA_TYPE": "access",
        "id": rule.id,
        "role_id": None,
        "role_type": None,
        "principal_type": rule.principal_type,
        "principal": rule.principal,
        "path": rule.path,
        "permissions": rule.permissions,
        "create_time": format_time(rule.create_time),
        "expiration_date": rule.expiration_date,
    }


def implied_access_documents(collection: Collection) -> list[Document]:
    """Make the access documents that are implied by roles."""
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
    """Make the document of a bookmark."""
    return {
        "DATA_TYPE": "bookmark",
        "id": bookmark.id,
        "name": bookmark.name,
        "endpoint_id": bookmark.endpoint_id,
        "path": bookmark.path,
        "pinned": bookmark.pinned,
    }


def pause_rule_document(state: TransferState, rule: PauseRule, *, editable: bool, limited: bool = False) -> Document:
    """Make the document of a pause rule; the limited one is for users who are not managers."""
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


def access_point_resource(point: AccessPoint) -> Document:
    """Make the JSON:API resource of a stream access point."""
    return {
        "type": "StreamAccessPoint",
        "id": point.id,
        "attributes": {
            "advertised_owner": None,
            "contact_email": None,
            "contact_info": None,
            "department": None,
            "description": None,
            "info_link": None,
            "keywords": None,
            "organization": None,
            "tlsftp_server": f"tlsftp://{point.id[:8]}.data.emulator.example:443",
            **point.attributes,
            "display_name": point.display_name,
        },
        "relationships": {"host_endpoint": {"data": {"id": point.host_endpoint_id, "type": "Endpoint"}}},
    }


_TUNNEL_STATUS: Final = {
    "AWAITING_LISTENER": "The tunnel is waiting for listening contact detail setup.",
    "ACTIVE": "The tunnel is active.",
    "STOPPING": "A request to stop tunnel has been received.",
    "STOPPED": "The tunnel has been stopped.",
}


def tunnel_resource(tunnel: Tunnel) -> Document:
    """Make the JSON:API resource of a tunnel."""
    return {
        "type": "Tunnel",
        "id": tunnel.id,
        "attributes": {
            "created_time": _precise_time(tunnel.created_time),
            "initiator_ip_address": tunnel.initiator_ip_address,
            "initiator_port": tunnel.initiator_port,
            "label": tunnel.label,
            "lifetime_mins": tunnel.lifetime_mins,
            "listener_ip_address": tunnel.listener_ip_address,
            "listener_port": tunnel.listener_port,
            "restartable": tunnel.restartable,
            "state": tunnel.state,
            "status": _TUNNEL_STATUS[tunnel.state],
            "submission_id": tunnel.submission_id,
        },
        "relationships": {
            "initiator": {"data": {"type": "StreamAccessPoint", "id": tunnel.initiator_id}},
            "listener": {"data": {"type": "StreamAccessPoint", "id": tunnel.listener_id}},
            "owner": {"data": {"type": "Identity", "id": tunnel.owner_id}},
        },
    }


def tunnel_event_resource(event: TunnelEvent) -> Document:
    """Make the JSON:API resource of an event of a tunnel."""
    return {
        "type": "TunnelEvent",
        "id": event.number,
        "attributes": {
            "code": event.code,
            "is_error": False,
            "description": event.description,
            "details": event.details,
            "time": _precise_time(event.time),
        },
    }


def _precise_time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def event_document(event: Event) -> Document:
    """Make the document of an event."""
    return {
        "DATA_TYPE": "event",
        "code": event.code,
        "is_error": event.is_error,
        "description": event.description,
        "details": event.details,
        "time": format_time(event.time),
    }


def successful_transfer_document(
    transfer: SuccessfulTransfer, *, source: bool = True, destination: bool = True
) -> Document:
    """Make the document of a successful transfer; ``source`` and ``destination`` tell which paths are visible."""
    return {
        "DATA_TYPE": "successful_transfer",
        "source_path": transfer.source_path if source else None,
        "destination_path": transfer.destination_path if destination else None,
        "size": transfer.size,
        "checksum": transfer.checksum,
        "checksum_algorithm": transfer.checksum_algorithm,
        "dynamic": False,
    }


def skipped_error_document(error: SkippedError, *, source: bool = True, destination: bool = True) -> Document:
    """Make the document of a skipped error; ``source`` and ``destination`` tell which paths are visible."""
    return {
        "DATA_TYPE": "skipped_error",
        "error_code": error.code,
        "error_details": error.details,
        "error_time": format_time(error.time),
        "source_path": error.source_path if source else None,
        "destination_path": error.destination_path if destination else None,
        "is_directory": error.is_directory,
        "is_symlink": False,
        "is_delete_destination_extra": error.is_delete_destination_extra,
        "external_checksum": error.external_checksum,
        "checksum_algorithm": error.checksum_algorithm,
    }


def directory_text(text: str | None, parts: Parts, home: Parts) -> str:
    """Return the path of a listing as it was requested, with a trailing slash."""
    if not text:
        return "/~/" if not home else paths.joined(home, directory=True)
    return text if text.endswith("/") else f"{text}/" if parts or text.strip("/") else "/"
