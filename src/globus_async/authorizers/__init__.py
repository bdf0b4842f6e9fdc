"""Authorizers, which supply the ``Authorization`` header of calls."""

from .base import AccessTokenAuthorizer, BasicAuthorizer, GlobusAuthorizer, NullAuthorizer
from .grants import ClientCredentialsAuthorizer, RefreshTokenAuthorizer
from .renewing import OnRefresh, RenewingAuthorizer

__all__ = (
    "AccessTokenAuthorizer",
    "BasicAuthorizer",
    "ClientCredentialsAuthorizer",
    "GlobusAuthorizer",
    "NullAuthorizer",
    "OnRefresh",
    "RefreshTokenAuthorizer",
    "RenewingAuthorizer",
)
