"""Requests that are cancelled at any suspension: the next one succeeds, and nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from globus_async import GlobusAPIError, Secret, TransferClient
from globus_async._single_flight import SingleFlight
from globus_async.scopes import TransferScopes
from tests.fastapi.conftest import Deployment
from tests.toolkit.cancel import POINTS, every_suspension

Record = Callable[[str, object], None]


async def test_a_call_for_a_user_cancelled_at_every_suspension(deployment: Deployment, record_property: Record) -> None:
    """From the introspection to the listing: afterwards the same call succeeds."""
    tokens = iter([Secret(deployment.token(who)) for _ in range(300) for who in ("ada", "bob")])

    async def call() -> None:
        user = await deployment.globus.introspect(next(tokens))
        assert user is not None
        tc = deployment.globus.client_for(TransferClient, user, TransferScopes.all)
        await tc.operation_ls(deployment.collections[user.username.partition("@")[0]], "/")

    async def holds() -> None:
        user = await deployment.globus.introspect(next(tokens))
        assert user is not None
        name = user.username.partition("@")[0]
        tc = deployment.globus.client_for(TransferClient, user, TransferScopes.all)
        assert [entry["name"] async for entry in tc.operation_ls(deployment.collections[name], "/")] == [
            f"of-{name}.txt"
        ]

    record_property(POINTS, await every_suspension(call, holds))


async def test_a_login_cancelled_at_every_suspension(deployment: Deployment, record_property: Record) -> None:
    """The session exists completely or not at all, and another login succeeds."""

    async def call() -> None:
        browser = await deployment.browser()
        await deployment.log_in(browser)

    async def holds() -> None:
        browser = await deployment.browser()
        assert (await deployment.log_in(browser)).status_code == 303
        assert (await browser.get("/session")).status_code == 200

    record_property(POINTS, await every_suspension(call, holds))


async def cancelled_logout(deployment: Deployment) -> asyncio.Task[Any]:
    """Log in and out again, and cancel that as soon as the session is gone and a token is being revoked."""
    browser = await deployment.browser()
    await deployment.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    arrived = deployment.arrival("POST", "/v2/oauth2/token/revoke")
    leaving = asyncio.create_task(browser.post("/logout", data={"csrf_token": csrf}))
    await arrived.wait()
    leaving.cancel()
    return leaving


async def test_a_cancelled_logout_is_completed(deployment: Deployment) -> None:
    """Cancelled after the session was deleted, it still revokes the tokens."""
    leaving = await cancelled_logout(deployment)
    await asyncio.gather(leaving, return_exceptions=True)
    auth, now = deployment.emulator.auth, deployment.clock.wall()
    await deployment.revoked()
    assert [
        token for token in (*auth.tokens.access.values(), *auth.tokens.refresh.values()) if token.is_active(now)
    ] == []


async def test_shutdown_waits_for_a_logout(deployment: Deployment) -> None:
    """Until the tokens are revoked."""
    leaving = await cancelled_logout(deployment)
    await deployment.stop()
    await asyncio.gather(leaving, return_exceptions=True)
    auth, now = deployment.emulator.auth, deployment.clock.wall()
    assert [token for token in auth.tokens.refresh.values() if token.is_active(now)] == []


class Calls:
    """Calls whose results are set by the test."""

    def __init__(self) -> None:
        self.made = 0
        self.cancelled = 0
        self.response: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> str:
        self.made += 1
        try:
            return await asyncio.shield(self.response)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_shared_call_ends_with_its_last_waiter(deployment: Deployment) -> None:
    """One call for ten waiters; it is cancelled with the last one, and the next caller starts a new one."""
    del deployment
    flights: SingleFlight[str] = SingleFlight("test call")
    call = Calls()
    waiting = [asyncio.create_task(flights.join("a", call)) for _ in range(10)]
    await _turns()
    for task in waiting[:9]:
        task.cancel()
    await _turns()
    assert (call.made, call.cancelled) == (1, 0)
    waiting[9].cancel()
    late = asyncio.create_task(flights.join("a", call))
    await _turns()
    assert (call.made, call.cancelled) == (2, 1)
    call.response.set_result("x")
    assert await late == "x"
    await asyncio.gather(*waiting, return_exceptions=True)
    assert len(flights) == 0


async def test_each_waiter_gets_its_own_error(deployment: Deployment) -> None:
    """A note that one caller adds is not in the errors of others."""
    deployment.client.credentials.clear()
    flights: SingleFlight[Any] = SingleFlight("test call")

    def call() -> Awaitable[Any]:
        return deployment.globus.auth_client.oauth2_token_introspect("AgX1")

    results = await asyncio.gather(*(flights.join("a", call) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(error, GlobusAPIError) for error in results)
    assert len({id(error) for error in results}) == 5


async def test_other_errors_reach_all_waiters(deployment: Deployment) -> None:
    """A programming error is not hidden."""
    del deployment
    flights: SingleFlight[str] = SingleFlight("test call")

    async def broken() -> str:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    results = await asyncio.gather(*(flights.join("a", broken) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in results] == [ZeroDivisionError] * 3
    with pytest.raises(ZeroDivisionError):
        await flights.join("a", broken)
