"""The login of globus-cli as credentials."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..authorizers import RefreshTokenAuthorizer
from ..services.auth.confidential import ConfidentialAppAuthClient
from ..token_storage.globus_cli import GlobusCLILogin
from .source import NoCredentials
from .storage import check_scopes

if TYPE_CHECKING:
    from ..authorizers import GlobusAuthorizer
    from ..transport import Transport

__all__ = ("GlobusCLICredentials",)

_APPLICATION: Final = ("GLOBUS_CLI_CLIENT_ID", "GLOBUS_CLI_CLIENT_SECRET")


@dataclass(frozen=True)
class GlobusCLICredentials:
    """
    The login of this user to globus-cli. Refreshed tokens are written back, so that globus-cli continues to work.

    It is not used where ``GLOBUS_CLI_CLIENT_ID`` and ``GLOBUS_CLI_CLIENT_SECRET`` make globus-cli act as an
    application: `EnvironmentCredentials` reads these.

    Args:
        environment: The Globus environment; by default that of ``GLOBUS_SDK_ENVIRONMENT``, else ``production``.
        profile: The profile of globus-cli; by default that of ``GLOBUS_PROFILE``, if it is set.
        filepath: The file; by default the one of this user's globus-cli.

    Example:
        >>> chain = CredentialChain([EnvironmentCredentials(), GlobusCLICredentials()])
        >>> tc = TransferClient(authorizer=chain.get_authorizer("transfer.api.globus.org"))
    """

    environment: str | None = None
    profile: str | None = None
    filepath: str | os.PathLike[str] | None = None

    def __repr__(self) -> str:
        return "the login of globus-cli"

    async def find(self, resource_server: str, *, scopes: str | None, transport: Transport) -> GlobusAuthorizer:
        """
        Return an authorizer for a resource server.

        Raises:
            NoCredentials: No user is logged in, or there are no tokens with the scopes.
            TokenStorageError: The file of globus-cli cannot be used.
        """
        if any(map(os.environ.get, _APPLICATION)):
            raise NoCredentials("globus-cli acts as an application, since GLOBUS_CLI_CLIENT_ID is set")
        login = await GlobusCLILogin.read(environment=self.environment, profile=self.profile, filepath=self.filepath)
        if login is None:
            raise NoCredentials("no user is logged in to it; log in with: globus login")
        storage = login.token_storage
        data = await storage.get_token_data(resource_server)
        if data is None or data.refresh_token is None:
            raise NoCredentials(f"it has no refresh token for {resource_server}")
        check_scopes(data, scopes)
        client = ConfidentialAppAuthClient(
            login.client_id, login.client_secret, environment=storage.environment, transport=transport
        )
        return RefreshTokenAuthorizer(None, client, storage=storage, resource_server=resource_server)
