"""The emulator's documents match their types: no member is missing, none is unknown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from globus_async import Pages
from globus_async.services.transfer import CreateTunnelData, DeleteData, TransferClient, TransferData, documents
from tests.services.transfer.world import World, world

Call = Callable[[TransferClient, World], Any]

CASES: list[tuple[str, Call, type]] = [
    ("get_endpoint", lambda tc, w: tc.get_endpoint(w["endpoint_id"]), documents.EndpointDocument),
    ("a guest", lambda tc, w: tc.get_endpoint(w["guest_collection_id"]), documents.EndpointDocument),
    ("endpoint_search", lambda tc, w: tc.endpoint_search("lab"), documents.EndpointDocument),
    ("update_endpoint", lambda tc, w: tc.update_endpoint(w["endpoint_id"], {}), documents.ResultDocument),
    (
        "create_endpoint",
        lambda tc, w: tc.create_endpoint({"display_name": "x"}),
        documents.EndpointCreateResultDocument,
    ),
    ("server_list", lambda tc, w: tc.endpoint_server_list(w["gridftp_endpoint_id"]), documents.ServerDocument),
    (
        "add_server",
        lambda tc, w: tc.add_endpoint_server(w["gridftp_endpoint_id"], {"hostname": "x.example.org"}),
        documents.EndpointServerAddResultDocument,
    ),
    ("role_list", lambda tc, w: tc.endpoint_role_list(w["endpoint_id"]), documents.RoleDocument),
    ("acl_list", lambda tc, w: tc.endpoint_acl_list(w["guest_collection_id"]), documents.AccessDocument),
    (
        "acl_rule",
        lambda tc, w: tc.get_endpoint_acl_rule(w["guest_collection_id"], w["rule_id"]),
        documents.AccessDocument,
    ),
    (
        "requirements",
        lambda tc, w: tc.endpoint_get_activation_requirements(w["endpoint_id"]),
        documents.ActivationRequirementsDocument,
    ),
    ("autoactivate", lambda tc, w: tc.endpoint_autoactivate(w["endpoint_id"]), documents.ActivationResultDocument),
    ("bookmarks", lambda tc, w: tc.bookmark_list(), documents.BookmarkDocument),
    ("ls", lambda tc, w: tc.operation_ls(w["endpoint_id"], "/project1/"), documents.FileDocument),
    ("stat", lambda tc, w: tc.operation_stat(w["endpoint_id"], "/file1.txt"), documents.FileDocument),
    ("walk", lambda tc, w: tc.operation_walk(w["endpoint_id"]), documents.WalkedFileDocument),
    ("mkdir", lambda tc, w: tc.operation_mkdir(w["endpoint_id"], "/new/"), documents.MkdirResultDocument),
    ("rename", lambda tc, w: tc.operation_rename(w["endpoint_id"], "/file1.txt", "/f"), documents.ResultDocument),
    ("submission_id", lambda tc, w: tc.get_submission_id(), documents.SubmissionIdDocument),
    ("transfer", lambda tc, w: tc.submit_transfer(transfer(w)), documents.SubmissionResultDocument),
    ("delete", lambda tc, w: tc.submit_delete(deletion(w)), documents.SubmissionResultDocument),
    ("task_list", lambda tc, w: tc.task_list(filter="type:TRANSFER,DELETE"), documents.TaskDocument),
    ("finished task", lambda tc, w: tc.get_task(w["task_id"]), documents.TaskDocument),
    ("active task", lambda tc, w: tc.get_task(w["active_task_id"]), documents.TaskDocument),
    ("events", lambda tc, w: tc.task_event_list(w["task_id"]), documents.EventDocument),
    ("pause_info", lambda tc, w: tc.task_pause_info(w["active_task_id"]), documents.PauseInfoDocument),
    (
        "successful_transfers",
        lambda tc, w: tc.task_successful_transfers(w["task_id"]),
        documents.SuccessfulTransferDocument,
    ),
    ("cancel", lambda tc, w: tc.cancel_task(w["active_task_id"]), documents.ResultDocument),
    ("monitored", lambda tc, w: tc.endpoint_manager_monitored_endpoints(), documents.EndpointDocument),
    (
        "hosted",
        lambda tc, w: tc.endpoint_manager_hosted_endpoint_list(w["endpoint_id"]),
        documents.EndpointDocument,
    ),
    ("admin task", lambda tc, w: tc.endpoint_manager_get_task(w["task_id"]), documents.AdminTaskDocument),
    (
        "admin tasks",
        lambda tc, w: tc.endpoint_manager_task_list(filter_endpoint=w["source_id"]),
        documents.AdminTaskDocument,
    ),
    (
        "admin pause_info",
        lambda tc, w: tc.endpoint_manager_task_pause_info(w["active_task_id"]),
        documents.PauseInfoDocument,
    ),
    (
        "cancel_status",
        lambda tc, w: tc.endpoint_manager_cancel_status(w["admin_cancel_id"]),
        documents.AdminCancelDocument,
    ),
    ("pause_rules", lambda tc, w: tc.endpoint_manager_pause_rule_list(), documents.PauseRuleDocument),
    (
        "my pause rules",
        lambda tc, w: tc.my_effective_pause_rule_list(w["paused_id"]),
        documents.PauseRuleLimitedDocument,
    ),
    (
        "guests",
        lambda tc, w: tc.get_shared_endpoint_list(w["endpoint_id"]),
        documents.SharedEndpointReferenceDocument,
    ),
    ("tunnels", lambda tc, w: tc.list_tunnels(), documents.TunnelDocument),
    ("tunnel", lambda tc, w: tc.get_tunnel(w["tunnel_id"]), documents.TunnelEnvelope),
    (
        "create_tunnel",
        lambda tc, w: tc.create_tunnel(CreateTunnelData(w["initiator_id"], w["listener_id"])),
        documents.TunnelEnvelope,
    ),
    ("tunnel events", lambda tc, w: tc.get_tunnel_events(w["tunnel_id"]), documents.TunnelEventDocument),
    ("access points", lambda tc, w: tc.list_stream_access_points(), documents.StreamAccessPointDocument),
]


def transfer(w: World) -> TransferData:
    document = TransferData(w["source_id"], w["destination_id"])
    document.add_item("/file1.txt", "/file1.txt")
    return document


def deletion(w: World) -> DeleteData:
    document = DeleteData(w["source_id"])
    document.add_item("/file1.txt")
    return document


async def first_document(result: Any) -> Any:
    """Return the document of a response, or the first item of a listing."""
    if isinstance(result, Awaitable) and not isinstance(result, Pages):
        return (await result).data
    return await anext(aiter(result))


@pytest.mark.parametrize(("call", "shape"), [pytest.param(call, shape, id=name) for name, call, shape in CASES])
async def test_shape(call: Call, shape: type) -> None:
    """Every required member is there, and every member is known, down to nested documents."""
    async with world() as w:
        check(await first_document(call(w["tc"], w)), shape)


def check(document: Any, shape: Any) -> None:
    required: frozenset[str] = shape.__required_keys__
    optional: frozenset[str] = shape.__optional_keys__
    assert sorted(required - set(document)) == []
    assert sorted(set(document) - required - optional) == []


async def test_skipped_errors() -> None:
    """Skipped files of a task are listed."""
    async with world() as w:
        tc = w["tc"]
        document = TransferData(w["source_id"], w["destination_id"], skip_source_errors=True)
        document.add_item("/not/there", "/not/there")
        task_id = (await tc.submit_transfer(document))["task_id"]
        await w["emulator"].settle()
        for listing in (tc.task_skipped_errors(task_id), tc.endpoint_manager_task_skipped_errors(task_id)):
            check(await first_document(listing), documents.SkippedErrorDocument)


async def test_every_path_is_known() -> None:
    """The emulator has a route for each request of this module."""
    async with world() as w:
        for _, call, _ in CASES:
            await first_document(call(w["tc"], w))
        assert w["emulator"].unknown_paths == {}
