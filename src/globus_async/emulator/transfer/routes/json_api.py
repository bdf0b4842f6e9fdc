"""The form of the v2 routes, JSON:API: resources, attributes, relationships, pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from ..call import Call, answer
from ..errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from ..models import Document

__all__ = (
    "attributes",
    "page",
    "page_document",
    "related_id",
    "resource_answer",
)

T = TypeVar("T")


def attributes(document: Document, kind: str) -> Document:
    """
    Return the attributes of a resource that was sent.

    Raises:
        ServiceError: 422, it is no such resource.
    """
    data = _member(document, "data")
    if data.get("type") != kind:
        raise ServiceError(422, "UnprocessableEntity", f"The type of the resource must be '{kind}'")
    return _member(data, "attributes")


def related_id(document: Document, name: str, kind: str) -> str:
    """
    Return the id of a resource that the one sent relates to.

    Raises:
        ServiceError: 422, there is none.
    """
    target = _member(_member(_member(_member(document, "data"), "relationships"), name), "data")
    if target.get("type") != kind or not isinstance(target.get("id"), str):
        raise ServiceError(422, "UnprocessableEntity", f"The relationship '{name}' must name a {kind} by its id")
    return str(target["id"])


def _member(document: Document, name: str) -> Document:
    value: object = document.get(name)
    if not isinstance(value, dict):
        raise ServiceError(422, "UnprocessableEntity", f"The member '{name}' is missing, or no object")
    return cast("Document", value)


def page(call: Call, entries: Sequence[T]) -> tuple[Sequence[T], Document | None]:
    """Cut a page out of a list, and make its links: none at the end."""
    start = call.number("page[marker]", 0, most=1 << 53)
    end = start + call.number("page[limit]", 100, least=1, most=100)
    if end >= len(entries):
        return entries[start:end], None
    following = call.request.url.include_query_params(**{"page[marker]": end})
    return entries[start:end], {"next": str(following)}


def page_document(call: Call, entries: Sequence[Document], links: Document | None) -> Document:
    """Make a list that leaves its links out at the end."""
    document: Document = {"data": list(entries), "meta": {"request_id": call.request_id}}
    return document if links is None else document | {"links": links}


def resource_answer(
    call: Call, resource: Document | None, *, status: int = 200, included: Sequence[Document] | None = None
) -> Response:
    """Answer with one resource."""
    document: Document = {"data": resource, "meta": {"request_id": call.request_id}}
    if included is not None:
        document["included"] = list(included)
    return answer(document, status=status)
