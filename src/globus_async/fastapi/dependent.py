"""Acting for the user of a request: tokens that a resource server gets for the token it was given."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from ..authorizers import GlobusAuthorizer, RenewingAuthorizer
from ..authorizers.token import IssuedToken, parse_lifetime
from ..errors import TokenRefreshError
from ..secret import Secret
from ..services.auth.errors import InvalidGrant

if TYPE_CHECKING:
    from ..services.auth.confidential import ConfidentialAppAuthClient
    from ..services.auth.responses import OAuthDependentTokenResponse
    from .principal import Principal

__all__ = ("AuthorizerCache", "DependentTokenAuthorizer")

A = TypeVar("A", bound=GlobusAuthorizer)


class DependentTokenAuthorizer(RenewingAuthorizer):
    """
    Calls other services for a user, with tokens that Globus Auth gives for the user's own.

    Args:
        auth_client: This application, which is the resource server that the user's token is for.
        principal: The user.
        scopes: What the calls need, all of one resource server; they must be dependencies of this application's scope.
    """

    def __init__(self, auth_client: ConfidentialAppAuthClient, principal: Principal, scopes: str) -> None:
        super().__init__(clock=auth_client.transport.clock, task_owner=auth_client.transport)
        self._auth_client = auth_client
        self._principal = self._latest = principal
        self._scopes = scopes

    def follow(self, principal: Principal) -> None:
        """Note a further token of the same user: renewals use what lives longest, or the latest if that was revoked."""
        if principal.token == self._latest.token:
            return
        self._latest, self._login_required = principal, None
        if principal.expires_at > self._principal.expires_at:
            self._principal = principal

    async def _request_token(self) -> tuple[IssuedToken, Any]:
        latest = self._latest
        try:
            answer = await self._granted(self._principal)
        except InvalidGrant:
            if self._principal.token == latest.token:
                raise
            self._principal = latest  # logged out at one place, and still logged in at another
            answer = await self._granted(latest)
        entries = answer.data
        if len(entries) != 1:
            raise TokenRefreshError(
                f"the scopes cover {len(entries)} resource servers; make one authorizer for each of them"
            )
        entry = entries[0]
        return (
            IssuedToken(Secret.token("access_token", entry["access_token"]), parse_lifetime(entry.get("expires_in"))),
            answer,
        )

    async def _granted(self, principal: Principal) -> OAuthDependentTokenResponse:
        return await self._auth_client.oauth2_get_dependent_tokens(principal.token, scope=self._scopes)


class AuthorizerCache:
    """The authorizers of an application's users, so that each renews its token once; those used last are kept."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._authorizers: OrderedDict[Hashable, GlobusAuthorizer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._authorizers)

    def find(self, key: Hashable) -> GlobusAuthorizer | None:
        """Return the authorizer of this key, if there is one."""
        found = self._authorizers.get(key)
        if found is not None:
            self._authorizers.move_to_end(key)
        return found

    def keep(self, key: Hashable, authorizer: A) -> A:
        """Remember an authorizer, and return it."""
        self._authorizers[key] = authorizer
        if len(self._authorizers) > self._most:
            self._authorizers.popitem(last=False)
        return authorizer

    def forget(self, key: Hashable) -> None:
        """Forget an authorizer; whoever uses it goes on using it."""
        self._authorizers.pop(key, None)
