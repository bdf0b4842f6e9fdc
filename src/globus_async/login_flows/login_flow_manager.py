"""The interface of interactive logins, and how an app completes them."""

from __future__ import annotations

import abc
import platform
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from ..errors.arguments import check_bool, check_text, check_type
from ..errors.authorization import GlobusAuthorizationParameters
from ..errors.base import GlobusSDKUsageError
from ..services.auth.confidential import ConfidentialAppAuthClient
from ..services.auth.native import NativeAppAuthClient

if TYPE_CHECKING:
    from ..services.auth.flows import GlobusOAuthFlowManager
    from ..services.auth.responses import OAuthTokenResponse

__all__ = (
    "Completion",
    "Exchange",
    "LoginClient",
    "LoginFlowConfig",
    "LoginFlowManager",
    "check_auth_parameters",
    "default_redirect_uri",
    "exchange_only",
    "named_grant",
)

LoginClient: TypeAlias = NativeAppAuthClient | ConfidentialAppAuthClient
"""A client of Globus Auth that users log in to."""

Exchange: TypeAlias = "Callable[[], Awaitable[OAuthTokenResponse]]"
"""Exchanges the received authorization code for tokens. To be called once."""

Completion: TypeAlias = "Callable[[Exchange], Awaitable[OAuthTokenResponse]]"
"""Calls an `Exchange` and does what belongs to the login, such as storing the tokens; returns the tokens."""

_CODE_PAGE: Final = "v2/web/auth-code"


class LoginFlowConfig(Protocol):
    """The settings of an app that a login flow manager uses."""

    @property
    def login_redirect_uri(self) -> str | None:
        """The redirect URI, if it is not the default one."""
        ...

    @property
    def request_refresh_tokens(self) -> bool:
        """Whether to request refresh tokens."""
        ...


class LoginFlowManager(abc.ABC):
    """
    The interface of an interactive login; the base of managers of your own.

    A subclass implements `run_login_flow`. It may override `run_with_completion` as well, so that a login that is
    cancelled after the authorization code has been received is not lost.

    Args:
        login_client: The client of Globus Auth that the user logs in to.
        request_refresh_tokens: Whether to request refresh tokens as well.
        native_prefill_named_grant: A label for the consent of a native app, shown to the user.

    Raises:
        GlobusSDKUsageError: ``login_client`` is not a `NativeAppAuthClient` or `ConfidentialAppAuthClient`.

    Example:
        >>> class Received(LoginFlowManager):
        ...     async def run_login_flow(self, auth_parameters: GlobusAuthorizationParameters) -> OAuthTokenResponse:
        ...         assert isinstance(self.login_client, NativeAppAuthClient)
        ...         flow = self.login_client.oauth2_start_flow(
        ...             auth_parameters.required_scopes, refresh_tokens=self.request_refresh_tokens
        ...         )
        ...         url = flow.get_authorize_url(**auth_parameters.for_authorize_url())
        ...         code = emulator.auth.authorize(url).code  # or by mail, from a queue, ...
        ...         return await flow.exchange_code_for_tokens(code)
        >>> parameters = GlobusAuthorizationParameters(required_scopes=["openid"])
        >>> tokens = await Received(native_client).run_login_flow(parameters)
        >>> list(tokens.by_resource_server)
        ['auth.globus.org']

    **Differs from globus-sdk:** there are no ``_oauth2_start_flow`` and ``_get_authorize_url``: use the flow that
    ``oauth2_start_flow`` of the client returns.
    """

    def __init__(
        self,
        login_client: LoginClient,
        *,
        request_refresh_tokens: bool = False,
        native_prefill_named_grant: str | None = None,
    ) -> None:
        check_type(
            "login_client",
            login_client,
            (NativeAppAuthClient, ConfidentialAppAuthClient),
            "a NativeAppAuthClient or a ConfidentialAppAuthClient",
        )
        check_bool("request_refresh_tokens", request_refresh_tokens)
        check_type(
            "native_prefill_named_grant", native_prefill_named_grant, str | None, "the label of a consent, as text"
        )
        self.login_client = login_client
        self.request_refresh_tokens = request_refresh_tokens
        self.native_prefill_named_grant = native_prefill_named_grant

    def __repr__(self) -> str:
        client_id = getattr(getattr(self, "login_client", None), "client_id", "unknown")  # its constructor may fail
        return f"<{type(self).__name__} of client {client_id}>"

    @abc.abstractmethod
    async def run_login_flow(self, auth_parameters: GlobusAuthorizationParameters) -> OAuthTokenResponse:
        """
        Log a user in. Cancelling it ends the login.

        Args:
            auth_parameters: The required scopes, and what else the login must satisfy. Not changed.

        Returns:
            The tokens, by resource server.
        """

    async def run_with_completion(
        self, auth_parameters: GlobusAuthorizationParameters, complete: Completion
    ) -> OAuthTokenResponse:
        """
        Log a user in, and let the caller complete the login.

        Until an authorization code has been received, cancelling this call ends the login. From then on the login is
        the business of ``complete``, which is awaited once with a function that exchanges the code. The flow does
        not shield it: a caller that must not lose the tokens runs it in a task of its own, and awaits that with
        ``asyncio.shield``. Errors of ``complete`` are raised, and shown to the user where a page is shown::

            async def exchange_and_store(exchange: Exchange) -> OAuthTokenResponse:
                tokens = await exchange()
                await storage.store_token_response(tokens)
                return tokens

            def complete(exchange: Exchange) -> Awaitable[OAuthTokenResponse]:
                task = asyncio.create_task(exchange_and_store(exchange))
                transport.adopt(task)  # awaited before the transport closes
                return asyncio.shield(task)

        Args:
            auth_parameters: The required scopes, and what else the login must satisfy. Not changed.
            complete: Exchanges the code by calling its argument, and stores the tokens.

        Returns:
            The tokens that ``complete`` returned.

        The default implementation is for managers that implement `run_login_flow` only: the exchange is part of it,
        and ``complete`` receives a function that returns its tokens.
        """
        tokens = await self.run_login_flow(auth_parameters)

        async def exchange() -> OAuthTokenResponse:
            return tokens

        return await complete(exchange)

    def _start_flow(
        self, auth_parameters: GlobusAuthorizationParameters, redirect_uri: str
    ) -> tuple[GlobusOAuthFlowManager, str]:
        """Return a new flow, with a state and a verifier of its own, and the URL of its login page."""
        scopes = check_auth_parameters(auth_parameters)
        client = self.login_client
        flow = (
            client.oauth2_start_flow(
                scopes,
                redirect_uri=redirect_uri,
                refresh_tokens=self.request_refresh_tokens,
                prefill_named_grant=self.native_prefill_named_grant,
            )
            if isinstance(client, NativeAppAuthClient)
            else client.oauth2_start_flow(redirect_uri, scopes, refresh_tokens=self.request_refresh_tokens)
        )
        return flow, flow.get_authorize_url(**auth_parameters.for_authorize_url())


def check_auth_parameters(auth_parameters: GlobusAuthorizationParameters) -> list[str]:
    """
    Return the scopes that a login requires.

    Raises:
        GlobusSDKUsageError: There are none.
    """
    check_type("auth_parameters", auth_parameters, GlobusAuthorizationParameters, "GlobusAuthorizationParameters")
    if not auth_parameters.required_scopes:
        raise GlobusSDKUsageError(
            "a login needs scopes: pass GlobusAuthorizationParameters(required_scopes=[...]), at least 'openid'"
        )
    return list(auth_parameters.required_scopes)


async def exchange_only(exchange: Exchange) -> OAuthTokenResponse:
    """Exchange the code, with nothing else to do."""
    return await exchange()


def default_redirect_uri(login_client: LoginClient) -> str:
    """Return the address of the page of Globus Auth that shows the code of a native app."""
    if not isinstance(login_client, NativeAppAuthClient):
        raise GlobusSDKUsageError(
            "a confidential client has no page that shows the code: set redirect_uri, or login_redirect_uri of"
            " GlobusAppConfig, as it is registered"
        )
    return f"{login_client.base_url}{_CODE_PAGE}"


def named_grant(app_name: str) -> str:
    """Return the label of a consent: the name of the app, and of the machine."""
    check_text("app_name", app_name)
    host = platform.node().removesuffix(".local")
    return f"{app_name} on {host}" if host else app_name
