"""Histories of processes that share a login: no refresh token is reused, no login is lost, every call ends."""

from __future__ import annotations

import gc
import logging
import random
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.simulation.auth import LIFETIME
from tests.simulation.history import ENGINE_FAULTS, FAULTS, History, run_history
from tests.simulation.kinds import ENGINES, KINDS
from tests.simulation.planted import BUGS, Bug, plant
from tests.simulation.world import Violation
from tests.toolkit.random_cases import cases

# at the end of a history coroutines are closed where they are, and some await what releases a lease
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

HISTORIES: Final = {"protocol": 7_600, "redis": 700, "sql": 800, "session": 900}
"""10,000 in all; those of engines take two or three times as long."""
PARTS: Final = 4
MOST_SEEDS: Final = 1_000
"""A planted bug is found by one of the first histories."""
EXPIRIES: Final = 25


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Write no log, and collect garbage after the histories only; the pauses of a history are of a fixed seed."""
    logging.disable(logging.CRITICAL)
    state = random.getstate()
    gc.disable()
    yield
    gc.enable()
    random.setstate(state)
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("kind", KINDS)
def test_some_histories(kind: str) -> None:
    """The first seeds."""
    for seed in range(50 if kind in ENGINES else 200):
        run_history(seed, kind)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_many_histories(part: int, summary: Callable[[str], None]) -> None:
    """In parts, which may run at the same time."""
    for kind, every in HISTORIES.items():
        number = cases(every, one_in=10)
        requests = sum(run_history(seed, kind).auth.requests for seed in range(part, number, PARTS))
        summary(f"simulation, part {part + 1} of {PARTS}: {number // PARTS:,} {kind} histories, {requests:,} requests")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("application", [False, True], ids=["login", "application"])
def test_twenty_five_expiries(kind: str, application: bool) -> None:
    """Eight processes with two callers each make one token request per expiry, in any order of their steps."""
    for seed in range(2 if kind in ENGINES else 10):
        history = History(seed, kind, faults=frozenset(), application=application, processes=8, busy=False)
        for _ in range(EXPIRIES):
            history.world.run(LIFETIME)
            for program in history.programs * 2:
                program.process.start(history.call_service(program))
        history.world.run(LIFETIME)
        history.world.end()
        assert history.auth.requests == EXPIRIES, f"seed {seed}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_is_the_same_history(kind: str) -> None:
    """Otherwise a failure could not be repeated."""
    faults = frozenset((*FAULTS, *(ENGINE_FAULTS if kind in ENGINES else ())))
    assert len({str(run_history(7, kind, faults=faults)) for _ in range(2)}) == 1


@pytest.mark.parametrize(("bug", "kind"), [(bug, kind) for bug in BUGS for kind in bug.kinds], ids=str)
def test_a_planted_bug_is_found(bug: Bug, kind: str) -> None:
    """Each promise is broken without the code that keeps it."""
    planted = plant(bug)
    for seed in range(bug.first, bug.first + MOST_SEEDS):
        try:
            run_history(seed, kind, plant=planted)
        except Violation as violation:
            if bug.message in str(violation):
                return
    pytest.fail(f"{bug} was not found in {MOST_SEEDS} histories")
