"""Authorizers, which supply the ``Authorization`` header of calls."""

from typing import TYPE_CHECKING

from .._single_flight import TaskOwner
from ..porting import missing_from
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

if not TYPE_CHECKING:
    __getattr__ = missing_from(__name__)
