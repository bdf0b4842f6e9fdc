"""globus_async with an observer of OpenTelemetry whose providers do nothing, as without its SDK."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import NoOpTracerProvider

from benchmarks.clients import Target, ours
from globus_async.otel import OpenTelemetryObserver

LIBRARIES = (*ours.LIBRARIES, "opentelemetry-api")


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[ours.OurClient]:
    """Return a client for a server."""
    observer = OpenTelemetryObserver(tracer_provider=NoOpTracerProvider(), meter_provider=NoOpMeterProvider())
    async with ours.connect(target, observer) as client:
        yield client
