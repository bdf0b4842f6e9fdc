"""The Grafana dashboard of the examples asks for metrics and labels that the example beside it emits."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.trace import NoOpTracerProvider
from prometheus_client import REGISTRY

from globus_async.otel import OpenTelemetryObserver
from tests.source import ROOT

DASHBOARD = json.loads((ROOT / "examples" / "observed.grafana.json").read_text())
NAME = re.compile(r"\b(?:globus_client|http_client)_\w+")
LABELS = re.compile(r"\bby \(([^)]*)\)|\{\{(\w+)\}\}|(\w+)(?:=~|!=|!~|=)\"")
OF_PROMETHEUS = {"job", "le"}
"""Labels that scraping adds, and that of buckets."""


def queries() -> Iterator[tuple[str, str]]:
    """Yield each query, and the legend of its result."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"], target["legendFormat"]
    for variable in DASHBOARD["templating"]["list"]:
        if isinstance(variable["query"], dict):
            yield variable["query"]["query"], ""


@pytest.fixture
def make_calls() -> Any:
    """The function of the example that makes calls."""
    return runpy.run_path(str(ROOT / "examples" / "observed.py"))["make_calls"]


async def emitted(make_calls: Any) -> dict[str, set[str]]:
    """Run the example; return the labels of each metric, by the names that the exporter of Prometheus gives them."""
    names, telemetry = PrometheusMetricReader(), InMemoryMetricReader()
    provider = MeterProvider([names, telemetry], shutdown_on_exit=False)
    try:
        await make_calls(OpenTelemetryObserver(tracer_provider=NoOpTracerProvider(), meter_provider=provider))
        samples = {sample.name for metric in REGISTRY.collect() for sample in metric.samples}
        labels = {  # of the SDK: the oldest exporter leaves out those that not all points of a metric have
            metric.name.replace(".", "_"): {label.replace(".", "_") for point in points for label in point.attributes}
            for metric, points in points_of(telemetry)
        }
        return {sample: found for sample in samples for name, found in labels.items() if sample.startswith(name)}
    finally:
        provider.shutdown()


def points_of(reader: InMemoryMetricReader) -> Iterator[tuple[Any, Any]]:
    """Yield each metric with what it has recorded."""
    data = reader.get_metrics_data()
    assert data is not None
    for scope in (scope for resource in data.resource_metrics for scope in resource.scope_metrics):
        for metric in scope.metrics:
            yield metric, metric.data.data_points


@pytest.mark.slow
async def test_every_query_has_data(make_calls: Any) -> None:
    """Each metric that is queried is emitted, with each label by which it is selected, grouped or shown."""
    labels = await emitted(make_calls)
    asked = list(queries())
    assert len(asked) >= 10
    for expression, legend in asked:
        names = NAME.findall(expression)
        assert names, expression
        wanted = {
            label.strip() for groups in LABELS.findall(f"{expression} {legend}") for label in "".join(groups).split(",")
        }
        for name in names:
            assert name in labels, f"{name} is not emitted: {sorted(n for n in labels if NAME.match(n))}"
            assert wanted - OF_PROMETHEUS <= labels[name], expression


def test_every_metric_is_on_the_dashboard() -> None:
    """None is left out."""
    shown = " ".join(expression for expression, _ in queries())
    source = (ROOT / "src" / "globus_async" / "otel" / "metrics.py").read_text()
    instruments = re.findall(r'"((?:globus|http)\.client\.[\w.]+)"', source)
    assert len(instruments) == 7
    for instrument in instruments:
        assert instrument.replace(".", "_") in shown
