"""The circuit breaker of databases: one probe after a failure, and nobody else waits."""

from __future__ import annotations

import asyncio

import pytest

from globus_async._concurrency.circuit_breaker import CircuitBreaker, CircuitOpen
from tests.toolkit.clock import FakeClock


class Down(Exception):
    pass


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def breaker(clock: FakeClock) -> CircuitBreaker:
    return CircuitBreaker(clock, failures=(Down,), pause=1.0)


def fail(breaker: CircuitBreaker, error: BaseException) -> None:
    with pytest.raises(type(error)), breaker.attempt():
        raise error


def succeed(breaker: CircuitBreaker) -> None:
    with breaker.attempt():
        pass


def refused(breaker: CircuitBreaker) -> float:
    """Return how long a call that is refused should wait."""
    with pytest.raises(CircuitOpen) as caught:
        succeed(breaker)
    return caught.value.retry_after


def test_calls_fail_at_once_after_a_failure(breaker: CircuitBreaker, clock: FakeClock) -> None:
    succeed(breaker)
    fail(breaker, Down())
    assert breaker.is_open
    assert refused(breaker) == 1.0
    clock.jump(0.75)
    assert refused(breaker) == 0.25
    clock.jump(0.25)
    succeed(breaker)
    assert not breaker.is_open
    succeed(breaker)


def test_one_call_is_the_probe(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """While it runs, the others fail; after its failure there is another pause."""
    fail(breaker, Down())
    clock.jump(1)
    probe = breaker.attempt()
    probe.__enter__()
    assert refused(breaker) == 1.0
    clock.jump(2)
    assert refused(breaker) == 1.0
    probe.__exit__(Down, Down(), None)
    assert refused(breaker) == 1.0
    clock.jump(1)
    with breaker.attempt():
        assert refused(breaker) == 1.0
    succeed(breaker)


def test_a_cancelled_probe_frees_its_place(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """And says nothing: the next call is a probe, too."""
    fail(breaker, Down())
    clock.jump(1)
    fail(breaker, asyncio.CancelledError())
    assert breaker.is_open
    with breaker.attempt():
        refused(breaker)
    assert not breaker.is_open


def test_a_cancelled_call_says_nothing(breaker: CircuitBreaker) -> None:
    fail(breaker, asyncio.CancelledError())
    assert not breaker.is_open


def test_other_errors_are_responses(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """They end an outage, and do not begin one."""
    fail(breaker, ValueError())
    assert not breaker.is_open
    fail(breaker, Down())
    clock.jump(1)
    fail(breaker, ValueError())
    assert not breaker.is_open


def test_a_late_failure_does_not_begin_another_outage(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """A call that began before one that has succeeded meanwhile."""
    late = breaker.attempt()
    late.__enter__()
    clock.jump(1)
    succeed(breaker)
    late.__exit__(Down, Down(), None)
    assert not breaker.is_open
    fail(breaker, Down())
    assert breaker.is_open


def test_a_late_success_ends_an_outage(breaker: CircuitBreaker, clock: FakeClock) -> None:
    with breaker.attempt():
        clock.jump(1)
        fail(breaker, Down())
    assert not breaker.is_open


def test_what_it_shows() -> None:
    breaker = CircuitBreaker(FakeClock(), failures=(Down,))
    assert repr(breaker) == "<CircuitBreaker: closed>"
    fail(breaker, Down())
    assert repr(breaker) == "<CircuitBreaker: open>"
