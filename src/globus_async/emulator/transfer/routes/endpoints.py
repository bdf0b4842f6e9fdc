"""Endpoints and collections: search, read, create, change, delete."""

from __future__ import annotations

import secrets
import uuid
from functools import partial
from typing import TYPE_CHECKING, Final

from ..authorized_storage import AuthorizedStorage
from ..call import Call, RouteTable, bool_member, required_text, result, text_member
from ..documents import ENDPOINT_DEFAULTS, endpoint_document, pause_rule_document
from ..errors import ServiceError, from_storage_error, permission_denied
from ..filters import search_rank
from ..models import Collection, Document
from ..permissions import active_pause_rules, check_visible, effective_roles, is_visible, require_role
from ..storage.paths import Parts, joined
from ..storage.protocol import Problem, StorageError
from .files import at_storage, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..state import TransferState

__all__ = (
    "ROUTES",
    "check_directory",
    "create_endpoint",
    "create_shared_endpoint",
    "created",
    "delete_endpoint",
    "endpoint_search",
    "get_endpoint",
    "hosted",
    "my_effective_pause_rule_list",
    "my_shared_endpoint_list",
    "server_document",
    "set_subscription",
    "set_subscription_admin_verified",
    "shared_endpoint_list",
    "update_endpoint",
)

_SCOPES: Final = (
    "all",
    "my-endpoints",
    "my-gcp-endpoints",
    "recently-used",
    "in-use",
    "shared-by-me",
    "shared-with-me",
    "hide-no-permissions",
    "administered-by-me",
)
_SEARCH_PARAMETERS: Final = {
    "filter_fulltext",
    "filter_scope",
    "filter_owner_id",
    "filter_host_endpoint",
    "filter_non_functional",
    "filter_entity_type",
    "limit",
    "offset",
    "fields",
}
_FIXED: Final = {
    "entity_type",
    "gcs_version",
    "is_globus_connect",
    "gcp_connected",
    "gcp_paused",
    "globus_connect_setup_key",
}
_SETTABLE: Final = {"name", *ENDPOINT_DEFAULTS} - _FIXED - {"subscription_id", "subscription_admin_verified"}
_NO_TEXTS: Final = {
    "acl_max_expiration_period_mins",
    "associated_flow_policy",
    "authentication_assurance_timeout",
    "authentication_timeout_mins",
    "auto_delete_timeout",
    "guest_collection_activity_notification_policy",
    "max_concurrency",
    "max_parallelism",
    "preferred_concurrency",
    "preferred_parallelism",
}


async def get_endpoint(call: Call) -> Document:
    """Read a collection."""
    collection = call.collection()
    check_visible(call.state, collection, call.caller)
    return endpoint_document(call.state, collection, call.caller.identity_ids)


async def endpoint_search(call: Call) -> Document:
    """Search collections."""
    unknown = set(call.request.query_params) - _SEARCH_PARAMETERS
    if unknown:
        raise ServiceError(400, "BadRequest", f"Unknown query parameter '{min(unknown)}'")
    limit = call.number("limit", 100, least=1, most=100)
    offset = call.number("offset", 0, most=1 << 53)
    text = call.query("filter_fulltext")
    wanted = _search_filter(call, text)
    hits: list[Document] = []
    for collection in list(call.state.collections.values()):
        if not is_visible(call.state, collection, call.caller.identity_ids) or not wanted(collection):
            continue
        document = endpoint_document(call.state, collection, call.caller.identity_ids)
        rank = search_rank(document, text or "")
        if rank:
            hits.append({**document, "_rank": rank})
    hits.sort(key=lambda hit: (-int(hit["_rank"]), str(hit["display_name"])))
    hits = hits[: call.state.limits.search_results]
    return {
        "DATA_TYPE": "endpoint_list",
        "limit": limit,
        "offset": offset,
        "has_next_page": offset + limit < len(hits),
        "DATA": hits[offset : offset + limit],
    }


def _search_filter(call: Call, text: str | None) -> Callable[[Collection], bool]:
    """Make the test of all filters but the words."""
    scope = call.query("filter_scope", "all") or "all"
    owner = call.query("filter_owner_id")
    host = call.query("filter_host_endpoint")
    kind = call.query("filter_entity_type")
    non_functional = call.query("filter_non_functional")
    if scope not in _SCOPES:
        raise ServiceError(400, "BadRequest", f"Invalid value for parameter 'filter_scope': '{scope}'")
    if scope == "all" and text is None and owner is None and host is None:
        raise ServiceError(400, "BadRequest", "filter_fulltext is required when filter_scope is 'all'")
    if owner is not None and scope in {"my-endpoints", "my-gcp-endpoints", "shared-by-me"}:
        raise ServiceError(400, "BadRequest", f"filter_owner_id cannot be combined with filter_scope '{scope}'")
    if kind is not None and non_functional is not None:
        raise ServiceError(400, "BadRequest", "filter_non_functional cannot be combined with filter_entity_type")
    if host is not None:
        require_role(call.state, call.state.collection(host), call.caller, "administrator", "activity_monitor")
    in_scope = _scope_test(call, scope)

    def wanted(collection: Collection) -> bool:
        return (
            in_scope(collection)
            and (owner is None or collection.owner_id == owner)
            and (host is None or (collection.host is not None and collection.host.id == host))
            and (kind is None or collection.fields["entity_type"] == kind)
            and bool(collection.fields["non_functional"]) is (non_functional in {"1", "true", "True"})
        )

    return wanted


def _scope_test(call: Call, scope: str) -> Callable[[Collection], bool]:
    state, identities = call.state, call.caller.identity_ids

    def is_mine(collection: Collection) -> bool:
        return collection.owner_id in identities

    tests: dict[str, Callable[[Collection], bool]] = {
        "all": lambda _: True,
        "my-endpoints": is_mine,
        "my-gcp-endpoints": lambda each: is_mine(each) and bool(each.fields["is_globus_connect"]),
        "recently-used": lambda each: not each.used_by.isdisjoint(identities),
        "in-use": lambda each: any(
            task.owner_id in identities and each in (task.source, task.destination) for task in state.running.values()
        ),
        "shared-by-me": lambda each: is_mine(each) and each.is_guest,
        "shared-with-me": lambda each: each.is_guest and not is_mine(each) and _shares_something(each, identities),
        "hide-no-permissions": lambda each: (
            not each.is_guest or bool(effective_roles(state, each, identities)) or _shares_something(each, identities)
        ),
        "administered-by-me": lambda each: "administrator" in effective_roles(state, each, identities),
    }
    return tests[scope]


def _shares_something(collection: Collection, identities: frozenset[str]) -> bool:
    return any(
        rule.principal in identities or rule.principal_type == "all_authenticated_users"
        for rule in collection.rules.values()
    )


async def create_endpoint(call: Call) -> Document:
    """Create a Connect Personal endpoint, or, as long ago, one with servers of its own."""
    document = call.document()
    name = text_member(document, "display_name") or required_text(document, "name")
    is_personal = bool_member(document, "is_globus_connect")
    collection = Collection(
        id=str(uuid.uuid4()),
        owner_id=call.caller.identity_id,
        fields={
            **ENDPOINT_DEFAULTS,
            "public": False,
            **_settable(document),
            "display_name": name,
            "entity_type": "GCP_mapped_collection" if is_personal else "GCSv4_host",
            "is_globus_connect": is_personal,
            "globus_connect_setup_key": str(uuid.UUID(bytes=secrets.token_bytes(16))) if is_personal else None,
        },
        needs_activation=bool(document.get("myproxy_server") or document.get("oauth_server")),
    )
    for server in document.get("DATA") or ():
        number = call.state.next_number("server")
        collection.servers[number] = server_document(server, number)
    call.state.collections[collection.id] = collection
    return created(call, collection, "Endpoint created successfully")


def created(call: Call, collection: Collection, message: str) -> Document:
    """Answer that a collection was made."""
    made = endpoint_document(call.state, collection, call.caller.identity_ids)
    return result(
        call,
        "Created",
        message,
        data_type="endpoint_create_result",
        id=collection.id,
        canonical_name=made["canonical_name"],
        globus_connect_setup_key=made["globus_connect_setup_key"],
    )


def server_document(given: Document, number: int) -> Document:
    """Describe a server of an old endpoint."""
    hostname = text_member(given, "hostname") or "localhost"
    scheme, port = text_member(given, "scheme") or "gsiftp", given.get("port") or 2811
    return {
        "DATA_TYPE": "server",
        "id": number,
        "hostname": hostname,
        "port": port,
        "scheme": scheme,
        "subject": text_member(given, "subject"),
        "uri": f"{scheme}://{hostname}:{port}",
        "is_connected": True,
        "is_paused": False,
        "incoming_data_port_start": given.get("incoming_data_port_start"),
        "incoming_data_port_end": given.get("incoming_data_port_end"),
        "outgoing_data_port_start": given.get("outgoing_data_port_start"),
        "outgoing_data_port_end": given.get("outgoing_data_port_end"),
    }


def _settable(document: Document) -> Document:
    """Return the members that a user may set; the rest is ignored, as the service does with documents sent back."""
    for name in document.keys() & _SETTABLE:
        default = ENDPOINT_DEFAULTS.get(name)
        if isinstance(default, bool):
            bool_member(document, name, default=default)
        elif name not in _NO_TEXTS:
            text_member(document, name)
    if "display_name" in document and not document["display_name"]:
        raise ServiceError(400, "BadRequest", "Invalid value for field 'display_name': it cannot be empty")
    return {key: value for key, value in document.items() if key in _SETTABLE}


async def update_endpoint(call: Call) -> Document:
    """Change some fields of a collection."""
    collection = call.collection()
    require_role(call.state, collection, call.caller, "administrator")
    changes = _settable(call.document())
    if changes.get("default_directory"):
        parse(collection, str(changes["default_directory"]))
    collection.fields |= changes
    return result(call, "Updated", "Endpoint updated successfully")


async def delete_endpoint(call: Call) -> Document:
    """Delete a collection, with the guest collections on it."""
    collection = call.collection()
    require_role(call.state, collection, call.caller, "administrator", "restricted_administrator")
    for each in [collection, *hosted(call.state, collection)]:
        call.state.collections.pop(each.id, None)
        call.state.deleted_collections.add(each.id)
    return result(call, "Deleted", "Endpoint deleted successfully")


def hosted(state: TransferState, collection: Collection) -> list[Collection]:
    """Return the guest collections on a collection."""
    return [each for each in state.collections.values() if each.host is collection]


async def create_shared_endpoint(call: Call) -> Document:
    """Create a guest collection on a directory of another collection."""
    document = call.document()
    host_id = text_member(document, "host_endpoint_id") or text_member(document, "host_endpoint")
    if host_id is None:
        raise ServiceError(400, "BadRequest", "Missing required field 'host_endpoint'")
    host = call.state.collection(host_id)
    check_visible(call.state, host, call.caller)
    if host.is_guest or not host.fields["shareable"]:
        raise ServiceError(409, "Conflict", f"Endpoint '{host.id}' cannot host shared endpoints")
    path = parse(host, required_text(document, "host_path"))
    if any(each.host_path == path for each in hosted(call.state, host)):
        raise ServiceError(409, "Conflict", f"A shared endpoint on the path '{document['host_path']}' already exists")
    if host.storage is None:
        raise ServiceError(502, "ExternalError", f"Unable to scan endpoint '{host.id}': it is not connected")
    await check_directory(AuthorizedStorage(call.state, host, call.caller.identity_ids), path)
    personal = bool(host.fields["is_globus_connect"])
    collection = Collection(
        id=str(uuid.uuid4()),
        owner_id=call.caller.identity_id,
        fields={
            **ENDPOINT_DEFAULTS,
            "public": False,
            **_settable(document),
            "display_name": text_member(document, "display_name") or required_text(document, "name"),
            "entity_type": "GCP_guest_collection" if personal else "GCSv5_guest_collection",
            "is_globus_connect": personal,
            "shareable": False,
            "subscription_id": host.fields["subscription_id"],
        },
        storage=host.storage.subtree(path),
        host=host,
        host_path=path,
    )
    call.state.collections[collection.id] = collection
    return created(call, collection, "Shared endpoint created")


async def check_directory(view: AuthorizedStorage, path: Parts) -> None:
    """
    Demand that a directory is there and may be read.

    Raises:
        ServiceError: As `ls` would say it.
    """
    entry = await at_storage(partial(view.stat, path), "ls", view.collection, joined(path))
    if not entry.is_directory:
        problem = StorageError(Problem.NOT_A_DIRECTORY, "Not a directory")
        raise from_storage_error(problem, "ls", view.collection, joined(path))


async def my_shared_endpoint_list(call: Call) -> Document:
    """List the caller's guest collections on a collection."""
    collection = call.collection()
    check_visible(call.state, collection, call.caller)
    mine = [each for each in hosted(call.state, collection) if each.owner_id in call.caller.identity_ids]
    documents = [endpoint_document(call.state, each, call.caller.identity_ids) for each in mine]
    return {"DATA_TYPE": "endpoint_list", "DATA": documents}


async def shared_endpoint_list(call: Call) -> Document:
    """List the ids of all guest collections on a collection."""
    collection = call.collection()
    require_role(call.state, collection, call.caller, "administrator", "activity_monitor")
    most = call.number("max_results", call.state.limits.page, least=1, most=call.state.limits.page)
    ids = sorted(each.id for each in hosted(call.state, collection))
    after = call.query("next_token")
    rest = [each for each in ids if after is None or each > after]
    return {
        "shared_endpoints": [{"id": each} for each in rest[:most]],
        "next_token": rest[most - 1] if len(rest) > most else None,
    }


async def my_effective_pause_rule_list(call: Call) -> Document:
    """List the pause rules that concern the caller on a collection."""
    collection = call.collection()
    check_visible(call.state, collection, call.caller)
    rules = active_pause_rules(call.state, collection, call.caller.identity_id)
    documents = [pause_rule_document(call.state, rule, editable=False, limited=True) for rule in rules]
    return {"DATA_TYPE": "pause_rule_list", "DATA": documents}


async def set_subscription(call: Call) -> Document:
    """Put a collection under a subscription."""
    collection = call.collection()
    require_role(call.state, collection, call.caller, "administrator")
    document = call.document()
    if "subscription_id" not in document:
        raise ServiceError(400, "BadRequest", "Missing required field 'subscription_id'")
    wanted = text_member(document, "subscription_id")
    mine = [name for name, members in call.state.subscriptions.items() if call.caller.identity_id in members["members"]]
    if wanted == "DEFAULT":
        if len(mine) != 1:
            listed = f"You currently have access to: {', '.join(mine)}" if mine else "You have access to none"
            raise ServiceError(400, "BadRequest", f"Please specify the subscription ID to use. {listed}")
        wanted = mine[0]
    elif wanted is not None and wanted not in mine:
        raise permission_denied(f"You are not a member of subscription '{wanted}'")
    collection.fields["subscription_id"] = wanted
    collection.fields["subscription_admin_verified"] = False
    return result(call, "Updated", "Endpoint updated successfully")


async def set_subscription_admin_verified(call: Call) -> Document:
    """Vouch for a collection as an administrator of its subscription."""
    collection = call.collection()
    document = call.document()
    if not isinstance(document.get("subscription_admin_verified"), bool):
        raise ServiceError(
            400, "BadRequest", "Invalid value for field 'subscription_admin_verified': a boolean is required"
        )
    subscription = collection.fields["subscription_id"]
    if subscription is None:
        message = "The collection must be associated with a subscription to set subscription_admin_verified"
        raise ServiceError(400, "BadRequest", message)
    if call.caller.identity_id not in call.state.subscriptions.get(subscription, {"admins": ()})["admins"]:
        message = "User does not have an admin role on the collection's subscription to set subscription_admin_verified"
        raise permission_denied(message)
    collection.fields["subscription_admin_verified"] = document["subscription_admin_verified"]
    return result(call, "Updated", "Endpoint updated successfully")


ROUTES: Final[RouteTable] = (
    ("GET", "/endpoint_search", endpoint_search),
    ("POST", "/endpoint", create_endpoint),
    ("GET", "/endpoint/{endpoint_id}", get_endpoint),
    ("PUT", "/endpoint/{endpoint_id}", update_endpoint),
    ("DELETE", "/endpoint/{endpoint_id}", delete_endpoint),
    ("POST", "/shared_endpoint", create_shared_endpoint),
    ("GET", "/endpoint/{endpoint_id}/my_shared_endpoint_list", my_shared_endpoint_list),
    ("GET", "/endpoint/{endpoint_id}/shared_endpoint_list", shared_endpoint_list),
    ("GET", "/endpoint/{endpoint_id}/my_effective_pause_rule_list", my_effective_pause_rule_list),
    ("PUT", "/endpoint/{endpoint_id}/subscription", set_subscription),
    ("PUT", "/endpoint/{endpoint_id}/subscription_admin_verified", set_subscription_admin_verified),
)
