"""Providers of all kinds: none, without recording, set late, and the API without its SDK."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace import NoOpTracerProvider

from globus_async import (
    AccessTokenAuthorizer,
    ClientCredentialsAuthorizer,
    ConfidentialAppAuthClient,
    GlobusAPIError,
    GlobusSDKUsageError,
    TransferClient,
)
from globus_async.otel import OpenTelemetryObserver
from globus_async.scopes import TransferScopes
from globus_async.testing import GlobusEmulator
from tests.otel.telemetry import Telemetry
from tests.toolkit.canaries import SECRETS, Listener, leaks_in_text
from tests.toolkit.scripted import Scripted, respond

TASK = "5e1f2a4c-0000-4000-8000-000000000001"


async def make_calls(observer: OpenTelemetryObserver) -> None:
    """Make a call that is retried, and one that fails."""
    service = Scripted(respond(503), respond(200), respond(404))
    with Listener() as heard:
        async with service.transport(observer=observer) as transport:
            tc = TransferClient(authorizer=AccessTokenAuthorizer("AgX"), transport=transport)
            await tc.get_task(TASK)
            with pytest.raises(GlobusAPIError):
                await tc.get_task(TASK)
    assert len(service.requests) == 3
    problems = [record for record in heard.records if record.name.split(".")[0] in {"globus_async", "opentelemetry"}]
    assert [record.getMessage() for record in problems if record.levelname in {"WARNING", "ERROR"}] == []


@pytest.mark.parametrize("sampler", [ALWAYS_OFF, ParentBased(TraceIdRatioBased(0.0))], ids=["off", "by parent"])
async def test_without_sampling(sampler: Any) -> None:
    """Metrics count what is not traced."""
    telemetry = Telemetry(sampler)
    await make_calls(telemetry.observer)
    assert telemetry.spans == []
    calls = telemetry.metrics()["globus.client.call.duration"]
    assert sum(point.number for point in calls) == 2


async def test_with_providers_that_do_nothing() -> None:
    """Calls work as without an observer."""
    observer = OpenTelemetryObserver(tracer_provider=NoOpTracerProvider(), meter_provider=NoOpMeterProvider())
    await make_calls(observer)
    assert repr(observer) == "<OpenTelemetryObserver: 0 calls in progress>"


@pytest.mark.parametrize("name", ["tracer_provider", "meter_provider"])
@pytest.mark.parametrize("value", ["http://collector", object(), Telemetry])
def test_what_is_no_provider(name: str, value: Any) -> None:
    """It is refused when the observer is made, and not at the first call."""
    arguments: Any = {name: value}
    with pytest.raises(GlobusSDKUsageError, match=f"{name} must be"):
        OpenTelemetryObserver(**arguments)


WITHOUT_SDK = """
import asyncio, sys

class Finder:
    def find_spec(name, path=None, target=None):
        if name.startswith("opentelemetry.sdk"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Finder)
from globus_async.otel import OpenTelemetryObserver
from tests.otel.world import serve
asyncio.run(serve(OpenTelemetryObserver()))
assert not [name for name in sys.modules if name.startswith("opentelemetry.sdk")]
"""
LATE_PROVIDERS = """
import asyncio
from globus_async.otel import OpenTelemetryObserver
observer = OpenTelemetryObserver()
from opentelemetry import metrics, trace
from tests.otel.telemetry import Telemetry
from tests.otel.world import serve
telemetry = Telemetry()
trace.set_tracer_provider(telemetry.tracer_provider)
metrics.set_meter_provider(telemetry.meter_provider)
asyncio.run(serve(observer))
assert len(telemetry.spans) == 2, telemetry.spans
assert "globus.client.call.duration" in telemetry.metrics()
"""


@pytest.mark.slow
@pytest.mark.parametrize("program", [WITHOUT_SDK, LATE_PROVIDERS], ids=["without the SDK", "set late"])
def test_global_providers(program: str) -> None:
    """The global ones are used, also if they are set later; without the SDK they do nothing."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


async def test_nothing_is_secret(telemetry: Telemetry) -> None:
    """No token, secret, query, header or body is in a span or metric, whatever a service sends back."""

    def echo(request: Any) -> Any:
        shown = f"{request.headers.get('authorization')} {SECRETS.access}"
        return respond(503 if len(service.requests) < 3 else 400, {"message": shown}, x_request_id=SECRETS.access)(
            request
        )

    service = Scripted(echo)
    async with service.transport(observer=telemetry.observer) as transport:
        tc = TransferClient(authorizer=AccessTokenAuthorizer(SECRETS.access), transport=transport)
        for call in (
            tc.get_task(TASK, query_params={"secret": SECRETS.code}),
            tc.get(f"/v0.10/{SECRETS.cookie.replace('/', '')}", headers={"X-Extra": SECRETS.cookie}),
            tc.post("/v0.10/x", data={"password": SECRETS.client_secret}),
        ):
            with pytest.raises(GlobusAPIError):
                await call
    assert len(telemetry.spans) >= 7
    assert leaks_in_text(telemetry.shown()) == []


async def test_no_secret_of_a_refresh(telemetry: Telemetry) -> None:
    """Nor those of a login."""
    async with GlobusEmulator() as emulator:
        application = emulator.add_client("App", secret=SECRETS.client_secret)
        async with emulator.transport(observer=telemetry.observer) as transport:
            auth = ConfidentialAppAuthClient(application.id, SECRETS.client_secret, transport=transport)
            authorizer = ClientCredentialsAuthorizer(auth, TransferScopes.all)
            await TransferClient(authorizer=authorizer, transport=transport).task_list()
            token = (await authorizer.get_authorization_header()).reveal().removeprefix("Bearer ")
    assert leaks_in_text(telemetry.shown()) == []
    assert token not in telemetry.shown()


async def test_a_failing_exporter_fails_no_call() -> None:
    """Whatever a tracer raises is logged once, and calls go on."""

    class Failing(NoOpTracerProvider):
        def get_tracer(self, *arguments: Any, **options: Any) -> Any:
            return self

        def start_span(self, *arguments: Any, **options: Any) -> Any:
            raise RuntimeError(SECRETS.access)

    observer = OpenTelemetryObserver(tracer_provider=Failing(), meter_provider=NoOpMeterProvider())
    with Listener() as heard:
        async with Scripted(respond(200)).client(observer=observer) as client:
            await asyncio.gather(*(client.get("/x") for _ in range(5)))
    ours = [record.getMessage() for record in heard.records if record.name == "globus_async"]
    assert len([message for message in ours if "RuntimeError" in message]) == 1
    assert heard.leaks() == []
