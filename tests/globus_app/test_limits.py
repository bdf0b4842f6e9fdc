"""A call that waits for a user holds no slot, and its timeouts do not run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from globus_async import AuthClient, ConsentRequired, GlobusTimeoutError, TransferClient
from globus_async.scopes import AuthScopes
from globus_async.testing.faults import status
from tests.globus_app.test_login import until
from tests.globus_app.world import Globus, globus
from tests.toolkit.clock import FakeClock

ONE = {"max_in_flight": 1}


async def test_one_call_in_flight() -> None:
    """Calls of Auth and Transfer, which wait for the login, leave it the only slot; so do look-ups of consents."""
    async with globus(transport=ONE) as world, world.app(browser := world.browser()) as app:
        ac = AuthClient(app=app).add_app_scope(AuthScopes.view_identities.with_dependency(AuthScopes.openid))
        tc = TransferClient(app=app).add_app_data_access_scope(world.mapped.id)
        calls: list[Any] = [*(ac.userinfo() for _ in range(5)), *(tc.operation_ls(world.mapped.id) for _ in range(5))]
        async with asyncio.timeout(20):
            results = await asyncio.gather(*calls, return_exceptions=True)
        assert len(browser.logins) == 1
        assert not [each for each in results[5:] if isinstance(each, BaseException)]


async def test_others_are_not_held_up() -> None:
    """While calls wait for a user, those with other credentials use the slot."""
    async with globus(transport=ONE) as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        waiting = [asyncio.create_task(TransferClient(app=app).get_endpoint(world.lab.id)) for _ in range(3)]
        await until(lambda: browser.running == 1)
        async with world.client_app() as service:
            page = await TransferClient(app=service).task_list()
            assert list(page) == []
        browser.may_log_in.set()
        await asyncio.gather(*waiting)


async def test_the_wait_for_a_user_does_not_count() -> None:
    """A day passes, and the call is made; the time that it takes itself counts as before."""
    clock = FakeClock()
    options: Any = {"clock": clock, "transport": {"clock": clock, "total_timeout": 30}}
    async with globus(**options) as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        call = asyncio.create_task(TransferClient(app=app).get_endpoint(world.lab.id))
        await until(lambda: browser.running == 1)
        await clock.advance(86_400)
        assert not call.done()
        browser.may_log_in.set()
        assert (await call)["display_name"] == "Lab"


async def test_the_call_itself_has_its_timeout_after_the_login() -> None:
    """The rest of the time, not more."""
    clock = FakeClock()
    options: Any = {"clock": clock, "transport": {"clock": clock, "total_timeout": 30}}
    async with globus(**options) as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        call = asyncio.create_task(TransferClient(app=app).get_endpoint(world.lab.id))
        await until(lambda: browser.running == 1)
        await clock.advance(1_000)
        transfer = world.transport.origin("https://transfer.api.globus.org/")
        transfer.paused_until = clock.monotonic() + 29
        browser.may_log_in.set()
        await until(lambda: any(abs(seconds - 29) < 1e-6 for seconds in clock.pending))
        transfer.paused_until += 5
        await clock.advance(29.5)
        assert not call.done()
        await clock.advance(1)
        with pytest.raises(GlobusTimeoutError):
            await call


async def test_what_a_call_waits_for_after_the_login() -> None:
    """Its error says that it was queued, not that it had no token."""
    clock = FakeClock()
    options: Any = {"clock": clock, "transport": {"clock": clock, "total_timeout": 30, **ONE}}
    async with globus(**options) as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        call = asyncio.create_task(TransferClient(app=app).get_endpoint(world.lab.id))
        await until(lambda: browser.running == 1)
        transfer = world.transport.origin("https://transfer.api.globus.org/")
        async with transfer.slot(bypass_limits=False, identity=None, rate=None):
            browser.may_log_in.set()
            await until(lambda: not browser.running and any(abs(seconds - 30) < 1e-6 for seconds in clock.pending))
            await clock.advance(31)
            with pytest.raises(GlobusTimeoutError, match="queued behind other calls"):
                await call


async def test_closing_the_transport_ends_a_call_that_waits_for_a_user() -> None:
    """The app is closed later, and ends the login."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        call = asyncio.create_task(TransferClient(app=app).get_endpoint(world.lab.id))
        await until(lambda: browser.running == 1)
        await world.transport.aclose()
        with pytest.raises(Exception, match="closed"):
            await call
        await until(lambda: browser.running == 0)


async def test_consents_that_cannot_be_looked_up(caplog: pytest.LogCaptureFixture) -> None:
    """The token is used all the same: the service says whether a consent is missing."""
    async with globus() as world, world.app(world.browser()) as app:
        tc = TransferClient(app=app)
        await tc.operation_ls(world.lab.id)
        tc.add_app_data_access_scope(world.mapped.id)
        broken: Globus = world
        broken.emulator.faults.add("GET", f"/v2/api/identities/{world.alice.id}/consents", status(403), times=10)
        with pytest.raises(ConsentRequired):
            await tc.operation_ls(world.mapped.id)
        assert "consents cannot be checked" in caplog.text
