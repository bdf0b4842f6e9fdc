"""Nodes, stream gateways, sharing policies and LAN secrets: resources that have no effect on other ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.ids import new_id, random_text
from ..accounts import account_of, mapping_errors
from ..call import call
from ..documents import paged, result
from ..errors import GCSError, not_found
from ..models import Resource
from ..schemas import LAN_SECRET, NODE, SHARING_POLICY, STREAM_GATEWAY

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..call import Call
    from ..state import GCSState

__all__ = (
    "ROUTES",
    "create_lan_secret",
    "create_node",
    "create_policy",
    "create_stream_gateway",
    "delete_lan_secret",
    "delete_node",
    "delete_policy",
    "delete_stream_gateway",
    "get_node",
    "get_policy",
    "get_stream_gateway",
    "list_nodes",
    "list_policies",
    "list_stream_gateways",
    "replace_node",
    "update_node",
    "update_stream_gateway",
)

_SECRET_LIFETIME: Final = 60
"""Minutes."""


# nodes


def _node(node: Resource) -> Document:
    return {**NODE.shown(node.fields), "id": node.id}


async def list_nodes(state: GCSState, request: Request) -> Response:
    """List the nodes."""
    this = call(state, request)
    this.require_admin()
    return paged(request, this.endpoint.nodes.values(), _node)


async def create_node(state: GCSState, request: Request) -> Response:
    """Add a node."""
    this = call(state, request)
    this.require_admin()
    node = Resource(new_id(), this.checked(NODE))
    this.endpoint.nodes[node.id] = node
    return result([_node(node)], message=f"Created Node {node.id}")


async def get_node(state: GCSState, request: Request) -> Response:
    """Return a node."""
    this = call(state, request)
    this.require_admin()
    return result([_node(this.found(this.endpoint.nodes, "node"))])


async def replace_node(state: GCSState, request: Request) -> Response:
    """Replace the document of a node."""
    return _update_node(call(state, request), whole=True)


async def update_node(state: GCSState, request: Request) -> Response:
    """Change members of a node."""
    return _update_node(call(state, request), whole=False)


def _update_node(call: Call, *, whole: bool) -> Response:
    call.require_admin()
    node: Resource = call.found(call.endpoint.nodes, "node")
    changes = call.checked(NODE, whole=whole)
    node.fields = changes if whole else {**node.fields, **changes}
    return result([_node(node)], message=f"Updated Node {node.id}")


async def delete_node(state: GCSState, request: Request) -> Response:
    """Remove a node."""
    this = call(state, request)
    this.require_admin()
    node: Resource = this.found(this.endpoint.nodes, "node")
    del this.endpoint.nodes[node.id]
    return result([{}], message=f"Deleted Node {node.id}")


# stream gateways


def _stream_gateway(gateway: Resource) -> Document:
    return {**STREAM_GATEWAY.shown(gateway.fields), "id": gateway.id, "deleted": False}


def _checked_stream_gateway(call: Call, *, whole: bool) -> Document:
    fields = call.checked(STREAM_GATEWAY, whole=whole)
    if errors := mapping_errors(fields.get("identity_mappings") or ()):
        raise GCSError.invalid(errors)
    return fields


async def list_stream_gateways(state: GCSState, request: Request) -> Response:
    """List the stream gateways."""
    this = call(state, request)
    return paged(request, this.endpoint.stream_gateways.values(), _stream_gateway)


async def create_stream_gateway(state: GCSState, request: Request) -> Response:
    """Create a stream gateway."""
    this = call(state, request)
    this.require_admin()
    gateway = Resource(new_id(), _checked_stream_gateway(this, whole=True))
    this.endpoint.stream_gateways[gateway.id] = gateway
    return result([_stream_gateway(gateway)], status=201, message=f"Created Stream Gateway {gateway.id}")


async def get_stream_gateway(state: GCSState, request: Request) -> Response:
    """Return a stream gateway."""
    this = call(state, request)
    return result([_stream_gateway(this.found(this.endpoint.stream_gateways, "stream_gateway"))])


async def update_stream_gateway(state: GCSState, request: Request) -> Response:
    """Change members of a stream gateway."""
    this = call(state, request)
    gateway: Resource = this.found(this.endpoint.stream_gateways, "stream_gateway")
    this.require_admin()
    gateway.fields = {**gateway.fields, **_checked_stream_gateway(this, whole=False)}
    return result([_stream_gateway(gateway)], message=f"Updated Stream Gateway {gateway.id}")


async def delete_stream_gateway(state: GCSState, request: Request) -> Response:
    """Delete a stream gateway."""
    this = call(state, request)
    gateway: Resource = this.found(this.endpoint.stream_gateways, "stream_gateway")
    this.require_admin()
    del this.endpoint.stream_gateways[gateway.id]
    return result([{}], message=f"Deleted Stream Gateway {gateway.id}")


# sharing policies


def _policy(policy: Resource) -> Document:
    return {**SHARING_POLICY.shown(policy.fields), "id": policy.id}


async def list_policies(state: GCSState, request: Request) -> Response:
    """List the sharing policies of a mapped collection, or those of one user."""
    this = call(state, request)
    collection_id, username = request.parameter("collection_id"), request.parameter("username")
    if collection_id is None:
        raise GCSError(400, "bad_request", "The parameter 'collection_id' is required")
    collection = this.collection(collection_id)
    this.require_administers(collection)
    found = [
        each
        for each in this.endpoint.sharing_policies.values()
        if each.fields["collection_id"] == collection.id
        and (username is None or username in (each.fields.get("users") or ()))
    ]
    return paged(request, found, _policy)


async def create_policy(state: GCSState, request: Request) -> Response:
    """Create a sharing policy of a mapped collection."""
    this = call(state, request)
    fields = this.checked(SHARING_POLICY)
    collection = this.collection(fields["collection_id"])
    this.require_administers(collection)
    if collection.is_guest:
        raise GCSError.invalid(["'collection_id': a mapped collection is required"])
    policy = Resource(new_id(), fields)
    this.endpoint.sharing_policies[policy.id] = policy
    return result([_policy(policy)], status=201, message=f"Created Sharing Policy {policy.id}")


def _found_policy(call: Call) -> Resource:
    policy: Resource = call.found(call.endpoint.sharing_policies, "sharing_policy")
    call.require_administers(call.endpoint.collections[policy.fields["collection_id"]])
    return policy


async def get_policy(state: GCSState, request: Request) -> Response:
    """Return a sharing policy."""
    return result([_policy(_found_policy(call(state, request)))])


async def delete_policy(state: GCSState, request: Request) -> Response:
    """Delete a sharing policy."""
    this = call(state, request)
    policy = _found_policy(this)
    del this.endpoint.sharing_policies[policy.id]
    return result([{}], message=f"Deleted Sharing Policy {policy.id}")


# LAN secrets


async def create_lan_secret(state: GCSState, request: Request) -> Response:
    """Create a secret with which a program on the network of a stream gateway uses a tunnel."""
    this = call(state, request)
    fields = this.checked(LAN_SECRET)
    minutes = fields.pop("expires_in_mins", _SECRET_LIFETIME)
    secret = Resource(new_id(), {**fields, **_lan_user(this, fields)})
    this.endpoint.lan_secrets[secret.id] = secret
    shown = {
        "DATA_TYPE": "lan_secret#1.0.0",
        "id": secret.id,
        **secret.fields,
        "secret": random_text(32),
        "expires": int(state.now()) + 60 * minutes,
    }
    return result([shown], status=201, message=f"Created LAN secret {secret.id}")


def _lan_user(call: Call, fields: Document) -> Document:
    """Return the identity and the local user of a LAN secret: those that are named, or the first that has access."""
    gateway = call.endpoint.stream_gateways.get(fields["stream_access_point_id"])
    if gateway is None:
        raise GCSError.invalid(["'stream_access_point_id': there is no such stream gateway"])
    wanted = fields.get("identity_id")
    if wanted is not None and wanted not in call.caller.identity_ids:
        raise GCSError.forbidden("The identity is none of yours", "id_not_in_identity_set", id=wanted)
    for identity_id in sorted(call.caller.identity_ids) if wanted is None else [wanted]:
        username = account_of(call.state.directory, gateway.fields, identity_id)
        if username is not None and fields.get("username") in {None, username}:
            return {"identity_id": identity_id, "username": username}
    usernames = [fields["username"]] if "username" in fields else []
    message = "None of your identities has access to the stream gateway"
    raise GCSError.forbidden(message, "invalid_user", usernames=usernames)


async def delete_lan_secret(state: GCSState, request: Request) -> Response:
    """Delete a LAN secret of the caller."""
    this = call(state, request)
    secret: Resource = this.found(this.endpoint.lan_secrets, "lan_secret")
    if secret.fields["identity_id"] not in this.caller.identity_ids:
        raise not_found("lan_secret", secret.id)
    del this.endpoint.lan_secrets[secret.id]
    return result([{}], message=f"Deleted LAN secret {secret.id}")


ROUTES: Final[RouteTable[GCSState]] = (
    ("GET", "/nodes", list_nodes),
    ("POST", "/nodes", create_node),
    ("GET", "/nodes/{node_id}", get_node),
    ("PUT", "/nodes/{node_id}", replace_node),
    ("PATCH", "/nodes/{node_id}", update_node),
    ("DELETE", "/nodes/{node_id}", delete_node),
    ("GET", "/stream_gateways", list_stream_gateways),
    ("POST", "/stream_gateways", create_stream_gateway),
    ("GET", "/stream_gateways/{stream_gateway_id}", get_stream_gateway),
    ("PATCH", "/stream_gateways/{stream_gateway_id}", update_stream_gateway),
    ("DELETE", "/stream_gateways/{stream_gateway_id}", delete_stream_gateway),
    ("GET", "/sharing_policies", list_policies),
    ("POST", "/sharing_policies", create_policy),
    ("GET", "/sharing_policies/{sharing_policy_id}", get_policy),
    ("DELETE", "/sharing_policies/{sharing_policy_id}", delete_policy),
    ("POST", "/lan_secrets", create_lan_secret),
    ("DELETE", "/lan_secrets/{lan_secret_id}", delete_lan_secret),
)
