"""Reading and making JSON:API documents, the format of the v2 operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ...kit.fields import FieldType, choice
from ...kit.paging import json_api_links, json_api_page
from ..errors import JsonApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document

__all__ = (
    "NON_EMPTY_TEXT",
    "list_document",
    "related_id",
    "resource_document",
    "resource_fields",
)

T = TypeVar("T")


def _non_empty_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(value)
    return value


NON_EMPTY_TEXT = FieldType("a string that is not empty", _non_empty_text)


def resource_fields(request: Request, type: str) -> Fields:
    """
    Return the members of the resource in a request.

    Raises:
        TransferError: 400, the body is not a JSON object; or 422, it is not a resource of this type.
    """
    fields = request.with_errors(JsonApiError).fields("data")
    fields.required("type", choice(type))
    return fields


def related_id(fields: Fields, name: str, type: str) -> str:
    """
    Return the id of a related resource.

    Args:
        fields: The members of a resource.
        name: The name of the relationship.
        type: The type of the related resource.

    Raises:
        TransferError: 422, there is no such relationship.
    """
    related = fields.object("relationships", required=True).object(name, required=True).object("data", required=True)
    related.required("type", choice(type))
    return related.required("id", NON_EMPTY_TEXT)


def list_document(
    request: Request, entries: Sequence[T], resource: Callable[[T], Document], *, null_links: bool = False
) -> Document:
    """
    Make the document of a page of resources.

    Args:
        request: The request.
        entries: All entries.
        resource: Makes the resource of an entry.
        null_links: Whether the last page has ``links`` of ``null``; omitted by default.
    """
    page = json_api_page(request, entries)
    links = json_api_links(request, page)
    document: Document = {"data": [resource(each) for each in page.entries]}
    if links is not None or null_links:
        document["links"] = links
    return {**document, "meta": {"request_id": request.id}}


def resource_document(
    request: Request, resource: Document | None, *, included: Sequence[Document] | None = None
) -> Document:
    """Make the document of one resource."""
    document: Document = {"data": resource, "meta": {"request_id": request.id}}
    if included is not None:
        document["included"] = list(included)
    return document
