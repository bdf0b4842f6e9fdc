"""Browser logins: the authorization code grant with PKCE, sessions, and logout."""

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

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from .._http.missing import MISSING
from ..authorizers import AccessTokenAuthorizer, GlobusAuthorizer, RefreshTokenAuthorizer
from ..client import BaseClient
from ..config import checked_base_url
from ..errors import GlobusError, GlobusSDKUsageError, IdTokenError, LoginRequired
from ..gare import GlobusAuthorizationParameters
from ..scopes import AuthScopes, ScopeParser, Scopes, TransferScopes
from ..secret import Secret
from ..services.auth.errors import InvalidGrant
from ..services.auth.flows import LoginRefused
from ..services.auth.responses import OAuthAuthorizationCodeResponse, OAuthRefreshTokenResponse
from .backend import GlobusBackend
from .cookie import SessionCookie
from .request_origin import check_navigation, check_site
from .sessions import MemorySessionStore, PendingLogin, Session, SessionStore, StoredTokens, store_key

__all__ = ("GlobusLogin", "LoginFailed", "is_own_path")

C = TypeVar("C", bound=BaseClient)
_log = logging.getLogger("globus_async")

_PENDING_SECONDS: Final = 600.0
_MAX_PENDING: Final = 5
_MAX_DELETED: Final = 20
"""The maximum number of cookies deleted by one response: proxies limit the size of its headers."""
_MAX_PATH_CHARACTERS: Final = 2048
_OWN_PATH: Final = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")
_NO_STORE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_ATTEMPT_EXPIRED: Final = "This sign-in attempt expired or was started in another browser. Please sign in again."


class LoginFailed(HTTPException):
    """A login failed; ``detail`` is the message for the user. Register a handler for it to show your own page."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, detail, _NO_STORE)


def is_own_path(path: str) -> bool:
    """Return whether a string is a path of this application, and not a URL of another site."""
    # no scheme, no '//' or '/\\' at the start, no backslash, space or control character anywhere
    return len(path) <= _MAX_PATH_CHARACTERS and _OWN_PATH.fullmatch(path) is not None


class GlobusLogin:
    """
    Logs users in with Globus in their browser, and stores their tokens on the server. Include its ``router``.

    The router has ``GET /login`` (``?next=/a/path`` for the page after the login), ``GET /callback`` and
    ``POST /logout``. Register ``<public_url><prefix>/callback`` as redirect URI.

    Args:
        backend: The backend; its client must be a confidential one.
        public_url: The origin of the application in browsers: scheme, host and port. ``https``, except on loopback.
        scopes: The scopes to request, in addition to ``openid``, ``profile`` and ``email``. By default Transfer.
        store: The session store. By default the memory of this process.
        prefix: The path prefix of the routes.
        cookie: The name of the session cookie; with ``https`` it is prefixed with ``__Host-``.
        lifetime: Seconds until a session expires.
        refresh_tokens: Whether to request refresh tokens, so that a session can outlast its access tokens.
        after_login: The path after a login without ``?next=``.
        after_logout: The path after a logout.

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
        # in the form of browsers, for the comparison with their Origin header
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
        self.protected = SessionCookie(self._cookie, self._protected_session)
        self.router = APIRouter(prefix=prefix, tags=["login"])
        self.router.add_api_route("/login", self._login, methods=["GET"], include_in_schema=False)
        self.router.add_api_route("/callback", self._callback, methods=["GET"], include_in_schema=False)
        self.router.add_api_route("/logout", self._logout, methods=["POST"], include_in_schema=False)

    # sessions

    async def optional_session(self, request: Request) -> Session | None:
        """A dependency that provides the session of a request, or ``None``."""
        cookie = Secret(request.cookies.get(self._cookie, ""))
        if not cookie:
            return None
        key = store_key("session", cookie)
        value = await self.store.get(key)
        session = None if value is None else Session.load(key, value)
        return session if session is not None and session.expires_at > self._now() else None

    async def _session_or_login(self, request: Request) -> Session:
        session = await self.optional_session(request)
        if session is not None:
            return session
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            location = f"{self.login_path}?next={quote(self.current_path(request), safe='/')}"
            raise HTTPException(303, "Please sign in", {"Location": location, **_NO_STORE})
        raise HTTPException(
            401, f"Please sign in at {self.login_path}", {"WWW-Authenticate": 'Cookie realm="globus"', **_NO_STORE}
        )

    def current_path(self, request: Request) -> str:
        """Return the path and query of a request, as ``next_path`` of `begin`."""
        path = quote(request.url.path, safe="/!$&'()*+,;=:@~") + (f"?{request.url.query}" if request.url.query else "")
        return path if is_own_path(path) else self.after_login

    async def _protected_session(self, request: Request) -> Session:
        check_site(request, self.origin)
        session = await self._session_or_login(request)
        await self._check_own_form(request, session)
        return session

    async def _check_own_form(self, request: Request, session: Session) -> None:
        """Refuse a form without the session's token: another site caused the request (CSRF)."""
        token: object = request.headers.get("x-csrf-token")
        if token is None:
            token = (await request.form()).get("csrf_token")
        if not isinstance(token, str) or Secret(token) != session.csrf_token:
            await request.close()
            raise HTTPException(403, "This form does not belong to your session. Please reload the page and try again.")

    def client(self, kind: type[C], resource_server: str | None = None) -> Callable[..., Coroutine[Any, Any, C]]:
        """
        Return a dependency that provides a client for the user of the session.

        Args:
            kind: The client class, such as `TransferClient`.
            resource_server: The resource server of the tokens. By default the client's own.

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
            raise GlobusSDKUsageError(f"{kind.__name__} has no resource server of its own: pass resource_server=...")
        return self.backend.make_client(kind, await self._authorizer(session, server))

    async def _authorizer(self, session: Session, resource_server: str) -> GlobusAuthorizer:
        """Return the authorizer of a session for a service; there is one, so that a token is refreshed once."""
        key = (session.key, resource_server)
        cache = self.backend.authorizers
        if (cached := cache.get(key)) is not None:
            return cached
        value = await self.store.get(_tokens_key(session.key, resource_server))
        if value is None:
            if (
                resource_server in session.resource_servers
            ):  # logged out during the request, or removed from a full store
                raise LoginRequired("the session has ended")
            raise GlobusSDKUsageError(f"this session has no tokens for {resource_server}: request its scopes at login")
        if (cached := cache.get(key)) is not None:  # added by a concurrent request
            return cached
        tokens = StoredTokens.load(value)
        if tokens.refresh_token is None:
            return cache.add(key, AccessTokenAuthorizer(tokens.access_token))
        authorizer = RefreshTokenAuthorizer(
            tokens.refresh_token,
            self.backend.auth_client,
            access_token=tokens.access_token,
            expires_at=tokens.expires_at,
            on_refresh=partial(self._store_refreshed, session, resource_server),
        )
        return cache.add(key, authorizer)

    async def _store_refreshed(
        self, session: Session, resource_server: str, response: OAuthRefreshTokenResponse
    ) -> None:
        refreshed = {server: StoredTokens.from_response(entry) for server, entry in response.by_resource_server.items()}
        if resource_server not in refreshed:  # the response does not name the resource server
            refreshed[resource_server] = refreshed.pop(next(iter(refreshed)))
        for server, tokens in refreshed.items():
            if server in session.resource_servers:
                key, seconds = _tokens_key(session.key, server), max(1.0, session.expires_at - self._now())
                await self.store.put(key, tokens.dump(), seconds=seconds)
        # checked last: a concurrent logout either finds the new tokens in the store or is noticed here
        if await self.store.get(session.key) is None:
            for server in refreshed:
                await self.store.pop(_tokens_key(session.key, server))
            await self._revoke([*refreshed.values()])

    # login

    async def begin(
        self,
        request: Request,
        *,
        next_path: str | None = None,
        parameters: GlobusAuthorizationParameters | None = None,
    ) -> RedirectResponse:
        """
        Start a login; return the redirect to Globus Auth.

        Args:
            request: The request of the browser.
            next_path: The path after the login. By default ``after_login``.
            parameters: Requirements for the login, from an error (`to_gare`).

        Raises:
            LoginFailed: ``next_path`` is not a path of this application.
        """
        next_path = self.after_login if next_path is None else next_path
        if not is_own_path(next_path):
            raise LoginFailed("The link to this page is invalid: 'next' must be a path of this application.")
        required = parameters.required_scopes if parameters is not None else None
        # parsing removes duplicates
        scopes = ScopeParser.serialize(ScopeParser.parse(" ".join((self.scopes, *(required or ())))))
        flow = self.backend.auth_client.oauth2_start_flow(self.redirect_uri, scopes, refresh_tokens=self.refresh_tokens)
        cookie = Secret(secrets.token_urlsafe(32))
        pending = PendingLogin(cookie, flow.verifier, scopes, next_path)
        state = Secret(flow.state)
        await self.store.put(store_key("login", state), pending.dump(), seconds=_PENDING_SECONDS)
        url = flow.get_authorize_url(**({} if parameters is None else parameters.for_authorize_url()))
        response = RedirectResponse(url, 303, _NO_STORE)
        # one cookie per login, for logins in several tabs; its value is always new
        for name in self._pending_cookies(request)[_MAX_PENDING - 1 :][:_MAX_DELETED]:
            self._delete_cookie(response, name)
        response.set_cookie(
            self._name_of(state), cookie.reveal(), max_age=int(_PENDING_SECONDS), **self._cookie_options
        )
        return response

    async def _login(self, request: Request, next_path: Annotated[str | None, Query(alias="next")] = None) -> Response:
        check_navigation(request)
        return await self.begin(request, next_path=next_path)

    async def _callback(self, request: Request) -> Response:
        state, code = _only(request, "state"), _only(request, "code")
        if not state:
            raise LoginFailed(_ATTEMPT_EXPIRED)
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
            cookie, session = await self._start_session(tokens)
        except (InvalidGrant, LoginRefused, IdTokenError) as error:
            _log.warning("a login was refused: %s", error)
            raise LoginFailed("Globus did not confirm this sign-in attempt. Please sign in again.") from None
        previous = await self.optional_session(request)
        if previous is not None:
            await self._end(previous)
        response = RedirectResponse(f"{self.origin}{pending.next_path}", 303, _NO_STORE)
        self._delete_cookie(response, self._name_of(state))
        response.set_cookie(self._cookie, cookie.reveal(), max_age=int(self.lifetime), **self._cookie_options)
        _log.info("identity %s has logged in", session.identity_id)
        return response

    async def _claim(self, request: Request, state: Secret) -> PendingLogin:
        """Remove and return the pending login of a state, which is used up even if the cookie is wrong."""
        value = await self.store.pop(store_key("login", state))
        pending = None if value is None else PendingLogin.load(value)
        cookie = Secret(request.cookies.get(self._name_of(state), ""))
        if pending is None or cookie != pending.cookie:
            raise LoginFailed(_ATTEMPT_EXPIRED)
        return pending

    async def _start_session(self, tokens: OAuthAuthorizationCodeResponse) -> tuple[Secret, Session]:
        """Create a session with a new random cookie."""
        claims = await tokens.decode_id_token()
        cookie = Secret(secrets.token_urlsafe(32))
        session = Session(
            key=store_key("session", cookie),
            identity_id=UUID(claims["sub"]),
            username=claims.get("preferred_username") or claims["sub"],
            name=claims.get("name"),
            email=claims.get("email"),
            csrf_token=Secret(secrets.token_urlsafe(32)),
            expires_at=self._now() + self.lifetime,
            resource_servers=tuple(tokens.by_resource_server),
        )
        values = {
            server: StoredTokens.from_response(entry).dump() for server, entry in tokens.by_resource_server.items()
        }
        for server, value in values.items():
            await self.store.put(_tokens_key(session.key, server), value, seconds=self.lifetime)
        await self.store.put(session.key, session.dump(), seconds=self.lifetime)
        return cookie, session

    # logout

    async def _logout(self, request: Request) -> Response:
        # before the session: the cookie may be missing because another site caused the request (SameSite)
        check_site(request, self.origin)
        session = await self.optional_session(request)
        if session is not None:
            await self._check_own_form(request, session)
            await self._end(session)
        response = RedirectResponse(f"{self.origin}{self.after_logout}", 303, _NO_STORE)
        if self._cookie in request.cookies:
            self._delete_cookie(response, self._cookie)
        return response

    async def _end(self, session: Session) -> None:
        """End a session and revoke its tokens, even if the browser disconnects."""
        ending = asyncio.get_running_loop().create_task(self._delete_session(session), name="globus_async logout")
        self.backend.transport.adopt(ending)
        await asyncio.shield(ending)

    async def _delete_session(self, session: Session) -> None:
        await self.store.pop(session.key)
        values = [await self.store.pop(_tokens_key(session.key, server)) for server in session.resource_servers]
        for server in session.resource_servers:
            self.backend.authorizers.remove((session.key, server))
        await self._revoke([StoredTokens.load(value) for value in values if value is not None])

    async def _revoke(self, tokens: list[StoredTokens]) -> None:
        """Revoke tokens at Globus Auth. Failures are logged: the session has ended in any case."""
        revoked = [token for each in tokens for token in (each.refresh_token, each.access_token) if token is not None]
        for error in await asyncio.gather(*map(self._revoke_one, revoked)):
            if error is not None:
                _log.error("a token of an ended session could not be revoked: %s", error)

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
        return self._pending_cookie + store_key("login", state)[6:22]

    def _pending_cookies(self, request: Request) -> list[str]:
        """Return the names of login cookies that this class may have set; a browser may send any names."""
        start = self._pending_cookie
        return [name for name in request.cookies if name.startswith(start) and _HEX.fullmatch(name, len(start))]

    def _delete_cookie(self, response: Response, name: str) -> None:
        response.delete_cookie(name, **self._cookie_options)


_HEX: Final = re.compile(r"[0-9a-f]{16}")
_OPENID: Final = (AuthScopes.openid, AuthScopes.profile, AuthScopes.email)


def _tokens_key(session_key: str, resource_server: str) -> str:
    return store_key("tokens", session_key.partition(":")[2], resource_server)


def _only(request: Request, name: str) -> Secret:
    """Return a query parameter; empty if it is missing or repeated."""
    values = request.query_params.getlist(name)
    return Secret(values[0] if len(values) == 1 else "")


def _reason(query: Mapping[str, str]) -> str:
    if query.get("error") == "access_denied":
        return "You declined the access that this application requires."
    reason = query.get("error_description") or query.get("error") or "it returned no code"
    return f"Globus refused this sign-in attempt: {reason[:300]}"
