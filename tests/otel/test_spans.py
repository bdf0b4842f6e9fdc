"""The spans of calls: names, attributes, parents and ends, recorded by the SDK of OpenTelemetry."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from globus_async import (
    AccessTokenAuthorizer,
    NetworkError,
    TransferClient,
    bulk,
)
from globus_async.errors import GlobusAPIError
from globus_async.transport import ObservedAttempt, ObservedCall
from tests.otel.telemetry import Telemetry, attributes_of, span_id, trace_id
from tests.toolkit.cancel import every_suspension
from tests.toolkit.scripted import Scripted, fails, respond

TASK = "5e1f2a4c-0000-4000-8000-000000000001"
HOST = {"server.address": "transfer.api.globus.org", "server.port": 443, "url.scheme": "https"}
REQUEST = {**HOST, "http.request.method": "GET", "url.template": "/v0.10/task/{task_id}"}


async def get_task(service: Scripted, telemetry: Telemetry, **options: Any) -> Any:
    """Make a call to a scripted service."""
    async with service.transport(observer=telemetry.observer) as transport:
        tc = TransferClient(authorizer=AccessTokenAuthorizer("AgX"), transport=transport, **options)
        return await tc.get_task(TASK)


async def test_a_call_and_its_attempt(telemetry: Telemetry) -> None:
    """The call is named by the client method, the attempt by the request; the conventions name the attributes."""
    await get_task(Scripted(respond(200, {"task_id": TASK}, x_request_id="r1")), telemetry)
    attempt, call = telemetry.spans
    assert (call.name, call.kind, call.parent) == ("TransferClient.get_task", SpanKind.INTERNAL, None)
    assert attributes_of(call) == {
        **REQUEST,
        "http.response.status_code": 200,
        "globus.request_id": "r1",
        "globus.call.attempts": 1,
    }
    assert (attempt.name, attempt.kind) == ("GET /v0.10/task/{task_id}", SpanKind.CLIENT)
    assert attempt.parent is not None
    assert attempt.parent.span_id == span_id(call)
    assert attributes_of(attempt) == {**REQUEST, "http.response.status_code": 200, "globus.request_id": "r1"}
    assert {span.status.status_code for span in telemetry.spans} == {StatusCode.UNSET}
    scope = call.instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.schema_url) == ("globus_async", "https://opentelemetry.io/schemas/1.37.0")


async def test_retries(telemetry: Telemetry) -> None:
    """A span for each attempt, with its number, and why another one follows."""
    service = Scripted(respond(503), fails(httpx.ConnectError), respond(200))
    await get_task(service, telemetry)
    call = telemetry.call("TransferClient.get_task")
    first, second, third = telemetry.attempts_of(call)
    assert attributes_of(call)["globus.call.attempts"] == 3
    assert call.status.status_code is StatusCode.UNSET
    attributes = attributes_of(first)
    assert (attributes["error.type"], attributes["globus.retry.reason"]) == ("503", "503")
    assert attributes["globus.retry.delay"] == service.times[1]
    assert "http.request.resend_count" not in attributes
    attributes = attributes_of(second)
    assert (attributes["error.type"], attributes["globus.attempt.stage"]) == ("GlobusConnectionError", "not sent")
    assert attributes["http.request.resend_count"] == 1
    assert "http.response.status_code" not in attributes
    assert (third.status.status_code, attributes_of(third)["http.request.resend_count"]) == (StatusCode.UNSET, 2)
    assert [attempt.status.status_code for attempt in (first, second)] == [StatusCode.ERROR] * 2
    times = [(span.start_time, span.end_time) for span in (first, second, third)]
    assert times == sorted(times)
    assert (call.start_time, call.end_time) == (times[0][0], times[2][1])


async def test_an_error_of_the_call(telemetry: Telemetry) -> None:
    """The call has the class of its error, the attempt the status, as the conventions say."""
    with pytest.raises(GlobusAPIError):
        await get_task(Scripted(respond(404, {"code": "TaskNotFound"})), telemetry)
    attempt, call = telemetry.spans
    assert (attributes_of(attempt)["error.type"], attributes_of(attempt)["http.response.status_code"]) == ("404", 404)
    error = attributes_of(call)["error.type"]
    assert isinstance(error, str)
    assert "NotFound" in error
    assert {span.status.status_code for span in telemetry.spans} == {StatusCode.ERROR}
    assert {span.status.description for span in telemetry.spans} == {None}
    assert [event for span in telemetry.spans for event in span.events] == []  # an exception has a traceback


async def test_the_parent_is_the_current_span(telemetry: Telemetry) -> None:
    """Spans join the caller's trace; after the call the caller's span is still the current one."""
    tracer = telemetry.tracer_provider.get_tracer("caller")
    with tracer.start_as_current_span("job") as job:
        await get_task(Scripted(respond(200)), telemetry)
        assert trace.get_current_span() is job
    call = telemetry.call("TransferClient.get_task")
    assert call.parent is not None
    assert call.parent.span_id == job.get_span_context().span_id
    assert len({*map(trace_id, telemetry.spans)}) == 1


async def test_the_context_is_not_sent(telemetry: Telemetry) -> None:
    """Globus receives neither trace ids nor baggage."""
    service = Scripted(respond(200))
    with telemetry.tracer_provider.get_tracer("caller").start_as_current_span("job"):
        await get_task(service, telemetry)
    assert not {"traceparent", "tracestate", "baggage"} & {*service.requests[0].headers}


async def test_concurrent_calls_are_siblings(telemetry: Telemetry) -> None:
    """No call is below another one, and each attempt is below its own call."""
    tracer = telemetry.tracer_provider.get_tracer("caller")

    async def serve(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        return httpx.Response(200, json={}, headers={"x-request-id": request.url.path[-3:]})

    async with Scripted(serve).transport(observer=telemetry.observer) as transport:
        tc = TransferClient(authorizer=AccessTokenAuthorizer("AgX"), transport=transport, rate_limit=None)
        jobs: dict[int, int] = {}

        async def job(number: int) -> None:
            with tracer.start_as_current_span(f"job {number}") as span:
                jobs[span.get_span_context().span_id] = number
                await tc.get_task(f"{TASK[:-3]}{number:03}")

        await asyncio.gather(*map(job, range(100, 130)))
    calls = telemetry.calls
    found = [span for span in calls if span.name == "TransferClient.get_task"]
    assert len(found) == 30
    for call in found:
        (attempt,) = telemetry.attempts_of(call)
        assert call.parent is not None
        expected = f"{jobs[call.parent.span_id]:03}"
        assert {attributes_of(span)["globus.request_id"] for span in (call, attempt)} == {expected}


async def test_bulk(telemetry: Telemetry) -> None:
    """The calls of a bulk are below the span in which it was begun, each failed one with its error."""
    service = Scripted(respond(404, {"code": "TaskNotFound"}), respond(200))
    async with service.transport(observer=telemetry.observer) as transport:
        tc = TransferClient(authorizer=AccessTokenAuthorizer("AgX"), transport=transport)
        with telemetry.tracer_provider.get_tracer("caller").start_as_current_span("report") as report:
            await bulk(tc.get_task, [TASK] * 20, concurrency=5)
    calls = [span for span in telemetry.calls if span.name == "TransferClient.get_task"]
    assert len(calls) == 20
    assert {span.parent.span_id for span in calls if span.parent} == {report.get_span_context().span_id}
    assert sum("error.type" in attributes_of(span) for span in calls) == 1


async def test_listings(telemetry: Telemetry) -> None:
    """A span for each page, named by the method that lists."""
    page = respond(200, {"DATA": [{}, {}], "total": 4, "offset": 0, "limit": 2})
    async with Scripted(page).transport(observer=telemetry.observer) as transport:
        tc = TransferClient(authorizer=AccessTokenAuthorizer("AgX"), transport=transport)
        assert len(await tc.task_list(num_results=4).list()) == 4
    assert [span.name for span in telemetry.calls] == ["TransferClient.task_list"] * 2


async def test_a_path_without_a_template(telemetry: Telemetry) -> None:
    """The path of a raw request is not recorded: it may have ids, of which there are too many for a name."""
    async with Scripted(respond(200)).client(observer=telemetry.observer) as client:
        await client.get("/v0.10/secretive/1234", query_params={"q": "private"})
    attempt, call = telemetry.spans
    assert (call.name, attempt.name) == ("BaseClient.get", "GET")
    assert "url.template" not in attributes_of(attempt)
    assert "1234" not in telemetry.shown()
    assert "private" not in telemetry.shown()


async def test_a_method_that_the_conventions_do_not_know(telemetry: Telemetry) -> None:
    """It is one of many in names and metrics, and itself in the span of the attempt."""
    async with Scripted(respond(200)).client(observer=telemetry.observer) as client:
        await client.request("PURGE", "/cache")
    attempt = telemetry.spans[0]
    attributes = attributes_of(attempt)
    assert attempt.name == "HTTP"
    assert attributes["http.request.method"] == "_OTHER"
    assert attributes["http.request.method_original"] == "PURGE"


async def test_every_span_ends_when_a_call_is_cancelled(telemetry: Telemetry) -> None:
    """At every suspension; the spans say so, and nothing is left in the observer."""
    service = Scripted(respond(503), respond(200))

    async def make_call() -> None:
        service.requests.clear()
        await get_task(service, telemetry)

    begun = 0

    async def check() -> None:
        nonlocal begun
        begun += 1
        assert repr(telemetry.observer) == "<OpenTelemetryObserver: 0 calls in progress>"

    points = await every_suspension(make_call, check)
    assert points > 2
    cancelled = [span for span in telemetry.calls if attributes_of(span).get("error.type") == "CancelledError"]
    assert cancelled
    assert {span.status.status_code for span in cancelled} == {StatusCode.ERROR}
    for call in telemetry.calls:
        assert attributes_of(call)["globus.call.attempts"] == len(telemetry.attempts_of(call))
    assert {point.value for point in telemetry.metrics()["globus.client.active_calls"]} == {0}


async def test_every_span_ends_when_the_transport_is_closed(telemetry: Telemetry) -> None:
    """Calls that are waiting then have an error."""
    begun = asyncio.Event()

    async def hang(_: httpx.Request) -> httpx.Response:
        begun.set()
        return await asyncio.Future()

    async with Scripted(hang).transport(observer=telemetry.observer) as transport:
        tc = TransferClient(authorizer=AccessTokenAuthorizer("AgX"), transport=transport)
        task = asyncio.create_task(tc.get_task(TASK))
        await begun.wait()
    with pytest.raises((NetworkError, GlobusAPIError)):
        await task
    assert [span.name for span in telemetry.spans] == ["GET /v0.10/task/{task_id}", "TransferClient.get_task"]
    assert "error.type" in attributes_of(telemetry.spans[1])


async def test_records_have_the_trace_of_the_caller(telemetry: Telemetry) -> None:
    """What the library logs during a call is logged in the caller's context: its trace id is that of the call."""
    contexts: list[int] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            contexts.append(trace.get_current_span().get_span_context().trace_id)

    logger, handler = logging.getLogger("globus_async"), Handler()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with telemetry.tracer_provider.get_tracer("caller").start_as_current_span("job"):
            await get_task(Scripted(respond(503), respond(200)), telemetry)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert contexts == [trace_id(telemetry.call("TransferClient.get_task"))]


async def test_a_call_without_a_span_is_ignored(telemetry: Telemetry) -> None:
    """An observer whose tracer failed at the begin of a call does not fail at its end."""
    unknown = ObservedCall("", "GET", None, "https", "transfer.api.globus.org", 443, seconds=1.0)
    attempt = ObservedAttempt(unknown, 1, 0.0, seconds=1.0)
    telemetry.observer.attempt_started(attempt)
    telemetry.observer.attempt_ended(attempt)
    telemetry.observer.throttled(unknown, 1.0, "pause")
    telemetry.observer.call_ended(unknown)
    assert telemetry.spans == []
    telemetry.observer.call_started(unknown)
    telemetry.observer.attempt_ended(attempt)
    assert telemetry.spans == []
