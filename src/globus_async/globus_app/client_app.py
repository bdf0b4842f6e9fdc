"""The app of a service, which acts as itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from ..authorizers import ClientCredentialsAuthorizer
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_type
from ..secret import Secret
from ..services.auth import ConfidentialAppAuthClient
from ..token_storage import MissingTokenError
from .app import GlobusApp

if TYPE_CHECKING:
    from uuid import UUID

    from ..gare import GlobusAuthorizationParameters
    from ..login_flows import LoginClient
    from ..scopes import Scopes
    from ..services.auth import OAuthTokenResponse
    from ..token_storage import ScopeRequirementsValidator, TokenDataValidator, TokenStorageData
    from ..transport import Transport
    from .config import GlobusAppConfig

__all__ = ("ClientApp",)


class ClientApp(GlobusApp):
    """
    The app of a service, which acts as itself with its own id and secret.

    Args:
        app_name: The name of the app, for the ``User-Agent`` header.
        login_client: The client of Globus Auth, with its secret; instead of ``client_id`` and ``client_secret``.
        client_id: The UUID of the registered client.
        client_secret: Its secret.
        scope_requirements: The scopes that tokens must have, by resource server; clients add theirs.
        config: The settings; without ``login_flow_manager``.
        transport: The connections, to share with others. By default those of the ``login_client``, else the app makes
            its own and closes them. Clients that are made with the app use them, too.

    Raises:
        GlobusSDKUsageError: There is no secret; both or neither of ``login_client`` and ``client_id``; a
            ``login_client`` for another environment; settings with a ``login_flow_manager``.

    Example:
        >>> async with ClientApp("my-service", client_id=service_id, client_secret=client_secret) as app:
        ...     page = await TransferClient(app=app).task_list()

    **Differs from globus-sdk:** the constructor requests no token, the first call does; and tokens are stored in
    memory, unless the settings say otherwise: a service can always get new ones.
    """

    def __init__(
        self,
        app_name: str = "Unnamed Globus App",
        *,
        login_client: ConfidentialAppAuthClient | None = None,
        client_id: UUID | str | None = None,
        client_secret: str | Secret | None = None,
        scope_requirements: Mapping[str, Scopes] | None = None,
        config: GlobusAppConfig | None = None,
        transport: Transport | None = None,
    ) -> None:
        client_secret = None if client_secret is None else Secret.of(client_secret)  # no traceback shows it
        if config is not None and getattr(config, "login_flow_manager", None) is not None:
            raise GlobusSDKUsageError("a ClientApp logs no user in: leave out login_flow_manager")
        if login_client is not None:
            check_type("login_client", login_client, ConfidentialAppAuthClient, "a ConfidentialAppAuthClient")
        super().__init__(
            app_name,
            login_client=login_client,
            client_id=client_id,
            client_secret=client_secret,
            scope_requirements=scope_requirements,
            config=config,
            transport=transport,
        )

    def _new_login_client(
        self, client_id: UUID | str | None, client_secret: Secret | None, transport: Transport
    ) -> LoginClient:
        if client_id is None or not client_secret:
            raise GlobusSDKUsageError("a ClientApp requires client_id and client_secret, or login_client")
        return ConfidentialAppAuthClient(
            client_id, client_secret, environment=self.config.environment, app_name=self.app_name, transport=transport
        )

    def _validators(self, scopes: ScopeRequirementsValidator) -> Iterable[TokenDataValidator]:
        yield scopes

    async def _log_in(self, parameters: GlobusAuthorizationParameters) -> None:
        async def exchange() -> OAuthTokenResponse:
            return await self._confidential_client.oauth2_client_credentials_tokens(parameters.required_scopes)

        await self._complete(exchange)

    async def read_token_data(self, resource_server: str) -> TokenStorageData | None:
        """Return the checked tokens for a resource server; ``None`` if there are none yet."""
        try:
            return await super().read_token_data(resource_server)
        except MissingTokenError:
            return None

    def make_authorizer(self, resource_server: str, data: TokenStorageData | None) -> ClientCredentialsAuthorizer:
        """Return an authorizer for stored tokens, or for new ones."""
        scopes = self.required_scopes(resource_server)
        if not scopes:
            raise GlobusSDKUsageError(
                f"the app requires no scopes of {resource_server}: pass scope_requirements, or make a client with app="
            )
        return ClientCredentialsAuthorizer(
            self._confidential_client,
            scopes,
            None if data is None else data.access_token,
            None if data is None else data.expires_at_seconds,
            storage=self.token_storage.token_storage,
            resource_server=resource_server,
        )

    @property
    def _confidential_client(self) -> ConfidentialAppAuthClient:
        return cast("ConfidentialAppAuthClient", self._login_client)

    @property
    def _default_token_storage(self) -> str:
        return "memory"
