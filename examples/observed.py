"""
Spans and metrics of calls with OpenTelemetry, on the console: ``python examples/observed.py``.

An emulated Globus refuses one call and delays others, so that every span and metric appears. In a program of yours,
replace the console exporters by those of OTLP, and import ``observed.grafana.json`` into Grafana.
"""

from __future__ import annotations

import asyncio

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from globus_async import (
    ClientCredentialsAuthorizer,
    ConfidentialAppAuthClient,
    Observer,
    RateLimit,
    TransferClient,
    bulk,
)
from globus_async.otel import OpenTelemetryObserver
from globus_async.scopes import TransferScopes
from globus_async.testing import GlobusEmulator
from globus_async.testing.faults import latency, status


async def make_calls(observer: Observer) -> None:
    """Make calls that are retried, queued and throttled, and calls that get no token since the secret is wrong."""
    async with GlobusEmulator() as globus:
        ids = [globus.add_collection("Lab").id] * 9 + ["00000000-0000-4000-8000-000000000000"]
        application = globus.add_client("Observed", secret="right")  # noqa: S106 -- of the emulator
        globus.faults.add("GET", "/v0.10/endpoint/*", status(503))
        globus.faults.add("GET", "/v0.10/endpoint/*", latency(0.05), times=9)
        async with globus.transport(observer=observer, max_in_flight=2) as transport:
            for secret, limit in (("wrong", None), ("right", None), ("right", RateLimit(calls=20, seconds=1))):
                auth = ConfidentialAppAuthClient(application.id, secret, transport=transport)
                tc = TransferClient(
                    authorizer=ClientCredentialsAuthorizer(auth, TransferScopes.all),
                    transport=transport,
                    rate_limit=limit,
                )
                await bulk(tc.get_endpoint, ids, concurrency=10)


def line_of(span: ReadableSpan) -> str:
    """Return a span as one line."""
    seconds = ((span.end_time or 0) - (span.start_time or 0)) / 1e9
    return f"{seconds:.3f} s {span.name} {dict(span.attributes or {})}\n"


async def main() -> None:
    """Print spans as they end, and the metrics at the end."""
    resource = Resource.create({"service.name": "observed"})
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(formatter=line_of)))
    metrics = MeterProvider([PeriodicExportingMetricReader(ConsoleMetricExporter())], resource=resource)
    observer = OpenTelemetryObserver(tracer_provider=spans, meter_provider=metrics)
    with spans.get_tracer("observed").start_as_current_span("nightly report"):
        await make_calls(observer)
    await asyncio.to_thread(metrics.shutdown)
    await asyncio.to_thread(spans.shutdown)


if __name__ == "__main__":
    asyncio.run(main())
