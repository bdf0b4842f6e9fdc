"""The execution of runs: hosted actions, consents, limits, and runs that outlive an event loop."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from globus_async.emulator.flows.actions.provider import ActionCall, ActionResult
from globus_async.emulator.flows.language.definition import definition_problems
from globus_async.emulator.flows.language.expressions import ExpressionError, evaluate
from globus_async.emulator.flows.language.paths import Scope
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage
from tests.emulator.flows_model import Generator
from tests.emulator.flows_world import ECHO, FlowsWorld, action, flows_world, states, urn
from tests.toolkit.random_cases import cases

TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"
OLD, NEW = "https://actions.globus.org", "https://transfer.actions.globus.org"


def collections(world: FlowsWorld, **options: Any) -> tuple[str, str]:
    lab = world.emulator.add_collection("Lab", storage=MemoryStorage({"a.txt": "1"}), owner=world.ada, **options)
    archive = world.emulator.add_collection("Archive", storage=MemoryStorage(), owner=world.ada)
    return lab.id, archive.id


async def test_transfer_that_needs_a_consent() -> None:
    """The run becomes inactive, says what to consent to, and goes on when it is resumed with the consent."""
    async with flows_world() as world:
        lab, archive = collections(world, needs_data_access=True)
        items = [{"source_path": "/a.txt", "destination_path": "/b.txt"}]
        document = {"source_endpoint": lab, "destination_endpoint": archive, "DATA": items}
        flow = world.flow(states(Move=action(f"{NEW}/transfer", Parameters=document, ResultPath="$.moved")))
        run = await world.start(flow)
        assert (run.status, run.details["code"]) == ("INACTIVE", "ConsentRequired")
        required = run.details["required_scope"]
        assert required == f"{flow.scope}[{TRANSFER}[*https://auth.globus.org/scopes/{lab}/data_access]]"
        assert run.details["action_statuses"][0]["status"] == "INACTIVE"
        refusal = await world.refused("POST", f"/runs/{run.id}/resume", by=world.bob, scope=flow.scope)
        assert refusal == (404, "NOT_FOUND")
        await world.ok("POST", f"/runs/{run.id}/resume", scope=flow.scope)
        await world.emulator.settle()
        assert run.status == "INACTIVE"
        await world.ok("POST", f"/runs/{run.id}/resume", scope=required)
        await world.emulator.advance(100)
        assert run.ended is not None, run.details
        [task] = world.emulator.tasks
        assert run.details["output"]["moved"]["details"]["task_id"] == task.id
        codes = [entry.code for entry in run.log]
        assert codes.count("FlowInactive") == codes.count("FlowResumed") == 2


async def test_hosted_actions_of_transfer() -> None:
    """Each acts as the user with dependent tokens, also by the scopes of the older actions."""
    async with flows_world() as world:
        lab, archive = collections(world)
        share = world.emulator.add_collection(
            "Share", host=world.emulator.transfer.collections[lab], owner=world.ada
        ).id
        place = {"endpoint_id": archive, "path": "/new/"}
        moved = {"source_path": "/a.txt", "destination_path": "/new/a.txt"}
        moves = {"source_endpoint_id": lab, "destination_endpoint_id": archive, "transfer_items": [moved]}
        rule = {"endpoint_id": share, "principal_type": "identity", "principal": world.bob.id, "path": "/"}
        flow = world.flow(
            states(
                Make=action(f"{OLD}/transfer/mkdir", Parameters=place, ResultPath="$.made", Next="Move"),
                Move=action(f"{OLD}/transfer/transfer", Parameters=moves, ResultPath="$.moved", Next="List"),
                List=action(f"{OLD}/transfer/ls", Parameters=place, ResultPath="$.listed", Next="Share"),
                Share=action(
                    f"{OLD}/transfer/set_permission",
                    Parameters={**rule, "permissions": "r"},
                    ResultPath="$.shared",
                    Next="Info",
                ),
                Info=action(
                    f"{NEW}/collection_info", Parameters={"endpoint_id": lab}, ResultPath="$.info", Next="Delete"
                ),
                Delete=action(
                    f"{OLD}/transfer/delete",
                    Parameters={"endpoint_id": archive, "items": ["/new/"], "recursive": True},
                    ResultPath="$.deleted",
                ),
            )
        )
        run = await world.start(flow)
        await world.emulator.advance(300)
        assert run.status == "SUCCEEDED", run.details
        output = run.details["output"]
        assert [(entry["name"], entry["is_folder"]) for entry in output["listed"]["details"]["DATA"]] == [
            ("a.txt", False)
        ]
        assert output["info"]["details"]["display_name"] == "Lab"
        assert output["moved"]["creator_id"] == urn(world.ada)
        assert [task.type for task in world.emulator.tasks] == ["TRANSFER", "DELETE"]
        assert len(world.emulator.transfer.collections[share].rules) == 1


async def test_other_hosted_actions() -> None:
    """Hello World sleeps, notifications are recorded, expressions evaluated, and options asked for."""
    async with flows_world() as world:
        options = [{"name": "left", "completed_message": "L"}, {"name": "right", "completed_message": "R"}]
        message = {"destination": "a@b", "body_template": "Hi $name", "body_variables": {"name": "Ada"}}
        sums = {"expressions": [{"expression": "a + 1", "arguments": {"a": 1}, "result_path": "n"}]}
        flow = world.flow(
            states(
                Hello=action(f"{OLD}/hello_world", Parameters={"echo_string": "x", "sleep_time": 5}, Next="Notify"),
                Notify=action(f"{OLD}/notification/notify", Parameters=message, Next="Sum"),
                Sum=action(f"{OLD}/expression_eval/", Parameters=sums, ResultPath="$.sum", Next="Ask"),
                Ask=action(f"{OLD}/weboption/wait_for_option", Parameters={"options": options}, WaitTime=9999),
            )
        )
        run = await world.start(flow)
        assert run.status == "ACTIVE"
        await world.emulator.advance(7)
        assert world.state.notifications[0]["body"] == "Hi Ada"
        assert run.data["sum"]["details"] == {"n": 2}
        web_input = world.state.web_inputs.by_id[run.blocking_web_input_id or ""]
        value = web_input.options[1]["option_id"]
        await world.ok("POST", f"/web_inputs/{web_input.id}/respond", {"response": {"value": value}})
        await world.emulator.settle()
        assert run.details["output"]["details"]["message"] == "R"


async def test_identities_of_actions() -> None:
    """An action runs as the user, as the flow, or as the owner of a token in the input, which is never shown."""
    async with flows_world() as world:
        seen: list[str] = []

        async def who(call: ActionCall) -> ActionResult:
            caller = world.emulator.platform.authority.authenticate(f"Bearer {call.action.token}")
            seen.append(caller.username)
            return ActionResult("SUCCEEDED")

        scope = "https://auth.globus.org/scopes/5fac2e64-c734-4e6b-90ea-ff12ddbf9653/who"
        url = "https://actions.example.org/who"
        world.state.register_action(url, lambda _body: ActionResult("ACTIVE"), scope=scope, poll=who)
        definition = states(
            One=action(url, Next="Two"), Two=action(url, RunAs="Flow", Next="Three"), Three=action(url, RunAs="Helper")
        )
        flow = world.flow(definition)
        token = world.emulator.access_token(world.bob, scopes=[scope])
        run = await world.start(flow, {"_tokens": {"Helper": token}})
        await world.emulator.advance(10)
        assert seen == ["ada@example.org", f"{flow.id}@clients.auth.globus.org", "bob@example.org"]
        assert token not in json.dumps([run.details, [entry.details for entry in run.log]])
        assert (await world.start(flow)).status == "ACTIVE"
        validated = await world.ok("POST", "/flows/validate", {"definition": definition})
        assert validated["scopes"] == {"User": [scope], "Flow": [scope], "Helper": [scope]}


async def test_context() -> None:
    """``$._context`` has the run and the user."""
    async with flows_world() as world:
        echo = action(Parameters={"context.$": "$._context", "email.=": "_context.email", "all.$": "$"})
        flow = world.flow(states(Only=echo))
        run = await world.start(flow, {"n": 1})
        details = run.details["output"]["details"]
        assert (details["email"], details["all"]) == ("ada@mail.example.org", {"n": 1})
        context = details["context"]
        assert (context["flow_id"], context["run_id"], context["user_id"]) == (flow.id, run.id, urn(world.ada))


async def test_what_tests_ask_of_actions() -> None:
    """The next action is inactive, fails, or begins later; the one after it is as usual."""
    async with flows_world() as world:
        flow = world.flow(states(Only=action(ExceptionOnActionFailure=True)))
        world.state.suspend_next_action(ECHO, {"code": "X", "authorization_parameters": {"session_required_mfa": True}})
        run = await world.start(flow)
        assert run.details["authorization_parameters"] == {"session_required_mfa": True}
        await world.ok("POST", f"/runs/{run.id}/resume", scope=flow.scope)
        await world.emulator.settle()
        assert run.status == "SUCCEEDED"
        world.state.fail_next_action(ECHO, {"why": "no"})
        run = await world.start(flow)
        assert (run.status, run.details["details"]["error"]) == ("FAILED", "ActionFailedException")
        assert run.details["details"]["cause"]["details"] == {"why": "no"}
        world.state.delay_next_action(ECHO, 60)
        run = await world.start(flow)
        await world.emulator.advance(59)
        assert run.ended is None
        await world.emulator.advance(60)
        assert run.status == "SUCCEEDED"
        assert (await world.start(flow)).status == "SUCCEEDED"


async def test_limits() -> None:
    """Cycles end, and so do data that grow; neither blocks the others."""
    async with flows_world() as world:
        cycle = states(A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "Next": "A"})
        assert await world.result(cycle) == "States.Runtime"
        doubled = {"Parameters": {"a.$": "$", "b.$": "$"}, "Next": "A"}
        assert await world.result(states(A={"Type": "Pass", **doubled}), {"x": "x" * 50}) == "States.DataLimitExceeded"
        nested = states(A={"Type": "Pass", "Parameters": {"a.$": "$"}, "Next": "A"})
        assert await world.result(nested) == "States.DataLimitExceeded"
        forever = await world.start(world.flow(states(A={"Type": "Wait", "Seconds": 40 * 86400, "Next": "A"})))
        await world.emulator.advance(400 * 86400)
        assert forever.details["details"]["error"] == "States.Timeout"
        await world.emulator.advance(91 * 86400)
        assert await world.refused("GET", f"/runs/{forever.id}") == (404, "NOT_FOUND")
        assert await world.result(states(A=action("https://nowhere.example.org/x"))) == "ActionUnableToRun"


@pytest.mark.parametrize(
    "expression",
    [
        "9**9**9",
        "2**100000",
        "'x' * 10**9",
        "[0] * 10**9",
        "[[0] * 99999] * 99999",
        "[[0] * 9999] * 99999 == [[1] * 9999] * 99999",
        "'%1000000000d' % 1",
        "f'{1:1000000000}'",
        "'{:>1000000000}'.format(1)",
        "'x'.ljust(10**9)",
        "a.__class__",
        "().__class__.__bases__",
        "[x for x in [1] * 9999]",
        "(lambda: 1)()",
        "__import__('os')",
        "-" * 4000 + "1",
        "(" * 2000 + ")" * 2000,
        "1e308 * 10",
        "(-1) ** 0.5",
        "b'x'",
        "{1}",
        "{1: 2}",
        "a.b.c",
        "getattr(1)",
        "getattr('a', 1, 2)",
        "is_present('a[')",
        "1 if",
        "x = 1",
        "1; 2",
        "\0",
        "1" * 5000,
    ],
)
def test_hostile_expressions(expression: str) -> None:
    """They are refused, at once."""
    before = time.process_time()
    with pytest.raises(ExpressionError):
        evaluate(expression, Scope({"a": {"b": 1}}, {}))
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a.b + 1", 2),
        ("c[0] + c[-1]", 3),
        ("'x' + d if a.b == 1 else null", "xy"),
        ("c + [3]", [1, 2, 3]),
        ("{'k': (1, 2)}", {"k": [1, 2]}),
        ("not is_present('a.z') and getattr('a.z', default=true)", True),
        ("pathsplit('/~/x')", ["/~/", "x"]),
        ("pathsplit('/~/')", ["/~/", ""]),
        ("1 < 2 < 3", True),
        ("7 // 2 % 2 - -1", 2),
        ("2 ** 10", 1024),
        ("1 in c", True),
    ],
)
def test_expressions(expression: str, value: object) -> None:
    """Names, members, items, arithmetic, texts, lists, conditions and the three functions."""
    assert evaluate(expression, Scope({"a": {"b": 1}, "c": [1, 2], "d": "y"}, {})) == value


@pytest.mark.slow
def test_runs_outlive_event_loops() -> None:
    """A run that waits continues when the emulator is served again, in another event loop."""
    emulator = GlobusEmulator()
    ada, started = emulator.add_identity("ada@example.org"), list[int]()
    emulator.flows.register_action(ECHO, lambda _body: started.append(1))
    wait = {"Type": "Wait", "Seconds": 0.3, "Next": "Act"}
    flow = emulator.flows.add_flow("waits", states(Wait=wait, Act=action()), owner=ada)
    headers = {"Authorization": f"Bearer {emulator.access_token(ada, scopes=[flow.scope])}"}
    with emulator.serve_in_thread() as server:
        url = server.environ["GLOBUS_SDK_SERVICE_URL_FLOWS"]
        run_id = httpx.post(f"{url}flows/{flow.id}/run", json={}, headers=headers).json()["run_id"]
    run = emulator.flows.runs[run_id]
    assert run.status == "ACTIVE"
    with emulator.serve_in_thread():
        deadline = time.monotonic() + 5
        while run.status == "ACTIVE" and time.monotonic() < deadline:
            time.sleep(0.02)
    assert (run.status, started) == ("SUCCEEDED", [1])


CHECKS = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)
PARTS = st.sampled_from(
    ["Type", "Parameters", "a.=", "b.$", "ResultPath", "Choices", "Catch", "Next", "Variable", "Seconds", "ActionUrl"]
)


def _mutated(definition: Any, name: str, value: Any) -> Any:
    """Replace every member of a name."""
    if isinstance(definition, list):
        return [_mutated(each, name, value) for each in definition]
    if not isinstance(definition, dict):
        return definition
    return {key: value if key == name else _mutated(each, name, value) for key, each in definition.items()}


class Fuzzed:
    """One emulator for all definitions."""

    def __init__(self) -> None:
        self.emulator = GlobusEmulator(clock=ManualClock())
        self.ada = self.emulator.add_identity("ada@example.org")
        token = self.emulator.access_token(self.ada, scopes=["openid"])
        self.caller = self.emulator.platform.authority.authenticate(f"Bearer {token}")


@pytest.fixture(scope="module")
def fuzzed() -> Fuzzed:
    return Fuzzed()


@pytest.mark.slow
@settings(max_examples=cases(150), deadline=None, suppress_health_check=CHECKS)
@given(
    seed=st.integers(0, 10_000), name=PARTS, value=JSON, body=st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)
)
async def test_any_definition(fuzzed: Fuzzed, seed: int, name: str, value: Any, body: dict[str, Any]) -> None:
    """A definition is refused with locations, or its runs end without a failure of the emulator."""
    emulator = fuzzed.emulator
    definition = _mutated(Generator(seed).case()[0], name, value)
    if problems := list(definition_problems(definition)):
        assert all(location[0] == "definition" for location, _ in problems)
        return
    flow = emulator.flows.add_flow("fuzzed", definition, owner=fuzzed.ada)
    run = emulator.flows.start_run(flow, fuzzed.caller, body)
    await emulator.advance(3)
    assert (run.id in emulator.flows.background) == (run.status == "ACTIVE")
    json.dumps([run.details, [each.details for each in run.log]], allow_nan=False)
    if run.status == "ACTIVE":
        emulator.flows.runner.cancel(run)
