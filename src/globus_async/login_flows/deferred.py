"""Logins that somebody else carries out: a web application, with the URL in an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, Self

from ..errors.arguments import check_type
from .errors import InteractiveLoginRequired
from .login_flow_manager import LoginClient, LoginFlowConfig, LoginFlowManager, default_redirect_uri, named_grant

if TYPE_CHECKING:
    from ..errors.authorization import GlobusAuthorizationParameters

__all__ = ("DeferredLoginFlowManager",)


class DeferredLoginFlowManager(LoginFlowManager):
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

    def __init__(
        self,
        login_client: LoginClient,
        *,
        redirect_uri: str | None = None,
        request_refresh_tokens: bool = False,
        native_prefill_named_grant: str | None = None,
    ) -> None:
        super().__init__(
            login_client,
            request_refresh_tokens=request_refresh_tokens,
            native_prefill_named_grant=native_prefill_named_grant,
        )
        check_type("redirect_uri", redirect_uri, str | None, "a registered redirect URI, as text")
        self.redirect_uri = redirect_uri or default_redirect_uri(login_client)

    @classmethod
    def for_globus_app(cls, *, app_name: str, config: LoginFlowConfig, login_client: LoginClient) -> Self:
        """
        Create the manager of an app.

        Args:
            app_name: The name of the app; the consent is labelled with it and with the name of this machine.
            config: The settings of the app.
            login_client: The client of Globus Auth that users log in to.

        Raises:
            GlobusSDKUsageError: The client is a confidential one, and the settings have no ``login_redirect_uri``.
        """
        return cls(
            login_client,
            redirect_uri=config.login_redirect_uri,
            request_refresh_tokens=config.request_refresh_tokens,
            native_prefill_named_grant=named_grant(app_name),
        )

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
