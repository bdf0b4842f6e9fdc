"""An observer that makes spans and metrics of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind, StatusCode

from .._version import __version__
from ..errors.arguments import check_members
from ..transport import Observer
from .attributes import attempt_result, call_name, refresh_attributes, request_attributes, request_name
from .metrics import Metrics

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from ..transport import ObservedAttempt, ObservedCall, ObservedRefresh
    from .attributes import Attributes

__all__ = ("OpenTelemetryObserver",)

_NAME: Final = "globus_async"
_SCHEMA: Final = "https://opentelemetry.io/schemas/1.37.0"
"""The version of the semantic conventions that names the attributes."""


class _TracedCall:
    """The spans of a call that has begun and not ended."""

    __slots__ = ("attempt", "context", "request", "server", "span")

    def __init__(self, span: Span, context: Context, request: Attributes) -> None:
        self.span = span
        self.context = context
        self.request = request
        self.server: Attributes = {"server.address": request["server.address"], "server.port": request["server.port"]}
        self.attempt: Span | None = None


class OpenTelemetryObserver(Observer):
    """
    Makes spans and metrics of the calls of a `Transport`, after the semantic conventions for HTTP clients.

    Each call is a span named by the client method, such as ``TransferClient.get_task``, below the current span of the
    caller. Each attempt is a span below it, named by HTTP method and path template. A token refresh is a span in a
    trace of its own, which is linked with the calls that waited for it. The metrics are listed in the reference.

    The context is not changed and nothing is added to requests: Globus receives no trace id. Nothing secret is
    recorded: no URL, query, header, body or token.

    One observer may be used by several transports, also in several event loops.

    Args:
        tracer_provider: Makes the tracer. By default the global one, also if it is set later.
        meter_provider: Makes the meter. By default the global one, also if it is set later.

    Raises:
        GlobusSDKUsageError: An argument is no provider.

    Example:
        >>> observer = OpenTelemetryObserver(tracer_provider=provider)
        >>> async with Transport(observer=observer) as transport:
        ...     tc = TransferClient(authorizer=authorizer, transport=transport)
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        if tracer_provider is not None:
            check_members("tracer_provider", tracer_provider, ("get_tracer",), "a TracerProvider of OpenTelemetry")
        if meter_provider is not None:
            check_members("meter_provider", meter_provider, ("get_meter",), "a MeterProvider of OpenTelemetry")
        self._tracer = trace.get_tracer(_NAME, __version__, tracer_provider, schema_url=_SCHEMA)
        self._metrics = Metrics(metrics.get_meter(_NAME, __version__, meter_provider, schema_url=_SCHEMA))
        self._calls: dict[ObservedCall, _TracedCall] = {}

    def __repr__(self) -> str:
        return f"<OpenTelemetryObserver: {len(self._calls)} calls in progress>"

    def call_started(self, call: ObservedCall) -> None:
        """Start the span of a call, below the current span."""
        request = request_attributes(call)
        # INTERNAL: by the conventions the requests are the CLIENT spans, and no span around them is another one
        span = self._tracer.start_span(
            call_name(call, request), kind=SpanKind.INTERNAL, attributes=request, start_time=_ns(call.started_at)
        )
        traced = self._calls[call] = _TracedCall(span, trace.set_span_in_context(span), request)
        self._metrics.call_started(traced.server)

    def call_ended(self, call: ObservedCall) -> None:
        """End the span of a call."""
        traced = self._calls.pop(call, None)
        if traced is None:
            return
        span = traced.span
        if span.is_recording():
            result: Attributes = {"globus.call.attempts": call.attempts}
            if call.status is not None:
                result["http.response.status_code"] = call.status
            if call.request_id is not None:
                result["globus.request_id"] = call.request_id
            if call.queued:
                result["globus.call.queued"] = call.queued
            if call.throttled:
                result["globus.call.throttled"] = call.throttled
            if call.error is not None:
                result["error.type"] = call.error
                span.set_status(StatusCode.ERROR)
            span.set_attributes(result)
        span.end(_ns(call.started_at + (call.seconds or 0.0)))
        self._metrics.call_ended(call, traced.server, traced.context)

    def attempt_started(self, attempt: ObservedAttempt) -> None:
        """Start the span of an attempt, below that of its call."""
        traced = self._calls.get(attempt.call)
        if traced is None:
            return
        attributes = traced.request
        if attempt.number > 1:
            attributes = attributes | {"http.request.resend_count": attempt.number - 1}
        if attributes["http.request.method"] == "_OTHER":
            attributes = attributes | {"http.request.method_original": attempt.call.http_method}
        traced.attempt = self._tracer.start_span(
            request_name(attributes),
            context=traced.context,
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=_ns(attempt.started_at),
        )

    def attempt_ended(self, attempt: ObservedAttempt) -> None:
        """End the span of an attempt."""
        traced = self._calls.get(attempt.call)
        if traced is None or (span := traced.attempt) is None:
            return
        traced.attempt = None
        if span.is_recording():
            result = attempt_result(attempt)
            if "error.type" in result:
                span.set_status(StatusCode.ERROR)
            if attempt.request_id is not None:
                result["globus.request_id"] = attempt.request_id
            if attempt.stage is not None:
                result["globus.attempt.stage"] = attempt.stage
            if attempt.retry_reason is not None:
                result["globus.retry.reason"] = attempt.retry_reason
            if attempt.delay is not None:
                result["globus.retry.delay"] = attempt.delay
            span.set_attributes(result)
        span.end(_ns(attempt.started_at + (attempt.seconds or 0.0)))
        self._metrics.attempt_ended(attempt, traced.request, traced.server, traced.context)

    def throttled(self, call: ObservedCall, seconds: float, reason: str) -> None:
        """Record a wait for the rate limit, or for the end of a pause that the service requested."""
        traced = self._calls.get(call)
        if traced is not None:
            self._metrics.throttled(seconds, reason, traced.server, traced.context)

    def refresh_ended(self, refresh: ObservedRefresh) -> None:
        """Make the span of a token refresh, a trace of its own, linked with those of the calls that waited."""
        waiting = [traced.span for call in refresh.calls if (traced := self._calls.get(call)) is not None]
        span = self._tracer.start_span(
            "token refresh",
            context=Context(),
            kind=SpanKind.INTERNAL,
            attributes=refresh_attributes(refresh)
            | ({"globus.resource_server": refresh.resource_server} if refresh.resource_server else {}),
            links=[Link(waiter.get_span_context()) for waiter in waiting],
            start_time=_ns(refresh.started_at),
        )
        for waiter in waiting:
            waiter.add_link(span.get_span_context())
        if refresh.error is not None:
            span.set_status(StatusCode.ERROR)
        span.end(_ns(refresh.started_at + refresh.seconds))
        self._metrics.refresh_ended(refresh, trace.set_span_in_context(span, Context()))


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
