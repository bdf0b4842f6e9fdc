"""Interactive logins: at a terminal or in a notebook, and in a browser on the same machine."""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names

if TYPE_CHECKING:
    from .browser import BrowserOpener
    from .command_line import CommandLineLoginFlowManager
    from .deferred import DeferredLoginFlowManager
    from .errors import (
        CommandLineLoginFlowEOFError,
        InteractiveLoginRequired,
        LocalServerEnvironmentalLoginError,
        LocalServerLoginError,
    )
    from .local_server import LocalServerLoginFlowManager
    from .login_flow_manager import Completion, Exchange, LoginClient, LoginFlowConfig, LoginFlowManager

__all__ = (
    "BrowserOpener",
    "CommandLineLoginFlowEOFError",
    "CommandLineLoginFlowManager",
    "Completion",
    "DeferredLoginFlowManager",
    "Exchange",
    "InteractiveLoginRequired",
    "LocalServerEnvironmentalLoginError",
    "LocalServerLoginError",
    "LocalServerLoginFlowManager",
    "LoginClient",
    "LoginFlowConfig",
    "LoginFlowManager",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "browser": ("BrowserOpener",),
            "command_line": ("CommandLineLoginFlowManager",),
            "deferred": ("DeferredLoginFlowManager",),
            "errors": (
                "CommandLineLoginFlowEOFError",
                "InteractiveLoginRequired",
                "LocalServerEnvironmentalLoginError",
                "LocalServerLoginError",
            ),
            "local_server": ("LocalServerLoginFlowManager",),
            "login_flow_manager": ("Completion", "Exchange", "LoginClient", "LoginFlowConfig", "LoginFlowManager"),
        },
    )
