"""The comparison of Transfer with globus-sdk."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from tests.clients import Service
from tests.parity.facts import ParityFacts, WireCall
from tests.parity.recording import RecordedRequest
from tests.parity.wire import generated_calls
from tests.services.transfer.differences import DIFFERENCES

__all__ = ("PARITY", "SUMMER", "UNICODE", "A", "B", "C")

A, B, C = (f"5e1f2a4c-0000-4000-8000-{number:012d}" for number in (1, 2, 3))
SUMMER = datetime(2026, 7, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
LATER = datetime(2026, 7, 2, tzinfo=timezone(timedelta(hours=2)))
UNICODE = "süß & <söhne>=100%+/~ 日本語 🙂"

REQUIRED: dict[str, Any] = {
    "bookmark_data": {"name": "home", "endpoint_id": A, "path": "/~/"},
    "data": {"display_name": UNICODE, "public": True, "nested": {"id": UUID(B), "none": None, "list": [1, 2.5, False]}},
    "max_results": 5,
    "message": UNICODE,
    "newpath": "/~/new name.txt",
    "oldpath": "/~/old name.txt",
    "path": "/~/a folder/ä&b=c/",
    "role_data": {"DATA_TYPE": "role", "principal_type": "identity", "principal": B, "role": "access_manager"},
    "rule_data": {"DATA_TYPE": "access", "principal": UUID(B), "path": "/ä/", "permissions": "rw", "note": None},
    "server_id": 985,
    "subscription_admin_verified": True,
    "subscription_id": "DEFAULT",
    "task_ids": [A, B],
    "update_doc": {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}},
}
"""Values of required parameters; those named ``*_id`` are UUIDs unless they are here."""

OPTIONAL: dict[str, list[Any]] = {
    "filter": [
        "type:TRANSFER,DELETE/status:ACTIVE",
        {"type": ["TRANSFER", "DELETE"], "label": "~" + UNICODE.replace("/", "")},
    ],
    "operation_ls.filter": [
        "name:~*.txt",
        {"name": ["a", "b"], "type": "file"},
        ["name:a", {"type": "dir"}],
        [f"name:{UNICODE}"],
    ],
    "filter_completion_time": ["2026-01-01,", (SUMMER, LATER)],
    "filter_endpoint": [A, UUID(A)],
    "filter_endpoint_use": ["source", "destination"],
    "filter_entity_type": ["GCSv5_mapped_collection"],
    "filter_fulltext": ["lab storage", UNICODE, "", None],
    "filter_host_endpoint": [A, UUID(A), None],
    "filter_is_error": [True, False, None],
    "filter_is_paused": [True, False, None],
    "filter_local_user": ["ada", None],
    "filter_min_faults": [0, 3],
    "filter_non_functional": [True, False, None],
    "filter_owner_id": [A, None],
    "filter_scope": ["my-endpoints"],
    "filter_status": ["ACTIVE", ["ACTIVE", "INACTIVE"], ("FAILED",)],
    "filter_task_id": [A, UUID(A), [A, UUID(B)]],
    "last_key": ["complete,2024-02-06T06:59:02.291996"],
    "limit": [5, 100],
    "local_user": ["ada", UNICODE, None],
    "marker": ["93979", 93979],
    "max_results": [7],
    "next_token": ["tok/en=="],
    "offset": [0, 20],
    "orderby": ["name", ["type", "name DESC"], None],
    "path": ["/~/", UNICODE, None],
    "polling_interval": [1],
    "show_hidden": [True, False, None],
    "timeout": [1, 60],
    "query_params": [{}, {"extra": UNICODE, "number": 5, "empty": None, "list": ["a", "b"]}],
}
"""Values of optional parameters, each of which is compared."""

SPECIAL = [
    WireCall("TransferClient", "set_subscription_id", (A, None)),
    WireCall("TransferClient", "set_subscription_id", (A, UUID(B))),
    WireCall("TransferClient", "set_subscription_admin_verified", (A, False)),
    WireCall("TransferClient", "get_endpoint_server", (A, "985")),
    WireCall("TransferClient", "endpoint_manager_cancel_tasks", ((UUID(A), B), "stop")),
    WireCall("TransferClient", "endpoint_manager_create_pause_rule", ({"identity_id": None, "start_time": None},)),
]


def _calls(service: Service) -> Iterator[WireCall]:
    for call in generated_calls(service):
        together = len(call.kwargs) > 1
        if "filter_endpoint_use" in call.kwargs and not together:
            yield replace(call, kwargs={"filter_endpoint": A, **call.kwargs})
        elif isinstance(call.kwargs.get("filter_completion_time"), tuple):
            yield replace(call, accepts=("completion_time",))
        else:
            yield call
        if call.kwargs == {"query_params": {}}:
            yield replace(call, kwargs={"query_params": {"yes": True, "no": False}}, accepts=("booleans",))
    yield from SPECIAL


def _with_submission_id_of(theirs: Any, ours: Any) -> Any:
    """Replace the submission id that was generated for a tunnel."""
    changed = copy.deepcopy(ours)
    attributes = changed["data"]["attributes"]
    assert UUID(attributes["submission_id"]).version == 4
    attributes["submission_id"] = theirs["data"]["attributes"]["submission_id"]
    return changed


def _reconcile(
    call: WireCall, ours: list[RecordedRequest], theirs: list[RecordedRequest]
) -> tuple[list[RecordedRequest], list[RecordedRequest]]:
    """Take the accepted differences out of our requests."""
    changed: list[RecordedRequest] = []
    for our, their in zip(ours, theirs, strict=True):
        names = {name for name, _ in their.query}
        query = [pair for pair in our.query if pair[0] in names or pair[0] not in {"limit", "offset", "max_results"}]
        if len(query) < len(our.query):
            assert DIFFERENCES.reasons("limit")
        if "booleans" in call.accepts:
            query = [(name, value.title() if value in {"true", "false"} else value) for name, value in query]
        if "completion_time" in call.accepts:
            instants = ",".join(each.isoformat(timespec="seconds") for each in (SUMMER, LATER))
            assert ("filter_completion_time", "2026-07-01T10:30:00Z,2026-07-01T22:00:00Z") in query
            query = [(name, instants if name == "filter_completion_time" else value) for name, value in query]
        body = our.body
        if "deadline" in call.accepts and body is not None:
            assert body["deadline"] == "2026-07-01T10:30:00Z"
            body = {**body, "deadline": str(SUMMER)}
        if "tunnel_submission_id" in call.accepts:
            body = _with_submission_id_of(their.body, body)
        changed.append(replace(our, query=tuple(sorted(query)), body=body))
    return changed, theirs


PARITY = ParityFacts(
    differences=DIFFERENCES,
    # the endpoints are positional all the same after a client, which no parameter stands for
    seed_by_name={"TransferData.__init__": 0, "DeleteData.__init__": 0},
    required=REQUIRED,
    optional=OPTIONAL,
    calls=_calls,
    compared_by={
        "TransferClient.add_app_data_access_scope": "tests/globus_app/test_clients.py::test_data_access",
        "TransferClient.create_tunnel": "tests/parity/test_transfer_wire.py::test_tunnels",
        "TransferClient.submit_delete": "tests/parity/test_transfer_wire.py::test_deletions",
        "TransferClient.submit_transfer": "tests/parity/test_transfer_wire.py::test_transfers",
    },
    reconcile=_reconcile,
)
