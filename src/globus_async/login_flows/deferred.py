"""Logins that somebody else carries out: a web application, with the URL in an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from .errors import InteractiveLoginRequired
from .redirecting import RedirectingLoginFlowManager

if TYPE_CHECKING:
    from ..errors.authorization import GlobusAuthorizationParameters

__all__ = ("DeferredLoginFlowManager",)


class DeferredLoginFlowManager(RedirectingLoginFlowManager):
    """
    Logs no user in, for servers and jobs: the error has the URL of the login, and the flow that completes it.

    Args:
        login_client: The client of Globus Auth that the user logs in to.
        redirect_uri: The redirect URI, as registered. By default, for native apps only, the page of Globus Auth that
            shows the code.
        request_refresh_tokens: Whether to request refresh tokens as well.
        native_prefill_named_grant: A label for the consent of a native app, shown to the user.

    Raises:
        GlobusSDKUsageError: ``login_client`` is a confidential client, and there is no ``redirect_uri``.

    Example:
        >>> app = UserApp("portal", client_id=client_id, config=GlobusAppConfig(login_flow_manager="deferred"))
        >>> try:
        ...     await app.login()
        ... except InteractiveLoginRequired as error:
        ...     print(error.authorize_url.partition("?")[0])
        https://auth.globus.org/v2/oauth2/authorize

    When the user comes back, the login is completed so::

        tokens = await error.flow.exchange_code_for_tokens(code, state=state)
        await app.token_storage.store_token_response(tokens)

    **Differs from globus-sdk:** is new.
    """

    async def run_login_flow(self, auth_parameters: GlobusAuthorizationParameters) -> NoReturn:
        """
        Start a login, and leave it to the caller.

        Args:
            auth_parameters: The required scopes, and what else the login must satisfy. Not changed.

        Raises:
            InteractiveLoginRequired: Always; it has the URL.
        """
        flow, authorize_url = self._start_flow(auth_parameters, self.redirect_uri)
        raise InteractiveLoginRequired(auth_parameters, flow, authorize_url)
