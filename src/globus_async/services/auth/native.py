"""The client of a native app, which runs on its user's machine and has no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ...authorizers import NullAuthorizer
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_type
from ...secret import Secret
from .client import AuthClient
from .flows import GlobusNativeAppFlowManager

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...client import App
    from ...scopes import Scope, Scopes
    from ...transport import RateLimit, RetryPolicy, Transport
    from .flows import GlobusOAuthFlowManager

__all__ = ("NativeAppAuthClient",)


class NativeAppAuthClient(AuthClient):
    """
    A client of Globus Auth for a native app, such as a command line tool; logins are protected by PKCE.

    Args:
        client_id: The registered client's UUID.
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.
        base_url: The URL of the service, instead of the environment's. Credentials are sent only to its origin.
        app_name: The application's name, for the ``User-Agent`` header.
        transport: A transport to share with other clients. By default the client creates its own and closes it.
        retry: The retry policy.
        rate_limit: The maximum rate of calls, shared by all clients with the same authorizer and transport. By default
            there is no limit.

    Example:
        >>> async with NativeAppAuthClient(client_id, transport=transport) as client:
        ...     flow = client.oauth2_start_flow(refresh_tokens=True)
        ...     url = flow.get_authorize_url()
    """

    def __init__(
        self,
        client_id: UUID | str,
        *,
        environment: str | None = None,
        base_url: str | None = None,
        app_name: str | None = None,
        transport: Transport | None = None,
        retry: RetryPolicy | None = None,
        rate_limit: RateLimit | MissingType | None = MISSING,
    ) -> None:
        check_type("client_id", client_id, UUID | str, "the UUID of the registered client")
        if not client_id:
            raise GlobusSDKUsageError("NativeAppAuthClient requires client_id")
        super().__init__(
            client_id,
            NullAuthorizer(),
            environment=environment,
            base_url=base_url,
            app_name=app_name,
            transport=transport,
            retry=retry,
            rate_limit=rate_limit,
        )

    def attach_globus_app(self, app: App, app_scopes: Iterable[Scope] | None = None) -> NoReturn:  # noqa: ARG002
        """Refuse an app: it is this client that an app logs users in with; pass it as ``login_client``."""
        raise GlobusSDKUsageError(f"a {type(self).__name__} cannot use an app: it is what an app uses (login_client=)")

    def oauth2_start_flow(  # noqa: PLR0917 -- the order of globus-sdk
        self,
        requested_scopes: Scopes | MissingType | None = MISSING,
        redirect_uri: str | MissingType | None = MISSING,
        state: str | MissingType | None = MISSING,
        verifier: str | Secret | MissingType | None = MISSING,
        refresh_tokens: bool = False,
        prefill_named_grant: str | MissingType | None = MISSING,
        *,
        nonce: str | MissingType | None = MISSING,
    ) -> GlobusNativeAppFlowManager:
        """
        Start a login.

        Args:
            requested_scopes: The scopes to request. By default ``openid profile email`` and Transfer.
            redirect_uri: The redirect URI, as registered. By default a page that shows the code to copy.
            state: A value that the redirect must contain. Random by default.
            verifier: The PKCE code verifier: 43 to 128 letters, digits or ``-._~``. Random by default.
            nonce: A value that the id_token must contain. By default none is sent.
            refresh_tokens: Whether to request refresh tokens as well.
            prefill_named_grant: A label for the consent, shown to the user.

        Returns:
            The flow. ``oauth2_get_authorize_url`` and ``oauth2_exchange_code_for_tokens`` of the client use it as well;
            with several users at once, call the methods of the flow instead.

        Raises:
            GlobusSDKUsageError: The verifier is malformed, or there is no scope.

        Example:
            >>> flow = native_client.oauth2_start_flow(TransferScopes.all)
            >>> flow.requested_scopes
            'urn:globus:auth:scope:transfer.api.globus.org:all'

        **Differs from globus-sdk:** the scopes have a default, as in release 1, and the state is random.

        REST: `GET /v2/oauth2/authorize <https://docs.globus.org/api/auth/developer-guide/#obtaining-authorization>`_
        """
        verifier = verifier if isinstance(verifier, MissingType | None) else Secret.of(verifier)
        flow = GlobusNativeAppFlowManager(
            self,
            requested_scopes,
            redirect_uri=redirect_uri,
            state=state,
            verifier=verifier,
            nonce=nonce,
            refresh_tokens=refresh_tokens,
            prefill_named_grant=prefill_named_grant,
        )
        self.current_oauth2_flow_manager: GlobusOAuthFlowManager | None = flow
        return flow
