"""One rate limit for several processes: never more calls than allowed, nothing lost, and no call that fails with it."""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import AccessTokenAuthorizer, BaseClient, GlobusSDKUsageError, GlobusTimeoutError, bulk
from globus_async.token_storage import TokenStorageUnavailable
from globus_async.transport import RateLimit
from globus_async.transport._rate_limit_store import Pace, StoreAccess
from globus_async.transport._shared_rate_limit import SharedRateLimiter
from globus_async.transport._waiting_calls import InFlightLimit
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.random_cases import cases
from tests.toolkit.rate_limit_store import MemoryRateLimits
from tests.toolkit.scripted import ORIGIN, Scripted, respond
from tests.unit.test_rate_limit import advance_until_done, max_in_any_period, records

pytestmark = pytest.mark.slow

PERIOD = 10.0
ARRIVAL_MARGIN = 0.35
"""The seconds of the default period by which calls may take longer than others to arrive."""


def shared(store: MemoryRateLimits, clock: FakeClock, calls: int, *, in_flight: int = 50) -> SharedRateLimiter:
    """Return the limiter of a process."""
    rate = RateLimit(calls, PERIOD, store=store)
    return SharedRateLimiter(
        rate, clock, store=StoreAccess(store, clock), key="key", in_flight=InFlightLimit(in_flight)
    )


async def send(limiter: SharedRateLimiter, *, in_bulk: bool = False, delay: Callable[[], Any] | None = None) -> None:
    """Send a call as the transport does, after a delay of its own."""
    await limiter.acquire(in_bulk=in_bulk)
    try:
        if delay is not None:
            await delay()
        while not limiter.mark_sent():
            await limiter.renew()
    except BaseException:
        limiter.release()
        raise


Window = Literal["fixed", "sliding", "bucket"]


def refused(instants: Sequence[float], calls: int, window: Window, *, phase: float = 0.0) -> int:
    """Return how many calls a service refuses that counts them in windows, or with a bucket of tokens."""
    admitted: list[float] = []
    tokens, filled_at, number_refused = float(calls), -math.inf, 0
    for now in sorted(instants):
        if window == "bucket":
            tokens = min(calls, tokens + calls / PERIOD * (now - filled_at))
            filled_at = now
            is_allowed = tokens >= 1
            tokens -= is_allowed
        elif window == "sliding":
            is_allowed = sum(each > now - PERIOD + 1e-6 for each in admitted) < calls
        else:
            number = (now - phase) // PERIOD
            is_allowed = sum((each - phase) // PERIOD == number for each in admitted) < calls
        if is_allowed:
            admitted.append(now)
        number_refused += not is_allowed
    return number_refused


@dataclass
class Plan:
    """A call: in which process and when it is made, how long it is delayed before it is sent, when it is cancelled."""

    process: int
    gap: float
    delay: float
    in_bulk: bool
    cancelled_after: float | None = None


PLANS = st.lists(
    st.builds(
        Plan,
        process=st.integers(0, 3),
        gap=st.just(0.0) | st.floats(0, 3),
        delay=st.just(0.0) | st.floats(0, 0.5) | st.floats(0, 20),
        in_bulk=st.booleans(),
        cancelled_after=st.none() | st.floats(0, 10),
    ),
    max_size=60,
)


@dataclass
class Fleet:
    """Several processes with one limit."""

    calls: int
    processes: int = 4
    clock: FakeClock = field(default_factory=FakeClock)
    sent: list[float] = field(default_factory=list[float])
    late: float = 0.0

    def __post_init__(self) -> None:
        self.store = MemoryRateLimits(self.clock)
        self.limiters = [shared(self.store, self.clock, self.calls) for _ in range(self.processes)]

    async def call(self, plan: Plan) -> None:
        task = asyncio.create_task(self._send(plan))
        if plan.cancelled_after is not None:
            await self.clock.sleep(plan.cancelled_after)
            task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    async def _send(self, plan: Plan) -> None:
        limiter = self.limiters[plan.process % self.processes]
        await send(limiter, in_bulk=plan.in_bulk, delay=lambda: self.clock.sleep(plan.delay))
        self.sent.append(self.clock.monotonic())

    async def run(self, plans: Sequence[Plan]) -> None:
        tasks = []
        for plan in plans:
            await self.clock.advance(plan.gap)
            tasks.append(asyncio.create_task(self.call(plan)))
        await advance_until_done(self.clock, tasks)
        for task in tasks:
            task.result()
        for limiter in self.limiters:
            assert (limiter._acquired, len(limiter._waiting), limiter._timekeeper) == (0, 0, None)


class TestLimit:
    @settings(deadline=None, max_examples=cases(60))
    @given(
        calls=st.sampled_from([1, 2, 3, 7, 20, 150]),
        plans=PLANS,
        latency=st.tuples(st.floats(0, 0.2), st.floats(0, 0.19)),
        arrival=st.lists(st.floats(0, ARRIVAL_MARGIN), min_size=60, max_size=60),
        phase=st.floats(0, PERIOD),
    )
    def test_never_exceeded(
        self, calls: int, plans: list[Plan], latency: tuple[float, float], arrival: list[float], phase: float
    ) -> None:
        """
        However the calls of four processes are made, delayed and cancelled, no period has too many.

        Not of the instants at which they are sent, nor of those at which they arrive; and no service refuses one.
        """
        fleet = Fleet(calls)
        fleet.store.latency = latency
        asyncio.run(fleet.run(plans))
        assert len(fleet.sent) >= sum(plan.cancelled_after is None for plan in plans)
        assert max_in_any_period(PERIOD + ARRIVAL_MARGIN, fleet.sent) <= calls
        arrived = [instant + way for instant, way in zip(sorted(fleet.sent), arrival, strict=False)]
        assert max_in_any_period(PERIOD, arrived) <= calls
        for window in ("fixed", "sliding", "bucket"):
            assert refused(arrived, calls, window, phase=phase) == 0

    @pytest.mark.parametrize("calls", [1, 2, 9, 10, 99, 100, 101, 200, 1000, 12_345])
    def test_arithmetic(self, calls: int) -> None:
        """One call more than allowed takes longer than a period, the validity and the margin; the rate is above 0.9."""
        pace = Pace.of(calls, PERIOD)
        assert (calls + 1 - pace.burst) * pace.interval >= PERIOD + pace.validity + ARRIVAL_MARGIN
        assert PERIOD / pace.interval >= 0.9 * calls

    @pytest.mark.parametrize(("calls", "processes"), [(10, 1), (10, 4), (10, 16), (50, 4)])
    async def test_throughput(self, calls: int, processes: int) -> None:
        """With enough to do, the processes together use nine tenths of the limit, a store of 20 ms included."""
        fleet = Fleet(calls, processes=processes)
        fleet.store.latency = (0.01, 0.01)

        async def worker(number: int) -> None:
            while True:
                await send(fleet.limiters[number % processes])
                fleet.sent.append(fleet.clock.monotonic())

        begin = fleet.clock.monotonic()
        tasks = [asyncio.create_task(worker(number)) for number in range(2 * processes)]
        await fleet.clock.advance(60)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert len(fleet.sent) >= 0.9 * calls * 60 / PERIOD
        assert max_in_any_period(PERIOD + ARRIVAL_MARGIN, fleet.sent) <= calls
        assert fleet.sent[0] == begin + 0.02

    async def test_a_full_transport_reserves_nothing(self) -> None:
        """While all calls in flight are slow, a process leaves the slots to the others."""
        clock = FakeClock()
        store = MemoryRateLimits(clock)

        async def slow(_: httpx.Request) -> httpx.Response:
            await clock.sleep(20.0)
            return httpx.Response(200, json={})

        service = Scripted(slow, clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t"), max_in_flight=5) as client:
            client.rate_limit = RateLimit(200, PERIOD, store=store)
            tasks = [asyncio.create_task(client.get("/x")) for _ in range(20)]
            await advance_until_done(clock, tasks)
        assert len(service.times) == 20
        assert len(store.asked) == 20


class TestCalls:
    async def test_clients_of_several_processes(self) -> None:
        """Clients of one identity, each with a transport of its own, observe one limit; those of another a second."""
        clock = FakeClock()
        store = MemoryRateLimits(clock)
        service = Scripted(clock=clock)
        async with AsyncExitStack() as stack:
            clients = [
                BaseClient(
                    base_url=ORIGIN,
                    authorizer=AccessTokenAuthorizer(identity),
                    transport=await stack.enter_async_context(service.transport()),
                    rate_limit=RateLimit(5, PERIOD, store=store, identity=identity),
                )
                for identity in "aab"
            ]
            tasks = [asyncio.create_task(client.get("/x")) for client in clients for _ in range(4)]
            await advance_until_done(clock, tasks)
        by_token: dict[str | None, list[float]] = {token: [] for token in service.tokens}
        for token, instant in zip(service.tokens, service.times, strict=True):
            by_token[token].append(instant)
        interval = PERIOD / 4.6
        assert by_token == {
            "Bearer a": pytest.approx([number * interval for number in range(8)]),
            "Bearer b": pytest.approx([number * interval for number in range(4)]),
        }
        assert {key for _, key in store.asked} == {f"{ORIGIN.rstrip('/')} a", f"{ORIGIN.rstrip('/')} b"}

    async def test_calls_after_a_pause(self) -> None:
        """Calls whose slots pass during a pause that the service requested get others after it."""
        clock = FakeClock()
        service = Scripted(respond(429, retry_after="30"), respond(200), clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t")) as client:
            client.rate_limit = RateLimit(10, PERIOD, store=MemoryRateLimits(clock))
            first = asyncio.create_task(client.get("/first"))
            await clock.asleep()
            tasks = [first, *(asyncio.create_task(client.get("/x")) for _ in range(40))]
            await advance_until_done(clock, tasks)
        assert service.times[1] >= 30
        assert len(service.times) == 42
        assert max_in_any_period(PERIOD + ARRIVAL_MARGIN, service.times) <= 10

    async def test_the_deadline_of_a_delayed_call(self) -> None:
        """A call that is delayed, and then gets no other slot in time, is not sent, and its error names the limit."""
        clock = FakeClock()
        store = MemoryRateLimits(clock)

        class Slow(AccessTokenAuthorizer):
            async def get_authorization_header(self) -> Any:
                await clock.sleep(5.0)
                return await super().get_authorization_header()

        service = Scripted(clock=clock)
        async with service.client(authorizer=Slow("t"), total_timeout=10.0) as client:
            client.rate_limit = RateLimit(1, PERIOD, store=store)
            task = asyncio.create_task(client.get("/x"))
            await advance_until_done(clock, [task])
            with pytest.raises(GlobusTimeoutError, match="the rate limit, which several processes share") as caught:
                await task
        assert caught.value.stage == "not sent"
        assert service.times == []

    async def test_interactive_calls_first(self) -> None:
        """A call outside of a bulk waits for the next slot of its process, not for the bulk."""
        fleet = Fleet(200, processes=1)
        (limiter,) = fleet.limiters
        in_bulk = [asyncio.create_task(send(limiter, in_bulk=True)) for _ in range(500)]
        await fleet.clock.advance(5)
        begin = fleet.clock.monotonic()
        other = asyncio.create_task(send(limiter))
        other.add_done_callback(lambda _: fleet.sent.append(fleet.clock.monotonic()))
        await advance_until_done(fleet.clock, [other])
        assert fleet.sent[0] - begin <= 2 * PERIOD / 184
        for task in in_bulk:
            task.cancel()
        await asyncio.wait(in_bulk)

    async def test_cancelled_at_every_suspension(self) -> None:
        """Wherever a call is cancelled, no slot is lost, and at most one reservation."""
        clock = FakeClock(skipping=True)
        store = MemoryRateLimits(clock)
        store.latency = (0.01, 0.01)

        async def in_a_while(_: httpx.Request) -> httpx.Response:
            for _pass in range(3):
                await asyncio.sleep(0)
            return httpx.Response(200, json={})

        service = Scripted(in_a_while, clock=clock)
        async with service.client(authorizer=AccessTokenAuthorizer("t"), max_in_flight=1) as client:
            client.rate_limit = RateLimit(20, PERIOD, store=store)
            others: list[asyncio.Task[Any]] = []

            async def queued() -> None:
                store.asked.clear()
                others[:] = [asyncio.create_task(client.get("/x")) for _ in range(3)]
                await asyncio.sleep(0)
                await client.get("/x")

            async def no_slot_is_lost() -> None:
                await asyncio.gather(*others)
                ((limiter, _),) = client.transport.origin(ORIGIN)._limiters.values()
                assert isinstance(limiter, SharedRateLimiter)
                assert limiter._acquired == 0
                assert not limiter._waiting
                assert limiter._timekeeper is None
                assert not limiter._given
                assert len(store.asked) <= 5
                await client.get("/x")

            await client.get("/x")
            assert await every_suspension(queued, no_slot_is_lost) > 10

    async def test_a_cancelled_call_passes_its_reservation_on(self) -> None:
        """The next call gets the slot that the cancelled one waited for, and the store is not asked again."""
        fleet = Fleet(1, processes=1)
        (limiter,) = fleet.limiters
        await send(limiter)
        first, second = (asyncio.create_task(send(limiter)) for _ in range(2))
        await fleet.clock.advance(PERIOD + 0.6)
        asked = len(fleet.store.asked)
        first.cancel()
        await advance_until_done(fleet.clock, [second])
        assert asked == len(fleet.store.asked) == 2


def stubborn(clock: FakeClock) -> Callable[[], Any]:
    """Return a store's call that ends two seconds later, also if it is cancelled: its transaction comes first."""

    async def respond() -> Any:
        ends_at = clock.monotonic() + 2.0
        cancelled: asyncio.CancelledError | None = None
        while (seconds := ends_at - clock.monotonic()) > 0:
            try:
                await clock.sleep(seconds)
            except asyncio.CancelledError as error:
                cancelled = error
        raise cancelled or OSError

    return respond


UNUSABLE: dict[str, Callable[[FakeClock], Callable[[], Any]]] = {
    "nan": lambda _: constant(math.nan),
    "negative": lambda _: constant(-1.0),
    "large": lambda _: constant(1e9),
    "infinite": lambda _: constant(math.inf),
    "text": lambda _: constant("0"),
    "none": lambda _: constant(None),
    "boolean": lambda _: constant(True),
    "raises": lambda _: failing(ValueError("redis://:password@host")),
    "unavailable": lambda _: failing(TokenStorageUnavailable("the database does not respond")),
    "cancelled": lambda _: failing(asyncio.CancelledError()),
    "silent": lambda clock: lambda: clock.sleep(1e6),
    "silent, even when cancelled": stubborn,
    "slow": lambda clock: slow(clock, 0.5),
}


def constant(value: Any) -> Callable[[], Any]:
    """Return a store's response that is always the same."""

    async def respond() -> Any:
        return value

    return respond


def failing(error: BaseException) -> Callable[[], Any]:
    """Return a store's failure."""

    async def respond() -> Any:
        raise error

    return respond


def slow(clock: FakeClock, seconds: float) -> Callable[[], Any]:
    """Return a store's response that comes too late to be used."""

    async def respond() -> float:
        await clock.sleep(seconds)
        return 0.0

    return respond


class TestUnavailableStore:
    @pytest.mark.parametrize("kind", UNUSABLE)
    async def test_calls_go_on(self, kind: str, caplog: pytest.LogCaptureFixture) -> None:
        """The process observes the limit by itself, says so at the begin and the end, and tries once a second."""
        caplog.set_level(logging.WARNING, "globus_async")
        fleet = Fleet(20, processes=1)
        fleet.store.fault = UNUSABLE[kind](fleet.clock)
        (limiter,) = fleet.limiters

        async def worker() -> None:
            while True:
                await send(limiter)
                fleet.sent.append(fleet.clock.monotonic())

        tasks = [asyncio.create_task(worker()) for _ in range(3)]
        await fleet.clock.advance(30)
        begin, (message,) = fleet.sent[0], records(caplog)
        assert begin <= 1000.0 + 3.0
        assert len(fleet.sent) >= 0.8 * 27 * 2
        assert message.startswith("the store of the rate limit is unavailable (")
        assert "password" not in message
        instants = [instant for instant, _ in fleet.store.asked if instant > begin]
        assert len(instants) >= (1 if kind.startswith("silent, even") else 6)
        assert min((after - before for before, after in itertools.pairwise(instants)), default=1.0) >= 1.0
        fleet.store.fault = None
        await fleet.clock.advance(20)
        _, message = records(caplog)
        assert message.startswith("the store of the rate limit is available again, after ")
        asked = len(fleet.store.asked)
        await fleet.clock.advance(30)
        assert len(fleet.store.asked) - asked == pytest.approx(0.92 * 60, abs=3)
        assert len(records(caplog)) == 2
        assert max_in_any_period(PERIOD + ARRIVAL_MARGIN, fleet.sent) <= 20
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    @settings(deadline=None, max_examples=cases(40))
    @given(
        calls=st.sampled_from([1, 2, 7, 20]),
        plans=PLANS,
        changes=st.lists(st.tuples(st.floats(0, 15), st.none() | st.sampled_from(sorted(UNUSABLE))), max_size=6),
    )
    def test_one_process_stays_within_its_limit(
        self, calls: int, plans: list[Plan], changes: list[tuple[float, str | None]]
    ) -> None:
        """Whenever the store fails and comes back: no period has more calls of one process than the limit."""
        fleet = Fleet(calls, processes=1)

        async def change() -> None:
            for seconds, kind in changes:
                await fleet.clock.sleep(seconds)
                fleet.store.fault = None if kind is None else UNUSABLE[kind](fleet.clock)

        async def run() -> None:
            changing = asyncio.create_task(change())
            await fleet.run(plans)
            changing.cancel()
            await asyncio.wait([changing])

        asyncio.run(run())
        assert max_in_any_period(PERIOD + ARRIVAL_MARGIN, fleet.sent) <= calls

    async def test_a_store_that_always_grants(self) -> None:
        """A faulty store does not lift the limit: the process observes it in any case."""
        fleet = Fleet(20, processes=1)
        fleet.store.fault = constant(0.0)
        await fleet.run([Plan(0, 0.0, 0.0, in_bulk=False) for _ in range(60)])
        assert max_in_any_period(PERIOD + ARRIVAL_MARGIN, fleet.sent) <= 20

    async def test_one_record_for_all_identities(self, caplog: pytest.LogCaptureFixture) -> None:
        """The clients of a transport notice together that their store is unavailable."""
        clock = FakeClock()
        store = MemoryRateLimits(clock)
        store.fault = failing(OSError())
        service = Scripted(clock=clock)
        async with service.transport() as transport:
            clients = [
                BaseClient(
                    base_url=base_url,
                    authorizer=AccessTokenAuthorizer("t"),
                    transport=transport,
                    rate_limit=RateLimit(5, PERIOD, store=store, identity=identity),
                )
                for identity in "abc"
                for base_url in (ORIGIN, "https://auth.globus.org/")
            ]
            await bulk(lambda client: client.get("/x"), clients).values()
        assert records(caplog) == [
            "the store of the rate limit is unavailable (OSError); this process observes the limit by itself"
        ]

    async def test_a_slow_event_loop(self, caplog: pytest.LogCaptureFixture) -> None:
        """A process whose event loop is always late goes on without the store, and does not ask for ever."""
        clock = FakeClock()
        store = MemoryRateLimits(clock)
        store.fault = constant(0.1)
        limiter = shared(store, clock, 200)
        tasks = [asyncio.create_task(send(limiter)) for _ in range(40)]
        while not all(task.done() for task in tasks):
            for _ in range(200):
                await asyncio.sleep(0)
            clock.jump(0.6)
        assert any("3 slots in a row had passed" in message for message in records(caplog))


class TestArguments:
    def test_types(self) -> None:
        """A store has the method reserve; an identity is text, and has no effect without one."""
        with pytest.raises(GlobusSDKUsageError, match="store must be a store such as"):
            RateLimit(store=object())  # type: ignore[arg-type]
        with pytest.raises(GlobusSDKUsageError, match="identity must be text"):
            RateLimit(store=MemoryRateLimits(FakeClock()), identity=5)  # type: ignore[arg-type]
        with pytest.raises(GlobusSDKUsageError, match="only with a store"):
            RateLimit(identity="user")

    def test_values(self) -> None:
        """Limits are equal if all of their parts are; the store need not be hashable."""

        @dataclass
        class Own:
            name: str

            async def reserve(self, key: str, *, interval: float, burst: int) -> float:
                return 0.0

        one = RateLimit(5, 1.0, store=Own("a"))
        assert hash(one) == hash(RateLimit(5, 1.0))
        assert one == RateLimit(5, 1.0, store=Own("a"))
        assert one != RateLimit(5, 1.0, store=Own("b"))
        assert one != RateLimit(5, 1.0)
