"""globus_async with metrics of OpenTelemetry's SDK, and spans none of which is sampled."""

from __future__ import annotations

from functools import partial

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from benchmarks.clients import ours_otel

LIBRARIES = ours_otel.LIBRARIES

connect = partial(ours_otel.connect, sampler=ALWAYS_OFF)
