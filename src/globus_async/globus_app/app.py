"""What apps of users and of services have in common."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, cast

from .._single_flight import SingleFlight
from ..errors import ClientClosedError, GlobusError
from ..errors.arguments import check_text, check_type
from ..gare import GARE, GlobusAuthorizationParameters
from ..porting import AsyncContextOnly, PortedApp
from ..scopes import AuthScopes, Scope, ScopeParseError, ScopeParser, Scopes
from ..secret import Secret
from ..services.auth import AuthClient
from ..token_storage import TokenValidationError, ValidatingTokenStorage
from ..transport import Transport
from .asked_scopes import AskedScopesValidator
from .authorizer import AppAuthorizer, ConsentsAuthorizer
from .config import GlobusAppConfig
from .logins import Logins, in_login
from .settings import check_login_client, id_token_decoder_of, token_storage_of

if TYPE_CHECKING:
    from uuid import UUID

    from ..authorizers import AccessTokenAuthorizer, LoginAuthorizer, RenewingAuthorizer
    from ..clock import Clock
    from ..login_flows import Exchange, LoginClient
    from ..services.auth import OAuthTokenResponse
    from ..token_storage import ScopeRequirementsValidator, TokenDataValidator, TokenStorageData

__all__ = ("GlobusApp",)


class GlobusApp(PortedApp, AsyncContextOnly, ABC):
    """
    The base of `UserApp` and `ClientApp`: supplies any number of clients with tokens, and stores these.

    Args:
        app_name: The name of the app, for users, and for the ``User-Agent`` header.
        login_client: The client of Globus Auth that tokens are issued to; instead of ``client_id``.
        client_id: The UUID of the registered client.
        client_secret: Its secret, if it has one.
        scope_requirements: The scopes that tokens must have, by resource server; clients add theirs.
        config: The settings.
        transport: The connections, to share with others. By default those of the ``login_client``, else the app makes
            its own and closes them. Clients that are made with the app use them, too.

    Attributes:
        app_name: The name of the app.
        client_id: The UUID of the registered client.
        config: The settings.
        token_storage: The storage of the tokens, which checks them.
        transport: The connections.
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
        client_secret = None if client_secret is None else Secret.of(client_secret)
        if client_secret is not None:
            client_secret.check("client_secret")
        config = GlobusAppConfig() if config is None else config
        check_text("app_name", app_name)
        check_type("config", config, GlobusAppConfig, "a GlobusAppConfig")
        check_type("transport", transport, Transport | None, "a Transport")
        self.app_name: str = app_name
        self.config: GlobusAppConfig = config
        self._is_closed = False
        self._owns_transport = transport is None and login_client is None
        if login_client is None:
            transport = Transport() if transport is None else transport
            login_client = self._new_login_client(client_id, client_secret, transport)
        else:
            check_login_client(login_client, client_id, client_secret, config)
            transport = login_client.transport if transport is None else transport
        self.client_id: str = cast("str", login_client.client_id)
        self.transport: Transport = transport
        self._login_client: LoginClient = login_client
        self._requirements: dict[str, list[Scope]] = {}
        storage, self._owns_storage = token_storage_of(
            config, default=self._default_token_storage, app_name=app_name, client_id=self.client_id
        )
        self._decoder = id_token_decoder_of(config, app_name=app_name, login_client=login_client)
        consents = AuthClient(
            authorizer=ConsentsAuthorizer(self, AuthScopes.resource_server),
            environment=config.environment,
            base_url=login_client.base_url,
            app_name=app_name,
            transport=transport,
        )
        scopes = AskedScopesValidator(self._requirements, consents)
        self.token_storage: ValidatingTokenStorage = ValidatingTokenStorage(
            storage, validators=self._validators(scopes)
        )
        self._authorizers: dict[str, AppAuthorizer] = {}
        self._handling: SingleFlight[None] = SingleFlight("login")
        self._logins = Logins(self._log_in, transport)
        self.add_scope_requirements({} if scope_requirements is None else scope_requirements)
        self.add_scope_requirements({AuthScopes.resource_server: AuthScopes.openid})  # names the identity

    @abstractmethod
    def _new_login_client(
        self, client_id: UUID | str | None, client_secret: Secret | None, transport: Transport
    ) -> LoginClient:
        """Create the client that tokens are issued to."""

    @abstractmethod
    def _validators(self, scopes: ScopeRequirementsValidator) -> Iterable[TokenDataValidator]:
        """Return the checks of stored tokens."""

    @abstractmethod
    async def _log_in(self, parameters: GlobusAuthorizationParameters) -> None:
        """Log in, and call `_complete`."""

    @abstractmethod
    def make_authorizer(
        self, resource_server: str, data: TokenStorageData | None
    ) -> AccessTokenAuthorizer | RenewingAuthorizer:
        """Return an authorizer for stored tokens."""

    @property
    @abstractmethod
    def _default_token_storage(self) -> str: ...

    # public members of globus-sdk

    async def login(self, *, auth_params: GlobusAuthorizationParameters | None = None, force: bool = False) -> None:
        """
        Log in, if it is necessary, and store the tokens. Concurrent calls share one login.

        Args:
            auth_params: What the login must satisfy, besides the required scopes; with it, there is always a login.
            force: Whether to log in even if the stored tokens suffice.

        Raises:
            TokenValidationError: The new tokens are not those that are required: of another identity, or with fewer
                scopes. They were not stored, but revoked.
            InteractiveLoginRequired: The app does not log users in itself (``login_flow_manager="deferred"``).
            GlobusError: The login failed.

        Example:
            >>> await app.login()
            >>> await app.login_required()
            False

        **Differs from globus-sdk:** ``auth_params`` is not changed. The tokens of a login that cannot be used are
        revoked.
        """
        check_type(
            "auth_params",
            auth_params,
            GlobusAuthorizationParameters | None,
            "GlobusAuthorizationParameters, such as those of a GARE",
        )
        self.check_open()
        if auth_params or force or await self.login_required():
            await self._logins.log_in(self._with_required_scopes(auth_params))

    async def login_required(self) -> bool:
        """
        Return whether a login is needed before services can be used.

        It is if there are no tokens, if they lack a required scope or the consent to a dependent one, or if they have
        expired and there is no refresh token.

        Raises:
            TokenStorageError: The storage cannot be used.

        **Differs from globus-sdk:** requests no tokens. A `ClientApp` never needs a login for want of tokens: its first
        call gets them.
        """
        self.check_open()
        for resource_server in [*self._requirements]:
            try:
                await self._authorizer(resource_server).check()
            except TokenValidationError:
                return True
        return False

    async def logout(self, *, sweep: bool = False) -> None:
        """
        Revoke the tokens and remove them from the storage. Somebody else may log in then.

        A running login is ended. If an error occurs, the other tokens are revoked and removed all the same.

        Args:
            sweep: Whether to remove all tokens in the storage; by default those of services that the app requires.

        Raises:
            GlobusError: A token was not revoked, or not removed; notes name the other failures.

        **Differs from globus-sdk:** the identity may be another one afterwards, and an error does not end it early.
        """
        self.check_open()
        await self._logins.end(GlobusError("the login was ended by a logout"))
        storage = self.token_storage.token_storage
        failures: list[GlobusError] = []
        try:
            stored = await storage.get_token_data_by_resource_server()
            for resource_server, data in stored.items():
                if sweep or resource_server in self._requirements:
                    failures += await self._revoked(data.refresh_token, data.access_token)
                    try:
                        await storage.remove_token_data(resource_server)
                    except GlobusError as error:
                        failures.append(error)
        finally:
            self.token_storage.reset_identity()
        if failures:
            for other in failures[1:]:
                failures[0].add_note(f"another failure of the logout: {other}")
            raise failures[0]

    def add_scope_requirements(self, scope_requirements: Mapping[str, Scopes]) -> None:
        """
        Require more scopes; tokens that lack one are replaced by a login, at the next call.

        Args:
            scope_requirements: The scopes, by resource server. Those that are required already change nothing.

        Raises:
            GlobusSDKUsageError: A value is not a scope, a scope string, or an iterable of both.
        """
        check_type("scope_requirements", scope_requirements, Mapping, "a mapping of resource servers to scopes")
        parsed: dict[str, list[Scope]] = {}
        for resource_server, scopes in scope_requirements.items():
            check_text("a resource server", resource_server)
            parsed[resource_server] = ScopeParser.parse(ScopeParser.serialize(scopes, reject_empty=False))
        for resource_server, scopes in parsed.items():
            known = self._requirements.get(resource_server)
            if known is None or any(scope not in known for scope in scopes):
                self._requirements[resource_server] = Scope.merge(*(known or ()), *scopes)

    def get_authorizer(self, resource_server: str) -> LoginAuthorizer:
        """
        Return the authorizer for a resource server, always the same. Clients that are made with ``app=`` use it.

        Args:
            resource_server: The resource server, such as ``"transfer.api.globus.org"``.

        Returns:
            An authorizer that reads the storage at the first call, checks the tokens, and lets the handler of the
            settings log in if it is necessary.

        Example:
            >>> await app.get_authorizer("transfer.api.globus.org").get_authorization_header()
            Secret('***')

        **Differs from globus-sdk:** does no I/O, so it raises no errors of tokens: `get_authorization_header` does.
        """
        check_text("resource_server", resource_server)
        return self._authorizer(resource_server)

    @property
    def scope_requirements(self) -> dict[str, list[Scope]]:
        """The required scopes, by resource server: a copy. ``openid`` is always among them."""
        return {resource_server: [*scopes] for resource_server, scopes in self._requirements.items()}

    async def __aenter__(self) -> Self:
        self.check_open()
        self.transport.check()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """
        End a running login, and close what the app has made: its storage and its transport. Idempotent.

        A login whose code is being exchanged for tokens is completed first. Nothing is revoked or removed.
        """
        self._is_closed = True
        try:
            await self._logins.end(ClientClosedError("the app was closed during the login"))
        finally:
            try:
                if self._owns_storage:
                    await self.token_storage.aclose()
            finally:
                if self._owns_transport:
                    await self.transport.aclose()

    def __repr__(self) -> str:
        client_id = getattr(self, "client_id", "unknown")  # a constructor may have failed
        return f"<{type(self).__name__} {getattr(self, 'app_name', '')!r} of client {client_id}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} holds tokens and cannot be pickled; make one in each process")

    # what its authorizers need

    @property
    def clock(self) -> Clock:
        """The clock of the transport."""
        return self.transport.clock

    @property
    def seconds_since_login(self) -> float:
        """The seconds since the last login of this object."""
        return self.clock.monotonic() - self._logins.ended_at

    def check_open(self) -> None:
        """
        Check that the app is open.

        Raises:
            ClientClosedError: It was closed.
        """
        if self._is_closed:
            raise ClientClosedError("this app has been closed; make a new one")

    def required_scopes(self, resource_server: str) -> Sequence[Scope]:
        """Return the required scopes for a resource server: the same object until they change."""
        return self._requirements.get(resource_server, ())

    async def read_token_data(self, resource_server: str) -> TokenStorageData | None:
        """Return the checked tokens for a resource server."""
        return await self.token_storage.get_token_data(resource_server)

    def resolve(self, error: TokenValidationError, changes: int) -> Awaitable[None] | None:
        """
        Return the call of the handler; ``None`` if there is none. One call is for all that require the same scopes.

        Args:
            error: The error.
            changes: The state of the storage that it is about; with another one the handler is not called.
        """
        handler = self.config.token_validation_error_handler
        return None if handler is None else self._resolve(handler, error, changes)

    async def _resolve(self, handler: Callable[..., Any], error: TokenValidationError, changes: int) -> None:
        async def call() -> None:
            in_login.set(True)
            if self.token_storage.changes != changes:
                return  # tokens were stored in the meantime, by the login of another call
            done: Any = handler(self, error)
            if inspect.isawaitable(done):
                await done

        while True:
            required = str(self._requirements)
            await self._handling.join(required, call)
            if str(self._requirements) == required or not await self.login_required():
                return
            changes = self.token_storage.changes  # scopes were added during the login

    def redrive(self, gare: GARE, age: float) -> Awaitable[None] | None:
        """
        Return the login that the refusal of a service requires; ``None`` if the settings exclude it.

        Args:
            gare: What is required.
            age: Seconds since the request was sent; a login that has ended since then may do.
        """
        if not self.config.auto_redrive_gares:
            return None
        try:
            wanted = self._with_required_scopes(gare.authorization_parameters)
        except ScopeParseError:
            return None  # a service may send anything: then the call raises the refusal
        return self._logins.log_in(wanted, age=age)

    # what its logins need

    def _authorizer(self, resource_server: str) -> AppAuthorizer:
        known = self._authorizers.get(resource_server)
        if known is None:
            known = self._authorizers[resource_server] = AppAuthorizer(self, resource_server)
        return known

    def _with_required_scopes(self, auth_params: GlobusAuthorizationParameters | None) -> GlobusAuthorizationParameters:
        given = auth_params or GlobusAuthorizationParameters()
        required = [scope for scopes in self._requirements.values() for scope in scopes]
        further = ScopeParser.parse(" ".join(given.required_scopes or ()))
        scopes = [str(scope) for scope in Scope.merge(*required, *further)]
        return replace(given, required_scopes=scopes)

    async def _complete(self, exchange: Exchange) -> OAuthTokenResponse:
        """Exchange the code of a login for tokens, and store them, even if all who wait for it are cancelled."""
        received: list[OAuthTokenResponse] = []
        await self._logins.complete(partial(self._exchange_and_store, exchange, received))
        return received[0]

    async def _exchange_and_store(self, exchange: Exchange, received: list[OAuthTokenResponse]) -> None:
        tokens = await exchange()
        tokens.decoder = self._decoder
        received.append(tokens)
        try:
            await self.token_storage.store_token_response(tokens)
        except BaseException as error:
            for token in tokens.by_resource_server.values():
                for failure in await self._revoked(token["refresh_token"], token["access_token"]):
                    error.add_note(f"a token of the login, which is not used, could not be revoked: {failure}")
            raise

    async def _revoked(self, *tokens: str | Secret | None) -> list[GlobusError]:
        """Revoke tokens; return the failures."""
        failures: list[GlobusError] = []
        for token in tokens:
            if token is not None:
                try:
                    await self._login_client.oauth2_revoke_token(token)
                except GlobusError as error:
                    failures.append(error)
        return failures
