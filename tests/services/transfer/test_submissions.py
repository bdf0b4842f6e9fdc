"""Submission: at most one task for each document, also if responses are lost."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from globus_async import (
    GlobusConnectionError,
    GlobusSDKUsageError,
    NetworkError,
    ResponseDecodeError,
    Secret,
    SubmissionUncertain,
    TokenRefreshError,
)
from globus_async.authorizers import GlobusAuthorizer
from globus_async.services.transfer import (
    CreateTunnelData,
    DeleteData,
    EndpointError,
    ServiceUnavailable,
    TransferAPIError,
    TransferClient,
    TransferData,
)
from tests.services.transfer.scripted import A, B, C, client_of, document_of, refusal
from tests.toolkit.cancel import MODES, CancelAt, Mode
from tests.toolkit.clock import FakeClock
from tests.toolkit.random_cases import cases


class Service:
    """Issues submission ids and creates one task for each; loses responses as scripted."""

    def __init__(self, *losses: str) -> None:
        self.ids = 0
        self.tasks: dict[str, str] = {}
        self.losses = list(losses)
        self.requests: Counter[str] = Counter()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        self.requests[request.url.path] += 1
        if request.url.path == "/v0.10/submission_id":
            self.ids += 1
            return httpx.Response(200, json={"DATA_TYPE": "submission_id", "value": str(UUID(int=self.ids))})
        loss = self.losses.pop(0) if self.losses else ""
        if loss == "unreached":
            raise httpx.ConnectError("refused")
        if loss == "before":
            raise httpx.ReadError("reset")
        if loss == "busy":
            return refusal(503, "ServiceUnavailable")
        submission = document_of(request)["submission_id"]
        known = submission in self.tasks
        task = self.tasks.setdefault(submission, str(UUID(int=1000 + len(self.tasks))))
        if loss == "after":
            raise httpx.ReadError("reset")
        if loss == "broken":
            return refusal(500, "InternalError")
        if loss == "garbled":
            return httpx.Response(200, content=b"<html>", headers={"Content-Type": "text/html"})
        await asyncio.sleep(0)
        return httpx.Response(
            200,
            json={
                "DATA_TYPE": "transfer_result",
                "code": "Duplicate" if known else "Accepted",
                "message": "",
                "submission_id": submission,
                "task_id": task,
                "request_id": "Abc123xyz",
                "resource": "/v0.10/transfer",
            },
        )


def transfer() -> TransferData:
    document = TransferData(A, B)
    document.add_item("/a", "/b")
    return document


async def test_submission_id_is_added() -> None:
    """A submission id is added to a document without one; submitting it again returns the same task."""
    service, document = Service(), transfer()
    async with client_of(service) as tc:
        first = await tc.submit_transfer(document)
        again = await tc.submit_transfer(json.loads(json.dumps(document)))
    assert document["submission_id"] == first["submission_id"]
    assert (first["code"], again["code"]) == ("Accepted", "Duplicate")
    assert first["task_id"] == again["task_id"]
    assert service.requests == {"/v0.10/submission_id": 1, "/v0.10/transfer": 2}


async def test_given_submission_id() -> None:
    """A given submission id is used, for transfers, deletions and plain dicts."""
    service = Service()
    deletion = DeleteData(A, submission_id=C)
    deletion.add_item("/a")
    async with client_of(service) as tc:
        assert (await tc.submit_delete(deletion))["submission_id"] == C
        plain: dict[str, Any] = {"endpoint": A, "DATA": [{"path": "/a"}], "submission_id": None}
        assert (await tc.submit_delete(plain))["submission_id"] == plain["submission_id"]
    assert service.ids == 1


async def test_lost_responses() -> None:
    """After lost responses and service failures a submission is sent again with its id; there is one task."""
    service, document = Service("after", "unreached", "broken", "before", "busy"), transfer()
    async with client_of(service, clock=FakeClock(skipping=True), retries=5) as tc:
        response = await tc.submit_transfer(document)
    assert response["code"] == "Duplicate"
    assert len(service.tasks) == 1
    assert service.requests["/v0.10/transfer"] == 6


@pytest.mark.parametrize(
    ("losses", "retries", "cause"),
    [
        (["before"], 0, GlobusConnectionError),
        (["after"], 0, GlobusConnectionError),
        (["after", "unreached"], 1, GlobusConnectionError),
        (["before", "busy"], 1, ServiceUnavailable),
        (["broken"], 0, TransferAPIError),
        (["garbled"], 0, ResponseDecodeError),
    ],
)
async def test_uncertain_outcome(losses: list[str], retries: int, cause: type[Exception]) -> None:
    """If an attempt may have created the task, the error has the document to submit again."""
    service, document = Service(*losses), transfer()
    async with client_of(service, clock=FakeClock(skipping=True), retries=retries) as tc:
        with pytest.raises(SubmissionUncertain) as caught:
            await tc.submit_transfer(document)
        error = caught.value
        assert isinstance(error.__cause__, cause)
        assert error.maybe_executed
        assert error.idempotent
        assert len(error.attempts) == retries + 1
        assert error.document is document
        assert document["submission_id"] in str(error)
        response = await tc.submit_transfer(dict(error.document))
    assert service.tasks == {document["submission_id"]: response["task_id"]}


@pytest.mark.parametrize(("losses", "cause"), [(["unreached"], GlobusConnectionError), (["busy"], ServiceUnavailable)])
async def test_certain_failure(losses: list[str], cause: type[Exception]) -> None:
    """A submission that was certainly not executed raises the original error."""
    service, document = Service(*losses), transfer()
    async with client_of(service) as tc:
        with pytest.raises(cause) as caught:
            await tc.submit_transfer(document)
    assert not isinstance(caught.value, SubmissionUncertain)
    assert service.tasks == {}


async def test_refusal() -> None:
    """A refusal by the service or a collection is not repeated, and is not uncertain."""
    paths: list[str] = []

    def service(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return refusal(502, "ExternalError", message="Unable to scan endpoint")

    async with client_of(service, retries=5) as tc:
        with pytest.raises(EndpointError):
            await tc.submit_transfer(TransferData(A, B, submission_id=C, additional_fields={"DATA": [{}]}))
    assert paths == ["/v0.10/transfer"]


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        "transfer",
        {},
        {"source_endpoint": A, "DATA": [{}]},
        {"source_endpoint": A, "destination_endpoint": "../x", "DATA": [{}]},
        {"source_endpoint": A, "destination_endpoint": B},
        {"source_endpoint": A, "destination_endpoint": B, "DATA": []},
        {"source_endpoint": A, "destination_endpoint": B, "DATA": [{}], "deadline": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"source_endpoint": A, "destination_endpoint": B, "DATA": [{}], "submission_id": "mine"},
        {"source_endpoint": A, "destination_endpoint": B, "DATA": [{"source_path": len}]},
        {"source_endpoint": A, "destination_endpoint": B, "DATA": [{"size": float("nan")}]},
    ],
    ids=repr,
)
async def test_invalid_documents(bad: Any) -> None:
    """An invalid document is refused before any request, also that for a submission id."""
    service = Service()
    async with client_of(service) as tc:
        with pytest.raises(GlobusSDKUsageError):
            await tc.submit_transfer(bad)
    assert not service.requests


async def test_concurrent_submissions() -> None:
    """Concurrent submissions of the same document use one submission id."""
    service, document = Service(), transfer()
    async with client_of(service) as tc:
        one, other = await asyncio.gather(tc.submit_transfer(document), tc.submit_transfer(document))
    assert one["task_id"] == other["task_id"]
    assert len(service.tasks) == 1


@pytest.mark.parametrize("mode", MODES)
async def test_cancelled_at_every_suspension(mode: Mode) -> None:
    """After a cancellation at any point, submitting the same document again leads to one task."""
    points = 0
    for k in range(1, 100):
        service, document = Service(), transfer()
        async with client_of(service) as tc:
            call = CancelAt(tc.submit_transfer(document), k, mode)
            task = asyncio.ensure_future(awaiting(call))
            await asyncio.wait([task])
            if not call.fired:
                break
            assert task.cancelled()
            points += 1
            await tc.submit_transfer(document)
        assert len(service.tasks) == 1
    assert points >= 3


async def awaiting(call: CancelAt[Any]) -> Any:
    return await call


@settings(max_examples=cases(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    losses=st.lists(st.sampled_from(["", "unreached", "before", "after", "busy", "broken", "garbled"]), max_size=12),
    retries=st.integers(0, 3),
)
def test_exactly_one_task(losses: list[str], retries: int) -> None:
    """With any faults in any order, repeating the submission until it succeeds creates one task."""

    async def run() -> None:
        service, document = Service(*losses), transfer()
        async with client_of(service, clock=FakeClock(skipping=True), retries=retries) as tc:
            task_id = await until_it_succeeds(tc, document)
        assert service.tasks == {document["submission_id"]: task_id}

    asyncio.run(run())


async def until_it_succeeds(tc: TransferClient, document: TransferData) -> str:
    for _ in range(20):
        try:
            response = await tc.submit_transfer(
                json.loads(json.dumps(document)) if document.get("submission_id") else document
            )
        except (NetworkError, TransferAPIError):
            continue
        return response.data["task_id"]
    raise AssertionError("it never succeeded")


NO_IDS = [
    {},
    *({"value": value, "task_id": value} for value in (None, 5, "", " ", "../a", "\u00e9", {"x": 1}, [A], True)),
]


@pytest.mark.parametrize("document", NO_IDS, ids=repr)
async def test_response_without_submission_id(document: dict[str, Any]) -> None:
    """A response without a submission id raises a decode error; the document can be submitted again."""
    data = transfer()
    async with client_of(lambda _: httpx.Response(200, json=document)) as tc:
        with pytest.raises(ResponseDecodeError, match="submission id"):
            await tc.submit_transfer(data)
    assert "submission_id" not in data


@pytest.mark.parametrize("document", NO_IDS, ids=repr)
async def test_response_without_task_id(document: dict[str, Any], tmp_path: Path) -> None:
    """The outcome is uncertain, for each way to submit; it is not submitted again without being asked to."""
    bodies: list[Any] = []

    def service(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v0.10/submission_id":
            return httpx.Response(200, json={"value": C})
        bodies.append(document_of(request))
        return httpx.Response(202, json={"DATA_TYPE": "transfer_result", "code": "Accepted", **document})

    deletion = DeleteData(A)
    deletion.add_item("/a")
    async with client_of(service, clock=FakeClock(skipping=True), retries=5) as tc:
        submit: Callable[[], Awaitable[object]]
        for submit in (
            lambda: tc.submit_transfer(transfer()),
            lambda: tc.submit_delete(deletion),
            lambda: tc.submit_items(TransferData(A, B), [("/a", "/b")], journal=tmp_path / "journal").__anext__(),
        ):
            bodies.clear()
            with pytest.raises(SubmissionUncertain, match="id of the task") as caught:
                await submit()
            assert [body["submission_id"] for body in bodies] == [C]
            assert caught.value.document["submission_id"] == C
            assert [attempt.maybe_executed for attempt in caught.value.attempts] == [True]


async def test_no_token_after_a_lost_response() -> None:
    """If the token cannot be refreshed for the second attempt, the first one may have created the task."""

    class Authorizer(GlobusAuthorizer):
        tokens = iter([Secret("Bearer a")])

        async def get_authorization_header(self) -> Secret:
            for token in self.tokens:
                return token
            raise TokenRefreshError("no token")

    document = TransferData(A, B, submission_id=C)
    document.add_item("/a", "/b")
    service = Service("after")
    async with client_of(service, clock=FakeClock(skipping=True), retries=5) as tc:
        tc.authorizer = Authorizer()
        with pytest.raises(SubmissionUncertain) as caught:
            await tc.submit_transfer(document)
        assert isinstance(caught.value.__cause__, TokenRefreshError)
        assert len(service.tasks) == 1
        with pytest.raises(TokenRefreshError):  # nothing was sent
            await tc.submit_transfer(document)


async def test_tunnels() -> None:
    """A tunnel's submission id is generated, stays in the document, and is sent again on a retry."""
    bodies: list[Any] = []

    def service(request: httpx.Request) -> httpx.Response:
        bodies.append(document_of(request))
        if len(bodies) == 1:
            raise httpx.ReadError("reset")
        return httpx.Response(201, json={"data": {"type": "Tunnel", "id": C}})

    document = CreateTunnelData(A, B)
    async with client_of(service, clock=FakeClock(skipping=True), retries=1) as tc:
        response = await tc.create_tunnel(document)
        bad: Any
        for bad in ({}, {"data": None}, [], {"data": {"attributes": {"submission_id": "x"}}}):
            with pytest.raises(GlobusSDKUsageError):
                await tc.create_tunnel(bad)
        with pytest.raises(GlobusSDKUsageError, match="TunnelCreateDocument and CreateTunnelData have it"):
            await tc.create_tunnel({"label": "camera"})
    assert response["data"]["id"] == C
    assert bodies[0] == bodies[1] == document
