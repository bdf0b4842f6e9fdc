"""Logins in the browser of the user's machine: a local server receives the redirect."""

from __future__ import annotations

import asyncio
from string import Template
from typing import TYPE_CHECKING, Final, Self

from .._concurrency.tasks import cancel_all
from ..clock import Clock, SystemClock
from ..errors.arguments import check_callable, check_clock, check_number, check_type
from ..errors.base import GlobusError, GlobusSDKUsageError
from ..services.auth.native import NativeAppAuthClient
from .browser import BrowserOpener, find_browser, open_with
from .errors import LocalServerLoginError
from .login_flow_manager import (
    Completion,
    LoginClient,
    LoginFlowConfig,
    LoginFlowManager,
    check_auth_parameters,
    exchange_only,
    named_grant,
)
from .redirect_server import RedirectServer, authority_of, checked_address, open_listener
from .result_page import HTML_TEMPLATE, LoginState, result_response
from .terminal import show

if TYPE_CHECKING:
    from ..errors.authorization import GlobusAuthorizationParameters
    from ..services.auth.flows import GlobusOAuthFlowManager
    from ..services.auth.responses import OAuthTokenResponse
    from .redirect import Redirect

__all__ = ("LocalServerLoginFlowManager",)

_TIMEOUT: Final = 300.0
_MAX_MESSAGE: Final = 500
_CLOSE: Final = "You can close this window and return to the program."
_PENDING: Final = "The program is still completing it. Return to the program to see whether it succeeds."
_INTERRUPTED: Final = "The program was interrupted, or failed while it completed the login. Return to the program."


class LocalServerLoginFlowManager(LoginFlowManager):
    """
    Logs a user in with the browser of this machine.

    It opens the login page, prints its URL for the case that no window appears, and receives the redirect on a port of
    the loopback interface, which is closed as soon as the redirect has come or the login ends otherwise. Requests that
    are not the redirect of this login are refused, and the login continues. The browser shows a page with the result:
    after the code has been exchanged, or after ten seconds if that takes longer.

    Args:
        login_client: The client of Globus Auth that the user logs in to. For native apps any port will do; for a
            confidential client, register ``http://127.0.0.1:<port>`` and pass that port.
        request_refresh_tokens: Whether to request refresh tokens as well.
        native_prefill_named_grant: A label for the consent of a native app, shown to the user.
        server_address: The loopback address and the port of the server; 0 for a free port.
        html_template: The page with the result, with the placeholders ``login_result`` and ``post_login_message``.
            Their values are escaped. It cannot contain scripts, and no styles but those in its ``<style>``.
        timeout: Seconds to wait for the redirect; ``None`` for no limit.
        open_browser: Opens a URL instead of the user's default browser, and in remote sessions too: a function, which
            is called in a thread, or a coroutine function, which is cancelled as soon as the redirect has come. A
            result of ``False`` says that it failed.
        clock: The source of time.

    Raises:
        GlobusSDKUsageError: The address is not one of this machine alone, or the template has other placeholders.

    Example:
        >>> manager = LocalServerLoginFlowManager(native_client, open_browser=emulator.open_browser)
        >>> tokens = await manager.run_login_flow(GlobusAuthorizationParameters(required_scopes=["openid"]))
        >>> list(tokens.by_resource_server)
        ['auth.globus.org']

    **Differs from globus-sdk:** only the redirect of this login ends it, addresses beyond loopback are refused, the
    values in the page are escaped, the URL is printed, too, and there is no ``background_local_server``. The deadline
    is five minutes instead of an hour.
    """

    def __init__(
        self,
        login_client: LoginClient,
        *,
        request_refresh_tokens: bool = False,
        native_prefill_named_grant: str | None = None,
        server_address: tuple[str, int] = ("localhost", 0),
        html_template: Template = HTML_TEMPLATE,
        timeout: float | None = _TIMEOUT,
        open_browser: BrowserOpener | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            login_client,
            request_refresh_tokens=request_refresh_tokens,
            native_prefill_named_grant=native_prefill_named_grant,
        )
        self.server_address: tuple[str, int] = checked_address(server_address)
        check_type("html_template", html_template, Template, "a string.Template")
        if timeout is not None:
            check_number("timeout", timeout, positive=True)
        check_callable("open_browser", open_browser, optional=True)
        if clock is not None:
            check_clock(clock)
        try:
            result_response(html_template, "success", "", "")
        except (KeyError, ValueError):
            raise GlobusSDKUsageError(
                "html_template must have no other placeholders than $login_result, $post_login_message and"
                " $login_state; write $$ for a dollar sign"
            ) from None
        self.html_template = html_template
        self.timeout = timeout
        self._open_browser = open_browser
        self._clock: Clock = clock or SystemClock()

    @classmethod
    def for_globus_app(cls, *, app_name: str, config: LoginFlowConfig, login_client: LoginClient) -> Self:
        """
        Create the manager of an app.

        Args:
            app_name: The name of the app; the consent is labelled with it and with the name of this machine.
            config: The settings of the app.
            login_client: The client of Globus Auth that users log in to.

        Raises:
            GlobusSDKUsageError: The settings have a ``login_redirect_uri``, or the client is not a native one.
        """
        if config.login_redirect_uri:
            raise GlobusSDKUsageError(
                "a login through a local server has the address of that server as its redirect URI; leave out"
                " login_redirect_uri, or use CommandLineLoginFlowManager"
            )
        if not isinstance(login_client, NativeAppAuthClient):
            raise GlobusSDKUsageError(
                "a login through a local server needs a native app, which may redirect to any port of this machine; use"
                " CommandLineLoginFlowManager for a confidential client"
            )
        return cls(
            login_client,
            request_refresh_tokens=config.request_refresh_tokens,
            native_prefill_named_grant=named_grant(app_name),
        )

    async def run_login_flow(self, auth_parameters: GlobusAuthorizationParameters) -> OAuthTokenResponse:
        """
        Open the login page in a browser, wait for the redirect, and exchange its code for tokens.

        Args:
            auth_parameters: The required scopes, and what else the login must satisfy. Not changed.

        Returns:
            The tokens, by resource server.

        Raises:
            LocalServerEnvironmentalLoginError: The session is remote, or no suitable browser could be opened.
            LocalServerLoginError: The login was refused or cancelled in the browser, or took too long.
            GlobusSDKUsageError: There are no required scopes.
        """
        return await self.run_with_completion(auth_parameters, exchange_only)

    async def run_with_completion(
        self, auth_parameters: GlobusAuthorizationParameters, complete: Completion
    ) -> OAuthTokenResponse:
        """Log a user in, and let the caller complete the login, as `LoginFlowManager.run_with_completion` says."""
        check_auth_parameters(auth_parameters)
        opener = self._open_browser or await find_browser()
        with open_listener(self.server_address) as listener:
            flow, url = self._start_flow(auth_parameters, f"http://{authority_of(listener)}")
            async with RedirectServer(
                listener,
                state=flow.state,
                issuer=self.login_client.base_url.rstrip("/"),
                pending=self._page("pending", "Login accepted", _PENDING),
                clock=self._clock,
            ) as server:
                try:
                    self.print_authorize_url(url)
                    redirect = await self._redirect(server, opener, url)
                    tokens = await _complete(flow, redirect, complete)
                except GlobusError as error:
                    server.respond(self._page("failure", "Login failed", _sentence(str(error))))
                    raise
                except BaseException:
                    server.respond(self._page("failure", "Login not completed", _INTERRUPTED))
                    raise
                server.respond(self._page("success", "Login successful", _CLOSE))
        return tokens

    def print_authorize_url(self, authorize_url: str) -> None:
        """
        Show the URL of the login page, for the case that no window appears; for subclasses to override.

        Args:
            authorize_url: The URL.
        """
        show(f"\nPlease log in to Globus in your browser. If no window appears, open\n{authorize_url}\n")

    async def _redirect(self, server: RedirectServer, opener: BrowserOpener, url: str) -> Redirect:
        """Open the browser, and wait for the redirect: a browser may block until it is closed."""
        loop = asyncio.get_running_loop()
        received = loop.create_task(server.redirect(), name="globus_async login redirect")
        opening = loop.create_task(open_with(opener, url), name="globus_async login browser")
        deadline: asyncio.Timeout | None = None
        try:
            async with self._clock.timeout(self.timeout) as deadline:
                await asyncio.wait({received, opening}, return_when=asyncio.FIRST_COMPLETED)
                if not received.done():
                    opening.result()
                return await received
        except TimeoutError:
            if deadline is None or not deadline.expired():
                raise
            raise LocalServerLoginError(
                f"there was no login within {self.timeout:g} s; start it again, with timeout= for more time"
            ) from None
        finally:
            await cancel_all([received, opening])

    def _page(self, state: LoginState, result: str, message: str) -> bytes:
        try:
            return result_response(self.html_template, state, result, message)
        except Exception:  # noqa: BLE001 -- of a subclass of Template; the tokens matter more
            return result_response(HTML_TEMPLATE, state, result, message)


def _sentence(message: str) -> str:
    """Return the message of an error as it stands on a page."""
    return f"{message[:1].upper()}{message[1:_MAX_MESSAGE]}"


async def _complete(flow: GlobusOAuthFlowManager, redirect: Redirect, complete: Completion) -> OAuthTokenResponse:
    code, iss = redirect.code, redirect.iss
    if code is None:
        raise LocalServerLoginError(f"the login was refused: {redirect.refusal}")
    state = flow.state  # the server has compared it with the redirect's
    return await complete(
        lambda: flow.exchange_code_for_tokens(code, state=state, **({} if iss is None else {"iss": iss}))
    )
