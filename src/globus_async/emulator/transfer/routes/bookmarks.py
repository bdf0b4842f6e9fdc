"""Bookmarks, in v0.10 and in v2: the same ones in two forms."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, cast

from ..call import Call, RouteTable, answer, bool_member, required_text, result, text_member
from ..documents import bookmark_document
from ..errors import ServiceError
from ..models import Bookmark, Document
from ..permissions import check_visible
from .json_api import attributes, page, page_document, related_id, resource_answer

if TYPE_CHECKING:
    from starlette.responses import Response

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


async def bookmark_list(call: Call) -> Document:
    """List the caller's bookmarks."""
    return {"DATA_TYPE": "bookmark_list", "DATA": [bookmark_document(each) for each in _mine(call)]}


async def create_bookmark(call: Call) -> Document:
    """Keep a place."""
    document = call.document()
    place = required_text(document, "endpoint_id"), required_text(document, "path")
    bookmark = _create(call, required_text(document, "name"), *place)
    bookmark.pinned = bool_member(document, "pinned")
    return bookmark_document(bookmark)


async def get_bookmark(call: Call) -> Document:
    """Read a bookmark."""
    return bookmark_document(_bookmark(call))


async def update_bookmark(call: Call) -> Document:
    """Rename or pin a bookmark; its place is fixed."""
    bookmark, document = _bookmark(call), call.document()
    name = text_member(document, "name")
    if name is not None:
        _check_name(call, name, but=bookmark)
        bookmark.name = name
    bookmark.pinned = bool_member(document, "pinned", default=bookmark.pinned)
    return bookmark_document(bookmark)


async def delete_bookmark(call: Call) -> Document:
    """Forget a place."""
    bookmark = _bookmark(call)
    del call.state.bookmarks[bookmark.id]
    return result(call, "Deleted", f"Bookmark '{bookmark.id}' deleted successfully")


def _mine(call: Call) -> list[Bookmark]:
    return [each for each in call.state.bookmarks.values() if each.owner_id == call.caller.identity_id]


def _bookmark(call: Call) -> Bookmark:
    bookmark = call.state.bookmarks.get(call.id("bookmark_id").lower())
    if bookmark is None or bookmark.owner_id != call.caller.identity_id:
        raise ServiceError(404, "BookmarkNotFound", f"No such bookmark '{call.id('bookmark_id')}'")
    return bookmark


def _create(call: Call, name: str, endpoint_id: str, path: str) -> Bookmark:
    collection = call.state.collection(endpoint_id)
    check_visible(call.state, collection, call.caller)
    _check_name(call, name)
    bookmark = Bookmark(str(uuid.uuid4()), call.caller.identity_id, name, collection.id, path)
    call.state.bookmarks[bookmark.id] = bookmark
    return bookmark


def _check_name(call: Call, name: str, *, but: Bookmark | None = None) -> None:
    if not name:
        raise ServiceError(400, "BadRequest", "Invalid value for field 'name': it cannot be empty")
    if any(each.name == name for each in _mine(call) if each is not but):
        raise ServiceError(409, "Conflict", f"A bookmark with the name '{name}' already exists")


# The same in JSON:API.


async def v2_list(call: Call) -> Response:
    """List the caller's bookmarks, with their collections if asked for."""
    marked, links = page(call, _mine(call))
    document = page_document(call, [_resource(each) for each in marked], links)
    if "collection" in (call.query("include", "") or "").split(","):
        document["included"] = [_included(call, each) for each in {each.endpoint_id: each for each in marked}.values()]
    return answer(document)


async def v2_create(call: Call) -> Response:
    """Keep a place."""
    document = call.document()
    given = attributes(document, "Bookmark")
    name, path = _v2_text(given, "name"), _v2_text(given, "path")
    bookmark = _create(call, name, related_id(document, "collection", "Collection"), path)
    return resource_answer(call, _resource(bookmark), status=201)


async def v2_get(call: Call) -> Response:
    """Read a bookmark and its collection."""
    bookmark = _bookmark(call)
    return resource_answer(call, _resource(bookmark), included=[_included(call, bookmark)])


async def v2_update(call: Call) -> Response:
    """Change the name or the path of a bookmark."""
    bookmark, given = _bookmark(call), attributes(call.document(), "Bookmark")
    if "name" in given:
        name = _v2_text(given, "name")
        _check_name(call, name, but=bookmark)
        bookmark.name = name
    if "path" in given:
        bookmark.path = _v2_text(given, "path")
    return resource_answer(call, _resource(bookmark))


async def v2_delete(call: Call) -> Response:
    """Forget a place."""
    del call.state.bookmarks[_bookmark(call).id]
    return answer({"meta": {"request_id": call.request_id}})


def _v2_text(given: Document, name: str) -> str:
    value: Any = given.get(name)
    if not isinstance(value, str) or not value:
        raise ServiceError(422, "UnprocessableEntity", f"The attribute '{name}' must be a text and cannot be empty")
    return value


def _resource(bookmark: Bookmark) -> Document:
    return {
        "type": "Bookmark",
        "id": bookmark.id,
        "attributes": {"name": bookmark.name, "path": bookmark.path},
        "relationships": {"collection": {"data": {"type": "Collection", "id": bookmark.endpoint_id}}},
    }


def _included(call: Call, bookmark: Bookmark) -> Document:
    collection = call.state.collections.get(bookmark.endpoint_id)
    fields = cast("Document", collection.fields if collection else {"display_name": None, "high_assurance": False})
    return {
        "type": "Collection",
        "id": bookmark.endpoint_id,
        "attributes": {"display_name": fields["display_name"], "high_assurance": fields["high_assurance"]},
    }


ROUTES: Final[RouteTable] = (
    ("GET", "/bookmark_list", bookmark_list),
    ("POST", "/bookmark", create_bookmark),
    ("GET", "/bookmark/{bookmark_id}", get_bookmark),
    ("PUT", "/bookmark/{bookmark_id}", update_bookmark),
    ("DELETE", "/bookmark/{bookmark_id}", delete_bookmark),
)
V2_ROUTES: Final[RouteTable] = (
    ("GET", "/bookmarks", v2_list),
    ("POST", "/bookmarks", v2_create),
    ("GET", "/bookmarks/{bookmark_id}", v2_get),
    ("PATCH", "/bookmarks/{bookmark_id}", v2_update),
    ("DELETE", "/bookmarks/{bookmark_id}", v2_delete),
)
