"""What load balancers are told about a process."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest
from fastapi import FastAPI

from globus_async import GlobusSDKUsageError
from globus_async.fastapi import GlobusBackend, Readiness
from globus_async.fastapi.shutdown_signal import delayed_shutdown
from globus_async.testing.faults import status
from tests.fastapi.conftest import Deployment, Make
from tests.fastapi.test_outages import shaky, unavailable


async def add(deployment: Deployment, **options: Any) -> Readiness:
    readiness = Readiness(deployment.globus, deployment.login, **options)
    deployment.app.include_router(readiness.router)
    return readiness


async def test_ready(deployment: Deployment) -> None:
    """200, never from a cache between."""
    await add(deployment)
    browser = await deployment.browser()
    response = await browser.get("/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})
    assert response.headers["cache-control"] == "no-store"
    assert (await browser.head("/ready")).status_code == 200


async def test_the_store_is_unavailable(make_deployment: Make) -> None:
    """503 with the reason by name, and ready again a second after the store."""
    deployment, store, _ = await shaky(make_deployment)
    await add(deployment)
    browser = await deployment.browser()
    store.failure = unavailable
    response = await browser.get("/ready")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json() == {"status": "unavailable", "reasons": ["session_store"]}
    store.failure = None
    assert (await browser.get("/ready")).status_code == 503
    await deployment.clock.advance(1)
    assert (await browser.get("/ready")).status_code == 200


async def test_the_store_is_not_set_up(make_deployment: Make, caplog: pytest.LogCaptureFixture) -> None:
    """The log says so once: a load balancer sends no request that would."""
    deployment, store, _ = await shaky(make_deployment)
    await add(deployment)
    browser = await deployment.browser()
    store.failure = lambda: GlobusSDKUsageError("the tables do not exist")
    for _ in range(3):
        response = await browser.get("/ready")
        assert response.json() == {"status": "unavailable", "reasons": ["session_store"]}
        await deployment.clock.advance(1)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "the session store cannot be used: the tables do not exist"
    ]


async def test_the_store_hangs(make_deployment: Make) -> None:
    """The response arrives after a second."""
    deployment, store, _ = await shaky(make_deployment)
    await add(deployment)
    browser = await deployment.browser()
    store.hangs = True
    before = deployment.clock.monotonic()
    response = await deployment.run_with_clock(browser.get("/ready"), step=0.5)
    assert response.json()["reasons"] == ["session_store"]
    assert deployment.clock.monotonic() - before <= 1.5


async def test_it_makes_no_load(make_deployment: Make) -> None:
    """1,000 requests at once, and 1,000 after another, are one call of the store a second."""
    deployment, store, _ = await shaky(make_deployment)
    await add(deployment)
    store.calls = 0
    responses = await asyncio.gather(*(deployment.get("/ready", {}) for _ in range(1000)))
    for _ in range(1000):
        responses.append(await deployment.get("/ready", {}))
    assert {code for code, _ in responses} == {200}
    assert store.calls == 1
    await deployment.clock.advance(1)
    await deployment.get("/ready", {})
    assert store.calls == 2


async def test_globus_auth(deployment: Deployment) -> None:
    """Only if it is asked for, and then every 30 seconds."""
    await add(deployment)
    await add(deployment, path="/ready-with-auth", auth=True)
    browser = await deployment.browser()
    deployment.emulator.faults.add("GET", "/.well-known/openid-configuration", status(404), times=1)
    assert (await browser.get("/ready")).status_code == 200
    for seconds in (0, 29):
        await deployment.clock.advance(seconds)
        response = await browser.get("/ready-with-auth")
        assert response.json() == {"status": "unavailable", "reasons": ["globus_auth"]}
    await deployment.clock.advance(1)
    assert (await browser.get("/ready-with-auth")).status_code == 200


async def test_an_application_that_does_not_run(deployment: Deployment) -> None:
    """Before its start and after its end."""
    readiness = await add(deployment)
    assert await readiness.reasons() == ()
    await deployment.globus.transport.aclose()
    assert await readiness.reasons() == ("not_running",)
    await deployment.stop()
    assert await readiness.reasons() == ("not_running",)
    assert await Readiness(GlobusBackend("11111111-1111-4111-8111-111111111111", "secret")).reasons() == (
        "not_running",
    )


async def test_the_shutdown_begins(deployment: Deployment) -> None:
    """At once, whatever the last result was."""
    readiness = await add(deployment)
    browser = await deployment.browser()
    assert (await browser.get("/ready")).status_code == 200
    readiness.shutdown.set()
    assert (await browser.get("/ready")).json()["reasons"] == ["shutting_down"]


def test_an_application_that_starts_again() -> None:
    """In another event loop, as in tests: its streams wait for its own shutdown."""
    readiness = Readiness(GlobusBackend("11111111-1111-4111-8111-111111111111", "secret"))
    app = FastAPI()
    app.include_router(readiness.router)

    async def run() -> None:
        async with app.router.lifespan_context(app):
            assert await readiness.reasons() == ("not_running",)
            stream = asyncio.create_task(readiness.shutdown.wait())
            await asyncio.sleep(0)
            readiness.shutdown.set()
            await stream

    for _ in range(2):
        asyncio.run(run())


async def test_a_delayed_signal() -> None:
    """The handler of before gets SIGTERM after the delay, or at once when it is sent again; and is put back."""
    received: list[int] = []
    begun, arrived = asyncio.Event(), asyncio.Event()

    def receive(number: int, _: object) -> None:
        received.append(number)
        arrived.set()

    before = signal.signal(signal.SIGTERM, receive)
    own = signal.getsignal(signal.SIGTERM)
    try:
        with delayed_shutdown(begun.set, seconds=0.05):
            signal.raise_signal(signal.SIGTERM)
            await begun.wait()
            assert received == []
            await arrived.wait()
        assert received == [signal.SIGTERM]
        for seconds, times in ((1000, 2), (0, 1)):
            received.clear()
            with delayed_shutdown(begun.set, seconds=seconds):
                for _ in range(times):
                    signal.raise_signal(signal.SIGTERM)
                await asyncio.sleep(0)
                assert received == [signal.SIGTERM]
            assert signal.getsignal(signal.SIGTERM) is own
        with delayed_shutdown(begun.set, seconds=0.01):
            signal.raise_signal(signal.SIGTERM)
            await asyncio.sleep(0)
            received.clear()
        await asyncio.sleep(0.03)
        assert received == []  # the server has ended: nobody is waiting for it
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_outside_the_main_thread() -> None:
    """There are no signals, and none is changed."""
    before = signal.getsignal(signal.SIGTERM)

    async def inside() -> Any:
        with delayed_shutdown(lambda: None, seconds=1):
            return signal.getsignal(signal.SIGTERM)

    assert await asyncio.to_thread(asyncio.run, inside()) is before


@pytest.mark.parametrize("options", [{"path": "ready"}, {"drain_seconds": -1}, {"auth": 1}])
def test_arguments(options: dict[str, Any]) -> None:
    """Are checked."""
    with pytest.raises(GlobusSDKUsageError):
        Readiness(GlobusBackend("11111111-1111-4111-8111-111111111111", "secret"), **options)
