"""
An asyncio-first client SDK for Globus.

Every public name is here, and resolved when it is first used: importing the package loads no HTTP library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ._request import MISSING as MISSING
    from ._request import MissingType as MissingType
    from ._secret import Secret as Secret
    from ._version import __version__ as __version__
    from .authorizers import AccessTokenAuthorizer as AccessTokenAuthorizer
    from .authorizers import BasicAuthorizer as BasicAuthorizer
    from .authorizers import ClientCredentialsAuthorizer as ClientCredentialsAuthorizer
    from .authorizers import GlobusAuthorizer as GlobusAuthorizer
    from .authorizers import NullAuthorizer as NullAuthorizer
    from .authorizers import RefreshTokenAuthorizer as RefreshTokenAuthorizer
    from .authorizers import RenewingAuthorizer as RenewingAuthorizer
    from .client import BaseClient as BaseClient
    from .errors import Attempt as Attempt
    from .errors import ClientClosedError as ClientClosedError
    from .errors import ErrorSubdocument as ErrorSubdocument
    from .errors import GlobusAPIError as GlobusAPIError
    from .errors import GlobusConnectionError as GlobusConnectionError
    from .errors import GlobusConnectionTimeoutError as GlobusConnectionTimeoutError
    from .errors import GlobusError as GlobusError
    from .errors import GlobusSDKUsageError as GlobusSDKUsageError
    from .errors import GlobusTimeoutError as GlobusTimeoutError
    from .errors import LoginRequired as LoginRequired
    from .errors import NetworkError as NetworkError
    from .errors import PaginationStalled as PaginationStalled
    from .errors import ResponseDecodeError as ResponseDecodeError
    from .errors import SubmissionUncertain as SubmissionUncertain
    from .errors import TokenRefreshError as TokenRefreshError
    from .errors import WrongEventLoopError as WrongEventLoopError
    from .paging import Page as Page
    from .paging import Pages as Pages
    from .response import GlobusHTTPResponse as GlobusHTTPResponse
    from .response import IterableResponse as IterableResponse
    from .scopes import Scope as Scope
    from .scopes import ScopeCycleError as ScopeCycleError
    from .scopes import ScopeParseError as ScopeParseError
    from .scopes import ScopeParser as ScopeParser
    from .transport import RetryPolicy as RetryPolicy
    from .transport import Transport as Transport

_HOMES: Final = {
    "_request": (
        "MISSING",
        "MissingType",
    ),
    "_secret": ("Secret",),
    "_version": ("__version__",),
    "authorizers": (
        "AccessTokenAuthorizer",
        "BasicAuthorizer",
        "ClientCredentialsAuthorizer",
        "GlobusAuthorizer",
        "NullAuthorizer",
        "RefreshTokenAuthorizer",
        "RenewingAuthorizer",
    ),
    "client": ("BaseClient",),
    "errors": (
        "Attempt",
        "ClientClosedError",
        "ErrorSubdocument",
        "GlobusAPIError",
        "GlobusConnectionError",
        "GlobusConnectionTimeoutError",
        "GlobusError",
        "GlobusSDKUsageError",
        "GlobusTimeoutError",
        "LoginRequired",
        "NetworkError",
        "PaginationStalled",
        "ResponseDecodeError",
        "SubmissionUncertain",
        "TokenRefreshError",
        "WrongEventLoopError",
    ),
    "paging": (
        "Page",
        "Pages",
    ),
    "response": (
        "GlobusHTTPResponse",
        "IterableResponse",
    ),
    "scopes": (
        "Scope",
        "ScopeCycleError",
        "ScopeParseError",
        "ScopeParser",
    ),
    "transport": (
        "RetryPolicy",
        "Transport",
    ),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = (
    "AccessTokenAuthorizer",
    "Attempt",
    "BaseClient",
    "BasicAuthorizer",
    "ClientClosedError",
    "ClientCredentialsAuthorizer",
    "ErrorSubdocument",
    "GlobusAPIError",
    "GlobusAuthorizer",
    "GlobusConnectionError",
    "GlobusConnectionTimeoutError",
    "GlobusError",
    "GlobusHTTPResponse",
    "GlobusSDKUsageError",
    "GlobusTimeoutError",
    "IterableResponse",
    "LoginRequired",
    "MISSING",
    "MissingType",
    "NetworkError",
    "NullAuthorizer",
    "Page",
    "Pages",
    "PaginationStalled",
    "RefreshTokenAuthorizer",
    "RenewingAuthorizer",
    "ResponseDecodeError",
    "RetryPolicy",
    "Scope",
    "ScopeCycleError",
    "ScopeParseError",
    "ScopeParser",
    "Secret",
    "SubmissionUncertain",
    "TokenRefreshError",
    "Transport",
    "WrongEventLoopError",
    "__version__",
)


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
