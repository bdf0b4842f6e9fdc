"""Browser logins, and attacks on them."""

from __future__ import annotations

import asyncio
import json
import logging
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import pytest
from fastapi import Request

from globus_async import GlobusSDKUsageError, Secret, TransferClient
from globus_async.fastapi import GlobusBackend, GlobusLogin, MemorySessionStore, Session
from globus_async.fastapi.public_address import is_own_path
from globus_async.fastapi.sessions import store_key
from globus_async.testing import ManualClock, MemoryStorage
from globus_async.testing.faults import slow_body, status
from tests.fastapi.conftest import ORIGIN, Deployment, Make

pytestmark = pytest.mark.slow

COOKIE = "__Host-globus_session"


def cookies_of(response: Any) -> dict[str, Any]:
    """Return the cookies that a response sets."""
    found: dict[str, Any] = {}
    for header in response.headers.get_list("set-cookie"):
        found |= SimpleCookie(header)
    return found


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


# what should work


async def test_a_complete_login(deployment: Deployment) -> None:
    """To Globus Auth, back with a code, on to the requested page, and a call for the user."""
    browser = await deployment.browser()
    url = await deployment.start_login(browser, "/login?next=/session")
    query = query_of(url)
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == f"{ORIGIN}/callback"
    assert query["access_type"] == "offline"
    assert {"openid", "profile", "email"} <= set(query["scope"].split())
    back = await browser.get(deployment.authorize(url))
    assert back.status_code == 303
    assert back.headers["location"] == f"{ORIGIN}/session"
    assert back.headers["cache-control"] == "no-store"
    page = await browser.get(back.headers["location"])
    assert page.json()["username"] == "ada@example.org"
    assert (await browser.get(f"/browse/{deployment.collections['ada']}")).json() == ["of-ada.txt"]


async def test_cookie_attributes(deployment: Deployment) -> None:
    """HttpOnly, Secure, SameSite=Lax, bound to the host, with a random value."""
    browser = await deployment.browser()
    url = await deployment.start_login(browser)
    back = await browser.get(deployment.authorize(url))
    (cookie,) = [morsel for name, morsel in cookies_of(back).items() if name == COOKIE]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert len(cookie.value.partition(".")[0]) == 43


async def test_cookies_on_loopback() -> None:
    """Plain http is allowed on loopback only, where a cookie cannot be Secure."""
    backend = GlobusBackend("11111111-1111-4111-8111-111111111111", "secret")
    login = GlobusLogin(backend, public_url="http://127.0.0.1:8000")
    assert login.redirect_uri == "http://127.0.0.1:8000/callback"
    with pytest.raises(GlobusSDKUsageError, match="https"):
        GlobusLogin(backend, public_url="http://portal.example.org")
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


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("backend", None),
        ("public_url", None),
        ("store", object()),
        ("store", MemorySessionStore),
        ("prefix", None),
        ("prefix", "auth"),
        ("prefix", "/auth/"),
        ("prefix", "//evil.example"),
        ("cookie", 5),
        ("lifetime", "3600"),
        ("refresh_tokens", "no"),
        ("after_login", None),
    ],
)
def test_wrong_arguments_are_refused(argument: str, value: Any) -> None:
    """Where they are passed, by name."""
    given: dict[str, Any] = {"backend": GlobusBackend("x", "secret"), "public_url": ORIGIN, argument: value}
    with pytest.raises(GlobusSDKUsageError, match=f"^{argument} (must|is)"):
        GlobusLogin(given.pop("backend"), **given)


async def test_unauthenticated_requests(deployment: Deployment) -> None:
    """Requests for HTML are redirected to the login and back; others get a 401."""
    browser = await deployment.browser()
    page = await browser.get("/session?a=1&b=2", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 303
    assert page.headers["location"] == "/login?next=/session%3Fa%3D1%26b%3D2"
    api = await browser.get("/session")
    assert api.status_code == 401
    assert api.headers["www-authenticate"]
    url = await deployment.start_login(browser, page.headers["location"])
    back = await browser.get(deployment.authorize(url))
    assert back.headers["location"] == f"{ORIGIN}/session?a=1&b=2"


@pytest.mark.parametrize(
    "path", ["//evil.example/session", "/session/%2F%2Fevil.example", "/a%20b%C3%A9", "/\\evil.example"]
)
async def test_the_path_after_a_login_is_on_this_application(deployment: Deployment, path: str) -> None:
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
    here = deployment.login.current_path(Request(scope))
    assert is_own_path(here)
    assert urlsplit(f"{ORIGIN}{here}").netloc == "portal.example.org"


async def test_invalid_cookie_names_are_ignored(deployment: Deployment) -> None:
    """Another site of the same domain may set cookies of any name."""
    browser = await deployment.browser()
    for names, deleted in (
        (("(1", "2", "3@", "0123", "g" * 16, "(" * 16, "4"), 0),
        ((f"{number:016x}" for number in range(9)), 9),
        ((f"{number:016x}" for number in range(500)), 20),  # the others another time: headers must not grow so
    ):
        planted = "; ".join(f"{COOKIE}_login_{name}=1" for name in names)
        response = await browser.get("/login", headers={"Cookie": planted})
        assert response.status_code == 303
        assert len(response.headers.get_list("set-cookie")) == deleted + 1


async def test_concurrent_logins_in_two_tabs(deployment: Deployment) -> None:
    """Each login has its own state and cookie."""
    browser = await deployment.browser()
    first, second = await deployment.start_login(browser), await deployment.start_login(browser)
    assert (await browser.get(deployment.authorize(first))).status_code == 303
    assert (await browser.get(deployment.authorize(second))).status_code == 303


async def test_the_number_of_login_cookies_is_limited(deployment: Deployment) -> None:
    """A browser that starts a hundred logins has a handful of cookies."""
    browser = await deployment.browser()
    for _ in range(99):
        await deployment.start_login(browser)
    url = await deployment.start_login(browser)
    assert len(browser.cookies) <= 6
    assert (await browser.get(deployment.authorize(url))).status_code == 303


async def test_the_tokens_of_a_session_are_refreshed_once(make_deployment: Make) -> None:
    """A hundred requests after the expiration cause one refresh, and its tokens are stored."""
    deployment = await make_deployment(emulator={"rotate_refresh_tokens": True}, login={"lifetime": 30 * 86400.0})
    browser = await deployment.browser()
    await deployment.log_in(browser)
    for renewals in (1, 2, 3):
        await deployment.clock.advance(172_801)
        responses = await asyncio.gather(*(browser.get(f"/browse/{deployment.collections['ada']}") for _ in range(100)))
        assert {response.status_code for response in responses} == {200}
        assert deployment.emulator.auth.token_requests["refresh_token"] == renewals
    # another process knows the session from the store only
    deployment.globus.authorizers.remove((await _key(deployment, browser), TransferClient.resource_server))
    await deployment.clock.advance(172_801)
    assert (await browser.get(f"/browse/{deployment.collections['ada']}")).status_code == 200
    assert deployment.emulator.auth.replays == 0


async def _key(deployment: Deployment, browser: Any) -> str:
    return store_key("session", Secret(browser.cookies[COOKIE]))


async def test_the_sessions_of_two_browsers_are_separate(deployment: Deployment) -> None:
    """Interleaved: no session, token or response is mixed up."""
    ada, bob = await deployment.browser(), await deployment.browser()
    await deployment.log_in(ada, "ada")
    await deployment.log_in(bob, "bob")
    for _ in range(50):
        responses = await asyncio.gather(
            ada.get(f"/browse/{deployment.collections['ada']}"),
            bob.get(f"/browse/{deployment.collections['bob']}"),
            ada.get(f"/browse/{deployment.collections['bob']}"),
            ada.get("/session"),
            bob.get("/session"),
        )
        assert [response.status_code for response in responses] == [200, 200, 403, 200, 200]
        assert responses[0].json() == ["of-ada.txt"]
        assert responses[1].json() == ["of-bob.txt"]
        assert responses[3].json()["username"] == "ada@example.org"
        assert responses[4].json()["username"] == "bob@example.org"


# state


async def _refused(deployment: Deployment, browser: Any, path: str) -> None:
    """Request a callback; it is refused, without a session or tokens."""
    before = dict(deployment.emulator.auth.token_requests)
    response = await browser.get(path)
    assert response.status_code == 400
    assert COOKIE not in cookies_of(response)
    assert (await browser.get("/session")).status_code == 401
    assert dict(deployment.emulator.auth.token_requests) == before


def _with(path: str, **changes: str | None) -> str:
    query = {**query_of(path), **changes}
    changed = {name: value for name, value in query.items() if value is not None}
    return f"{urlsplit(path).path}?{urlencode(changed)}"


@pytest.mark.parametrize("state", [None, "", "wrong", "x" * 5000, "\x00", "_default", "é"])
async def test_a_wrong_state(deployment: Deployment, state: str | None) -> None:
    """No code is exchanged; the right state is still valid for its own browser."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    await _refused(deployment, browser, _with(back, state=state))
    assert (await browser.get(back)).status_code == 303


async def test_two_states(deployment: Deployment) -> None:
    """It is ambiguous which one counts."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    await _refused(deployment, browser, f"{back}&state=other")


async def test_a_replayed_state(deployment: Deployment) -> None:
    """A callback works once; the second time no code is exchanged, and the session is unchanged."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    assert (await browser.get(back)).status_code == 303
    session = browser.cookies[COOKIE]
    again = await browser.get(back)
    assert again.status_code == 400
    assert browser.cookies[COOKIE] == session
    assert deployment.emulator.auth.token_requests["authorization_code"] == 1


async def test_one_of_two_concurrent_callbacks_succeeds(deployment: Deployment) -> None:
    """A double click: the browser shows the response to the last one, which starts the login again."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    responses = await asyncio.gather(*(browser.get(back, headers=sent) for _ in range(20)))
    assert {response.status_code for response in responses} == {303}
    again = [each for each in responses if "/v2/oauth2/authorize" in each.headers["location"]]
    assert len(again) == 19
    assert all(COOKIE not in cookies_of(each) for each in again)
    assert deployment.emulator.auth.token_requests["authorization_code"] == 1


async def test_a_callback_without_a_response(deployment: Deployment) -> None:
    """When a worker is killed in it, the browser or a proxy sends it again: the login starts again, once."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser, "/login?next=/session"))
    ((name, value),) = browser.cookies.items()
    lost = await deployment.browser()
    assert (await lost.get(back, headers={"Cookie": f"{name}={value}"})).status_code == 303
    again = await browser.get(back)
    assert len(browser.cookies) == 1
    assert name not in browser.cookies
    arrived = await browser.get(deployment.authorize(again.headers["location"]))
    assert arrived.headers["location"] == f"{ORIGIN}/session"
    assert (await browser.get("/session")).status_code == 200
    assert (await browser.get(back)).status_code == 400
    assert deployment.emulator.auth.token_requests["authorization_code"] == 2


async def test_the_callback_of_an_attacker(deployment: Deployment) -> None:
    """Login CSRF: the attacker's code and state do not log the victim in as the attacker."""
    attacker, victim = await deployment.browser(), await deployment.browser()
    trap = deployment.authorize(await deployment.start_login(attacker), "bob")
    await deployment.start_login(victim)
    await _refused(deployment, victim, trap)
    # having been in the wrong hands, it is of no use to the attacker either
    await _refused(deployment, attacker, trap)


async def test_a_stolen_callback(deployment: Deployment) -> None:
    """The victim's callback is useless without the victim's cookie."""
    victim, thief = await deployment.browser(), await deployment.browser()
    back = deployment.authorize(await deployment.start_login(victim))
    await deployment.start_login(thief)
    await _refused(deployment, thief, back)


async def test_a_planted_login_cookie(deployment: Deployment) -> None:
    """The value of a login cookie is never taken from the browser."""
    browser = await deployment.browser()
    url = await deployment.start_login(browser)
    (name,) = browser.cookies
    before = browser.cookies[name]
    again = await deployment.start_login(browser)
    assert query_of(again)["state"] != query_of(url)["state"]
    assert all(value != before for key, value in browser.cookies.items() if key != name)


async def test_the_code_of_another_login(deployment: Deployment) -> None:
    """Code injection: PKCE fails, and there is no session."""
    victim, attacker = await deployment.browser(), await deployment.browser()
    stolen = query_of(deployment.authorize(await deployment.start_login(victim)))["code"]
    own = deployment.authorize(await deployment.start_login(attacker), "bob")
    response = await attacker.get(_with(own, code=stolen))
    assert response.status_code == 400
    assert COOKIE not in cookies_of(response)
    assert stolen not in response.text


async def test_a_replayed_code(deployment: Deployment) -> None:
    """A used code with a new state is refused, and its tokens are revoked at Globus Auth."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    assert (await browser.get(back)).status_code == 303
    fresh = query_of(deployment.authorize(await deployment.start_login(browser)))["state"]
    response = await browser.get(_with(back, state=fresh))
    assert response.status_code == 400


@pytest.mark.parametrize("iss", ["https://evil.example", "", "https://auth.globus.org.evil.example"])
async def test_mix_up(deployment: Deployment, iss: str) -> None:
    """A code of another issuer is not sent to Globus Auth (RFC 9207)."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    await _refused(deployment, browser, _with(back, iss=iss))


async def test_the_right_issuer_is_accepted(deployment: Deployment) -> None:
    """The ``iss`` parameter of Globus Auth is accepted."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    assert (await browser.get(_with(back, iss="https://auth.globus.org"))).status_code == 303


async def test_a_login_expires_after_ten_minutes(deployment: Deployment) -> None:
    """Its callback is refused."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    await deployment.clock.advance(601)
    await _refused(deployment, browser, back)


async def test_a_declined_login(deployment: Deployment) -> None:
    """No session, and a message that users understand."""
    browser = await deployment.browser()
    state = query_of(await deployment.start_login(browser))["state"]
    response = await browser.get(f"/callback?{urlencode({'error': 'access_denied', 'state': state})}")
    assert response.status_code == 400
    assert "declined the access" in response.json()["detail"]


async def test_error_descriptions_are_data(deployment: Deployment) -> None:
    """Markup is returned as JSON only, and truncated."""
    browser = await deployment.browser()
    state = query_of(await deployment.start_login(browser))["state"]
    text = "<script>alert(1)</script>" * 100
    response = await browser.get(
        f"/callback?{urlencode({'error': 'server_error', 'error_description': text, 'state': state})}"
    )
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/json"
    assert len(response.text) < 500


async def test_a_callback_without_code_and_error(deployment: Deployment) -> None:
    """It is refused."""
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    await _refused(deployment, browser, _with(back, code=None))


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
async def test_no_open_redirect(deployment: Deployment, target: str) -> None:
    """``next`` must be a path of this application; anything else is refused before the login starts."""
    browser = await deployment.browser()
    response = await browser.get(f"/login?next={quote(target, safe='')}")
    assert response.status_code == 400
    assert "location" not in response.headers
    assert len(browser.cookies) == 0


@pytest.mark.parametrize(
    "path", ["/", "/a", "/a/b?c=d&e=%2F", "/%2f/evil.example", "/@evil.example", "/:80", "/.x", "/a//b"]
)
async def test_paths_stay_on_the_origin(deployment: Deployment, path: str) -> None:
    """Whatever the path looks like, the redirect is to the origin of the application."""
    assert is_own_path(path)
    browser = await deployment.browser()
    back = await browser.get(
        deployment.authorize(await deployment.start_login(browser, f"/login?next={quote(path, safe='')}"))
    )
    there = urlsplit(back.headers["location"])
    assert f"{there.scheme}://{there.netloc}" == ORIGIN


async def test_a_forged_host_header_has_no_effect(deployment: Deployment) -> None:
    """The redirect URI is the configured one."""
    browser = await deployment.browser()
    response = await browser.get("/login", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert query_of(response.headers["location"])["redirect_uri"] == f"{ORIGIN}/callback"


# sessions


async def test_a_login_changes_the_session_id(deployment: Deployment) -> None:
    """Session fixation: a planted session id is not used and stays invalid."""
    attacker, victim = await deployment.browser(), await deployment.browser()
    victim.cookies.set(COOKIE, "planted-by-the-attacker", domain="portal.example.org")
    await deployment.log_in(victim)
    assert victim.cookies.get(COOKIE, domain="portal.example.org", path="/") != "planted-by-the-attacker"
    attacker.cookies.set(COOKIE, "planted-by-the-attacker", domain="portal.example.org")
    assert (await attacker.get("/session")).status_code == 401


async def test_a_new_login_ends_the_previous_session(deployment: Deployment) -> None:
    """Its tokens are revoked."""
    browser = await deployment.browser()
    await deployment.log_in(browser, "bob")
    before = browser.cookies[COOKIE]
    await deployment.log_in(browser, "ada")
    await deployment.revoked()
    spy = await deployment.browser()
    spy.cookies.set(COOKIE, before, domain="portal.example.org")
    assert (await spy.get("/session")).status_code == 401
    assert (await browser.get("/session")).json()["username"] == "ada@example.org"
    alive = {
        token.identity_id
        for token in deployment.emulator.auth.tokens.access.values()
        if token.is_active(deployment.clock.wall())
    }
    assert alive == {deployment.people["ada"].id}


async def test_a_changed_cookie_is_invalid(deployment: Deployment) -> None:
    """Every changed, added or undecodable character."""
    browser = await deployment.browser()
    await deployment.log_in(browser)
    good = browser.cookies[COOKIE]
    spy = await deployment.browser()
    changed = [good[:i] + ("A" if good[i] != "A" else "B") + good[i + 1 :] for i in range(len(good))]
    for value in [*changed, good + "A", good[:-1], good.swapcase(), "", "null", "../" + good, "%00", good * 100]:
        response = await spy.get("/session", headers={"Cookie": f"{COOKIE}={value}"})
        assert response.status_code == 401, value
    assert (await spy.get("/session", headers={"Cookie": f"{COOKIE}={good}"})).status_code == 200


async def test_the_keys_of_the_store_do_not_reveal_the_cookie(deployment: Deployment) -> None:
    """They cannot be used to take over a session."""
    browser = await deployment.browser()
    await deployment.log_in(browser)
    store = deployment.login.store
    assert isinstance(store, MemorySessionStore)
    keys = [key for kind in store._entries.values() for key in kind]
    assert keys
    assert not any(browser.cookies[COOKIE] in key for key in keys)


async def test_a_session_expires(make_deployment: Make) -> None:
    """After its lifetime, even if the browser still has the cookie."""
    deployment = await make_deployment(login={"lifetime": 100.0})
    browser = await deployment.browser()
    await deployment.log_in(browser)
    await deployment.clock.advance(99)
    assert (await browser.get("/session")).status_code == 200
    await deployment.clock.advance(2)
    assert (await browser.get("/session", headers={"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"})).status_code == 401


# forms and logout


class _Hoarder(MemorySessionStore):
    """A store that ignores the lifetime of values."""

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        await super().put(key, value, seconds=9e9)


async def test_a_session_expires_in_any_store(make_deployment: Make) -> None:
    """Its expiration is part of its value."""
    deployment = await make_deployment(login={"lifetime": 100.0, "store": _Hoarder()})
    browser = await deployment.browser()
    await browser.get(deployment.authorize(await deployment.start_login(browser)))
    cookies = dict(browser.cookies)
    await deployment.clock.advance(101)
    browser.cookies.update(cookies)
    assert (await browser.get("/session")).status_code == 401


async def test_a_logout_removes_the_authorizers(deployment: Deployment) -> None:
    """Nothing of an ended session is kept in memory."""
    browser = await deployment.browser()
    before = len(deployment.globus.authorizers)
    await browser.get(deployment.authorize(await deployment.start_login(browser)))
    await browser.get(f"/browse/{deployment.collections['ada']}")
    assert len(deployment.globus.authorizers) == before + 1
    token = (await browser.get("/session")).json()["csrf"]
    assert (await browser.post("/logout", headers={"X-CSRF-Token": token})).status_code == 303
    assert len(deployment.globus.authorizers) == before


async def test_a_logout_ends_the_session_and_revokes_its_tokens(deployment: Deployment) -> None:
    """In every browser that has the cookie, and at Globus Auth."""
    browser = await deployment.browser()
    await deployment.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    old = browser.cookies[COOKIE]
    response = await browser.post("/logout", data={"csrf_token": csrf})
    assert response.status_code == 303
    assert response.headers["location"] == f"{ORIGIN}/"
    assert COOKIE not in browser.cookies
    assert (await browser.get("/session", headers={"Cookie": f"{COOKIE}={old}"})).status_code == 401
    await deployment.revoked()
    auth, now = deployment.emulator.auth, deployment.clock.wall()
    assert [token for token in auth.tokens.access.values() if token.is_active(now)] == []
    assert [token for token in auth.tokens.refresh.values() if token.is_active(now)] == []
    assert _sizes(deployment) == 0


async def test_a_logout_by_another_site(deployment: Deployment) -> None:
    """GET has no effect, and a POST without the token of the session is refused."""
    browser = await deployment.browser()
    await deployment.log_in(browser)
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


async def test_the_csrf_token_of_another_session_is_refused(deployment: Deployment) -> None:
    """An attacker's own token is useless in the victim's browser."""
    victim, attacker = await deployment.browser(), await deployment.browser()
    await deployment.log_in(victim, "ada")
    await deployment.log_in(attacker, "bob")
    csrf = (await attacker.get("/session")).json()["csrf"]
    assert (await victim.post("/logout", data={"csrf_token": csrf})).status_code == 403


async def test_a_logout_without_a_session(deployment: Deployment) -> None:
    """It is not an error."""
    browser = await deployment.browser()
    assert (await browser.post("/logout")).status_code == 303


async def test_a_logout_while_globus_is_down(deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    """The session ends in any case, and the failed revocation is logged without the tokens."""
    browser = await deployment.browser()
    await deployment.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    deployment.emulator.faults.add("POST", "/v2/oauth2/token/revoke", status(500), times=100)
    with caplog.at_level(logging.ERROR):
        response = await browser.post("/logout", data={"csrf_token": csrf})
        assert response.status_code == 303
        assert (await browser.get("/session")).status_code == 401
        await deployment.run_with_clock(deployment.revoked())
    assert "could not be revoked" in caplog.text
    for token in deployment.emulator.auth.tokens.access:
        assert token.reveal() not in caplog.text


async def test_a_refresh_that_ends_after_the_logout(make_deployment: Make) -> None:
    """Its tokens are revoked."""
    deployment = await make_deployment(emulator={"rotate_refresh_tokens": True}, login={"lifetime": 30 * 86400.0})
    browser = await deployment.browser()
    await deployment.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    await deployment.clock.advance(172_801)
    # Globus Auth has answered the renewal, but the response takes its time
    arrived = deployment.arrival("POST", "/v2/oauth2/token")
    deployment.emulator.faults.add("POST", "/v2/oauth2/token", slow_body(size=100, pause=5, clock=deployment.clock))
    late = asyncio.create_task(browser.get(f"/browse/{deployment.collections['ada']}"))
    await arrived.wait()
    assert (await browser.post("/logout", data={"csrf_token": csrf})).status_code == 303
    response = await deployment.run_with_clock(late)
    assert (response.status_code, response.json()["code"]) == (401, "LoginRequired")
    await deployment.run_with_clock(deployment.revoked())
    assert _sizes(deployment) == 0
    auth, now = deployment.emulator.auth, deployment.clock.wall()
    living = [token for token in auth.tokens.access.values() if token.is_active(now)]
    assert living == []
    assert [token for token in auth.tokens.refresh.values() if token.is_active(now)] == []


async def test_a_logout_while_a_refreshed_token_is_stored(make_deployment: Make) -> None:
    """In either order, no token stays in the store or valid."""
    store = _OddStore()
    deployment = await make_deployment(
        emulator={"rotate_refresh_tokens": True}, login={"store": store, "lifetime": 9e6}
    )
    browser = await deployment.browser()
    await deployment.log_in(browser)
    csrf = (await browser.get("/session")).json()["csrf"]
    await deployment.clock.advance(172_801)
    store.gates["tokens"] = gate = asyncio.Event()
    late = asyncio.create_task(browser.get(f"/browse/{deployment.collections['ada']}"))
    async with asyncio.timeout(5):
        await store.is_waiting.wait()
        assert (await browser.post("/logout", data={"csrf_token": csrf})).status_code == 303
        gate.set()
        await late
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})  # the refresh, for which no caller waits
    await deployment.revoked()
    assert _sizes(deployment) == 0
    now = deployment.clock.wall()
    for tokens in (deployment.emulator.auth.tokens.access, deployment.emulator.auth.tokens.refresh):
        assert [token for token in tokens.values() if token.is_active(now)] == []


async def test_a_session_whose_tokens_were_removed(make_deployment: Make) -> None:
    """A new login is required."""
    store = _OddStore()
    deployment = await make_deployment(login={"store": store})
    browser = await deployment.browser()
    await deployment.log_in(browser)
    for key in [key for key in store.keys if key.startswith("tokens:")]:
        await store.pop(key)
    response = await browser.get(f"/browse/{deployment.collections['ada']}")
    assert (response.status_code, response.json()["code"]) == (401, "LoginRequired")


@pytest.mark.parametrize(
    ("call", "kind"), [("put", "tokens"), ("put", "session"), ("set", "login"), ("get", "session")]
)
async def test_a_failing_store_shows_nothing(
    make_deployment: Make, caplog: pytest.LogCaptureFixture, call: str, kind: str
) -> None:
    """The response is 503; neither it nor the log has codes, tokens, cookies or the text of the store's error."""
    store = _OddStore()
    deployment = await make_deployment(login={"store": store, "outage_seconds": 0})
    browser = await deployment.browser()
    await deployment.log_in(browser)
    back = deployment.authorize(await deployment.start_login(browser))
    store.broken = (call, kind)
    caplog.clear()
    response = await deployment.run_with_clock(browser.get("/session" if call == "get" else back))
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["cache-control"] == "no-store"
    shown = response.text + "".join(map(str, caplog.records)) + caplog.text
    assert "disk" not in shown
    tokens = deployment.emulator.auth.tokens
    secrets = [query_of(back)["code"], query_of(back)["state"], browser.cookies[COOKIE]]
    secrets += [token.reveal() for token in (*tokens.access, *tokens.refresh)]
    assert [secret for secret in secrets if secret in shown] == []


class _OddStore(MemorySessionStore):
    """A store that fails or is slow."""

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

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        self._check("set", key)
        if (gate := self.gates.get(key.partition(":")[0])) is not None:
            self.is_waiting.set()
            await gate.wait()
        return await super().compare_and_set(key, old, new, seconds=seconds)

    async def pop(self, key: str) -> Secret | None:
        self._check("pop", key)
        return await super().pop(key)


def _sizes(deployment: Deployment) -> int:
    """Return the number of stored sessions, tokens and leases; notes of completed logins are no secret."""
    store = deployment.login.store
    assert isinstance(store, MemorySessionStore)
    return sum(len(entries) for kind, entries in store._entries.items() if kind != "login")


async def _session(deployment: Deployment, key: str) -> Session:
    value = await deployment.login.store.get(key)
    assert value is not None
    return Session.load(key, value)


async def test_a_missing_consent_starts_the_required_login(deployment: Deployment) -> None:
    """It requests the scopes without duplicates, and returns to the same page."""
    mapped = deployment.emulator.add_collection(
        "Mapped", owner=deployment.people["ada"], storage=MemoryStorage({"x": "1"}), needs_data_access=True
    ).id
    browser = await deployment.browser()
    await deployment.log_in(browser)
    refused = (await browser.get(f"/browse/{mapped}")).json()["authorization_parameters"]
    url = await deployment.start_login(
        browser, f"/again?{urlencode({'next': f'/browse/{mapped}', 'requirements': json.dumps(refused)})}"
    )
    query = query_of(url)
    assert query["session_message"]
    assert query["scope"].count("transfer.api.globus.org:all") == 1
    assert mapped in query["scope"]
    back = await browser.get(deployment.authorize(url))
    assert back.headers["location"] == f"{ORIGIN}/browse/{mapped}"
    assert (await browser.get(back.headers["location"])).json() == ["x"]
    assert (await browser.get("/again?next=//evil.example")).status_code == 400


async def test_secrets_are_not_shown(deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in logs at any level nor in representations."""
    caplog.set_level(logging.DEBUG)
    browser = await deployment.browser()
    back = deployment.authorize(await deployment.start_login(browser))
    await browser.get(back)
    csrf = (await browser.get("/session")).json()["csrf"]
    await browser.get(f"/browse/{deployment.collections['ada']}")
    session = await _session(deployment, await _key(deployment, browser))
    shown = " ".join(
        map(repr, (session, deployment.globus, deployment.login, deployment.login.store, deployment.globus.authorizers))
    )
    records = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("globus_async"))
    secrets = [query_of(back)["code"], query_of(back)["state"], csrf, browser.cookies[COOKIE]]
    secrets += [token.reveal() for token in deployment.emulator.auth.tokens.access]
    secrets += [token.reveal() for token in deployment.emulator.auth.tokens.refresh]
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
