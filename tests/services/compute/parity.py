"""The comparison of Compute with globus-sdk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from tests.clients import Service
from tests.parity.facts import ParityFacts, WireCall
from tests.parity.recording import RecordedRequest, accept_everything
from tests.parity.wire import generated_calls
from tests.services.compute.differences import DIFFERENCES
from tests.services.compute.facts import SUBMISSION

__all__ = ("PARITY",)

A, B = (f"5e1f2a4c-0000-4000-8000-{number:012d}" for number in (1, 2))
UNICODE = "süß & <söhne>=100%+/~ 日本語 🙂"
SUBMISSION_V3: dict[str, Any] = {"tasks": {A: [UNICODE, "two"]}, "create_queue": True}
WITHOUT_GROUP: dict[str, Any] = {"tasks": [[A, UUID(B), UNICODE]]}


def _calls(service: Service) -> Iterator[WireCall]:
    yield from (call for call in generated_calls(service) if call.method != "submit")
    yield WireCall("ComputeClientV2", "get_task_batch", (UUID(A),))
    yield WireCall("ComputeClientV2", "submit", (SUBMISSION,))
    yield WireCall("ComputeClientV2", "submit", (WITHOUT_GROUP,), {}, ("task_group_id",))
    yield WireCall("ComputeClientV3", "submit", (UUID(A), SUBMISSION_V3))


def _respond(request: RecordedRequest) -> object:
    if request.path == "/v2/version":
        return "1.23.0"
    if request.path == "/v2/endpoints" and request.method == "GET":
        return []
    document: Any = accept_everything(request)
    return {**document, "task_group_id": A}


def _reconcile(
    call: WireCall, ours: list[RecordedRequest], theirs: list[RecordedRequest]
) -> tuple[list[RecordedRequest], list[RecordedRequest]]:
    """Take the task group that was generated out of our request."""
    if "task_group_id" in call.accepts:
        assert all(UUID(each.body["task_group_id"]).version == 4 for each in ours)
        ours = [replace(each, body={"tasks": each.body["tasks"]}) for each in ours]
    return ours, theirs


PARITY = ParityFacts(
    differences=DIFFERENCES,
    required={
        "data": {"name": UNICODE, "nested": {"id": UUID(B), "none": None, "list": [1, 2.5, False]}},
        "task_ids": [A, UUID(B)],
    },
    optional={
        "role": ["owner", "any"],
        "service": ["all", "api"],
    },
    calls=_calls,
    respond=_respond,
    reconcile=_reconcile,
)
