"""The client of an app that runs on its user's machine and can keep no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ...authorizers import NullAuthorizer
from ...errors import GlobusSDKUsageError
from ...secret import Secret
from .client import AuthClient
from .flows import GlobusNativeAppFlowManager, Scopes

if TYPE_CHECKING:
    from ...transport import RateLimit, RetryPolicy, Transport

__all__ = ("NativeAppAuthClient",)


class NativeAppAuthClient(AuthClient):
    """
    A client without a secret, such as a command line tool; users log in with PKCE.

    Args:
        client_id: The registered client's UUID.
        environment: Which Globus to talk to; the default is ``GLOBUS_SDK_ENVIRONMENT`` or ``production``.
        base_url: The service's address, instead of the environment's.
        app_name: Told to the service in the ``User-Agent``.
        transport: A transport to share; without one the client makes its own and closes it.
        retry: When calls are sent again.
        rate_limit: How many calls may go out, counted together for all clients that share authorizer and transport; the
            default is no limit.

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
        if not client_id:
            raise GlobusSDKUsageError("a native app's client needs its client_id")
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

    def oauth2_start_flow(
        self,
        requested_scopes: Scopes | MissingType | None = MISSING,
        *,
        redirect_uri: str | MissingType | None = MISSING,
        state: str | MissingType | None = MISSING,
        verifier: str | Secret | MissingType | None = MISSING,
        nonce: str | MissingType | None = MISSING,
        refresh_tokens: bool = False,
        prefill_named_grant: str | MissingType | None = MISSING,
    ) -> GlobusNativeAppFlowManager:
        """
        Start a login.

        Args:
            requested_scopes: What to ask for. The default is ``openid profile email`` and Transfer.
            redirect_uri: Where the browser comes back to, as registered. The default shows the code for copying.
            state: Comes back with the code. The default is random.
            verifier: The secret of PKCE, 43 to 128 letters, digits or ``-._~``. The default is random.
            nonce: Comes back inside the id_token, where it is checked. The default is to send none.
            refresh_tokens: Ask for refresh tokens too.
            prefill_named_grant: A label for the consent, shown to the user.

        Returns:
            The flow. The client remembers it for its own ``oauth2_get_authorize_url`` and
            ``oauth2_exchange_code_for_tokens``; with several users at once, call the flow's methods instead.

        Raises:
            GlobusSDKUsageError: The verifier breaks the rules, or there is no scope.

        Example:
            >>> flow = native_client.oauth2_start_flow(TransferScopes.all)
            >>> flow.requested_scopes
            'urn:globus:auth:scope:transfer.api.globus.org:all'

        **Differs from globus-sdk:** scopes have a default, as in release 1, and the state is random.

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
        self.current_oauth2_flow_manager = flow
        return flow
