"""The comparison of Globus Connect Server with globus-sdk."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.parity.facts import ParityFacts
from tests.services.gcs.differences import DIFFERENCES

__all__ = ("PARITY",)

A, B = (f"5e1f2a4c-0000-4000-8000-{number:012d}" for number in (1, 2))
UNICODE = "süß & <söhne>=100%+/~ 日本語 🙂"
DOCUMENT: dict[str, Any] = {"DATA_TYPE": "anything#1.0.0", "display_name": UNICODE, "id": UUID(B), "none": None}

REQUIRED: dict[str, Any] = {"collection_data": DOCUMENT, "data": DOCUMENT, "endpoint_data": DOCUMENT}
OPTIONAL: dict[str, list[Any]] = {
    "collection_id": [A, UUID(A)],
    "filter": ["mapped_collections", ["guest_collections", "created_at >= 2027-01-31"]],
    "include": ["private_policies"],
    "mapped_collection_id": [A, UUID(A)],
    "marker": ["AbC/de+=="],
    "page_size": [5, 100],
    "query_params": [{}, {"extra": UNICODE, "number": 5, "list": ["a", "b"]}],
    "storage_gateway": [A, UUID(A)],
    "update_endpoint.include": ["endpoint", ["endpoint"]],
}
"""Values of optional parameters, each of which is compared."""

PARITY = ParityFacts(
    differences=DIFFERENCES,
    required=REQUIRED,
    optional=OPTIONAL,
    not_compared={
        "GCSClient.get_gcs_collection_scopes": "it sends no request",
        "GCSClient.get_gcs_endpoint_scopes": "it sends no request",
    },
    respond=lambda _: {"DATA_TYPE": "result#1.0.0", "code": "success", "data": []},
)
