"""When to send again, and how long to wait first: plain functions and values, without a clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import GlobusSDKUsageError, NetworkError, ResponseDecodeError

if TYPE_CHECKING:
    from .._http.response import RawResponse

__all__ = ("RetryBudget", "RetryPolicy")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    When a call is sent again. An immutable value: give another one to a client, or derive one with ``replace``.

    Args:
        max_retries: Most repetitions of one call; 0 for none.
        base_delay: Seconds; the longest first wait, doubled with every repetition. The wait is drawn from 0 up to it.
        max_delay: Seconds; the longest wait of our own choosing.
        max_retry_after: Seconds; the longest wait that a ``Retry-After`` may ask for. Above it the call fails at once.
    """

    max_retries: int = 5
    base_delay: float = 1.0
    max_delay: float = 30.0
    max_retry_after: float = 120.0

    def __post_init__(self) -> None:
        if not (isinstance(self.max_retries, int) and self.max_retries >= 0):
            raise GlobusSDKUsageError("max_retries must be a whole number, 0 or more")
        for name in ("base_delay", "max_delay", "max_retry_after"):
            seconds = getattr(self, name)
            if not (isinstance(seconds, (int, float)) and 0 <= seconds < float("inf")):
                raise GlobusSDKUsageError(f"{name} must be a number of seconds, 0 or more")

    def delay(
        self, outcome: RawResponse | NetworkError, *, retries: int, idempotent: bool, is_final: bool, jitter: float
    ) -> float | None:
        """
        Return the seconds to wait before sending again, or ``None`` to give up.

        Args:
            outcome: The answer that is no success, or the failure to get one.
            retries: How often the call was repeated so far.
            idempotent: Whether the call may be carried out twice without harm.
            is_final: Whether the service's own word is that trying again is useless.
            jitter: A random number from 0 up to 1.
        """
        if retries >= self.max_retries or not self._worthwhile(outcome, idempotent=idempotent, is_final=is_final):
            return None
        own = jitter * min(self.max_delay, self.base_delay * 2.0 ** min(retries, 60))
        asked = None if isinstance(outcome, NetworkError) else outcome.retry_after
        if asked is None:
            return own
        if asked > self.max_retry_after:
            return None
        # jitter on top, never below what was asked: all who were refused come back together otherwise
        return min(asked + own, self.max_retry_after)

    @staticmethod
    def _worthwhile(outcome: RawResponse | NetworkError, *, idempotent: bool, is_final: bool) -> bool:
        """The retry matrix: was it sent, and may it be sent twice."""
        if isinstance(outcome, NetworkError):
            if isinstance(outcome, ResponseDecodeError) and not outcome.retryable:
                return False
            return idempotent or outcome.stage == "not sent"
        match outcome.status:
            case 429:
                return True
            case 408:
                return idempotent
            case 503:
                return idempotent or outcome.retry_after is not None
            case 500 | 502 | 504:
                return idempotent and not is_final
            case _:
                return False


class RetryBudget:
    """
    A bucket that every retry to one origin pays from and every success refills: an outage is not answered with a storm.

    500 tokens; a retry costs 14, after throttling 5. An empty bucket never blocks, it only forbids the retry.
    """

    __slots__ = ("_tokens",)

    capacity: Final = 500
    cost: Final = 14
    throttled_cost: Final = 5

    def __init__(self) -> None:
        self._tokens = self.capacity

    def take(self, *, throttled: bool) -> bool:
        """Pay for a retry; return whether there was enough."""
        cost = self.throttled_cost if throttled else self.cost
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True

    def refill(self, *, after_retry: bool) -> None:
        """Take note of a success."""
        self._tokens = min(self.capacity, self._tokens + (self.cost if after_retry else 1))
