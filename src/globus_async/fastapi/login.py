"""Browser logins: the authorization code grant with PKCE, sessions, and logout."""

# no `from __future__ import annotations`: FastAPI reads the annotations of dependencies at run time

import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.requests import HTTPConnection
from fastapi.responses import RedirectResponse, Response

from .._http.missing import MISSING
from .._http.path import uuid_text
from ..client import BaseClient
from ..errors import (
    ClientClosedError,
    GlobusError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    IdTokenError,
)
from ..errors.arguments import check_bool, check_members, check_number, check_text, check_type
from ..gare import GlobusAuthorizationParameters
from ..scopes import AuthScopes, ScopeParser, Scopes, TransferScopes
from ..secret import Secret
from ..services.auth.documents import IdTokenClaims
from ..services.auth.errors import InvalidGrant
from ..services.auth.flows import LoginRefused
from ..services.auth.responses import OAuthAuthorizationCodeResponse
from ..services.groups import GroupsClient
from ..session_store import MemorySessionStore, SessionStore, SessionStoreUnavailable
from .backend import GlobusBackend, RunningState, running_state
from .browser_cookies import BrowserCookies
from .cookie import SessionCookie
from .guarded_store import SESSION_STORE_MEMBERS
from .memberships import Role, check_role, require_membership
from .pending import PENDING_SECONDS, PendingLogin, PendingLogins
from .public_address import PublicAddress, is_own_path
from .request_origin import check_navigation, check_site, is_from_own_site, is_websocket
from .session_registry import SessionRegistry
from .sessions import Session
from .unavailability import refuse_without_store, unavailable

__all__ = ("GlobusLogin", "LoginFailed")

C = TypeVar("C", bound=BaseClient)
_log = logging.getLogger("globus_async")

_NO_STORE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_OPENID: Final = (AuthScopes.openid, AuthScopes.profile, AuthScopes.email)
_ATTEMPT_ENDED: Final = (
    "This sign-in attempt has expired, was already completed, or is unknown to this application. Please sign in again."
)


_EXCHANGE_SECONDS: Final = 15.0
_AUTH_UNAVAILABLE: Final = "Globus Auth is temporarily unavailable. Please sign in again in a moment."


class LoginFailed(HTTPException):
    """A login failed; ``detail`` is the message for the user. Register a handler for it to show your own page."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, detail, _NO_STORE)


class GlobusLogin:
    """
    Logs users in with Globus in their browser, and stores their tokens on the server. Include its ``router``.

    The router has ``GET /login`` (``?next=/a/path`` for the page after the login), ``GET /callback`` and
    ``POST /logout``. Register ``<public_url><prefix>/callback`` as redirect URI. If ``public_url`` has no path, the
    root path of the server and the paths of mounts are part of all redirects, that to the callback included.

    Args:
        backend: The backend; its client must be a confidential one.
        public_url: The URL of the application in browsers: scheme, host and port, and the path if a proxy serves it
            below one. ``https``, except on loopback.
        scopes: The scopes to request, in addition to ``openid``, ``profile`` and ``email``. By default Transfer.
        store: The session store. By default the memory of this process, which is for a single process only.
        key: A random text of 32 characters or more, which encrypts the cookies of logins until they are completed; all
            processes need the same one. By default random: then a login that was started before a restart, or by
            another process, must be started again. Of several keys, the first encrypts and all of them decrypt.
        prefix: The path prefix of the routes.
        cookie: The name of the session cookie; with ``https`` it is prefixed with ``__Host-``, or with ``__Secure-`` if
            it is limited to the application's path.
        lifetime: Seconds until a session expires.
        outage_seconds: Seconds for which sessions are used while the store is unavailable, from when this process last
            read or wrote them; a session that was ended by another process may last as long. 0 for none.
        refresh_tokens: Whether to request refresh tokens, so that a session can outlast its access tokens.
        after_login: The path after a login without ``?next=``, within the application.
        after_logout: The path after a logout, within the application.

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
        key: str | Secret | Sequence[str | Secret] | None = None,
        prefix: str = "",
        cookie: str = "globus_session",
        lifetime: float = 12 * 3600.0,
        outage_seconds: float = 300.0,
        refresh_tokens: bool = True,
        after_login: str = "/",
        after_logout: str = "/",
    ) -> None:
        check_type("backend", backend, GlobusBackend, "a GlobusBackend")
        if store is not None:
            check_members("store", store, SESSION_STORE_MEMBERS, "a SessionStore")
        for name, text in (("prefix", prefix), ("cookie", cookie)):
            check_text(name, text)
        if prefix and (not is_own_path(prefix) or prefix.endswith("/")):
            raise GlobusSDKUsageError("prefix must begin with a slash and not end with one, such as '/auth'")
        check_number("lifetime", lifetime)
        check_number("outage_seconds", outage_seconds)
        check_bool("refresh_tokens", refresh_tokens)
        for name, text in (("after_login", after_login), ("after_logout", after_logout)):
            check_text(name, text)
        if not is_own_path(after_login) or not is_own_path(after_logout):
            raise GlobusSDKUsageError("after_login and after_logout must be paths of this application")
        if lifetime < 1:
            raise GlobusSDKUsageError("lifetime must be a number of seconds, 1 or more")
        self.backend = backend
        self.login_path: str = f"{prefix}/login"
        route = f"globus_login_{secrets.token_hex(4)}"
        self._address = PublicAddress(public_url, route=route, route_path=self.login_path)
        self.origin: str = self._address.origin
        self.scopes: str = ScopeParser.serialize([*_OPENID, ScopeParser.serialize(scopes)])
        self.store: SessionStore = MemorySessionStore() if store is None else store
        self.lifetime = lifetime
        self.refresh_tokens = refresh_tokens
        self.after_login = after_login
        self.after_logout = after_logout
        self._callback_path = f"{prefix}/callback"
        self.redirect_uri: str = f"{self._address.registered}{self._address.path}{self._callback_path}"
        key = secrets.token_urlsafe(32) if key is None else key
        self._pending = PendingLogins(f"{cookie}_login_", key, client_id=backend.client_id)
        self._sessions = SessionRegistry(backend, self.store, lifetime=lifetime, outage_seconds=outage_seconds)
        self._cookies = BrowserCookies(self._address, cookie)
        self.session: SessionCookie = SessionCookie(self._cookies.documented_session, self._session_or_login)
        self.protected: SessionCookie = SessionCookie(self._cookies.documented_session, self._protected_session)
        self.router: APIRouter = APIRouter(prefix=prefix, tags=["login"])
        self.router.add_api_route("/login", self._login, methods=["GET"], name=route, include_in_schema=False)
        self.router.add_api_route("/callback", self._callback, methods=["GET"], include_in_schema=False)
        self.router.add_api_route("/logout", self._logout, methods=["POST"], include_in_schema=False)

    def __repr__(self) -> str:
        return f"<GlobusLogin of client {self.backend.client_id} with redirects to {self.redirect_uri}>"

    # sessions

    async def optional_session(self, connection: HTTPConnection) -> Session | None:
        """
        A dependency that provides the session of a request or of the handshake of a WebSocket, or ``None``.

        A WebSocket of a page of another site has no session, although its browser may send the cookie.
        """
        with refuse_without_store():
            return await self._find_session(connection)

    async def _find_session(self, connection: HTTPConnection) -> Session | None:
        cookie = Secret(connection.cookies.get(self._cookies.session(connection), ""))
        if not cookie or (is_websocket(connection) and not is_from_own_site(connection, self.origin)):
            return None
        return await self._sessions.find(cookie)

    async def _session_or_login(self, connection: HTTPConnection) -> Session:
        if is_websocket(connection):
            check_site(connection, self.origin)
        session = await self.optional_session(connection)
        if session is not None:
            return session
        login = self.public_path(connection, self.login_path)
        if connection.scope.get("method") == "GET" and "text/html" in connection.headers.get("accept", ""):
            location = f"{login}?next={quote(self.current_path(connection), safe='/')}"
            raise HTTPException(303, "Please sign in", {"Location": location, **_NO_STORE})
        raise HTTPException(
            401, f"Please sign in at {login}", {"WWW-Authenticate": 'Cookie realm="globus"', **_NO_STORE}
        )

    def current_path(self, connection: HTTPConnection) -> str:
        """Return the path and query of a request in browsers, as ``next_path`` of `begin`."""
        path = self._address.path_of(connection)
        return path if is_own_path(path) else self.public_path(connection, self.after_login)

    def public_path(self, connection: HTTPConnection, path: str) -> str:
        """
        Return the path of a page in browsers, for links, forms and redirects.

        It is below the path of ``public_url``, or below the root path of the server and the paths of mounts.

        Args:
            connection: A request.
            path: The path within the application that includes ``router``, such as ``/tasks``.

        Example:
            >>> RedirectResponse(login.public_path(request, "/tasks"), 303)
        """
        return f"{self._address.login_root(connection)}{path}"

    async def _protected_session(self, connection: HTTPConnection) -> Session:
        check_site(connection, self.origin)
        session = await self._session_or_login(connection)
        # browsers send no form and no header of the page with the handshake of a WebSocket, but always its origin
        if isinstance(connection, Request):
            await self._check_own_form(connection, session)
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
            with refuse_without_store():
                return await self.client_for(kind, session, resource_server)

        return dependency

    async def client_for(self, kind: type[C], session: Session, resource_server: str | None = None) -> C:
        """Return a client that acts for the user of a session; see `client`."""
        server = resource_server or getattr(kind, "resource_server", None)
        if not isinstance(server, str):
            raise GlobusSDKUsageError(f"{kind.__name__} has no resource server of its own: pass resource_server=...")
        authorizer = await self._sessions.authorizer(session, server)
        return self.backend.make_client(kind, authorizer, identity=session.identity_id)

    def member_of(self, group_id: UUID | str, *, role: Role = "member") -> Callable[..., Coroutine[Any, Any, Session]]:
        """
        Return a dependency that requires membership in a Globus group, and provides the session.

        The response is 403 if none of the user's identities is a member, of the group or of a subgroup; and 503 with
        ``Retry-After`` if Globus Groups does not respond in time. The groups of a session are fetched once for all
        groups, and used again for ``membership_max_age`` seconds of the backend. The login's ``scopes`` must have
        ``GroupsScopes.view_my_groups_and_memberships``. A route that changes something also needs `protected`.

        Args:
            group_id: The group. UUID.
            role: The role that the user must have, or a higher one: ``"member"``, ``"manager"`` or ``"admin"``.

        Raises:
            GlobusSDKUsageError: The id is no UUID, or there is no such role.

        Example:
            >>> Curator = Annotated[Session, Depends(login.member_of(CURATORS, role="manager"))]
        """
        group = uuid_text("group_id", group_id).lower()
        check_role(role)

        async def dependency(session: Annotated[Session, Depends(self.session)]) -> Session:
            with refuse_without_store():
                client = await self.client_for(GroupsClient, session)
            roles = running_state(self.backend).memberships.roles_of(Secret(session.key), lambda: client)
            await require_membership(group, role, session.username, roles)
            return session

        return dependency

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
        root = self._address.login_root(request)
        next_path = f"{root}{self.after_login}" if next_path is None else next_path
        if not self._address.is_own(next_path, self._address.server_root(request)):
            raise LoginFailed("The link to this page is invalid: 'next' must be a path of this application.")
        required = parameters.required_scopes if parameters is not None else None
        # parsing removes duplicates
        scopes = ScopeParser.serialize(ScopeParser.parse(" ".join((self.scopes, *(required or ())))))
        flow = self.backend.auth_client.oauth2_start_flow(
            self._redirect_uri(root), scopes, refresh_tokens=self.refresh_tokens
        )
        now, state, prefix = self._now(), Secret(flow.state), self._cookies.prefix(request)
        name = self._pending.name_of(state, prefix)
        value = self._pending.value_of(PendingLogin(state, flow.verifier, next_path, now), self._running.mark.at(now))
        url = flow.get_authorize_url(**({} if parameters is None else parameters.for_authorize_url()))
        response = RedirectResponse(url, 303, _NO_STORE)
        for old in self._pending.displaced(request, prefix, len(name) + len(value.reveal()), now):
            self._cookies.delete(request, response, old)
        self._cookies.set(request, response, name, value, seconds=PENDING_SECONDS)
        return response

    async def _login(self, request: Request, next_path: Annotated[str | None, Query(alias="next")] = None) -> Response:
        check_navigation(request)
        with refuse_without_store():
            return await self.begin(request, next_path=next_path)

    async def _callback(self, request: Request) -> Response:
        with refuse_without_store():
            return await self._complete(request)

    async def _complete(self, request: Request) -> Response:
        state, code = _only(request, "state"), _only(request, "code")
        prefix = self._cookies.prefix(request)
        pending = self._pending.find(request, prefix, state, now=self._now(), mark=self._running.mark)
        if pending is None:
            raise LoginFailed(_ATTEMPT_ENDED)
        # used once: of two requests, also of two processes, one exchanges the code
        if not await self._sessions.use_login(state, seconds=PENDING_SECONDS):
            # this browser sends it again because it got no response: a double click, or a worker that was killed
            again = await self.begin(request, next_path=pending.next_path)
            self._cookies.delete(request, again, self._pending.name_of(state, prefix))
            return again
        if "error" in request.query_params or not code:
            raise LoginFailed(_reason(request.query_params))
        tokens, claims = await self._exchange(request, code, pending)
        cookie, session = await self._sessions.start(tokens, claims)
        await self._end_previous(request)
        response = RedirectResponse(f"{self.origin}{pending.next_path}", 303, _NO_STORE)
        self._cookies.delete(request, response, self._pending.name_of(state, prefix))
        self._cookies.set(request, response, self._cookies.session(request), cookie, seconds=self.lifetime)
        _log.info("identity %s has logged in", session.identity_id)
        return response

    async def _exchange(
        self, request: Request, code: Secret, pending: PendingLogin
    ) -> tuple[OAuthAuthorizationCodeResponse, IdTokenClaims]:
        """
        Exchange the code of a login for tokens, within fifteen seconds.

        Raises:
            LoginFailed: Globus Auth refused the code, or its response is not that of this login.
            HTTPException: 503, since Globus Auth is unavailable.
        """
        iss = _only(request, "iss").reveal() if "iss" in request.query_params else MISSING
        try:
            flow = self.backend.auth_client.oauth2_start_flow(
                self._redirect_uri(self._address.login_root(request)),
                self.scopes,
                state=pending.state.reveal(),
                verifier=pending.verifier,
                refresh_tokens=self.refresh_tokens,
            )
            async with self.backend.transport.clock.timeout(_EXCHANGE_SECONDS):
                tokens = await flow.exchange_code_for_tokens(code, iss=iss)
                try:
                    return tokens, await tokens.decode_id_token()
                except BaseException:
                    self._sessions.revoke(tokens)
                    raise
        except (InvalidGrant, LoginRefused, IdTokenError) as error:
            _log.warning("a login was refused: %s", error)
            failure: HTTPException = LoginFailed("Globus did not confirm this sign-in attempt. Please sign in again.")
        except GlobusError as error:
            if isinstance(error, GlobusSDKUsageError) and not isinstance(error, ClientClosedError):
                raise
            _log.error("a login could not be completed: %s: %s", type(error).__name__, error)
            failure = unavailable(error, _AUTH_UNAVAILABLE)
        except TimeoutError:
            _log.error("a login could not be completed: Globus Auth took longer than %g seconds", _EXCHANGE_SECONDS)
            failure = unavailable(GlobusTimeoutError("too slow", stage="no response"), _AUTH_UNAVAILABLE)
        raise failure

    async def _end_previous(self, request: Request) -> None:
        """End the session that a browser had before a login; the login does not depend on it."""
        try:
            previous = await self._find_session(request)
            if previous is not None:
                await self._sessions.end(previous)
        except SessionStoreUnavailable:
            _log.error("the previous session of a browser was not ended: the session store is unavailable")

    # logout

    async def _logout(self, request: Request) -> Response:
        # before the session: the cookie may be missing because another site caused the request (SameSite)
        check_site(request, self.origin)
        with refuse_without_store():
            session = await self._find_session(request)
            if session is not None:
                await self._check_own_form(request, session)
                await self._sessions.end(session)
        root, cookie = self._address.login_root(request), self._cookies.session(request)
        response = RedirectResponse(f"{self.origin}{root}{self.after_logout}", 303, _NO_STORE)
        if cookie in request.cookies:
            self._cookies.delete(request, response, cookie)
        return response

    @property
    def _running(self) -> RunningState:
        return running_state(self.backend)

    # addresses and cookies

    def _now(self) -> float:
        return self.backend.transport.clock.wall()

    def _redirect_uri(self, root: str) -> str:
        return f"{self._address.registered}{root}{self._callback_path}"


def _only(request: Request, name: str) -> Secret:
    """Return a query parameter; empty if it is missing or repeated."""
    values = request.query_params.getlist(name)
    return Secret(values[0] if len(values) == 1 else "")


def _reason(query: Mapping[str, str]) -> str:
    if query.get("error") == "access_denied":
        return "You declined the access that this application requires."
    reason = query.get("error_description") or query.get("error") or "it returned no code"
    return f"Globus refused this sign-in attempt: {reason[:300]}"
