"""Submissions to Transfer through globus-sdk and through this package send the same requests."""

from __future__ import annotations

import functools
import json
from datetime import datetime
from typing import Any
from uuid import UUID

import globus_sdk
import pytest
from globus_sdk.services.transfer import CreateTunnelData as TheirTunnelData

import globus_async.services.transfer as ours
from globus_async import MissingType
from tests.clients import SERVICES
from tests.parity.facts import WireCall
from tests.parity.recording import RecordingServer
from tests.parity.wire import compare, our_requests, their_requests
from tests.services.transfer.differences import DIFFERENCES
from tests.services.transfer.parity import SUMMER, UNICODE, A, B, C

pytestmark = pytest.mark.slow

(TRANSFER,) = (service for service in SERVICES if service.name == "transfer")
Call = functools.partial(WireCall, "TransferClient")

TRANSFER_OPTIONS: list[dict[str, Any]] = [
    {},
    *({"sync_level": level} for level in ("exists", "size", "mtime", "checksum", 0, 1, 2, 3, None)),
    *({"deadline": deadline} for deadline in ("2026-07-01", "2026-07-01 10:30Z", None)),
    {"deadline": SUMMER},
    {"label": UNICODE, "submission_id": C},
    {"submission_id": UUID(C), "source_local_user": "ada", "destination_local_user": None},
    dict.fromkeys(
        (
            "verify_checksum",
            "preserve_timestamp",
            "encrypt_data",
            "skip_source_errors",
            "fail_on_quota_errors",
            "delete_destination_extra",
            "notify_on_succeeded",
            "notify_on_failed",
            "notify_on_inactive",
        ),
        True,
    ),
    {"notify_on_succeeded": False, "additional_fields": {"store_base_path_info": True, "label": "by the way"}},
]
DELETE_OPTIONS: list[dict[str, Any]] = [
    {},
    {"recursive": True, "ignore_missing": True, "interpret_globs": True, "local_user": "ada"},
    {"deadline": SUMMER, "label": None, "submission_id": C},
    {"notify_on_succeeded": False, "notify_on_failed": False, "notify_on_inactive": False},
    {"additional_fields": {"new_option": [1, {"a": None}]}},
]
TUNNEL_OPTIONS: list[dict[str, Any]] = [
    {},
    {"submission_id": C, "label": UNICODE, "lifetime_mins": 60, "restartable": True},
    {"submission_id": UUID(C), "additional_fields": {"new": 1}},
]


@pytest.mark.parametrize("options", TRANSFER_OPTIONS, ids=str)
def test_transfers(server: RecordingServer, options: dict[str, Any]) -> None:
    """A transfer built and submitted with the same arguments is the same document."""

    def built(cls: Any) -> Any:
        data = cls(A, UUID(B), **options)
        data.add_item("/source/path/dir/", f"/dest/{UNICODE}/", recursive=True)
        data.add_item("/a.txt", "/b.txt", external_checksum="d41d8cd9", checksum_algorithm="MD5")
        data.add_item("/c", "/d", additional_fields={"new": None})
        data.add_filter_rule("*.tgz", type="file")
        data.add_filter_rule("keep*", method="include")
        return data

    compare_submissions(server, "submit_transfer", built, (globus_sdk.TransferData, ours.TransferData), options)


@pytest.mark.parametrize("options", DELETE_OPTIONS, ids=str)
def test_deletions(server: RecordingServer, options: dict[str, Any]) -> None:
    """A deletion built and submitted with the same arguments is the same document."""

    def built(cls: Any) -> Any:
        data = cls(UUID(A), **options)
        data.add_item("/dir/to/delete/")
        data.add_item(UNICODE, additional_fields={"new": True})
        return data

    compare_submissions(server, "submit_delete", built, (globus_sdk.DeleteData, ours.DeleteData), options)


@pytest.mark.parametrize("options", TUNNEL_OPTIONS, ids=str)
def test_tunnels(server: RecordingServer, options: dict[str, Any]) -> None:
    """A tunnel created with the same arguments is the same document."""
    accepts = () if "submission_id" in options else ("tunnel_submission_id",)
    theirs = Call("create_tunnel", (TheirTunnelData(A, UUID(B), **options),))
    mine = Call("create_tunnel", (ours.CreateTunnelData(A, UUID(B), **options),), accepts=accepts)
    compare(server, TRANSFER, mine, theirs)


def compare_submissions(
    server: RecordingServer, method: str, built: Any, classes: tuple[Any, Any], options: dict[str, Any]
) -> None:
    accepts = ("deadline",) if isinstance(options.get("deadline"), datetime) else ()
    theirs, mine = Call(method, (built(classes[0]),)), Call(method, (built(classes[1]),), accepts=accepts)
    compare(server, TRANSFER, mine, theirs)


@pytest.mark.parametrize(
    ("method", "data"),
    [
        (
            "submit_transfer",
            {"source_endpoint": A, "destination_endpoint": B, "DATA": [{"source_path": "/a"}], "x": None},
        ),
        ("submit_delete", {"endpoint": A, "submission_id": C, "DATA": [{"path": "/a"}]}),
        ("create_tunnel", {"data": {"attributes": {"submission_id": C}}}),
    ],
)
def test_plain_dicts(server: RecordingServer, method: str, data: dict[str, Any]) -> None:
    """A plain dict is submitted as it is."""
    copied = functools.partial(json.loads, json.dumps(data))
    compare(server, TRANSFER, Call(method, (copied(),)), Call(method, (copied(),)))


@pytest.mark.parametrize(
    ("method", "args", "kwargs"),
    [
        ("task_list", (), {"filter": None}),
        ("operation_ls", (A,), {"filter": None}),
        ("endpoint_manager_task_list", (), {"filter_completion_time": None}),
    ],
)
def test_none_as_a_filter(server: RecordingServer, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """``None`` as a filter raises there, and is left out here: difference "none_filter"."""
    assert DIFFERENCES.reasons("none_filter")
    with pytest.raises((AttributeError, TypeError)):
        their_requests(server, TRANSFER, Call(method, args, kwargs))
    (request,) = our_requests(server, TRANSFER, Call(method, args, kwargs))
    assert not {name for name, _ in request.query} & set(kwargs)
    assert not any(isinstance(value, MissingType) for value in kwargs.values())


def test_a_null_submission_id(server: RecordingServer) -> None:
    """``None`` as submission id is sent as null there, and replaced here: difference "none_submission_id"."""
    assert DIFFERENCES.reasons("none_submission_id")
    document = {"endpoint": A, "submission_id": None, "DATA": [{"path": "/a"}]}
    (theirs,) = their_requests(server, TRANSFER, Call("submit_delete", (dict(document),)))
    _, mine = our_requests(server, TRANSFER, Call("submit_delete", (dict(document),)))
    assert theirs.body["submission_id"] is None
    assert mine.body == {**theirs.body, "submission_id": "5e1f2a4c-0000-4000-8000-00000000beef"}
