"""The app of a user, who logs in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..authorizers import AccessTokenAuthorizer, RefreshTokenAuthorizer
from ..errors import GlobusSDKUsageError
from ..secret import Secret
from ..services.auth import ConfidentialAppAuthClient, NativeAppAuthClient
from ..token_storage import (
    HasRefreshTokensValidator,
    MissingTokenError,
    NotExpiredValidator,
    UnchangingIdentityIDValidator,
)
from .app import GlobusApp
from .settings import login_flow_manager_of

if TYPE_CHECKING:
    from uuid import UUID

    from ..gare import GlobusAuthorizationParameters
    from ..login_flows import LoginClient
    from ..scopes import Scopes
    from ..token_storage import ScopeRequirementsValidator, TokenDataValidator, TokenStorageData
    from ..transport import Transport
    from .config import GlobusAppConfig

__all__ = ("UserApp",)


class UserApp(GlobusApp):
    """
    The app of a user: logs the user in when it is necessary, and stores the tokens.

    Args:
        app_name: The name of the app, for users, and for the ``User-Agent`` header.
        login_client: The client of Globus Auth that the user logs in to; instead of ``client_id``.
        client_id: The UUID of the registered client.
        client_secret: Its secret; without one it is a native app.
        scope_requirements: The scopes that tokens must have, by resource server; clients add theirs.
        config: The settings: how users log in, where tokens are stored.
        transport: The connections, to share with others. By default those of the ``login_client``, else the app makes
            its own and closes them. Clients that are made with the app use them, too.

    Raises:
        GlobusSDKUsageError: Both or neither of ``login_client`` and ``client_id``; a ``login_client`` for another
            environment; settings that exclude each other.

    Example:
        >>> async with UserApp("my-app", client_id=client_id, config=config) as app:
        ...     tc = TransferClient(app=app)
        ...     endpoint = await tc.get_endpoint(endpoint_id)

    **Differs from globus-sdk:** the constructor reads nothing. Concurrent calls share one login, and a call that waits
    for the user does so outside of its timeouts. ``transport`` is new.
    """

    def __init__(
        self,
        app_name: str = "Unnamed Globus App",
        *,
        login_client: LoginClient | None = None,
        client_id: UUID | str | None = None,
        client_secret: str | Secret | None = None,
        scope_requirements: Mapping[str, Scopes] | None = None,
        config: GlobusAppConfig | None = None,
        transport: Transport | None = None,
    ) -> None:
        client_secret = None if client_secret is None else Secret.of(client_secret)  # no traceback shows it
        super().__init__(
            app_name,
            login_client=login_client,
            client_id=client_id,
            client_secret=client_secret,
            scope_requirements=scope_requirements,
            config=config,
            transport=transport,
        )
        self._login_flow_manager = login_flow_manager_of(
            self.config, app_name=self.app_name, login_client=self._login_client
        )

    def _new_login_client(
        self, client_id: UUID | str | None, client_secret: Secret | None, transport: Transport
    ) -> LoginClient:
        if client_id is None:
            raise GlobusSDKUsageError(
                "a UserApp requires client_id=, the UUID of a registered client, or login_client=; its first argument"
                " is the name of the app"
            )
        if client_secret is None:
            return NativeAppAuthClient(
                client_id, environment=self.config.environment, app_name=self.app_name, transport=transport
            )
        return ConfidentialAppAuthClient(
            client_id, client_secret, environment=self.config.environment, app_name=self.app_name, transport=transport
        )

    def _validators(self, scopes: ScopeRequirementsValidator) -> Iterable[TokenDataValidator]:
        yield (
            HasRefreshTokensValidator() if self.config.request_refresh_tokens else NotExpiredValidator(clock=self.clock)
        )
        yield scopes
        yield UnchangingIdentityIDValidator()

    async def _log_in(self, parameters: GlobusAuthorizationParameters) -> None:
        await self._login_flow_manager.run_with_completion(parameters, self._complete)

    def make_authorizer(
        self, resource_server: str, data: TokenStorageData | None
    ) -> AccessTokenAuthorizer | RefreshTokenAuthorizer:
        """Return an authorizer for stored tokens."""
        if data is None:
            raise MissingTokenError(f"there is no token for {resource_server}", resource_server)
        if not self.config.request_refresh_tokens:
            return AccessTokenAuthorizer(data.access_token)
        return RefreshTokenAuthorizer(
            data.refresh_token,
            self._login_client,
            data.access_token,
            data.expires_at_seconds,
            storage=self.token_storage.token_storage,
            resource_server=resource_server,
        )

    @property
    def _default_token_storage(self) -> str:
        return "json"
