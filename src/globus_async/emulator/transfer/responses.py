"""The headers and the ``fields`` selection of responses of the Transfer service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from starlette.responses import Response

if TYPE_CHECKING:
    from ..kit.service import Document

__all__ = (
    "HEADERS",
    "encoded_response",
    "select_fields",
)

HEADERS: Final = {
    "x-transfer-api-version": "0.10",
    "x-transfer-api-koa-version": "5.8",
    "cache-control": "no-cache",
    "pragma": "no-cache",
    "expires": "0",
}
"""The headers of all responses."""


def encoded_response(body: bytes) -> Response:
    """Return a response with a JSON document that is already encoded."""
    return Response(body, headers=HEADERS, media_type="application/json")


def select_fields(document: Document, names: str) -> Document:
    """
    Return only some members of a document; for a list, those of each of its documents.

    Args:
        document: The document.
        names: The query parameter ``fields``: names separated by commas.
    """
    wanted = {"DATA_TYPE", *(name.strip() for name in names.split(","))}
    if isinstance(document.get("DATA"), list) and str(document.get("DATA_TYPE", "")).endswith(("_list", "s")):
        entries = cast("list[dict[str, Any]]", document["DATA"])
        return {**document, "DATA": [_select(entry, wanted) for entry in entries]}
    return _select(document, wanted)


def _select(document: Document, wanted: set[str]) -> Document:
    return {key: value for key, value in document.items() if key in wanted}
