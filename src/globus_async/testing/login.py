"""Logins of apps at the emulator, without a browser."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from ..login_flows.login_flow_manager import exchange_only
from ..login_flows.redirecting import RedirectingLoginFlowManager
from ..secret import Secret
from ..services.auth import LoginRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..emulator.kit.directory import Identity
    from ..gare import GlobusAuthorizationParameters
    from ..globus_app import GlobusAppConfig
    from ..login_flows import Completion, LoginFlowManager
    from ..services.auth import ConfidentialAppAuthClient, NativeAppAuthClient, OAuthTokenResponse

__all__ = ("EmulatedLogin",)


class _Redirect(Protocol):
    @property
    def parameters(self) -> Mapping[str, str]: ...


class _Auth(Protocol):
    def authorize(self, url: str, identity: Identity | None, /) -> _Redirect: ...


class _Emulator(Protocol):
    @property
    def auth(self) -> _Auth: ...


class EmulatedLogin:
    """
    The ``login_flow_manager`` of an app whose user logs in at an emulator, and consents to all scopes.

    Args:
        emulator: The emulator.
        identity: The identity that logs in; by default one that satisfies the login, of those that were added.
    """

    def __init__(self, emulator: _Emulator, identity: Identity | None = None) -> None:
        self._emulator = emulator
        self._identity = identity

    def __repr__(self) -> str:
        identity = getattr(self, "_identity", None)
        return f"<{type(self).__name__} of {'any identity' if identity is None else identity.username}>"

    def for_globus_app(
        self, *, app_name: str, config: GlobusAppConfig, login_client: NativeAppAuthClient | ConfidentialAppAuthClient
    ) -> LoginFlowManager:
        """
        Create the login flow manager of an app.

        Args:
            app_name: The name of the app, with which the consent is labelled.
            config: The settings of the app.
            login_client: The client that the user logs in to.
        """
        return _EmulatedLoginFlowManager(
            login_client,
            self._emulator,
            self._identity,
            redirect_uri=config.login_redirect_uri,
            request_refresh_tokens=config.request_refresh_tokens,
            native_prefill_named_grant=app_name,
        )


class _EmulatedLoginFlowManager(RedirectingLoginFlowManager):
    def __init__(
        self,
        login_client: NativeAppAuthClient | ConfidentialAppAuthClient,
        emulator: _Emulator,
        identity: Identity | None,
        *,
        redirect_uri: str | None,
        request_refresh_tokens: bool,
        native_prefill_named_grant: str,
    ) -> None:
        super().__init__(
            login_client,
            redirect_uri=redirect_uri,
            request_refresh_tokens=request_refresh_tokens,
            native_prefill_named_grant=native_prefill_named_grant,
        )
        self._emulator = emulator
        self._identity = identity

    async def run_login_flow(self, auth_parameters: GlobusAuthorizationParameters) -> OAuthTokenResponse:
        return await self.run_with_completion(auth_parameters, exchange_only)

    async def run_with_completion(
        self, auth_parameters: GlobusAuthorizationParameters, complete: Completion
    ) -> OAuthTokenResponse:
        flow, authorize_url = self._start_flow(auth_parameters, self.redirect_uri)
        parameters = self._emulator.auth.authorize(authorize_url, self._identity).parameters
        if "code" not in parameters:
            raise LoginRefused(f"{parameters['error']}: {parameters['error_description']}")
        code, state = Secret(parameters["code"]), parameters["state"]
        return await complete(partial(flow.exchange_code_for_tokens, code, state=state))
