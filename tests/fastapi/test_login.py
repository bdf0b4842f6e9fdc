"""Logging in with a browser: that it works, and what attackers get."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Awaitable
from http.cookies import SimpleCookie
from typing import Any, cast
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import pytest
from fastapi import Request

from globus_async import AuthClient, GlobusSDKUsageError, RefreshTokenAuthorizer, Secret, TransferClient
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.fastapi import GlobusBackend, GlobusLogin, MemorySessionStore, Session
from globus_async.fastapi.login import is_own_path
from globus_async.fastapi.sessions import store_key
from globus_async.services.auth.responses import OAuthRefreshTokenResponse
from globus_async.testing import ManualClock, MemoryStorage
from globus_async.testing.faults import slow_body, status
from tests.fastapi.conftest import ORIGIN, House, Make

COOKIE = "__Host-globus_session"


def cookies_of(answer: Any) -> dict[str, Any]:
    """Read the cookies that an answer sets."""
    found: dict[str, Any] = {}
    for header in answer.headers.get_list("set-cookie"):
        found |= SimpleCookie(header)
    return found


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


# what should work


async def test_a_complete_login(house: House) -> None:
    """To Globus Auth, back with a code, on to the requested page, and a call for the user."""
    browser = await house.browser()
    url = await house.sent_away(browser, "/login?next=/session")
    asked = query_of(url)
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{ORIGIN}/callback"
    assert asked["access_type"] == "offline"
    assert {"openid", "profile", "email"} <= set(asked["scope"].split())
    back = await browser.get(house.agree(url))
    assert back.status_code == 303
    assert back.headers["location"] == f"{ORIGIN}/session"
    assert back.headers["cache-control"] == "no-store"
    told = await browser.get(back.headers["location"])
    assert told.json()["username"] == "ada@example.org"
    assert (await browser.get(f"/browse/{house.collections['ada']}")).json() == ["of-ada.txt"]


async def test_cookie_attributes(house: House) -> None:
    """HttpOnly, Secure, SameSite=Lax, bound to the host, with a random value."""
    browser = await house.browser()
    url = await house.sent_away(browser)
    back = await browser.get(house.agree(url))
    (cookie,) = [morsel for name, morsel in cookies_of(back).items() if name == COOKIE]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert len(cookie.value) == 43


async def test_cookies_on_loopback() -> None:
    """Plain http is allowed on loopback only, where a cookie cannot be Secure."""
    backend = GlobusBackend("11111111-1111-4111-8111-111111111111", "secret")
    login = GlobusLogin(backend, public_url="http://127.0.0.1:8000")
    assert login.redirect_uri == "http://127.0.0.1:8000/callback"
    with pytest.raises(GlobusSDKUsageError, match="https"):
        GlobusLogin(backend, public_url="http://portal.example.org")
    with pytest.raises(GlobusSDKUsageError, match="origin"):
        GlobusLogin(backend, public_url="https://portal.example.org/app")
    with pytest.raises(GlobusSDKUsageError, match="paths"):
        GlobusLogin(backend, public_url="https://portal.example.org", after_login="//evil.example")


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://Portal.Example.org", "https://portal.example.org"),
        ("https://portal.example.org:443/", "https://portal.example.org"),
        ("https://portal.example.org:8443", "https://portal.example.org:8443"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
async def test_the_origin_has_the_form_of_browsers(public_url: str, origin: str) -> None:
    """For the comparison with their Origin header; the redirect URI stays as registered."""
    login = GlobusLogin(GlobusBackend("11111111-1111-4111-8111-111111111111", "secret"), public_url=public_url)
    assert login.origin == origin
    assert login.redirect_uri == f"{public_url.rstrip('/')}/callback"


@pytest.mark.parametrize("lifetime", [0, -1, 0.5, float("inf"), float("nan")])
async def test_the_lifetime_of_a_session_is_checked(lifetime: float) -> None:
    """At least one second, and finite."""
    backend = GlobusBackend("11111111-1111-4111-8111-111111111111", "secret")
    with pytest.raises(GlobusSDKUsageError, match="lifetime"):
        GlobusLogin(backend, public_url=ORIGIN, lifetime=lifetime)


async def test_unauthenticated_requests(house: House) -> None:
    """Requests for HTML are redirected to the login and back; others get a 401."""
    browser = await house.browser()
    page = await browser.get("/session?a=1&b=2", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 303
    assert page.headers["location"] == "/login?next=/session%3Fa%3D1%26b%3D2"
    api = await browser.get("/session")
    assert api.status_code == 401
    assert api.headers["www-authenticate"]
    url = await house.sent_away(browser, page.headers["location"])
    back = await browser.get(house.agree(url))
    assert back.headers["location"] == f"{ORIGIN}/session?a=1&b=2"


@pytest.mark.parametrize(
    "path", ["//evil.example/session", "/session/%2F%2Fevil.example", "/a%20b%C3%A9", "/\\evil.example"]
)
async def test_the_path_after_a_login_is_on_this_application(house: House, path: str) -> None:
    """Whatever path was requested."""
    scope = {
        "type": "http",
        "method": "GET",
        "headers": [(b"host", b"portal.example.org")],
        "scheme": "https",
        "server": ("portal.example.org", 443),
        "path": unquote(path),
        "query_string": b"a=%2F",
    }
    here = house.login.current_path(Request(scope))
    assert is_own_path(here)
    assert urlsplit(f"{ORIGIN}{here}").netloc == "portal.example.org"


async def test_invalid_cookie_names_are_ignored(house: House) -> None:
    """Another site of the same domain may set cookies of any name."""
    browser = await house.browser()
    for names, deleted in (
        (("(1", "2", "3@", "0123", "g" * 16, "(" * 16, "4"), 0),
        ((f"{number:016x}" for number in range(9)), 5),
        ((f"{number:016x}" for number in range(500)), 20),  # the others another time: headers must not grow so
    ):
        planted = "; ".join(f"{COOKIE}_login_{name}=1" for name in names)
        answer = await browser.get("/login", headers={"Cookie": planted})
        assert answer.status_code == 303
        assert len(answer.headers.get_list("set-cookie")) == deleted + 1


async def test_concurrent_logins_in_two_tabs(house: House) -> None:
    """Each login has its own state and cookie."""
    browser = await house.browser()
    first, second = await house.sent_away(browser), await house.sent_away(browser)
    assert (await browser.get(house.agree(first))).status_code == 303
    assert (await browser.get(house.agree(second))).status_code == 303


async def test_the_number_of_login_cookies_is_limited(house: House) -> None:
    """A browser that starts a hundred logins has a handful of cookies."""
    browser = await house.browser()
    for _ in range(99):
        await house.sent_away(browser)
    url = await house.sent_away(browser)
    assert len(browser.cookies) <= 6
    assert (await browser.get(house.agree(url))).status_code == 303


async def test_the_tokens_of_a_session_are_refreshed_once(make_house: Make) -> None:
    """A hundred requests after the expiration cause one refresh, and its tokens are stored."""
    house = await make_house(emulator={"rotate_refresh_tokens": True}, login={"lifetime": 30 * 86400.0})
    browser = await house.browser()
    await house.log_in(browser)
    for renewals in (1, 2, 3):
        await house.clock.advance(172_801)
        answers = await asyncio.gather(*(browser.get(f"/browse/{house.collections['ada']}") for _ in range(100)))
        assert {answer.status_code for answer in answers} == {200}
        assert house.emulator.auth.token_requests["refresh_token"] == renewals
    # another process knows the session from the store only
    house.globus.authorizers.remove((await _key(house, browser), TransferClient.resource_server))
    await house.clock.advance(172_801)
    assert (await browser.get(f"/browse/{house.collections['ada']}")).status_code == 200
    assert house.emulator.auth.replays == 0


async def _key(house: House, browser: Any) -> str:
    return store_key("session", Secret(browser.cookies[COOKIE]))


async def test_the_sessions_of_two_browsers_are_separate(house: House) -> None:
    """Interleaved: no session, token or response is mixed up."""
    ada, bob = await house.browser(), await house.browser()
    await house.log_in(ada, "ada")
    await house.log_in(bob, "bob")
    for _ in range(50):
        answers = await asyncio.gather(
            ada.get(f"/browse/{house.collections['ada']}"),
            bob.get(f"/browse/{house.collections['bob']}"),
            ada.get(f"/browse/{house.collections['bob']}"),
            ada.get("/session"),
            bob.get("/session"),
        )
        assert [answer.status_code for answer in answers] == [200, 200, 403, 200, 200]
        assert answers[0].json() == ["of-ada.txt"]
        assert answers[1].json() == ["of-bob.txt"]
        assert answers[3].json()["username"] == "ada@example.org"
        assert answers[4].json()["username"] == "bob@example.org"


# state


async def _refused(house: House, browser: Any, path: str) -> None:
    """Come back on a path, and be sent nowhere, with no session and no token."""
    before = dict(house.emulator.auth.token_requests)
    answer = await browser.get(path)
    assert answer.status_code == 400
    assert COOKIE not in cookies_of(answer)
    assert (await browser.get("/session")).status_code == 401
    assert dict(house.emulator.auth.token_requests) == before


def _with(path: str, **changes: str | None) -> str:
    query = {**query_of(path), **changes}
    kept = {name: value for name, value in query.items() if value is not None}
    return f"{urlsplit(path).path}?{urlencode(kept)}"


@pytest.mark.parametrize("state", [None, "", "wrong", "x" * 5000, "\x00", "_default", "é"])
async def test_a_wrong_state(house: House, state: str | None) -> None:
    """No code is exchanged; the right state is still valid for its own browser."""
    browser = await house.browser()
    back = house.agree(await house.sent_away(browser))
    await _refused(house, browser, _with(back, state=state))
    assert (await browser.get(back)).status_code == 303


async def test_two_states(house: House) -> None:
    """It is ambiguous which one counts."""
    browser = await house.browser()
    back = house.agree(await house.sent_away(browser))
    await _refused(house, browser, f"{back}&state=other")


async def test_a_replayed_state(house: House) -> None:
    """A callback works once; the second time no code is exchanged, and the session is unchanged."""
    browser = await house.browser()
    back = house.agree(await house.sent_away(browser))
    assert (await browser.get(back)).status_code == 303
    session = browser.cookies[COOKIE]
    again = await browser.get(back)
    assert again.status_code == 400
    assert browser.cookies[COOKIE] == session
    assert house.emulator.auth.token_requests["authorization_code"] == 1


async def test_one_of_two_concurrent_callbacks_succeeds(house: House) -> None:
    """A double click, or a race with an attacker."""
    browser = await house.browser()
    back = house.agree(await house.sent_away(browser))
    answers = await asyncio.gather(*(browser.get(back) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [303] + [400] * 19
    assert house.emulator.auth.token_requests["authorization_code"] == 1


async def test_the_callback_of_an_attacker(house: House) -> None:
    """Login CSRF: the attacker's code and state do not log the victim in as the attacker."""
    attacker, victim = await house.browser(), await house.browser()
    trap = house.agree(await house.sent_away(attacker), "bob")
    await house.sent_away(victim)
    await _refused(house, victim, trap)
    # having been in the wrong hands, it is of no use to the attacker either
    await _refused(house, attacker, trap)


async def test_a_stolen_callback(house: House) -> None:
    """The victim's callback is useless without the victim's cookie."""
    victim, thief = await house.browser(), await house.browser()
    back = house.agree(await house.sent_away(victim))
    await house.sent_away(thief)
    await _refused(house, thief, back)


async def test_a_planted_login_cookie(house: House) -> None:
    """The value of a login cookie is never taken from the browser."""
    browser = await house.browser()
    url = await house.sent_away(browser)
    (name,) = browser.cookies
    before = browser.cookies[name]
    again = await house.sent_away(browser)
    assert query_of(again)["state"] != query_of(url)["state"]
    assert all(value != before for key, value in browser.cookies.items() if key != name)


async def test_the_code_of_another_login(house: House) -> None:
    """Code injection: PKCE fails, and there is no session."""
    victim, attacker = await house.browser(), await house.browser()
    stolen = query_of(house.agree(await house.sent_away(victim)))["code"]
    own = house.agree(await house.sent_away(attacker), "bob")
    answer = await attacker.get(_with(own, code=stolen))
    assert answer.status_code == 400
    assert COOKIE not in cookies_of(answer)
    assert stolen not in answer.text


async def test_a_replayed_code(house: House) -> None:
    """A used code with a new state is refused, and its tokens are revoked at Globus Auth."""
    browser = await house.browser()
    back = house.agree(await house.sent_away(browser))
    assert (await browser.get(back)).status_code == 303
    fresh = query_of(house.agree(await house.sent_away(browser)))["state"]
    answer = await browser.get(_with(back, state=fresh))
    assert answer.status_code == 400


@pytest.mark.parametrize("iss", ["https://evil.example", "", "https://auth.globus.org.evil.example"])
async def test_mix_up(house: House, iss: str) -> None:
    """A code of another issuer is not sent to Globus Auth (RFC 9207)."""
    browser = await house.browser()
    back = house.agree(await house.sent_away(browser))
    await _refused(house, browser, _with(back, iss=iss))


async def test_the_right_issuer_is_accepted(house: House) -> None:
    """The ``iss`` parameter of Globus Auth is accepted."""
    browser = await house.browser()
    back = house.agree(await house.sent_away(browser))
    assert (await browser.get(_with(back, iss="https://auth.globus.org"))).status_code == 303


async def test_a_login_expires_after_ten_minutes(house: House) -> None:
    """Its callback is refused."""
    browser = await house.browser()
    back = house.agree(await house.sent_away(browser))
    await house.clock.advance(601)
    await _refused(house, browser, back)


async def test_a_declined_login(house: House) -> None:
    """No session, and a message that users understand."""
    browser = await house.browser()
    state = query_of(await house.sent_away(browser))["state"]
    answer = await browser.get(f"/callback?{urlencode({'error': 'access_denied', 'state': state})}")
    assert answer.status_code == 400
    assert "declined the access" in answer.json()["detail"]


async def test_error_descriptions_are_data(house: House) -> None:
    """Markup is returned as JSON only, and truncated."""
    browser = await house.browser()
    state = query_of(await house.sent_away(browser))["state"]
    text = "<script>alert(1)</script>" * 100
    answer = await browser.get(
        f"/callback?{urlencode({'error': 'server_error', 'error_description': text, 'state': state})}"
    )
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.text) < 500


async def test_a_callback_without_code_and_error(house: House) -> None:
    """It is refused."""
    browser = await house.browser()
    back = house.agree(await house.sent_away(browser))
    await _refused(house, browser, _with(back, code=None))


# open redirects

ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    ".evil.example",
    ":80@evil.example/",
    "",
    "/a\r\nSet-Cookie: x=1",
    "/\x00",
    "/é",
    "/a b",
    "/" + "a" * 3000,
    "http:/evil.example",
    "https:evil.example",
]


@pytest.mark.parametrize("target", ELSEWHERE)
async def test_no_open_redirect(house: House, target: str) -> None:
    """``next`` must be a path of this application; anything else is refused before the login starts."""
    browser = await house.browser()
    answer = await browser.get(f"/login?next={quote(target, safe='')}")
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert len(browser.cookies) == 0


@pytest.mark.parametrize(
    "path", ["/", "/a", "/a/b?c=d&e=%2F", "/%2f/evil.example", "/@evil.example", "/:80", "/.x", "/a//b"]
)
async def test_paths_stay_on_the_origin(house: House, path: str) -> None:
    """Whatever the path looks like, the redirect is to the origin of the application."""
    assert is_own_path(path)
    browser = await house.browser()
    back = await browser.get(house.agree(await house.sent_away(browser, f"/login?next={quote(path, safe='')}")))
    there = urlsplit(back.headers["location"])
    assert f"{there.scheme}://{there.netloc}" == ORIGIN


async def test_a_forged_host_header_has_no_effect(house: House) -> None:
    """The redirect URI is the configured one."""
    browser = await house.browser()
    answer = await browser.get("/login", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert query_of(answer.headers["location"])["redirect_uri"] == f"{ORIGIN}/callback"


# sessions


async def test_a_login_changes_the_session_id(house: House) -> None:
    """Session fixation: a planted session id is not used and stays invalid."""
    attacker, victim = await house.browser(), await house.browser()
    victim.cookies.set(COOKIE, "planted-by-the-attacker", domain="portal.example.org")
    await house.log_in(victim)
    assert victim.cookies.get(COOKIE, domain="portal.example.org", path="/") != "planted-by-the-attacker"
    attacker.cookies.set(COOKIE, "planted-by-the-attacker", domain="portal.example.org")
    assert (await attacker.get("/session")).status_code == 401


async def test_a_new_login_ends_the_previous_session(house: House) -> None:
    """Its tokens are revoked."""
    browser = await house.browser()
    await house.log_in(browser, "bob")
    before = browser.cookies[COOKIE]
    await house.log_in(browser, "ada")
    spy = await house.browser()
    spy.cookies.set(COOKIE, before, domain="portal.example.org")
    assert (await spy.get("/session")).status_code == 401
    assert (await browser.get("/session")).json()["username"] == "ada@example.org"
    alive = {
        token.identity_id for token in house.emulator.auth.tokens.access.values() if token.is_active(house.clock.wall())
    }
    assert alive == {house.people["ada"].id}


async def test_a_changed_cookie_is_invalid(house: House) -> None:
    """Every changed, added or undecodable character."""
    browser = await house.browser()
    await house.log_in(browser)
    good = browser.cookies[COOKIE]
    spy = await house.browser()
    changed = [good[:i] + ("A" if good[i] != "A" else "B") + good[i + 1 :] for i in range(len(good))]
    for value in [*changed, good + "A", good[:-1], good.swapcase(), "", "null", "../" + good, "%00", good * 100]:
        answer = await spy.get("/session", headers={"Cookie": f"{COOKIE}={value}"})
        assert answer.status_code == 401, value
    assert (await spy.get("/session", headers={"Cookie": f"{COOKIE}={good}"})).status_code == 200


async def test_the_keys_of_the_store_do_not_reveal_the_cookie(house: House) -> None:
    """They cannot be used to take over a session."""
    browser = await house.browser()
    await house.log_in(browser)
    store = house.login.store
    assert isinstance(store, MemorySessionStore)
    keys = [key for kind in store._entries.values() for key in kind]
    assert keys
    assert not any(browser.cookies[COOKIE] in key for key in keys)


async def test_a_session_expires(make_house: Make) -> None:
    """After its lifetime, even if the browser still has the cookie."""
    house = await make_house(login={"lifetime": 100.0})
    browser = await house.browser()
    await house.log_in(browser)
    await house.clock.advance(99)
    assert (await browser.get("/session")).status_code == 200
    await house.clock.advance(2)
    assert (await browser.get("/session", headers={"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"})).status_code == 401


# forms and logout


class _Hoarder(MemorySessionStore):
    """A store that takes no notice of how long something is to be kept."""

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        await super().put(key, value, seconds=9e9)


async def test_a_session_expires_in_any_store(make_house: Make) -> None:
    """Its expiration is part of its value."""
    house = await make_house(login={"lifetime": 100.0, "store": _Hoarder()})
    browser = await house.browser()
    await browser.get(house.agree(await house.sent_away(browser)))
    cookies = dict(browser.cookies)
    await house.clock.advance(101)
    browser.cookies.update(cookies)
    assert (await browser.get("/session")).status_code == 401


async def test_a_logout_removes_the_authorizers(house: House) -> None:
    """Nothing of an ended session is kept in memory."""
    browser = await house.browser()
    before = len(house.globus.authorizers)
    await browser.get(house.agree(await house.sent_away(browser)))
    await browser.get(f"/browse/{house.collections['ada']}")
    assert len(house.globus.authorizers) == before + 1
    token = (await browser.get("/session")).json()["csrf"]
    assert (await browser.post("/logout", headers={"X-CSRF-Token": token})).status_code == 303
    assert len(house.globus.authorizers) == before


async def test_a_logout_ends_the_session_and_revokes_its_tokens(house: House) -> None:
    """In every browser that has the cookie, and at Globus Auth."""
    browser = await house.browser()
    await house.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    old = browser.cookies[COOKIE]
    answer = await browser.post("/logout", data={"csrf_token": csrf})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{ORIGIN}/"
    assert COOKIE not in browser.cookies
    assert (await browser.get("/session", headers={"Cookie": f"{COOKIE}={old}"})).status_code == 401
    auth, now = house.emulator.auth, house.clock.wall()
    assert [token for token in auth.tokens.access.values() if token.is_active(now)] == []
    assert [token for token in auth.tokens.refresh.values() if token.is_active(now)] == []
    assert _sizes(house) == 0


async def test_a_logout_by_another_site(house: House) -> None:
    """GET has no effect, and a POST without the token of the session is refused."""
    browser = await house.browser()
    await house.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    assert (await browser.get("/logout")).status_code == 405
    attempts: list[dict[str, Any]] = [
        {},
        {"data": {"csrf_token": "wrong"}},
        {"data": {"csrf_token": ""}},
        {"data": {"csrf_token": csrf}, "headers": {"Origin": "https://evil.example"}},
        {"data": {"csrf_token": csrf}, "headers": {"Origin": "null"}},
        {"data": {"csrf_token": csrf}, "headers": {"Sec-Fetch-Site": "cross-site"}},
        {"headers": {"X-CSRF-Token": "wrong"}},
        {"files": {"csrf_token": ("x", csrf)}},
    ]
    for attempt in attempts:
        assert (await browser.post("/logout", **attempt)).status_code == 403, attempt
        assert (await browser.post("/change", **attempt)).status_code == 403, attempt
    assert (await browser.get("/session")).status_code == 200
    own = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    assert (await browser.post("/change", headers={"X-CSRF-Token": csrf, **own})).json() == "ada@example.org"
    assert (await browser.post("/logout", data={"csrf_token": csrf}, headers=own)).status_code == 303


async def test_the_csrf_token_of_another_session_is_refused(house: House) -> None:
    """An attacker's own token is useless in the victim's browser."""
    victim, attacker = await house.browser(), await house.browser()
    await house.log_in(victim, "ada")
    await house.log_in(attacker, "bob")
    csrf = (await attacker.get("/session")).json()["csrf"]
    assert (await victim.post("/logout", data={"csrf_token": csrf})).status_code == 403


async def test_a_logout_without_a_session(house: House) -> None:
    """It is not an error."""
    browser = await house.browser()
    assert (await browser.post("/logout")).status_code == 303


async def test_a_logout_while_globus_is_down(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """The session ends in any case, and the failed revocation is logged without the tokens."""
    browser = await house.browser()
    await house.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    house.emulator.faults.add("POST", "/v2/oauth2/token/revoke", status(500), times=100)
    with caplog.at_level(logging.ERROR):
        answer = await house.while_time_passes(browser.post("/logout", data={"csrf_token": csrf}))
    assert answer.status_code == 303
    assert (await browser.get("/session")).status_code == 401
    assert "could not be revoked" in caplog.text
    for token in house.emulator.auth.tokens.access:
        assert token.reveal() not in caplog.text


async def test_a_refresh_that_ends_after_the_logout(make_house: Make) -> None:
    """Its tokens are revoked."""
    house = await make_house(emulator={"rotate_refresh_tokens": True}, login={"lifetime": 30 * 86400.0})
    browser = await house.browser()
    await house.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    await house.clock.advance(172_801)
    # Globus Auth has answered the renewal, but the answer takes its time
    arrived = house.arrival("POST", "/v2/oauth2/token")
    house.emulator.faults.add("POST", "/v2/oauth2/token", slow_body(size=100, pause=5, clock=house.clock))
    late = asyncio.create_task(browser.get(f"/browse/{house.collections['ada']}"))
    await arrived.wait()
    assert (await browser.post("/logout", data={"csrf_token": csrf})).status_code == 303
    await house.while_time_passes(late)
    assert _sizes(house) == 0
    auth, now = house.emulator.auth, house.clock.wall()
    living = [token for token in auth.tokens.access.values() if token.is_active(now)]
    assert living == []
    assert [token for token in auth.tokens.refresh.values() if token.is_active(now)] == []


async def test_a_logout_while_a_refreshed_token_is_stored(make_house: Make) -> None:
    """In either order, no token stays in the store or valid."""
    store = _OddStore()
    house = await make_house(emulator={"rotate_refresh_tokens": True}, login={"store": store, "lifetime": 9e6})
    browser = await house.browser()
    await house.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    await house.clock.advance(172_801)
    store.gates["tokens"] = gate = asyncio.Event()
    late = asyncio.create_task(browser.get(f"/browse/{house.collections['ada']}"))
    async with asyncio.timeout(5):
        await store.is_waiting.wait()
        assert (await browser.post("/logout", data={"csrf_token": csrf})).status_code == 303
        gate.set()
        await late
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})  # the renewal, which nobody waits for
    assert len(store) == 0
    now = house.clock.wall()
    for tokens in (house.emulator.auth.tokens.access, house.emulator.auth.tokens.refresh):
        assert [token for token in tokens.values() if token.is_active(now)] == []


async def test_a_refresh_with_tokens_of_several_services(house: House) -> None:
    """They are stored separately, and never sent to another service."""
    browser = await house.browser()
    await house.log_in(browser)
    session = await _session(house, await _key(house, browser))
    tc = await house.login.client_for(TransferClient, session)
    assert isinstance(tc.authorizer, RefreshTokenAuthorizer)
    entries = [
        {"access_token": f"new-{server}", "refresh_token": f"new-r-{server}", "resource_server": server}
        for server in (TransferClient.resource_server, AuthClient.resource_server, "elsewhere")
    ]
    document = {**entries[0], "other_tokens": entries[1:]}
    answer = RawResponse(
        method="POST",
        path="/v2/oauth2/token",
        status=200,
        reason="OK",
        headers=Headers([]),
        body=json.dumps(document).encode(),
        started_at=0.0,
        received_at=0.0,
    )
    assert tc.authorizer.on_refresh is not None
    await cast("Awaitable[None]", tc.authorizer.on_refresh(OAuthRefreshTokenResponse(answer, document)))
    house.globus.authorizers.remove((session.key, TransferClient.resource_server))
    for server in session.resource_servers:
        found = await house.login.client_for(TransferClient, session, server)
        assert isinstance(found.authorizer, RefreshTokenAuthorizer)
        assert found.authorizer.refresh_token == Secret(f"new-r-{server}")


async def test_a_session_whose_tokens_were_removed(make_house: Make) -> None:
    """A new login is required."""
    store = _OddStore()
    house = await make_house(login={"store": store})
    browser = await house.browser()
    await house.log_in(browser)
    for key in [key for key in store.keys if key.startswith("tokens:")]:
        await store.pop(key)
    answer = await browser.get(f"/browse/{house.collections['ada']}")
    assert (answer.status_code, answer.json()["code"]) == (401, "LoginRequired")


@pytest.mark.parametrize(
    ("call", "kind"), [("put", "tokens"), ("put", "session"), ("pop", "login"), ("get", "session")]
)
async def test_a_failing_store_shows_no_secret_in_tracebacks(make_house: Make, call: str, kind: str) -> None:
    """No codes, tokens or cookies in the local variables of its frames."""
    store = _OddStore()
    house = await make_house(login={"store": store})
    browser = await house.browser()
    await house.log_in(browser)
    back = house.agree(await house.sent_away(browser))
    store.broken = (call, kind)
    with pytest.raises(OSError, match="disk") as caught:
        await browser.get("/session" if call == "get" else back)
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
    shown = "\n".join(str(frame.locals) for frame in frames if "globus_async" in frame.filename)
    assert "request" in shown
    tokens = house.emulator.auth.tokens
    secrets = [query_of(back)["code"], query_of(back)["state"], browser.cookies[COOKIE]]
    secrets += [token.reveal() for token in (*tokens.access, *tokens.refresh)]
    assert [secret for secret in secrets if secret in shown] == []


class _OddStore(MemorySessionStore):
    """A store that fails, or takes its time."""

    def __init__(self) -> None:
        super().__init__(ManualClock())
        self.broken: tuple[str, str] = ("", "")
        self.gates: dict[str, asyncio.Event] = {}
        self.is_waiting = asyncio.Event()
        self.keys: set[str] = set()

    def _check(self, call: str, key: str) -> None:
        self.keys.add(key)
        if (call, key.partition(":")[0]) == self.broken:
            raise OSError("the disk is full")

    async def get(self, key: str) -> Secret | None:
        self._check("get", key)
        return await super().get(key)

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        self._check("put", key)
        if (gate := self.gates.get(key.partition(":")[0])) is not None:
            self.is_waiting.set()
            await gate.wait()
        await super().put(key, value, seconds=seconds)

    async def pop(self, key: str) -> Secret | None:
        self._check("pop", key)
        return await super().pop(key)


def _sizes(house: House) -> int:
    """Return how much is kept of all browsers."""
    store = house.login.store
    assert isinstance(store, MemorySessionStore)
    return len(store)


async def _session(house: House, key: str) -> Session:
    kept = await house.login.store.get(key)
    assert kept is not None
    return Session.load(key, kept)


async def test_a_missing_consent_starts_the_required_login(house: House) -> None:
    """It requests the scopes without duplicates, and returns to the same page."""
    mapped = house.emulator.add_collection(
        "Mapped", owner=house.people["ada"], storage=MemoryStorage({"x": "1"}), needs_data_access=True
    ).id
    browser = await house.browser()
    await house.log_in(browser)
    refused = (await browser.get(f"/browse/{mapped}")).json()["authorization_parameters"]
    url = await house.sent_away(
        browser, f"/again?{urlencode({'next': f'/browse/{mapped}', 'asked': json.dumps(refused)})}"
    )
    asked = query_of(url)
    assert asked["session_message"]
    assert asked["scope"].count("transfer.api.globus.org:all") == 1
    assert mapped in asked["scope"]
    back = await browser.get(house.agree(url))
    assert back.headers["location"] == f"{ORIGIN}/browse/{mapped}"
    assert (await browser.get(back.headers["location"])).json() == ["x"]
    assert (await browser.get("/again?next=//evil.example")).status_code == 400


async def test_secrets_are_not_shown(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in logs at any level nor in representations."""
    caplog.set_level(logging.DEBUG)
    browser = await house.browser()
    back = house.agree(await house.sent_away(browser))
    await browser.get(back)
    csrf = (await browser.get("/session")).json()["csrf"]
    await browser.get(f"/browse/{house.collections['ada']}")
    session = await _session(house, await _key(house, browser))
    shown = " ".join(map(repr, (session, house.globus, house.login, house.login.store, house.globus.authorizers)))
    records = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("globus_async"))
    secrets = [query_of(back)["code"], query_of(back)["state"], csrf, browser.cookies[COOKIE]]
    secrets += [token.reveal() for token in house.emulator.auth.tokens.access]
    secrets += [token.reveal() for token in house.emulator.auth.tokens.refresh]
    assert [secret for secret in secrets if secret in shown + records] == []


# the store in memory


async def test_entries_of_the_store_expire() -> None:
    """They are not returned, and make room for new ones."""
    clock = ManualClock()
    store = MemorySessionStore(clock, max_entries=3)
    for name in "abc":
        await store.put(f"session:{name}", Secret(name), seconds=10)
    assert len(store) == 3
    await clock.advance(11)
    assert await store.get("session:a") is None
    assert await store.pop("session:b") is None
    await store.put("session:d", Secret("d"), seconds=10)
    assert len(store) == 1


async def test_unfinished_logins_do_not_displace_sessions() -> None:
    """Entries of one kind only displace entries of that kind."""
    store = MemorySessionStore(ManualClock(), max_entries=10)
    await store.put("session:a", Secret("a"), seconds=100)
    for number in range(1000):
        await store.put(f"login:{number}", Secret("x"), seconds=100)
    assert await store.get("session:a") == Secret("a")
    assert len(store) == 11
