"""Waiting for runs: outcomes, shared requests, failed polls, time limits and cancellation."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from globus_async import (
    GlobusAPIError,
    GlobusConnectionError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    ResponseDecodeError,
)
from globus_async.services.flows import NotFound, RunEndReason, RunOutcome
from tests.services.flows.scripted import RunService, clients_of, failure, run_id
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clock import FakeClock

WEB_INPUT = "5e1f2a4c-0000-4000-8000-0000000000ab"
CONSENT = {"code": "ConsentRequired", "description": "consent to it", "required_scope": "https://x[y]"}
SESSION = {"code": "Other", "description": "log in", "authorization_parameters": {"prompt": "login"}}


@pytest.mark.parametrize(
    ("members", "reason", "is_done"),
    [
        ({"status": "SUCCEEDED", "details": {"output": {"a": 1}}}, RunEndReason.SUCCEEDED, True),
        ({"status": "FAILED", "details": {"code": "FlowFailed", "description": "broken"}}, RunEndReason.FAILED, True),
        ({"status": "FAILED", "details": {"code": "FlowCanceled"}}, RunEndReason.CANCELED, True),
        ({"status": "FAILED", "details": None}, RunEndReason.FAILED, True),
        ({"status": "ENDED"}, RunEndReason.ENDED, True),
        ({"status": "INACTIVE", "details": CONSENT}, RunEndReason.INACTIVE, False),
        ({"status": "ACTIVE", "blocking_web_input_id": WEB_INPUT}, RunEndReason.TIMED_OUT, False),
        ({"status": "NEW_STATUS"}, RunEndReason.TIMED_OUT, False),
    ],
)
async def test_reasons(members: dict[str, Any], reason: RunEndReason, is_done: bool) -> None:
    """By status and details; a status that is not known does not end the wait."""
    clock = FakeClock(skipping=True)
    service = RunService(clock)
    service.changes[1] = [(20, members)]
    async with clients_of(service, clock=clock) as (fc, _):
        outcome = await fc.wait_for_run(run_id(1), timeout=60)
    assert (outcome.reason, outcome.is_done) == (reason, is_done)
    assert outcome.run["run_id"] == run_id(1)
    assert 20 <= service.now <= (61 if reason is RunEndReason.TIMED_OUT else 24)


async def test_what_an_inactive_run_requires() -> None:
    """The details in both forms are a login that an app can make; of other runs there is none."""
    async with clients_of(lambda _: httpx.Response(200, json={"status": "INACTIVE", "details": CONSENT})) as (fc, _):
        outcome = await fc.wait_for_run(run_id(1))
    assert outcome.gare is not None
    assert outcome.gare.authorization_parameters.required_scopes == ["https://x[y]"]
    assert "consent to it" in repr(outcome)
    of_session = RunOutcome(RunEndReason.INACTIVE, {"details": SESSION})  # type: ignore[typeddict-item]
    assert of_session.gare is not None
    assert of_session.gare.authorization_parameters.prompt == "login"
    assert RunOutcome(RunEndReason.FAILED, {"details": SESSION}).gare is None  # type: ignore[typeddict-item]
    assert RunOutcome(RunEndReason.INACTIVE, {"details": 5}).gare is None  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("details", "description"),
    [
        ({"state_name": "Copy", "error": "E", "cause": {"message": "no such path"}}, "failed: Copy: E: no such path"),
        ({"error": "States.Runtime", "cause": "no such path"}, "failed: States.Runtime: no such path"),
        ({"state_name": 5, "cause": {"message": None}}, "failed"),
        ("text", "failed"),
    ],
)
def test_the_description_of_a_failed_run_says_why(details: object, description: str) -> None:
    """The description of the service is the same for all of them; the state and the cause are in its details."""
    run: Any = {"details": {"code": "FlowFailed", "description": "failed", "details": details}}
    assert RunOutcome(RunEndReason.FAILED, run).description == description


async def test_web_inputs() -> None:
    """A run that waits for a person is waited for; on request the wait stops there."""
    clock = FakeClock(skipping=True)
    service = RunService(clock)
    service.changes[1] = [
        (10, {"blocking_web_input_id": WEB_INPUT}),
        (40, {"blocking_web_input_id": None}),
        (50, {"status": "SUCCEEDED"}),
    ]
    async with clients_of(service, clock=clock) as (fc, _):
        stopped = await fc.wait_for_run(run_id(1), stop_at_web_input=True)
        assert (stopped.reason, stopped.web_input_id, stopped.is_done) == (RunEndReason.WEB_INPUT, WEB_INPUT, False)
        outcome = await fc.wait_for_run(run_id(1))
    assert (outcome.reason, outcome.web_input_id) == (RunEndReason.SUCCEEDED, None)


class TestSharedPolls:
    async def test_waits_for_one_run(self) -> None:
        """Fifty waits, a watch and a log poll it together: one request for each interval."""
        clock = FakeClock(skipping=True)
        service = RunService(clock)
        service.changes[1] = [(10, {"status": "SUCCEEDED"})]
        async with clients_of(service, clock=clock) as (fc, _):
            waits = [fc.wait_for_run(run_id(1), polling_interval=5) for _ in range(50)]

            async def watch() -> list[str]:
                return [run["status"] async for run in fc.watch_run(run_id(1).upper(), polling_interval=5)]

            statuses, *outcomes = await asyncio.gather(watch(), *waits)
        assert statuses == ["ACTIVE", "SUCCEEDED"]
        assert {outcome.reason for outcome in outcomes if isinstance(outcome, RunOutcome)} == {RunEndReason.SUCCEEDED}
        assert len(service.requests) == 3

    async def test_each_has_a_document_of_its_own(self) -> None:
        """A caller may change it, at any level: other waits, and what a watch takes for a change, stay the same."""
        clock = FakeClock(skipping=True)
        service = RunService(clock)
        deep: Any = []
        for _ in range(300):
            deep = [deep]
        service.changes[1] = [
            (0, {"details": {"output": {"x": {}}}, "tags": [{"deep": deep}]}),
            (4, {"status": "SUCCEEDED"}),
        ]
        seen: list[str] = []

        def spoil(run: Any) -> None:
            run["details"]["output"].clear()
            run["tags"].clear()
            run["new"] = 1

        async with clients_of(service, clock=clock) as (fc, _):

            async def watch() -> None:
                async for run in fc.watch_run(run_id(1), polling_interval=1):
                    spoil(run)
                    seen.append(run["status"])

            waits = [fc.wait_for_run(run_id(1), polling_interval=1, progress=each) for each in (None, spoil, None)]
            _, first, *others = await asyncio.gather(watch(), *waits)
            assert isinstance(first, RunOutcome)
            spoil(first.run)
        assert seen == ["ACTIVE", "SUCCEEDED"]
        for other in others:
            assert isinstance(other, RunOutcome)
            tags: Any = other.run["tags"]
            assert (other.output, tags) == ({"x": {}}, [{"deep": deep}])

    async def test_many_runs(self) -> None:
        """A thousand runs are requested ten at a time, each once for an interval."""
        clock = FakeClock(skipping=True)
        service = RunService(clock, seconds=0.001)
        for number in range(1000):
            service.changes[number] = [(5, {"status": "SUCCEEDED"})]
        progress: list[int] = []
        async with clients_of(service, clock=clock) as (fc, _):
            asyncio.get_running_loop().set_debug(False)
            ids = [run_id(number) for number in range(1000)]
            outcomes = await fc.wait_for_runs(
                ids, polling_interval=10, progress=lambda each: progress.append(each.done)
            ).values()
        assert {outcome.reason for outcome in outcomes} == {RunEndReason.SUCCEEDED}
        assert [outcome.run["run_id"] for outcome in outcomes] == ids
        assert progress == list(range(1, 1001))
        assert service.most == 10
        assert set(Counter(path for _, path in service.requests).values()) == {2}

    async def test_cancelled_at_every_suspension(self, record_property: Any) -> None:
        """Each of several waits, the one that polls for all among them: the others end as usual."""

        async def check(cancelled: int) -> int:
            clock = FakeClock()
            service = RunService(clock, seconds=1)
            service.changes = {number: [(8, {"status": "SUCCEEDED"})] for number in range(3)}
            others: list[asyncio.Task[RunOutcome]] = []
            async with clients_of(service, clock=clock) as (fc, _):

                async def wait() -> object:
                    return await fc.wait_for_run(run_id(0), polling_interval=3)

                async def one() -> None:
                    asyncio.get_running_loop().set_debug(False)
                    for task in others:
                        task.cancel()
                    others[:] = [
                        asyncio.create_task(fc.wait_for_run(run_id(number), polling_interval=3))
                        for number in (0, 1, 2)[:2]
                    ]
                    if cancelled:
                        await asyncio.sleep(0)
                    driver = asyncio.create_task(clock.advance(40))
                    try:
                        await wait()
                    finally:
                        driver.cancel()

                async def nothing_is_left() -> None:
                    service.changes = {number: [(0, {"status": "SUCCEEDED"})] for number in range(3)}
                    await clock.advance(40)
                    done, pending = await asyncio.wait(others, timeout=1)
                    assert not pending
                    assert {task.result().reason for task in done} == {RunEndReason.SUCCEEDED}
                    assert not fc._run_poller._pending
                    assert fc._run_poller._leader is None
                    service.changes = {number: [(service.now + 8, {"status": "SUCCEEDED"})] for number in range(3)}

                return await every_suspension(one, nothing_is_left)

        record_property("cancellation points", await check(0) + await check(1))


class TestFailedPolls:
    @pytest.mark.parametrize("failed", [failure(500), failure(429), httpx.ConnectError("no"), httpx.ReadTimeout("no")])
    async def test_transient(self, failed: httpx.Response | Exception) -> None:
        """Four in a row are repeated at the next intervals, the fifth is raised; with a time limit none is."""
        clock = FakeClock(skipping=True)
        service = RunService(clock)
        service.failures = [failed] * 4
        service.changes[1] = [(100, {"status": "SUCCEEDED"})]
        async with clients_of(service, clock=clock) as (fc, _):
            assert (await fc.wait_for_run(run_id(1))).reason is RunEndReason.SUCCEEDED
            service.failures = [failed] * 5
            with pytest.raises((GlobusAPIError, GlobusConnectionError, GlobusTimeoutError)):
                await fc.wait_for_run(run_id(1))
            assert not service.failures
            service.failures = [failed] * 50
            with pytest.raises(GlobusTimeoutError, match=r"no poll of run .* succeeded within 30 s") as caught:
                await fc.wait_for_run(run_id(1), timeout=30)
        assert caught.value.__cause__ is not None

    async def test_permanent(self) -> None:
        """A 404 is raised at once, in a copy for each wait."""
        clock = FakeClock(skipping=True)
        service = RunService(clock)
        service.failures = [failure(404, "NOT_FOUND")]
        async with clients_of(service, clock=clock) as (fc, _):
            first, second = await asyncio.gather(
                *(fc.wait_for_run(run_id(1)) for _ in range(2)), return_exceptions=True
            )
        assert isinstance(first, NotFound)
        assert isinstance(second, NotFound)
        assert first is not second
        assert len(service.requests) == 1

    async def test_a_document_without_status(self) -> None:
        """It is an error: the wait would never end."""
        clock = FakeClock(skipping=True)
        async with clients_of(lambda _: httpx.Response(200, json={"run_id": "x"}), clock=clock) as (fc, _):
            with pytest.raises(ResponseDecodeError, match=r"status of the run$"):  # a GET may be repeated
                await fc.wait_for_run(run_id(1))


async def test_progress() -> None:
    """It is called after each poll, in the task of its own wait; what it raises ends this wait alone."""
    clock = FakeClock(skipping=True)
    service = RunService(clock)
    service.changes[1] = [(5, {"status": "SUCCEEDED"})]
    seen: list[str] = []

    def refuse(_: object) -> None:
        raise LookupError("enough")

    async with clients_of(service, clock=clock) as (fc, _):
        waits = (
            fc.wait_for_run(run_id(1), polling_interval=2, progress=lambda run: seen.append(run["status"])),
            fc.wait_for_run(run_id(1), polling_interval=2, progress=refuse),
            fc.wait_for_run(run_id(1), polling_interval=2),
        )
        followed, refused, other = await asyncio.gather(*waits, return_exceptions=True)
    assert isinstance(refused, LookupError)
    assert isinstance(followed, RunOutcome)
    assert isinstance(other, RunOutcome)
    assert seen[0] == "ACTIVE"
    assert seen[-1] == "SUCCEEDED"


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": "60"},
        {"polling_interval": 0.5},
        {"polling_interval": (5, 1)},
        {"progress": 5},
        {"stop_at_web_input": None},
    ],
)
async def test_bad_options(options: dict[str, Any]) -> None:
    """They are refused before anything is sent."""
    async with clients_of(lambda _: failure(500)) as (fc, _):
        with pytest.raises(GlobusSDKUsageError):
            await fc.wait_for_run(run_id(1), **options)
        with pytest.raises(GlobusSDKUsageError):
            fc.wait_for_runs(run_id(1))
