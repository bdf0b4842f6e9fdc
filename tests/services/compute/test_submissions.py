"""Submissions that are sent once, at the rate of the service; waits for many tasks; and what is refused before."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from globus_async import (
    ComputeAPIError,
    ComputeClientV2,
    ComputeClientV3,
    GlobusSDKUsageError,
    NotFound,
    TasksUncertain,
    Transport,
)
from globus_async.services.compute import AuthorizationRequired, EndpointLocked, TaskPayloadTooLarge
from tests.services.compute.world import world
from tests.toolkit.clock import FakeClock

ID = "5e1f2a4c-0000-4000-8000-000000000001"
OTHER = "5e1f2a4c-0000-4000-8000-000000000002"


@pytest.fixture
async def names() -> AsyncIterator[dict[str, Any]]:
    async with world() as names:
        yield names


async def test_a_lost_response_is_found_by_its_task_group(names: dict[str, Any]) -> None:
    """The submission was executed and is not repeated; the error has its group, where its tasks are found."""
    sent: list[httpx.Request] = []

    async def lose(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        async with names["emulator"].http_client(base_url="https://compute.api.globus.org") as http:
            response = await http.request(request.method, request.url, content=request.content, headers=request.headers)
        if request.url.path.endswith("/submit"):
            raise httpx.ReadError("the connection broke")
        return httpx.Response(
            response.status_code, content=response.content, headers={"Content-Type": "application/json"}
        )

    function, endpoint = names["function_id"], names["endpoint_id"]
    http = httpx.AsyncClient(transport=httpx.MockTransport(lose))
    async with http, Transport(http_client=http, clock=FakeClock(skipping=True)) as transport:
        v3 = ComputeClientV3(authorizer=names["authorizer"], transport=transport)
        submission = {"task_group_id": names["task_group_id"], "tasks": {function: ["x", "y"]}}
        with pytest.raises(TasksUncertain, match=names["task_group_id"]) as caught:
            await v3.submit(endpoint, submission)
        known = [names["task_id"], names["pending_task_id"].upper()]
        assert len(await v3.find_submitted_tasks(caught.value, known_task_ids=known)) == 2

        with pytest.raises(TasksUncertain, match="without a task_group_id") as unnamed:
            await v3.submit(endpoint, {"tasks": {function: ["x"]}})
        with pytest.raises(GlobusSDKUsageError, match="had no task_group_id"):
            await v3.find_submitted_tasks(unnamed.value)

        v2 = ComputeClientV2(authorizer=names["authorizer"], transport=transport)
        with pytest.raises(TasksUncertain) as own:  # it has a group of its own
            await v2.submit({"tasks": [[function, endpoint, "z"]]})
        assert own.value.document["task_group_id"] == own.value.task_group_id
        assert len(await v2.find_submitted_tasks(own.value)) == 1
        own.value.task_group_id = OTHER
        assert await v2.find_submitted_tasks(own.value) == []
    assert len([each for each in sent if each.url.path.endswith("/submit")]) == 3


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"tasks": "one"},
        {"tasks": {ID: "one text"}},
        {"tasks": {ID: [["no", "text"]]}},
        {"tasks": {"../functions": ["x"]}},
        {"tasks": {ID: ["x"]}, "task_group_id": "mine"},
        {"tasks": {ID: ["x" * (6 << 20), "y" * (5 << 20)]}},
    ],
)
async def test_refused_before_anything_is_sent(data: dict[str, Any]) -> None:
    """Both versions refuse another form, ids that are none, and more than 10 MB."""
    older = dict(data)
    if isinstance(data.get("tasks"), dict):
        older["tasks"] = [[key, ID, each] for key, texts in data["tasks"].items() for each in texts]
        if data["tasks"].get(ID) == "one text":
            older["tasks"] = ["one text"]
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: pytest.fail("sent")))
    async with http, Transport(http_client=http) as transport:
        with pytest.raises(GlobusSDKUsageError):
            await ComputeClientV3(transport=transport).submit(ID, data)
        with pytest.raises(GlobusSDKUsageError):
            await ComputeClientV2(transport=transport).submit(older)


async def test_only_submissions_are_limited() -> None:
    """Twenty in ten seconds by default; other calls are not, and a limit of the caller's own holds for all."""
    clock = FakeClock(skipping=True)
    document = {"task_group_id": ID, "tasks": {}, "endpoint_id": ID, "status": "success"}
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=document)))
    async with http, Transport(http_client=http, clock=clock) as transport:
        client = ComputeClientV3(transport=transport)
        start = clock.monotonic()
        for _ in range(60):
            await client.get_task(ID)
        assert clock.monotonic() == start
        for _ in range(42):
            await client.submit(ID, {"tasks": {}})
        assert 20 <= clock.monotonic() - start < 25
        start = clock.monotonic()
        await client.with_options(rate_limit=None).get_task(ID)
        assert clock.monotonic() == start
    unlimited = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=document)))
    async with unlimited, Transport(http_client=unlimited, clock=clock, default_rate_limits=False) as transport:
        start = clock.monotonic()
        for _ in range(42):
            await ComputeClientV3(transport=transport).submit(ID, {"tasks": {}})
        assert clock.monotonic() == start


async def test_many_tasks_share_requests(names: dict[str, Any]) -> None:
    """Up to a hundred tasks with each; states in any case of letters; unknown states are pending."""
    client, state = names["compute_v3"], names["emulator"].compute
    submitted = await client.submit(names["endpoint_id"], {"tasks": {names["function_id"]: ["x"] * 150}})
    ids = submitted["tasks"][names["function_id"]]
    for number, task_id in enumerate(ids):
        state.set_task_status(task_id, "NEW-STATE")
        if number % 3 == 0:
            state.fail_task(task_id, "ValueError: x", reason="it raised")
        else:
            state.complete_task(task_id, "7")
    state.tasks[ids[1]].status = "SUCCESS"
    before = len(names["emulator"].requests)
    outcomes = await client.wait_for_tasks(ids)
    assert len(names["emulator"].requests) - before == 2
    assert [each.value.is_success for each in outcomes] == [number % 3 != 0 for number in range(150)]
    assert (outcomes[0].value.message, outcomes[1].value.result) == ("it raised", "7")
    assert "result of 1 characters" in repr(outcomes[1].value)
    state.set_task_status(names["pending_task_id"], "a new state")
    async with names["emulator"].transport(clock=FakeClock(skipping=True)) as transport:
        waiting = ComputeClientV2(authorizer=names["authorizer"], transport=transport)
        timed_out = await waiting.wait_for_task(names["pending_task_id"], timeout=1)
    assert (timed_out.reason.value, timed_out.has_ended) == ("timed out", False)
    with pytest.raises(NotFound):
        await client.wait_for_task(OTHER)


async def test_a_batch_that_is_too_large_is_halved() -> None:
    """Results of many tasks may be larger than a response may be."""
    sizes: list[int] = []

    def respond(request: httpx.Request) -> httpx.Response:
        ids = json.loads(request.content)["task_ids"] if request.content else [request.url.path.rpartition("/")[2]]
        sizes.append(len(ids))
        tasks = {each: {"task_id": each, "status": "success", "result": "x" * 1000} for each in ids}
        return httpx.Response(200, json={"results": tasks} if request.content else tasks[ids[0]])

    http = httpx.AsyncClient(transport=httpx.MockTransport(respond))
    ids = [f"5e1f2a4c-0000-4000-8000-{number:012d}" for number in range(8)]
    async with http, Transport(http_client=http, max_response_bytes=3000) as transport:
        outcomes = await ComputeClientV2(transport=transport).wait_for_tasks(ids)
    assert all(each.value.is_success for each in outcomes)
    assert sorted(sizes) == [2, 2, 2, 2, 4, 4, 8]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (413, "TASK_PAYLOAD_TOO_LARGE", TaskPayloadTooLarge),
        (400, "TASK_PAYLOAD_TOO_LARGE", TaskPayloadTooLarge),
        (423, "ENDPOINT_LOCKED", EndpointLocked),
        (404, "ENDPOINT_NOT_FOUND", NotFound),
    ],
)
async def test_errors(status: int, code: str, kind: type[ComputeAPIError]) -> None:
    """A class for each kind, and the values that the message is about."""
    body = {"status": "Failed", "code": code, "error_args": [ID], "http_status_code": status, "detail": "text"}
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(status, json=body)))
    async with http, Transport(http_client=http) as transport:
        with pytest.raises(kind) as caught:
            await ComputeClientV3(transport=transport).update_endpoint(ID, {})
    assert isinstance(caught.value, ComputeAPIError)
    assert (caught.value.code, caught.value.message, caught.value.error_args) == (code, "text", [ID])


async def test_listed_problems_and_policies(names: dict[str, Any]) -> None:
    """A problem has its place; a policy that is not satisfied says which login is required."""
    with pytest.raises(ComputeAPIError, match=r"body\.endpoint_name: Field required"):
        await names["compute_v3"].register_endpoint({"metadata": {}})
    names["emulator"].compute.endpoints[names["endpoint_id"]].authentication_policy = ID
    with pytest.raises(AuthorizationRequired) as caught:
        await names["compute_v3"].submit(names["endpoint_id"], {"tasks": {names["function_id"]: ["x"]}})
    assert caught.value.authorization_parameters.session_required_policies == [ID]
