"""Started logins: kept by the browser alone, until they are completed, refused or expired."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import pytest

from globus_async import Secret
from globus_async.fastapi import MemorySessionStore
from globus_async.sealing import Sealer
from tests.fastapi.conftest import ORIGIN, Deployment, Make

KEY, OTHER = "k" * 32, "o" * 40
ENDED = "has expired, was already completed, or is unknown"


def login_cookies(browser: Any) -> list[str]:
    return [name for name in browser.cookies if "_login_" in name]


def own_messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "globus_async"]


async def test_anonymous_requests_leave_nothing_on_the_server(make_deployment: Make) -> None:
    """Five hundred started logins, and as many invented callbacks, cost no memory and no other login."""
    store = MemorySessionStore(max_entries=10)
    deployment = await make_deployment(login={"store": store})
    victim = await deployment.browser()
    url = await deployment.start_login(victim)
    for number in range(500):
        assert (await deployment.get("/login", {}))[0] == 303
        assert (await deployment.get("/callback", {"cookie": f"x={number}"}))[0] == 400
    assert len(store) == 0
    assert (await victim.get(deployment.authorize(url))).status_code == 303


async def test_states_without_a_cookie_are_noted_in_a_bounded_memory(deployment: Deployment) -> None:
    """So that a state which was in the wrong hands is refused, without growing for ever."""
    browser = await deployment.browser()
    for number in range(1100):
        assert (await browser.get(f"/callback?code=x&state={number}")).status_code == 400
    assert len(deployment.login._pending._refused) == 1000


@pytest.mark.parametrize("given_up", [0, 3, 4, 5, 6, 40])
async def test_the_oldest_login_gives_way(deployment: Deployment, given_up: int) -> None:
    """Closed tabs do not cost the logins that were started last; the browser has a handful of cookies."""
    browser = await deployment.browser()
    for _ in range(given_up):
        await deployment.start_login(browser)
        await deployment.clock.advance(1)
    tabs = [await deployment.start_login(browser, f"/login?next=/{number}") for number in range(5)]
    assert len(login_cookies(browser)) == 5
    for number, url in reversed([*enumerate(tabs)]):
        back = await browser.get(deployment.authorize(url))
        assert (back.status_code, back.headers["location"]) == (303, f"{ORIGIN}/{number}")
    assert login_cookies(browser) == []


async def test_the_size_of_login_cookies_is_limited(deployment: Deployment) -> None:
    """Together they fit into the smallest limits of servers, and one into the limit of browsers."""
    browser = await deployment.browser()
    longest = "/" + '"' * 2047
    url = ""
    for path in ("/", longest, "/", longest, longest):
        url = await deployment.start_login(browser, f"/login?next={quote(path)}")
        sizes = [len(name) + len(value) for name, value in browser.cookies.items() if "_login_" in name]
        assert sum(sizes) <= 4000
    back = await browser.get(deployment.authorize(url))
    assert unquote(back.headers["location"]) == f"{ORIGIN}{longest}"


async def test_expired_and_foreign_login_cookies_are_deleted(make_deployment: Make) -> None:
    """They make room before any login that can be completed."""
    deployment = await make_deployment()
    stranger = await make_deployment()
    browser = await deployment.browser()
    await deployment.start_login(browser)
    await deployment.clock.advance(601)
    planted = dict(browser.cookies) | {f"__Host-globus_session_login_{number:016x}": "x" for number in range(3)}
    other = await stranger.browser()
    await stranger.start_login(other)
    planted |= dict(other.cookies)
    header = "; ".join(f"{name}={value}" for name, value in planted.items())
    response = await browser.get("/login", headers={"Cookie": header})
    deleted = [each.partition("=")[0] for each in response.headers.get_list("set-cookie") if "Max-Age=0" in each]
    assert sorted(deleted) == sorted(planted)


@pytest.mark.parametrize(
    "changed",
    [
        lambda own, other: other,
        lambda own, other: own[:-1],
        lambda own, other: own[:-8] + "AAAAAAAA",
        lambda own, other: own.partition(".")[2],
        lambda own, other: f".{own}",
        lambda own, other: "",
    ],
)
async def test_a_changed_login_cookie_is_refused(deployment: Deployment, changed: Callable[[str, str], str]) -> None:
    """So is that of another login, under the right name; the unchanged one is accepted."""
    browser, other = await deployment.browser(), await deployment.browser()
    await deployment.start_login(other)
    for value, status in ((changed, 400), (lambda own, _: own, 303)):
        browser.cookies.clear()
        back = deployment.authorize(await deployment.start_login(browser))
        (name,) = login_cookies(browser)
        header = f"{name}={value(browser.cookies[name], next(iter(other.cookies.values())))}"
        browser.cookies.clear()
        assert (await browser.get(back, headers={"Cookie": header})).status_code == status
        assert deployment.emulator.auth.token_requests["authorization_code"] == int(status == 303)


async def test_two_processes_with_one_key_complete_each_others_logins(make_deployment: Make) -> None:
    """A started login survives a restart, too. Its callback works once in all of them."""
    store = MemorySessionStore()
    first = await make_deployment(login={"key": KEY, "store": store})
    second = await first.another_process(key=KEY, store=store)
    for here, there in ((first, second), (second, first)):
        browser, same = await here.browser(), await there.browser()
        back = here.authorize(await here.start_login(browser))
        same.cookies = browser.cookies
        cookies = dict(browser.cookies)
        responses = await asyncio.gather(same.get(back), browser.get(back, headers={"Cookie": header_of(cookies)}))
        assert [response.status_code for response in responses] == [303, 303]
        assert sum("/v2/oauth2/authorize" in response.headers["location"] for response in responses) == 1
    assert first.emulator.auth.token_requests["authorization_code"] == 2


def header_of(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


async def test_a_key_is_replaced(make_deployment: Make) -> None:
    """The previous key still decrypts, and is not used for new cookies."""
    deployment = await make_deployment(login={"key": KEY})
    browser = await deployment.browser()
    url = await deployment.start_login(browser)
    (name,) = login_cookies(browser)
    opened = [
        Sealer(keys, purpose=f"login of {deployment.globus.client_id}").open(
            Secret(browser.cookies[name].partition(".")[2])
        )
        for keys in ([OTHER, KEY], [KEY], OTHER)
    ]
    assert [text is None for text in opened] == [False, False, True]
    assert (await browser.get(deployment.authorize(url))).status_code == 303


async def test_a_login_of_another_process_with_another_key(
    make_deployment: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the cause, once; the message to the user blames nobody."""
    caplog.set_level(logging.WARNING, "globus_async")
    one = await make_deployment()
    two = await one.another_process()
    await one.clock.advance(10)
    for _ in range(3):
        browser, there = await one.browser(), await two.browser()
        back = one.authorize(await one.start_login(browser))
        there.cookies = browser.cookies
        response = await there.get(back)
        assert (response.status_code, "browser" in response.text) == (400, False)
        assert ENDED in response.text
    (message,) = own_messages(caplog)
    assert "same key, GlobusLogin(key=...)" in message


async def test_a_login_from_before_a_restart_is_no_mistake(
    make_deployment: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is logged: a single process with a random key is a valid deployment."""
    caplog.set_level(logging.WARNING, "globus_async")
    before = await make_deployment()
    browser = await before.browser()
    back = before.authorize(await before.start_login(browser))
    await before.clock.advance(5)
    after = await before.another_process()
    there = await after.browser()
    there.cookies = browser.cookies
    await after.clock.advance(5)
    assert (await there.get(back)).status_code == 400
    assert own_messages(caplog) == []
