"""Endpoints and collections: search, read, create, update, delete."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ...kit.fields import ANY, BOOLEAN, TEXT
from ...kit.ids import new_id
from ...kit.paging import offset_page, token_page
from ..authorized_storage import AuthorizedStorage
from ..documents import endpoint_document, pause_rule_document, result_document
from ..errors import TransferError, from_storage_error, permission_denied
from ..filters import search_rank
from ..models import ENDPOINT_DEFAULTS, Collection
from ..permissions import active_pause_rules, check_visible, effective_roles, is_visible, require_role
from ..storage.paths import Parts, joined
from ..storage.protocol import Problem, StorageError
from .files import parse_path, run_operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import TransferState

__all__ = (
    "ROUTES",
    "check_directory",
    "create_endpoint",
    "create_shared_endpoint",
    "creation_result",
    "delete_endpoint",
    "endpoint_search",
    "get_endpoint",
    "guest_collections",
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
_FIXED: Final = {
    "entity_type",
    "gcs_version",
    "is_globus_connect",
    "gcp_connected",
    "gcp_paused",
    "globus_connect_setup_key",
}
_SETTABLE: Final = {"name", *ENDPOINT_DEFAULTS} - _FIXED - {"subscription_id", "subscription_admin_verified"}
_NON_TEXT_MEMBERS: Final = {
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


async def get_endpoint(state: TransferState, request: Request) -> Document:
    """Read a collection."""
    collection = state.collection(request.path_id("endpoint_id"))
    check_visible(state, collection, request.caller)
    return endpoint_document(state, collection, request.caller.identity_ids)


async def endpoint_search(state: TransferState, request: Request) -> Document:
    """Search collections."""
    text = request.parameter("filter_fulltext")
    wanted = _search_filter(state, request, text)
    hits: list[Document] = []
    for collection in list(state.collections.values()):
        if not is_visible(state, collection, request.caller.identity_ids) or not wanted(collection):
            continue
        document = endpoint_document(state, collection, request.caller.identity_ids)
        rank = search_rank(document, text or "")
        if rank:
            hits.append({**document, "_rank": rank})
    hits.sort(key=lambda hit: (-int(hit["_rank"]), str(hit["display_name"])))
    page = offset_page(request, hits[: state.limits.search_results], default_limit=100, max_limit=100)
    return {
        "DATA_TYPE": "endpoint_list",
        "limit": page.limit,
        "offset": page.start,
        "has_next_page": page.has_next_page,
        "DATA": page.entries,
    }


def _search_filter(state: TransferState, request: Request, text: str | None) -> Callable[[Collection], bool]:
    """Make the predicate of all filters except the full text."""
    scope = request.parameter("filter_scope", "all") or "all"
    owner = request.parameter("filter_owner_id")
    host = request.parameter("filter_host_endpoint")
    kind = request.parameter("filter_entity_type")
    non_functional = request.flag("filter_non_functional", default=None)
    if scope not in _SCOPES:
        raise TransferError(400, "BadRequest", f"Invalid value for parameter 'filter_scope': '{scope}'")
    if scope == "all" and text is None and owner is None and host is None:
        raise TransferError(400, "BadRequest", "filter_fulltext is required when filter_scope is 'all'")
    if owner is not None and scope in {"my-endpoints", "my-gcp-endpoints", "shared-by-me"}:
        raise TransferError(400, "BadRequest", f"filter_owner_id cannot be combined with filter_scope '{scope}'")
    if kind is not None and non_functional is not None:
        raise TransferError(400, "BadRequest", "filter_non_functional cannot be combined with filter_entity_type")
    if host is not None:
        require_role(state, state.collection(host), request.caller, "administrator", "activity_monitor")
    in_scope = _scope_test(state, request, scope)

    def wanted(collection: Collection) -> bool:
        return (
            in_scope(collection)
            and (owner is None or collection.owner_id == owner)
            and (host is None or (collection.host is not None and collection.host.id == host))
            and (kind is None or collection.fields["entity_type"] == kind)
            and bool(collection.fields["non_functional"]) is bool(non_functional)
        )

    return wanted


def _scope_test(state: TransferState, request: Request, scope: str) -> Callable[[Collection], bool]:
    identities = request.caller.identity_ids

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


async def create_endpoint(state: TransferState, request: Request) -> Document:
    """Create a Globus Connect Personal endpoint, or one of Globus Connect Server 4 (historic)."""
    fields = request.fields()
    name = fields.optional("display_name", TEXT) or fields.required("name", TEXT)
    is_personal = fields.optional("is_globus_connect", BOOLEAN, default=False)
    activation_servers = [fields.optional(name, TEXT) for name in ("myproxy_server", "oauth_server")]
    collection = Collection(
        id=new_id(),
        owner_id=request.caller.identity_id,
        fields={
            **ENDPOINT_DEFAULTS,
            "public": False,
            **_settable(fields),
            "display_name": name,
            "entity_type": "GCP_mapped_collection" if is_personal else "GCSv4_host",
            "is_globus_connect": is_personal,
            "globus_connect_setup_key": new_id() if is_personal else None,
        },
        needs_activation=any(activation_servers),
    )
    for server in fields.objects("DATA") or []:
        number = state.next_number("server")
        collection.servers[number] = server_document(server, number)
    state.collections[collection.id] = collection
    return creation_result(state, request, collection, "Endpoint created successfully")


def creation_result(state: TransferState, request: Request, collection: Collection, message: str) -> Document:
    """Make the result of the creation of a collection."""
    document = endpoint_document(state, collection, request.caller.identity_ids)
    return result_document(
        request,
        "Created",
        message,
        data_type="endpoint_create_result",
        id=collection.id,
        canonical_name=document["canonical_name"],
        globus_connect_setup_key=document["globus_connect_setup_key"],
    )


def server_document(fields: Fields, number: int) -> Document:
    """Make the document of a server of an endpoint."""
    hostname = fields.optional("hostname", TEXT) or "localhost"
    scheme, port = fields.optional("scheme", TEXT) or "gsiftp", fields.optional("port", ANY) or 2811
    return {
        "DATA_TYPE": "server",
        "id": number,
        "hostname": hostname,
        "port": port,
        "scheme": scheme,
        "subject": fields.optional("subject", TEXT),
        "uri": f"{scheme}://{hostname}:{port}",
        "is_connected": True,
        "is_paused": False,
        "incoming_data_port_start": fields.optional("incoming_data_port_start", ANY),
        "incoming_data_port_end": fields.optional("incoming_data_port_end", ANY),
        "outgoing_data_port_start": fields.optional("outgoing_data_port_start", ANY),
        "outgoing_data_port_end": fields.optional("outgoing_data_port_end", ANY),
    }


def _settable(fields: Fields) -> Document:
    """Return the members that a user may set; other members of the document are ignored."""
    names = [name for name in fields if name in _SETTABLE]
    for name in names:
        if isinstance(ENDPOINT_DEFAULTS.get(name), bool):
            fields.optional(name, BOOLEAN)
        elif name not in _NON_TEXT_MEMBERS:
            fields.optional(name, TEXT)
    if "display_name" in fields and not fields["display_name"]:
        raise TransferError(400, "BadRequest", "Invalid value for field 'display_name': it cannot be empty")
    return {name: fields[name] for name in names}


def _check_unmanaged(collection: Collection) -> None:
    """Require that no Manager of Globus Connect Server has a collection, which would then differ from it."""
    if collection.manager_host is not None:
        message = f"The collection '{collection.id}' is managed by '{collection.manager_host}'"
        raise TransferError(400, "NotSupported", message)


async def update_endpoint(state: TransferState, request: Request) -> Document:
    """Change members of a collection."""
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, "administrator")
    _check_unmanaged(collection)
    changes = _settable(request.fields())
    if changes.get("default_directory"):
        parse_path(collection, str(changes["default_directory"]))
    collection.fields |= changes
    return result_document(request, "Updated", "Endpoint updated successfully")


async def delete_endpoint(state: TransferState, request: Request) -> Document:
    """Delete a collection and its guest collections."""
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, "administrator", "restricted_administrator")
    _check_unmanaged(collection)
    for each in [collection, *guest_collections(state, collection)]:
        state.collections.pop(each.id, None)
        state.deleted_collections.add(each.id)
    return result_document(request, "Deleted", "Endpoint deleted successfully")


def guest_collections(state: TransferState, collection: Collection) -> list[Collection]:
    """Return the guest collections on a collection."""
    return [each for each in state.collections.values() if each.host is collection]


async def create_shared_endpoint(state: TransferState, request: Request) -> Document:
    """Create a guest collection on a directory of another collection."""
    fields = request.fields()
    host_id = fields.optional("host_endpoint_id", TEXT) or fields.optional("host_endpoint", TEXT)
    if host_id is None:
        raise TransferError(400, "BadRequest", "Missing required field 'host_endpoint'")
    host = state.collection(host_id)
    check_visible(state, host, request.caller)
    if host.is_guest or not host.fields["shareable"]:
        raise TransferError(409, "Conflict", f"Endpoint '{host.id}' cannot host shared endpoints")
    host_path = fields.required("host_path", TEXT)
    path = parse_path(host, host_path)
    _check_unmanaged(host)
    if any(each.host_path == path for each in guest_collections(state, host)):
        raise TransferError(409, "Conflict", f"A shared endpoint on the path '{host_path}' already exists")
    if host.storage is None:
        raise TransferError(502, "ExternalError", f"Unable to scan endpoint '{host.id}': it is not connected")
    await check_directory(AuthorizedStorage(state, host, request.caller.identity_ids), path)
    personal = bool(host.fields["is_globus_connect"])
    collection = Collection(
        id=new_id(),
        owner_id=request.caller.identity_id,
        fields={
            **ENDPOINT_DEFAULTS,
            "public": False,
            **_settable(fields),
            "display_name": fields.optional("display_name", TEXT) or fields.required("name", TEXT),
            "entity_type": "GCP_guest_collection" if personal else "GCSv5_guest_collection",
            "is_globus_connect": personal,
            "shareable": False,
            "subscription_id": host.fields["subscription_id"],
        },
        storage=host.storage.subtree(path),
        host=host,
        host_path=path,
    )
    state.collections[collection.id] = collection
    return creation_result(state, request, collection, "Shared endpoint created")


async def check_directory(storage: AuthorizedStorage, path: Parts) -> None:
    """
    Require that a directory exists and is readable.

    Raises:
        TransferError: The same as of ``ls``.
    """
    entry = await run_operation(partial(storage.stat, path), "ls", storage.collection, joined(path))
    if not entry.is_directory:
        problem = StorageError(Problem.NOT_A_DIRECTORY, "Not a directory")
        raise from_storage_error(problem, "ls", storage.collection, joined(path))


async def my_shared_endpoint_list(state: TransferState, request: Request) -> Document:
    """List the caller's guest collections on a collection."""
    collection = state.collection(request.path_id("endpoint_id"))
    check_visible(state, collection, request.caller)
    own = [each for each in guest_collections(state, collection) if each.owner_id in request.caller.identity_ids]
    documents = [endpoint_document(state, each, request.caller.identity_ids) for each in own]
    return {"DATA_TYPE": "endpoint_list", "DATA": documents}


async def shared_endpoint_list(state: TransferState, request: Request) -> Document:
    """List the ids of all guest collections on a collection."""
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, "administrator", "activity_monitor")
    ids = sorted(each.id for each in guest_collections(state, collection))
    maximum = state.limits.page
    page, next_token = token_page(request, ids, key=str, default_limit=maximum, max_limit=maximum)
    return {"shared_endpoints": [{"id": each} for each in page.entries], "next_token": next_token}


async def my_effective_pause_rule_list(state: TransferState, request: Request) -> Document:
    """List the pause rules that apply to the caller on a collection."""
    collection = state.collection(request.path_id("endpoint_id"))
    check_visible(state, collection, request.caller)
    rules = active_pause_rules(state, collection, request.caller.identity_id)
    documents = [pause_rule_document(state, rule, editable=False, limited=True) for rule in rules]
    return {"DATA_TYPE": "pause_rule_list", "DATA": documents}


async def set_subscription(state: TransferState, request: Request) -> Document:
    """Associate a collection with a subscription."""
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, "administrator")
    fields = request.fields()
    if "subscription_id" not in fields:
        raise TransferError(400, "BadRequest", "Missing required field 'subscription_id'")
    subscription_id = fields.optional("subscription_id", TEXT)
    subscriptions = state.directory.subscriptions.values()
    own = [each.id for each in subscriptions if each.has_member(request.caller.identity_id)]
    if subscription_id == "DEFAULT":
        if len(own) != 1:
            listed = f"You currently have access to: {', '.join(own)}" if own else "You have access to none"
            raise TransferError(400, "BadRequest", f"Please specify the subscription ID to use. {listed}")
        subscription_id = own[0]
    elif subscription_id is not None and subscription_id not in own:
        raise permission_denied(f"You are not a member of subscription '{subscription_id}'")
    collection.fields["subscription_id"] = subscription_id
    collection.fields["subscription_admin_verified"] = False
    return result_document(request, "Updated", "Endpoint updated successfully")


async def set_subscription_admin_verified(state: TransferState, request: Request) -> Document:
    """Verify a collection as an administrator of its subscription."""
    collection = state.collection(request.path_id("endpoint_id"))
    is_verified = request.fields().required("subscription_admin_verified", BOOLEAN)
    subscription_id = collection.fields["subscription_id"]
    if subscription_id is None:
        message = "The collection must be associated with a subscription to set subscription_admin_verified"
        raise TransferError(400, "BadRequest", message)
    subscription = state.directory.subscriptions.get(subscription_id)
    if subscription is None or not subscription.has_admin(request.caller.identity_id):
        message = "User does not have an admin role on the collection's subscription to set subscription_admin_verified"
        raise permission_denied(message)
    collection.fields["subscription_admin_verified"] = is_verified
    return result_document(request, "Updated", "Endpoint updated successfully")


ROUTES: Final[RouteTable[TransferState]] = (
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
