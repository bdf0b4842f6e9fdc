"""Servers of endpoints; only those of Globus Connect Server 4 can be changed (historic)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.fields import TEXT
from ..documents import result_document
from ..errors import TransferError
from ..permissions import check_visible, require_role
from .endpoints import server_document

if TYPE_CHECKING:
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..models import Collection
    from ..state import TransferState

__all__ = (
    "ROUTES",
    "add_server",
    "delete_server",
    "get_server",
    "server_list",
    "update_server",
)


async def server_list(state: TransferState, request: Request) -> Document:
    """List the servers of an endpoint."""
    collection = state.collection(request.path_id("endpoint_id"))
    check_visible(state, collection, request.caller)
    servers = list(collection.servers.values())
    return {"DATA_TYPE": "endpoint_server_list", "endpoint": collection.id, "DATA": servers}


async def get_server(state: TransferState, request: Request) -> Document:
    """Read a server."""
    collection = state.collection(request.path_id("endpoint_id"))
    check_visible(state, collection, request.caller)
    return collection.servers[_number(request, collection)]


async def add_server(state: TransferState, request: Request) -> Document:
    """Add a server."""
    collection, fields = _editable_endpoint(state, request), request.fields()
    fields.required("hostname", TEXT)
    number = state.next_number("server")
    collection.servers[number] = server_document(fields, number)
    message = "Server added to endpoint successfully"
    return result_document(request, "Created", message, data_type="endpoint_server_add_result", id=number)


async def update_server(state: TransferState, request: Request) -> Document:
    """Change a server."""
    collection, document = _editable_endpoint(state, request), request.document()
    number = _number(request, collection)
    fields = request.fields_of({**collection.servers[number], **document})
    collection.servers[number] = server_document(fields, number)
    return result_document(request, "Updated", "Server updated successfully")


async def delete_server(state: TransferState, request: Request) -> Document:
    """Delete a server."""
    collection = _editable_endpoint(state, request)
    del collection.servers[_number(request, collection)]
    return result_document(request, "Deleted", "Server deleted successfully")


def _editable_endpoint(state: TransferState, request: Request) -> Collection:
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, "administrator")
    if collection.fields["entity_type"] != "GCSv4_host":
        raise TransferError(409, "Conflict", f"The servers of endpoint '{collection.id}' cannot be changed")
    return collection


def _number(request: Request, collection: Collection) -> int:
    text = request.path_id("server_id")
    number = int(text) if text.isascii() and text.isdigit() else -1
    if number not in collection.servers:
        raise TransferError(404, "ClientError.NotFound.ServerNotFound", f"No server with id '{text}' on this endpoint")
    return number


ROUTES: Final[RouteTable[TransferState]] = (
    ("GET", "/endpoint/{endpoint_id}/server_list", server_list),
    ("POST", "/endpoint/{endpoint_id}/server", add_server),
    ("GET", "/endpoint/{endpoint_id}/server/{server_id}", get_server),
    ("PUT", "/endpoint/{endpoint_id}/server/{server_id}", update_server),
    ("DELETE", "/endpoint/{endpoint_id}/server/{server_id}", delete_server),
)
