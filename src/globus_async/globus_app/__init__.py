"""Apps: they log users in, store tokens, and supply clients with them."""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names

if TYPE_CHECKING:
    from .app import GlobusApp
    from .client_app import ClientApp
    from .config import (
        GlobusAppConfig,
        IDTokenDecoderProvider,
        KnownLoginFlowManager,
        KnownTokenStorage,
        LoginFlowManagerProvider,
        TokenStorageProvider,
        TokenValidationErrorHandler,
        resolve_by_login_flow,
    )
    from .user_app import UserApp

__all__ = (
    "ClientApp",
    "GlobusApp",
    "GlobusAppConfig",
    "IDTokenDecoderProvider",
    "KnownLoginFlowManager",
    "KnownTokenStorage",
    "LoginFlowManagerProvider",
    "TokenStorageProvider",
    "TokenValidationErrorHandler",
    "UserApp",
    "resolve_by_login_flow",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "app": ("GlobusApp",),
            "client_app": ("ClientApp",),
            "config": (
                "GlobusAppConfig",
                "IDTokenDecoderProvider",
                "KnownLoginFlowManager",
                "KnownTokenStorage",
                "LoginFlowManagerProvider",
                "TokenStorageProvider",
                "TokenValidationErrorHandler",
                "resolve_by_login_flow",
            ),
            "user_app": ("UserApp",),
        },
    )
