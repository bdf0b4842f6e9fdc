"""Checks of tokens: expiry, refresh tokens, scopes and identity."""

# ruff: noqa: ARG002 -- a check takes what the interface gives it

from __future__ import annotations

import logging
from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from .._single_flight import SingleFlight
from ..clock import SystemClock
from ..errors import GlobusError, LoginRequired
from ..errors.arguments import check_clock, check_members, check_type
from .validating import TokenDataValidator
from .validation_errors import (
    ExpiredTokenError,
    IdentityMismatchError,
    MissingIdentityError,
    MissingTokenError,
    TokenValidationError,
    UnmetScopeRequirementsError,
)

if TYPE_CHECKING:
    from ..clock import Clock
    from ..scopes import Scope
    from ..scopes.consents import ConsentForest
    from .token_data import TokenStorageData
    from .validating import TokenValidationContext

__all__ = (
    "HasRefreshTokensValidator",
    "NotExpiredValidator",
    "ScopeRequirementsValidator",
    "UnchangingIdentityIDValidator",
)

_log = logging.getLogger("globus_async")


class _ConsentsResponse(Protocol):
    def to_forest(self) -> ConsentForest: ...


class _ConsentClient(Protocol):
    def get_consents(self, identity_id: str, /) -> Awaitable[_ConsentsResponse]: ...


class NotExpiredValidator(TokenDataValidator):
    """
    Checks that access tokens that were read have not expired.

    Args:
        clock: The clock that decides; the default is the system's.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        clock = SystemClock() if clock is None else clock
        check_clock(clock)
        self._clock = clock

    async def before_store(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData], context: TokenValidationContext
    ) -> None:
        """Check nothing."""

    async def after_retrieve(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData], context: TokenValidationContext
    ) -> None:
        """
        Check the expiry.

        Raises:
            ExpiredTokenError: An access token has expired.
        """
        now = self._clock.wall()
        for data in token_data_by_resource_server.values():
            if data.expires_at_seconds < now:
                raise ExpiredTokenError(data.expires_at_seconds)


class HasRefreshTokensValidator(TokenDataValidator):
    """Checks that there is a refresh token with each access token that was read."""

    async def before_store(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData], context: TokenValidationContext
    ) -> None:
        """Check nothing."""

    async def after_retrieve(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData], context: TokenValidationContext
    ) -> None:
        """
        Check that there are refresh tokens.

        Raises:
            MissingTokenError: There is no refresh token for a resource server.
        """
        for resource_server, data in token_data_by_resource_server.items():
            if data.refresh_token is None:
                raise MissingTokenError(f"there is no refresh token for {resource_server}", resource_server)


class UnchangingIdentityIDValidator(TokenDataValidator):
    """Checks that tokens to store belong to the same identity as those that are stored."""

    async def before_store(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData], context: TokenValidationContext
    ) -> None:
        """
        Check the identity.

        Raises:
            MissingIdentityError: The tokens do not say which identity they belong to.
            IdentityMismatchError: It is another one than that of the stored tokens.
        """
        new = context.token_data_identity_id
        if new is None:
            raise MissingIdentityError("the tokens belong to no known identity; request the scope 'openid' at login")
        stored = context.prior_identity_id
        if stored is not None and new != stored:
            raise IdentityMismatchError(
                f"the login was as {new}, but the stored tokens belong to {stored}; log in as the same user, or log out"
                " first",
                stored,
                new,
            )

    async def after_retrieve(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData], context: TokenValidationContext
    ) -> None:
        """Check nothing."""


class ScopeRequirementsValidator(TokenDataValidator):
    """
    Checks that tokens have the scopes that are required.

    Tokens that were read are checked for dependent scopes, too, by the user's consents, which are fetched once and
    then only if they do not suffice. If they cannot be fetched at the moment, only the tokens' own scopes are checked.

    Args:
        scope_requirements: The required scopes, by resource server; scopes may be added to the mapping later.
        consent_client: The client that fetches the consents, such as `AuthClient`.
    """

    def __init__(self, scope_requirements: Mapping[str, Sequence[Scope]], consent_client: _ConsentClient) -> None:
        check_type("scope_requirements", scope_requirements, Mapping, "a mapping of resource servers to scopes")
        check_members(
            "consent_client", consent_client, ("get_consents",), "a client of Globus Auth, such as AuthClient"
        )
        self.scope_requirements = scope_requirements
        self.consent_client = consent_client
        self._consents: tuple[str, ConsentForest] | None = None
        self._look_ups: SingleFlight[ConsentForest] = SingleFlight("consents look-up")

    async def before_store(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData], context: TokenValidationContext
    ) -> None:
        """
        Check the scopes of the tokens themselves.

        Raises:
            UnmetScopeRequirementsError: A required scope is missing.
        """
        for resource_server, data in token_data_by_resource_server.items():
            self._check_own_scopes(resource_server, data)

    async def after_retrieve(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData], context: TokenValidationContext
    ) -> None:
        """
        Check the scopes of the tokens, and the consents to the scopes that these depend on.

        Raises:
            UnmetScopeRequirementsError: A required scope is missing, or the consent to one.
        """
        identity_id = context.token_data_identity_id or context.prior_identity_id
        for resource_server, data in token_data_by_resource_server.items():
            self._check_own_scopes(resource_server, data)
            required = self.scope_requirements.get(resource_server, ())
            if identity_id is not None and any(scope.dependencies for scope in required):
                await self._check_consents(identity_id, [*required])

    def _check_own_scopes(
        self, resource_server: str, data: TokenStorageData, asked: Collection[str] | None = None
    ) -> None:
        granted = data.scope.split()
        required = [scope.scope_string for scope in self.scope_requirements.get(resource_server, ())]
        missing = [scope for scope in required if scope not in granted and (asked is None or scope in asked)]
        if missing:
            raise UnmetScopeRequirementsError(
                f"the token for {resource_server} lacks {' '.join(missing)}; log in again", self.scope_requirements
            )

    async def _check_consents(self, identity_id: str, required: Sequence[Scope]) -> None:
        known = self._consents
        if known is not None and known[0] == identity_id and known[1].meets_scope_requirements(required):
            return
        try:
            forest = await self._look_ups.join(identity_id, lambda: self._fetch_consents(identity_id))
        except (LoginRequired, TokenValidationError):
            raise
        except GlobusError as error:
            _log.warning("the consents cannot be checked: %s", error)
            return
        if not forest.meets_scope_requirements(required):
            raise UnmetScopeRequirementsError(
                f"there is no consent to all of {' '.join(map(str, required))}; log in again", self.scope_requirements
            )

    async def _fetch_consents(self, identity_id: str) -> ConsentForest:
        forest = (await self.consent_client.get_consents(identity_id)).to_forest()
        self._consents = identity_id, forest
        return forest
