"""Tokens: made, renewed, rotated, revoked."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

from ...secret import Secret
from .errors import OAuthError
from .models import AccessToken, AuthorizationCode, ClientApp, Consent, RefreshToken, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .registry import Registry

__all__ = ("Issued", "Tokens", "random_text")

_random: Final = secrets.SystemRandom()
_BASE62: Final = string.ascii_letters + string.digits
_FORGET_FROM: Final = 1_000


def random_text(length: int) -> str:
    """Return so many random base-62 characters."""
    return "".join(_random.choices(_BASE62, k=length))


class Issued(NamedTuple):
    """The tokens for one resource server."""

    access: AccessToken
    refresh: RefreshToken | None


class Tokens:
    """
    All tokens there are.

    Args:
        rotate: Each use of a refresh token replaces it.
        revoke_family: A refresh token that comes again after it was replaced ends all that came from the same login.
        issued: Called after every new access token.
        grace: Seconds in which a replaced refresh token may come again, for the answer may have been lost.
        lifetime: Seconds of an access token.
        idle_lifetime: Seconds after which an unused refresh token ends.
    """

    def __init__(
        self,
        registry: Registry,
        now: Callable[[], float],
        *,
        issued: Callable[[], None],
        rotate: bool,
        revoke_family: bool,
        grace: float,
        lifetime: float,
        idle_lifetime: float,
    ) -> None:
        self._registry = registry
        self._now = now
        self._issued = issued
        self.rotate = rotate
        self.revoke_family_on_replay = revoke_family
        self.grace = grace
        self.lifetime = lifetime
        self.idle_lifetime = idle_lifetime
        self.replays = 0
        self.access: dict[Secret, AccessToken] = {}
        self.refresh: dict[Secret, RefreshToken] = {}
        self.codes: dict[Secret, AuthorizationCode] = {}
        self._forget_at = _FORGET_FROM

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
        """Make one access token for each resource server, and a refresh token where it is asked for and allowed."""
        servers: dict[str, list[Consent]] = {}
        for consent in consents:
            servers.setdefault(self._registry.resource_server(consent.scope), []).append(consent)
        issued: list[Issued] = []
        for server, allowed in servers.items():
            subject = (identity_id, client.id, server, tuple(allowed), session)
            refresh = None
            family = f"{grant or uuid4()}/{server}"
            if offline and all(consent.scope.allows_refresh_token for consent in allowed):
                refresh = self.make_refresh(*subject, family=family)
            access = self.make_access(*subject, family=family, expires_at=expires_at)
            issued.append(Issued(access, refresh))
        return issued

    def make_access(
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
        """Make an access token."""
        now = self._now()
        if expires_at is None:
            expires_at = now + self.lifetime
        for consent in consents:
            consent.last_used = now
        token = AccessToken(
            self._new_secret(), client_id, identity_id, server, consents, session, now, expires_at, family
        )
        if len(self.access) >= self._forget_at:
            # what is not active answers like what was never there
            self.access = {secret: each for secret, each in self.access.items() if each.is_active(now)}
            self._forget_at = max(_FORGET_FROM, 2 * len(self.access))
        self.access[token.secret] = token
        self._issued()
        return token

    def make_refresh(
        self,
        identity_id: str,
        client_id: str,
        server: str,
        consents: tuple[Consent, ...],
        session: Session,
        *,
        family: str,
    ) -> RefreshToken:
        """Make a refresh token."""
        now = self._now()
        token = RefreshToken(
            self._new_secret(),
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

    def renew(self, text: str, client: ClientApp, scopes: Iterable[str] | None = None) -> Issued:
        """
        Answer a refresh grant.

        Raises:
            OAuthError: ``invalid_grant``; a replaced token that comes again may end its whole family.
        """
        token = self.refresh.get(Secret(text))
        now = self._now()
        if token is None:
            raise OAuthError("invalid_grant", why="unknown refresh token")
        if token.client_id != client.id:
            raise OAuthError("invalid_grant", 401, why="the refresh token belongs to another client")
        again = token.successor is not None
        if again:
            token = self._replayed(token, now)
        if not token.is_active(now):
            raise OAuthError("invalid_grant", why="the refresh token is revoked or expired")
        granted = _narrowed(token, scopes)
        if self.rotate and not again:
            token = self._rotated(token, now)
        token.expires_at = now + self.idle_lifetime
        access = self.make_access(
            token.identity_id,
            token.client_id,
            token.resource_server,
            granted,
            token.session,
            family=token.family,
        )
        return Issued(access, token)

    def _rotated(self, token: RefreshToken, now: float) -> RefreshToken:
        successor = self.make_refresh(
            token.identity_id,
            token.client_id,
            token.resource_server,
            token.consents,
            token.session,
            family=token.family,
        )
        token.successor, token.replaced_at = successor, now
        return successor

    def _replayed(self, token: RefreshToken, now: float) -> RefreshToken:
        """Judge a token that was replaced and comes again: return its successor while the grace lasts."""
        successor = token.successor
        within = token.replaced_at is not None and now - token.replaced_at < self.grace
        if successor is not None and successor.successor is None and within and successor.is_active(now):
            return successor
        self.replays += 1
        if self.revoke_family_on_replay:
            self.revoke_family(token.family)
        raise OAuthError("invalid_grant", why="a refresh token was used again after it had been replaced")

    def revoke(self, text: str) -> None:
        """End a token; with a refresh token end all that came from it."""
        secret = Secret(text)
        if (access := self.access.get(secret)) is not None:
            access.revoked = True
        elif (refresh := self.refresh.get(secret)) is not None:
            refresh.revoked = True
            self.revoke_family(refresh.family)

    def revoke_family(self, family: str) -> None:
        """End all tokens of a family."""
        self._revoke(lambda token: token.family == family)

    def revoke_grant(self, grant: str) -> None:
        """End all tokens that one authorization code gave."""
        self._revoke(lambda token: token.family.startswith(f"{grant}/"))

    def _revoke(self, chosen: Callable[[AccessToken | RefreshToken], bool]) -> None:
        everyone: list[AccessToken | RefreshToken] = [*self.access.values(), *self.refresh.values()]
        for token in filter(chosen, everyone):
            token.revoked = True

    def find(self, text: str) -> AccessToken | RefreshToken | None:
        """Return a token of either kind, active or not."""
        secret = Secret(text)
        return self.access.get(secret) or self.refresh.get(secret)

    def _new_secret(self) -> Secret:
        return Secret(f"Ag{random_text(88)}")


def _narrowed(token: RefreshToken, scopes: Iterable[str] | None) -> tuple[Consent, ...]:
    """Return the consents for the scopes asked for, which must be among those granted (RFC 6749 6)."""
    if scopes is None:
        return token.consents
    wanted = set(scopes)
    granted = tuple(consent for consent in token.consents if consent.scope.scope_string in wanted)
    if not granted or len(granted) != len(wanted):
        raise OAuthError("invalid_scope", why="more scopes than the refresh token has")
    return granted
