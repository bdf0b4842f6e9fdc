"""Logins at a terminal or in a notebook: the user opens a URL in a browser and enters the code that it shows."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from .._concurrency.loop_locks import LoopLocks
from ..secret import Secret
from ..services.auth.errors import InvalidGrant
from ..services.auth.flows import LoginRefused
from .login_flow_manager import Completion, Exchange, LoginClient, exchange_only
from .redirect import MalformedRedirect, read_redirect
from .redirecting import RedirectingLoginFlowManager
from .terminal import Terminal, show

if TYPE_CHECKING:
    from ..errors.authorization import GlobusAuthorizationParameters
    from ..services.auth.flows import GlobusOAuthFlowManager
    from ..services.auth.responses import OAuthTokenResponse

__all__ = ("CommandLineLoginFlowManager",)


class CommandLineLoginFlowManager(RedirectingLoginFlowManager):
    """
    Logs a user in at a terminal, or in a notebook.

    It prints a URL, and the user enters the code that the page shows at the end. Waiting for the code does not block
    the event loop, and can be cancelled. Concurrent logins of one manager ask one after another. A redirect URL that is
    entered whole is accepted as well, if its state belongs to the login.

    Args:
        login_client: The client of Globus Auth that the user logs in to.
        redirect_uri: The redirect URI, as registered. By default, for native apps only, the page of Globus Auth that
            shows the code.
        request_refresh_tokens: Whether to request refresh tokens as well.
        native_prefill_named_grant: A label for the consent of a native app, shown to the user.

    Raises:
        GlobusSDKUsageError: ``login_client`` is a confidential client, and there is no ``redirect_uri``.

    Example:
        >>> manager = CommandLineLoginFlowManager(native_client, request_refresh_tokens=True)
        >>> tokens = await manager.run_login_flow(GlobusAuthorizationParameters(required_scopes=["openid"]))
        >>> list(tokens.by_resource_server)
        ['auth.globus.org']

    **Differs from globus-sdk:** ``prompt_for_code`` is a coroutine. Without a terminal nothing is printed. Each login
    has a random state, and logins of one client can run at the same time.
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
            redirect_uri=redirect_uri,
            request_refresh_tokens=request_refresh_tokens,
            native_prefill_named_grant=native_prefill_named_grant,
        )
        self._terminal = Terminal()
        self._asking = LoopLocks()

    async def run_login_flow(self, auth_parameters: GlobusAuthorizationParameters) -> OAuthTokenResponse:
        """
        Print the login URL, wait for the code, and exchange it for tokens.

        Args:
            auth_parameters: The required scopes, and what else the login must satisfy. Not changed.

        Returns:
            The tokens, by resource server.

        Raises:
            CommandLineLoginFlowEOFError: There is no terminal, and nothing was printed; or the input ended.
            LoginRefused: What was entered is no code, or a redirect URL that reports an error or belongs to another
                login.
            InvalidGrant: The code was used before, has expired, or belongs to another login.
            GlobusSDKUsageError: There are no required scopes.
        """
        return await self.run_with_completion(auth_parameters, exchange_only)

    async def run_with_completion(
        self, auth_parameters: GlobusAuthorizationParameters, complete: Completion
    ) -> OAuthTokenResponse:
        """Log a user in, and let the caller complete the login, as `LoginFlowManager.run_with_completion` says."""
        if type(self).prompt_for_code is CommandLineLoginFlowManager.prompt_for_code:
            self._terminal.check()
        async with self._asking.of("terminal"):
            flow, authorize_url = self._start_flow(auth_parameters, self.redirect_uri)
            self.print_authorize_url(authorize_url)
            entered = Secret.of(await self.prompt_for_code())
        entered.check("the result of prompt_for_code()")
        return await complete(_exchange_of(flow, entered))

    def print_authorize_url(self, authorize_url: str) -> None:
        """
        Show the URL of the login page to the user; for subclasses to override.

        Args:
            authorize_url: The URL.
        """
        heading = "Please log in to Globus here:"
        line = "-" * len(heading)
        show(f"\n{heading}\n{line}\n{authorize_url}\n{line}\n")

    async def prompt_for_code(self) -> str | Secret:
        """
        Ask the user for the authorization code; for subclasses to override.

        Returns:
            The code, or the whole redirect URL.

        Raises:
            CommandLineLoginFlowEOFError: There is no terminal, or the input ended.
        """
        while not (entered := await self._terminal.read_line("Enter the resulting authorization code here: ")):
            pass
        return entered


def _exchange_of(flow: GlobusOAuthFlowManager, entered: Secret) -> Exchange:
    """Return the exchange of what was entered: a code, or the URL of a redirect."""
    text = Secret(entered.reveal().strip())
    if not text.reveal().startswith(("http://", "https://")):
        if not _is_code(text):
            raise LoginRefused(
                "what was entered is not an authorization code; start the login again, and copy the whole code"
            )
        return lambda: _exchanged(flow.exchange_code_for_tokens(text))
    try:
        redirect = read_redirect(Secret(text.reveal().partition("?")[2].partition("#")[0]))
    except MalformedRedirect as error:
        raise LoginRefused(f"the URL that was entered is not that of a redirect: {error}") from None
    if not redirect.has_state(flow.state):
        raise LoginRefused("the URL that was entered belongs to another login; start the login again")
    if redirect.code is None:
        raise LoginRefused(f"the login was refused: {redirect.refusal}")
    code, state, iss = redirect.code, flow.state, redirect.iss
    return lambda: _exchanged(flow.exchange_code_for_tokens(code, state=state, **({} if iss is None else {"iss": iss})))


async def _exchanged(exchange: Awaitable[OAuthTokenResponse]) -> OAuthTokenResponse:
    """Await an exchange; the error of a refused code says what the user can do, and not the programmer."""
    try:
        return await exchange
    except InvalidGrant as error:
        error.advice = "the code is incomplete, used or expired; start the login again, and copy the whole code"
        raise


def _is_code(text: Secret) -> bool:
    code = text.reveal()
    return bool(code) and code.isascii() and code.isprintable() and " " not in code
