"""The metrics of calls, attempts and token refreshes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .attributes import attempt_result, refresh_attributes

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import Histogram, Meter

    from ..transport import ObservedAttempt, ObservedCall, ObservedRefresh
    from .attributes import Attributes

__all__ = ("Metrics",)

_REQUEST_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds, as the semantic conventions say for ``http.client.request.duration``."""
_CALL_BUCKETS: Final = (*_REQUEST_BUCKETS, 30.0, 60.0, 120.0, 300.0)
"""A call may wait, and be repeated, for five minutes."""


class Metrics:
    """
    The instruments, and what is recorded with them.

    Args:
        meter: Makes the instruments.
    """

    def __init__(self, meter: Meter) -> None:
        def seconds(name: str, description: str, buckets: tuple[float, ...] = _CALL_BUCKETS) -> Histogram:
            return meter.create_histogram(
                name, unit="s", description=description, explicit_bucket_boundaries_advisory=buckets
            )

        self._requests = seconds("http.client.request.duration", "Duration of HTTP client requests.", _REQUEST_BUCKETS)
        self._calls = seconds("globus.client.call.duration", "Duration of calls, with all attempts and waits.")
        self._active = meter.create_up_down_counter(
            "globus.client.active_calls", unit="{call}", description="Calls that have begun and not ended."
        )
        self._queued = seconds(
            "globus.client.queue.duration", "Time for which a call waited for a slot, of the calls that did."
        )
        self._throttled = seconds(
            "globus.client.throttling.duration", "Duration of a wait for the rate limit, or for a pause of the service."
        )
        self._retries = meter.create_counter(
            "globus.client.retries", unit="{retry}", description="Further attempts, by the reason for them."
        )
        self._refreshes = seconds("globus.client.token_refresh.duration", "Duration of refreshes of access tokens.")

    def call_started(self, server: Attributes) -> None:
        """Count a call that begins."""
        self._active.add(1, server)

    def call_ended(self, call: ObservedCall, server: Attributes, context: Context) -> None:
        """Record a call that has ended."""
        self._active.add(-1, server)
        attributes = _operation(call) | server
        if call.queued:
            self._queued.record(call.queued, attributes, context)
        if call.error is not None:
            attributes["error.type"] = call.error
        self._calls.record(call.seconds or 0.0, attributes, context)

    def attempt_ended(
        self, attempt: ObservedAttempt, request: Attributes, server: Attributes, context: Context
    ) -> None:
        """Record an attempt that has ended, and why another one follows."""
        self._requests.record(attempt.seconds or 0.0, request | attempt_result(attempt), context)
        if attempt.retry_reason is not None:
            reason: Attributes = {"globus.retry.reason": attempt.retry_reason}
            self._retries.add(1, _operation(attempt.call) | server | reason, context)

    def throttled(self, seconds: float, reason: str, server: Attributes, context: Context) -> None:
        """Record a wait for the rate limit, or for the end of a pause."""
        self._throttled.record(seconds, server | {"globus.throttling.reason": reason}, context)

    def refresh_ended(self, refresh: ObservedRefresh, context: Context) -> None:
        """Record a token refresh."""
        self._refreshes.record(refresh.seconds, refresh_attributes(refresh), context)


def _operation(call: ObservedCall) -> Attributes:
    return {"globus.operation": call.operation} if call.operation else {}
