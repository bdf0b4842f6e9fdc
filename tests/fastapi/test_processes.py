"""Applications of several processes: what they share, and what they say when they share too little."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from globus_async import RateLimit, Secret
from globus_async.fastapi import MemorySessionStore
from globus_async.fastapi.backend import running_state
from globus_async.fastapi.sessions import dump_tokens, load_tokens, store_key
from globus_async.scopes import TransferScopes
from globus_async.token_storage import TokenStorageData
from tests.fastapi.conftest import Deployment, Make
from tests.fastapi.test_pending import own_messages

ROTATING = {"rotate_refresh_tokens": True}
LIFETIME = 30 * 86400.0


class Remote(MemorySessionStore):
    """A store whose calls take a while, as those over a network do, and that may be gone."""

    is_gone = False

    async def _reach(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        if self.is_gone:
            raise OSError("no route to the store")

    async def get(self, key: str) -> Secret | None:
        await self._reach()
        return await super().get(key)

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        await self._reach()
        await super().put(key, value, seconds=seconds)

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        await self._reach()
        return await super().compare_and_set(key, old, new, seconds=seconds)


async def processes(make_deployment: Make, number: int) -> tuple[list[Deployment], list[Any], Remote]:
    """Start processes with one store; return them, a browser for each with the same session, and the store."""
    first = await make_deployment(emulator=ROTATING)
    store = Remote(first.clock)
    all_of_them = [await first.another_process(store=store, lifetime=LIFETIME) for _ in range(number)]
    browsers = [await each.browser() for each in all_of_them]
    await all_of_them[0].log_in(browsers[0])
    for browser in browsers[1:]:
        browser.cookies = browsers[0].cookies
    return all_of_them, browsers, store


async def test_a_token_is_refreshed_once_by_all_processes(make_deployment: Make) -> None:
    """With refresh tokens that rotate: none is used twice, and no login is lost."""
    them, browsers, store = await processes(make_deployment, 4)
    page = f"/browse/{them[0].collections['ada']}"
    auth = them[0].emulator.auth
    for refreshes in range(1, 13):
        await them[0].clock.advance(172_801)
        wanted = asyncio.gather(*(browser.get(page) for browser in browsers for _ in range(5)))
        responses = await them[0].run_with_clock(wanted, step=0.01)
        assert {response.status_code for response in responses} == {200}
        assert auth.token_requests["refresh_token"] == refreshes
    assert auth.replays == 0
    assert not any(key.startswith("lease:") for kind in store._entries.values() for key in kind)


async def test_the_lease_of_a_process_that_died_expires(make_deployment: Make) -> None:
    """Another process refreshes after a minute."""
    (only,), (browser,), store = await processes(make_deployment, 1)
    page = f"/browse/{only.collections['ada']}"
    (key,) = [key for key in store._entries["tokens"] if key.endswith("transfer.api.globus.org")]
    await only.clock.advance(172_801)
    await store.put(f"lease:{key.partition(':')[2]}", Secret("of a dead process"), seconds=60)
    waiting = asyncio.create_task(browser.get(page))
    await only.clock.advance(50)
    assert not waiting.done()
    assert (await only.run_with_clock(waiting)).status_code == 200


async def test_a_process_that_woke_up_late_replaces_no_newer_tokens(make_deployment: Make) -> None:
    """Its lease has run out, and another process has refreshed since: it uses the tokens of that one, too."""
    (only,), (browser,), store = await processes(make_deployment, 1)
    page = f"/browse/{only.collections['ada']}"
    (key,) = [key for key in store._entries["tokens"] if key.endswith("transfer.api.globus.org")]
    await only.clock.advance(172_801)
    arrived, gate = asyncio.Event(), asyncio.Event()

    async def hold(app: Any, scope: Any, receive: Any, send: Any) -> None:
        arrived.set()
        await gate.wait()
        await app(scope, receive, send)

    only.emulator.faults.add("POST", "/v2/oauth2/token", hold)
    waiting = asyncio.create_task(browser.get(page))
    await arrived.wait()
    stored = load_tokens(await store.get(key))
    assert stored is not None
    access = only.emulator.access_token(only.people["ada"], scopes=[str(TransferScopes.all)])
    newer = TokenStorageData(
        stored.resource_server, stored.identity_id, stored.scope, access, "newer", int(only.clock.wall()) + 5000, None
    )
    await store.put(key, dump_tokens(newer), seconds=10_000)
    gate.set()
    assert (await only.run_with_clock(waiting)).status_code == 200
    assert load_tokens(await store.get(key)) == newer
    authorizer = only.globus.authorizers.get((f"session:{key.split(':')[1]}", stored.resource_server))
    assert authorizer is not None
    assert await authorizer.get_authorization_header() == Secret(f"Bearer {access}")


async def test_a_session_that_ended_elsewhere_has_no_tokens(make_deployment: Make) -> None:
    """A request that began before the logout in another process is refused, and refreshes nothing."""
    (one, two), (here, there), store = await processes(make_deployment, 2)
    page = f"/browse/{one.collections['ada']}"
    assert (await there.get(page)).status_code == 200
    value = await store.get(store_key("session", Secret(there.cookies["__Host-globus_session"])))
    csrf = (await here.get("/session")).json()["csrf"]
    cookies = dict(here.cookies)
    assert (await here.post("/logout", data={"csrf_token": csrf})).status_code == 303
    await one.revoked()
    there.cookies.update(cookies)
    assert (await there.get(page)).status_code == 401
    assert value is not None
    await store.put(store_key("session", Secret(cookies["__Host-globus_session"])), value, seconds=LIFETIME)
    await one.clock.advance(172_801)
    response = await two.run_with_clock(there.get(page))
    assert (response.status_code, response.json()["code"]) == (401, "LoginRequired")
    assert one.emulator.auth.token_requests["refresh_token"] == 0


async def test_a_store_that_is_gone_costs_nothing_while_a_token_is_valid(make_deployment: Make) -> None:
    """Clients that a request has already continue; a refresh fails without a use of the refresh token."""
    (only,), (browser,), store = await processes(make_deployment, 1)
    page = f"/browse/{only.collections['ada']}"
    assert (await browser.get(page)).status_code == 200
    authorizer = only.globus.authorizers.get(
        (store_key("session", Secret(browser.cookies["__Host-globus_session"])), "transfer.api.globus.org")
    )
    assert authorizer is not None
    store.is_gone = True
    assert await authorizer.get_authorization_header()
    store.is_gone = False
    await only.clock.advance(172_801)
    assert (await only.run_with_clock(browser.get(page))).status_code == 200
    assert only.emulator.auth.replays == 0


async def test_sessions_in_the_memory_of_several_processes(
    make_deployment: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the cause and the remedy, once; a restart is not a cause."""
    caplog.set_level(logging.WARNING, "globus_async")
    one = await make_deployment()
    two = await one.another_process()
    await one.clock.advance(10)
    browsers = [await one.browser() for _ in range(3)]
    for browser in browsers:
        there = await two.browser()
        await one.log_in(browser)
        there.cookies = browser.cookies
        response = await there.get("/session")
        assert (response.status_code, "browser" in response.text) == (401, False)
    (message,) = own_messages(caplog)
    assert "several processes" in message
    assert "store=SQLiteSessionStore(...)" in message
    caplog.clear()
    await one.clock.advance(10)
    restarted = await one.another_process()
    there = await restarted.browser()
    there.cookies = browsers[-1].cookies
    assert (await there.get("/session")).status_code == 401
    for cookie in ("x", "x.y", "x.12345678-1", "x.zzzzzzzz-9", f"x.12345678-{'9' * 5000}"):
        await there.get("/session", headers={"Cookie": f"__Host-globus_session={cookie}"})
    assert own_messages(caplog) == []


async def test_sessions_of_a_shared_store_have_no_mark(make_deployment: Make) -> None:
    """Their cookies are random only."""

    class Shared:
        def __init__(self, inner: MemorySessionStore) -> None:
            self.get, self.put = inner.get, inner.put
            self.pop, self.compare_and_set = inner.pop, inner.compare_and_set

    deployment = await make_deployment(login={"store": Shared(MemorySessionStore())})
    browser = await deployment.browser()
    await deployment.log_in(browser)
    assert len(browser.cookies["__Host-globus_session"]) == 43
    assert (await browser.get("/session")).status_code == 200


async def test_a_logout_does_not_wait_for_globus(deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does a login that replaces a session. At the shutdown, revocations have five seconds."""
    browser = await deployment.browser()
    await deployment.log_in(browser)
    gate = asyncio.Event()

    async def hold(app: Any, scope: Any, receive: Any, send: Any) -> None:
        await gate.wait()

    deployment.emulator.faults.add("POST", "/v2/oauth2/token/revoke", hold, times=1000)
    await deployment.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    assert (await browser.post("/logout", data={"csrf_token": csrf})).status_code == 303
    assert (await browser.get("/session")).status_code == 401
    running = len(running_state(deployment.globus).revocations)
    assert running > 0
    before = deployment.clock.monotonic()
    with caplog.at_level(logging.ERROR, "globus_async"):
        await deployment.run_with_clock(deployment.stop())
    assert deployment.clock.monotonic() - before <= 15
    failures = [message for message in own_messages(caplog) if "could not be revoked" in message]
    assert len(failures) == running
    gate.set()


async def test_a_shutdown_finishes_revocations(deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    """The connections stay open for them."""
    gate = asyncio.Event()

    async def hold(app: Any, scope: Any, receive: Any, send: Any) -> None:
        await gate.wait()
        await app(scope, receive, send)

    token = deployment.token()
    deployment.emulator.faults.add("POST", "/v2/oauth2/token/revoke", hold, times=1000)
    running_state(deployment.globus).revocations.start([Secret(token)])
    stopping = asyncio.ensure_future(deployment.stop())
    await deployment.clock.advance(4)
    assert not stopping.done()
    gate.set()
    with caplog.at_level(logging.ERROR, "globus_async"):
        await stopping
    assert own_messages(caplog) == []
    known = deployment.emulator.auth.tokens.find(token)
    assert known is not None
    assert known.revoked


async def test_revocations_leave_room_for_logins(deployment: Deployment) -> None:
    """While Globus Auth is slow, eight at a time are sent."""
    sent = 0
    gate = asyncio.Event()

    async def hold(app: Any, scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        sent += 1
        await gate.wait()
        await app(scope, receive, send)

    deployment.emulator.faults.add("POST", "/v2/oauth2/token/revoke", hold, times=1000)
    running_state(deployment.globus).revocations.start(Secret(f"token-{number}") for number in range(40))
    browser = await deployment.browser()
    await deployment.log_in(browser)
    assert (await browser.get("/session")).status_code == 200
    assert sent == 8
    gate.set()
    await deployment.revoked()
    assert sent == 40


class Slots:
    """A store of rate limits that notes whose calls it was asked for."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def reserve(self, key: str, *, interval: float, burst: int) -> float:
        self.keys.append(key)
        return 0.0


async def test_rate_limits_and_introspections_are_shared(make_deployment: Make) -> None:
    """With one store for each; the calls of a user are counted together, with tokens and with sessions."""
    slots, introspections = Slots(), MemorySessionStore()
    first = await make_deployment()
    options = {"rate_limit": RateLimit(200, 10), "rate_limit_store": slots, "introspection_store": introspections}
    headers = first.bearer("ada")
    for _ in range(2):
        process = await first.another_process(backend=options)
        browser = await process.browser()
        await process.log_in(browser)
        for path in (f"/browse/{first.collections['ada']}", f"/files/{first.collections['ada']}"):
            assert (await process.run_with_clock(browser.get(path, headers=headers))).status_code == 200
    assert len(slots.keys) >= 4
    assert {first.people["ada"].id in key and str(first.client.id) in key for key in slots.keys} == {True}
    assert len(set(slots.keys)) == 1
    assert len(introspections) == 1
