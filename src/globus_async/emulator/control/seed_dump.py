"""
Seed documents of present resources.

A document that was loaded and dumped is loaded again as the same bytes. Tokens, consents, modification times of files,
and the other resources of the services are not part of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..kit.directory import CLIENT_DOMAIN
from ..kit.principals import principal_name, principal_names
from ..transfer.models import ENDPOINT_DEFAULTS
from ..transfer.storage import paths
from ..transfer.storage.memory import MemoryStorage
from .errors import ControlError
from .files import dump_files
from .tasks import dump_task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..auth.models import ClientApp
    from ..auth.state import AuthState
    from ..kit.directory import Directory, Identity
    from ..kit.service import Document, Service
    from ..transfer.models import AccessRule, Collection, Role
    from ..transfer.state import TransferState

__all__ = ("dump", "encode")


def encode(document: Document) -> bytes:
    """Return the JSON text of a document, of which equal documents have the same."""
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def dump(auth: AuthState, transfer: TransferState, services: Iterable[Service[Any]] = ()) -> Document:
    """
    Return the seed document of the present resources.

    Args:
        auth: The state of Auth.
        transfer: The state of Transfer.
        services: All services; they add further sections.

    Raises:
        ControlError: 409, a collection has a storage that is neither in memory nor a directory.
    """
    directory, collections = transfer.directory, transfer.collections.values()
    clients = [
        each
        for each in auth.registry.clients.values()
        if each.id not in auth.built_in and not each.is_implicit and not each.is_made_by_service
    ]
    people = [each for each in directory.identities.values() if each.domain != CLIENT_DOMAIN]
    roles = [(each, role) for each in collections for role in each.roles.values() if _is_set(each, role)]
    tasks = [
        each
        for each in transfer.tasks.values()
        if not each.removed and all(side.id in transfer.collections for _, side in each.sides())
    ]
    document: Document = {
        "identities": [_identity(directory, each) for each in people],
        "clients": [_client(each) for each in clients],
        "collections": [_collection(directory, each) for each in collections],
        "roles": [_role(directory, each, role) for each, role in roles],
        "permissions": [_permission(directory, each, rule) for each in collections for rule in each.rules.values()],
        "tasks": [dump_task(transfer, each) for each in tasks],
    }
    for service in services:
        document |= service.dump_seed()
    return document


def _identity(directory: Directory, identity: Identity) -> Document:
    document: Document = {
        "username": identity.username,
        "id": identity.id,
        "name": identity.name,
        "email": identity.email,
        "organization": identity.organization,
        "status": identity.status,
    }
    primary = directory.linked(identity.id)[0]
    return document if primary is identity else {**document, "linked_to": primary.username}


def _client(client: ClientApp) -> Document:
    document: Document = {
        "id": client.id,
        "name": client.name,
        "client_type": client.client_type,
        "visibility": client.visibility,
        "redirect_uris": list(client.redirect_uris),
        "fqdns": list(client.fqdns),
    }
    optional = {"parent": client.parent_id, "required_idp": client.required_idp}
    if client.credentials:
        optional["secret"] = client.credentials[0].secret.reveal()
    return document | {name: value for name, value in optional.items() if value is not None}


def _collection(directory: Directory, collection: Collection) -> Document:
    base = {**ENDPOINT_DEFAULTS, "display_name": collection.display_name}
    document: Document = {
        "id": collection.id,
        "display_name": collection.display_name,
        "owner": principal_name(directory, collection.owner_id),
        "home": paths.joined(collection.home),
        "needs_data_access": collection.needs_data_access,
        "document": {name: value for name, value in collection.fields.items() if value != base.get(name)},
        "denied": sorted(paths.joined(each) for each in collection.denied),
    }
    if collection.https_methods is not None or not collection.https_enabled:
        document["https_methods"] = sorted(collection.https_methods or ()) if collection.https_enabled else []
    if collection.members is not None:
        document["members"] = principal_names(directory, collection.members)
    if collection.host is not None:
        return {**document, "host": collection.host.id, "host_path": paths.joined(collection.host_path)}
    if isinstance(collection.storage, MemoryStorage):
        document["files"] = dump_files(collection.storage)
    elif collection.storage is not None:
        root = getattr(collection.storage, "root", None)
        if root is None:
            message = f"The storage of collection {collection.id} can be written neither as files nor as a directory"
            raise ControlError(409, "STORAGE_NOT_DUMPABLE", message)
        document["path"] = root
    return document


def _is_set(collection: Collection, role: Role) -> bool:
    """Return whether a role is not that of every owner."""
    return (role.principal, role.role) != (collection.owner_id, "administrator")


def _role(directory: Directory, collection: Collection, role: Role) -> Document:
    return {
        "id": role.id,
        "collection": collection.id,
        "role": role.role,
        "principal": principal_name(directory, role.principal),
        "principal_type": role.principal_type,
    }


def _permission(directory: Directory, collection: Collection, rule: AccessRule) -> Document:
    document: Document = {
        "id": rule.id,
        "collection": collection.id,
        "path": rule.path,
        "principal_type": rule.principal_type,
        "permissions": rule.permissions,
    }
    if rule.principal:
        document["principal"] = principal_name(directory, rule.principal)
    if rule.expiration_date is not None:
        document["expiration_date"] = rule.expiration_date
    return document
