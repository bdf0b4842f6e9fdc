"""Manners: never more calls than the rate allows in any stretch of time, first come, first served."""

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
from tests.toolkit.scripted import ORIGIN, Scripted, answer


def most_in_any(seconds: float, instants: Sequence[float]) -> int:
    """Return the largest number of instants in any stretch of so many seconds."""
    ordered = sorted(instants)
    return max(
        (bisect_right(ordered, start + seconds - 1e-6) - index for index, start in enumerate(ordered)), default=0
    )


async def turn_until_done(clock: FakeClock, tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Turn the clock from alarm to alarm until all tasks are over."""
    while not all(task.done() for task in tasks):
        await clock.advance(min(clock.pending, default=0.0))


class TestCalls:
    async def test_a_thousand_calls(self) -> None:
        """A thousand concurrent calls of one identity stay within 200 in any ten seconds, and go in order."""
        clock = FakeClock()
        service = Scripted(clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t"), max_in_flight=1000) as client:
            client.rate_limit = RateLimit(200, 10.0)
            tasks = [asyncio.create_task(client.get(f"/{number}")) for number in range(1000)]
            await turn_until_done(clock, tasks)
        assert len(service.times) == 1000
        assert most_in_any(10.0, service.times) == 200
        assert service.times[-1] == pytest.approx(40.0)
        assert service.paths == [f"/{number}" for number in range(1000)]

    async def test_calls_held_up_on_the_way_do_not_go_out_together_later(self) -> None:
        """A call counts from when it leaves: a slow service makes no burst out of those that had their turn."""
        clock = FakeClock()

        async def slow(_: httpx.Request) -> httpx.Response:
            await clock.sleep(7)
            return httpx.Response(200, json={})

        service = Scripted(slow, clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t"), max_in_flight=7) as client:
            client.rate_limit = RateLimit(10, 10.0)
            tasks = [asyncio.create_task(client.get("/x")) for _ in range(60)]
            await turn_until_done(clock, tasks)
        assert len(service.times) == 60
        assert most_in_any(10.0, service.times) <= 10

    async def test_a_pause_that_the_service_asks_for_comes_first(self) -> None:
        """After a 429 nothing goes out until its Retry-After is over, and then within the rate again."""
        clock = FakeClock()
        service = Scripted(answer(429, retry_after="30"), answer(200), clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t")) as client:
            client.rate_limit = RateLimit(10, 10.0)
            first = asyncio.create_task(client.get("/first"))
            await clock.asleep()
            tasks = [first, *(asyncio.create_task(client.get("/x")) for _ in range(40))]
            await turn_until_done(clock, tasks)
        assert service.times[0] == 0
        assert service.times[1] >= 30
        assert most_in_any(10.0, service.times) == 10
        assert len(service.times) == 42

    async def test_retries_count(self) -> None:
        """Every attempt counts, not only every call."""
        clock = FakeClock()
        service = Scripted(answer(503), answer(200), clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t")) as client:
            client.rate_limit = RateLimit(1, 10.0)
            await turn_until_done(clock, [asyncio.create_task(client.get("/x"))])
        assert service.times[1] - service.times[0] == pytest.approx(10.0)

    async def test_clients_of_one_identity_share_it(self) -> None:
        """Clients that share authorizer and transport are counted together; others are not."""
        clock = FakeClock()
        service = Scripted(clock=clock)
        mine, yours = AccessTokenAuthorizer("mine"), AccessTokenAuthorizer("yours")
        async with service.transport() as transport:
            one, two, other = (
                BaseClient(base_url=ORIGIN, authorizer=who, transport=transport, rate_limit=RateLimit(5, 10.0))
                for who in (mine, mine, yours)
            )
            calls = [client.get("/x") for client in (one, two, other) for _ in range(5)]
            tasks = [asyncio.create_task(call) for call in calls]
            await turn_until_done(clock, tasks)
        by_token: dict[str | None, list[float]] = {token: [] for token in service.tokens}
        for token, instant in zip(service.tokens, service.times, strict=True):
            by_token[token].append(instant)
        assert by_token == {
            "Bearer mine": [0.0] * 5 + [10.0] * 5,
            "Bearer yours": [0.0] * 5,
        }

    async def test_other_origins_are_not_held_up(self) -> None:
        """A line at one service keeps nobody from another, though both go over one transport with few places."""
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

    async def test_the_default_is_the_services(self) -> None:
        """Transfer asks for 20 calls a second over ten seconds; a client can be given another limit or none."""
        async with TransferClient() as client:
            assert client.rate_limit == RateLimit(200, 10.0)
        async with TransferClient(rate_limit=None) as client:
            assert client.rate_limit is None
        async with BaseClient(base_url=ORIGIN) as client:
            assert client.rate_limit is None

    async def test_an_authorizer_that_cannot_be_hashed(self) -> None:
        """Whose calls are counted is told by the authorizer's identity; its line is forgotten with it."""

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

    async def test_what_is_remembered_goes_with_the_transport(self) -> None:
        """Applications keep one authorizer, and may make a client for every request of theirs."""
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
    def test_rates_that_are_none(self, calls: Any, seconds: Any) -> None:
        """A rate has a call at least, in a stretch of time that ends."""
        with pytest.raises(GlobusSDKUsageError):
            RateLimit(calls, seconds)


class TestRateLimiter:
    async def test_who_is_cancelled_leaves_the_line(self) -> None:
        """Half of those in line give up, at any moment; the others get their turn, in order and within the rate."""
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
        await turn_until_done(clock, tasks)
        assert [number for number, _ in served] == [*range(10), *range(11, 100, 2)]
        assert most_in_any(10.0, [instant for _, instant in served]) == 10

    async def test_a_place_given_back_is_free_at_once(self) -> None:
        """A call that did not go out costs nothing."""
        limiter = RateLimiter(RateLimit(1, 10.0), FakeClock())
        for _ in range(100):
            await limiter.acquire()
            limiter.release()

    async def test_the_next_in_line_gets_a_place_given_back(self) -> None:
        """Who waits while all places are on their way out gets the first that comes back."""
        limiter = RateLimiter(RateLimit(1, 10.0), FakeClock())
        await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0)
        assert not waiting.done()
        limiter.release()
        await waiting

    async def test_nobody_overtakes(self) -> None:
        """A place given back is not for who comes then, but for who has waited."""
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
        """However a call is cancelled in line, at the gate or under way, no place is lost."""

        async def in_a_while(_: httpx.Request) -> httpx.Response:
            for _pass in range(3):
                await asyncio.sleep(0)
            return httpx.Response(200, json={})

        service = Scripted(in_a_while, clock=FakeClock(skipping=True))
        async with service.client(authorizer=AccessTokenAuthorizer("t"), max_in_flight=1) as client:
            client.rate_limit = RateLimit(2, 10.0)

            others: list[asyncio.Task[Any]] = []

            async def behind_others() -> None:
                others[:] = [asyncio.create_task(client.get("/x")) for _ in range(3)]
                await asyncio.sleep(0)
                await client.get("/x")

            async def places_are_all_there() -> None:
                await asyncio.gather(*others)
                ((limiter, _),) = client.transport.origin(ORIGIN)._limiters.values()
                assert limiter._acquired == 0
                assert not limiter._queue_lock.locked()
                await client.get("/x")

            await client.get("/x")
            assert await every_suspension(behind_others, places_are_all_there) > 10

    @settings(deadline=None)
    @given(
        calls=st.integers(1, 7),
        arrivals=st.lists(st.floats(0, 3, allow_nan=False), max_size=60),
        held_up=st.lists(st.floats(0, 5, allow_nan=False), min_size=60, max_size=60),
    )
    def test_whatever_comes_when(self, calls: int, arrivals: list[float], held_up: list[float]) -> None:
        """However calls arrive and are held up before they leave, no stretch of time has too many that left."""

        async def run() -> list[float]:
            clock = FakeClock()
            limiter = RateLimiter(RateLimit(calls, 10.0), clock)
            left: list[float] = []

            async def call(held: float) -> None:
                await limiter.acquire()
                await clock.sleep(held)
                limiter.mark_sent()
                left.append(clock.monotonic())

            tasks = []
            for gap, held in zip(arrivals, held_up, strict=False):
                await clock.advance(gap)
                tasks.append(asyncio.create_task(call(held)))
            await turn_until_done(clock, tasks)
            return left

        left = asyncio.run(run())
        assert len(left) == len(arrivals)
        assert most_in_any(10.0, left) <= calls
