"""Histories of processes that share a login: no refresh token is reused, no login is lost, every call ends."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator

import pytest

from tests.simulation.auth import LIFETIME
from tests.simulation.history import FAULTS, History, run_history
from tests.simulation.planted import BUGS, Bug, plant
from tests.simulation.world import Violation

HISTORIES = 10_000
PARTS = 4
MOST_SEEDS = 1_000
"""A planted bug is found by one of the first histories."""
EXPIRIES = 25


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Write no log, and collect garbage after the histories only."""
    logging.disable(logging.CRITICAL)
    gc.disable()
    yield
    gc.enable()
    logging.disable(logging.NOTSET)


def test_some_histories() -> None:
    """The first seeds."""
    for seed in range(200):
        run_history(seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_ten_thousand_histories(part: int, summary: Callable[[str], None]) -> None:
    """In parts, which may run at the same time."""
    requests = 0
    for seed in range(part, HISTORIES, PARTS):
        requests += run_history(seed).auth.requests
    summary(f"simulation, part {part + 1} of {PARTS}: {HISTORIES // PARTS:,} histories, {requests:,} token requests")


@pytest.mark.parametrize("application", [False, True], ids=["login", "application"])
def test_twenty_five_expiries(application: bool) -> None:
    """Eight processes with two callers each make one token request per expiry, in any order of their steps."""
    for seed in range(10):
        history = History(seed, faults=frozenset(), application=application, processes=8, busy=False)
        for _ in range(EXPIRIES):
            history.world.run(LIFETIME)
            for program in history.programs * 2:
                program.process.start(history.call_service(program))
        history.world.run(LIFETIME)
        history.world.end()
        assert history.auth.requests == EXPIRIES, f"seed {seed}"


def test_the_same_seed_is_the_same_history() -> None:
    """Otherwise a failure could not be repeated."""
    assert len({str(run_history(7, faults=frozenset(FAULTS))) for _ in range(2)}) == 1


@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_a_planted_bug_is_found(bug: Bug) -> None:
    """Each promise is broken without the code that keeps it."""
    planted = plant(bug)
    for seed in range(MOST_SEEDS):
        try:
            run_history(seed, plant=planted)
        except Violation as violation:
            if bug.message in str(violation):
                return
    pytest.fail(f"{bug} was not found in {MOST_SEEDS} histories")
