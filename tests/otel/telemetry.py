"""An observer with the SDK of OpenTelemetry, whose spans and metrics stay in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.trace import SpanContext

from globus_async.otel import OpenTelemetryObserver

__all__ = ("Point", "Telemetry", "attributes_of", "context_of", "span_id", "trace_id")


class Point(NamedTuple):
    """What was recorded with the same attributes: the sum, and for a histogram the number of values."""

    attributes: Mapping[str, Any]
    value: float
    number: int


class Telemetry:
    """
    The observer, and what it recorded.

    Args:
        sampler: Which spans are recorded; by default all.
    """

    def __init__(self, sampler: Sampler | None = None) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracer_provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.reader = InMemoryMetricReader()
        self.meter_provider = MeterProvider([self.reader], shutdown_on_exit=False)
        self.observer = OpenTelemetryObserver(tracer_provider=self.tracer_provider, meter_provider=self.meter_provider)

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans that have ended, in the order of their ends."""
        return list(self._exporter.get_finished_spans())

    @property
    def calls(self) -> list[ReadableSpan]:
        """The spans of calls."""
        return [span for span in self.spans if span.kind.name == "INTERNAL" and span.name != "token refresh"]

    def attempts_of(self, call: ReadableSpan) -> list[ReadableSpan]:
        """Return the spans of the attempts of a call."""
        return [span for span in self.spans if span.parent is not None and span.parent.span_id == span_id(call)]

    def call(self, name: str) -> ReadableSpan:
        """Return the span of the only call of a name."""
        (found,) = [span for span in self.calls if span.name == name]
        return found

    @property
    def refreshes(self) -> list[ReadableSpan]:
        """The spans of token refreshes."""
        return [span for span in self.spans if span.name == "token refresh"]

    def metrics(self) -> dict[str, list[Point]]:
        """Return what each metric has recorded since the beginning."""
        data = self.reader.get_metrics_data()
        metrics = (
            metric
            for resource in ([] if data is None else data.resource_metrics)
            for scope in resource.scope_metrics
            for metric in scope.metrics
        )
        return {metric.name: [_point(point) for point in metric.data.data_points] for metric in metrics}

    def shown(self) -> str:
        """Return all that exporters would send."""
        data = self.reader.get_metrics_data()
        return "\n".join([*(span.to_json() for span in self.spans), "" if data is None else data.to_json()])


def _point(point: Any) -> Point:
    is_histogram = hasattr(point, "sum")
    return Point(point.attributes, point.sum if is_histogram else point.value, point.count if is_histogram else 1)


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span."""
    return dict(span.attributes or {})


def span_id(span: ReadableSpan) -> int:
    """Return the id of a span."""
    return context_of(span).span_id


def trace_id(span: ReadableSpan) -> int:
    """Return the id of the trace of a span."""
    return context_of(span).trace_id


def context_of(span: ReadableSpan) -> SpanContext:
    """Return the ids of a span."""
    context = span.get_span_context()
    assert context is not None
    return context
