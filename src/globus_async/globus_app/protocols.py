"""What a `GlobusAppConfig` may name instead of a storage, a login flow manager, a decoder or a handler."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from uuid import UUID

    from ..login_flows import LoginFlowManager
    from ..services.auth import ConfidentialAppAuthClient, IDTokenDecoder, NativeAppAuthClient
    from ..token_storage import TokenStorage, TokenValidationError
    from .app import GlobusApp
    from .config import GlobusAppConfig

__all__ = (
    "IDTokenDecoderProvider",
    "LoginFlowManagerProvider",
    "TokenStorageProvider",
    "TokenValidationErrorHandler",
)


@runtime_checkable
class TokenStorageProvider(Protocol):
    """Creates the token storage of an app; the classes of storages do."""

    @classmethod
    def for_globus_app(
        cls, *, app_name: str, config: GlobusAppConfig, client_id: UUID | str, namespace: str
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

    @classmethod
    def for_globus_app(
        cls, *, app_name: str, config: GlobusAppConfig, login_client: NativeAppAuthClient | ConfidentialAppAuthClient
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

    @classmethod
    def for_globus_app(
        cls, *, app_name: str, config: GlobusAppConfig, login_client: NativeAppAuthClient | ConfidentialAppAuthClient
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

    def __call__(self, app: GlobusApp, error: TokenValidationError, /) -> Awaitable[None] | None:
        """
        Resolve the error, or raise one.

        Args:
            app: The app.
            error: The error.
        """
        ...
