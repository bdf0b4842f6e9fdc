"""Whether to retry a failed attempt, and after which delay: pure functions and values, without a clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import NetworkError
from ..errors.arguments import check_number, check_whole

if TYPE_CHECKING:
    from .._http.response import RawResponse

__all__ = ("RetryBudget", "RetryPolicy")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    When and how often a call is retried.

    An immutable value: pass another one to a client, or derive one with ``dataclasses.replace``.

    Args:
        max_retries: Maximum number of retries of one call; 0 for none.
        base_delay: Maximum delay before the first retry, in seconds; doubled with every retry. The delay is a random
            number from 0 to the maximum.
        max_delay: Maximum delay in seconds, unless the service requests a longer one.
        max_retry_after: Maximum delay that ``Retry-After`` may request, in seconds. Above it the call fails at once.
    """

    max_retries: int = 5
    base_delay: float = 1.0
    max_delay: float = 30.0
    max_retry_after: float = 120.0

    def __post_init__(self) -> None:
        check_whole("max_retries", self.max_retries, minimum=0)
        for name in ("base_delay", "max_delay", "max_retry_after"):
            check_number(name, getattr(self, name))

    def delay(
        self, outcome: RawResponse | NetworkError, *, retries: int, idempotent: bool, is_final: bool, jitter: float
    ) -> float | None:
        """
        Return the delay before the next attempt in seconds, or ``None`` for no further attempt.

        Args:
            outcome: The error response, or the error if there is none.
            retries: Number of retries so far.
            idempotent: Whether the call may be executed twice without harm.
            is_final: Whether the error code states that a retry cannot succeed.
            jitter: A random number from 0 up to 1.
        """
        if retries >= self.max_retries or not self._may_retry(outcome, idempotent=idempotent, is_final=is_final):
            return None
        backoff = jitter * min(self.max_delay, self.base_delay * 2.0 ** min(retries, 60))
        retry_after = None if isinstance(outcome, NetworkError) else outcome.retry_after
        if retry_after is None:
            return backoff
        if retry_after > self.max_retry_after:
            return None
        # in addition to the requested delay: otherwise all refused calls are repeated at the same moment
        return min(retry_after + backoff, self.max_retry_after)

    @staticmethod
    def _may_retry(outcome: RawResponse | NetworkError, *, idempotent: bool, is_final: bool) -> bool:
        """Return whether a retry may succeed, and does no harm."""
        if isinstance(outcome, NetworkError):
            return outcome.retryable and (idempotent or outcome.stage == "not sent")
        if outcome.is_transient:
            return idempotent
        match outcome.status:
            case 429:
                return True
            case 408:
                return idempotent
            case 503:
                return idempotent or outcome.retry_after is not None
            case 500 | 502 | 504:
                return idempotent and not is_final
            case _:  # another attempt may bring the rest of the document, such as the consents that are missing
                return idempotent and outcome.is_truncated


class RetryBudget:
    """
    A token bucket that limits the retries to one origin, so that an outage does not cause a storm of retries.

    It has 500 tokens. A retry costs 14, or 5 after throttling; every success returns some. An empty bucket delays
    nothing, it only forbids retries.
    """

    __slots__ = ("_tokens",)

    capacity: Final = 500
    cost: Final = 14
    throttled_cost: Final = 5

    def __init__(self) -> None:
        self._tokens = self.capacity

    def __repr__(self) -> str:
        return f"<RetryBudget: {self._tokens} of {self.capacity} tokens>"

    def take(self, *, throttled: bool) -> bool:
        """Take the tokens for a retry; return whether there were enough."""
        cost = self.throttled_cost if throttled else self.cost
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True

    def refill(self, *, after_retry: bool) -> None:
        """Return tokens after a success."""
        self._tokens = min(self.capacity, self._tokens + (self.cost if after_retry else 1))
