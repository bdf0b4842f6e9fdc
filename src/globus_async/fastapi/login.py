"""Logging users in with a browser: the authorization code flow with PKCE, and what protects it on both sides."""

# no `from __future__ import annotations`: FastAPI reads the annotations of dependencies at run time

import asyncio
import logging
import math
import re
import secrets
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote, urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from .._http.missing import MISSING
from ..authorizers import AccessTokenAuthorizer, GlobusAuthorizer, RefreshTokenAuthorizer
from ..client import BaseClient
from ..config import checked_base_url
from ..errors import GlobusError, GlobusSDKUsageError, IdTokenError, LoginRequired
from ..gare import GlobusAuthorizationParameters
from ..scopes import AuthScopes, ScopeParser, TransferScopes
from ..secret import Secret
from ..services.auth.errors import InvalidGrant
from ..services.auth.flows import LoginRefused
from ..services.auth.responses import OAuthAuthorizationCodeResponse, OAuthRefreshTokenResponse
from .backend import GlobusBackend, Scopes
from .cookie import SessionCookie
from .sessions import MemorySessionStore, PendingLogin, Session, SessionStore, StoredTokens, key_of

__all__ = ("GlobusLogin", "LoginFailed", "is_own_path")

C = TypeVar("C", bound=BaseClient)
_log = logging.getLogger("globus_async")

_PENDING_SECONDS: Final = 600.0
_MOST_PENDING: Final = 5
_MOST_DELETED: Final = 20
"""Cookies deleted by one answer: proxies bound the size of its headers."""
_LONGEST_PATH: Final = 2048
_OWN_PATH: Final = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")
_UNCACHED: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class LoginFailed(HTTPException):
    """A login came to nothing; ``detail`` says why, for the user. Handle it to show a page of your own."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, detail, _UNCACHED)


def is_own_path(path: str) -> bool:
    """Tell whether a text is a path of this application, and cannot be read as an address elsewhere."""
    # no scheme, no '//' or '/\\' at the start, no backslash, blank or control character anywhere
    return len(path) <= _LONGEST_PATH and _OWN_PATH.fullmatch(path) is not None


class GlobusLogin:
    """
    Lets users log in with Globus, and keeps their tokens on the server. Include its ``router``.

    The router has ``GET /login`` (with ``?then=/a/path`` to go on to), ``GET /callback`` and ``POST /logout``. Register
    ``<public_url><prefix>/callback`` as redirect URI.

    Args:
        backend: The application; it must be registered as a confidential client.
        public_url: Where browsers reach the application: scheme, host and port. ``https``, but for loopback.
        scopes: What to ask for; ``openid``, ``profile`` and ``email`` are always among it. The default is Transfer.
        store: Where sessions are kept. The default is in this process.
        prefix: Path below which the routes are.
        cookie: Name of the session's cookie; on ``https`` it gets the prefix ``__Host-``.
        lifetime: Seconds after which a session ends.
        refresh_tokens: Ask for refresh tokens, so that a session can outlive an access token.
        after_login: Path to go on to if none is named.
        after_logout: Path to go on to.

    Example:
        >>> login = GlobusLogin(globus, public_url="https://portal.example.org")
        >>> app.include_router(login.router)
        >>> @app.get("/hello")
        ... async def hello(session: Annotated[Session, Depends(login.session)]) -> str:
        ...     return f"Hello, {session.name}"
    """

    def __init__(
        self,
        backend: GlobusBackend,
        *,
        public_url: str,
        scopes: Scopes = TransferScopes.all,
        store: SessionStore | None = None,
        prefix: str = "",
        cookie: str = "globus_session",
        lifetime: float = 12 * 3600.0,
        refresh_tokens: bool = True,
        after_login: str = "/",
        after_logout: str = "/",
    ) -> None:
        parts = urlsplit(checked_base_url(public_url, source="public_url"))
        if parts.path != "/":
            raise GlobusSDKUsageError(
                "public_url must be an origin such as 'https://portal.example.org', without a path"
            )
        if not is_own_path(after_login) or not is_own_path(after_logout):
            raise GlobusSDKUsageError("after_login and after_logout must be paths of this application")
        if not 1 <= lifetime < math.inf:
            raise GlobusSDKUsageError("lifetime must be a number of seconds, 1 or more")
        self.backend = backend
        # as browsers write it, to compare with what they send
        default_port = ":443" if parts.scheme == "https" else ":80"
        self.origin = f"{parts.scheme}://{parts.netloc.lower().removesuffix(default_port)}"
        self.scopes = ScopeParser.serialize([*_OPENID, ScopeParser.serialize(scopes)])
        self.store: SessionStore = MemorySessionStore() if store is None else store
        self.lifetime = lifetime
        self.refresh_tokens = refresh_tokens
        self.after_login = after_login
        self.after_logout = after_logout
        self.login_path = f"{prefix}/login"
        self.redirect_uri = f"{parts.scheme}://{parts.netloc}{prefix}/callback"
        is_secure = parts.scheme == "https"
        self._prefix = "__Host-" if is_secure else ""
        self._cookie = f"{self._prefix}{cookie}"
        self._pending_cookie = f"{self._cookie}_login_"
        self._cookie_options: dict[str, Any] = {
            "path": "/",
            "httponly": True,
            "samesite": "lax",
            "secure": is_secure,
        }
        self.session = SessionCookie(self._cookie, self._session_or_login)
        self.protected = SessionCookie(self._cookie, self._session_and_form)
        self.router = APIRouter(prefix=prefix, tags=["login"])
        self.router.add_api_route("/login", self._login, methods=["GET"], include_in_schema=False)
        self.router.add_api_route("/callback", self._callback, methods=["GET"], include_in_schema=False)
        self.router.add_api_route("/logout", self._logout, methods=["POST"], include_in_schema=False)

    # who is there?

    async def optional_session(self, request: Request) -> Session | None:
        """A dependency: the session of a request, or ``None``."""
        cookie = Secret(request.cookies.get(self._cookie, ""))
        if not cookie:
            return None
        key = key_of("session", cookie)
        kept = await self.store.get(key)
        session = None if kept is None else Session.load(key, kept)
        return session if session is not None and session.expires_at > self._now() else None

    async def _session_or_login(self, request: Request) -> Session:
        session = await self.optional_session(request)
        if session is not None:
            return session
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            there = f"{self.login_path}?then={quote(self.here(request), safe='/')}"
            raise HTTPException(303, "Log in first", {"Location": there, **_UNCACHED})
        raise HTTPException(
            401, f"Log in first, at {self.login_path}", {"WWW-Authenticate": 'Cookie realm="globus"', **_UNCACHED}
        )

    def here(self, request: Request) -> str:
        """Return the path of a request, to come back to after a login."""
        path = quote(request.url.path, safe="/!$&'()*+,;=:@~") + (f"?{request.url.query}" if request.url.query else "")
        return path if is_own_path(path) else self.after_login

    async def _session_and_form(self, request: Request) -> Session:
        session = await self._session_or_login(request)
        await self._check_own_form(request, session)
        return session

    async def _check_own_form(self, request: Request, session: Session) -> None:
        """Refuse what another site made the browser send."""
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "same-origin")
        token: object = request.headers.get("x-csrf-token")
        if token is None:
            token = (await request.form()).get("csrf_token")
        is_ours = (
            (origin is None or origin == self.origin)
            and site in {"same-origin", "none"}
            and isinstance(token, str)
            and Secret(token) == session.csrf_token
        )
        if not is_ours:
            await request.close()
            raise HTTPException(403, "This form is not from this session; reload the page and try again")

    def client(self, kind: type[C], resource_server: str | None = None) -> Callable[..., Coroutine[Any, Any, C]]:
        """
        Return a dependency that gives a route a client acting for the user of the session.

        Args:
            kind: Which one, such as `TransferClient`.
            resource_server: Whose tokens it needs. The default is the client's own.

        Example:
            >>> UserTransfer = Annotated[TransferClient, Depends(login.client(TransferClient))]
        """

        async def dependency(session: Annotated[Session, Depends(self.session)]) -> C:
            return await self.client_for(kind, session, resource_server)

        return dependency

    async def client_for(self, kind: type[C], session: Session, resource_server: str | None = None) -> C:
        """Return a client that acts for the user of a session; see `client`."""
        server = resource_server or getattr(kind, "resource_server", None)
        if not isinstance(server, str):
            raise GlobusSDKUsageError(f"say whose tokens a {kind.__name__} needs: resource_server=...")
        return self.backend.make_client(kind, await self._authorizer(session, server))

    async def _authorizer(self, session: Session, resource_server: str) -> GlobusAuthorizer:
        """Return the one authorizer of a session for a service, so that a token is renewed once."""
        key = (session.key, resource_server)
        cache = self.backend.authorizers
        if (found := cache.find(key)) is not None:
            return found
        place = _place_of_tokens(session.key, resource_server)
        kept = await self.store.get(place)
        if kept is None:
            if resource_server in session.resource_servers:  # logged out meanwhile, or put out of a store that is full
                raise LoginRequired("the session is over")
            raise GlobusSDKUsageError(f"this session has no tokens for {resource_server}: ask for its scopes at login")
        if (found := cache.find(key)) is not None:  # another request was faster
            return found
        tokens = StoredTokens.load(kept)
        if tokens.refresh_token is None:
            return cache.keep(key, AccessTokenAuthorizer(tokens.access_token))
        authorizer = RefreshTokenAuthorizer(
            tokens.refresh_token,
            self.backend.auth_client,
            access_token=tokens.access_token,
            expires_at=tokens.expires_at,
            on_refresh=partial(self._keep_renewed, session, resource_server),
        )
        return cache.keep(key, authorizer)

    async def _keep_renewed(self, session: Session, resource_server: str, answer: OAuthRefreshTokenResponse) -> None:
        found = {server: StoredTokens.of(entry) for server, entry in answer.by_resource_server.items()}
        if resource_server not in found:  # an answer that does not say whose token it is
            found[resource_server] = found.pop(next(iter(found)))
        for server, tokens in found.items():
            if server in session.resource_servers:
                place = _place_of_tokens(session.key, server)
                await self.store.put(place, tokens.dump(), seconds=max(1.0, session.expires_at - self._now()))
        # looked at last: a logout at any moment either finds the tokens or is found here, and they do not live on
        if await self.store.get(session.key) is None:
            for server in found:
                await self.store.pop(_place_of_tokens(session.key, server))
            await self._revoke([*found.values()])

    # logging in

    async def begin(
        self,
        request: Request,
        *,
        then: str | None = None,
        parameters: GlobusAuthorizationParameters | None = None,
    ) -> RedirectResponse:
        """
        Send a browser to log in; return the redirect.

        Args:
            request: From the browser.
            then: Path to go on to afterwards.
            parameters: What the login must ask for, from an error that says so (`to_gare`).

        Raises:
            LoginFailed: ``then`` is not a path of this application.
        """
        then = self.after_login if then is None else then
        if not is_own_path(then):
            raise LoginFailed("The page to go on to is not a path of this application")
        wanted = parameters.required_scopes if parameters is not None else None
        scopes = ScopeParser.serialize(ScopeParser.parse(" ".join((self.scopes, *(wanted or ())))))  # each once
        flow = self.backend.auth_client.oauth2_start_flow(self.redirect_uri, scopes, refresh_tokens=self.refresh_tokens)
        browser = Secret(secrets.token_urlsafe(32))
        pending = PendingLogin(browser, flow.verifier, scopes, then)
        state = Secret(flow.state)
        await self.store.put(key_of("login", state), pending.dump(), seconds=_PENDING_SECONDS)
        url = flow.get_authorize_url(**({} if parameters is None else parameters.for_authorize_url()))
        response = RedirectResponse(url, 303, _UNCACHED)
        # a cookie per login, so that several tabs do; its value is never one that the browser brought along
        for name in self._pending_cookies(request)[_MOST_PENDING - 1 :][:_MOST_DELETED]:
            self._delete_cookie(response, name)
        response.set_cookie(
            self._name_of(state), browser.reveal(), max_age=int(_PENDING_SECONDS), **self._cookie_options
        )
        return response

    async def _login(self, request: Request, then: str | None = None) -> Response:
        return await self.begin(request, then=then)

    async def _callback(self, request: Request) -> Response:
        state, code = _only(request, "state"), _only(request, "code")
        if not state:
            raise LoginFailed("This login is over, or was begun in another browser; begin anew")
        pending = await self._claim(request, state)
        if "error" in request.query_params or not code:
            raise LoginFailed(_reason(request.query_params))
        flow = self.backend.auth_client.oauth2_start_flow(
            self.redirect_uri,
            pending.scopes,
            state=state.reveal(),
            verifier=pending.verifier,
            refresh_tokens=self.refresh_tokens,
        )
        try:
            iss = _only(request, "iss").reveal() if "iss" in request.query_params else MISSING
            tokens = await flow.exchange_code_for_tokens(code, iss=iss)
            cookie, session = await self._begun(tokens)
        except (InvalidGrant, LoginRefused, IdTokenError) as error:
            _log.warning("a login was refused: %s", error)
            raise LoginFailed("Globus did not confirm this login; begin anew") from None
        before = await self.optional_session(request)
        if before is not None:
            await self._end(before)
        response = RedirectResponse(f"{self.origin}{pending.then}", 303, _UNCACHED)
        self._delete_cookie(response, self._name_of(state))
        response.set_cookie(self._cookie, cookie.reveal(), max_age=int(self.lifetime), **self._cookie_options)
        _log.info("identity %s has logged in", session.identity_id)
        return response

    async def _claim(self, request: Request, state: Secret) -> PendingLogin:
        """Take out the login that a state belongs to: it is used up, also if another browser brings it."""
        kept = await self.store.pop(key_of("login", state))
        pending = None if kept is None else PendingLogin.load(kept)
        brought = Secret(request.cookies.get(self._name_of(state), ""))
        if pending is None or brought != pending.browser:
            raise LoginFailed("This login is over, or was begun in another browser; begin anew")
        return pending

    async def _begun(self, tokens: OAuthAuthorizationCodeResponse) -> tuple[Secret, Session]:
        """Make a session, under a name that nobody has known before."""
        claims = await tokens.decode_id_token()
        cookie = Secret(secrets.token_urlsafe(32))
        session = Session(
            key=key_of("session", cookie),
            identity_id=UUID(claims["sub"]),
            username=claims.get("preferred_username") or claims["sub"],
            name=claims.get("name"),
            email=claims.get("email"),
            csrf_token=Secret(secrets.token_urlsafe(32)),
            expires_at=self._now() + self.lifetime,
            resource_servers=tuple(tokens.by_resource_server),
        )
        found = {server: StoredTokens.of(entry).dump() for server, entry in tokens.by_resource_server.items()}
        for server, text in found.items():
            await self.store.put(_place_of_tokens(session.key, server), text, seconds=self.lifetime)
        await self.store.put(session.key, session.dump(), seconds=self.lifetime)
        return cookie, session

    # logging out

    async def _logout(self, request: Request) -> Response:
        session = await self.optional_session(request)
        if session is not None:
            await self._check_own_form(request, session)
            await self._end(session)
        response = RedirectResponse(f"{self.origin}{self.after_logout}", 303, _UNCACHED)
        self._delete_cookie(response, self._cookie)
        return response

    async def _end(self, session: Session) -> None:
        """End a session, and revoke its tokens even if the browser does not wait for it."""
        ending = asyncio.get_running_loop().create_task(self._forget(session), name="globus_async logout")
        self.backend.transport.adopt(ending)
        await asyncio.shield(ending)

    async def _forget(self, session: Session) -> None:
        await self.store.pop(session.key)
        places = [(server, _place_of_tokens(session.key, server)) for server in session.resource_servers]
        found = [await self.store.pop(place) for _, place in places]
        for server, _ in places:
            self.backend.authorizers.forget((session.key, server))
        await self._revoke([StoredTokens.load(kept) for kept in found if kept is not None])

    async def _revoke(self, tokens: list[StoredTokens]) -> None:
        """Revoke tokens at Globus Auth. What fails is reported: the session is over all the same."""
        wanted = [token for each in tokens for token in (each.refresh_token, each.access_token) if token is not None]
        for outcome in await asyncio.gather(*map(self._revoke_one, wanted)):
            if outcome is not None:
                _log.error("a token of a session that ended could not be revoked: %s", outcome)

    async def _revoke_one(self, token: Secret) -> GlobusError | None:
        try:
            await self.backend.auth_client.oauth2_revoke_token(token)
        except GlobusError as error:
            return error
        return None

    # cookies

    def _now(self) -> float:
        return self.backend.transport.clock.wall()

    def _name_of(self, state: Secret) -> str:
        return self._pending_cookie + key_of("login", state)[6:22]

    def _pending_cookies(self, request: Request) -> list[str]:
        """Return the names as we make them: a browser may bring any, also such as cannot be written."""
        start = self._pending_cookie
        return [name for name in request.cookies if name.startswith(start) and _HEX.fullmatch(name, len(start))]

    def _delete_cookie(self, response: Response, name: str) -> None:
        response.delete_cookie(name, **self._cookie_options)


_HEX: Final = re.compile(r"[0-9a-f]{16}")
_OPENID: Final = (AuthScopes.openid, AuthScopes.profile, AuthScopes.email)


def _place_of_tokens(session_key: str, resource_server: str) -> str:
    return key_of("tokens", session_key.partition(":")[2], resource_server)


def _only(request: Request, name: str) -> Secret:
    """Return a query parameter that is there once; empty otherwise."""
    values = request.query_params.getlist(name)
    return Secret(values[0] if len(values) == 1 else "")


def _reason(query: Mapping[str, str]) -> str:
    if query.get("error") == "access_denied":
        return "You did not allow the access that this application asks for"
    told = query.get("error_description") or query.get("error") or "no code came back"
    return f"Globus refused this login: {told[:300]}"
