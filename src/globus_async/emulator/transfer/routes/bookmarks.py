"""Bookmarks, in v0.10 and in v2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from ...kit.fields import BOOLEAN, TEXT
from ...kit.ids import new_id
from ...kit.paging import json_api_page
from ...kit.responses import json_response
from ..documents import bookmark_document, result_document
from ..errors import TransferError
from ..models import Bookmark
from ..permissions import check_visible
from ..responses import HEADERS
from .json_api import NON_EMPTY_TEXT, list_document, related_id, resource_document, resource_fields

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import TransferState

__all__ = (
    "ROUTES",
    "V2_ROUTES",
    "bookmark_list",
    "create_bookmark",
    "delete_bookmark",
    "get_bookmark",
    "update_bookmark",
    "v2_create",
    "v2_delete",
    "v2_get",
    "v2_list",
    "v2_update",
)


async def bookmark_list(state: TransferState, request: Request) -> Document:
    """List the caller's bookmarks."""
    return {"DATA_TYPE": "bookmark_list", "DATA": [bookmark_document(each) for each in _own_bookmarks(state, request)]}


async def create_bookmark(state: TransferState, request: Request) -> Document:
    """Create a bookmark."""
    fields = request.fields()
    endpoint_id, path, name = (fields.required(name, TEXT) for name in ("endpoint_id", "path", "name"))
    pinned = fields.optional("pinned", BOOLEAN, default=False)
    bookmark = _create(state, request, name, endpoint_id, path)
    bookmark.pinned = pinned
    return bookmark_document(bookmark)


async def get_bookmark(state: TransferState, request: Request) -> Document:
    """Read a bookmark."""
    return bookmark_document(_bookmark(state, request))


async def update_bookmark(state: TransferState, request: Request) -> Document:
    """Rename, pin or unpin a bookmark; its path cannot be changed."""
    bookmark, fields = _bookmark(state, request), request.fields()
    name, pinned = fields.optional("name", TEXT), fields.optional("pinned", BOOLEAN, bookmark.pinned)
    if name is not None:
        _check_name(state, request, name, ignore=bookmark)
        bookmark.name = name
    bookmark.pinned = pinned
    return bookmark_document(bookmark)


async def delete_bookmark(state: TransferState, request: Request) -> Document:
    """Delete a bookmark."""
    bookmark = _bookmark(state, request)
    del state.bookmarks[bookmark.id]
    return result_document(request, "Deleted", f"Bookmark '{bookmark.id}' deleted successfully")


def _own_bookmarks(state: TransferState, request: Request) -> list[Bookmark]:
    return [each for each in state.bookmarks.values() if each.owner_id == request.caller.identity_id]


def _bookmark(state: TransferState, request: Request) -> Bookmark:
    bookmark = state.bookmarks.get(request.path_id("bookmark_id").lower())
    if bookmark is None or bookmark.owner_id != request.caller.identity_id:
        raise TransferError(404, "BookmarkNotFound", f"No such bookmark '{request.path_id('bookmark_id')}'")
    return bookmark


def _create(state: TransferState, request: Request, name: str, endpoint_id: str, path: str) -> Bookmark:
    collection = state.collection(endpoint_id)
    check_visible(state, collection, request.caller)
    _check_name(state, request, name)
    bookmark = Bookmark(new_id(), request.caller.identity_id, name, collection.id, path)
    state.bookmarks[bookmark.id] = bookmark
    return bookmark


def _check_name(state: TransferState, request: Request, name: str, *, ignore: Bookmark | None = None) -> None:
    if not name:
        raise TransferError(400, "BadRequest", "Invalid value for field 'name': it cannot be empty")
    if any(each.name == name for each in _own_bookmarks(state, request) if each is not ignore):
        raise TransferError(409, "Conflict", f"A bookmark with the name '{name}' already exists")


# The operations of v2, with JSON:API documents.


async def v2_list(state: TransferState, request: Request) -> Document:
    """List the caller's bookmarks, with their collections if requested."""
    bookmarks = _own_bookmarks(state, request)
    document = list_document(request, bookmarks, _resource)
    if "collection" in request.parameter_list("include"):
        by_endpoint = {each.endpoint_id: each for each in json_api_page(request, bookmarks).entries}
        document["included"] = [_included(state, each) for each in by_endpoint.values()]
    return document


async def v2_create(state: TransferState, request: Request) -> Response:
    """Create a bookmark."""
    fields = resource_fields(request, "Bookmark")
    attributes = fields.object("attributes", required=True)
    name, path = attributes.required("name", NON_EMPTY_TEXT), attributes.required("path", NON_EMPTY_TEXT)
    bookmark = _create(state, request, name, related_id(fields, "collection", "Collection"), path)
    return json_response(resource_document(request, _resource(bookmark)), status=201, headers=HEADERS)


async def v2_get(state: TransferState, request: Request) -> Document:
    """Read a bookmark and its collection."""
    bookmark = _bookmark(state, request)
    return resource_document(request, _resource(bookmark), included=[_included(state, bookmark)])


async def v2_update(state: TransferState, request: Request) -> Document:
    """Change the name or the path of a bookmark."""
    bookmark = _bookmark(state, request)
    attributes = resource_fields(request, "Bookmark").object("attributes", required=True)
    if "name" in attributes:
        name = attributes.required("name", NON_EMPTY_TEXT)
        _check_name(state, request, name, ignore=bookmark)
        bookmark.name = name
    if "path" in attributes:
        bookmark.path = attributes.required("path", NON_EMPTY_TEXT)
    return resource_document(request, _resource(bookmark))


async def v2_delete(state: TransferState, request: Request) -> Document:
    """Delete a bookmark."""
    del state.bookmarks[_bookmark(state, request).id]
    return {"meta": {"request_id": request.id}}


def _resource(bookmark: Bookmark) -> Document:
    return {
        "type": "Bookmark",
        "id": bookmark.id,
        "attributes": {"name": bookmark.name, "path": bookmark.path},
        "relationships": {"collection": {"data": {"type": "Collection", "id": bookmark.endpoint_id}}},
    }


def _included(state: TransferState, bookmark: Bookmark) -> Document:
    collection = state.collections.get(bookmark.endpoint_id)
    fields = cast("Document", collection.fields if collection else {"display_name": None, "high_assurance": False})
    return {
        "type": "Collection",
        "id": bookmark.endpoint_id,
        "attributes": {"display_name": fields["display_name"], "high_assurance": fields["high_assurance"]},
    }


ROUTES: Final[RouteTable[TransferState]] = (
    ("GET", "/bookmark_list", bookmark_list),
    ("POST", "/bookmark", create_bookmark),
    ("GET", "/bookmark/{bookmark_id}", get_bookmark),
    ("PUT", "/bookmark/{bookmark_id}", update_bookmark),
    ("DELETE", "/bookmark/{bookmark_id}", delete_bookmark),
)
V2_ROUTES: Final[RouteTable[TransferState]] = (
    ("GET", "/bookmarks", v2_list),
    ("POST", "/bookmarks", v2_create),
    ("GET", "/bookmarks/{bookmark_id}", v2_get),
    ("PATCH", "/bookmarks/{bookmark_id}", v2_update),
    ("DELETE", "/bookmarks/{bookmark_id}", v2_delete),
)
