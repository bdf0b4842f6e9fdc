"""
An asyncio-first client SDK for Globus.

Every public name is here, and is loaded when it is first used: importing the package loads no HTTP library.
"""

# Type checkers read __init__.pyi, which is made from the names below: python -m tests.root_stub

import sys
from importlib import import_module
from typing import Any, Final

from ._version import __version__

_MODULES: Final = (
    "authorizers",
    "clock",
    "config",
    "errors",
    "gare",
    "globus_app",
    "login_flows",
    "paging",
    "response",
    "scopes",
    "services",
    "token_storage",
    "transport",
)
_HOMES: Final = {
    "authorizers": (
        "AccessTokenAuthorizer",
        "BasicAuthorizer",
        "ClientCredentialsAuthorizer",
        "GlobusAuthorizer",
        "NullAuthorizer",
        "RefreshTokenAuthorizer",
        "RenewingAuthorizer",
    ),
    "bulk_calls": ("Bulk", "BulkError", "Outcome", "Progress", "bulk"),
    "client": ("BaseClient",),
    "clock": ("Clock", "SystemClock"),
    "errors": (
        "ApplicationRefused",
        "Attempt",
        "AuthenticationFailed",
        "AuthorizationRequired",
        "ClientClosedError",
        "Conflict",
        "ConsentRequired",
        "ErrorKinds",
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
    "globus_app": ("ClientApp", "GlobusApp", "GlobusAppConfig", "UserApp"),
    "gare": ("GARE", "GlobusAuthorizationParameters"),
    "_http.missing": ("MISSING", "MissingType"),
    "_http.path": ("fill_path",),
    "_http.stream_body": ("StreamBody",),
    "paging": ("Cursor", "ListingTruncated", "Page", "Pages", "PagingStyle"),
    "response": ("ArrayResponse", "GlobusHTTPResponse", "IterableResponse", "RawResponse"),
    "scopes": ("Scope", "ScopeCycleError", "ScopeParseError", "ScopeParser"),
    "secret": ("Secret",),
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
    "services.timers": (
        "FlowTimer",
        "OnceTimerSchedule",
        "RecurringTimerSchedule",
        "TimerEndReason",
        "TimerJob",
        "TimerOutcome",
        "TimersAPIError",
        "TimersClient",
        "TransferTimer",
    ),
    "services.compute": (
        "ComputeAPIError",
        "ComputeClientV2",
        "ComputeClientV3",
        "ComputeTaskEndReason",
        "ComputeTaskOutcome",
        "TasksUncertain",
    ),
    "services.search": (
        "BatchOutcome",
        "BatchProgress",
        "SearchAPIError",
        "SearchClient",
        "SearchQuery",
        "SearchQueryV1",
        "SearchScrollQuery",
        "SearchTaskEndReason",
        "SearchTaskOutcome",
        "SubmittedBatches",
    ),
    "services.files": (
        "BackendUnavailable",
        "DownloadInProgress",
        "DownloadedFile",
        "FileChanged",
        "FileProgress",
        "FileStream",
        "FileTruncated",
        "FilesAPIError",
        "GCSCollectionClient",
        "LocalFileError",
        "PathIsDirectory",
        "UnconfirmedNotFound",
        "UnsafeName",
        "UploadInterrupted",
        "UploadedFile",
    ),
    "services.flows": (
        "FlowInputError",
        "FlowsAPIError",
        "FlowsClient",
        "RunActivityNotificationPolicy",
        "RunEndReason",
        "RunLog",
        "RunOutcome",
        "RunUncertain",
        "RunWatch",
        "SpecificFlowClient",
    ),
    "services.gcs": (
        "ConnectorTable",
        "GCSAPIError",
        "GCSClient",
        "GlobusConnectServerConnector",
        "IterableGCSResponse",
        "LocalGlobusConnectServer",
        "UnpackingGCSResponse",
    ),
    "services.groups": (
        "BatchMembershipActions",
        "BatchResponse",
        "GroupMemberVisibility",
        "GroupPolicies",
        "GroupRequiredSignupFields",
        "GroupRole",
        "GroupVisibility",
        "GroupsAPIError",
        "GroupsClient",
        "GroupsManager",
        "MembershipActionError",
        "MembershipResult",
    ),
    "services.transfer_v2": (
        "BookmarkCreateDocument",
        "BookmarkUpdateDocument",
        "TransferClientV2",
        "TunnelCreateDocument",
        "TunnelUpdateDocument",
    ),
    "services.transfer": (
        "ActivationRequirementsResponse",
        "BatchSubmission",
        "CreateTunnelData",
        "DeleteData",
        "DirectoryWalk",
        "DocumentSubmission",
        "EndpointDisconnected",
        "EndpointError",
        "EndpointNotFound",
        "JournalError",
        "OperationPaused",
        "PathExists",
        "SubmittedTask",
        "SyncLevel",
        "TaskEndReason",
        "TaskInactive",
        "TaskOutcome",
        "TaskProgress",
        "TaskWatch",
        "TooManyPendingJobs",
        "TransferAPIError",
        "TransferClient",
        "TransferData",
        "TransferFilter",
    ),
    "transport": (
        "HTTPClient",
        "ObservedAttempt",
        "ObservedCall",
        "ObservedRefresh",
        "Observer",
        "RateLimit",
        "RateLimitStore",
        "RetryPolicy",
        "StreamedCall",
        "StreamedResponse",
        "Transport",
    ),
}
"""The module that each name is loaded from."""

_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ("__version__", *sorted(_HOME_OF))  # noqa: PLE0604 # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    home = _HOME_OF.get(name)
    if home is None:
        from .porting import raise_missing  # noqa: PLC0415 -- for errors only

        raise_missing(__name__, name, sys._getframe(1))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    value = globals()[name] = getattr(import_module(f".{home}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
