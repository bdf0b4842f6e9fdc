"""The metrics of calls: names, units, attributes and values, recorded by the SDK of OpenTelemetry."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from globus_async import (
    AccessTokenAuthorizer,
    RateLimit,
    TransferClient,
    bulk,
)
from globus_async.errors import GlobusAPIError
from globus_async.otel import OpenTelemetryObserver
from tests.otel.telemetry import Point, Telemetry
from tests.toolkit.scripted import Scripted, respond

TASK = "5e1f2a4c-0000-4000-8000-000000000001"
SERVER = {"server.address": "transfer.api.globus.org", "server.port": 443}


async def get_tasks(service: Scripted, telemetry: Telemetry, count: int = 1, **options: Any) -> None:
    """Make concurrent calls of a scripted service, whatever they return."""
    async with service.transport(observer=telemetry.observer) as transport:
        tc = TransferClient(authorizer=AccessTokenAuthorizer("AgX"), transport=transport, **options)
        await bulk(tc.get_task, [str(uuid4()) for _ in range(count)])


async def test_durations(telemetry: Telemetry) -> None:
    """Of each attempt, by the conventions, and of each call."""
    service = Scripted(respond(503), respond(200))
    await get_tasks(service, telemetry)
    metrics = telemetry.metrics()
    request = {**SERVER, "url.scheme": "https", "http.request.method": "GET", "url.template": "/v0.10/task/{task_id}"}
    attempts = {
        point.attributes["http.response.status_code"]: point for point in metrics["http.client.request.duration"]
    }
    assert attempts[200].attributes == {**request, "http.response.status_code": 200}
    assert attempts[503].attributes == {**request, "http.response.status_code": 503, "error.type": "503"}
    assert [attempts[status].number for status in (200, 503)] == [1, 1]
    (call,) = metrics["globus.client.call.duration"]
    assert call == Point({**SERVER, "globus.operation": "TransferClient.get_task"}, service.times[1], 1)
    (retry,) = metrics["globus.client.retries"]
    assert retry.value == 1
    assert retry.attributes == {
        **SERVER,
        "globus.operation": "TransferClient.get_task",
        "globus.retry.reason": "503",
    }
    assert metrics["globus.client.active_calls"] == [Point(SERVER, 0, 1)]


async def test_an_error(telemetry: Telemetry) -> None:
    """The duration of a call that failed has the class of the error."""
    await get_tasks(Scripted(respond(404, {"code": "TaskNotFound"})), telemetry)
    (call,) = telemetry.metrics()["globus.client.call.duration"]
    assert "NotFound" in call.attributes["error.type"]


async def test_active_calls(telemetry: Telemetry) -> None:
    """Calls are counted while they are in progress."""
    waiting, go_on = asyncio.Event(), asyncio.Event()
    seen = 0

    async def serve(_: httpx.Request) -> httpx.Response:
        nonlocal seen
        seen += 1
        if seen == 3:
            waiting.set()
        await go_on.wait()
        return httpx.Response(200, json={})

    calls = asyncio.create_task(get_tasks(Scripted(serve), telemetry, 3))
    await waiting.wait()
    assert [point.value for point in telemetry.metrics()["globus.client.active_calls"]] == [3]
    go_on.set()
    await calls
    assert [point.value for point in telemetry.metrics()["globus.client.active_calls"]] == [0]


async def test_waits(telemetry: Telemetry) -> None:
    """For the rate limit, for a pause that the service requested, and for a slot; calls that do not wait are absent."""
    await get_tasks(Scripted(respond(200)), telemetry)
    assert not {"globus.client.throttling.duration", "globus.client.queue.duration"} & {*telemetry.metrics()}
    await get_tasks(Scripted(respond(200)), telemetry, 4, rate_limit=RateLimit(10, 1))
    service = Scripted(respond(429, retry_after="3"), respond(200))
    await get_tasks(service, telemetry, 2)
    waits = telemetry.metrics()["globus.client.throttling.duration"]
    by_reason = {point.attributes["globus.throttling.reason"]: point for point in waits}
    assert set(by_reason) == {"rate limit", "pause"}
    assert by_reason["rate limit"].value > 0.1
    assert {point.attributes["server.address"] for point in waits} == {SERVER["server.address"]}


async def test_queued_calls(telemetry: Telemetry) -> None:
    """The wait for a slot of the calls in flight."""
    service = Scripted()

    async def slow(request: httpx.Request) -> httpx.Response:
        await service.clock.sleep(2)
        return httpx.Response(200, json={})

    service.steps = (slow,)
    async with service.transport(observer=telemetry.observer, max_in_flight=1) as transport:
        tc = TransferClient(authorizer=AccessTokenAuthorizer("AgX"), transport=transport, rate_limit=None)
        await asyncio.gather(*(tc.get_task(TASK) for _ in range(3)))
    (queued,) = telemetry.metrics()["globus.client.queue.duration"]
    assert queued.number == 2
    assert queued.value >= 4


async def test_cardinality(telemetry: Telemetry) -> None:
    """However many resources, users and requests there are, a metric has no more points; no id is in any of them."""

    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={}, headers={"x-request-id": str(uuid4())})

    await get_tasks(Scripted(serve), telemetry, 300)
    for name, points in telemetry.metrics().items():
        assert len(points) == 1, name
        assert {len(point.attributes) for point in points} <= {2, 3, 6}
        for value in (value for point in points for value in point.attributes.values()):
            with pytest.raises(ValueError, match="badly formed"):
                UUID(str(value))


def exported(reader: InMemoryMetricReader) -> Mapping[str, Any]:
    data = reader.get_metrics_data()
    assert data is not None
    return {
        metric.name: metric
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


async def test_buckets_and_units() -> None:
    """Seconds; the buckets that the conventions advise, and up to the total timeout for whole calls."""
    reader = InMemoryMetricReader()
    observer = OpenTelemetryObserver(meter_provider=MeterProvider([reader], shutdown_on_exit=False))
    async with Scripted(respond(200)).client(observer=observer) as client:
        await client.get("/x")
    metrics = exported(reader)
    requests, calls = metrics["http.client.request.duration"], metrics["globus.client.call.duration"]
    assert [metrics[name].unit for name in metrics] == ["{call}", "s", "s"]
    advised = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
    assert requests.data.data_points[0].explicit_bounds == advised
    assert calls.data.data_points[0].explicit_bounds == (*advised, 30, 60, 120, 300)


async def test_exemplars_lead_to_traces(telemetry: Telemetry) -> None:
    """A duration that an exporter shows as an example has the ids of the call's span."""
    await get_tasks(Scripted(respond(200)), telemetry)
    metric = exported(telemetry.reader)["globus.client.call.duration"]
    (exemplar,) = metric.data.data_points[0].exemplars
    call = telemetry.call("TransferClient.get_task").get_span_context()
    assert call is not None
    assert (exemplar.trace_id, exemplar.span_id) == (call.trace_id, call.span_id)


async def test_several_transports_share_an_observer(telemetry: Telemetry) -> None:
    """Also several observers of one provider; the values add up."""
    await get_tasks(Scripted(respond(200)), telemetry, 2)
    await get_tasks(Scripted(respond(200)), telemetry, 3)
    telemetry.observer = OpenTelemetryObserver(
        tracer_provider=telemetry.tracer_provider, meter_provider=telemetry.meter_provider
    )
    await get_tasks(Scripted(respond(200)), telemetry, 4)
    (call,) = telemetry.metrics()["globus.client.call.duration"]
    assert call.number == 9


async def test_a_call_that_raises_is_recorded(telemetry: Telemetry) -> None:
    """Its error goes to the caller unchanged."""
    service = Scripted(respond(403, {"code": "PermissionDenied"}))
    async with service.transport(observer=telemetry.observer) as transport:
        tc = TransferClient(authorizer=AccessTokenAuthorizer("AgX"), transport=transport)
        with pytest.raises(GlobusAPIError) as caught:
            await tc.get_task(TASK)
    (call,) = telemetry.metrics()["globus.client.call.duration"]
    assert call.attributes["error.type"] == type(caught.value).__name__
