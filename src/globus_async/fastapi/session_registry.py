"""The sessions of an application in its store: their beginning, their end, and access to services for their users."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ..authorizers import AccessTokenAuthorizer, GlobusAuthorizer, RefreshTokenAuthorizer
from ..errors import GlobusSDKUsageError, LoginRequired
from ..secret import Secret
from ..session_store import MemorySessionStore, SessionStore
from ..token_storage.token_data import token_data_of
from .backend import GlobusBackend, running_state
from .session_tokens import SessionTokenStorage
from .sessions import Session, dump_tokens, load_tokens, store_key, tokens_in, tokens_key

if TYPE_CHECKING:
    from ..services.auth.responses import OAuthAuthorizationCodeResponse

__all__ = ("SessionRegistry",)

_USED: Final = Secret("used")
_OTHER_MEMORY: Final = (
    "a session of another process is unknown to this one: the application runs in several processes, and each keeps"
    " its sessions in its memory; pass a store that they share, such as GlobusLogin(store=SQLiteSessionStore(...));"
    " see the page on deployment in the documentation"
)


class SessionRegistry:
    """
    The sessions of an application.

    Args:
        backend: The backend.
        store: The store of the sessions and their tokens.
        lifetime: Seconds until a session expires.
    """

    def __init__(self, backend: GlobusBackend, store: SessionStore, *, lifetime: float) -> None:
        self._backend = backend
        self._store = store
        self._lifetime = lifetime
        self._marks_cookies = isinstance(store, MemorySessionStore)

    async def find(self, cookie: Secret) -> Session | None:
        """Return the session of a cookie, unless it has ended."""
        key = store_key("session", cookie)
        value = await self._store.get(key)
        session = None if value is None else Session.load(key, value)
        if session is not None and session.expires_at > self._now():
            return session
        if self._marks_cookies:
            mark = running_state(self._backend).mark
            mark.warn_of_another(cookie.reveal().partition(".")[2], _OTHER_MEMORY)
        return None

    async def use_login(self, state: Secret, *, seconds: float) -> bool:
        """Return whether a started login was not used before; of several requests, one uses it."""
        return await self._store.compare_and_set(store_key("login", state), None, _USED, seconds=seconds)

    async def start(self, tokens: OAuthAuthorizationCodeResponse) -> tuple[Secret, Session]:
        """Create a session with a new random cookie; return both."""
        claims = await tokens.decode_id_token()
        mark = f".{running_state(self._backend).mark.at(self._now())}" if self._marks_cookies else ""
        cookie = Secret(f"{secrets.token_urlsafe(32)}{mark}")
        session = Session(
            key=store_key("session", cookie),
            identity_id=UUID(claims["sub"]),
            username=claims.get("preferred_username") or claims["sub"],
            name=claims.get("name"),
            email=claims.get("email"),
            csrf_token=Secret(secrets.token_urlsafe(32)),
            expires_at=self._now() + self._lifetime,
            resource_servers=tuple(tokens.by_resource_server),
        )
        for server, data in token_data_of(tokens, str(session.identity_id)).items():
            await self._store.put(tokens_key(session.key, server), dump_tokens(data), seconds=self._lifetime)
        await self._store.put(session.key, session.dump(), seconds=self._lifetime)
        return cookie, session

    async def end(self, session: Session) -> None:
        """End a session, even if the browser disconnects; its tokens are revoked afterwards."""
        revocations = running_state(self._backend).revocations
        await asyncio.shield(revocations.run(self._delete(session), name="globus_async logout"))

    async def _delete(self, session: Session) -> None:
        await self._store.pop(session.key)
        for server in session.resource_servers:
            self._backend.authorizers.remove((session.key, server))
            data = load_tokens(await self._store.pop(tokens_key(session.key, server)))
            if data is not None:
                running_state(self._backend).revocations.start(tokens_in(data))

    async def authorizer(self, session: Session, resource_server: str) -> GlobusAuthorizer:
        """Return the authorizer of a session for a service; there is one, so that a token is refreshed once."""
        key = (session.key, resource_server)
        cache = self._backend.authorizers
        if (cached := cache.get(key)) is not None:
            return cached
        tokens = load_tokens(await self._store.get(tokens_key(session.key, resource_server)))
        if tokens is None:
            if resource_server in session.resource_servers:
                # logged out during the request, or removed from a full store
                raise LoginRequired("the session has ended")
            raise GlobusSDKUsageError(f"this session has no tokens for {resource_server}: request its scopes at login")
        if (cached := cache.get(key)) is not None:  # added by a concurrent request
            return cached
        if tokens.refresh_token is None:
            return cache.add(key, AccessTokenAuthorizer(tokens.access_token))
        clock, revocations = self._backend.transport.clock, running_state(self._backend).revocations
        authorizer = RefreshTokenAuthorizer(
            None,
            self._backend.auth_client,
            tokens.access_token,
            tokens.expires_at_seconds,
            storage=SessionTokenStorage(session, self._store, clock=clock, revocations=revocations),
            resource_server=resource_server,
        )
        return cache.add(key, authorizer)

    def _now(self) -> float:
        return self._backend.transport.clock.wall()
