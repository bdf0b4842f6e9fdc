"""globus_async with spans and metrics of OpenTelemetry's SDK; what they are sent with is left out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

from benchmarks.clients import Target, ours
from globus_async.otel import OpenTelemetryObserver

LIBRARIES = (*ours.LIBRARIES, "opentelemetry-sdk")


class _Discarding(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002 -- the name of the base
        """Discard the spans: the cost of sending them is that of the exporter."""
        return SpanExportResult.SUCCESS


@asynccontextmanager
async def connect(target: Target, sampler: Sampler = ALWAYS_ON) -> AsyncGenerator[ours.OurClient]:
    """Return a client for a server."""
    spans = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    spans.add_span_processor(BatchSpanProcessor(_Discarding()))
    metrics = MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)
    observer = OpenTelemetryObserver(tracer_provider=spans, meter_provider=metrics)
    try:
        async with ours.connect(target, observer) as client:
            yield client
    finally:
        spans.shutdown()
        metrics.shutdown()
