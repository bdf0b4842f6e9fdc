"""What a browser asks for: the authorize page and its answer, the page with the code, logging out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ....secret import Secret
from ..call import Call, Page, SeeOther
from ..catalog import CLIENT_DOMAIN
from ..errors import AuthorizationError, LoginPageError, OAuthError
from ..login import AuthorizationRequest, Browser, Redirect, agree, log_in, read_request, sign_in
from ..login_pages import Choice, ScopeLine, code_page, error_page, login_page, logout_page
from ..tokens import random_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..scope_strings import RequestedScope
    from ..state import AuthState

__all__ = ("authorize", "code", "decide", "logout")

_DECIDE: Final = "/v2/web/consent"
_MOST_BROWSERS: Final = 1_000
_MOST_WAITING: Final = 20


def authorize(state: AuthState, call: Call) -> Page | SeeOther:
    """``GET /v2/oauth2/authorize``."""
    try:
        request = read_request(state, call.query, call.origin)
    except LoginPageError as error:
        return Page(error_page("This login cannot go on", str(error)), 400)
    if isinstance(request, Redirect):
        return SeeOther(request.url)
    if state.auto_consent:
        return SeeOther(sign_in(state, request, state.browser).url)
    if request.prompt != "login":
        # whoever is logged in and has consented before is not asked again
        browser = _browser(state, call) or Browser()
        quiet = sign_in(state, replace(request, prompt="none"), browser)
        if request.prompt == "none" or quiet.error is None:
            return SeeOther(quiet.url)
    return _ask(state, call, request)


def _browser(state: AuthState, call: Call) -> Browser | None:
    return state.browsers.get(call.browser) if call.browser is not None else None


def _ask(state: AuthState, call: Call, request: AuthorizationRequest) -> Page:
    """Show the page, and remember what it asks for until the answer comes."""
    cookie, browser = call.browser, _browser(state, call)
    if cookie is None or browser is None:
        # never a name that the browser brought along: someone else may know it
        cookie, browser = Secret(random_text(32)), Browser()
        if len(state.browsers) >= _MOST_BROWSERS:
            del state.browsers[next(iter(state.browsers))]
        state.browsers[cookie] = browser
    if len(browser.waiting) >= _MOST_WAITING:
        del browser.waiting[next(iter(browser.waiting))]
    ticket = Secret(random_text(32))
    browser.waiting[ticket] = request
    return _login_page(state, browser, request, ticket, cookie)


def _login_page(
    state: AuthState,
    browser: Browser,
    request: AuthorizationRequest,
    ticket: Secret,
    cookie: Secret,
    *,
    problem: str | None = None,
) -> Page:
    people = [
        each
        for each in state.directory.identities.values()
        if each.domain != CLIENT_DOMAIN and each.status in {"used", "private"}
    ]
    named = [each for name in request.identities if (each := state.directory.find(name)) is not None]
    first = next(iter([*named, *filter(None, (browser.identity, state.login_identity))]), None)
    html = login_page(
        application=request.target.client.name,
        action=_DECIDE,
        ticket=ticket.reveal(),
        choices=[
            Choice(each.id, each.username, f"{each.name or ''} · {each.identity_provider.name}", each is first)
            for each in people
        ],
        scopes=_lines(state, request.scopes),
        message=request.message,
        named_grant=request.named_grant,
        problem=problem,
    )
    return Page(html, browser=cookie)


def _lines(state: AuthState, requested: Iterable[RequestedScope]) -> list[ScopeLine]:
    lines: list[ScopeLine] = []
    for each in requested:
        scope = state.registry.definition(each.scope)
        lines.append(ScopeLine(scope.description, scope.scope_string, _lines(state, each.dependencies)))
    return lines


def decide(state: AuthState, call: Call) -> Page | SeeOther:
    """``POST /v2/web/consent``: what the person chose on the page."""
    try:
        form = call.form()
    except OAuthError as error:
        return Page(error_page("This login cannot go on", str(error)), 400)
    browser = _browser(state, call)
    ticket = Secret(form.get("request", ""))
    request = browser.waiting.get(ticket) if browser is not None else None
    if browser is None or request is None or call.browser is None:
        return Page(error_page("This login cannot go on", "It is over, or was begun in another browser."), 400)
    if form.get("decision") != "allow":
        answer = request.target.refused(AuthorizationError("access_denied", "The user has denied the request."))
    else:
        identity = state.directory.identities.get(form.get("identity", ""))
        if identity is None:
            return _login_page(state, browser, request, ticket, call.browser, problem="Choose an identity.")
        try:
            person = log_in(state, request, browser, identity)
        except AuthorizationError as error:
            return _login_page(state, browser, request, ticket, call.browser, problem=error.description)
        answer = agree(state, request, browser, person)
    del browser.waiting[ticket]
    return SeeOther(answer.url)


def code(state: AuthState, call: Call) -> Page:  # noqa: ARG001
    """``GET /v2/web/auth-code``: where native applications let their users return to."""
    text = call.parameter("code")
    if text is None:
        reason = call.parameter("error_description") or call.parameter("error") or "There is no code."
        return Page(error_page("The login was not successful", reason), 400)
    nonce = random_text(16)
    return Page(code_page(text, nonce), nonce=nonce)


def logout(state: AuthState, call: Call) -> Page:
    """``GET /v2/web/logout``."""
    for browser in filter(None, (_browser(state, call), state.browser if state.auto_consent else None)):
        browser.identity = browser.session = None
    link = call.parameter("redirect_uri")
    # a link to click, not a redirect; and never one that runs a script
    if link is not None and urlsplit(link).scheme not in {"http", "https"}:
        link = None
    return Page(logout_page(link, call.parameter("redirect_name") or link or ""))
