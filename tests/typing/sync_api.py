"""What type checkers make of globus_async.sync; never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_type
from uuid import UUID

from globus_async import (
    AccessTokenAuthorizer,
    AuthClient,
    BaseClient,
    ConfidentialAppAuthClient,
    FlowsClient,
    GlobusHTTPResponse,
    GroupsClient,
    GroupsManager,
    Outcome,
    Page,
    SearchClient,
    SpecificFlowClient,
    TaskOutcome,
    TimerOutcome,
    TimersClient,
    TransferClient,
    TransferData,
    Transport,
    UserApp,
)
from globus_async.services.auth.documents import IdentityDocument
from globus_async.services.flows import RunOutcome
from globus_async.services.flows.documents import RunDocument
from globus_async.services.groups import BatchResponse
from globus_async.services.search import BatchOutcome, SearchTaskOutcome
from globus_async.services.transfer.documents import (
    EndpointDocument,
    FileDocument,
    SubmissionResultDocument,
    TaskDocument,
    WalkedFileDocument,
)
from globus_async.sync import (
    Blocking,
    BlockingAuthClient,
    BlockingBulk,
    BlockingConfidentialAppAuthClient,
    BlockingGroupsManager,
    BlockingPages,
    BlockingRunLog,
    BlockingSearchClient,
    BlockingTransferClient,
    BlockingTransport,
    BlockingUserApp,
    blocking,
    bulk,
)


def results(authorizer: AccessTokenAuthorizer, data: TransferData, id: UUID) -> None:
    """Coroutines have become plain methods, listings iterables."""
    with blocking(TransferClient, authorizer=authorizer) as tc:
        assert_type(tc, BlockingTransferClient)
        assert_type(tc.wrapped, TransferClient)
        assert_type(tc.get_endpoint(id), GlobusHTTPResponse[EndpointDocument])
        assert_type(tc.submit_transfer(data).data, SubmissionResultDocument)
        assert_type(tc.task_wait(id), bool)
        assert_type(tc.operation_ls(id), BlockingPages[FileDocument])
        assert_type([entry["name"] for entry in tc.operation_ls(id)], list[str])
        assert_type(tc.operation_ls(id).result(), Page[FileDocument])
        assert_type(tc.operation_ls(id).list(), list[FileDocument])
        assert_type(tc.operation_ls(id).pages(), Iterator[Page[FileDocument]])
        assert_type(next(tc.operation_walk(id)), WalkedFileDocument)
        assert_type([task["status"] for task in tc.task_watch(id)], list[str])
        assert_type(tc.wait_for_tasks([id]).values(), list[TaskOutcome])
        assert_type(tc.wait_for_tasks([str(id)]).result(), list[Outcome[str, TaskOutcome]])
        with tc.get_tasks([id]) as outcomes:
            assert_type([*outcomes], list[Outcome[UUID, TaskDocument]])
        assert_type(tc.transport, Transport)
        assert_type(tc.run(tc.wrapped.task_wait(id)), bool)
        assert_type(tc.iterate(tc.wrapped.operation_ls(id)), Iterator[FileDocument])


def of_other_services(authorizer: AccessTokenAuthorizer, id: UUID) -> None:
    """Waits, watches, logs and ingests are plain calls and iterables too."""
    with blocking(SearchClient, authorizer=authorizer) as sc:
        assert_type(sc, BlockingSearchClient)
        assert_type([hit["subject"] for hit in sc.search(id, "x")], list[str])
        assert_type(sc.ingest_entries(id, []).result(), list[BatchOutcome])
        assert_type(next(sc.ingest_entries(id, [])), BatchOutcome)
        assert_type(sc.wait_for_task(id), SearchTaskOutcome)
    with blocking(FlowsClient, authorizer=authorizer) as fc:
        assert_type(fc.wait_for_run(id), RunOutcome)
        assert_type(fc.follow_run_logs(id), BlockingRunLog)
        assert_type([entry["code"] for entry in fc.follow_run_logs(id)], list[str])
        assert_type(next(fc.watch_run(id)), RunDocument)
        assert_type(blocking(SpecificFlowClient, id).run_flow({}), GlobusHTTPResponse[RunDocument])
    with blocking(TimersClient, authorizer=authorizer) as timers:
        assert_type(timers.wait_for_timer(id), TimerOutcome)
    with blocking(GroupsClient, authorizer=authorizer) as gc:
        manager = blocking(GroupsManager, gc)
        assert_type(manager, BlockingGroupsManager)
        assert_type(manager.add_member(id, id), BatchResponse)


def many(tc: BlockingTransferClient, ids: list[UUID]) -> None:
    """A bulk has the type of the method."""
    done = bulk(tc.get_endpoint, ids)
    assert_type(done, BlockingBulk[UUID, GlobusHTTPResponse[EndpointDocument]])
    assert_type(done.values(), list[GlobusHTTPResponse[EndpointDocument]])


class Notes(TransferClient):
    async def note(self) -> str:
        return ""


class Other:
    def __init__(self, name: str) -> None: ...
    async def get(self) -> int:
        return 1


def clients(authorizer: AccessTokenAuthorizer) -> None:
    """Each has its own form; a subclass that of its base, and `run`; any other class `run`."""
    assert_type(blocking(AuthClient, authorizer=authorizer), BlockingAuthClient)
    assert_type(
        [identity["username"] for identity in blocking(AuthClient, authorizer=authorizer).get_identities(ids="a")],
        list[str],
    )
    login = blocking(ConfidentialAppAuthClient, "id", "secret")
    assert_type(login, BlockingConfidentialAppAuthClient)
    app = blocking(UserApp, "Nightly", client_id="id")
    assert_type(app, BlockingUserApp)
    assert_type(app.login(), None)
    notes = blocking(Notes, app=app)
    assert_type(notes, BlockingTransferClient[Notes])
    assert_type(notes.run(notes.wrapped.note()), str)
    other = blocking(Other, "name")
    assert_type(other, Blocking[Other])
    assert_type(other.run(other.wrapped.get()), int)
    assert_type(blocking(BaseClient, base_url="x").get("/").http_status, int)


def identity(client: BlockingAuthClient) -> IdentityDocument:
    return next(iter(client.get_identities(ids="a")))


def refused(tc: BlockingTransferClient, authorizer: AccessTokenAuthorizer) -> None:
    """Arguments are checked as those of the clients are."""
    blocking(TransferClient, authorizer="token")  # type: ignore[call-overload]
    blocking(TransferClient, token="token")  # type: ignore[call-overload]
    blocking(ConfidentialAppAuthClient, "id")  # type: ignore[call-overload]
    blocking(Other)  # type: ignore[call-overload]
    blocking(Other, 1)  # type: ignore[call-overload]
    tc.get_endpoint()  # type: ignore[call-arg]
    tc.get_endpoint(1)  # type: ignore[arg-type]
    tc.no_such_method()  # type: ignore[attr-defined]
    bulk(tc.get_endpoint, [1])  # type: ignore[arg-type]
    for _ in tc.get_endpoint("id"):  # type: ignore[attr-defined]
        pass


async def awaited(tc: BlockingTransferClient) -> None:
    """A result is no awaitable."""
    await tc.get_endpoint("id")  # type: ignore[misc]
    async for _ in tc.operation_ls("id"):  # type: ignore[attr-defined]
        pass


def sharing(authorizer: AccessTokenAuthorizer) -> None:
    """A blocking transport is an argument of clients and apps."""
    with blocking(Transport, max_in_flight=20) as transport:
        assert_type(transport, BlockingTransport)
        assert_type(transport.wrapped, Transport)
        assert_type(blocking(TransferClient, authorizer=authorizer, transport=transport), BlockingTransferClient)
        assert_type(blocking(UserApp, "name", client_id="id", transport=transport), BlockingUserApp)
