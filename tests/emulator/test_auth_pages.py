"""The pages for login and consent, the authorization code, and logout."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.emulator.auth_world import CODE_PAGE, DATA_ACCESS, TRANSFER, World, open_world

EVIL = "<script>alert('x')</script>\"'&"


class Form(HTMLParser):
    """The form of a page, its elements, and its event handlers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.people: list[str] = []
        self.checked: str | None = None
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        self.handlers += [name for name in values if name.startswith("on")]
        if tag == "form":
            self.action = values["action"] or ""
        elif tag == "input" and values["type"] == "hidden":
            self.fields[values["name"] or ""] = values["value"] or ""
        elif tag == "input":
            self.people.append(values["value"] or "")
            if "checked" in values:
                self.checked = values["value"]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world(auto_consent=False) as world:
        yield world


async def open_page(world: World, scope: str = TRANSFER, **changes: str | None) -> httpx.Response:
    return await world.http.get("/v2/oauth2/authorize", params=world.native_query(scope, **changes))


async def submit(world: World, form: Form, **fields: str) -> httpx.Response:
    return await world.http.post(form.action, data={**form.fields, **fields})


def query_of(response: httpx.Response) -> dict[str, list[str]]:
    assert response.status_code == 302, response.text
    return parse_qs(urlsplit(response.headers["location"]).query)


async def test_a_person_allows_access(world: World) -> None:
    """The page shows identities and scopes; Allow redirects with a code."""
    page = await open_page(
        world, f"{TRANSFER}[{DATA_ACCESS}]", prefill_named_grant="on my laptop", session_message="Hello"
    )
    form = Form(page.text)
    assert page.status_code == 200
    assert form.people == [world.alice.id, world.bob.id]
    assert form.checked == world.alice.id
    for text in ("Native app", TRANSFER, DATA_ACCESS, "alice@example.org", "on my laptop", "Hello"):
        assert text in page.text
    query = query_of(await submit(world, form, identity=world.bob.id, decision="allow"))
    document = (await world.exchange(query["code"][0])).json()
    caller = world.caller(document["access_token"])
    assert caller.identity_id == world.bob.id
    assert caller.dependent_scopes == {DATA_ACCESS}


async def test_a_person_denies_access(world: World) -> None:
    """Redirects with an error and the state; there is neither a login nor a consent."""
    form = Form((await open_page(world)).text)
    query = query_of(await submit(world, form, decision="deny"))
    assert query["error"] == ["access_denied"]
    assert query["state"] == ["_default"]
    assert not world.state.consents.of(frozenset({world.alice.id, world.bob.id}))
    assert (await open_page(world)).status_code == 200


async def test_no_page_after_earlier_consents(world: World) -> None:
    """In the same browser, unless there are further scopes or prompt=login."""
    await submit(world, Form((await open_page(world)).text), identity=world.alice.id, decision="allow")
    assert "code" in query_of(await open_page(world))
    assert (await open_page(world, "openid")).status_code == 200
    assert (await open_page(world, access_type="offline")).status_code == 200
    assert (await open_page(world, prompt="login")).status_code == 200
    world.http.cookies.clear()
    assert (await open_page(world)).status_code == 200


async def test_prompt_none_never_shows_a_page(world: World) -> None:
    """It redirects with an error or a code."""
    assert query_of(await open_page(world, prompt="none"))["error"] == ["login_required"]
    await submit(world, Form((await open_page(world)).text), identity=world.alice.id, decision="allow")
    assert query_of(await open_page(world, "openid", prompt="none"))["error"] == ["consent_required"]
    assert "code" in query_of(await open_page(world, prompt="none"))


async def test_a_wrong_choice_can_be_corrected(world: World) -> None:
    """The page is shown again with the error; its form can be sent again."""
    form = Form((await open_page(world, session_required_single_domain="uni.example.edu")).text)
    again = await submit(world, form, identity=world.alice.id, decision="allow")
    assert again.status_code == 200
    assert "no identity of uni.example.edu" in again.text
    nobody = await submit(world, Form(again.text), identity="nobody", decision="allow")
    assert "Choose an identity" in nobody.text
    assert "code" in query_of(await submit(world, Form(nobody.text), identity=world.bob.id, decision="allow"))


async def test_a_required_identity_is_selected(world: World) -> None:
    """On the page."""
    assert Form((await open_page(world, session_required_identities=world.bob.username)).text).checked == world.bob.id


async def test_a_form_can_be_sent_once_and_only_from_its_browser(world: World) -> None:
    """An error page for another browser, a second request and an invented form."""
    form = Form((await open_page(world)).text)
    cookie = world.http.cookies
    world.http.cookies = httpx.Cookies()
    stranger = await submit(world, form, identity=world.alice.id, decision="allow")
    world.http.cookies = cookie
    mine = await submit(world, form, identity=world.alice.id, decision="allow")
    twice = await submit(world, form, identity=world.alice.id, decision="allow")
    made_up = await world.http.post("/v2/web/consent", data={"request": "x", "decision": "allow"})
    assert [each.status_code for each in (stranger, mine, twice, made_up)] == [400, 302, 400, 400]


async def test_an_unknown_session_cookie_is_replaced(world: World) -> None:
    """Prevents session fixation."""
    world.http.cookies.set("emulated_globus_session", "planted", domain="auth.globus.org", path="/v2")
    page = await open_page(world)
    assert "planted" not in page.headers["set-cookie"]
    assert re.search(r"HttpOnly", page.headers["set-cookie"])
    assert "SameSite=lax" in page.headers["set-cookie"]


async def test_all_values_are_escaped(world: World) -> None:
    """Names, messages, labels, codes and errors."""
    world.app.name = EVIL
    world.alice.name = EVIL
    plain = Form((await open_page(world)).text)
    page = await open_page(world, session_message=EVIL, prefill_named_grant=EVIL)
    pages = [
        page,
        await world.http.get("/v2/web/auth-code", params={"code": EVIL}),
        await world.http.get("/v2/web/auth-code", params={"error": "x", "error_description": EVIL}),
        await world.http.get("/v2/web/logout", params={"redirect_uri": "https://a.example", "redirect_name": EVIL}),
        await world.http.get("/v2/oauth2/authorize", params=world.native_query(redirect_uri=EVIL)),
    ]
    assert Form(page.text).tags.count("p") == plain.tags.count("p") + 2
    for each in pages:
        form = Form(each.text)
        assert EVIL not in each.text
        assert html.escape(EVIL) in each.text
        assert form.tags.count("script") == each.text.count("<script nonce=")
        assert not form.handlers


async def test_security_headers(world: World) -> None:
    """Content security policy, referrer policy, and no caching."""
    for path in ("/v2/web/auth-code?code=abc", "/v2/web/logout", "/v2/oauth2/authorize"):
        page = await world.http.get(path, params=world.native_query() if "oauth2" in path else None)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["content-type"].startswith("text/html")
    code_page = await world.http.get("/v2/web/auth-code?code=abc")
    nonce = re.search(r"script-src 'nonce-(\w+)'", code_page.headers["content-security-policy"])
    assert nonce is not None
    assert f'<script nonce="{nonce[1]}">' in code_page.text


async def test_the_code_page(world: World) -> None:
    """It shows the code, or the error."""
    page = await world.http.get(f"{CODE_PAGE}?code=abc123&state=_default")
    assert '<code id="code">abc123</code>' in page.text
    refused = await world.http.get(f"{CODE_PAGE}?error=access_denied&error_description=No+way")
    assert refused.status_code == 400
    assert "No way" in refused.text
    assert (await world.http.get(CODE_PAGE)).status_code == 400


async def test_logout_ends_the_session(world: World) -> None:
    """The page links to the application; not to a script."""
    await submit(world, Form((await open_page(world)).text), identity=world.alice.id, decision="allow")
    page = await world.http.get(
        "/v2/web/logout", params={"redirect_uri": "https://portal.example.org/", "redirect_name": "the portal"}
    )
    assert page.status_code == 200
    assert '<a href="https://portal.example.org/"' in page.text
    assert "the portal" in page.text
    assert (await open_page(world)).status_code == 200
    evil = await world.http.get("/v2/web/logout", params={"redirect_uri": "javascript:alert(1)"})
    assert "<a" not in evil.text


async def test_logout_with_auto_consent(world: World) -> None:
    """The session of logins without a page ends as well."""
    await world.log_in()
    world.state.auto_consent = True
    await world.http.get("/v2/web/logout")
    assert world.state.authorize(world.url(world.native_query(prompt="none"))).error == "login_required"


async def test_the_number_of_pending_logins_is_limited(world: World) -> None:
    """The oldest ones are discarded."""
    forms = [Form((await open_page(world)).text) for _ in range(25)]
    (browser,) = world.state.browsers.values()
    assert len(browser.pending) == 20
    assert (await submit(world, forms[0], identity=world.alice.id, decision="allow")).status_code == 400
    assert (await submit(world, forms[-1], identity=world.alice.id, decision="allow")).status_code == 302


async def test_people_who_cannot_sign_in(world: World) -> None:
    """They are shown with the reason and cannot be chosen; a forged form does not let them in."""
    world.bob.status = "closed"
    page = await open_page(world, session_required_single_domain="example.org,uni.example.edu")
    assert "The identity bob@uni.example.edu is closed." in page.text
    chosen = re.findall(r'value="([^"]*)" required( checked| disabled|)>', page.text)
    assert chosen == [(world.alice.id, " checked"), (world.bob.id, " disabled")]
    refused = await submit(world, Form(page.text), identity=world.bob.id, decision="allow")
    assert (refused.status_code, world.bob.last_authentication) == (200, None)
    world.bob.status = "used"
    page = await open_page(world, session_required_single_domain="uni.example.edu")
    assert "You have no identity of uni.example.edu." in html.unescape(page.text)
    assert world.alice.last_authentication is None
