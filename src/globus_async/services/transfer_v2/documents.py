"""
Types of the JSON:API documents of bookmarks. Those of tunnels are in `globus_async.services.transfer.documents`.

At run time they are plain dicts, with all members that the service sends, listed here or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from ..transfer.documents import MetaDocument, ToOneDocument

__all__ = (
    "BookmarkAttributesDocument",
    "BookmarkDeletedEnvelope",
    "BookmarkEnvelope",
    "BookmarkRelationshipsDocument",
    "BookmarkResourceDocument",
    "CollectionAttributesDocument",
    "CollectionResourceDocument",
)


class BookmarkAttributesDocument(TypedDict):
    """The attributes of a bookmark."""

    name: str
    path: str


class BookmarkRelationshipsDocument(TypedDict):
    """The collection of a bookmark."""

    collection: ToOneDocument


class BookmarkResourceDocument(TypedDict):
    """A bookmark: a name for a path on a collection."""

    type: Literal["Bookmark"]
    id: str
    attributes: BookmarkAttributesDocument
    relationships: BookmarkRelationshipsDocument


class CollectionAttributesDocument(TypedDict):
    """The attributes of a collection in ``included``."""

    display_name: str | None
    high_assurance: bool


class CollectionResourceDocument(TypedDict):
    """A collection that a bookmark is on."""

    type: Literal["Collection"]
    id: str
    attributes: CollectionAttributesDocument


class BookmarkEnvelope(TypedDict):
    """A response with one bookmark."""

    data: BookmarkResourceDocument
    included: NotRequired[list[CollectionResourceDocument]]
    meta: NotRequired[MetaDocument]


class BookmarkDeletedEnvelope(TypedDict):
    """A response to the deletion of a bookmark."""

    meta: MetaDocument
