"""The sessions of an application in its store: their beginning, their end, and access to services for their users."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ..authorizers import AccessTokenAuthorizer, GlobusAuthorizer, RefreshTokenAuthorizer
from ..errors import GlobusSDKUsageError, LoginRequired
from ..secret import Secret
from ..session_store import MemorySessionStore, SessionStore, SessionStoreUnavailable
from ..token_storage.token_data import token_data_of
from .backend import GlobusBackend, RunningState, running_state
from .recent_values import RecentValues
from .session_tokens import SessionTokenStorage
from .sessions import Session, dump_tokens, load_tokens, store_key, tokens_in, tokens_key

if TYPE_CHECKING:
    from ..clock import Clock
    from ..services.auth.documents import IdTokenClaims
    from ..services.auth.responses import OAuthAuthorizationCodeResponse
    from .guarded_store import GuardedStore

__all__ = ("SessionRegistry",)

_log = logging.getLogger("globus_async")
_WRITING_SECONDS: Final = 10.0
_WRITING_PAUSE: Final = 0.5
_USED: Final = Secret("used")
_OTHER_MEMORY: Final = (
    "a session of another process is unknown to this one: the application runs in several processes, and each keeps"
    " its sessions in its memory; pass a store that they share, such as GlobusLogin(store=SQLiteSessionStore(...));"
    " see the page on deployment in the documentation"
)


class SessionRegistry:
    """
    The sessions of an application.

    While their store is unavailable, the values that this process has read or written lately are used.

    Args:
        backend: The backend.
        store: The store of the sessions and their tokens.
        lifetime: Seconds until a session expires.
        outage_seconds: Seconds for which a value is used without the store, from when it was last read or written.
    """

    def __init__(self, backend: GlobusBackend, store: SessionStore, *, lifetime: float, outage_seconds: float) -> None:
        self._backend = backend
        self._raw_store = store
        self._lifetime = lifetime
        self._recent = RecentValues(outage_seconds)
        self._marks_cookies = isinstance(store, MemorySessionStore)

    async def find(self, cookie: Secret) -> Session | None:
        """
        Return the session of a cookie, unless it has ended.

        Raises:
            SessionStoreUnavailable: The store is unavailable, and this process has not seen the session lately.
        """
        key = store_key("session", cookie)
        value = await self._read(key)
        session = None if value is None else _load(key, value)
        if session is not None and session.expires_at > self._clock.wall():
            return session
        if self._marks_cookies:
            self._running.mark.warn_of_another(cookie.reveal().partition(".")[2], _OTHER_MEMORY)
        return None

    async def use_login(self, state: Secret, *, seconds: float) -> bool:
        """Return whether a started login was not used before; of several requests, one uses it."""
        return await self._store.compare_and_set(store_key("login", state), None, _USED, seconds=seconds)

    async def start(self, tokens: OAuthAuthorizationCodeResponse, claims: IdTokenClaims) -> tuple[Secret, Session]:
        """
        Create a session with a new random cookie; return both. If that fails, the tokens are revoked.

        Raises:
            SessionStoreUnavailable: The store has been unavailable for ten seconds.
        """
        mark = f".{self._running.mark.at(self._clock.wall())}" if self._marks_cookies else ""
        cookie = Secret(f"{secrets.token_urlsafe(32)}{mark}")
        session = Session(
            key=store_key("session", cookie),
            identity_id=UUID(claims["sub"]),
            username=claims.get("preferred_username") or claims["sub"],
            name=claims.get("name"),
            email=claims.get("email"),
            csrf_token=Secret(secrets.token_urlsafe(32)),
            expires_at=self._clock.wall() + self._lifetime,
            resource_servers=tuple(tokens.by_resource_server),
        )
        entries = {
            tokens_key(session.key, server): dump_tokens(data)
            for server, data in token_data_of(tokens, str(session.identity_id)).items()
        }
        entries[session.key] = session.dump()  # last, so that a session has its tokens
        try:
            await self._write(entries)
        except BaseException:
            self.revoke(tokens)
            raise
        return cookie, session

    def revoke(self, tokens: OAuthAuthorizationCodeResponse) -> None:
        """Revoke the tokens of a login that has failed."""
        for entry in tokens.by_resource_server.values():
            issued = (entry["refresh_token"], entry["access_token"])
            self._running.revocations.start(Secret(token) for token in issued if token)

    async def end(self, session: Session) -> None:
        """
        End a session, even if the browser disconnects; its tokens are revoked afterwards.

        Raises:
            SessionStoreUnavailable: The store is unavailable. The session has ended in this process only, and the
                tokens that were seen lately are revoked.
        """
        keys = {server: tokens_key(session.key, server) for server in session.resource_servers}
        seen = {server: self._recent.get(key, self._clock.monotonic()) for server, key in keys.items()}
        for key in (session.key, *keys.values()):
            self._recent.end(key)
        await asyncio.shield(self._running.revocations.run(self._delete(session, seen), name="globus_async logout"))

    async def _delete(self, session: Session, seen: Mapping[str, Secret | None]) -> None:
        try:
            await self._store.pop(session.key)
        except SessionStoreUnavailable:  # it may be gone all the same, and then no further logout finds its tokens
            for value in seen.values():
                self._revoke_stored(value)
            raise
        finally:
            for server in session.resource_servers:
                self._backend.authorizers.remove((session.key, server))
        for server in session.resource_servers:
            try:
                value = await self._store.pop(tokens_key(session.key, server))
            except SessionStoreUnavailable:  # the session has ended all the same
                value = seen[server]
                if value is None:
                    _log.error("the tokens of an ended session were not revoked: the session store is unavailable")
            self._revoke_stored(value)

    def _revoke_stored(self, value: Secret | None) -> None:
        tokens = load_tokens(value)
        if tokens is not None:
            self._running.revocations.start(tokens_in(tokens))

    async def authorizer(self, session: Session, resource_server: str) -> GlobusAuthorizer:
        """
        Return the authorizer of a session for a service; there is one, so that a token is refreshed once.

        Raises:
            LoginRequired: The session has ended.
            GlobusSDKUsageError: The session never had tokens for the service.
            SessionStoreUnavailable: The store is unavailable, and this process has not seen the tokens lately.
        """
        key = (session.key, resource_server)
        cache = self._backend.authorizers
        if (cached := cache.get(key)) is not None:
            return cached
        tokens = load_tokens(await self._read(tokens_key(session.key, resource_server)))
        if tokens is None:
            if resource_server in session.resource_servers:
                # logged out during the request, or removed from a full store
                raise LoginRequired("the session has ended")
            raise GlobusSDKUsageError(f"this session has no tokens for {resource_server}: request its scopes at login")
        if (cached := cache.get(key)) is not None:  # added by a concurrent request
            return cached
        if tokens.refresh_token is None:
            return cache.add(key, AccessTokenAuthorizer(tokens.access_token))
        authorizer = RefreshTokenAuthorizer(
            None,
            self._backend.auth_client,
            tokens.access_token,
            tokens.expires_at_seconds,
            storage=SessionTokenStorage(session, self._store, clock=self._clock, revocations=self._running.revocations),
            resource_server=resource_server,
        )
        return cache.add(key, authorizer)

    async def _read(self, key: str) -> Secret | None:
        """Return the value of a key; while the store is unavailable, what this process has seen lately."""
        try:
            value = await self._store.get(key)
        except SessionStoreUnavailable:
            value = self._recent.get(key, self._clock.monotonic())
            if value is None:
                raise
        else:
            self._recent.note(key, value, self._clock.monotonic())
        return value

    async def _write(self, entries: Mapping[str, Secret]) -> None:
        """Store values that must not be lost: the code that they come from cannot be used again."""
        give_up_at = self._clock.monotonic() + _WRITING_SECONDS
        for key, value in entries.items():
            while True:
                try:
                    await self._store.put(key, value, seconds=self._lifetime)
                    break
                except SessionStoreUnavailable:
                    if self._clock.monotonic() >= give_up_at:
                        raise
                    await self._clock.sleep(_WRITING_PAUSE)
            self._recent.note(key, value, self._clock.monotonic())

    @property
    def _running(self) -> RunningState:
        return running_state(self._backend)

    @property
    def _store(self) -> GuardedStore:
        return self._running.guarded(self._raw_store)

    @property
    def _clock(self) -> Clock:
        return self._running.transport.clock


def _load(key: str, value: Secret) -> Session | None:
    """Return the session that the store has; ``None`` if it is damaged."""
    try:
        return Session.load(key, value)
    except ValueError:  # its text may be secret
        _log.error("a session is unreadable in its store, and has ended")
        return None
