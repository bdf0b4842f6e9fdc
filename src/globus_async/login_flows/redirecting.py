"""What the login flow managers have in common whose login ends at a given redirect URI."""

from __future__ import annotations

from abc import ABC
from typing import Self

from ..errors.arguments import check_type
from .login_flow_manager import LoginClient, LoginFlowConfig, LoginFlowManager, default_redirect_uri, named_grant

__all__ = ("RedirectingLoginFlowManager",)


class RedirectingLoginFlowManager(LoginFlowManager, ABC):
    """
    The base of managers whose login ends at a given redirect URI.

    Args:
        login_client: The client of Globus Auth that the user logs in to.
        redirect_uri: The redirect URI, as registered. By default, for native apps only, the page of Globus Auth that
            shows the code.
        request_refresh_tokens: Whether to request refresh tokens as well.
        native_prefill_named_grant: A label for the consent of a native app, shown to the user.

    Raises:
        GlobusSDKUsageError: ``login_client`` is a confidential client, and there is no ``redirect_uri``.
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
        self.redirect_uri: str = redirect_uri or default_redirect_uri(login_client)

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
