"""The settings of an app, and what they may name: storages, login flow managers, decoders and handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable
from uuid import UUID

from ..config import get_environment
from ..errors.arguments import check_bool, check_callable, check_text, check_type
from ..errors.base import GlobusSDKUsageError
from ..login_flows import LoginFlowManager
from ..services.auth import ConfidentialAppAuthClient, IDTokenDecoder, NativeAppAuthClient
from ..token_storage import IdentityMismatchError, MissingTokenError, TokenStorage, TokenValidationError

if TYPE_CHECKING:
    from ..scopes import Scope

__all__ = (
    "GlobusAppConfig",
    "IDTokenDecoderProvider",
    "KnownLoginFlowManager",
    "KnownTokenStorage",
    "LoginFlowManagerProvider",
    "TokenStorageProvider",
    "TokenValidationErrorHandler",
    "resolve_by_login_flow",
)

KnownLoginFlowManager: TypeAlias = Literal["command-line", "deferred", "local-server"]
KnownTokenStorage: TypeAlias = Literal["json", "memory", "sqlite"]


@runtime_checkable
class TokenStorageProvider(Protocol):
    """Creates the token storage of an app; the classes of storages do."""

    def for_globus_app(
        self, *, app_name: str, config: GlobusAppConfig, client_id: UUID | str, namespace: str
    ) -> TokenStorage:
        """
        Create a token storage.

        Args:
            app_name: The name of the app.
            config: The settings of the app.
            client_id: The client that users log in to.
            namespace: The name of the login.
        """
        ...


@runtime_checkable
class LoginFlowManagerProvider(Protocol):
    """Creates the login flow manager of an app; the classes of managers do."""

    def for_globus_app(
        self, *, app_name: str, config: GlobusAppConfig, login_client: NativeAppAuthClient | ConfidentialAppAuthClient
    ) -> LoginFlowManager:
        """
        Create a login flow manager.

        Args:
            app_name: The name of the app.
            config: The settings of the app.
            login_client: The client that users log in to.
        """
        ...


@runtime_checkable
class IDTokenDecoderProvider(Protocol):
    """Creates the decoder of an app's id_tokens; the class `IDTokenDecoder` does."""

    def for_globus_app(
        self, *, app_name: str, config: GlobusAppConfig, login_client: NativeAppAuthClient | ConfidentialAppAuthClient
    ) -> IDTokenDecoder:
        """
        Create a decoder.

        Args:
            app_name: The name of the app.
            config: The settings of the app.
            login_client: The client that the id_tokens are issued to.
        """
        ...


class TokenValidationErrorHandler(Protocol):
    """
    Called when the stored tokens cannot be used for a call; when it returns, the call tries once more.

    **Differs from globus-sdk:** may be a coroutine function, and is called once for all calls that wait for it.
    """

    def __call__(self, app: Any, error: TokenValidationError, /) -> Awaitable[None] | None:
        """
        Resolve the error, or raise one.

        Args:
            app: The app.
            error: The error.
        """
        ...


class _App(Protocol):
    @property
    def scope_requirements(self) -> Mapping[str, Sequence[Scope]]: ...
    async def login(self, *, force: bool) -> None: ...


async def resolve_by_login_flow(app: _App, error: TokenValidationError) -> None:
    """
    Log in again, unless that cannot help: with two different identities, and for a service that is not required.

    Args:
        app: The app.
        error: The error.

    Raises:
        IdentityMismatchError: It is the error.
        MissingTokenError: It is the error, and the app requires no scopes of the resource server.
    """
    if isinstance(error, IdentityMismatchError):
        raise error
    if isinstance(error, MissingTokenError) and not app.scope_requirements.get(error.resource_server):
        raise MissingTokenError(
            f"{error}, and the app requires no scopes of it; pass scope_requirements, or make a client with app=",
            error.resource_server,
        ) from error
    await app.login(force=True)


@dataclass(frozen=True, slots=True)
class GlobusAppConfig:
    """
    The settings of an app, which cannot be changed.

    Args:
        login_flow_manager: How users log in: ``"command-line"``, the default; ``"local-server"``, in a browser on this
            machine; ``"deferred"``, for servers: no login, but `InteractiveLoginRequired` with its URL; or a manager,
            or a class that creates one.
        login_redirect_uri: Where the login page leads to at the end, as registered. By default, for native apps, a page
            that shows the code.
        token_storage: Where the tokens are: ``"json"`` or ``"sqlite"``, a file in the home directory, as globus-sdk's;
            ``"memory"``; or a storage, or a class that creates one. The default is ``"json"`` for a `UserApp`, and
            ``"memory"`` for a `ClientApp`, which can always get new ones.
        request_refresh_tokens: Whether to request refresh tokens, so that a login need not be repeated as long as they
            are used every six months. An access token lives two days.
        auto_redrive_gares: Whether a call that a service refuses for want of a consent, or of a session with certain
            properties, lets the user log in accordingly and tries once more.
        token_validation_error_handler: Called when the stored tokens cannot be used; the default logs in again.
            ``None``: the call raises the error.
        id_token_decoder: Checks the id_tokens of logins: a decoder, or a class that creates one.
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.

    Raises:
        GlobusSDKUsageError: A setting has an unknown value.

    Example:
        >>> config = GlobusAppConfig(request_refresh_tokens=True, token_storage="memory")
        >>> config.environment
        'production'

    **Differs from globus-sdk:** ``"deferred"`` is new, and ``token_storage`` has a default for each kind of app.
    """

    login_flow_manager: KnownLoginFlowManager | LoginFlowManagerProvider | LoginFlowManager | None = None
    login_redirect_uri: str | None = None
    token_storage: KnownTokenStorage | TokenStorageProvider | TokenStorage | None = None
    request_refresh_tokens: bool = False
    auto_redrive_gares: bool = False
    token_validation_error_handler: TokenValidationErrorHandler | None = resolve_by_login_flow
    id_token_decoder: IDTokenDecoder | IDTokenDecoderProvider = IDTokenDecoder
    environment: str = field(default_factory=get_environment)

    def __post_init__(self) -> None:
        if not isinstance(self.login_flow_manager, LoginFlowManager):
            known = ("command-line", "deferred", "local-server")
            _check_known("login_flow_manager", self.login_flow_manager, known, "a LoginFlowManager, or a class of them")
        if not isinstance(self.token_storage, TokenStorage):
            storages = "a TokenStorage, such as JSONTokenStorage(path), or a class of them"
            _check_known("token_storage", self.token_storage, ("json", "memory", "sqlite"), storages)
        check_text("login_redirect_uri", self.login_redirect_uri, optional=True)
        check_bool("request_refresh_tokens", self.request_refresh_tokens)
        check_bool("auto_redrive_gares", self.auto_redrive_gares)
        check_callable("token_validation_error_handler", self.token_validation_error_handler)
        if isinstance(self.token_validation_error_handler, type):
            raise GlobusSDKUsageError("token_validation_error_handler must be a function, not a class")
        if not hasattr(self.id_token_decoder, "for_globus_app"):
            check_type("id_token_decoder", self.id_token_decoder, IDTokenDecoder, "an IDTokenDecoder, or its class")
        check_text("environment", self.environment)
        object.__setattr__(self, "environment", get_environment(self.environment))


def _check_known(name: str, value: object, known: tuple[str, ...], others: str) -> None:
    if value is None or value in known or (not isinstance(value, str) and hasattr(value, "for_globus_app")):
        return
    names = ", ".join(map(repr, known))
    raise GlobusSDKUsageError(f"{name} must be {names}, {others}; got {value!r}"[:400])
