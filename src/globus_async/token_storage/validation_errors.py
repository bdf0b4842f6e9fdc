"""Errors of stored tokens that cannot be used: missing, expired, with too few scopes, or of another identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ..errors import GlobusError

if TYPE_CHECKING:
    from ..scopes import Scope

__all__ = (
    "ExpiredTokenError",
    "IdentityMismatchError",
    "IdentityValidationError",
    "MissingIdentityError",
    "MissingTokenError",
    "TokenValidationError",
    "UnmetScopeRequirementsError",
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class TokenValidationError(GlobusError):
    """Stored tokens, or those of a login, do not meet the requirements; usually a new login is needed."""


class IdentityValidationError(TokenValidationError):
    """The identity that tokens belong to is unknown, or another one than before."""


class MissingIdentityError(IdentityValidationError, LookupError):
    """The tokens of a login do not say which identity they belong to: the scope ``openid`` was not requested."""


class IdentityMismatchError(IdentityValidationError, ValueError):
    """
    Tokens belong to another identity than those that are stored, which stay in place.

    Attributes:
        stored_id: The identity of the stored tokens.
        new_id: The identity of the other tokens.
    """

    stored_id: str
    new_id: str

    def __init__(self, message: str, stored_id: str, new_id: str) -> None:
        super().__init__(message)
        self.stored_id = stored_id
        self.new_id = new_id


class MissingTokenError(TokenValidationError, LookupError):
    """
    There is no usable token for a resource server.

    Attributes:
        resource_server: The resource server.
    """

    resource_server: str

    def __init__(self, message: str, resource_server: str) -> None:
        super().__init__(message)
        self.resource_server = resource_server


class ExpiredTokenError(TokenValidationError, ValueError):
    """
    A stored access token has expired, and there is no refresh token.

    Attributes:
        expiration: When it expired, in UTC.
    """

    expiration: datetime

    def __init__(self, expires_at_seconds: float) -> None:
        try:
            expiration = _EPOCH + timedelta(seconds=expires_at_seconds)
        except OverflowError:  # long before the year 1
            expiration = datetime.min.replace(tzinfo=UTC)
        super().__init__(f"the access token expired at {expiration.isoformat()}; log in again")
        self.expiration = expiration


class UnmetScopeRequirementsError(TokenValidationError, ValueError):
    """
    Tokens lack scopes that are required, or the user has not consented to a scope that these depend on.

    Attributes:
        scope_requirements: All scopes that are required, by resource server, not only those that are missing.
    """

    scope_requirements: dict[str, list[Scope]]

    def __init__(self, message: str, scope_requirements: Mapping[str, Sequence[Scope]]) -> None:
        super().__init__(message)
        self.scope_requirements = {server: [*scopes] for server, scopes in scope_requirements.items()}
