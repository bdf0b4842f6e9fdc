"""Rate limiting: never more calls than allowed in any period, first come, first served."""

from __future__ import annotations

import asyncio
import gc
import weakref
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import AccessTokenAuthorizer, BaseClient, GlobusSDKUsageError, Secret
from globus_async.authorizers import GlobusAuthorizer
from globus_async.services.transfer import TransferClient
from globus_async.transport import RateLimit
from globus_async.transport._rate_limit import RateLimiter
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.scripted import ORIGIN, Scripted, respond


def max_in_any_period(seconds: float, instants: Sequence[float]) -> int:
    """Return the largest number of instants in any period of so many seconds."""
    ordered = sorted(instants)
    return max(
        (bisect_right(ordered, start + seconds - 1e-6) - index for index, start in enumerate(ordered)), default=0
    )


async def advance_until_done(clock: FakeClock, tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Advance the clock from alarm to alarm until all tasks are done; all calls that can be sent are sent before."""
    while not all(task.done() for task in tasks):
        for _ in range(3 * len(tasks)):
            await asyncio.sleep(0)
        await clock.advance(min(clock.pending, default=0.0))


class TestCalls:
    @pytest.mark.slow
    async def test_a_thousand_calls(self) -> None:
        """A thousand concurrent calls of one identity stay within 200 in any ten seconds, in their order."""
        clock = FakeClock()
        service = Scripted(clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t"), max_in_flight=1000) as client:
            client.rate_limit = RateLimit(200, 10.0)
            tasks = [asyncio.create_task(client.get(f"/{number}")) for number in range(1000)]
            await advance_until_done(clock, tasks)
        assert len(service.times) == 1000
        assert max_in_any_period(10.0, service.times) == 200
        assert service.times[-1] == pytest.approx(40.0)
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
        assert max_in_any_period(10.0, service.times) == 10
        assert len(service.times) == 42

    async def test_retries_count(self) -> None:
        """Every attempt counts, not only every call."""
        clock = FakeClock()
        service = Scripted(respond(503), respond(200), clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t")) as client:
            client.rate_limit = RateLimit(1, 10.0)
            await advance_until_done(clock, [asyncio.create_task(client.get("/x"))])
        assert service.times[1] - service.times[0] == pytest.approx(10.0)

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
            "Bearer first": [0.0] * 5 + [10.0] * 5,
            "Bearer second": [0.0] * 5,
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
        assert [number for number, _ in served] == [*range(10), *range(11, 100, 2)]
        assert max_in_any_period(10.0, [instant for _, instant in served]) == 10

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
        limiter = RateLimiter(RateLimit(2, 10.0), clock)
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
        await clock.advance(10)
        await asyncio.gather(first, second)
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
                assert not limiter._queue_lock.locked()
                await client.get("/x")

            await client.get("/x")
            assert await every_suspension(queued, no_slot_is_lost) > 10

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
