"""Servers of an endpoint. Only the old kind of endpoint lets them be changed (historic)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..call import Call, RouteTable, required_text, result
from ..errors import ServiceError
from ..permissions import check_visible, require_role
from .endpoints import server_document

if TYPE_CHECKING:
    from ..models import Collection, Document

__all__ = (
    "ROUTES",
    "add_server",
    "delete_server",
    "get_server",
    "server_list",
    "update_server",
)


async def server_list(call: Call) -> Document:
    """List servers."""
    collection = call.collection()
    check_visible(call.state, collection, call.caller)
    servers = list(collection.servers.values())
    return {"DATA_TYPE": "endpoint_server_list", "endpoint": collection.id, "DATA": servers}


async def get_server(call: Call) -> Document:
    """Read a server."""
    collection = call.collection()
    check_visible(call.state, collection, call.caller)
    return collection.servers[_number(call, collection)]


async def add_server(call: Call) -> Document:
    """Add a server."""
    collection, document = _editable(call), call.document()
    required_text(document, "hostname")
    number = call.state.next_number("server")
    collection.servers[number] = server_document(document, number)
    message = "Server added to endpoint successfully"
    return result(call, "Created", message, data_type="endpoint_server_add_result", id=number)


async def update_server(call: Call) -> Document:
    """Change a server."""
    collection, document = _editable(call), call.document()
    number = _number(call, collection)
    collection.servers[number] = server_document({**collection.servers[number], **document}, number)
    return result(call, "Updated", "Server updated successfully")


async def delete_server(call: Call) -> Document:
    """Take a server away."""
    collection = _editable(call)
    del collection.servers[_number(call, collection)]
    return result(call, "Deleted", "Server deleted successfully")


def _editable(call: Call) -> Collection:
    collection = call.collection()
    require_role(call.state, collection, call.caller, "administrator")
    if collection.fields["entity_type"] != "GCSv4_host":
        raise ServiceError(409, "Conflict", f"The servers of endpoint '{collection.id}' cannot be changed")
    return collection


def _number(call: Call, collection: Collection) -> int:
    text = call.id("server_id")
    number = int(text) if text.isascii() and text.isdigit() else -1
    if number not in collection.servers:
        raise ServiceError(404, "ClientError.NotFound.ServerNotFound", f"No server with id '{text}' on this endpoint")
    return number


ROUTES: Final[RouteTable] = (
    ("GET", "/endpoint/{endpoint_id}/server_list", server_list),
    ("POST", "/endpoint/{endpoint_id}/server", add_server),
    ("GET", "/endpoint/{endpoint_id}/server/{server_id}", get_server),
    ("PUT", "/endpoint/{endpoint_id}/server/{server_id}", update_server),
    ("DELETE", "/endpoint/{endpoint_id}/server/{server_id}", delete_server),
)
