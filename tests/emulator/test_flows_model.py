"""Random flow definitions and inputs, executed by the emulator and by a simple recursive interpreter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from globus_async.emulator.flows.actions.provider import ActionCall, ActionRefused, ActionResult
from globus_async.testing import GlobusEmulator, ManualClock
from tests.emulator.flows_model import ACTIONS, BUGS, SLOW, Generator, Interpretation, TooLong
from tests.toolkit.random_cases import cases

pytestmark = pytest.mark.slow

CHECKS = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much)
SEEDS = st.integers(0, 2**32)
VARYING = frozenset(
    {
        *("action_id", "display_status", "creator_id", "label", "manage_by", "monitor_by"),
        *("start_time", "completion_time", "release_after"),
    }
)


class Executor:
    """An emulator that executes definitions, one after the other, in one event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.Runner()
        self.emulator = GlobusEmulator(clock=ManualClock(start=0))
        state = self.emulator.flows
        self.ada = self.emulator.add_identity("ada@example.org")

        def refuse(_body: dict[str, Any]) -> object:
            raise ActionRefused("no")

        def begin(_body: dict[str, Any]) -> ActionResult:
            return ActionResult("ACTIVE", self.emulator.clock.wall())

        async def poll(call: ActionCall) -> ActionResult:
            is_done = call.now >= call.action.started + SLOW
            return ActionResult("SUCCEEDED", call.body) if is_done else ActionResult("ACTIVE")

        state.register_action(f"{ACTIONS}/echo", lambda body: body)
        state.register_action(f"{ACTIONS}/fail", lambda _body: ActionResult("FAILED", "failed"))
        state.register_action(f"{ACTIONS}/refuse", refuse)
        state.register_action(f"{ACTIONS}/slow", begin, poll=poll)
        token = self.emulator.access_token(self.ada, scopes=["openid"])
        self.caller = self.emulator.platform.authority.authenticate(f"Bearer {token}")

    def run(self, definition: dict[str, Any], data: dict[str, Any]) -> tuple[str, Any, list[tuple[float, str, Any]]]:
        """Execute a definition; return the status, the output or error, and the log."""
        state = self.emulator.flows

        async def execute() -> tuple[str, Any, list[tuple[float, str, Any]]]:
            flow = state.add_flow("flow", definition, owner=self.ada)
            run = state.start_run(flow, self.caller, data)
            while run.status == "ACTIVE":
                await self.emulator.advance(1000)
            state.delete_flow(flow)
            del state.runs[run.id]
            result = run.details["output"] if run.status == "SUCCEEDED" else run.details["details"]["error"]
            log = [(round(each.time - run.started, 1), each.code, details(each.details)) for each in run.log]
            return run.status, plain(result), log

        return self.loop.run(execute())


def details(document: dict[str, Any]) -> Any:
    """Return what the interpreter has in its log."""
    if "error" in document:
        return document["state_name"], document["error"]
    value = plain(document["output"] if "output" in document else document["input"])
    return (document["state_name"], value) if "state_name" in document else value


def plain(value: Any) -> Any:
    """Return a value with those members of the status of an action that do not differ from run to run."""
    if not isinstance(value, dict):
        return value
    if set(value) == {"Error", "Cause"} and value["Error"].startswith("States."):
        return {"Error": value["Error"], "Cause": None}  # for people
    varying = VARYING if "action_id" in value else frozenset[str]()
    return {name: plain(value[name]) for name in value if name not in varying}


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    made = Executor()
    with made.loop:
        yield made
        made.loop.run(made.emulator.aclose())


def interpreted(case: tuple[dict[str, Any], dict[str, Any]], bug: str | None = None) -> Any:
    """Return what the interpreter makes of a case; `None` if it is too long."""
    try:
        made = Interpretation(*case, bug)
    except TooLong:
        return None
    return made.status, made.result, made.log


@settings(max_examples=cases(150), deadline=None, suppress_health_check=CHECKS)
@given(seed=SEEDS)
@example(seed=355)
def test_random_definitions(executor: Executor, seed: int) -> None:
    """Both end in the same state with the same log, at the same times."""
    case = Generator(seed).case()
    expected = interpreted(case)
    assume(expected is not None)
    assert executor.run(*case) == expected, case


@pytest.mark.parametrize("bug", BUGS)
def test_planted_bugs(executor: Executor, bug: str) -> None:
    """A difference planted in the interpreter is found: so the comparison would find it in the emulator."""
    for case in (Generator(seed).case() for seed in range(5000)):
        expected = interpreted(case, bug)
        # those that the bug does not concern need no execution
        if expected is not None and expected != interpreted(case) and executor.run(*case) != expected:
            return
    pytest.fail(f"'{bug}' was not found")
