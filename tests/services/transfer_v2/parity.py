"""The comparison of version 2 of Transfer with globus-sdk."""

from __future__ import annotations

from typing import Any

import globus_sdk.experimental

from tests.parity.facts import ParityFacts
from tests.parity.recording import RecordedRequest, accept_everything
from tests.services.transfer_v2.differences import DIFFERENCES

__all__ = ("PARITY",)

A = "5e1f2a4c-0000-4000-8000-000000000001"
UNICODE = "süß & <söhne>=100%+/~ 日本語 🙂"


def _respond(request: RecordedRequest) -> object:
    document: Any = accept_everything(request)
    return {**document, "data": []}


PARITY = ParityFacts(
    differences=DIFFERENCES,
    sdk=globus_sdk.experimental,
    required={
        "data": {"data": {"attributes": {"name": UNICODE, "submission_id": A}}},
        "update_doc": {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}},
        "update_document": {"data": {"type": "Bookmark", "attributes": {"name": UNICODE}}},
    },
    optional={"query_params": [{}, {"include": "collection", "number": 5}]},
    respond=_respond,
)
