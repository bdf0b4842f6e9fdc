"""The comparison of Flows with globus-sdk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from tests.clients import Service
from tests.parity.facts import ParityFacts, WireCall
from tests.parity.recording import RecordedRequest, accept_everything
from tests.parity.wire import generated_calls
from tests.services.flows.differences import DIFFERENCES

__all__ = ("PARITY",)

A, B = (f"5e1f2a4c-0000-4000-8000-{number:012d}" for number in (1, 2))
UNICODE = "süß & <söhne>=100%+/~ 日本語 🙂"
URN = f"urn:globus:auth:identity:{A}"
PRINCIPALS: list[Any] = [[URN], ["public", URN], []]
IDS: list[Any] = [A, UUID(A), [A, UUID(B)]]

REQUIRED: dict[str, Any] = {
    "body": {"name": UNICODE, "nested": {"id": UUID(B), "none": None, "list": [1, 2.5, False]}},
    "definition": {"StartAt": "Ä", "States": {"Ä": {"Type": "Pass", "End": True}}},
    "input_schema": {"type": "object", "properties": {"name": {"type": "string"}}},
    "title": UNICODE,
    "value": "yes",
}
OPTIONAL: dict[str, list[Any]] = {
    "activity_notification_policy": [{"status": ["INACTIVE", "FAILED"]}],
    "additional_fields": [{"new": {"a": [1, None]}}, {}],
    "authentication_policy_id": [A, UUID(A), None],
    "definition": [REQUIRED["definition"]],
    "description": [UNICODE, ""],
    "filter_flow_id": IDS,
    "filter_flow_ids": IDS,
    "filter_fulltext": [UNICODE],
    "filter_roles": ["flow_owner", ["flow_viewer", "flow_starter"]],
    "filter_run_ids": IDS,
    "filter_states": ["open", ["open", "closed"]],
    "flow_administrators": PRINCIPALS,
    "flow_owner": [URN],
    "flow_starters": PRINCIPALS,
    "flow_viewers": PRINCIPALS,
    "include_flow_description": [True, False],
    "input_schema": [{}, REQUIRED["input_schema"]],
    "keywords": [["a", UNICODE], []],
    "label": [UNICODE],
    "limit": [5, 100],
    "marker": ["AbC/de+=="],
    "orderby": ["title ASC", ["created_at DESC", "title ASC"]],
    "per_page": [7],
    "query_params": [{}, {"extra": UNICODE, "number": 5, "empty": None, "list": ["a", "b"]}],
    "reverse_order": [True, False],
    "run_managers": PRINCIPALS,
    "run_monitors": PRINCIPALS,
    "subscription_id": [A, UUID(A), "DEFAULT"],
    "subtitle": [UNICODE],
    "tags": [["a", UNICODE], []],
    "title": [UNICODE],
}
"""Values of optional parameters, each of which is compared."""

SPECIAL = [
    WireCall("SpecificFlowClient", "run_flow", ({},), {"tags": "abc", "run_monitors": URN}, ("texts",)),
    WireCall("FlowsClient", "create_flow", ("t", {}, {}), {"flow_viewers": "public", "keywords": "k"}, ("texts",)),
]


def _calls(service: Service) -> Iterator[WireCall]:
    for call in generated_calls(service):
        accepts = (
            *(("orderby",) if isinstance(call.kwargs.get("orderby"), list) else ()),
            *(("booleans",) if {"include_flow_description", "reverse_order"} & call.kwargs.keys() else ()),
        )
        yield replace(call, accepts=accepts)
    yield from SPECIAL


def _respond(request: RecordedRequest) -> object:
    document: Any = accept_everything(request)
    return {**document, "run_id": A, "runs": []}


def _reconcile(
    call: WireCall, ours: list[RecordedRequest], theirs: list[RecordedRequest]
) -> tuple[list[RecordedRequest], list[RecordedRequest]]:
    """Take the accepted differences out of the requests."""
    if "booleans" in call.accepts:
        spelling = {"True": "true", "False": "false"}
        theirs = [
            replace(each, query=tuple((name, spelling.get(value, value)) for name, value in each.query))
            for each in theirs
        ]
    if "orderby" in call.accepts:
        theirs = [replace(each, query=_joined(each.query)) for each in theirs]
    if "texts" in call.accepts:
        lists = {"tags", "run_monitors", "flow_viewers", "keywords"}
        theirs = [
            replace(each, body={name: [value] if name in lists else value for name, value in each.body.items()})
            for each in theirs
        ]
    return ours, theirs


def _joined(query: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    criteria = [value for name, value in query if name == "orderby"]
    return tuple(sorted([*(pair for pair in query if pair[0] != "orderby"), ("orderby", ",".join(criteria))]))


PARITY = ParityFacts(
    differences=DIFFERENCES,
    required=REQUIRED,
    optional=OPTIONAL,
    calls=_calls,
    compared_by={
        "SpecificFlowClient.add_app_transfer_data_access_scope": (
            "tests/services/flows/test_specific_flow.py::test_scopes_for_mapped_collections"
        ),
    },
    respond=_respond,
    reconcile=_reconcile,
)
