"""Access and refresh tokens: issue, refresh, rotation, revocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..kit.ids import new_id, random_text
from ..kit.secret import Secret
from .errors import OAuthError
from .models import AccessToken, AuthorizationCode, ClientApp, Consent, RefreshToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..kit.authentication import Session
    from .registry import Registry

__all__ = ("Issued", "Tokens")

_MAX_CODES: Final = 1_000
_CLEANUP_THRESHOLD: Final = 1_000
"""From this number of access tokens on, inactive ones are removed."""


class Issued(NamedTuple):
    """The tokens for one resource server."""

    access: AccessToken
    refresh: RefreshToken | None


class Tokens:
    """
    All tokens and authorization codes.

    Args:
        registry: The scopes and clients.
        now: Returns POSIX seconds.
        on_issued: Called after each new access token.
        rotate: Replace a refresh token each time it is used.
        revoke_family_on_replay: Revoke all tokens of a family when a replaced refresh token is used again.
        grace: Seconds during which a replaced refresh token may be used again, in case the response was lost.
        lifetime: Seconds until an access token expires.
        idle_lifetime: Seconds until an unused refresh token expires.
    """

    def __init__(
        self,
        registry: Registry,
        now: Callable[[], float],
        *,
        on_issued: Callable[[], None],
        rotate: bool,
        revoke_family_on_replay: bool,
        grace: float,
        lifetime: float,
        idle_lifetime: float,
    ) -> None:
        self._registry = registry
        self._now = now
        self._on_issued = on_issued
        self.rotate = rotate
        self.revoke_family_on_replay = revoke_family_on_replay
        self.grace = grace
        self.lifetime = lifetime
        self.idle_lifetime = idle_lifetime
        self.replays: int = 0
        self.access: dict[Secret, AccessToken] = {}
        self.refresh: dict[Secret, RefreshToken] = {}
        self.codes: dict[Secret, AuthorizationCode] = {}
        self._cleanup_threshold = _CLEANUP_THRESHOLD

    def issue(
        self,
        *,
        identity_id: str,
        client: ClientApp,
        consents: Iterable[Consent],
        session: Session,
        offline: bool,
        grant: str | None = None,
        expires_at: float | None = None,
    ) -> list[Issued]:
        """
        Issue an access token for each resource server, with a refresh token if requested and allowed.

        Args:
            identity_id: The UUID of the owner.
            client: The client they are issued to.
            consents: The consents they are based on.
            session: The session they are based on.
            offline: Whether refresh tokens are requested.
            grant: Identifies the grant; a random one by default.
            expires_at: When the access tokens expire, in POSIX seconds; by default after their usual lifetime.
        """
        by_server: dict[str, list[Consent]] = {}
        for consent in consents:
            by_server.setdefault(self._registry.resource_server(consent.scope), []).append(consent)
        issued: list[Issued] = []
        for server, allowed in by_server.items():
            common = (identity_id, client.id, server, tuple(allowed), session)
            refresh = None
            family = f"{grant or new_id()}/{server}"
            if offline and all(consent.scope.allows_refresh_token for consent in allowed):
                refresh = self.create_refresh_token(*common, family=family)
            access = self.create_access_token(*common, family=family, expires_at=expires_at)
            issued.append(Issued(access, refresh))
        return issued

    def create_access_token(
        self,
        identity_id: str,
        client_id: str,
        server: str,
        consents: tuple[Consent, ...],
        session: Session,
        *,
        family: str,
        expires_at: float | None = None,
    ) -> AccessToken:
        """Create an access token; `issue` describes the arguments."""
        now = self._now()
        if expires_at is None:
            expires_at = now + self.lifetime
        for consent in consents:
            consent.last_used = now
        token = AccessToken(_new_token(), client_id, identity_id, server, consents, session, now, expires_at, family)
        if len(self.access) >= self._cleanup_threshold:
            # responses do not distinguish inactive tokens from unknown ones
            self.access = {secret: each for secret, each in self.access.items() if each.is_active(now)}
            self._cleanup_threshold = max(_CLEANUP_THRESHOLD, 2 * len(self.access))
        self.access[token.secret] = token
        self._on_issued()
        return token

    def create_refresh_token(
        self,
        identity_id: str,
        client_id: str,
        server: str,
        consents: tuple[Consent, ...],
        session: Session,
        *,
        family: str,
    ) -> RefreshToken:
        """Create a refresh token; `issue` describes the arguments."""
        now = self._now()
        token = RefreshToken(
            _new_token(),
            client_id,
            identity_id,
            server,
            consents,
            session,
            now,
            now + self.idle_lifetime,
            family,
        )
        self.refresh[token.secret] = token
        return token

    def use_refresh_token(self, text: str, client: ClientApp, scopes: Iterable[str] | None = None) -> Issued:
        """
        Return the tokens for a refresh token grant.

        Args:
            text: The refresh token.
            client: The client that uses it.
            scopes: The requested scopes; all of the refresh token's by default.

        Raises:
            OAuthError: ``invalid_grant`` or ``invalid_scope``.
        """
        token = self.refresh.get(Secret(text))
        now = self._now()
        if token is None:
            raise OAuthError("invalid_grant", reason="unknown refresh token")
        if token.client_id != client.id:
            raise OAuthError("invalid_grant", 401, reason="the refresh token belongs to another client")
        replaced = token.successor is not None
        if replaced:
            token = self._successor(token, now)
        if not token.is_active(now):
            raise OAuthError("invalid_grant", reason="the refresh token is revoked or expired")
        granted = _narrow(token, scopes)
        if self.rotate and not replaced:
            token = self._rotate(token, now)
        token.expires_at = now + self.idle_lifetime
        access = self.create_access_token(
            token.identity_id,
            token.client_id,
            token.resource_server,
            granted,
            token.session,
            family=token.family,
        )
        return Issued(access, token)

    def _rotate(self, token: RefreshToken, now: float) -> RefreshToken:
        successor = self.create_refresh_token(
            token.identity_id,
            token.client_id,
            token.resource_server,
            token.consents,
            token.session,
            family=token.family,
        )
        token.successor, token.replaced_at = successor, now
        return successor

    def _successor(self, token: RefreshToken, now: float) -> RefreshToken:
        """
        Return the successor of a replaced refresh token that is used again.

        Raises:
            OAuthError: ``invalid_grant``: the grace period is over, or the successor was used.
        """
        successor = token.successor
        in_grace_period = token.replaced_at is not None and now - token.replaced_at < self.grace
        if successor is not None and successor.successor is None and in_grace_period and successor.is_active(now):
            return successor
        self.replays += 1
        if self.revoke_family_on_replay:
            self.revoke_family(token.family)
        raise OAuthError("invalid_grant", reason="a replaced refresh token was used again")

    def revoke(self, text: str) -> None:
        """Revoke a token; with a refresh token, all access tokens issued for it."""
        secret = Secret(text)
        if (access := self.access.get(secret)) is not None:
            access.revoked = True
        elif (refresh := self.refresh.get(secret)) is not None:
            refresh.revoked = True
            self.revoke_family(refresh.family)

    def revoke_family(self, family: str) -> None:
        """Revoke all tokens of a family."""
        self._revoke(lambda token: token.family == family)

    def revoke_grant(self, grant: str) -> None:
        """Revoke all tokens of a grant, such as those issued for an authorization code."""
        self._revoke(lambda token: token.family.startswith(f"{grant}/"))

    def _revoke(self, selects: Callable[[AccessToken | RefreshToken], bool]) -> None:
        tokens: list[AccessToken | RefreshToken] = [*self.access.values(), *self.refresh.values()]
        for token in filter(selects, tokens):
            token.revoked = True

    def find(self, text: str) -> AccessToken | RefreshToken | None:
        """Return an access or refresh token, active or not; `None` if it is unknown."""
        secret = Secret(text)
        return self.access.get(secret) or self.refresh.get(secret)

    def add_code(self, code: AuthorizationCode) -> None:
        """Store an authorization code; the oldest one is removed when there are too many."""
        if len(self.codes) >= _MAX_CODES:
            del self.codes[next(iter(self.codes))]
        self.codes[code.secret] = code


def _new_token() -> Secret:
    return Secret(f"Ag{random_text(88)}")


def _narrow(token: RefreshToken, scopes: Iterable[str] | None) -> tuple[Consent, ...]:
    """
    Return the consents for the requested scopes (RFC 6749, section 6).

    Raises:
        OAuthError: ``invalid_scope``: a scope that was not granted.
    """
    if scopes is None:
        return token.consents
    requested = set(scopes)
    granted = tuple(consent for consent in token.consents if consent.scope.scope_string in requested)
    if not granted or len(granted) != len(requested):
        raise OAuthError("invalid_scope", reason="a scope that the refresh token does not have")
    return granted
