"""A store of sessions that is unavailable for a while: what goes on, what is refused, and that nothing is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from globus_async import GlobusSDKUsageError, Secret
from globus_async.fastapi import MemorySessionStore, SessionStoreUnavailable
from globus_async.fastapi.recent_values import RecentValues
from globus_async.fastapi.sessions import Session
from globus_async.testing import ManualClock
from globus_async.testing.faults import status
from tests.fastapi.conftest import Deployment, Make
from tests.fastapi.test_pending import own_messages

T = TypeVar("T")
pytestmark = pytest.mark.slow

PASSWORD = "redis://:hunter2@db.internal/0"


def unavailable() -> SessionStoreUnavailable:
    error = SessionStoreUnavailable("the database is down")
    error.retry_after = 2.4
    return error


class ShakyStore:
    """A store in memory that raises an error, or hangs, for so long as the test wants."""

    def __init__(self, clock: ManualClock) -> None:
        self.inner = MemorySessionStore(clock)
        self.failure: Callable[[], BaseException] | None = None
        self.hangs = False
        self.calls = 0
        self.broken_kinds: set[str] = set()

    async def _do(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        self.calls += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.failure is not None and (not self.broken_kinds or key.partition(":")[0] in self.broken_kinds):
            raise self.failure()
        return await work()

    async def get(self, key: str) -> Secret | None:
        return await self._do(key, lambda: self.inner.get(key))

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        await self._do(key, lambda: self.inner.put(key, value, seconds=seconds))

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        return await self._do(key, lambda: self.inner.compare_and_set(key, old, new, seconds=seconds))

    async def pop(self, key: str) -> Secret | None:
        return await self._do(key, lambda: self.inner.pop(key))


async def shaky(make_deployment: Make, **login: Any) -> tuple[Deployment, ShakyStore, Any]:
    """Return an application with such a store, and a browser that has logged in."""
    first = await make_deployment()
    store = ShakyStore(first.clock)
    deployment = await first.another_process(store=store, **login)
    browser = await deployment.browser()
    await deployment.log_in(browser)
    return deployment, store, browser


FAILURES: list[Callable[[], BaseException]] = [
    unavailable,
    lambda: OSError(f"no connection to {PASSWORD}"),
    lambda: TimeoutError(f"{PASSWORD} is slow"),
    lambda: RuntimeError(f"a library of its own: {PASSWORD}"),
    asyncio.CancelledError,
]


@pytest.mark.parametrize("failure", FAILURES)
async def test_known_sessions_go_on(
    make_deployment: Make, caplog: pytest.LogCaptureFixture, failure: Callable[[], BaseException]
) -> None:
    """Whatever the store raises: what this process has seen is used, and anything else is 503 with Retry-After."""
    deployment, store, browser = await shaky(make_deployment)
    stranger = await deployment.browser()
    store.failure = failure
    caplog.clear()
    for _ in range(3):
        assert (await browser.get("/session")).status_code == 200
        assert (await browser.get(f"/browse/{deployment.collections['ada']}")).json() == ["of-ada.txt"]
    csrf = (await browser.get("/session")).json()["csrf"]
    back = deployment.authorize(await deployment.start_login(stranger))
    refused = [
        await stranger.get("/session", headers={"Cookie": "__Host-globus_session=another"}),
        await stranger.get(back),
        await browser.post("/logout", data={"csrf_token": csrf}),
        await browser.get("/session"),  # the user has ended it
    ]
    for response in refused:
        assert response.status_code == 503
        assert response.json() == {"detail": "The sessions of this application are temporarily unavailable"}
        assert response.headers["retry-after"] == ("3" if failure is unavailable else "5")
        assert "set-cookie" not in response.headers
    assert "hunter2" not in caplog.text
    assert len([message for message in own_messages(caplog) if "is unavailable" in message]) == 1
    store.failure = None
    assert (await stranger.get(back)).status_code == 303  # the code was not used
    assert (await stranger.get("/session")).status_code == 200
    assert (await browser.post("/logout", data={"csrf_token": csrf})).status_code == 303
    assert (await browser.get("/session")).status_code == 401
    assert len([message for message in own_messages(caplog) if "available again" in message]) == 1


async def test_without_the_error_handlers(make_deployment: Make) -> None:
    """The responses are the same."""
    deployment, store, _ = await shaky(make_deployment)
    deployment.app.exception_handlers.clear()
    deployment.app.middleware_stack = None
    store.failure = unavailable
    stranger = await deployment.browser()
    response = await stranger.get("/session", headers={"Cookie": "__Host-globus_session=another"})
    assert (response.status_code, response.headers["retry-after"]) == (503, "3")


async def test_a_store_that_does_not_respond(make_deployment: Make) -> None:
    """After the first five seconds, requests do not wait for it; a call each second finds out when it is back."""
    deployment, store, browser = await shaky(make_deployment)
    store.hangs = True
    before = deployment.clock.monotonic()
    responses = await deployment.run_with_clock(asyncio.gather(*(browser.get("/session") for _ in range(50))), step=0.5)
    assert {response.status_code for response in responses} == {200}
    assert deployment.clock.monotonic() - before <= 6
    store.calls = 0
    for _ in range(20):
        assert (await browser.get("/session")).status_code == 200
        response = await browser.get("/session", headers={"Cookie": "__Host-globus_session=another"})
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert store.calls == 0
    store.hangs = False
    await deployment.clock.advance(1)
    response = await browser.get("/session", headers={"Cookie": "__Host-globus_session=another"})
    assert response.status_code == 401


async def test_how_long_a_session_is_used(make_deployment: Make) -> None:
    """For outage_seconds from when the process last read it, and not beyond its own end."""
    deployment, store, browser = await shaky(make_deployment, outage_seconds=300, lifetime=500)
    await deployment.clock.advance(100)
    assert (await browser.get("/session")).status_code == 200
    store.failure = unavailable
    await deployment.clock.advance(299)
    assert (await browser.get("/session")).status_code == 200
    await deployment.clock.advance(1)
    assert (await browser.get("/session")).status_code == 503
    store.failure = None
    assert (await browser.get("/session")).status_code == 200
    store.failure = unavailable
    await deployment.clock.advance(100)
    assert (await browser.get("/session")).status_code == 401


async def test_no_outage_seconds(make_deployment: Make) -> None:
    """Each request needs the store."""
    _, store, browser = await shaky(make_deployment, outage_seconds=0)
    assert (await browser.get("/session")).status_code == 200
    store.failure = unavailable
    assert (await browser.get("/session")).status_code == 503


async def test_a_fresh_read_wins(make_deployment: Make) -> None:
    """A session that another process has ended is not used once the store has said so."""
    deployment, store, browser = await shaky(make_deployment)
    other = await deployment.another_process(store=store)
    there = await other.browser()
    there.cookies = browser.cookies
    csrf = (await there.get("/session")).json()["csrf"]
    assert (await there.post("/logout", data={"csrf_token": csrf})).status_code == 303
    store.failure = unavailable
    there.cookies = browser.cookies
    assert (await browser.get("/session")).status_code == 200  # as documented: the logout was elsewhere
    store.failure = None
    assert (await browser.get("/session")).status_code == 401
    store.failure = unavailable
    assert (await browser.get("/session")).status_code == 503


async def test_a_logout_ends_a_read_that_is_under_way(make_deployment: Make) -> None:
    """What it returns later is not used in an outage."""
    _, store, browser = await shaky(make_deployment)
    reading, go_on = asyncio.Event(), asyncio.Event()
    csrf = (await browser.get("/session")).json()["csrf"]
    cookie = {"Cookie": f"__Host-globus_session={browser.cookies['__Host-globus_session']}"}
    real = store.inner.get

    async def slow(key: str) -> Secret | None:
        value = await real(key)
        if not reading.is_set():
            reading.set()
            await go_on.wait()
        return value

    store.inner.get = slow  # type: ignore[method-assign]
    read = asyncio.ensure_future(browser.get("/session"))
    await reading.wait()
    assert (await browser.post("/logout", data={"csrf_token": csrf})).status_code == 303
    go_on.set()
    assert (await read).status_code == 200  # it began before
    store.failure = unavailable
    assert (await browser.get("/session", headers=cookie)).status_code == 503


async def test_tokens_that_were_not_stored_are_revoked(make_deployment: Make) -> None:
    """A store that fails after the code was used: ten seconds of attempts, then 503, and no token is left."""
    deployment, store, browser = await shaky(make_deployment)
    known = set(deployment.emulator.auth.tokens.access)
    stranger = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(stranger))
    store.failure, store.broken_kinds = unavailable, {"session"}
    before = deployment.clock.monotonic()
    response = await deployment.run_with_clock(stranger.get(back))
    assert (response.status_code, response.headers["retry-after"]) == (503, "3")
    assert 10 <= deployment.clock.monotonic() - before <= 13
    await deployment.revoked()
    new = set(deployment.emulator.auth.tokens.access) - known
    assert new
    assert all(deployment.emulator.auth.tokens.access[token].revoked for token in new)
    store.failure = None
    await deployment.log_in(stranger)
    assert (await stranger.get("/session")).status_code == 200
    assert (await browser.get("/session")).status_code == 200


async def test_a_short_outage_delays_a_login(make_deployment: Make) -> None:
    """A failover in its middle does not end it."""
    deployment, store, _ = await shaky(make_deployment)
    stranger = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(stranger))
    store.failure, store.broken_kinds = unavailable, {"session"}
    login = asyncio.ensure_future(stranger.get(back))
    for _ in range(4):
        await deployment.clock.advance(1)
    assert not login.done()
    store.failure = None
    assert (await deployment.run_with_clock(login)).status_code == 303
    assert (await stranger.get("/session")).status_code == 200


async def test_a_logout_during_an_outage_revokes_the_tokens(make_deployment: Make) -> None:
    """The store fails in the middle: the session has ended, and its tokens are known from before."""
    deployment, store, browser = await shaky(make_deployment)
    assert (await browser.get(f"/browse/{deployment.collections['ada']}")).status_code == 200
    csrf = (await browser.get("/session")).json()["csrf"]
    store.failure, store.broken_kinds = unavailable, {"tokens"}
    assert (await browser.post("/logout", data={"csrf_token": csrf})).status_code == 303
    await deployment.revoked()
    tokens = deployment.emulator.auth.tokens
    assert tokens.refresh
    assert all(token.revoked for token in tokens.refresh.values())


async def test_a_logout_that_is_not_confirmed_revokes_the_tokens(make_deployment: Make) -> None:
    """The response of the store is lost, and no further logout finds the session: its tokens are revoked now."""
    deployment, store, browser = await shaky(make_deployment)
    csrf = (await browser.get("/session")).json()["csrf"]
    real = store.inner.pop

    async def pop(key: str) -> Secret | None:
        await real(key)
        raise unavailable()

    store.inner.pop = pop  # type: ignore[method-assign]
    assert (await browser.post("/logout", data={"csrf_token": csrf})).status_code == 503
    store.inner.pop = real  # type: ignore[method-assign]
    await deployment.revoked()
    tokens = deployment.emulator.auth.tokens
    assert tokens.refresh
    assert all(token.revoked for token in tokens.refresh.values())
    assert (await browser.post("/logout")).status_code == 303


async def test_a_login_does_not_depend_on_the_previous_session(make_deployment: Make) -> None:
    """The session that it replaces cannot be ended: it is completed, and the log has the reason."""
    deployment, store, browser = await shaky(make_deployment)
    back = deployment.authorize(await deployment.start_login(browser), "bob")
    real = store.inner.pop

    async def fail(key: str) -> Secret | None:
        raise unavailable()

    store.inner.pop = fail  # type: ignore[method-assign]
    response = await browser.get(back)
    store.inner.pop = real  # type: ignore[method-assign]
    assert response.status_code == 303
    assert (await browser.get("/session")).json()["username"] == "bob@example.org"


async def test_a_mistake_in_the_configuration_is_no_outage(make_deployment: Make) -> None:
    """It is raised as it is, and no session of before hides it."""
    _, store, browser = await shaky(make_deployment)
    store.failure = lambda: GlobusSDKUsageError("a file of another application")
    with pytest.raises(GlobusSDKUsageError, match="another application"):
        await browser.get("/session")


async def test_values_of_the_wrong_type(make_deployment: Make, caplog: pytest.LogCaptureFixture) -> None:
    """A store that returns the bytes of its database: 503, with the type in the log, but not the value."""
    _, store, browser = await shaky(make_deployment, outage_seconds=0)

    async def read(key: str) -> Any:
        return (await MemorySessionStore.get(store.inner, key) or Secret("")).reveal().encode()

    store.inner.get = read  # type: ignore[method-assign]
    caplog.clear()
    assert (await browser.get("/session")).status_code == 503
    (message,) = own_messages(caplog)
    assert message.endswith("returned a value of type bytes instead of a Secret")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"x"', "{}", "[" * 100_000, '{"access_token": 1, "refresh_token": null, "expires_at": 1}'],
)
async def test_damaged_values(make_deployment: Make, caplog: pytest.LogCaptureFixture, text: str) -> None:
    """They count as missing, with a record in the log."""
    deployment, store, browser = await shaky(make_deployment)
    entries = {key: kind for kind in ("session", "tokens") for key in store.inner._entries[kind]}
    for key, kind in entries.items():
        if kind == "tokens":
            await store.put(key, Secret(text), seconds=100)
    response = await browser.get(f"/browse/{deployment.collections['ada']}")
    assert (response.status_code, response.json()["code"]) == (401, "LoginRequired")
    for key, kind in entries.items():
        if kind == "session":
            await store.put(key, Secret(text), seconds=100)
    assert (await browser.get("/session")).status_code == 401
    assert len([message for message in own_messages(caplog) if "unreadable" in message]) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("expires_at", value) for value in ("NaN", "1e999", f"1{'0' * 400}", "true", '"5"', "null")),
        ("identity_id", '"x"'),
        ("username", "5"),
        ("name", "[]"),
        ("resource_servers", '"x"'),
        ("resource_servers", "[5]"),
    ],
)
def test_damaged_members(name: str, value: str) -> None:
    """A session with a member of the wrong type is none; a time that is no finite number would never end."""
    members = {
        "identity_id": '"11111111-1111-4111-8111-111111111111"',
        "username": '"ada"',
        "name": "null",
        "email": "null",
        "csrf_token": '"t"',
        "expires_at": "5",
        "resource_servers": "[]",
    }

    def loaded() -> Session:
        return Session.load("k", Secret("{" + ", ".join(f'"{key}": {text}' for key, text in members.items()) + "}"))

    assert loaded().expires_at == 5
    members[name] = value
    with pytest.raises(ValueError, match=r"missing or not|badly formed"):
        loaded()


def test_the_memory_is_bounded() -> None:
    """In number and in time, and it shows no value."""
    recent = RecentValues(60, max_entries=10)
    for number in range(30):
        recent.note(f"key {number}", Secret(f"value {number}"), number)
        recent.end(f"ended {number}")
    assert len(recent._seen) == len(recent._ended) == 10
    assert recent.get("key 29", 30.0) == Secret("value 29")
    assert recent.get("key 19", 30.0) is None
    assert "value" not in repr(recent).replace("values", "")
    recent.note("last", Secret("last"), 85.0)
    assert len(recent._seen) == 5


# Globus Auth


async def test_a_login_while_globus_auth_is_unavailable(deployment: Deployment) -> None:
    """503 with Retry-After; loading the page again starts the login again."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    deployment.emulator.faults.add("POST", "/v2/oauth2/token", status(503), times=100)
    response = await deployment.run_with_clock(browser.get(back))
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1
    assert response.json() == {"detail": "Globus Auth is temporarily unavailable. Please sign in again in a moment."}
    deployment.emulator.faults.clear()
    again = await browser.get(back)
    assert (await browser.get(deployment.authorize(again.headers["location"]))).status_code == 303
    assert (await browser.get("/session")).status_code == 200


async def test_a_login_while_globus_auth_hangs(deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    """503 after fifteen seconds."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))

    async def hang(*_: Any) -> None:
        await asyncio.Event().wait()

    deployment.emulator.faults.add("POST", "/v2/oauth2/token", hang, times=100)
    before = deployment.clock.monotonic()
    with caplog.at_level(logging.ERROR, "globus_async"):
        response = await deployment.run_with_clock(browser.get(back))
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert deployment.clock.monotonic() - before <= 17
    assert any("could not be completed" in message for message in own_messages(caplog))
    deployment.emulator.faults.clear()
    await deployment.log_in(browser)
    assert (await browser.get("/session")).status_code == 200


async def test_tokens_without_a_valid_id_token_are_revoked(deployment: Deployment) -> None:
    """The keys of Globus Auth are unavailable after the code was used."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    deployment.emulator.faults.add("GET", "/.well-known/openid-configuration", status(404), times=100)
    response = await browser.get(back)
    assert response.status_code == 503
    await deployment.revoked()
    tokens = deployment.emulator.auth.tokens
    assert tokens.refresh
    assert all(token.revoked for token in tokens.refresh.values())
