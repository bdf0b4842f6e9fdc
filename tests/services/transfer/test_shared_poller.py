"""Many waits on one client: they share their requests, whoever of them is cancelled, and tell how each task ended."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from globus_async import GlobusConnectionError, GlobusSDKUsageError, GlobusTimeoutError
from globus_async.services.transfer import NotFound, TaskEndReason, TaskInactive, TaskOutcome
from globus_async.services.transfer.waiting.outcomes import classify
from globus_async.services.transfer.waiting.shared_poller import batched
from tests.services.transfer.scripted import client_of, refusal
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clock import FakeClock


def task_id(number: int) -> str:
    return f"5e1f2a4c-0000-4000-8000-{number:012x}"


class Service:
    """Tasks by number; remembers when which were asked for, and how many requests that took."""

    def __init__(self, clock: FakeClock, *, most: int = 50, seconds: float = 0.0) -> None:
        self.clock = clock
        self.most = most
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
        if len(ids) > self.most:
            return refusal(400, "BadRequest")
        if not is_list:
            if numbers[0] in self.missing:
                return refusal(404, "ClientError.NotFound")
            return httpx.Response(200, json=self.document(numbers[0]))
        found = [self.document(number) for number in numbers if number not in self.missing | self.unlisted]
        return httpx.Response(200, json={"total": len(found), "DATA": found})

    def per_instant(self) -> dict[float, int]:
        """Return how many requests came at each instant."""
        return dict(Counter(instant for instant, _ in self.requests))


async def turn_until_done(clock: FakeClock, tasks: Sequence[asyncio.Future[Any]]) -> None:
    while not all(task.done() for task in tasks):
        await clock.advance(min(clock.pending, default=0.0))


class TestSharing:
    async def test_a_thousand_waits(self) -> None:
        """A thousand waits of one client make twenty requests an interval, and each learns of its own task."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            tc.rate_limit = None
            waits = [
                asyncio.create_task(tc.task_wait(task_id(number), timeout=35, polling_interval=10))
                for number in range(1000)
            ]
            await clock.advance(15)
            for number in range(0, 1000, 2):
                service.states[number] = {"status": "SUCCEEDED"}
            await turn_until_done(clock, waits)
            assert [wait.result() for wait in waits] == [number % 2 == 0 for number in range(1000)]
        assert service.per_instant() == {0.0: 20, 10.0: 20, 20.0: 20, 30.0: 10, 35.0: 10}

    async def test_one_wait_asks_for_its_task_alone(self) -> None:
        """A lone wait needs no listing."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            assert not await tc.task_wait(task_id(1), timeout=10)
        assert service.requests == [(0.0, (1,)), (10.0, (1,))]

    async def test_several_waits_for_one_task(self) -> None:
        """Who waits for the same task shares the answer, but not the document itself."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.states[1] = {"status": "SUCCEEDED"}
        async with client_of(service, clock=clock) as tc:
            outcomes = await asyncio.gather(*(tc.wait_for_task(task_id(1)) for _ in range(10)))
        assert service.requests == [(0.0, (1,))]
        assert len({id(outcome.task) for outcome in outcomes}) == 10

    async def test_waits_that_began_at_other_times_come_together(self) -> None:
        """Looks that are due within a tenth of an interval of each other are made together; none is made early."""
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

    async def test_a_wait_that_comes_while_the_others_sleep(self) -> None:
        """It looks at once, and nobody else sooner for it."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            first = asyncio.create_task(tc.task_wait(task_id(1), timeout=20, polling_interval=20))
            await clock.advance(5)
            second = asyncio.create_task(tc.task_wait(task_id(2), timeout=1, polling_interval=1))
            await turn_until_done(clock, [first, second])
        assert service.requests == [(0.0, (1,)), (5.0, (2,)), (6.0, (2,)), (20.0, (1,))]

    async def test_watches_share_too(self) -> None:
        """Watching several tasks takes one request a look."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:

            async def watch(number: int) -> list[int]:
                return [task["bytes_transferred"] async for task in tc.task_watch(task_id(number), polling_interval=2)]

            watches = [asyncio.create_task(watch(number)) for number in range(5)]
            await clock.advance(1)
            for number in range(5):
                service.states[number] = {"bytes_transferred": number, "status": "SUCCEEDED"}
            await turn_until_done(clock, watches)
            assert [watch.result() for watch in watches] == [[0, number] for number in range(5)]
        assert service.per_instant() == {0.0: 1, 2.0: 1}

    async def test_an_interval_that_grows(self) -> None:
        """Between two bounds the interval grows to a tenth of the time waited."""
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
        """Whatever is drawn, no look comes sooner or later than its caller said."""
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


class TestRefusals:
    async def test_a_smaller_batch_is_tried(self) -> None:
        """A service that takes fewer ids is asked for fewer, from then on."""
        clock = FakeClock()
        service = Service(clock, most=20)
        async with client_of(service, clock=clock) as tc:
            tc.rate_limit = None
            waits = [
                asyncio.create_task(tc.task_wait(task_id(number), timeout=10, polling_interval=10))
                for number in range(100)
            ]
            await turn_until_done(clock, waits)
            assert not any(wait.result() for wait in waits)
        answered = [len(numbers) for instant, numbers in service.requests if instant == 10]
        assert max(answered) <= 20
        assert sum(answered) == 100

    async def test_a_task_that_is_not_there(self) -> None:
        """A task that the listing does not have is asked for alone; only its own wait fails."""
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

    async def test_failures_are_each_waits_own(self) -> None:
        """What passes is endured by all; what does not is an error of its own for each of them."""
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

    async def test_a_long_outage_within_the_time(self) -> None:
        """Within its time a wait endures any number of failures; without a limit, four in a row."""
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


class TestCancelled:
    async def test_the_leader(self) -> None:
        """When the one whose request it is gives up, in its sleep or on the way, another takes its place."""
        clock = FakeClock()
        service = Service(clock, seconds=1)
        async with client_of(service, clock=clock) as tc:
            waits = [asyncio.create_task(tc.task_wait(task_id(number), timeout=None)) for number in range(6)]
            for wait in waits[:5]:
                await clock.advance(7.5)  # once in a request, once in a sleep
                wait.cancel()
                await asyncio.wait([wait])
            service.states[5] = {"status": "SUCCEEDED"}
            await turn_until_done(clock, waits[5:])
            assert waits[5].result()
            assert not tc._poller._pending
        assert all(wait.cancelled() for wait in waits[:5])
        assert clock.pending == ()

    async def test_at_every_suspension(self) -> None:
        """However a wait is cancelled, the others learn what they wait for, and nothing is left."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            others: list[asyncio.Task[Any]] = []

            async def with_others() -> None:
                service.states.clear()
                mine = asyncio.create_task(tc.task_wait(task_id(9), timeout=15))
                others[:] = [mine, *(asyncio.create_task(tc.task_wait(task_id(n), timeout=25)) for n in (1, 2))]
                await tc.task_wait(task_id(0), timeout=25)

            async def the_others_go_on() -> None:
                service.states[1] = {"status": "SUCCEEDED"}
                assert await asyncio.gather(*others) in ([False, True, False], [False, False, False])
                assert not tc._poller._pending
                assert tc._poller._leader is None
                assert tc._poller._sleep_task is None

            assert await every_suspension(with_others, the_others_go_on) > 15

    async def test_all_at_once(self) -> None:
        """Leaving many waits leaves nothing."""
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
        ("members", "end"),
        [
            ({"status": "SUCCEEDED"}, TaskEndReason.SUCCEEDED),
            ({"status": "FAILED"}, TaskEndReason.FAILED),
            ({"status": "FAILED", "fatal_error": {"code": "FILE_NOT_FOUND"}}, TaskEndReason.FAILED),
            ({"status": "FAILED", "fatal_error": {"code": "CANCELED"}}, TaskEndReason.CANCELED),
            ({"status": "FAILED", "canceled_by_admin": "SOURCE"}, TaskEndReason.CANCELED),
            ({"status": "FAILED", "subtasks_canceled": 2}, TaskEndReason.CANCELED),
            ({"status": "FAILED", "subtasks_expired": 2}, TaskEndReason.EXPIRED),
            ({"status": "INACTIVE"}, TaskEndReason.INACTIVE),
        ],
    )
    async def test_ends(self, members: dict[str, Any], end: TaskEndReason) -> None:
        """The outcome tells how a task ended, from what its document says."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.states[1] = members
        async with client_of(service, clock=clock) as tc:
            outcome = await tc.wait_for_task(task_id(1))
        assert outcome.reason is end
        assert outcome.task["status"] == members["status"]
        assert outcome.is_done is (members["status"] != "INACTIVE")

    async def test_what_only_the_events_tell(self) -> None:
        """A failed task whose document does not say why is looked up in its events."""
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

    async def test_time_is_up(self) -> None:
        """A task that goes on longer than was waited has its latest document, and its errors if asked for."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.events = [{"code": "PERMISSION_DENIED", "is_error": True}]
        async with client_of(service, clock=clock) as tc:
            outcome = await tc.wait_for_task(task_id(1), timeout=5, error_events=3)
        assert outcome.reason is TaskEndReason.TIMED_OUT
        assert not outcome.is_done
        assert [event["code"] for event in outcome.error_events] == ["PERMISSION_DENIED"]

    async def test_stalled(self) -> None:
        """A task that gathers faults while nothing moves is given up after so many; one that moves is not."""
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

    async def test_nothing_learnt(self) -> None:
        """A service that never answered is an error, not an outcome."""
        clock = FakeClock(skipping=True)

        def service(_: httpx.Request) -> httpx.Response:
            raise httpx.ReadError("reset")

        async with client_of(service, clock=clock) as tc:
            with pytest.raises(GlobusTimeoutError, match="no poll of task") as caught:
                await tc.wait_for_task(task_id(1), timeout=5)
        assert isinstance(caught.value.__cause__, GlobusConnectionError)

    async def test_as_they_end(self) -> None:
        """Outcomes come as tasks end, in whatever order."""
        clock = FakeClock()
        service = Service(clock)
        async with client_of(service, clock=clock) as tc, tc.wait_for_tasks(map(task_id, range(3))) as outcomes:
            ended = []
            for number in (2, 0, 1):
                waiting = asyncio.ensure_future(anext(outcomes))
                await clock.advance(5)
                service.states[number] = {"status": "SUCCEEDED"}
                await turn_until_done(clock, [waiting])
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
        ],
    )
    async def test_bad_arguments(self, options: dict[str, Any]) -> None:
        """Nothing is sent for arguments that cannot be meant."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        async with client_of(service, clock=clock) as tc:
            with pytest.raises(GlobusSDKUsageError):
                await tc.wait_for_task(task_id(1), **options)
            with pytest.raises(GlobusSDKUsageError):
                tc.wait_for_tasks([task_id(1)], **options)
        assert service.requests == []

    def test_unknown_states_are_no_end(self) -> None:
        """A state of the future is waited through."""
        assert classify({"status": "ARCHIVING"}) is None  # type: ignore[typeddict-item]

    async def test_inactive_raises_from_task_wait(self) -> None:
        """`task_wait` says so with an error, as ever, also when several wait."""
        clock = FakeClock(skipping=True)
        service = Service(clock)
        service.states[1] = {"status": "INACTIVE"}
        async with client_of(service, clock=clock) as tc:
            found = await asyncio.gather(*(tc.task_wait(task_id(number)) for number in (1, 2)), return_exceptions=True)
        assert isinstance(found[0], TaskInactive)
        assert found[1] is False


class TestLoops:
    def test_each_loop_has_its_own(self) -> None:
        """Waits that a loop left behind do not hold up those of the next one."""
        clock = FakeClock(skipping=True)

        async def main() -> bool:
            async with client_of(Service(clock), clock=clock) as tc:
                tc._poller._leader, tc._poller._loop = object(), None  # type: ignore[assignment] # as after a fork
                return await tc.task_wait(task_id(1), timeout=10)

        assert asyncio.run(main()) is False

    def test_batches(self) -> None:
        """Batches are full but for the last."""
        assert list(batched(range(7), 3)) == [(0, 1, 2), (3, 4, 5), (6,)]
