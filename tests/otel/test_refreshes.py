"""Token refreshes: spans linked with the calls that waited for them, and their metric."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from opentelemetry.trace import StatusCode

from globus_async import (
    ClientCredentialsAuthorizer,
    ConfidentialAppAuthClient,
    RetryPolicy,
    TransferClient,
    bulk,
)
from globus_async.scopes import TransferScopes
from globus_async.testing import GlobusEmulator
from globus_async.testing.faults import revoke_token, status
from globus_async.transport import ObservedCall, ObservedRefresh
from tests.otel.telemetry import Telemetry, attributes_of, span_id, trace_id

TASK = "5e1f2a4c-0000-4000-8000-000000000001"


@pytest.fixture
async def emulator() -> AsyncIterator[GlobusEmulator]:
    async with GlobusEmulator() as globus:
        yield globus


async def test_a_refused_token(emulator: GlobusEmulator, telemetry: Telemetry) -> None:
    """The 401, the refresh and the second attempt; the call and the refresh are linked, in traces of their own."""
    lab = emulator.add_collection("Lab").id
    application = emulator.add_client("App", secret="s3cret")
    async with emulator.transport(observer=telemetry.observer) as transport:
        auth = ConfidentialAppAuthClient(application.id, "s3cret", transport=transport)
        authorizer = ClientCredentialsAuthorizer(auth, TransferScopes.all)
        tc = TransferClient(authorizer=authorizer, transport=transport)
        await tc.get_endpoint(lab)
        first = telemetry.call("TransferClient.get_endpoint")
        emulator.faults.add("GET", "/v0.10/endpoint/*", revoke_token(emulator.auth))
        tracer = telemetry.tracer_provider.get_tracer("caller")
        with tracer.start_as_current_span("job"):
            await tc.get_endpoint(lab)
    second = next(span for span in telemetry.calls if span.name == first.name and span is not first)
    refused, accepted = telemetry.attempts_of(second)
    assert attributes_of(refused)["globus.retry.reason"] == "token refused"
    assert attributes_of(accepted)["http.response.status_code"] == 200
    assert len(telemetry.refreshes) == 2
    for call, refresh in zip((first, second), telemetry.refreshes, strict=True):
        assert refresh.parent is None
        assert trace_id(refresh) != trace_id(call)
        assert [link.context.span_id for link in refresh.links] == [span_id(call)]
        assert [link.context.span_id for link in call.links] == [span_id(refresh)]
        assert attributes_of(refresh)["globus.authorizer"] == "ClientCredentialsAuthorizer"
        assert refresh.status.status_code is StatusCode.UNSET
    requests = [span for span in telemetry.calls if "oauth2" in span.name]
    assert [span.name for span in requests] == ["ConfidentialAppAuthClient.oauth2_token"] * 2


async def test_a_failed_refresh(emulator: GlobusEmulator, telemetry: Telemetry) -> None:
    """It has the class of its error, and links to all calls that waited for it."""
    application = emulator.add_client("App", secret="s3cret")
    emulator.faults.add("POST", "/v2/oauth2/token", status(400, document={"error": "invalid_client"}))
    async with emulator.transport(observer=telemetry.observer) as transport:
        auth = ConfidentialAppAuthClient(
            application.id, "s3cret", transport=transport, retry=RetryPolicy(max_retries=0)
        )
        authorizer = ClientCredentialsAuthorizer(auth, TransferScopes.all)
        tc = TransferClient(authorizer=authorizer, transport=transport)
        outcomes = await bulk(tc.get_task, [TASK] * 3)
    assert all(outcome.error is not None for outcome in outcomes)
    (refresh,) = telemetry.refreshes
    waiting = [span for span in telemetry.calls if span.name == "TransferClient.get_task"]
    assert {link.context.span_id for link in refresh.links} == {span_id(span) for span in waiting}
    assert len(waiting) == 3
    assert "error.type" in attributes_of(refresh)
    assert refresh.status.status_code is StatusCode.ERROR
    assert [len(telemetry.attempts_of(span)) for span in waiting] == [0, 0, 0]


def test_a_refresh_is_in_no_trace_of_others(telemetry: Telemetry) -> None:
    """Whichever span is current when it ends; calls that have ended have no link to it."""
    ended = ObservedCall("", "GET", None, "https", "transfer.api.globus.org", 443, seconds=1.0)
    telemetry.observer.call_started(ended)
    telemetry.observer.call_ended(ended)
    with telemetry.tracer_provider.get_tracer("caller").start_as_current_span("job"):
        telemetry.observer.refresh_ended(ObservedRefresh("Mine", "", 1.0, 0.5, calls=(ended,)))
    (refresh,) = telemetry.refreshes
    assert refresh.parent is None
    assert (refresh.start_time, refresh.end_time) == (1_000_000_000, 1_500_000_000)
    assert attributes_of(refresh) == {"globus.authorizer": "Mine"}
    assert list(refresh.links) == []


async def test_metrics(emulator: GlobusEmulator, telemetry: Telemetry) -> None:
    """One per refresh, however many calls wait for it; failures have the class of the error."""
    application = emulator.add_client("App", secret="s3cret")
    async with emulator.transport(observer=telemetry.observer) as transport:
        auth = ConfidentialAppAuthClient(application.id, "s3cret", transport=transport)
        for _ in range(2):
            authorizer = ClientCredentialsAuthorizer(auth, TransferScopes.all)
            tc = TransferClient(authorizer=authorizer, transport=transport)
            await bulk(tc.get_task, [TASK] * 5)
            emulator.faults.add("POST", "/v2/oauth2/token", status(400, document={"error": "invalid_client"}))
    failed, succeeded = sorted(
        telemetry.metrics()["globus.client.token_refresh.duration"],
        key=lambda point: "error.type" not in point.attributes,
    )
    assert succeeded.attributes == {"globus.authorizer": "ClientCredentialsAuthorizer"}
    assert (succeeded.number, failed.number) == (1, 1)
    assert failed.attributes["error.type"] == "ApplicationRefused"
