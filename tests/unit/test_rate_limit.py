"""Rate limiting: evenly spread, never more calls than allowed in any period, calls of a bulk after the others."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import random
import weakref
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import AccessTokenAuthorizer, BaseClient, GlobusSDKUsageError, Progress, Secret, Transport, bulk
from globus_async.authorizers import GlobusAuthorizer
from globus_async.services.transfer import TransferClient
from globus_async.transport import RateLimit
from globus_async.transport._rate_limit import RateLimiter
from globus_async.transport._waiting_calls import InFlightLimit
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.scripted import ORIGIN, Scripted, respond

pytestmark = pytest.mark.slow


def max_in_any_period(seconds: float, instants: Sequence[float]) -> int:
    """Return the largest number of instants in any period of so many seconds."""
    ordered = sorted(instants)
    return max(
        (bisect_right(ordered, start + seconds - 1e-6) - index for index, start in enumerate(ordered)), default=0
    )


async def advance_until_done(clock: FakeClock, tasks: Sequence[asyncio.Future[Any]], *, step: float = 0.0) -> None:
    """
    Advance the clock from alarm to alarm, by ``step`` seconds at least, until all tasks are done.

    All calls that can be sent are sent before.
    """
    while not all(task.done() for task in tasks):
        for _ in range(3 * len(tasks)):
            await asyncio.sleep(0)
        await clock.advance(max(min(clock.pending, default=0.0), step))


class TestCalls:
    @pytest.mark.slow
    async def test_a_thousand_calls(self) -> None:
        """A thousand concurrent calls of one identity: 20 at once, then evenly, within 200 in any 10.5 seconds."""
        clock = FakeClock()
        service = Scripted(clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t"), max_in_flight=1000) as client:
            client.rate_limit = RateLimit(200, 10.0)
            tasks = [asyncio.create_task(client.get(f"/{number}")) for number in range(1000)]
            await advance_until_done(clock, tasks, step=1.0)
        assert len(service.times) == 1000
        assert service.times[:20] == [0.0] * 20
        gaps = [after - before for before, after in itertools.pairwise(service.times[19:])]
        assert gaps == pytest.approx([10.5 / 181] * 980)
        assert max_in_any_period(10.5, service.times) == 200
        assert service.paths == [f"/{number}" for number in range(1000)]

    async def test_delayed_calls_are_not_sent_all_at_once(self) -> None:
        """A call counts from the moment it is sent: a slow service does not cause a burst of calls."""
        clock = FakeClock()

        async def slow(_: httpx.Request) -> httpx.Response:
            await clock.sleep(7)
            return httpx.Response(200, json={})

        service = Scripted(slow, clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t"), max_in_flight=7) as client:
            client.rate_limit = RateLimit(10, 10.0)
            tasks = [asyncio.create_task(client.get("/x")) for _ in range(60)]
            await advance_until_done(clock, tasks)
        assert len(service.times) == 60
        assert max_in_any_period(10.0, service.times) <= 10

    async def test_a_requested_pause_comes_first(self) -> None:
        """After a 429 nothing is sent until the end of its Retry-After, and then within the rate limit."""
        clock = FakeClock()
        service = Scripted(respond(429, retry_after="30"), respond(200), clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t")) as client:
            client.rate_limit = RateLimit(10, 10.0)
            first = asyncio.create_task(client.get("/first"))
            await clock.asleep()
            tasks = [first, *(asyncio.create_task(client.get("/x")) for _ in range(40))]
            await advance_until_done(clock, tasks)
        assert service.times[0] == 0
        assert service.times[1] >= 30
        assert max_in_any_period(10.0, service.times) <= 10
        assert len(service.times) == 42

    async def test_retries_count(self) -> None:
        """Every attempt counts, not only every call."""
        clock = FakeClock()
        service = Scripted(respond(503), respond(200), clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t")) as client:
            client.rate_limit = RateLimit(1, 10.0)
            await advance_until_done(clock, [asyncio.create_task(client.get("/x"))])
        assert service.times[1] - service.times[0] == pytest.approx(10.5)

    async def test_clients_of_one_identity_share_the_limit(self) -> None:
        """Clients that share authorizer and transport are counted together, others separately."""
        clock = FakeClock()
        service = Scripted(clock=clock)
        first, second = AccessTokenAuthorizer("first"), AccessTokenAuthorizer("second")
        async with service.transport() as transport:
            one, two, other = (
                BaseClient(base_url=ORIGIN, authorizer=authorizer, transport=transport, rate_limit=RateLimit(5, 10.0))
                for authorizer in (first, first, second)
            )
            calls = [client.get("/x") for client in (one, two, other) for _ in range(5)]
            tasks = [asyncio.create_task(call) for call in calls]
            await advance_until_done(clock, tasks)
        by_token: dict[str | None, list[float]] = {token: [] for token in service.tokens}
        for token, instant in zip(service.tokens, service.times, strict=True):
            by_token[token].append(instant)
        assert by_token == {
            "Bearer first": pytest.approx([number * 2.1 for number in range(10)]),
            "Bearer second": pytest.approx([number * 2.1 for number in range(5)]),
        }

    async def test_other_origins_are_not_delayed(self) -> None:
        """Calls that wait for one service do not delay those to another, even on a transport with few slots."""
        clock = FakeClock()
        service = Scripted(clock=clock)
        authorizer = AccessTokenAuthorizer("t")
        async with service.transport(max_in_flight=2) as transport:
            slow = BaseClient(
                base_url=ORIGIN, authorizer=authorizer, transport=transport, rate_limit=RateLimit(1, 100.0)
            )
            other = BaseClient(base_url="https://auth.globus.org/", authorizer=authorizer, transport=transport)
            waiting = [asyncio.create_task(slow.get("/x")) for _ in range(10)]
            await clock.asleep()
            for _ in range(5):
                await other.get("/y")
            assert sum(task.done() for task in waiting) == 1
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)

    async def test_defaults(self) -> None:
        """Transfer allows 20 calls a second over ten seconds; a client can have another limit or none."""
        async with TransferClient() as client:
            assert client.rate_limit == RateLimit(200, 10.0)
        async with TransferClient(rate_limit=None) as client:
            assert client.rate_limit is None
        async with BaseClient(base_url=ORIGIN) as client:
            assert client.rate_limit is None

    async def test_a_transport_without_default_limits(self) -> None:
        """Its clients have no rate limit but one of their own."""
        async with Transport(default_rate_limits=False) as transport:
            assert TransferClient(transport=transport).rate_limit is None
            own = RateLimit(5, 1.0)
            assert TransferClient(transport=transport, rate_limit=own).rate_limit is own

    async def test_an_unhashable_authorizer(self) -> None:
        """Calls are counted by the identity of the authorizer; its limiter is removed along with it."""

        @dataclass
        class Own(GlobusAuthorizer):
            token: str

            async def get_authorization_header(self) -> Secret:
                return Secret(f"Bearer {self.token}")

        service = Scripted()
        async with service.transport() as transport:
            client = BaseClient(
                base_url=ORIGIN, authorizer=Own("t"), transport=transport, rate_limit=RateLimit(5, 10.0)
            )
            await client.get("/x")
            limiters = transport.origin(ORIGIN)._limiters
            assert len(limiters) == 1
            del client
            gc.collect()
            assert not limiters

    async def test_limiters_are_removed_with_the_transport(self) -> None:
        """Applications keep one authorizer, and may make a client for every request."""
        authorizer = AccessTokenAuthorizer("AgX1")

        async def one_call() -> None:
            async with Scripted().client(authorizer=authorizer) as client:
                client.rate_limit = RateLimit()
                await client.get("x")

        for _ in range(10):
            await one_call()
        gc.collect()
        assert weakref.getweakrefcount(authorizer) == 0

    @pytest.mark.parametrize(("calls", "seconds"), [(0, 1), (-1, 1), (1.5, 1), (1, 0), (1, -1), (1, float("inf"))])
    def test_invalid_rates_are_refused(self, calls: Any, seconds: Any) -> None:
        """At least one call, in a finite period."""
        with pytest.raises(GlobusSDKUsageError):
            RateLimit(calls, seconds)


class TestRateLimiter:
    async def test_cancelled_waiters(self) -> None:
        """Half of the waiters are cancelled; the others get their slots in order and within the rate."""
        clock = FakeClock()
        limiter = RateLimiter(RateLimit(10, 10.0), clock)
        served: list[tuple[int, float]] = []

        async def wait(number: int) -> None:
            await limiter.acquire()
            served.append((number, clock.monotonic()))
            limiter.mark_sent()

        tasks = [asyncio.create_task(wait(number)) for number in range(100)]
        await clock.asleep()
        for task in tasks[10::2]:
            task.cancel()
        await advance_until_done(clock, tasks)
        first = sum(instant == served[0][1] for _, instant in served)
        assert [number for number, _ in served] == [*range(10), *range(11, 100, 2)][: len(served)]
        assert (first, len(served)) == (1, 55)
        assert max_in_any_period(10.0, [instant for _, instant in served]) <= 10

    async def test_a_released_slot_is_free_at_once(self) -> None:
        """A call that was not sent does not count."""
        limiter = RateLimiter(RateLimit(1, 10.0), FakeClock())
        for _ in range(100):
            await limiter.acquire()
            limiter.release()

    async def test_the_next_waiter_gets_a_released_slot(self) -> None:
        """While no slot has been used yet."""
        limiter = RateLimiter(RateLimit(1, 10.0), FakeClock())
        await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0)
        assert not waiting.done()
        limiter.release()
        await waiting

    async def test_waiters_are_served_in_order(self) -> None:
        """A released slot goes to the first waiter, not to a later call."""
        clock = FakeClock()
        limiter = RateLimiter(RateLimit(20, 10.0), clock)
        order: list[str] = []
        await limiter.acquire()
        limiter.mark_sent()
        await limiter.acquire()
        first = asyncio.create_task(limiter.acquire())
        await clock.asleep()
        limiter.release()
        second = asyncio.create_task(limiter.acquire())
        second.add_done_callback(lambda _: order.append("second"))
        first.add_done_callback(lambda _: order.append("first"))
        await advance_until_done(clock, [first])
        limiter.mark_sent()
        await advance_until_done(clock, [second])
        assert order == ["first", "second"]

    async def test_cancelled_at_every_suspension(self) -> None:
        """Wherever a call is cancelled, no slot is lost."""

        async def in_a_while(_: httpx.Request) -> httpx.Response:
            for _pass in range(3):
                await asyncio.sleep(0)
            return httpx.Response(200, json={})

        service = Scripted(in_a_while, clock=FakeClock(skipping=True))
        async with service.client(authorizer=AccessTokenAuthorizer("t"), max_in_flight=1) as client:
            client.rate_limit = RateLimit(2, 10.0)

            others: list[asyncio.Task[Any]] = []

            async def queued() -> None:
                others[:] = [asyncio.create_task(client.get("/x")) for _ in range(3)]
                await asyncio.sleep(0)
                await client.get("/x")

            async def no_slot_is_lost() -> None:
                await asyncio.gather(*others)
                ((limiter, _),) = client.transport.origin(ORIGIN)._limiters.values()
                assert limiter._acquired == 0
                assert not limiter._waiting
                assert limiter._timekeeper is None
                await client.get("/x")

            await client.get("/x")
            assert await every_suspension(queued, no_slot_is_lost) > 10

    async def test_cancelled_when_it_gets_a_slot(self) -> None:
        """A call that another waiting call gives the slot to, and that is cancelled in that moment, releases it."""
        clock = FakeClock(skipping=True)
        limiter = RateLimiter(RateLimit(2, 10.0), clock)
        others: list[asyncio.Task[None]] = []

        async def call(in_bulk: bool) -> None:
            await limiter.acquire(in_bulk=in_bulk)
            limiter.mark_sent()

        async def queued() -> None:
            others[:] = [asyncio.create_task(call(in_bulk=True)) for _ in range(3)]
            await asyncio.sleep(0)
            await call(in_bulk=False)

        async def no_slot_is_lost() -> None:
            await asyncio.gather(*others)
            assert (limiter._acquired, len(limiter._waiting), limiter._timekeeper) == (0, 0, None)

        assert await every_suspension(queued, no_slot_is_lost) > 3

    @settings(deadline=None)
    @given(
        calls=st.integers(1, 7),
        arrivals=st.lists(st.floats(0, 3, allow_nan=False), max_size=60),
        delays=st.lists(st.floats(0, 5, allow_nan=False), min_size=60, max_size=60),
    )
    def test_any_arrival_and_delay(self, calls: int, arrivals: list[float], delays: list[float]) -> None:
        """However calls arrive and are delayed before they are sent, no period has too many."""

        async def run() -> list[float]:
            clock = FakeClock()
            limiter = RateLimiter(RateLimit(calls, 10.0), clock)
            sent_at: list[float] = []

            async def call(delay: float) -> None:
                await limiter.acquire()
                await clock.sleep(delay)
                limiter.mark_sent()
                sent_at.append(clock.monotonic())

            tasks = []
            for gap, delay in zip(arrivals, delays, strict=False):
                await clock.advance(gap)
                tasks.append(asyncio.create_task(call(delay)))
            await advance_until_done(clock, tasks)
            return sent_at

        sent_at = asyncio.run(run())
        assert len(sent_at) == len(arrivals)
        assert max_in_any_period(10.0, sent_at) <= calls

    @settings(deadline=None)
    @given(
        calls=st.integers(1, 40),
        arrivals=st.lists(
            st.tuples(st.floats(0, 2, allow_nan=False), st.booleans(), st.none() | st.floats(0, 5, allow_nan=False)),
            max_size=40,
        ),
    )
    def test_any_cancellation(self, calls: int, arrivals: list[tuple[float, bool, float | None]]) -> None:
        """Whoever is cancelled, and whenever, all others are served, within the rate, and no slot is lost."""

        async def run() -> None:
            clock = FakeClock()
            limiter = RateLimiter(RateLimit(calls, 10.0), clock)
            sent_at: list[float] = []

            async def call(in_bulk: bool) -> None:
                await limiter.acquire(in_bulk=in_bulk)
                try:
                    await clock.sleep(1.0)
                except asyncio.CancelledError:
                    limiter.release()
                    raise
                limiter.mark_sent()
                sent_at.append(clock.monotonic())

            async def cancelled(in_bulk: bool, seconds: float) -> None:
                task = asyncio.create_task(call(in_bulk))
                await clock.sleep(seconds)
                task.cancel()
                await asyncio.wait([task])

            tasks = []
            for gap, in_bulk, seconds in arrivals:
                await clock.advance(gap)
                tasks.append(asyncio.create_task(call(in_bulk) if seconds is None else cancelled(in_bulk, seconds)))
            await advance_until_done(clock, tasks)
            for task in tasks:
                task.result()
            assert (limiter._acquired, len(limiter._waiting), limiter._timekeeper) == (0, 0, None)
            assert max_in_any_period(10.0, sent_at) <= calls
            await clock.advance(100)
            async with asyncio.timeout(1):
                await limiter.acquire()

        asyncio.run(run())


Window = Literal["fixed", "sliding", "bucket"]


class ThrottlingService:
    """
    A service that allows 200 calls in ten seconds, and which calls reach after a delay of up to half a second.

    Args:
        window: How it counts.
        seed: Of the delays.
    """

    def __init__(self, window: Window, seed: int) -> None:
        self.clock = FakeClock()
        self.arrived: list[float] = []
        self.refused = 0
        self._window = window
        self._random = random.Random(seed)
        self._phase = self._random.uniform(0, 10)
        self._tokens, self._filled_at = 200.0, self.clock.monotonic()
        self.scripted = Scripted(self._respond, clock=self.clock)

    async def _respond(self, _: httpx.Request) -> httpx.Response:
        await self.clock.sleep(self._random.choice([0.0, 0.05, self._random.uniform(0, 0.5)]))
        now = self.clock.monotonic()
        is_allowed = self._is_allowed(now)
        self.arrived.append(now)
        self.refused += not is_allowed
        return httpx.Response(200 if is_allowed else 429, json={})

    def _is_allowed(self, now: float) -> bool:
        if self._window == "bucket":
            self._tokens = min(200.0, self._tokens + 20 * (now - self._filled_at)) - 1
            self._filled_at = now
            return self._tokens >= 0
        if self._window == "sliding":
            return sum(instant > now - 10 for instant in self.arrived) < 200
        number = (now - self._phase) // 10
        return sum((instant - self._phase) // 10 == number for instant in self.arrived) < 200


class TestService:
    @pytest.mark.slow
    @pytest.mark.parametrize("window", ["fixed", "sliding", "bucket"])
    @pytest.mark.parametrize("in_bulk", [True, False], ids=["bulk", "gather"])
    async def test_no_call_is_refused(self, window: Window, in_bulk: bool) -> None:
        """Of 500 calls none is refused, however the service counts; and in every second some are made."""
        service = ThrottlingService(window, seed=7)
        async with service.scripted.client(authorizer=AccessTokenAuthorizer("t"), max_in_flight=50) as client:
            client.rate_limit = RateLimit(200, 10.0)
            paths = [f"/{number}" for number in range(500)]
            calls: Any = bulk(client.get, paths).values() if in_bulk else asyncio.gather(*map(client.get, paths))
            await advance_until_done(service.clock, [asyncio.ensure_future(calls)], step=1.0)
        assert (len(service.arrived), service.refused) == (500, 0)
        arrived = sorted(service.arrived)
        assert max(after - before for before, after in itertools.pairwise(arrived)) < 1
        assert arrived[-1] - arrived[0] < 30


class TestPrecedence:
    async def waits(
        self, client: BaseClient, clock: FakeClock, make_bulk: Callable[[], Any], seconds: float
    ) -> list[float]:
        """Make 20 calls, one after the other, during a bulk; return how long each waited for its response."""
        running = asyncio.ensure_future(make_bulk())
        await clock.advance(20)
        waits = []
        for number in range(20):
            begin = clock.monotonic()
            await advance_until_done(clock, [asyncio.create_task(client.get(f"/interactive/{number}"))])
            waits.append(clock.monotonic() - begin)
            await clock.advance(seconds)
        assert not running.done()
        running.cancel()
        await asyncio.wait([running])
        return waits

    async def test_beside_a_bulk_with_a_rate_limit(self) -> None:
        """A call outside of a bulk of 5,000 waits for at most two intervals of the rate, not for the bulk."""
        clock = FakeClock()
        service = Scripted(clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t")) as client:
            client.rate_limit = RateLimit(200, 10.0)
            paths = [f"/{number}" for number in range(5000)]
            waits = await self.waits(client, clock, lambda: bulk(client.get, paths, concurrency=100).values(), 0.31)
        assert max(waits) <= 2 * 10.5 / 181

    async def test_beside_a_bulk_that_fills_the_calls_in_flight(self) -> None:
        """A call outside of a bulk gets the next free slot: its own second, and at most one more."""
        clock = FakeClock()

        async def slow(_: httpx.Request) -> httpx.Response:
            await clock.sleep(1.0)
            return httpx.Response(200, json={})

        service = Scripted(slow, clock=clock)
        async with service.client(max_in_flight=5) as client:
            paths = [f"/{number}" for number in range(5000)]
            waits = await self.waits(client, clock, lambda: bulk(client.get, paths, concurrency=100).values(), 0.31)
        assert max(waits) <= 2

    async def test_a_bulk_makes_progress(self) -> None:
        """However many other calls there are, every fifth slot is for a bulk."""
        clock = FakeClock()
        service = Scripted(clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t")) as client:
            client.rate_limit = RateLimit(10, 10.0)

            async def always() -> None:
                while True:
                    await client.get("/interactive")

            tasks: list[asyncio.Future[Any]] = [asyncio.create_task(always()) for _ in range(20)]
            tasks.append(asyncio.ensure_future(bulk(client.get, [f"/{n}" for n in range(5000)]).values()))
            await clock.advance(105)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        of_bulk = sum(path != "/interactive" for path in service.paths)
        assert len(service.paths) == pytest.approx(100, abs=2)
        assert of_bulk == pytest.approx(20, abs=1)

    async def test_no_call_of_a_bulk_waits_long(self) -> None:
        """The workers of a bulk start a call when it is its turn: none spends its time limit in a queue."""
        clock = FakeClock()
        service = Scripted(clock=clock)
        waits: list[float] = []
        async with service.client(authorizer=AccessTokenAuthorizer("t"), total_timeout=3.0) as client:
            client.rate_limit = RateLimit(10, 10.0)

            async def call(path: str) -> None:
                begin = clock.monotonic()
                await client.get(path)
                waits.append(clock.monotonic() - begin)

            task = asyncio.ensure_future(bulk(call, [f"/{number}" for number in range(60)], concurrency=60).values())
            await advance_until_done(clock, [task])
            await task
        assert len(waits) == 60
        assert max(waits) <= 1.05 + 1e-6

    async def test_a_bulk_starts_no_call_during_a_pause(self) -> None:
        """After a 429 with Retry-After the calls wait where no time limit runs."""
        clock = FakeClock()
        service = Scripted(respond(429, retry_after="30"), respond(200), clock=clock)
        started: list[float] = []
        async with service.client() as client:

            async def call(path: str) -> None:
                started.append(clock.monotonic())
                await client.get(path)

            begin = clock.monotonic()
            task = asyncio.ensure_future(bulk(call, [f"/{number}" for number in range(10)], concurrency=2).values())
            await advance_until_done(clock, [task])
            await task
        assert sum(instant < begin + 30 for instant in started) == 2

    async def test_cancelled_waiters_in_flight(self) -> None:
        """Wherever a call that waits for a slot in flight is cancelled, the slot is not lost."""
        limit = InFlightLimit(1)
        others: list[asyncio.Task[None]] = []

        async def hold(in_bulk: bool) -> None:
            await limit.acquire(in_bulk=in_bulk)
            try:
                await asyncio.sleep(0)
            finally:
                limit.release()

        async def queued() -> None:
            others[:] = [asyncio.create_task(hold(in_bulk)) for in_bulk in (False, True, False)]
            await asyncio.sleep(0)
            await hold(in_bulk=True)

        async def no_slot_is_lost() -> None:
            await asyncio.gather(*others)
            assert (limit._free, len(limit._waiting)) == (1, 0)

        assert await every_suspension(queued, no_slot_is_lost) > 5


def records(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the messages of the package."""
    return [record.getMessage() for record in caplog.records if record.name == "globus_async"]


class TestVisibility:
    @pytest.mark.slow
    async def test_a_long_wait_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        """Calls that wait for longer than a second are reported, once in ten seconds; others are not."""
        caplog.set_level(logging.INFO, "globus_async")
        clock = FakeClock()
        service = Scripted(clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t")) as client:
            client.rate_limit = RateLimit(200, 10.0)
            await advance_until_done(clock, [asyncio.create_task(client.get("/x")) for _ in range(30)])
            assert records(caplog) == []
            await clock.advance(60)
            await advance_until_done(clock, [asyncio.create_task(client.get("/x")) for _ in range(270)])
        first, second = records(caplog)
        assert first.startswith("throttled for 1.0 s by the rate limit of 200 calls in 10 s; 23")
        assert second.startswith("throttled for 11.1 s by the rate limit of 200 calls in 10 s; ")

    async def test_a_requested_pause_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        """Once for all calls."""
        caplog.set_level(logging.INFO, "globus_async")
        clock = FakeClock()
        service = Scripted(respond(429, retry_after="30"), respond(200), clock=clock)
        async with service.client() as client:
            first = asyncio.create_task(client.get("/first"))
            await clock.asleep()
            await advance_until_done(clock, [first, *(asyncio.create_task(client.get("/x")) for _ in range(5))])
        assert [message for message in records(caplog) if "pause" in message] == [
            "all calls to the service pause for 30.0 s, as it requested"
        ]

    async def test_progress_of_a_throttled_bulk(self) -> None:
        """A bulk reports its rate, for how long its calls waited, and the time left."""
        clock = FakeClock()
        service = Scripted(clock=clock)
        reported: list[Progress] = []
        async with service.client(authorizer=AccessTokenAuthorizer("t")) as client:
            client.rate_limit = RateLimit(10, 10.0)
            paths = [f"/{number}" for number in range(50)]
            task = asyncio.ensure_future(bulk(client.get, paths, progress=reported.append, clock=clock).values())
            await advance_until_done(clock, [task])
        halfway, end = reported[24], reported[49]
        assert halfway.throttled == pytest.approx(24 * 1.05)
        assert halfway.rate == pytest.approx(1 / 1.05)
        assert halfway.seconds_left == pytest.approx(25 * 1.05)
        assert end.throttled == pytest.approx(49 * 1.05)
