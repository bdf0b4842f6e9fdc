"""Access to services for the users of sessions, whose tokens are in a store that several processes may share."""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from ..authorizers import RefreshTokenAuthorizer
from ..authorizers.token import IssuedToken, parse_lifetime
from ..errors import LoginRequired
from ..secret import Secret
from .sessions import Session, StoredTokens, store_key, tokens_key

if TYPE_CHECKING:
    from ..services.auth.confidential import ConfidentialAppAuthClient
    from ..services.auth.responses import OAuthRefreshTokenResponse
    from ..session_store import SessionStore
    from .revocations import Revocations

__all__ = ("SessionAuthorizer",)

_log = logging.getLogger("globus_async")
_LEASE_SECONDS: Final = 60.0
_MIN_LIFETIME: Final = 10.0
_STORE_SECONDS: Final = 30.0
_MIN_PAUSE: Final = 0.05
_MAX_PAUSE: Final = 1.0


class SessionAuthorizer(RefreshTokenAuthorizer):
    """
    Refreshes a token of a session, once for all processes that share the session's store.

    A process refreshes while it has a lease in the store; the others wait, and then use the tokens that they find
    there. A process whose lease has run out does not replace newer tokens.

    Args:
        session: The session.
        resource_server: The resource server of the token.
        stored: The tokens with a refresh token, as they are in the store.
        store: The store of the session.
        auth_client: The client that the tokens were issued to.
        revocations: Revokes the tokens of a refresh that ends after its session.
    """

    def __init__(
        self,
        session: Session,
        resource_server: str,
        stored: Secret,
        *,
        store: SessionStore,
        auth_client: ConfidentialAppAuthClient,
        revocations: Revocations,
    ) -> None:
        tokens = StoredTokens.load(stored)
        super().__init__(
            tokens.refresh_token, auth_client, access_token=tokens.access_token, expires_at=tokens.expires_at
        )
        self._session = session
        self._server = resource_server
        self._stored = stored
        self._store = store
        self._revocations = revocations
        self._key = tokens_key(session.key, resource_server)

    async def _request_token(self) -> tuple[IssuedToken, Any]:
        async with self._lease():
            issued, response = await self._refreshed_elsewhere(), None
            if issued is None:
                issued, response = await super()._request_token()
                await self._keep(response)
        return issued, response

    @asynccontextmanager
    async def _lease(self) -> AsyncGenerator[None]:
        """Wait for the lease on the tokens, and release it at the end; that of a process that died expires."""
        key, lease = store_key("lease", self._key.partition(":")[2]), Secret(secrets.token_urlsafe(16))
        pause = _MIN_PAUSE
        while not await self._store.compare_and_set(key, None, lease, seconds=_LEASE_SECONDS):
            await self._clock.sleep(pause)
            pause = min(2 * pause, _MAX_PAUSE)
        try:
            yield
        finally:
            try:
                await self._store.compare_and_set(key, lease, None, seconds=_LEASE_SECONDS)
            except Exception as error:  # noqa: BLE001 -- a store may raise anything
                _log.warning("the lease on a session's tokens could not be released: %s", type(error).__name__)

    async def _refreshed_elsewhere(self) -> IssuedToken | None:
        """
        Return the token that another process has stored since, unless it has expired as well.

        Raises:
            LoginRequired: The session has ended.
        """
        stored = await self._store.get(self._key)
        if stored is None:
            raise LoginRequired("the session has ended")
        if stored == self._stored:
            return None
        tokens, self._stored = StoredTokens.load(stored), stored
        if tokens.refresh_token is not None:
            self._refresh_token = tokens.refresh_token
        lifetime = tokens.expires_at - self._clock.wall()
        return IssuedToken(tokens.access_token, parse_lifetime(lifetime)) if lifetime > _MIN_LIFETIME else None

    async def _keep(self, response: OAuthRefreshTokenResponse) -> None:
        """Store new tokens. If that fails, this process uses them all the same."""
        try:
            async with self._clock.timeout(_STORE_SECONDS):
                await self._put(response)
        except Exception as error:  # noqa: BLE001 -- a store may raise anything
            _log.error("refreshed tokens could not be stored (%s); only this process has them", type(error).__name__)

    async def _put(self, response: OAuthRefreshTokenResponse) -> None:
        refreshed = {server: StoredTokens.from_response(entry) for server, entry in response.by_resource_server.items()}
        if self._server not in refreshed:  # the response does not name the resource server
            refreshed[self._server] = refreshed.pop(next(iter(refreshed)))
        seconds = max(1.0, self._session.expires_at - self._clock.wall())
        own = refreshed[self._server].dump()
        if await self._store.compare_and_set(self._key, self._stored, own, seconds=seconds):
            self._stored = own
        for server, tokens in refreshed.items():
            if server != self._server and server in self._session.resource_servers:
                await self._store.put(tokens_key(self._session.key, server), tokens.dump(), seconds=seconds)
        # checked last: a concurrent logout either finds the new tokens in the store or is noticed here
        if await self._store.get(self._session.key) is None:
            for server in refreshed:
                await self._store.pop(tokens_key(self._session.key, server))
            self._revocations.start(token for tokens in refreshed.values() for token in tokens.all())
