"""Authorizers, which supply the ``Authorization`` header of calls."""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names
from .._single_flight import TaskOwner
from .base import AccessTokenAuthorizer, BasicAuthorizer, GlobusAuthorizer, LoginAuthorizer, NullAuthorizer

if TYPE_CHECKING:
    from .grants import ClientCredentialsAuthorizer, RefreshTokenAuthorizer
    from .renewing import OnRefresh, RenewingAuthorizer
    from .token import IssuedToken

__all__ = (
    "AccessTokenAuthorizer",
    "BasicAuthorizer",
    "ClientCredentialsAuthorizer",
    "GlobusAuthorizer",
    "IssuedToken",
    "LoginAuthorizer",
    "NullAuthorizer",
    "OnRefresh",
    "RefreshTokenAuthorizer",
    "RenewingAuthorizer",
    "TaskOwner",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "grants": ("ClientCredentialsAuthorizer", "RefreshTokenAuthorizer"),
            "renewing": ("OnRefresh", "RenewingAuthorizer"),
            "token": ("IssuedToken",),
        },
    )
