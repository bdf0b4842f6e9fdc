"""Credentials in a token storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..authorizers import AccessTokenAuthorizer, RefreshTokenAuthorizer
from ..errors.arguments import check_members, check_type
from ..scopes import ScopeParser
from ..token_storage.base import TokenStorage
from .source import NoCredentials

if TYPE_CHECKING:
    from ..authorizers import GlobusAuthorizer
    from ..services.auth.confidential import ConfidentialAppAuthClient
    from ..services.auth.native import NativeAppAuthClient
    from ..token_storage.token_data import TokenStorageData
    from ..transport import Transport

__all__ = ("StorageCredentials", "check_scopes")


@dataclass(frozen=True)
class StorageCredentials:
    """
    Credentials in a token storage, such as those of an earlier login.

    Args:
        token_storage: The storage.
        auth_client: The client that the refresh tokens were issued to. Without it, access tokens are used until they
            expire.

    Example:
        >>> chain = CredentialChain([StorageCredentials(storage, auth_client)])
        >>> tc = TransferClient(authorizer=chain.get_authorizer("transfer.api.globus.org"))
    """

    token_storage: TokenStorage
    auth_client: NativeAppAuthClient | ConfidentialAppAuthClient | None = None

    def __post_init__(self) -> None:
        check_type("token_storage", self.token_storage, TokenStorage, "a token storage such as JSONTokenStorage(path)")
        if self.auth_client is not None:
            check_members(
                "auth_client",
                self.auth_client,
                ("oauth2_refresh_token", "transport"),
                "the client of the refresh tokens, such as NativeAppAuthClient(client_id)",
            )

    def __repr__(self) -> str:
        return repr(getattr(self, "token_storage", "a token storage"))

    async def find(self, resource_server: str, *, scopes: str | None, transport: Transport) -> GlobusAuthorizer:
        """
        Return an authorizer for a resource server.

        Raises:
            NoCredentials: There are no tokens for it, they lack a scope, or have expired and cannot be refreshed.
            TokenStorageError: The storage cannot be used.
        """
        data = await self.token_storage.get_token_data(resource_server)
        if data is None:
            raise NoCredentials(f"it has no tokens for {resource_server}")
        check_scopes(data, scopes)
        if data.refresh_token is not None and self.auth_client is not None:
            return RefreshTokenAuthorizer(
                None, self.auth_client, storage=self.token_storage, resource_server=resource_server
            )
        if data.expires_at_seconds <= transport.clock.wall():
            hint = "log in again" if data.refresh_token is None else "pass auth_client=, which can refresh it"
            raise NoCredentials(f"its access token for {resource_server} has expired; {hint}")
        return AccessTokenAuthorizer(data.access_token)


def check_scopes(data: TokenStorageData, scopes: str | None) -> None:
    """
    Check that tokens have all scopes, without their dependencies.

    Raises:
        NoCredentials: One is missing.
    """
    required = {scope.scope_string for scope in ScopeParser.parse(scopes or "") if not scope.optional}
    if missing := sorted(required - set(data.scope.split())):
        raise NoCredentials(f"its tokens for {data.resource_server} lack the scope {' '.join(missing)}; log in again")
