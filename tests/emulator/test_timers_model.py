"""
Schedules against a naive model that goes through the time second by second.

The model can have a fault, one of `FAULTS`; a scenario has to be found in which it then differs from the emulator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

import hypothesis
import pytest
from hypothesis import strategies as st

from globus_async.emulator.auth import AuthService
from globus_async.emulator.kit.clock import ManualClock
from globus_async.emulator.kit.errors import ServiceError
from globus_async.emulator.kit.request import Request
from globus_async.emulator.kit.responses import json_response
from globus_async.emulator.kit.service import Document, Platform, RouteTable, Service
from globus_async.emulator.registry import Emulator
from globus_async.emulator.timers.models import TIMER_SCOPE
from globus_async.emulator.timers.service import TimersService
from tests.toolkit.random_cases import cases

START = 1_800_000_000

FAULTS = (
    "drift",
    "skipped runs count",
    "no run for missed ticks",
    "a run for each missed tick",
    "new rhythm after a pause",
    "runs while paused",
    "runs overlap",
    "the end is exclusive",
    "failures do not count",
    "no retries",
    "retries without end",
)


@dataclass(frozen=True)
class Scenario:
    """A timer of an action, and what happens to it."""

    interval: int
    delay: int
    """Seconds until the first tick."""
    count: int | None
    until: int | None
    durations: tuple[int, ...]
    """Of the runs, the first one first; later ones take a second."""
    statuses: tuple[int, ...]
    """The HTTP statuses of the attempts to start a run; later ones succeed."""
    steps: tuple[tuple[str, int], ...]
    """What is done, and the seconds that pass after it."""

    @property
    def total(self) -> int:
        return sum(seconds for _, seconds in self.steps)


Outcome = tuple[list[tuple[int, int]], int, int, int | None]
"""The attempts with their statuses, the numbers of runs and errors, and the next run."""


@dataclass
class Model:
    """The naive model."""

    scenario: Scenario
    fault: str = ""
    now: int = 0
    is_active: bool = True
    tick: int = 0
    run_ends: list[int] = field(default_factory=list[int])
    attempts: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    runs: int = 0
    errors: int = 0
    since: int | None = None
    retry_at: int = 0
    shift: int = 0

    def moment(self, tick: int) -> int:
        return self.scenario.delay + self.shift + tick * self.scenario.interval

    def next_run(self) -> int | None:
        moment, until, count = self.moment(self.tick), self.scenario.until, self.scenario.count
        is_late = until is not None and (moment >= until if self.fault == "the end is exclusive" else moment > until)
        return None if is_late or (count is not None and self.runs >= count) else moment

    def skip(self) -> None:
        while self.moment(self.tick) <= self.now:
            self.tick += 1

    def process(self) -> None:
        """Do what is due in this second."""
        due = self.next_run()
        if (not self.is_active and self.fault != "runs while paused") or due is None or due > self.now:
            return
        if any(end > self.now for end in self.run_ends) and self.fault != "runs overlap":
            self.skip()
            self.runs += self.fault == "skipped runs count"
        elif self.since is None or self.retry_at <= self.now:
            self.attempt()

    def attempt(self) -> None:
        """Try to start a run."""
        statuses = self.scenario.statuses
        status = statuses[len(self.attempts)] if len(self.attempts) < len(statuses) else 202
        started = sum(status == 202 for _, status in self.attempts)
        self.attempts.append((self.now, status))
        if status == 503 and self.fault != "no retries":
            if self.since is None:
                self.since, wait = self.now, 10
            else:
                wait = 20 if self.retry_at - self.since == 10 else 40
            self.retry_at = self.now + wait
            if self.retry_at <= self.since + self.scenario.interval / 2 or self.fault == "retries without end":
                return
        self.since = None
        self.runs += not (status != 202 and self.fault == "failures do not count")
        self.errors += status != 202
        if status == 202:
            durations = self.scenario.durations
            self.run_ends.append(self.now + (durations[started] if started < len(durations) else 1))
        if self.fault == "a run for each missed tick":
            self.tick += 1
            return
        late = self.now - self.moment(self.tick)
        self.shift += late if self.fault == "drift" else 0
        self.skip()

    def do(self, action: str) -> None:
        """Pause or resume."""
        has_ended = self.next_run() is None and not any(end > self.now for end in self.run_ends)
        if action == "pause" and not has_ended:
            self.is_active, self.since = False, None
        elif action == "resume":
            if not self.is_active and self.fault == "no run for missed ticks":
                self.skip()
            if not self.is_active and self.fault == "new rhythm after a pause":
                self.shift += max(0, self.now - self.moment(self.tick)) % self.scenario.interval
            self.is_active = True

    def outcome(self) -> Outcome:
        """Go through all seconds."""
        self.process()
        for action, seconds in self.scenario.steps:
            self.do(action)
            self.process()
            for _ in range(seconds):
                self.now += 1
                self.process()
        return self.attempts, self.runs, self.errors, self.next_run() if self.is_active else None


class Action(Service[None]):
    """An action provider whose actions take the times of a scenario."""

    name = "action"
    title = "Action"
    hosts: ClassVar[tuple[str, ...]] = ("action.example.org",)
    errors: ClassVar[type[ServiceError]] = ServiceError

    def __init__(self, platform: Platform, scenario: Scenario) -> None:
        super().__init__(platform, None)
        self.scenario = scenario
        self.attempts: list[tuple[int, int]] = []
        self.ends: list[float] = []

    def tables(self) -> Mapping[str, RouteTable[None]]:
        async def run(_state: None, _request: Request) -> Any:
            now, number = self.platform.clock.wall(), len(self.attempts)
            status = self.scenario.statuses[number] if number < len(self.scenario.statuses) else 202
            self.attempts.append((round(now - START), status))
            if status != 202:
                return json_response({"code": "FAILED"}, status=status)
            durations, started = self.scenario.durations, len(self.ends)
            self.ends.append(now + (durations[started] if started < len(durations) else 1))
            return json_response({"action_id": str(started), "status": "ACTIVE"}, status=202)

        async def status(_state: None, request: Request) -> Document:
            has_ended = self.platform.clock.wall() >= self.ends[int(request.path_id("action_id"))] - 0.001
            return {"status": "SUCCEEDED" if has_ended else "ACTIVE"}

        return {"": [("POST", "/do/run", run), ("GET", "/do/{action_id}/status", status)]}


@cache
def emulated(scenario: Scenario) -> Outcome:
    """Return the outcome of the emulator."""
    return asyncio.run(_emulated(scenario))


async def _emulated(scenario: Scenario) -> Outcome:
    clock = ManualClock(start=START)
    platform = Platform(clock)
    auth = AuthService(platform)
    action, timers = Action(platform, scenario), TimersService(platform)
    async with Emulator(platform, [auth, timers, action]) as emulator:
        token = auth.state.access_token(auth.state.add_identity("ada@example.org"), scopes=[TIMER_SCOPE])

        def time(seconds: int | None) -> str | None:
            return None if seconds is None else datetime.fromtimestamp(START + seconds, UTC).isoformat()

        async def call(method: str, path: str, document: object = None) -> Any:
            response = await platform.request("timers", method, path, token=token, document=document)
            assert response.is_success, response
            return response.document

        document: Document = {
            "callback_url": "https://action.example.org/do/run",
            "callback_body": {"body": {}},
            "start": time(scenario.delay),
            "interval": scenario.interval,
            "stop_after": {"date": time(scenario.until), "n_runs": scenario.count},
        }
        job_id = (await call("POST", "/jobs/", document))["job_id"]
        await emulator.advance(0)
        for what, seconds in scenario.steps:
            if what:
                await call("POST", f"/jobs/{job_id}/{what}")
            await emulator.advance(seconds)
        job = await call("GET", f"/jobs/{job_id}")
        next_run = None if job["next_run"] is None or job["status"] == "inactive" else job["next_run"]
        tick = None if next_run is None else round(datetime.fromisoformat(next_run).timestamp() - START)
        return action.attempts, job["n_runs"], job["n_errors"], tick


scenarios = st.builds(
    Scenario,
    interval=st.sampled_from((60, 90)),
    delay=st.sampled_from((0, 7, 100)),
    count=st.sampled_from((None, None, 2, 3, 5)),
    until=st.sampled_from((None, None, 100, 160, 220, 337)),
    durations=st.lists(st.sampled_from((1, 20, 59, 60, 61, 130)), max_size=4).map(tuple),
    statuses=st.lists(st.sampled_from((202, 202, 202, 400, 503, 503)), max_size=6).map(tuple),
    steps=st.lists(
        st.tuples(st.sampled_from(("", "pause", "resume", "resume")), st.sampled_from((1, 25, 60, 95, 200))),
        min_size=2,
        max_size=6,
    ).map(tuple),
)


@hypothesis.settings(max_examples=cases(100), deadline=None, derandomize=True)
@hypothesis.given(scenarios)
def test_schedules(scenario: Scenario) -> None:
    """Every run starts at the second at which the model starts it, and nothing else does."""
    assert emulated(scenario) == Model(scenario).outcome()


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_found(fault: str) -> None:
    """A model with a fault differs from the emulator in some scenario."""
    found = hypothesis.find(
        scenarios,
        lambda scenario: emulated(scenario) != Model(scenario, fault).outcome(),
        settings=hypothesis.settings(
            max_examples=400, deadline=None, derandomize=True, phases=[hypothesis.Phase.generate]
        ),
    )
    assert Model(found).outcome() == emulated(found)
