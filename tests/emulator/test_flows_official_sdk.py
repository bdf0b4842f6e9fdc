"""Every method of the Flows clients of the unmodified official SDK, against the emulator on a socket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import globus_sdk
import pytest
from globus_sdk.gare import to_gare

from globus_async.testing import GlobusEmulator, LoopbackServer

pytestmark = pytest.mark.slow

SCOPES = "https://auth.globus.org/scopes/eec9b274-0c81-4334-bdc2-54e90e689b9a/all"
ACTION = "https://actions.example.org/sum"
DEFINITION: dict[str, Any] = {
    "StartAt": "Add",
    "States": {
        "Add": {
            "Type": "Action",
            "ActionUrl": ACTION,
            "Parameters": {"of.$": "$.n"},
            "ResultPath": "$.sum",
            "End": True,
        }
    },
}
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
NO_REQUEST = {"add_app_transfer_data_access_scope"}


class Counting:
    """A client that records the names of the called methods."""

    def __init__(self, client: Any, called: set[str]) -> None:
        self._client, self._called = client, called

    def __getattr__(self, name: str) -> Any:
        self._called.add(name)
        return getattr(self._client, name)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[GlobusEmulator]:
    emulator = GlobusEmulator()
    with emulator.serve_in_thread() as server:
        set_environ(server, monkeypatch)
        yield emulator
        assert emulator.unknown_paths == {}


def set_environ(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)


def methods_of(client: type) -> set[str]:
    found = {name for name, value in vars(client).items() if isinstance(value, FunctionType) and name[0] != "_"}
    return found - NO_REQUEST


def wait(fc: Any, run_id: str, status: str) -> Any:
    deadline = time.monotonic() + 5
    while (run := fc.get_run(run_id))["status"] != status:
        assert time.monotonic() < deadline, run.text
        time.sleep(0.01)
    return run


def test_every_method(emulator: GlobusEmulator) -> None:
    """Each method of FlowsClient and SpecificFlowClient is called, with documented responses."""
    ada, bob = emulator.add_identity("ada@example.org"), emulator.add_identity("bob@example.org")
    state, called = emulator.flows, set[str]()
    state.register_action(ACTION, lambda body: {"sum": body["of"] + 1})

    def authorizer(identity: Any, scope: str) -> globus_sdk.AccessTokenAuthorizer:
        return globus_sdk.AccessTokenAuthorizer(emulator.access_token(identity, scopes=[scope]))

    with globus_sdk.FlowsClient(authorizer=authorizer(ada, SCOPES)) as plain:
        fc: Any = Counting(plain, called)
        assert fc.validate_flow(DEFINITION, SCHEMA)["scopes"] == {"User": []}
        made = fc.create_flow("Sum", DEFINITION, SCHEMA, subtitle="s", keywords=["k"], flow_viewers=["public"])
        flow_id, scope = made["id"], made["globus_auth_scope"]
        assert scope == str(globus_sdk.scopes.SpecificFlowScopes(flow_id).user)
        assert fc.get_flow(flow_id)["user_roles"] == ["flow_owner", "flow_viewer"]
        assert [each["id"] for each in fc.list_flows(filter_roles="flow_owner", orderby="title ASC")] == [flow_id]
        assert [each["id"] for each in fc.list_flows(filter_fulltext="nothing")] == []
        assert (
            fc.update_flow(flow_id, title="Sums", flow_starters=[f"urn:globus:auth:identity:{bob.id}"])["title"]
            == "Sums"
        )
        with pytest.raises(globus_sdk.FlowsAPIError) as invalid:
            fc.create_flow("", {}, {}, flow_administrators=[ada.id])
        assert (invalid.value.http_status, invalid.value.code) == (422, "UNPROCESSABLE_ENTITY")
        assert len(invalid.value.messages) == 3

        with globus_sdk.SpecificFlowClient(flow_id, authorizer=authorizer(ada, scope)) as plain_flow:
            flow: Any = Counting(plain_flow, called)
            assert flow.validate_run({"n": 1})["message"] == "validation successful"
            with pytest.raises(globus_sdk.FlowsAPIError) as refused:
                flow.run_flow({"n": "x"})
            assert (refused.value.http_status, refused.value.code) == (400, "FLOW_INPUT_ERROR")
            run_id = flow.run_flow({"n": 1}, label="one", tags=[" a  b "])["run_id"]
            run = wait(fc, run_id, "SUCCEEDED")
            assert (run["details"]["output"]["sum"]["details"], run["tags"]) == ({"sum": 2}, ["a b"])
            assert fc.get_run(run_id, include_flow_description=True)["flow_description"]["title"] == "Sums"
            codes = ["FlowStarted", "ActionStarted", "ActionCompleted", "FlowSucceeded"]
            assert [each["code"] for each in fc.get_run_logs(run_id)] == codes
            pages = fc.paginated.get_run_logs(run_id, limit=3, reverse_order=True)
            assert [each["code"] for each in pages.items()] == codes[::-1]
            assert fc.get_run_definition(run_id)["definition"] == DEFINITION
            assert [each["run_id"] for each in fc.list_runs(filter_flow_id=flow_id)] == [run_id]
            assert fc.update_run(run_id, label="two", tags=[])["tags"] == []

            state.suspend_next_action(ACTION, {"code": "ConsentRequired", "required_scope": "x"})
            second = flow.run_flow({"n": 2})["run_id"]
            details = wait(fc, second, "INACTIVE")["details"]
            assert details["required_scope"] == f"{scope}[x]"
            assert to_gare({**details, "authorization_parameters": {"required_scopes": ["x"]}})
            with pytest.raises(globus_sdk.FlowsAPIError) as conflict:
                fc.delete_run(second)
            assert (conflict.value.http_status, conflict.value.code) == (409, "STATE_CONFLICT")
            assert flow.resume_run(second)["status"] == "ACTIVE"
            wait(fc, second, "SUCCEEDED")

            state.delay_next_action(ACTION, 100)
            third = flow.run_flow({"n": 3})["run_id"]
            opened = state.open_web_input(third, "Go on?", ["yes", "no"])
            assert fc.get_run(third)["blocking_web_input_id"] == opened.id
            assert [each["title"] for each in fc.list_web_inputs(filter_run_ids=third)] == ["Go on?"]
            option = fc.get_web_input(opened.id)["options"][0]["option_id"]
            assert fc.respond_to_web_input(opened.id, option)["status"] == "ok"
            assert fc.cancel_run(third)["details"]["code"] == "FlowCanceled"
            assert fc.delete_run(run_id)["status"] == "SUCCEEDED"
            with pytest.raises(globus_sdk.FlowsAPIError) as gone:
                fc.get_run(run_id)
            assert (gone.value.http_status, gone.value.code) == (404, "NOT_FOUND")

        api = state.add_registered_api("api", {"destination": {"method": "get", "url": "https://x"}}, owner=ada)
        assert [each["name"] for each in fc.list_registered_apis(orderby="name ASC")] == ["api"]
        assert fc.get_registered_api(api.id)["status"] == "ACTIVE"
        assert fc.delete_flow(flow_id)["DELETED"] is True
    wanted = methods_of(globus_sdk.FlowsClient) | methods_of(globus_sdk.SpecificFlowClient)
    assert wanted - called == set()
