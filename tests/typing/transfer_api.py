"""What type checkers make of TransferClient; never run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type
from uuid import UUID

from globus_async import (
    ActivationRequirementsResponse,
    CreateTunnelData,
    DeleteData,
    GlobusHTTPResponse,
    Outcome,
    Page,
    Pages,
    TransferClient,
    TransferData,
)
from globus_async.services.transfer import ConsentRequired, DirectoryWalk, TaskOutcome, TaskWatch
from globus_async.services.transfer.documents import (
    AccessDocument,
    AdminTaskDocument,
    BookmarkDocument,
    EndpointDocument,
    EventDocument,
    FileDocument,
    PauseRuleDocument,
    ResultDocument,
    RoleDocument,
    SharedEndpointReferenceDocument,
    SubmissionResultDocument,
    SuccessfulTransferDocument,
    TaskDocument,
    TunnelDocument,
    TunnelEnvelope,
    WalkedFileDocument,
)


async def outcomes(tc: TransferClient, id: UUID, text: str) -> None:
    """An outcome of a bulk has an item of the type that was passed."""
    assert_type(await tc.get_endpoints([text]), list[Outcome[str, GlobusHTTPResponse[EndpointDocument]]])
    assert_type(await tc.get_tasks([id]), list[Outcome[UUID, TaskDocument]])
    assert_type(await tc.endpoint_acl_lists([text]), list[Outcome[str, list[AccessDocument]]])
    assert_type(await tc.operation_ls_many([(text, "/")]), list[Outcome[tuple[str, str], list[FileDocument]]])
    assert_type(await tc.wait_for_tasks([text]), list[Outcome[str, TaskOutcome]])


async def responses(tc: TransferClient, id: UUID) -> None:
    """One thing is a response of its document; the document's members have types."""
    endpoint = await tc.get_endpoint(id)
    assert_type(endpoint, GlobusHTTPResponse[EndpointDocument])
    assert_type(endpoint.data, EndpointDocument)
    assert_type(endpoint.data["display_name"], str | None)
    assert_type(endpoint.data["my_effective_roles"], list[str])
    assert_type(endpoint.data.get("high_assurance"), bool | None)
    assert_type(endpoint["display_name"], str | None)
    assert_type(endpoint["my_effective_roles"], list[str])
    assert_type(endpoint["new_of_the_service"], Any)
    assert_type((await tc.get_task(id))["status"], str)
    assert_type((await tc.get("/v0.10/x"))["status"], Any)
    assert_type((await tc.task_list())["total"], Any)
    assert_type((await tc.update_endpoint(str(id), {"public": True})).data, ResultDocument)
    assert_type((await tc.get_task(id)).data["status"], str)
    assert_type((await tc.get_task(id)).data["completion_time"], str | None)
    assert_type((await tc.operation_stat(id, "/~/")).data["size"], int)
    assert_type((await tc.add_endpoint_role(id, {})).data, RoleDocument)
    assert_type((await tc.get_bookmark(id)).data, BookmarkDocument)
    assert_type((await tc.endpoint_manager_get_pause_rule(id)).data, PauseRuleDocument)
    assert_type((await tc.get_tunnel(id)).data, TunnelEnvelope)
    assert_type(await tc.endpoint_get_activation_requirements(id), ActivationRequirementsResponse)


async def listings(tc: TransferClient, id: str) -> None:
    """Listings know what their items are, item by item, page by page, and all at once."""
    assert_type(tc.task_list(), Pages[TaskDocument])
    assert_type(await tc.task_list(), Page[TaskDocument])
    assert_type(await tc.task_list().list(), list[TaskDocument])
    async for task in tc.task_list(num_results=None, filter={"type": ["TRANSFER", "DELETE"]}):
        assert_type(task, TaskDocument)
        assert_type(task["status"], str)
        assert_type(task["bytes_transferred"], int)
    async for page in tc.task_list().pages():
        assert_type(page, Page[TaskDocument])
        assert_type(page.next_cursor, Mapping[str, object] | None)
        for task in page:
            assert_type(task, TaskDocument)
    async for event in tc.task_event_list(id, limit=5):
        assert_type(event, EventDocument)
    async for file in tc.operation_ls(id, path="/~/", orderby=["type", "name DESC"]):
        assert_type(file, FileDocument)
    async for rule in tc.endpoint_acl_list(id):
        assert_type(rule, AccessDocument)
    async for endpoint in tc.endpoint_search("lab", filter_scope="my-endpoints"):
        assert_type(endpoint, EndpointDocument)
    async for guest in tc.get_shared_endpoint_list(id):
        assert_type(guest, SharedEndpointReferenceDocument)
    async for info in tc.task_successful_transfers(id):
        assert_type(info, SuccessfulTransferDocument)
    async for admin_task in tc.endpoint_manager_task_list(filter_status=["ACTIVE"]):
        assert_type(admin_task, AdminTaskDocument)
    async for tunnel in tc.list_tunnels():
        assert_type(tunnel, TunnelDocument)


async def walking_and_waiting(tc: TransferClient, id: UUID) -> None:
    """Walks, watches and waits."""
    walk = tc.operation_walk(id, "/~/", concurrency=4)
    assert_type(walk, DirectoryWalk)
    async for entry in walk:
        assert_type(entry, WalkedFileDocument)
        assert_type(entry["path"], str)
        assert_type(entry["size"], int)
    watch = tc.task_watch(id)
    assert_type(watch, TaskWatch)
    async for task in watch:
        assert_type(task, TaskDocument)
    assert_type(await tc.task_wait(id, timeout=None), bool)
    assert_type(await tc.run_task({}, progress=print), TaskOutcome)
    assert_type(await tc.run_task(DeleteData(id), progress=lambda progress: progress.fraction), TaskOutcome)
    assert_type(await tc.cancel_task_and_wait(id), bool)


async def submitting(tc: TransferClient, a: UUID, b: UUID) -> None:
    """Documents are dicts; plain dicts will do too."""
    TransferData(a, b)
    TransferData(source_endpoint=a, destination_endpoint=b)
    TransferData(tc, source_endpoint=a, destination_endpoint=b)
    TransferData(source_endpoint=a, destination_endpoint=b, transfer_client=tc)
    DeleteData(a)
    DeleteData(endpoint=a)
    DeleteData(None, a)
    TransferData(a, b, items={"/a": "/b", "/c/": "/d/"})
    TransferData(None, a, b, items=[("/a", "/b"), {"source_path": "/c", "destination_path": "/d"}])
    DeleteData(a, items=["/a", {"path": "/b"}])
    transfer = TransferData(tc, a, b, sync_level="checksum")
    transfer.add_item("/a", "/b", recursive=True)
    transfer.add_filter_rule("*.tmp", type="file")
    assert_type(await tc.submit_transfer(transfer), GlobusHTTPResponse[SubmissionResultDocument])
    deletion = DeleteData(a, recursive=True)
    for item in deletion.iter_items():
        assert_type(item, dict[str, Any])
    assert_type((await tc.submit_delete(deletion)).data["task_id"], str)
    plain: dict[str, Any] = {"endpoint": str(a), "DATA": [{"path": "/a"}]}
    await tc.submit_delete(plain)
    await tc.create_tunnel(CreateTunnelData(a, b))


def errors(error: ConsentRequired) -> None:
    """Errors say what they carry."""
    assert_type(error.required_scopes, list[str])
    assert_type(error.authorization_parameters.session_message, str | None)
    assert_type(error.code, str | None)
    assert_type(error.request_id, str | None)


def mistakes(tc: TransferClient, id: UUID) -> None:
    """What is wrong is seen before it runs."""
    tc.task_list(filters="status:ACTIVE")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    tc.endpoint_search("x", filter_entity_type="GCSv6")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    TransferData()  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
    TransferData(id)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
    TransferData(tc, id)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType]
    TransferData(id, id, 3)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType]
    TransferData(id, id, sync_level="newest")  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType]
    DeleteData()  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
    DeleteData(tc)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType]
    tc.operation_walk(id, max_depth="all")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    TransferData("a")  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
    TransferData(id, id, items="/a")  # type: ignore[arg-type] # pyright: ignore[reportCallIssue, reportArgumentType]
    TransferData(id, id, items=[("/a", "/b", "/c")])  # type: ignore[list-item] # pyright: ignore[reportCallIssue, reportArgumentType]
    TransferData(id, id, items={"/a": 1})  # type: ignore[arg-type] # pyright: ignore[reportCallIssue, reportArgumentType]
    DeleteData(id, items=[("/a", "/b")])  # type: ignore[list-item] # pyright: ignore[reportCallIssue, reportArgumentType]
