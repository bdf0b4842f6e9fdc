"""Concurrent waits on one client: shared requests, cancellation of any of them, and outcomes."""

from __future__ import annotations

import asyncio
import gc
import itertools
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from globus_async import (
    GlobusConnectionError,
    GlobusError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    TokenRefreshError,
    WrongEventLoopError,
)
from globus_async.services.transfer import NotFound, TaskEndReason, TaskInactive, TaskOutcome
from globus_async.services.transfer.waiting.outcomes import classify
from tests.services.transfer.scripted import client_of, refusal
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clock import FakeClock


def task_id(number: int) -> str:
    return f"5e1f2a4c-0000-4000-8000-{number:012x}"


class Service:
    """A service with numbered tasks, which records its requests."""

    def __init__(self, clock: FakeClock, *, max_ids: int = 50, seconds: float = 0.0) -> None:
        self.clock = clock
        self.max_ids = max_ids
        self.seconds = seconds
        self.states: dict[int, dict[str, Any]] = {}
        self.missing: set[int] = set()
        self.unlisted: set[int] = set()
        self.failing: list[int] = []
        self.requests: list[tuple[float, tuple[int, ...]]] = []
        self.events: list[dict[str, Any]] = []
        self.event_requests: list[httpx.URL] = []
        self._began = clock.monotonic()

    def document(self, number: int) -> dict[str, Any]:
        return {
            "task_id": task_id(number),
            "status": "ACTIVE",
            "type": "TRANSFER",
            "faults": 0,
            "bytes_transferred": 0,
            **self.states.get(number, {}),
        }

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/event_list"):
            self.event_requests.append(request.url)
            return httpx.Response(200, json={"total": len(self.events), "DATA": self.events})
        is_list = request.url.path.endswith("/task_list")
        if is_list:
            clauses = dict(clause.split(":") for clause in request.url.params["filter"].split("/"))
            assert clauses["type"] == "TRANSFER,DELETE"
            ids = clauses["task_id"].split(",")
            assert int(request.url.params["limit"]) == len(ids)
        else:
            ids = [request.url.path.rpartition("/")[2]]
        numbers = tuple(int(text[-12:], 16) for text in ids)
        self.requests.append((round(self.clock.monotonic() - self._began, 6), numbers))
        if self.seconds:
            await self.clock.sleep(self.seconds)
        if self.failing:
            return refusal(self.failing.pop(0), "Whatever")
        if len(ids) > self.max_ids:
            return refusal(400, "BadRequest")
        if not is_list:
            if numbers[0] in self.missing:
                return refusal(404, "ClientError.NotFound")
            return httpx.Response(200, json=self.document(numbers[0]))
        found = [self.document(number) for number in numbers if number not in self.missing | self.unlisted]
        return httpx.Response(200, json={"total": len(found), "DATA": found})

    def requests_by_time(self) -> dict[float, int]:
        """Return the number of requests by time."""
        return dict(Counter(instant for instant, _ in self.requests))


async def advance_until_done(clock: FakeClock, tasks: Sequence[asyncio.Future[Any]]) -> None:
    while not all(task.done() for task in tasks):
        await clock.advance(min(clock.pending, default=0.0))


class TestSharing:
    @pytest.mark.slow
    async def test_a_thousand_waits(self) -> None:
        """A thousand waits make twenty requests per interval, and each gets its own task."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            waits = [
                asyncio.create_task(tc.task_wait(task_id(number), timeout=35, polling_interval=10))
                for number in range(1000)
            ]
            await clock.advance(15)
            for number in range(0, 1000, 2):
                service.states[number] = {"status": "SUCCEEDED"}
            await advance_until_done(clock, waits)
            assert [wait.result() for wait in waits] == [number % 2 == 0 for number in range(1000)]
        assert service.requests_by_time() == {0.0: 20, 10.0: 20, 20.0: 20, 30.0: 10, 35.0: 10}

    async def test_a_single_wait(self) -> None:
        """A single wait fetches its task directly, not by a listing."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            assert not await tc.task_wait(task_id(1), timeout=10)
        assert service.requests == [(0.0, (1,)), (10.0, (1,))]

    async def test_concurrent_waits_for_one_task(self) -> None:
        """Waits for the same task share the response; each gets its own copy of the document."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.states[1] = {"status": "SUCCEEDED"}
        async with client_of(service, clock=clock) as tc:
            outcomes = await asyncio.gather(*(tc.wait_for_task(task_id(1)) for _ in range(10)))
        assert service.requests == [(0.0, (1,))]
        assert len({id(outcome.task) for outcome in outcomes}) == 10

    async def test_waits_started_at_different_times(self) -> None:
        """Polls that are due within a tenth of an interval of each other share a request; none is early."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            waits = []
            for number in range(10):
                waits.append(asyncio.create_task(tc.task_wait(task_id(number), timeout=None, polling_interval=10)))
                await clock.advance(0.1)
            await clock.advance(60)
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
        later = [(instant, numbers) for instant, numbers in service.requests if instant > 1]
        assert [len(numbers) for _, numbers in later] == [10] * len(later)
        by_task = {number: [at for at, numbers in service.requests if number in numbers] for number in range(10)}
        gaps = [after - before for times in by_task.values() for before, after in itertools.pairwise(times)]
        assert min(gaps) == pytest.approx(10)
        assert max(gaps) <= 11

    async def test_a_wait_started_during_the_sleep(self) -> None:
        """It polls at once; the polls of the other waits stay at their times."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            first = asyncio.create_task(tc.task_wait(task_id(1), timeout=20, polling_interval=20))
            await clock.advance(5)
            second = asyncio.create_task(tc.task_wait(task_id(2), timeout=1, polling_interval=1))
            await advance_until_done(clock, [first, second])
        assert service.requests == [(0.0, (1,)), (5.0, (2,)), (6.0, (2,)), (20.0, (1,))]

    async def test_watches_share_requests(self) -> None:
        """Watches of several tasks make one request per interval."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:

            async def watch(number: int) -> list[int]:
                return [task["bytes_transferred"] async for task in tc.task_watch(task_id(number), polling_interval=2)]

            watches = [asyncio.create_task(watch(number)) for number in range(5)]
            await clock.advance(1)
            for number in range(5):
                service.states[number] = {"bytes_transferred": number, "status": "SUCCEEDED"}
            await advance_until_done(clock, watches)
            assert [watch.result() for watch in watches] == [[0, number] for number in range(5)]
        assert service.requests_by_time() == {0.0: 1, 2.0: 1}

    async def test_growing_interval(self) -> None:
        """The interval grows to a tenth of the time waited, within its bounds."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            tc.transport.jitter = lambda: 0.5
            await tc.wait_for_task(task_id(1), timeout=1000, polling_interval=(2, 30))
        times = [instant for instant, _ in service.requests]
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert min(gaps[:-1]) == 2
        assert max(gaps) == 30
        assert gaps[:-1] == pytest.approx(sorted(gaps[:-1]))
        assert len(times) < 75

    async def test_jitter_stays_within_the_bounds(self) -> None:
        """With any jitter, the interval stays within its bounds."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        draws = iter([0.0, 0.999, 0.3, 0.7] * 1000)
        async with client_of(service, clock=clock) as tc:
            tc.transport.jitter = lambda: next(draws)
            await tc.wait_for_task(task_id(1), timeout=500, polling_interval=(2, 20))
        times = [instant for instant, _ in service.requests]
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert len(set(gaps)) > 10
        assert all(1.999 <= gap <= 20.001 for gap in gaps[:-1])


class TestManyAtOnce:
    @pytest.mark.parametrize("method", ["task_wait", "wait_for_task"])
    async def test_first_steps(self, method: str) -> None:
        """Of a thousand waits that are started at once, two hundred begin in each pass of the event loop."""
        clock = FakeClock()
        async with client_of(Service(clock, seconds=1), clock=clock) as tc:
            waits = [asyncio.create_task(getattr(tc, method)(task_id(number), timeout=None)) for number in range(1000)]
            begun = [0]
            while begun[-1] < 1000:
                await asyncio.sleep(0)
                begun.append(len(tc._poller._pending))
            assert max(after - before for before, after in itertools.pairwise(begun)) == 200
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
            assert not tc._poller._pending

    async def test_requests(self) -> None:
        """The polls of a thousand tasks are ten requests at a time."""
        clock = FakeClock()
        service = Service(clock, seconds=1)
        service.states = {number: {"status": "SUCCEEDED"} for number in range(1000)}
        async with client_of(service, clock=clock) as tc:
            waits = [asyncio.create_task(tc.task_wait(task_id(number), timeout=60)) for number in range(1000)]
            await advance_until_done(clock, waits)
        requests = service.requests_by_time()
        assert (sum(requests.values()), max(requests.values())) == (20, 10)

    async def test_documents(self) -> None:
        """A wait without a time limit keeps no document of an active task."""
        clock = FakeClock()
        service = Service(clock)
        service.states = {number: {"label": str(number) * 10_000} for number in range(100, 200)}
        async with client_of(service, clock=clock) as tc:
            asyncio.get_running_loop().set_debug(False)  # which keeps a traceback of each task
            tracemalloc.start()
            waits = [
                asyncio.create_task(wait(task_id(number), timeout=None))
                for number in range(100, 200)
                for wait in (tc.task_wait, tc.wait_for_task)
            ]
            await clock.asleep()
            gc.collect()
            kept, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert len(service.requests) == 2
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
        assert kept < 1_500_000  # the documents have three million characters

    async def test_a_watch_that_is_cancelled_while_others_are_polled(self) -> None:
        """It gets no document that was requested before, and its next poll is still due."""
        clock = FakeClock()
        service = Service(clock, seconds=1)
        async with client_of(service, clock=clock) as tc:
            other = asyncio.create_task(tc.task_wait(task_id(1), timeout=None))
            watch = tc.task_watch(task_id(2))
            step = asyncio.create_task(anext(watch))
            await clock.advance(0.5)
            step.cancel()
            await asyncio.wait([step])
            service.states = {number: {"status": "SUCCEEDED"} for number in (1, 2)}
            await advance_until_done(clock, [other])
            last = asyncio.create_task(anext(watch))
            await advance_until_done(clock, [last])
            assert last.result()["status"] == "SUCCEEDED"


class TestRefusals:
    async def test_smaller_batches(self) -> None:
        """If the service refuses a batch for its size, smaller batches are used for an hour."""
        clock = FakeClock()
        service = Service(clock, max_ids=20)
        async with client_of(service, clock=clock) as tc:
            waits = [
                asyncio.create_task(tc.task_wait(task_id(number), timeout=10, polling_interval=10))
                for number in range(100)
            ]
            await advance_until_done(clock, waits)
            assert not any(wait.result() for wait in waits)
            answered = [len(numbers) for instant, numbers in service.requests if instant == 10]
            assert max(answered) <= 20
            assert sum(answered) == 100
            service.max_ids = 50
            for after, largest in ((1800, 13), (1800, 50)):
                await clock.advance(after)
                service.requests.clear()
                await tc.get_tasks([task_id(number) for number in range(100)])
                assert max(len(numbers) for _, numbers in service.requests) == largest

    async def test_unknown_task(self) -> None:
        """A task that is missing in the listing is fetched alone; only its own wait fails."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.missing = {3}
        service.unlisted = {4}
        service.states = {number: {"status": "SUCCEEDED"} for number in range(10)}
        async with client_of(service, clock=clock) as tc:
            outcomes = await tc.wait_for_tasks(map(task_id, range(10)))
        assert [type(outcome.error) for outcome in outcomes] == [
            NotFound if number == 3 else type(None) for number in range(10)
        ]
        assert service.requests[0] == (0.0, tuple(range(10)))
        assert sorted(numbers for _, numbers in service.requests[1:]) == [(3,), (4,)]

    async def test_failed_polls(self) -> None:
        """A transient error is repeated by all waits; a permanent error is raised by each, as its own copy."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.failing = [503, 500, 401]
        async with client_of(service, clock=clock) as tc:
            errors = await asyncio.gather(
                *(tc.task_wait(task_id(number), timeout=100) for number in range(5)), return_exceptions=True
            )
        assert {type(error).__name__ for error in errors} == {"AuthenticationFailed"}
        assert len({id(error) for error in errors}) == 5
        assert [instant for instant, _ in service.requests] == [0.0, 10.0, 20.0]

    async def test_outage(self) -> None:
        """With a time limit any number of polls may fail; without one, four in a row."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.failing = [503] * 8
        async with client_of(service, clock=clock) as tc:
            service.states[1] = {"status": "SUCCEEDED"}
            assert await tc.task_wait(task_id(1), timeout=300)
            service.failing = [503] * 8
            with pytest.raises(Exception, match="503"):
                await tc.task_wait(task_id(1), timeout=None)
            assert len(service.failing) == 3


class TestCancellation:
    async def test_the_leader(self) -> None:
        """If the leader is cancelled, in its sleep or in its request, another wait becomes the leader."""
        clock = FakeClock()
        service = Service(clock, seconds=1)
        async with client_of(service, clock=clock) as tc:
            waits = [asyncio.create_task(tc.task_wait(task_id(number), timeout=None)) for number in range(6)]
            for wait in waits[:5]:
                await clock.advance(7.5)  # once in a request, once in a sleep
                wait.cancel()
                await asyncio.wait([wait])
            service.states[5] = {"status": "SUCCEEDED"}
            await advance_until_done(clock, waits[5:])
            assert waits[5].result()
            assert not tc._poller._pending
        assert all(wait.cancelled() for wait in waits[:5])
        assert clock.pending == ()

    async def test_at_every_suspension(self) -> None:
        """After the cancellation of a wait at any point the others get their results, and nothing is left."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            others: list[asyncio.Task[Any]] = []

            async def with_others() -> None:
                service.states.clear()
                mine = asyncio.create_task(tc.task_wait(task_id(9), timeout=15))
                others[:] = [mine, *(asyncio.create_task(tc.task_wait(task_id(n), timeout=25)) for n in (1, 2))]
                await tc.task_wait(task_id(0), timeout=25)

            async def the_others_continue() -> None:
                service.states[1] = {"status": "SUCCEEDED"}
                assert await asyncio.gather(*others) in ([False, True, False], [False, False, False])
                assert not tc._poller._pending
                assert tc._poller._leader is None
                assert tc._poller._sleep_task is None

            assert await every_suspension(with_others, the_others_continue) > 14

    async def test_all_at_once(self) -> None:
        """The cancellation of many waits leaves nothing."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            async with tc.wait_for_tasks(map(task_id, range(200))) as outcomes:
                await clock.asleep()
                del outcomes
            assert not tc._poller._pending
        assert clock.pending == ()


class TestOutcomes:
    @pytest.mark.parametrize(
        ("members", "reason"),
        [
            ({"status": "SUCCEEDED"}, TaskEndReason.SUCCEEDED),
            ({"status": "FAILED"}, TaskEndReason.FAILED),
            ({"status": "FAILED", "fatal_error": {"code": "FILE_NOT_FOUND"}}, TaskEndReason.FAILED),
            ({"status": "FAILED", "fatal_error": {"code": "CANCELED"}}, TaskEndReason.CANCELED),
            ({"status": "FAILED", "canceled_by_admin": "SOURCE"}, TaskEndReason.CANCELED),
            ({"status": "FAILED", "subtasks_canceled": 2}, TaskEndReason.CANCELED),
            ({"status": "FAILED", "subtasks_expired": 2}, TaskEndReason.EXPIRED),
            (  # the open items of a task that failed
                {"status": "FAILED", "subtasks_canceled": 2, "fatal_error": {"code": "FILE_NOT_FOUND"}},
                TaskEndReason.FAILED,
            ),
            (
                {"status": "FAILED", "subtasks_expired": 2, "fatal_error": {"code": "QUOTA_EXCEEDED"}},
                TaskEndReason.FAILED,
            ),
            ({"status": "FAILED", "fatal_error": {"code": "EXPIRED"}}, TaskEndReason.EXPIRED),
            ({"status": "FAILED", "fatal_error": "odd"}, TaskEndReason.FAILED),
            ({"status": "INACTIVE"}, TaskEndReason.INACTIVE),
        ],
    )
    async def test_reasons(self, members: dict[str, Any], reason: TaskEndReason) -> None:
        """The reason is derived from the task document."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.states[1] = members
        async with client_of(service, clock=clock) as tc:
            outcome = await tc.wait_for_task(task_id(1))
        assert outcome.reason is reason
        assert outcome.task["status"] == members["status"]
        assert outcome.is_done is (members["status"] != "INACTIVE")

    async def test_reason_in_events(self) -> None:
        """If the document of a failed task has no reason, its events are fetched."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.states[1] = {"status": "FAILED"}
        service.events = [{"code": "CANCELED", "is_error": True}, {"code": "CONNECT_FAILED", "is_error": True}]
        async with client_of(service, clock=clock) as tc:
            outcome = await tc.wait_for_task(task_id(1))
            assert outcome == TaskOutcome(TaskEndReason.CANCELED, outcome.task)
            outcome = await tc.wait_for_task(task_id(1), error_events=1)
        assert [event["code"] for event in outcome.error_events] == ["CANCELED"]
        assert service.event_requests[0].params["filter"] == "is_error:1"

    @pytest.mark.parametrize("failure", ["403", "500", "html", "no list", "reset", "no token"])
    @pytest.mark.parametrize("timeout", [None, 60])
    async def test_events_that_cannot_be_fetched(self, failure: str, timeout: float | None) -> None:  # noqa: ASYNC109
        """The outcome is known without them, and is returned with the error."""
        clock = FakeClock(skipping=True)
        task = Service(clock)
        task.states[1] = {"status": "FAILED", "task_id": None}

        async def service(request: httpx.Request) -> httpx.Response:
            if not request.url.path.endswith("/event_list"):
                return await task(request)
            match failure:
                case "html":
                    return httpx.Response(200, text="<p>", headers={"Content-Type": "text/html"})
                case "no list":
                    return httpx.Response(200, json={"DATA": 5})
                case "reset":
                    raise httpx.ReadError("reset")
                case "no token":
                    raise TokenRefreshError("no token")
                case _:
                    return refusal(int(failure), "Whatever")

        async with client_of(service, clock=clock) as tc:
            outcome = await tc.wait_for_task(task_id(1), timeout=timeout, error_events=3)
        assert (outcome.reason, outcome.error_events) == (TaskEndReason.FAILED, ())
        assert outcome.is_done
        assert isinstance(outcome.events_error, GlobusError)

    @pytest.mark.parametrize(("status", "reason"), [("FAILED", "failed"), ("ACTIVE", "timed out")])
    async def test_events_that_do_not_arrive(self, status: str, reason: str) -> None:
        """The outcome is returned five seconds after the time limit at the latest."""
        clock = FakeClock()
        task = Service(clock)
        task.states[1] = {"status": status}

        async def service(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/event_list"):
                await clock.sleep(100_000)
            return await task(request)

        async with client_of(service, clock=clock) as tc:
            began = clock.monotonic()
            wait = asyncio.create_task(tc.wait_for_task(task_id(1), timeout=2, polling_interval=1, error_events=1))
            while not wait.done():
                await clock.advance(0.5)
            assert clock.monotonic() - began == 7
        assert wait.result().reason == reason
        assert isinstance(wait.result().events_error, GlobusTimeoutError)

    async def test_timed_out(self) -> None:
        """At the time limit the outcome has the latest document, and the errors if requested."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.events = [{"code": "PERMISSION_DENIED", "is_error": True}]
        async with client_of(service, clock=clock) as tc:
            outcome = await tc.wait_for_task(task_id(1), timeout=5, error_events=3)
        assert outcome.reason is TaskEndReason.TIMED_OUT
        assert not outcome.is_done
        assert [event["code"] for event in outcome.error_events] == ["PERMISSION_DENIED"]

    async def test_stalled(self) -> None:
        """A wait stops after ``stalled_after`` faults without progress, and not while there is progress."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            wait = asyncio.create_task(tc.wait_for_task(task_id(1), polling_interval=10, stalled_after=3))
            for faults, moved in ((1, 5), (3, 6), (5, 6), (6, 6)):
                assert not wait.done()
                service.states[1] = {"faults": faults, "bytes_transferred": moved}
                await clock.advance(10)
            outcome = await wait
        assert outcome.reason is TaskEndReason.STALLED
        assert outcome.task["faults"] == 6

    async def test_stalled_by_some_faults(self) -> None:
        """Faults with other codes, such as those of a collection that is offline for a while, are not counted."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            wait = asyncio.create_task(
                tc.wait_for_task(
                    task_id(1),
                    polling_interval=10,
                    stalled_after=3,
                    stall_codes={"FILE_NOT_FOUND", "PERMISSION_DENIED"},
                )
            )
            for faults, code in (
                *((0, "OK"), (50, "CONNECT_FAILED"), (52, "FILE_NOT_FOUND"), (90, "CONNECT_FAILED")),
                *((90, "PERMISSION_DENIED"), (90, None), (91, "PERMISSION_DENIED")),
            ):
                assert not wait.done()
                service.states[1] = {"faults": faults, "nice_status": code}
                await clock.advance(10)
            outcome = await wait
        assert outcome.reason is TaskEndReason.STALLED
        assert outcome.task["faults"] == 91

    @pytest.mark.parametrize("odd", [None, True, 10**30, 1.5, "x", [], [1], {}, {"a": []}], ids=repr)
    async def test_odd_documents(self, odd: object) -> None:
        """Members of unexpected types are no progress and no faults."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.events = [{"code": odd, "description": odd}]
        names = ("faults", "nice_status", "bytes_transferred", "files", "fatal_error", "label", "canceled_by_admin")
        document = dict.fromkeys(names, odd)
        async with client_of(service, clock=clock) as tc:
            for status in ("ACTIVE", "FAILED"):
                service.states[1] = {**document, "status": status}
                outcome = await tc.wait_for_task(
                    task_id(1), timeout=30, stalled_after=3, stall_codes={"FILE_NOT_FOUND"}, error_events=3
                )
                assert outcome.reason in {TaskEndReason.TIMED_OUT, TaskEndReason.FAILED, TaskEndReason.CANCELED}
                assert isinstance(repr(outcome) + outcome._repr_html_(), str)

    async def test_odd_members_are_no_progress(self) -> None:
        """A task whose counters are of unexpected types stalls all the same."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            wait = asyncio.create_task(tc.wait_for_task(task_id(1), polling_interval=10, stalled_after=2))
            for faults in range(3):
                assert not wait.done()
                service.states[1] = {"faults": faults, "files": [faults]}
                await clock.advance(10)
            assert (await wait).reason is TaskEndReason.STALLED

    async def test_deep_documents(self) -> None:
        """A document with all the levels that a response may have is compared with none."""
        clock = FakeClock(skipping=True)
        bodies = [
            f'{{"status": "{word}", "files": {"[" * 1020}{"]" * 1020}}}' for word in ("ACTIVE", "ACTIVE", "FAILED")
        ]

        def service(_: httpx.Request) -> httpx.Response:
            return httpx.Response(200, text=bodies.pop(0), headers={"Content-Type": "application/json"})

        async with client_of(service, clock=clock) as tc:
            assert [task["status"] async for task in tc.task_watch(task_id(1))] == ["ACTIVE", "ACTIVE", "FAILED"]

    async def test_no_response(self) -> None:
        """If no poll succeeds, the wait raises instead of returning an outcome."""
        clock = FakeClock(skipping=True)

        def service(_: httpx.Request) -> httpx.Response:
            raise httpx.ReadError("reset")

        async with client_of(service, clock=clock) as tc:
            with pytest.raises(GlobusTimeoutError, match="no poll of task") as caught:
                await tc.wait_for_task(task_id(1), timeout=5)
        assert isinstance(caught.value.__cause__, GlobusConnectionError)

    async def test_order_of_outcomes(self) -> None:
        """Outcomes are yielded in the order in which tasks end."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc, tc.wait_for_tasks(map(task_id, range(3))) as outcomes:
            ended = []
            for number in (2, 0, 1):
                waiting = asyncio.ensure_future(anext(outcomes))
                await clock.advance(5)
                service.states[number] = {"status": "SUCCEEDED"}
                await advance_until_done(clock, [waiting])
                ended.append(waiting.result().item)
        assert ended == [task_id(2), task_id(0), task_id(1)]

    @pytest.mark.parametrize(
        "options",
        [
            {"polling_interval": (0.5, 10)},
            {"polling_interval": (10, 5)},
            {"polling_interval": (1, float("inf"))},
            {"timeout": 0.5},
            {"stalled_after": 0},
            {"stall_codes": {"FILE_NOT_FOUND"}},
            {"stalled_after": 1, "stall_codes": "FILE_NOT_FOUND"},
            *({"stalled_after": wrong} for wrong in ("3", True, 1.5, [3])),
            *({"stall_codes": wrong, "stalled_after": 1} for wrong in (5, b"ab", [5], iter(["A"]))),
            *({"error_events": wrong} for wrong in (None, "3", True, 1.5, -1, 1001, 10**400)),
            *({"timeout": wrong} for wrong in ("60", True, [60], float("nan"), 10**400)),
            *({"polling_interval": wrong} for wrong in ("5", None, True, [1, 30], (1, 2, 3), ("1", "2"), 10**400)),
        ],
    )
    async def test_invalid_arguments(self, options: dict[str, Any]) -> None:
        """Invalid arguments are refused without a request, by an error that names them."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            named = next(iter(options))
            with pytest.raises(GlobusSDKUsageError, match=named):
                await tc.wait_for_task(task_id(1), **options)
            with pytest.raises(GlobusSDKUsageError, match=named):
                tc.wait_for_tasks([task_id(1)], **options)
        assert service.requests == []

    @pytest.mark.parametrize("ids", ["ddb59aef-6d04-11e5-ba46-22000b92c6ec", b"ids", 5, None])
    async def test_ids_that_are_no_list(self, ids: Any) -> None:
        """A single string is no list of tasks."""
        async with client_of(Service(FakeClock(skipping=True))) as tc:
            with pytest.raises(GlobusSDKUsageError, match="task_ids"):
                tc.wait_for_tasks(ids)

    def test_unknown_statuses(self) -> None:
        """An unknown status does not end a wait."""
        assert classify({"status": "ARCHIVING"}) is None  # type: ignore[typeddict-item]

    async def test_inactive_task_with_task_wait(self) -> None:
        """`task_wait` raises for an inactive task, also among concurrent waits."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.states[1] = {"status": "INACTIVE"}
        async with client_of(service, clock=clock) as tc:
            found = await asyncio.gather(*(tc.task_wait(task_id(number)) for number in (1, 2)), return_exceptions=True)
        assert isinstance(found[0], TaskInactive)
        assert found[1] is False


class TestEventLoops:
    async def test_a_call_from_another_event_loop(self) -> None:
        """It is refused, and the waits that are in progress go on."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            waits = [asyncio.create_task(tc.task_wait(task_id(number), timeout=60)) for number in (1, 2)]
            await clock.asleep()

            def elsewhere() -> None:
                with pytest.raises(WrongEventLoopError):
                    asyncio.run(tc.task_wait(task_id(3), timeout=60))

            await asyncio.to_thread(elsewhere)
            service.states = {number: {"status": "SUCCEEDED"} for number in (1, 2)}
            await clock.advance(60)
            assert await asyncio.gather(*waits) == [True, True]

    def test_second_event_loop(self) -> None:
        """Waits that remain from another event loop do not block new ones."""
        clock = FakeClock(skipping=True)

        async def main() -> bool:
            async with client_of(Service(clock), clock=clock) as tc:
                tc._poller._leader, tc._poller._loop = object(), None  # type: ignore[assignment] # as after a fork
                return await tc.task_wait(task_id(1), timeout=10)

        assert asyncio.run(main()) is False
