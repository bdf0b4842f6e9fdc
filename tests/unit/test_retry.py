"""When a call is sent again, and how long it waits: the whole matrix, the waits, the budget."""

from __future__ import annotations

import math
from collections import Counter
from random import Random
from typing import Any

import pytest

from globus_async import RetryPolicy
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.errors import (
    GlobusConnectionError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    NetworkError,
    ResponseDecodeError,
    Stage,
)
from globus_async.transport import RetryBudget

NOT_RETRYABLE = ResponseDecodeError("a login page", stage="response truncated")
NOT_RETRYABLE.retryable = False


def got(status: int, retry_after: str | None = None) -> RawResponse:
    """Make an answer without a body."""
    fields = [] if retry_after is None else [(b"Retry-After", retry_after.encode())]
    return RawResponse(method="GET", path="/x", status=status, reason="", headers=Headers(fields), body=b"")


def lost(stage: Stage, kind: type[NetworkError] = GlobusConnectionError) -> NetworkError:
    """Make a failure to get an answer."""
    return kind("x", stage=stage)


def is_tried_again(outcome: RawResponse | NetworkError, *, idempotent: bool, is_final: bool = False) -> bool:
    """Whether the policy as it comes would repeat the call."""
    delay = RetryPolicy().delay(outcome, retries=0, idempotent=idempotent, is_final=is_final, jitter=0.5)
    return delay is not None


# outcome, repeated if that is harmless, repeated if it is not
MATRIX: list[tuple[str, RawResponse | NetworkError, bool, bool]] = [
    ("no connection", lost("not sent"), True, True),
    ("no connection in time", lost("not sent", GlobusTimeoutError), True, True),
    ("broke before the answer", lost("no response"), True, False),
    ("no answer in time", lost("no response", GlobusTimeoutError), True, False),
    ("broke in the answer", lost("response truncated"), True, False),
    ("half a document", lost("response truncated", ResponseDecodeError), True, False),
    ("a login page", NOT_RETRYABLE, False, False),
    ("408", got(408), True, False),
    ("408, asks", got(408, "1"), True, False),
    ("429", got(429), True, True),
    ("429, asks", got(429, "1"), True, True),
    ("429, asks too much", got(429, "121"), False, False),
    ("500", got(500), True, False),
    ("502", got(502), True, False),
    ("503", got(503), True, False),
    ("503, asks", got(503, "1"), True, True),
    ("503, asks too much", got(503, "3600"), False, False),
    ("503, asks nonsense", got(503, "soon"), True, False),
    ("504", got(504), True, False),
    *(
        (str(status), got(status), False, False)
        for status in range(300, 600)
        if status not in {408, 429, 500, 502, 503, 504}
    ),
]


class TestMatrix:
    @pytest.mark.parametrize(
        ("outcome", "harmless", "harmful"), [row[1:] for row in MATRIX], ids=[row[0] for row in MATRIX]
    )
    def test_every_outcome(self, outcome: RawResponse | NetworkError, harmless: bool, harmful: bool) -> None:
        """Was it sent, and may it be sent twice."""
        assert is_tried_again(outcome, idempotent=True) == harmless
        assert is_tried_again(outcome, idempotent=False) == harmful

    @pytest.mark.parametrize("status", [500, 502, 504])
    def test_a_service_that_calls_its_5xx_final_is_believed(self, status: int) -> None:
        """The storage behind it failed; the service is well."""
        assert not is_tried_again(got(status), idempotent=True, is_final=True)

    @pytest.mark.parametrize("most", [0, 1, 5])
    def test_no_more_than_the_most(self, most: int) -> None:
        """Counted per call."""
        policy = RetryPolicy(max_retries=most)
        tries = [
            policy.delay(got(500), retries=retries, idempotent=True, is_final=False, jitter=0.0) is not None
            for retries in range(8)
        ]
        assert tries == [True] * most + [False] * (8 - most)


class TestWaits:
    def test_full_jitter_is_even(self) -> None:
        """10,000 waits spread evenly from 0 to the longest (chi-square over 20 bins, p above 0.001)."""
        lots = Random(7)
        for retries, longest in enumerate([1.0, 2.0, 4.0, 8.0]):
            delays = [_wait(got(500), retries=retries, jitter=lots.random()) for _ in range(10_000)]
            assert 0 <= min(delays) <= max(delays) < longest
            bins = Counter(int(delay / longest * 20) for delay in delays)
            assert sum((bins[number] - 500) ** 2 / 500 for number in range(20)) < 43.82

    def test_the_longest_wait_of_our_own(self) -> None:
        """However often, and without running over."""
        policy = RetryPolicy(max_retries=10**9, max_delay=30)
        for retries in (5, 60, 10_000, 10**8):
            assert policy.delay(got(500), retries=retries, idempotent=True, is_final=False, jitter=1.0) == 30

    def test_never_shorter_than_asked_and_never_above_the_cap(self) -> None:
        """0 to the cap, for every wait asked for, every retry and every jitter."""
        for asked in (0, 1, 7, 60, 119, 120):
            for retries in range(5):
                for jitter in (0.0, 0.3, 0.999):
                    delay = _wait(got(429, str(asked)), retries=retries, jitter=jitter)
                    assert asked <= delay <= 120

    def test_those_who_were_refused_together_come_back_apart(self) -> None:
        """Jitter is added to what was asked for."""
        assert len({_wait(got(503, "5"), retries=0, jitter=number / 10) for number in range(10)}) == 10

    def test_asked_for_now_waits_with_growing_jitter(self) -> None:
        """Zero is not a hot loop."""
        assert [_wait(got(429, "0"), retries=retries, jitter=1.0) for retries in range(4)] == [1, 2, 4, 8]


def _wait(outcome: RawResponse, *, retries: int, jitter: float) -> float:
    delay = RetryPolicy().delay(outcome, retries=retries, idempotent=True, is_final=False, jitter=jitter)
    assert delay is not None
    return delay


class TestPolicy:
    @pytest.mark.parametrize(
        "arguments",
        [
            {"max_retries": -1},
            {"max_retries": 1.5},
            {"max_retries": None},
            {"base_delay": -1},
            {"max_delay": math.inf},
            {"max_retry_after": math.nan},
            {"max_delay": "1"},
            {"base_delay": None},
        ],
    )
    def test_bad_settings_are_refused(self, arguments: dict[str, Any]) -> None:
        """With the name of the setting."""
        with pytest.raises(GlobusSDKUsageError, match=next(iter(arguments))):
            RetryPolicy(**arguments)

    def test_it_is_a_value(self) -> None:
        """Equal if the settings are, and not to be changed."""
        assert RetryPolicy(max_retries=1) == RetryPolicy(max_retries=1)
        with pytest.raises(AttributeError):
            RetryPolicy().max_retries = 3  # type: ignore[misc]


class TestBudget:
    def test_an_outage_uses_it_up(self) -> None:
        """35 retries after failures, 100 after throttling, and no more."""
        failing, throttled = RetryBudget(), RetryBudget()
        assert sum(failing.take(throttled=False) for _ in range(10_000)) == 35
        assert sum(throttled.take(throttled=True) for _ in range(10_000)) == 100

    def test_successes_refill_it(self) -> None:
        """Retries work again within 100 successes."""
        budget = RetryBudget()
        while budget.take(throttled=False):
            pass
        successes = 0
        while not budget.take(throttled=False):
            budget.refill(after_retry=False)
            successes += 1
        assert successes <= 100

    def test_a_retry_that_helped_is_paid_back(self) -> None:
        """A service that fails now and then is retried for ever."""
        budget = RetryBudget()
        for _ in range(10_000):
            assert budget.take(throttled=False)
            budget.refill(after_retry=True)

    def test_it_never_holds_more_than_its_capacity(self) -> None:
        """A long calm does not pay for a long storm."""
        budget = RetryBudget()
        for _ in range(10_000):
            budget.refill(after_retry=True)
        assert sum(budget.take(throttled=False) for _ in range(10_000)) == 35
