"""Authorizers for the users of requests, with dependent tokens; and their cache."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakValueDictionary

from ..authorizers import GlobusAuthorizer, RenewingAuthorizer
from ..authorizers.token import IssuedToken, parse_lifetime
from ..errors import TokenRefreshError
from ..errors.arguments import check_whole
from ..secret import Secret
from ..services.auth.errors import InvalidGrant

if TYPE_CHECKING:
    from ..services.auth.confidential import ConfidentialAppAuthClient
    from ..services.auth.responses import OAuthDependentTokenResponse
    from .principal import Principal

__all__ = ("AuthorizerCache", "DependentTokenAuthorizer")

A = TypeVar("A", bound=GlobusAuthorizer)
_MAX_TRIED: Final = 100


class DependentTokenAuthorizer(RenewingAuthorizer):
    """
    Authorizes calls to other services on behalf of a user, with dependent tokens.

    Args:
        auth_client: The Auth client of this application, the resource server of the user's token.
        principal: The user.
        scopes: The required scopes, all of one resource server; dependencies of this application's scope.
    """

    def __init__(self, auth_client: ConfidentialAppAuthClient, principal: Principal, scopes: str) -> None:
        super().__init__(clock=auth_client.transport.clock, task_owner=auth_client.transport)
        self._auth_client = auth_client
        self._principal = self._latest = principal
        self._scopes = scopes
        self._tried: deque[Secret] = deque(maxlen=_MAX_TRIED)
        """The tokens that were there in the attempts since the last success."""

    def add_token(self, principal: Principal) -> None:
        """Add another token of the same user. Refreshes use the one that expires last; if it is revoked, the latest."""
        if principal is self._latest or principal.token == self._latest.token:
            return
        self._latest = principal
        if principal.token not in self._tried:  # else two tokens in turn would make a request per call
            self._discard_failure()
        if principal.expires_at > self._principal.expires_at:
            self._principal = principal

    async def _request_token(self) -> tuple[IssuedToken, Any]:
        latest = self._latest
        self._tried.extend((self._principal.token, latest.token))
        try:
            response = await self._request_dependent_tokens(self._principal)
        except InvalidGrant:
            if self._principal.token == latest.token:
                raise
            self._principal = latest  # the user has logged out in one place, but not in another
            response = await self._request_dependent_tokens(latest)
        self._tried.clear()
        entries = response.data
        if len(entries) != 1:
            raise TokenRefreshError(
                f"the scopes belong to {len(entries)} resource servers; use one authorizer for each of them"
            )
        entry = entries[0]
        return (
            IssuedToken(Secret.token("access_token", entry["access_token"]), parse_lifetime(entry.get("expires_in"))),
            response,
        )

    async def _request_dependent_tokens(self, principal: Principal) -> OAuthDependentTokenResponse:
        return await self._auth_client.oauth2_get_dependent_tokens(principal.token, scope=self._scopes)


class AuthorizerCache:
    """
    A cache with the authorizers of users, so that a token is refreshed once; the least recently used are removed.

    An authorizer that is in use stays in the cache, whether it refreshes its token or belongs to a client that exists:
    a second one with the same refresh token would make the service revoke the login.

    Args:
        max_entries: The maximum number of authorizers that are kept although they are not in use.
    """

    def __init__(self, max_entries: int = 10_000) -> None:
        check_whole("max_entries", max_entries)
        self._max_entries = max_entries
        self._recent: OrderedDict[Hashable, GlobusAuthorizer] = OrderedDict()
        self._in_use: WeakValueDictionary[Hashable, GlobusAuthorizer] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._in_use)

    def __repr__(self) -> str:
        return f"<AuthorizerCache: {len(self)} authorizers>"

    def get(self, key: Hashable) -> GlobusAuthorizer | None:
        """Return the authorizer of a key, if there is one."""
        if (authorizer := self._recent.get(key)) is not None:
            self._recent.move_to_end(key)
            return authorizer
        authorizer = self._in_use.get(key)
        return None if authorizer is None else self.add(key, authorizer)

    def add(self, key: Hashable, authorizer: A) -> A:
        """Add an authorizer and return it."""
        self._in_use[key] = self._recent[key] = authorizer
        self._recent.move_to_end(key)
        if len(self._recent) > self._max_entries:
            self._recent.popitem(last=False)
        return authorizer

    def remove(self, key: Hashable) -> None:
        """Remove an authorizer, if it is there; clients that have it continue to use it."""
        self._recent.pop(key, None)
        self._in_use.pop(key, None)
