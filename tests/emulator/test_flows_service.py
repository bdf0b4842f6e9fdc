"""The operations of the emulated Flows service: roles, documents, listings, errors, seeds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from globus_async.emulator.flows.patterns import may_take_long
from globus_async.emulator.flows.validation_process import problems_in_time
from globus_async.testing import GlobusEmulator, ManualClock
from tests.emulator.flows_world import ECHO, FlowsWorld, action, flows_world, states, urn

PASS = states(Only={"Type": "Pass", "End": True})
SECRET = {"shown": 1, "key": "hidden", "__Private_Parameters": ["key"]}


async def test_roles_on_flows() -> None:
    """Whoever has no role sees nothing; each role allows what it says, and groups count as their members."""
    async with flows_world() as world:
        group = world.emulator.add_group([world.eve])
        flow = world.flow(
            states(Only=action(Parameters=SECRET)),
            viewers=[f"urn:globus:groups:id:{group}"],
            run_monitors=[urn(world.bob)],
        )
        path = f"/flows/{flow.id}"
        assert await world.refused("GET", path, by=world.emulator.add_identity("x@example.org")) == (404, "NOT_FOUND")
        seen = await world.ok("GET", path, by=world.eve)
        assert (seen["user_roles"], seen["flow_viewers"]) == (["flow_viewer"], [])
        assert "key" not in seen["definition"]["States"]["Only"]["Parameters"]
        assert (await world.ok("GET", path, by=world.bob))["user_role"] == "run_monitor"
        mine = await world.ok("GET", path)
        assert (mine["definition"], mine["flow_viewers"]) == (flow.definition, flow.viewers)
        start = f"{path}/run"
        assert await world.refused("POST", start, {"body": {}}, by=world.eve, scope=flow.scope) == (403, "FORBIDDEN")
        assert await world.refused("POST", start, {"body": {}}) == (403, "MISSING_SCOPE")
        assert await world.refused("PUT", path, {"title": "x"}, by=world.eve) == (403, "FORBIDDEN")
        assert await world.refused("DELETE", path, by=world.eve) == (403, "FORBIDDEN")
        owners: tuple[object, ...] = (urn(world.bob), None, {})
        for owner in owners:
            assert await world.refused("PUT", path, {"flow_owner": owner}) == (422, "UNPROCESSABLE_ENTITY")
        run = await world.start(flow, {"_private_note": 1, "n": 2})
        assert await world.refused("GET", f"/runs/{run.id}", by=world.eve) == (404, "NOT_FOUND")
        monitored = await world.ok("GET", f"/runs/{run.id}", by=world.bob)
        assert monitored["user_roles"] == ["flow_run_monitor"]
        assert await world.refused("POST", f"/runs/{run.id}/cancel", by=world.bob) == (403, "FORBIDDEN")
        assert "hidden" not in json.dumps((await world.ok("GET", f"/runs/{run.id}/log", limit=1))["entries"])
        assert "_private_note" not in json.dumps(await world.ok("GET", f"/runs/{run.id}/log"))
        started = (await world.ok("GET", f"/runs/{run.id}/log"))["entries"][1]
        assert started["details"]["input"] == {"shown": 1}
        definition = await world.ok("GET", f"/runs/{run.id}/definition", by=world.bob)
        assert "key" not in definition["definition"]["States"]["Only"]["Parameters"]


async def test_flow_documents() -> None:
    """Creation, changes, ownership, deletion; a deleted flow takes its scope and its tokens along."""
    async with flows_world() as world:
        document = {"title": "T", "definition": PASS, "input_schema": {}, "flow_administrators": [urn(world.bob)]}
        response = await world.send("POST", "/flows", document)
        assert response.status_code == 201
        made = response.json()
        path, scope = f"/flows/{made['id']}", made["globus_auth_scope"]
        assert made["globus_auth_username"] == f"{made['id']}@clients.auth.globus.org"
        token = world.emulator.access_token(world.ada, scopes=[scope])
        changed = await world.ok("PUT", path, {"subtitle": "s", "flow_owner": urn(world.bob)}, by=world.bob)
        assert (changed["title"], changed["subtitle"], changed["flow_owner"]) == ("T", "s", urn(world.bob))
        refusal = await world.refused("PUT", path, {"flow_owner": urn(world.eve)}, by=world.bob)
        assert refusal == (422, "UNPROCESSABLE_ENTITY")
        run = await world.ok("POST", f"{path}/run", {"body": {}}, by=world.bob, scope=scope)
        await world.ok("PUT", path, {"definition": states(Other={"Type": "Fail"})}, by=world.bob)
        kept = await world.ok("GET", f"/runs/{run['run_id']}/definition", by=world.bob)
        assert kept["definition"] == PASS
        deleted = await world.ok("DELETE", path, by=world.bob)
        assert (deleted["DELETED"], deleted["flow_administrators"], deleted["input_schema"]) == (True, [], {})
        assert await world.refused("GET", path, by=world.bob) == (404, "NOT_FOUND")
        assert await world.refused("GET", "/runs", token=token) == (401, "AUTHENTICATION_ERROR")


ACT = {"Type": "Action", "ActionUrl": ECHO, "Parameters": {}}
STATE_PROBLEMS: list[tuple[dict[str, Any], list[str | int]]] = [
    (ACT, []),
    ({**ACT, "Next": "Nowhere"}, ["Next"]),
    ({**ACT, "End": True, "Next": "S"}, []),
    ({**ACT, "End": True, "InputPath": "$"}, []),
    ({**ACT, "End": True, "OutputPath": "$"}, ["OutputPath"]),
    ({**ACT, "End": True, "ResultPath": "$._context.x"}, ["ResultPath"]),
    ({**ACT, "End": True, "WaitTime": True}, ["WaitTime"]),
    ({**ACT, "End": True, "ActionUrl": "ftp://x"}, ["ActionUrl"]),
    ({**ACT, "End": True, "Parameters": {"a": [{"b.$": "b"}]}}, ["Parameters", "a", 0, "b.$"]),
    ({**ACT, "End": True, "Parameters": {"a.=": "1 +"}}, ["Parameters", "a.="]),
    ({**ACT, "End": True, "Catch": [{"ErrorEquals": [], "Next": "S"}]}, ["Catch", 0, "ErrorEquals"]),
    ({**ACT, "End": True, "Catch": [{"ErrorEquals": ["x"], "Next": "T"}]}, ["Catch", 0, "Next"]),
    ({"Type": "Pass", "End": True, "Parameters": {"a.=": "1"}}, ["Parameters", "a.="]),
    ({"Type": "Task", "End": True}, ["Type"]),
    ({"Type": "ExpressionEval", "End": True, "ResultPath": "$"}, ["Parameters"]),
    ({"Type": "Wait", "Seconds": 1, "Timestamp": "2030-01-01", "End": True}, []),
    ({"Type": "Wait", "Timestamp": "soon", "End": True}, ["Timestamp"]),
    ({"Type": "Choice", "Choices": []}, ["Choices"]),
    ({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": 1, "Next": "S"}]}, ["Choices", 0, "IsPresent"]),
    ({"Type": "Choice", "Choices": [{"Variable": "$.a", "Equals": 1, "Next": "S"}]}, ["Choices", 0, "Equals"]),
    ({"Type": "Choice", "Choices": [{"Not": {"Variable": "$", "IsNull": True}}]}, ["Choices", 0, "Next"]),
    ({"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "T"}]}, ["Choices", 0, "Next"]),
    ({"Type": "Fail", "Cause": 1}, ["Cause"]),
]


async def test_invalid_definitions() -> None:
    """Each problem of a definition or schema has its location."""
    async with flows_world() as world:
        for state, location in STATE_PROBLEMS:
            response = await world.send("POST", "/flows/validate", {"definition": states(S=state)})
            assert response.status_code == 422, state
            detail = response.json()["error"]["detail"]
            assert ["definition", "States", "S", *location] in [each["loc"] for each in detail], (state, detail)
        others: list[tuple[Any, Any, list[str | int]]] = [
            ({"StartAt": "x", "States": PASS["States"]}, {}, ["definition", "StartAt"]),
            ({"States": PASS["States"]}, {}, ["definition", "StartAt"]),
            ({"StartAt": "x", "States": {}}, {}, ["definition", "States"]),
            (PASS, {"type": "array"}, ["input_schema", "type"]),
            (PASS, {"properties": {"a": {"type": "number!"}}}, ["input_schema", "properties", "a", "type"]),
            (PASS, {"properties": {"a": {"pattern": "("}}}, ["input_schema", "properties", "a", "pattern"]),
        ]
        for definition, schema, place in others:
            document = {"definition": definition, "input_schema": schema}
            detail = (await world.send("POST", "/flows/validate", document)).json()["error"]["detail"]
            assert place in [each["loc"] for each in detail]
        listing = states(S=action("https://transfer.actions.globus.org/ls"))
        scopes = await world.ok("POST", "/flows/validate", {"definition": listing})
        assert scopes == {"scopes": {"User": ["urn:globus:auth:scope:transfer.api.globus.org:all"]}}


async def test_inputs() -> None:
    """All problems of an input, in the order of their places; a reference leads nowhere else, nor around for ever."""
    async with flows_world() as world:
        schema = {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["c"]}
        flow = world.flow(PASS, input_schema=schema)
        body = {"body": {"a": "x", "b": 1}}
        response = await world.send("POST", f"/flows/{flow.id}/validate_run", body, scope=flow.scope)
        error = response.json()["error"]
        assert [each["loc"] for each in error["detail"]] == [["$"], ["$.a"], ["$.b"]]
        assert (response.status_code, error["message"]) == (400, "Input failed schema validation with 3 errors.")
        twice = {f"d{n}": {"allOf": [{"$ref": f"#/definitions/d{n + 1}"}] * 2} for n in range(40)}
        for hostile in (
            {"$ref": "http://127.0.0.1:1/x"},
            {"$ref": "#"},
            {"$ref": "#/definitions/d0", "definitions": {**twice, "d40": {}}},
            {"properties": {"n": {"uniqueItems": True}}},
        ):
            flow = world.flow(PASS, input_schema=hostile)
            many = {"body": {"n": [{"n": n} for n in range(5000)]}}
            refusal = await world.refused("POST", f"/flows/{flow.id}/run", many, scope=flow.scope)
            assert refusal == (400, "FLOW_INPUT_ERROR")


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"pattern": "^(a+)+$"}, "a" * 60 + "!"),
        ({"pattern": "a*a*a*a*b"}, "a" * 5000),
        ({"additionalProperties": False, "patternProperties": {"^(a|aa)+$": {}}}, {"a" * 100 + "!": 1}),
    ],
    ids=["repeated group", "many branches", "names"],
)
def test_patterns_that_take_long(schema: dict[str, object], value: object) -> None:
    """The search for such a pattern happens in a process that can be ended."""
    assert may_take_long(schema, value)
    ((path, message),) = problems_in_time(schema, value, timeout=0.1)
    assert (path, "takes too long" in message) == ("$", True)


async def test_patterns() -> None:
    """Patterns are applied, those that might take long in a process of their own."""
    async with flows_world() as world:
        for pattern in ("^[a-z]+$", "^([a-z]+)(-[a-z]+)*$"):
            flow = world.flow(PASS, input_schema={"properties": {"x": {"type": "string", "pattern": pattern}}})
            await world.ok("POST", f"/flows/{flow.id}/validate_run", {"body": {"x": "ab"}}, scope=flow.scope)
            wrong = await world.send("POST", f"/flows/{flow.id}/validate_run", {"body": {"x": "é1"}}, scope=flow.scope)
            (problem,) = wrong.json()["error"]["detail"]
            assert (problem["loc"], "'é1' does not match" in problem["msg"]) == (["$.x"], True)


async def test_listings() -> None:
    """Filters and orders; a marker carries the whole query; new entries shift no page."""
    async with flows_world() as world:
        for number in range(5):
            world.flow(PASS, title=f"Flow {number}", keywords=["odd" if number % 2 else "even"])
        world.flow(PASS, title="Other", viewers=["public"])

        async def titles(**params: Any) -> list[str]:
            return [each["title"] for each in (await world.ok("GET", "/flows", **params))["flows"]]

        assert await titles(filter_title="flow", orderby="title ASC") == [f"Flow {number}" for number in range(5)]
        assert await titles(filter_keywords="odd,none", orderby="title DESC") == ["Flow 3", "Flow 1"]
        assert await titles(by=world.bob) == []
        assert await titles(by=world.bob, filter_roles="flow_viewers") == ["Other"]
        assert await titles(filter_fulltext="OTHER") == ["Other"]
        page = await world.ok("GET", "/flows", filter_title="Flow", orderby="title ASC", per_page=2)
        assert (page["limit"], page["has_next_page"]) == (2, True)
        world.flow(PASS, title="Flow 00")
        assert await titles(marker=page["marker"], orderby="id ASC", per_page=1) == ["Flow 2", "Flow 3"]
        assert await titles(filter_title="Flow", orderby="title ASC", per_page=2, page=2) == ["Flow 1", "Flow 2"]
        for params in ({"orderby": "x ASC"}, {"marker": "x"}, {"filter_roles": "x"}, {"per_page": "0"}):
            assert await world.refused("GET", "/flows", **params) == (422, "UNPROCESSABLE_ENTITY")
        flow = next(iter(world.state.flows.values()))
        await world.start(flow, document={"label": "first"})
        await world.emulator.advance(100)
        second = await world.start(flow, document={"label": "second"})

        async def labels(**params: Any) -> list[str]:
            return [each["label"] for each in (await world.ok("GET", "/runs", **params))["runs"]]

        assert await labels() == ["second", "first"]
        moment = (await world.ok("GET", f"/runs/{second.id}"))["start_time"]
        assert await labels(filter_start_time=f"{moment},") == ["second"]
        assert await labels(filter_completion_time=f",{moment}") == ["first"]
        assert await labels(filter_status="FAILED,ACTIVE") == []
        assert await labels(filter_flow_id=flow.id, orderby="label ASC") == ["first", "second"]
        assert len((await world.ok("GET", f"/flows/{flow.id}/runs"))["runs"]) == 2
        log = await world.ok("GET", f"/flows/{flow.id}/runs/{second.id}/log", reverse_order="True", limit=3)
        assert [each["code"] for each in log["entries"]] == ["FlowSucceeded", "PassCompleted", "PassStarted"]


async def test_many_runs_at_once() -> None:
    """A batch changes tags and roles and cancels; nothing happens if one run is not the caller's."""
    async with flows_world() as world:
        flow = world.flow(states(Only={"Type": "Wait", "Seconds": 100, "End": True}), starters=[urn(world.bob)])
        mine, theirs = await world.start(flow), await world.start(flow, by=world.bob)
        change = {"set": {"tags": ["a", "b"], "status": "cancel"}, "add": {"run_monitors": [urn(world.eve)]}}
        both = {"filters": {"run_ids": [mine.id, theirs.id]}, **change}
        assert await world.refused("POST", "/batch/runs", both, by=world.bob) == (404, "NOT_FOUND")
        assert (await world.send("POST", "/batch/runs", both)).status_code == 202
        assert [(run.status, run.tags) for run in (mine, theirs)] == [("FAILED", ["a", "b"])] * 2
        await world.ok("POST", "/batch/runs", {"filters": {"run_ids": [mine.id]}, "remove": {"tags": ["a"]}})
        assert (mine.tags, mine.monitors) == (["b"], [urn(world.eve)])


async def test_web_inputs_of_others() -> None:
    """Viewers cannot respond, strangers see nothing, and the creator only if named."""
    async with flows_world() as world:
        waiting = await world.start(world.flow(states(Only={"Type": "Wait", "Seconds": 10, "End": True})))
        opened = world.state.open_web_input(
            waiting, "Sure?", ["yes"], respondents=[urn(world.bob)], viewers=[urn(world.eve)], result_path="$.choice"
        )
        path, option = f"/web_inputs/{opened.id}", opened.options[0]["option_id"]
        assert await world.refused("GET", path) == (404, "NOT_FOUND")
        assert (await world.ok("GET", path, by=world.eve))["user_roles"] == ["viewer"]
        response = {"response": {"value": option}}
        assert await world.refused("POST", f"{path}/respond", response, by=world.eve) == (403, "FORBIDDEN")
        wrong = {"response": {"value": "x"}}
        assert await world.refused("POST", f"{path}/respond", wrong, by=world.bob) == (422, "UNPROCESSABLE_ENTITY")
        await world.emulator.advance(100)
        assert waiting.status == "ACTIVE"
        await world.ok("POST", f"{path}/respond", response, by=world.bob)
        assert await world.refused("POST", f"{path}/respond", response, by=world.bob) == (409, "STATE_CONFLICT")
        await world.emulator.settle()
        assert waiting.details["output"] == {"choice": option}
        assert (await world.ok("GET", "/web_inputs", by=world.bob))["web_input_summaries"] == []
        closed = await world.ok("GET", "/web_inputs", by=world.bob, filter_states="closed")
        assert [each["id"] for each in closed["web_input_summaries"]] == [opened.id]


async def test_authentication_policy() -> None:
    """A flow with a policy, its runs and web inputs ask for a session that satisfies it."""
    async with flows_world() as world:
        policy = "6f2c1d7e-3b4a-4a5e-9f0f-8f2a1b7c4d9e"
        flow = world.flow(states(Only={"Type": "Wait", "Seconds": 10, "End": True}))
        run = await world.start(flow)
        opened = world.state.open_web_input(run, "Sure?", ["yes"])
        flow.authentication_policy_id = policy
        for path in (f"/flows/{flow.id}", f"/runs/{run.id}", f"/web_inputs/{opened.id}"):
            response = await world.send("GET", path)
            document = response.json()
            assert (response.status_code, document["code"]) == (403, "AuthenticationPolicyRequired")
            assert document["authorization_parameters"]["session_required_policies"] == [policy]
            assert ("web_input_summary" in document) == path.startswith("/web_inputs")


async def test_registered_apis() -> None:
    """Registered, changed, and deleted after a time of grace."""
    async with flows_world() as world:
        parameters = [{"name": "id", "required": True, "schema": {"type": "string"}}]
        target = {
            "destination": {"method": "get", "url": "https://api.example.org/x"},
            "specification": {"parameters": parameters},
        }
        document = {"name": "api", "target": target, "roles": {"owners": [urn(world.ada)], "viewers": [urn(world.bob)]}}
        made = await world.ok("POST", "/registered_apis", document)
        assert made["state_input_schema"]["required"] == ["id"]
        path = f"/registered_apis/{made['id']}"
        assert (await world.ok("GET", path, by=world.bob))["roles"]["owners"] == []
        assert await world.refused("PATCH", path, {"name": "x"}, by=world.bob) == (403, "FORBIDDEN")
        assert (await world.ok("PATCH", path, {"name": "new"}))["name"] == "new"
        bad = {"name": "", "target": {"destination": {"url": "http://x"}}, "roles": {"owners": []}}
        assert await world.refused("PATCH", path, bad) == (422, "UNPROCESSABLE_ENTITY")
        assert (await world.ok("DELETE", path))["scheduled_deletion_timestamp"]
        await world.emulator.advance(31 * 86400)
        assert await world.refused("GET", path) == (404, "NOT_FOUND")


async def test_seed() -> None:
    """Flows and registered APIs are dumped and loaded, byte for byte, and can be used again."""
    async with flows_world() as world:
        flow = world.flow(PASS, viewers=["public"], keywords=["k"])
        world.state.add_registered_api("api", {"destination": {"url": "https://x"}}, owner=world.ada)
        await world.emulator.advance(10)
        seed = world.emulator.dump_seed()
        async with GlobusEmulator(clock=ManualClock()) as other:
            await other.load_seed(json.loads(json.dumps(seed)))
            assert json.dumps(other.dump_seed()) == json.dumps(seed)
            assert other.flows.flows[flow.id].viewers == ["public"]
            ada = other.directory.find("ada@example.org")
            http = other.http_client(base_url="https://flows.automate.globus.org")
            token = other.access_token(ada, scopes=[flow.scope])
            response = await http.post(f"/flows/{flow.id}/run", json={}, headers={"Authorization": f"Bearer {token}"})
            assert response.status_code == 201


@pytest.mark.parametrize("name", ["flows", "runs"])
async def test_status_page(name: str) -> None:
    """The status page has tables of flows and runs."""
    world: FlowsWorld
    async with flows_world() as world:
        await world.start(world.flow(PASS))
        assert [row["name"] for row in world.emulator.snapshot()[name]] == ["A flow"]
