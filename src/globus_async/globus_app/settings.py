"""What the settings of an app stand for: its storage, its login flow manager, its decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_type
from ..login_flows import LoginClient, LoginFlowManager
from ..services.auth import ConfidentialAppAuthClient, IDTokenDecoder, NativeAppAuthClient
from ..token_storage import TokenStorage

if TYPE_CHECKING:
    from .config import GlobusAppConfig

__all__ = (
    "check_login_client",
    "id_token_decoder_of",
    "login_flow_manager_of",
    "token_storage_of",
)

_NAMESPACE: Final = "DEFAULT"


def check_login_client(login_client: object, client_id: object, client_secret: object, config: GlobusAppConfig) -> None:
    """Check the argument ``login_client``, and that it is not given with others that it replaces."""
    check_type(
        "login_client",
        login_client,
        NativeAppAuthClient | ConfidentialAppAuthClient,
        "a NativeAppAuthClient or a ConfidentialAppAuthClient",
    )
    if client_id is not None or client_secret is not None:
        raise GlobusSDKUsageError("login_client excludes client_id and client_secret: it has its own")
    environment = cast("LoginClient", login_client).environment
    if environment != config.environment:
        raise GlobusSDKUsageError(
            f"the login_client is for the environment {environment!r}, the app for {config.environment!r}"
        )


def token_storage_of(
    config: GlobusAppConfig, *, default: str, app_name: str, client_id: str
) -> tuple[TokenStorage, bool]:
    """Return the storage of the settings, and whether it was made here."""
    named = config.token_storage or default
    if isinstance(named, TokenStorage):
        return named, False
    provider: Any = _storage_class(named) if isinstance(named, str) else named
    storage: TokenStorage = provider.for_globus_app(
        app_name=app_name, config=config, client_id=client_id, namespace=_NAMESPACE
    )
    return storage, True


def login_flow_manager_of(config: GlobusAppConfig, *, app_name: str, login_client: LoginClient) -> LoginFlowManager:
    """Return the login flow manager of the settings."""
    named = config.login_flow_manager
    if isinstance(named, LoginFlowManager):
        return named
    provider: Any = _manager_class(named) if named is None or isinstance(named, str) else named
    manager: object = provider.for_globus_app(app_name=app_name, config=config, login_client=login_client)
    check_type("login_flow_manager", manager, LoginFlowManager, "a provider of a LoginFlowManager")
    return cast("LoginFlowManager", manager)


def id_token_decoder_of(config: GlobusAppConfig, *, app_name: str, login_client: LoginClient) -> IDTokenDecoder:
    """Return the decoder of the settings."""
    named = config.id_token_decoder
    if isinstance(named, IDTokenDecoder):
        return named
    provider: Any = named
    decoder: object = provider.for_globus_app(app_name=app_name, config=config, login_client=login_client)
    check_type("id_token_decoder", decoder, IDTokenDecoder, "a provider of an IDTokenDecoder")
    return cast("IDTokenDecoder", decoder)


def _storage_class(name: str) -> Any:
    match name:
        case "json":
            from ..token_storage import JSONTokenStorage  # noqa: PLC0415 -- only those who use it

            return JSONTokenStorage
        case "sqlite":
            from ..token_storage import SQLiteTokenStorage  # noqa: PLC0415 -- only those who use it

            return SQLiteTokenStorage
        case _:
            from ..token_storage import MemoryTokenStorage  # noqa: PLC0415 -- only those who use it

            return MemoryTokenStorage


def _manager_class(name: str | None) -> Any:
    match name:
        case "local-server":
            from ..login_flows import LocalServerLoginFlowManager  # noqa: PLC0415 -- only those who use it

            return LocalServerLoginFlowManager
        case "deferred":
            from ..login_flows import DeferredLoginFlowManager  # noqa: PLC0415 -- only those who use it

            return DeferredLoginFlowManager
        case _:
            from ..login_flows import CommandLineLoginFlowManager  # noqa: PLC0415 -- only those who use it

            return CommandLineLoginFlowManager
