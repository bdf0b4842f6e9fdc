"""Starting runs of a flow: sent once, found again; and the scopes that it needs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from globus_async import FlowsAPIError, GlobusConnectionError, GlobusSDKUsageError, NetworkError, UserApp
from globus_async.services.flows import (
    FlowInputError,
    FlowsClient,
    RunActivityNotificationPolicy,
    RunUncertain,
    SpecificFlowClient,
)
from globus_async.testing import GlobusEmulator
from tests.services.flows.scripted import FLOW, clients_of, failure, run_id
from tests.toolkit.clock import FakeClock

USER = f"https://auth.globus.org/scopes/{FLOW}/flow_{FLOW.replace('-', '_')}_user"
TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"
LAB = "a9a1d4c1-6f62-4d10-8a3c-5d1a2f3e4b5c"

MAYBE = [failure(500), failure(502), failure(504), httpx.ReadError("lost"), httpx.ReadTimeout("slow")]
NEVER = [failure(400, "FLOW_INPUT_ERROR"), failure(403), failure(404), failure(422), httpx.ConnectError("refused")]


@pytest.mark.parametrize("outcome", MAYBE, ids=str)
async def test_a_run_that_may_have_been_started(outcome: httpx.Response | Exception) -> None:
    """One request, and an error with what is needed to find the run."""
    sent: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    clock = FakeClock(skipping=True)
    async with clients_of(respond, clock=clock, retries=3) as (_, flow):
        with pytest.raises(RunUncertain, match=r"find_runs\(error\)") as caught:
            await flow.run_flow({"a": 1}, label="nightly", tags="4711")
    assert len(sent) == 1
    error = caught.value
    assert (error.flow_id, error.label, error.tags) == (FLOW, "nightly", ["4711"])
    assert abs(error.called_at.timestamp() - clock.wall()) < 60
    assert isinstance(error.__cause__, FlowsAPIError | NetworkError)


@pytest.mark.parametrize("outcome", NEVER, ids=str)
async def test_a_run_that_was_not_started(outcome: httpx.Response | Exception) -> None:
    """The usual error."""

    def respond(_: httpx.Request) -> httpx.Response:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async with clients_of(respond, clock=FakeClock(skipping=True), retries=1) as (_, flow):
        with pytest.raises((FlowsAPIError, GlobusConnectionError)) as caught:
            await flow.run_flow({})
    assert not isinstance(caught.value, RunUncertain)
    assert isinstance(caught.value, FlowInputError) == (outcome is NEVER[0])


async def test_a_response_without_the_id_of_the_run() -> None:
    """The run was started all the same."""
    async with clients_of(lambda _: httpx.Response(201, json={"status": "ACTIVE"})) as (_, flow):
        with pytest.raises(RunUncertain):
            await flow.run_flow({})


async def test_runs_are_found() -> None:
    """By flow, owner, time, label and tags, as the service keeps them."""
    runs: list[dict[str, Any]] = [
        {"run_id": run_id(1), "label": "nightly", "tags": ["a b", "other"]},
        {"run_id": run_id(2), "label": "nightly", "tags": ["other"]},
        {"run_id": run_id(3), "label": "Nightly", "tags": ["a b"]},
        {"run_id": run_id(4), "label": "nightly", "tags": 5},
        {"run_id": run_id(5), "label": "nightly"},
    ]
    queries: list[dict[str, str]] = []

    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return failure(502)
        queries.append(dict(request.url.params))
        return httpx.Response(200, json={"runs": runs, "has_next_page": False})

    async with clients_of(respond) as (fc, flow):
        with pytest.raises(RunUncertain) as caught:
            await flow.run_flow({}, label="nightly", tags=["  a   b "])
        assert [run["run_id"] for run in await fc.find_runs(caught.value)] == [run_id(1)]
        with pytest.raises(RunUncertain) as caught:
            await flow.run_flow({})
        assert len(await fc.find_runs(caught.value)) == 5
        with pytest.raises(GlobusSDKUsageError):
            await fc.find_runs(ValueError())  # type: ignore[arg-type]
    start = datetime.fromisoformat(queries[0].pop("filter_start_time").rstrip(","))
    assert timedelta(minutes=4) < datetime.now(UTC) - start < timedelta(minutes=6)
    assert queries[0] == {"filter_flow_id": FLOW, "filter_roles": "run_owner", "orderby": "start_time DESC"}


@pytest.mark.parametrize("name", ["scopes", "resource_server"])
def test_what_only_a_client_has(name: str) -> None:
    """The class says so; subclasses as well."""

    class Own(SpecificFlowClient):
        pass

    for kind in (SpecificFlowClient, Own):
        with pytest.raises(AttributeError, match=rf"use that of a client, {kind.__name__}\(flow_id\).{name}"):
            getattr(kind, name)
    client = Own(UUID(FLOW))
    assert str(client.scopes.user) == USER
    assert client.resource_server == client.flow_id == FLOW
    assert client.with_options(timeout=5).resource_server == FLOW
    for bad in ("", "a/../b", f"{FLOW}/x", 5):
        with pytest.raises(GlobusSDKUsageError):
            SpecificFlowClient(bad)  # type: ignore[arg-type]


async def test_scopes_for_mapped_collections() -> None:
    """An app requires the flow's scope; that of Transfer below it is optional, as those of collections."""
    wanted = f"{USER}[*{TRANSFER}[*https://auth.globus.org/scopes/{LAB}/data_access]]"
    async with GlobusEmulator() as emulator, emulator.transport() as transport:
        app = UserApp("Nightly", client_id=emulator.add_client("Nightly").id, transport=transport)
        flow = SpecificFlowClient(FLOW, app=app)
        assert [*map(str, app.scope_requirements[FLOW])] == [USER]
        assert flow.add_app_transfer_data_access_scope(UUID(LAB)) is flow
        assert [*map(str, app.scope_requirements[FLOW])] == [wanted]
        assert str(flow.transfer_data_access_scope([LAB])) == wanted
        FlowsClient(app=app)
        assert [*map(str, app.scope_requirements["flows.globus.org"])] == [str(FlowsClient.scopes.all)]
        for bad in ("x", [LAB, "x"]):
            with pytest.raises(GlobusSDKUsageError):
                flow.add_app_transfer_data_access_scope(bad)


class TestTexts:
    @pytest.mark.parametrize("value", ["abc", ["abc"], ("abc",), iter(["abc"]), {"abc": 1}.keys()])
    async def test_one_or_many(self, value: Any) -> None:
        """A text is one item, never its letters."""
        bodies: list[Any] = []

        def respond(request: httpx.Request) -> httpx.Response:
            bodies.append(json.loads(request.content))
            return httpx.Response(200, json={"run_id": run_id(1)})

        async with clients_of(respond) as (_, flow):
            await flow.run_flow({}, tags=value)
        assert bodies == [{"body": {}, "tags": ["abc"]}]

    @pytest.mark.parametrize("value", [b"abc", 5, {"abc": 1}, ["a", 5], [None]])
    async def test_refused(self, value: Any) -> None:
        """Before anything is sent."""
        async with clients_of(lambda _: failure(500)) as (fc, flow):
            for call in (flow.run_flow({}, tags=value), fc.update_run(run_id(1), run_managers=value)):
                with pytest.raises(GlobusSDKUsageError):
                    await call
            with pytest.raises(GlobusSDKUsageError):
                await fc.create_flow("t", {}, {}, flow_viewers=value)

    def test_notification_policy(self) -> None:
        """One status or several; nothing but the three."""
        assert RunActivityNotificationPolicy() == {}
        assert RunActivityNotificationPolicy("FAILED") == {"status": ["FAILED"]}
        assert RunActivityNotificationPolicy([]) == {"status": []}
        with pytest.raises(GlobusSDKUsageError):
            RunActivityNotificationPolicy("ACTIVE")  # type: ignore[arg-type]


async def test_changes_of_many_runs() -> None:
    """Only what is given is sent; nothing at all is refused."""
    bodies: list[Any] = []

    def respond(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(202, json={})

    ids = [run_id(1), run_id(2)]
    async with clients_of(respond) as (fc, _):
        await fc.update_runs(ids, cancel=True)
        await fc.update_runs(iter(ids), tags=[], add_run_managers="urn:x", remove_tags="old")
        nothing: list[tuple[list[str] | str, bool]] = [(ids, False), ([], True), (ids[0], True)]
        for run_ids, cancel in nothing:
            with pytest.raises(GlobusSDKUsageError):
                await fc.update_runs(run_ids, cancel=cancel)
    assert bodies == [
        {"filters": {"run_ids": ids}, "set": {"status": "cancel"}},
        {
            "filters": {"run_ids": ids},
            "set": {"tags": []},
            "add": {"run_managers": ["urn:x"]},
            "remove": {"tags": ["old"]},
        },
    ]


async def test_queries() -> None:
    """Lists and orders are joined with commas, times are in UTC; ids are checked, at most ten of them."""
    queries: list[dict[str, str]] = []

    def respond(request: httpx.Request) -> httpx.Response:
        queries.append(dict(request.url.params.multi_items()))
        return httpx.Response(200, json={"runs": [], "flows": [], "entries": []})

    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    async with clients_of(respond) as (fc, _):
        await fc.list_runs(
            filter_flow_id=[UUID(FLOW), LAB],
            filter_status=["FAILED", "ENDED"],
            filter_start_time=(noon, None),
            orderby=["start_time DESC", "id ASC"],
            num_results=500,
        )
        await fc.get_run_logs(run_id(1), reverse_order=True, num_results=3)
        with pytest.raises(GlobusSDKUsageError, match="time zone"):
            fc.list_flow_runs(FLOW, filter_completion_time=(None, datetime(2026, 1, 1)))  # noqa: DTZ001
        for bad in ([LAB] * 11, [], "x", [5], 5):
            with pytest.raises(GlobusSDKUsageError):
                fc.list_web_inputs(filter_flow_ids=bad)  # type: ignore[arg-type]
    assert queries == [
        {
            "filter_flow_id": f"{FLOW},{LAB}",
            "filter_status": "FAILED,ENDED",
            "filter_start_time": "2026-07-01T12:00:00Z,",
            "orderby": "start_time DESC,id ASC",
            "per_page": "100",
        },
        {"reverse_order": "true", "limit": "3"},
    ]
