"""Following the log of a run: each entry once, in order, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import GlobusAPIError, GlobusSDKUsageError, PaginationStalled
from globus_async.services.flows import RunLog, RunLogPosition
from tests.services.flows.scripted import RunService, clients_of, failure, run_id
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.random_cases import cases


async def codes(log: RunLog) -> list[str]:
    """Return the codes of all entries."""
    return [entry["code"] async for entry in log]


def service_of(clock: FakeClock, times: list[float], *, page: int = 100, end: float | None = None) -> RunService:
    """Return a service with one run, and an entry of its log at each time."""
    service = RunService(clock, page=page)
    service.log = [(time, str(number)) for number, time in enumerate(sorted(times))]
    service.changes[1] = [(max(times, default=0.0) if end is None else end, {"status": "SUCCEEDED"})]
    return service


@settings(max_examples=cases(60), deadline=None)
@given(
    times=st.lists(st.integers(0, 60), max_size=40),
    page=st.integers(1, 7),
    interval=st.sampled_from([1, 3, (1, 10)]),
    failures=st.lists(st.integers(0, 60), max_size=4),
    breaks=st.lists(st.floats(0.05, 20), max_size=6),
    stored=st.booleans(),
)
def test_each_entry_once(
    times: list[int], page: int, interval: Any, failures: list[int], breaks: list[float], *, stored: bool
) -> None:
    """With any pages, any times of entries, failures, and interruptions after which the same or a new log continues."""

    async def run() -> list[str]:
        clock = FakeClock(skipping=True)
        service = service_of(clock, [float(each) for each in times], page=page)
        service.seconds = 0.3
        service.failures = [failure(503) if number in failures else None for number in range(61)]
        seen: list[str] = []
        async with clients_of(service, clock=clock) as (fc, _):
            asyncio.get_running_loop().set_debug(False)
            log = fc.follow_run_logs(run_id(1), polling_interval=interval)
            for seconds in breaks:
                try:
                    async with clock.timeout(seconds):
                        async for entry in log:
                            seen.append(entry["code"])  # noqa: PERF401 -- those before the interruption count
                except TimeoutError:
                    pass
                if stored:
                    position: RunLogPosition = json.loads(json.dumps(log.position))
                    log = fc.follow_run_logs(run_id(1), after=position, polling_interval=interval)
            return seen + await codes(log)

    assert asyncio.run(run()) == [str(number) for number in range(len(times))]


async def test_requests() -> None:
    """After each poll of the run its last page is fetched; a full page is not fetched again."""
    clock = FakeClock(skipping=True)
    service = service_of(clock, [0, 0, 0, 4], page=2)
    async with clients_of(service, clock=clock) as (fc, _):
        log = fc.follow_run_logs(run_id(1), polling_interval=5)
        assert await codes(log) == ["0", "1", "2", "3"]
        assert log.position == {"marker": "m2", "entries": 2}
        assert await anext(log, None) is None
    assert [path.partition("/")[2] for _, path in service.requests] == ["", "log", "log", "", "log"]


async def test_entries_that_are_written_after_the_last_poll() -> None:
    """The log is fetched after the run was seen to be done."""
    clock = FakeClock(skipping=True)
    service = service_of(clock, [1, 2, 6], end=6)
    async with clients_of(service, clock=clock) as (fc, _):
        assert await codes(fc.follow_run_logs(run_id(1), polling_interval=4)) == ["0", "1", "2"]


async def test_cancelled_at_every_suspension(record_property: Any) -> None:
    """The same log continues, and has lost no entry."""
    clock = FakeClock(skipping=True)
    logs: list[tuple[RunLog, list[str]]] = []
    service = RunService(clock, page=2, seconds=0.1)

    async with clients_of(service, clock=clock) as (fc, _):
        asyncio.get_running_loop().set_debug(False)

        async def follow() -> None:
            service.log = [(service.now + time, str(time)) for time in range(5)]
            service.changes[1] = [(0, {"status": "ACTIVE"}), (service.now + 4, {"status": "SUCCEEDED"})]
            logs.append((fc.follow_run_logs(run_id(1), polling_interval=2), []))
            log, seen = logs[-1]
            async for entry in log:
                seen.append(entry["code"])

        async def nothing_is_lost() -> None:
            log, seen = logs[-1]
            assert seen + await codes(log) == ["0", "1", "2", "3", "4"]

        points = await every_suspension(follow, nothing_is_lost)
    assert points > 30
    record_property("cancellation points", points)


async def test_two_workers() -> None:
    """They share the entries of one log."""
    clock = FakeClock(skipping=True)
    service = service_of(clock, [0, 1, 2, 3, 4, 5, 6, 7], page=3)
    async with clients_of(service, clock=clock) as (fc, _):
        log = fc.follow_run_logs(run_id(1), polling_interval=1)
        first, second = await asyncio.gather(codes(log), codes(log))
    assert sorted(first + second) == [str(number) for number in range(8)]


class TestFailures:
    async def test_five_in_a_row(self) -> None:
        """Of the log as of the run: the fifth is raised, and the log continues all the same."""
        clock = FakeClock(skipping=True)
        service = service_of(clock, [0, 0])
        service.failures = [None, *[failure(500), None] * 5]
        async with clients_of(service, clock=clock) as (fc, _):
            log = fc.follow_run_logs(run_id(1))
            with pytest.raises(GlobusAPIError):
                await codes(log)
            assert await codes(log) == ["0", "1"]

    async def test_permanent(self) -> None:
        """It is raised at once."""
        clock = FakeClock(skipping=True)
        service = service_of(clock, [0])
        service.failures = [None, failure(403, "FORBIDDEN")]
        async with clients_of(service, clock=clock) as (fc, _):
            with pytest.raises(GlobusAPIError, match="FORBIDDEN"):
                await codes(fc.follow_run_logs(run_id(1)))

    @pytest.mark.parametrize("markers", [["a", "a"], ["a", "b", "a"], [None]])
    async def test_pages_in_a_circle(self, markers: list[str | None]) -> None:
        """They are an error after the entries of the pages."""
        pages = iter(markers)

        def respond(request: httpx.Request) -> httpx.Response:
            if not request.url.path.endswith("/log"):
                return httpx.Response(200, json={"status": "ACTIVE"})
            page = {"entries": [{"code": "x"}], "has_next_page": True, "marker": next(pages, markers[-1])}
            return httpx.Response(200, json=page)

        async with clients_of(respond, clock=FakeClock(skipping=True)) as (fc, _):
            log = fc.follow_run_logs(run_id(1))
            for _ in markers:
                await anext(log)
            with pytest.raises(PaginationStalled):
                await anext(log)


@pytest.mark.parametrize("after", ["m5", {"marker": 5, "entries": 1}, {"marker": "m", "entries": -1}, {"marker": "m"}])
async def test_bad_positions(after: Any) -> None:
    """They are refused where they are passed."""
    async with clients_of(lambda _: failure(500)) as (fc, _):
        with pytest.raises(GlobusSDKUsageError):
            fc.follow_run_logs(run_id(1), after=after)
