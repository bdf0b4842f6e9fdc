"""Authorizers, which supply the ``Authorization`` header of calls."""

from .._single_flight import TaskOwner
from .base import AccessTokenAuthorizer, BasicAuthorizer, GlobusAuthorizer, NullAuthorizer
from .grants import ClientCredentialsAuthorizer, RefreshTokenAuthorizer
from .renewing import OnRefresh, RenewingAuthorizer
from .token import IssuedToken

__all__ = (
    "AccessTokenAuthorizer",
    "BasicAuthorizer",
    "ClientCredentialsAuthorizer",
    "GlobusAuthorizer",
    "IssuedToken",
    "NullAuthorizer",
    "OnRefresh",
    "RefreshTokenAuthorizer",
    "RenewingAuthorizer",
    "TaskOwner",
)
