"""The pages for login and consent, the authorization code, and logout."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ...kit.directory import CLIENT_DOMAIN
from ...kit.ids import random_text
from ...kit.responses import NO_STORE, html_response, redirect
from ...kit.secret import Secret
from ..authorization_request import AuthorizationRequest, Redirect, read_request
from ..errors import AuthorizationError, LoginPageError, OAuthError
from ..login import Browser, give_consent, log_in, log_in_and_consent, refusal
from ..login_pages import IdentityChoice, ScopeLine, code_page, error_page, login_page, logout_page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import RouteTable
    from ..scope_strings import RequestedScope
    from ..state import AuthState

__all__ = ("AUTHORIZE_ROUTES", "ROUTES")

_COOKIE: Final = "emulated_globus_session"
_CONSENT_PATH: Final = "/v2/web/consent"
_MAX_BROWSERS: Final = 1_000
_MAX_PENDING: Final = 20
_FAILED: Final = "Sign-in failed"


async def _authorize(state: AuthState, request: Request) -> Response:
    """``GET /v2/oauth2/authorize``."""
    try:
        authorization = read_request(state.registry, request.query, origins=state.origins)
    except LoginPageError as error:
        return _page(error_page(_FAILED, str(error)), status=400)
    if isinstance(authorization, Redirect):
        return redirect(authorization.url, headers=NO_STORE)
    if state.auto_consent:
        return redirect(log_in_and_consent(state, authorization, state.browser).url, headers=NO_STORE)
    if authorization.prompt != "login":
        # no page if the browser has a session and all consents were given before
        browser = _browser(state, request) or Browser()
        silent = log_in_and_consent(state, replace(authorization, prompt="none"), browser)
        if authorization.prompt == "none" or silent.error is None:
            return redirect(silent.url, headers=NO_STORE)
    return _open_login_page(state, request, authorization)


def _cookie(request: Request) -> Secret | None:
    cookie = request.cookie(_COOKIE)
    return None if cookie is None else Secret(cookie)


def _browser(state: AuthState, request: Request) -> Browser | None:
    cookie = _cookie(request)
    return None if cookie is None else state.browsers.get(cookie)


def _open_login_page(state: AuthState, request: Request, authorization: AuthorizationRequest) -> Response:
    """Store the authorization request with the browser, and show the login page for it."""
    cookie, browser = _cookie(request), _browser(state, request)
    if cookie is None or browser is None:
        # an unknown cookie is replaced, since somebody else may have set it (session fixation)
        cookie, browser = Secret(random_text(32)), Browser()
        if len(state.browsers) >= _MAX_BROWSERS:
            del state.browsers[next(iter(state.browsers))]
        state.browsers[cookie] = browser
    if len(browser.pending) >= _MAX_PENDING:
        del browser.pending[next(iter(browser.pending))]
    form_token = Secret(random_text(32))
    browser.pending[form_token] = authorization
    return _login_page(state, browser, authorization, form_token, cookie)


def _login_page(
    state: AuthState,
    browser: Browser,
    authorization: AuthorizationRequest,
    form_token: Secret,
    cookie: Secret,
    *,
    error: str | None = None,
) -> Response:
    identities = [
        each for each in state.directory.identities.values() if each.domain != CLIENT_DOMAIN and each.status != "unused"
    ]
    named = [each for name in authorization.identities if (each := state.directory.find(name)) is not None]
    selected = next(iter([*named, *filter(None, (browser.identity, state.login_identity))]), None)
    html = login_page(
        application=authorization.target.client.name,
        action=_CONSENT_PATH,
        form_token=form_token.reveal(),
        choices=[
            IdentityChoice(
                each.id,
                each.username,
                f"{each.name or ''} · {each.identity_provider.name}",
                each is selected,
                refusal(state, authorization, browser, each),
            )
            for each in identities
        ],
        scopes=_scope_lines(state, authorization.scopes),
        message=authorization.message,
        named_grant=authorization.named_grant,
        error=error,
    )
    response = _page(html)
    response.set_cookie(_COOKIE, cookie.reveal(), path="/v2", httponly=True, samesite="lax")
    return response


def _scope_lines(state: AuthState, requested: Iterable[RequestedScope]) -> list[ScopeLine]:
    lines: list[ScopeLine] = []
    for each in requested:
        scope = state.registry.definition(each.scope)
        lines.append(ScopeLine(scope.description, scope.scope_string, _scope_lines(state, each.dependencies)))
    return lines


async def _consent(state: AuthState, request: Request) -> Response:
    """``POST /v2/web/consent``: the form of the login page."""
    try:
        form = request.with_errors(OAuthError).form()
    except OAuthError as error:
        return _page(error_page(_FAILED, error.message), status=400)
    cookie, browser = _cookie(request), _browser(state, request)
    form_token = Secret(form.get("request", ""))
    authorization = browser.pending.get(form_token) if browser is not None else None
    if cookie is None or browser is None or authorization is None:
        text = "This sign-in attempt expired or was started in another browser. Please sign in again."
        return _page(error_page(_FAILED, text), status=400)
    if form.get("decision") != "allow":
        denied = AuthorizationError("access_denied", "The user has denied the request.")
        target = authorization.target.with_error(denied)
    else:
        identity = state.directory.identities.get(form.get("identity", ""))
        if identity is None:
            return _login_page(state, browser, authorization, form_token, cookie, error="Choose an identity.")
        try:
            effective = log_in(state, authorization, browser, identity)
        except AuthorizationError as error:
            return _login_page(state, browser, authorization, form_token, cookie, error=error.description)
        target = give_consent(state, authorization, browser, effective)
    del browser.pending[form_token]
    return redirect(target.url, headers=NO_STORE)


async def _code(state: AuthState, request: Request) -> Response:  # noqa: ARG001 -- the page has only the query
    """``GET /v2/web/auth-code``: the redirect URI of native applications without a web server."""
    code = request.parameter("code", allow_blank=True)
    if code is None:
        reason = request.parameter("error_description") or request.parameter("error") or "There is no code."
        return _page(error_page(_FAILED, reason), status=400)
    nonce = random_text(16)
    return _page(code_page(code, nonce), script_nonce=nonce)


async def _logout(state: AuthState, request: Request) -> Response:
    """``GET /v2/web/logout``."""
    for browser in filter(None, (_browser(state, request), state.browser if state.auto_consent else None)):
        browser.identity = browser.session = None
    link = request.parameter("redirect_uri", allow_blank=True)
    # a link instead of a redirect, and none that runs a script
    if link is not None and urlsplit(link).scheme not in {"http", "https"}:
        link = None
    return _page(logout_page(link, request.parameter("redirect_name") or link or ""))


def _page(html: str, *, status: int = 200, script_nonce: str = "") -> Response:
    return html_response(html, status=status, script_nonce=script_nonce, headers=NO_STORE)


AUTHORIZE_ROUTES: RouteTable[AuthState] = (("GET", "/authorize", _authorize),)
ROUTES: RouteTable[AuthState] = (
    ("POST", "/consent", _consent),
    ("GET", "/auth-code", _code),
    ("GET", "/logout", _logout),
)
