"""When a call is retried, and after which delay: the retry matrix, the delays, the retry budget."""

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


def response(status: int, retry_after: str | None = None) -> RawResponse:
    """Return a response without a body."""
    fields = [] if retry_after is None else [(b"Retry-After", retry_after.encode())]
    return RawResponse(method="GET", path="/x", status=status, reason="", headers=Headers(fields), body=b"")


def failure(stage: Stage, kind: type[NetworkError] = GlobusConnectionError) -> NetworkError:
    """Return the error of an attempt without a response."""
    return kind("x", stage=stage)


def is_retried(outcome: RawResponse | NetworkError, *, idempotent: bool, is_final: bool = False) -> bool:
    """Return whether the default policy retries the call."""
    delay = RetryPolicy().delay(outcome, retries=0, idempotent=idempotent, is_final=is_final, jitter=0.5)
    return delay is not None


# outcome, retried if idempotent, retried if not idempotent
MATRIX: list[tuple[str, RawResponse | NetworkError, bool, bool]] = [
    ("no connection", failure("not sent"), True, True),
    ("no connection in time", failure("not sent", GlobusTimeoutError), True, True),
    ("broken before the response", failure("no response"), True, False),
    ("no response in time", failure("no response", GlobusTimeoutError), True, False),
    ("broken during the response", failure("response truncated"), True, False),
    ("truncated document", failure("response truncated", ResponseDecodeError), True, False),
    ("a login page", NOT_RETRYABLE, False, False),
    ("408", response(408), True, False),
    ("408, Retry-After", response(408, "1"), True, False),
    ("429", response(429), True, True),
    ("429, Retry-After", response(429, "1"), True, True),
    ("429, Retry-After too long", response(429, "121"), False, False),
    ("500", response(500), True, False),
    ("502", response(502), True, False),
    ("503", response(503), True, False),
    ("503, Retry-After", response(503, "1"), True, True),
    ("503, Retry-After too long", response(503, "3600"), False, False),
    ("503, invalid Retry-After", response(503, "soon"), True, False),
    ("504", response(504), True, False),
    *(
        (str(status), response(status), False, False)
        for status in range(300, 600)
        if status not in {408, 429, 500, 502, 503, 504}
    ),
]


class TestRetryMatrix:
    @pytest.mark.parametrize(
        ("outcome", "idempotent", "not_idempotent"), [row[1:] for row in MATRIX], ids=[row[0] for row in MATRIX]
    )
    def test_every_outcome(self, outcome: RawResponse | NetworkError, idempotent: bool, not_idempotent: bool) -> None:
        """By whether it was sent, and whether it may be executed twice."""
        assert is_retried(outcome, idempotent=True) == idempotent
        assert is_retried(outcome, idempotent=False) == not_idempotent

    @pytest.mark.parametrize("status", [500, 502, 504])
    def test_a_final_5xx_is_not_retried(self, status: int) -> None:
        """The storage behind the service failed, not the service."""
        assert not is_retried(response(status), idempotent=True, is_final=True)

    @pytest.mark.parametrize("maximum", [0, 1, 5])
    def test_no_more_than_the_maximum(self, maximum: int) -> None:
        """Counted per call."""
        policy = RetryPolicy(max_retries=maximum)
        tries = [
            policy.delay(response(500), retries=retries, idempotent=True, is_final=False, jitter=0.0) is not None
            for retries in range(8)
        ]
        assert tries == [True] * maximum + [False] * (8 - maximum)


class TestDelays:
    def test_full_jitter_is_uniform(self) -> None:
        """10,000 delays are uniformly distributed from 0 to the maximum (chi-square over 20 bins, p above 0.001)."""
        random = Random(7)
        for retries, maximum in enumerate([1.0, 2.0, 4.0, 8.0]):
            delays = [_delay(response(500), retries=retries, jitter=random.random()) for _ in range(10_000)]
            assert 0 <= min(delays) <= max(delays) < maximum
            bins = Counter(int(delay / maximum * 20) for delay in delays)
            assert sum((bins[number] - 500) ** 2 / 500 for number in range(20)) < 43.82

    def test_the_maximum_backoff(self) -> None:
        """After any number of retries, without an overflow."""
        policy = RetryPolicy(max_retries=10**9, max_delay=30)
        for retries in (5, 60, 10_000, 10**8):
            assert policy.delay(response(500), retries=retries, idempotent=True, is_final=False, jitter=1.0) == 30

    def test_between_the_requested_delay_and_the_maximum(self) -> None:
        """For every requested delay, every number of retries and every jitter."""
        for requested in (0, 1, 7, 60, 119, 120):
            for retries in range(5):
                for jitter in (0.0, 0.3, 0.999):
                    delay = _delay(response(429, str(requested)), retries=retries, jitter=jitter)
                    assert requested <= delay <= 120

    def test_calls_refused_together_are_retried_apart(self) -> None:
        """Jitter is added to the requested delay."""
        assert len({_delay(response(503, "5"), retries=0, jitter=number / 10) for number in range(10)}) == 10

    def test_retry_after_zero_has_growing_jitter(self) -> None:
        """It does not cause a busy loop."""
        assert [_delay(response(429, "0"), retries=retries, jitter=1.0) for retries in range(4)] == [1, 2, 4, 8]


def _delay(outcome: RawResponse, *, retries: int, jitter: float) -> float:
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
    def test_invalid_settings_are_refused(self, arguments: dict[str, Any]) -> None:
        """With the name of the setting."""
        with pytest.raises(GlobusSDKUsageError, match=next(iter(arguments))):
            RetryPolicy(**arguments)

    def test_equality(self) -> None:
        """Equal if the settings are, and immutable."""
        assert RetryPolicy(max_retries=1) == RetryPolicy(max_retries=1)
        with pytest.raises(AttributeError):
            RetryPolicy().max_retries = 3  # type: ignore[misc]


class TestBudget:
    def test_an_outage_uses_up_the_budget(self) -> None:
        """35 retries after failures, 100 after throttling, and no more."""
        failing, throttled = RetryBudget(), RetryBudget()
        assert sum(failing.take(throttled=False) for _ in range(10_000)) == 35
        assert sum(throttled.take(throttled=True) for _ in range(10_000)) == 100

    def test_successes_refill_the_budget(self) -> None:
        """Retries are possible again within 100 successes."""
        budget = RetryBudget()
        while budget.take(throttled=False):
            pass
        successes = 0
        while not budget.take(throttled=False):
            budget.refill(after_retry=False)
            successes += 1
        assert successes <= 100

    def test_a_successful_retry_is_refunded(self) -> None:
        """A service that fails occasionally is always retried."""
        budget = RetryBudget()
        for _ in range(10_000):
            assert budget.take(throttled=False)
            budget.refill(after_retry=True)

    def test_the_budget_never_exceeds_its_capacity(self) -> None:
        """A long time without failures does not allow a longer storm of retries."""
        budget = RetryBudget()
        for _ in range(10_000):
            budget.refill(after_retry=True)
        assert sum(budget.take(throttled=False) for _ in range(10_000)) == 35
