"""
An asyncio-first client SDK for Globus.

Every public name is here, and resolved when it is first used: importing the package loads no HTTP library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from . import authorizers as authorizers
    from . import config as config
    from . import errors as errors
    from . import gare as gare
    from . import paging as paging
    from . import response as response
    from . import scopes as scopes
    from . import services as services
    from . import transport as transport
    from ._http.missing import MISSING as MISSING
    from ._http.missing import MissingType as MissingType
    from ._version import __version__ as __version__
    from .authorizers import AccessTokenAuthorizer as AccessTokenAuthorizer
    from .authorizers import BasicAuthorizer as BasicAuthorizer
    from .authorizers import ClientCredentialsAuthorizer as ClientCredentialsAuthorizer
    from .authorizers import GlobusAuthorizer as GlobusAuthorizer
    from .authorizers import NullAuthorizer as NullAuthorizer
    from .authorizers import RefreshTokenAuthorizer as RefreshTokenAuthorizer
    from .authorizers import RenewingAuthorizer as RenewingAuthorizer
    from .bulk import Bulk as Bulk
    from .bulk import BulkError as BulkError
    from .bulk import Outcome as Outcome
    from .bulk import Progress as Progress
    from .client import BaseClient as BaseClient
    from .errors import Attempt as Attempt
    from .errors import AuthenticationFailed as AuthenticationFailed
    from .errors import AuthorizationRequired as AuthorizationRequired
    from .errors import ClientClosedError as ClientClosedError
    from .errors import Conflict as Conflict
    from .errors import ConsentRequired as ConsentRequired
    from .errors import ErrorSubdocument as ErrorSubdocument
    from .errors import GlobusAPIError as GlobusAPIError
    from .errors import GlobusConnectionError as GlobusConnectionError
    from .errors import GlobusConnectionTimeoutError as GlobusConnectionTimeoutError
    from .errors import GlobusError as GlobusError
    from .errors import GlobusSDKUsageError as GlobusSDKUsageError
    from .errors import GlobusTimeoutError as GlobusTimeoutError
    from .errors import IdTokenError as IdTokenError
    from .errors import LoginRequired as LoginRequired
    from .errors import NetworkError as NetworkError
    from .errors import NotFound as NotFound
    from .errors import PaginationStalled as PaginationStalled
    from .errors import PermissionDenied as PermissionDenied
    from .errors import RateLimited as RateLimited
    from .errors import ResponseDecodeError as ResponseDecodeError
    from .errors import ServiceUnavailable as ServiceUnavailable
    from .errors import SubmissionUncertain as SubmissionUncertain
    from .errors import TokenRefreshError as TokenRefreshError
    from .errors import WrongEventLoopError as WrongEventLoopError
    from .gare import GARE as GARE
    from .gare import GlobusAuthorizationParameters as GlobusAuthorizationParameters
    from .paging import Page as Page
    from .paging import Pages as Pages
    from .response import GlobusHTTPResponse as GlobusHTTPResponse
    from .response import IterableResponse as IterableResponse
    from .scopes import Scope as Scope
    from .scopes import ScopeCycleError as ScopeCycleError
    from .scopes import ScopeParseError as ScopeParseError
    from .scopes import ScopeParser as ScopeParser
    from .secret import Secret as Secret
    from .services.auth import AuthAPIError as AuthAPIError
    from .services.auth import AuthClient as AuthClient
    from .services.auth import AuthLoginClient as AuthLoginClient
    from .services.auth import ConfidentialAppAuthClient as ConfidentialAppAuthClient
    from .services.auth import DependentScopeSpec as DependentScopeSpec
    from .services.auth import GetConsentsResponse as GetConsentsResponse
    from .services.auth import GlobusAuthorizationCodeFlowManager as GlobusAuthorizationCodeFlowManager
    from .services.auth import GlobusNativeAppFlowManager as GlobusNativeAppFlowManager
    from .services.auth import GlobusOAuthFlowManager as GlobusOAuthFlowManager
    from .services.auth import IdentityMap as IdentityMap
    from .services.auth import IDTokenDecoder as IDTokenDecoder
    from .services.auth import IntrospectionResponse as IntrospectionResponse
    from .services.auth import LoginRefused as LoginRefused
    from .services.auth import NativeAppAuthClient as NativeAppAuthClient
    from .services.auth import OAuthAuthorizationCodeResponse as OAuthAuthorizationCodeResponse
    from .services.auth import OAuthClientCredentialsResponse as OAuthClientCredentialsResponse
    from .services.auth import OAuthDependentTokenResponse as OAuthDependentTokenResponse
    from .services.auth import OAuthRefreshTokenResponse as OAuthRefreshTokenResponse
    from .services.auth import OAuthTokenResponse as OAuthTokenResponse
    from .services.transfer import ActivationRequirementsResponse as ActivationRequirementsResponse
    from .services.transfer import BatchSubmission as BatchSubmission
    from .services.transfer import CreateTunnelData as CreateTunnelData
    from .services.transfer import DeleteData as DeleteData
    from .services.transfer import DirectoryWalk as DirectoryWalk
    from .services.transfer import EndpointDisconnected as EndpointDisconnected
    from .services.transfer import EndpointError as EndpointError
    from .services.transfer import EndpointNotFound as EndpointNotFound
    from .services.transfer import OperationPaused as OperationPaused
    from .services.transfer import PathExists as PathExists
    from .services.transfer import SubmittedTask as SubmittedTask
    from .services.transfer import SyncLevel as SyncLevel
    from .services.transfer import TaskEndReason as TaskEndReason
    from .services.transfer import TaskInactive as TaskInactive
    from .services.transfer import TaskOutcome as TaskOutcome
    from .services.transfer import TaskWatch as TaskWatch
    from .services.transfer import TooManyPendingJobs as TooManyPendingJobs
    from .services.transfer import TransferAPIError as TransferAPIError
    from .services.transfer import TransferClient as TransferClient
    from .services.transfer import TransferData as TransferData
    from .services.transfer import TransferFilter as TransferFilter
    from .transport import RateLimit as RateLimit
    from .transport import RetryPolicy as RetryPolicy
    from .transport import Transport as Transport

_HOMES: Final = {
    "_http.missing": ("MISSING", "MissingType"),
    "secret": ("Secret",),
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
    "bulk": ("Bulk", "BulkError", "Outcome", "Progress"),
    "client": ("BaseClient",),
    "errors": (
        "Attempt",
        "AuthenticationFailed",
        "AuthorizationRequired",
        "ClientClosedError",
        "Conflict",
        "ConsentRequired",
        "ErrorSubdocument",
        "GlobusAPIError",
        "GlobusConnectionError",
        "GlobusConnectionTimeoutError",
        "GlobusError",
        "GlobusSDKUsageError",
        "GlobusTimeoutError",
        "IdTokenError",
        "LoginRequired",
        "NetworkError",
        "NotFound",
        "PaginationStalled",
        "PermissionDenied",
        "RateLimited",
        "ResponseDecodeError",
        "ServiceUnavailable",
        "SubmissionUncertain",
        "TokenRefreshError",
        "WrongEventLoopError",
    ),
    "gare": ("GARE", "GlobusAuthorizationParameters"),
    "paging": ("Page", "Pages"),
    "response": ("GlobusHTTPResponse", "IterableResponse"),
    "scopes": ("Scope", "ScopeCycleError", "ScopeParseError", "ScopeParser"),
    "services.auth": (
        "AuthAPIError",
        "AuthClient",
        "AuthLoginClient",
        "ConfidentialAppAuthClient",
        "DependentScopeSpec",
        "GetConsentsResponse",
        "GlobusAuthorizationCodeFlowManager",
        "GlobusNativeAppFlowManager",
        "GlobusOAuthFlowManager",
        "IDTokenDecoder",
        "IdentityMap",
        "IntrospectionResponse",
        "LoginRefused",
        "NativeAppAuthClient",
        "OAuthAuthorizationCodeResponse",
        "OAuthClientCredentialsResponse",
        "OAuthDependentTokenResponse",
        "OAuthRefreshTokenResponse",
        "OAuthTokenResponse",
    ),
    "services.transfer": (
        "ActivationRequirementsResponse",
        "CreateTunnelData",
        "DeleteData",
        "EndpointDisconnected",
        "EndpointError",
        "EndpointNotFound",
        "OperationPaused",
        "PathExists",
        "SubmittedTask",
        "BatchSubmission",
        "SyncLevel",
        "TaskEndReason",
        "TaskInactive",
        "TaskOutcome",
        "TaskWatch",
        "TooManyPendingJobs",
        "TransferAPIError",
        "TransferClient",
        "TransferData",
        "TransferFilter",
        "DirectoryWalk",
    ),
    "transport": ("RateLimit", "RetryPolicy", "Transport"),
}
_MODULES: Final = ("authorizers", "config", "errors", "gare", "paging", "response", "scopes", "services", "transport")
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = (
    "GARE",
    "MISSING",
    "AccessTokenAuthorizer",
    "ActivationRequirementsResponse",
    "Attempt",
    "AuthAPIError",
    "AuthClient",
    "AuthLoginClient",
    "AuthenticationFailed",
    "AuthorizationRequired",
    "BaseClient",
    "BasicAuthorizer",
    "BatchSubmission",
    "Bulk",
    "BulkError",
    "ClientClosedError",
    "ClientCredentialsAuthorizer",
    "ConfidentialAppAuthClient",
    "Conflict",
    "ConsentRequired",
    "CreateTunnelData",
    "DeleteData",
    "DependentScopeSpec",
    "DirectoryWalk",
    "EndpointDisconnected",
    "EndpointError",
    "EndpointNotFound",
    "ErrorSubdocument",
    "GetConsentsResponse",
    "GlobusAPIError",
    "GlobusAuthorizationCodeFlowManager",
    "GlobusAuthorizationParameters",
    "GlobusAuthorizer",
    "GlobusConnectionError",
    "GlobusConnectionTimeoutError",
    "GlobusError",
    "GlobusHTTPResponse",
    "GlobusNativeAppFlowManager",
    "GlobusOAuthFlowManager",
    "GlobusSDKUsageError",
    "GlobusTimeoutError",
    "IDTokenDecoder",
    "IdTokenError",
    "IdentityMap",
    "IntrospectionResponse",
    "IterableResponse",
    "LoginRefused",
    "LoginRequired",
    "MissingType",
    "NativeAppAuthClient",
    "NetworkError",
    "NotFound",
    "NullAuthorizer",
    "OAuthAuthorizationCodeResponse",
    "OAuthClientCredentialsResponse",
    "OAuthDependentTokenResponse",
    "OAuthRefreshTokenResponse",
    "OAuthTokenResponse",
    "OperationPaused",
    "Outcome",
    "Page",
    "Pages",
    "PaginationStalled",
    "PathExists",
    "PermissionDenied",
    "Progress",
    "RateLimit",
    "RateLimited",
    "RefreshTokenAuthorizer",
    "RenewingAuthorizer",
    "ResponseDecodeError",
    "RetryPolicy",
    "Scope",
    "ScopeCycleError",
    "ScopeParseError",
    "ScopeParser",
    "Secret",
    "ServiceUnavailable",
    "SubmissionUncertain",
    "SubmittedTask",
    "SyncLevel",
    "TaskEndReason",
    "TaskInactive",
    "TaskOutcome",
    "TaskWatch",
    "TokenRefreshError",
    "TooManyPendingJobs",
    "TransferAPIError",
    "TransferClient",
    "TransferData",
    "TransferFilter",
    "Transport",
    "WrongEventLoopError",
    "__version__",
)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
