"""
All errors of this library; exceptions of the HTTP libraries never reach the caller.

::

    GlobusError                              every error raised on purpose
        GlobusSDKUsageError (ValueError)     wrong use: nothing was sent
            WrongEventLoopError              a client was used from a second event loop or thread
            ClientClosedError                a client was used after it was closed
        NetworkError                         no usable response; `maybe_executed`: it may have taken effect
            GlobusConnectionError            no connection, or it broke
            GlobusTimeoutError               no response in time
                GlobusConnectionTimeoutError no connection in time: nothing was sent
            ResponseDecodeError              the response is truncated or of an unexpected form
            SubmissionUncertain              a task may or may not have been created: submit the same document again
        GlobusAPIError                       the service returned an error; of any service:
            AuthenticationFailed             no token, or one that is expired or revoked
            AuthorizationRequired            log in again, with `authorization_parameters`
                ConsentRequired              ... and consent to `required_scopes`
            PermissionDenied                 a role, an access rule or a scope is missing
            NotFound                         the resource does not exist
            Conflict                         the request conflicts with the resource's current state
            RateLimited                      too many requests
            ServiceUnavailable               maintenance
            TransferAPIError, AuthAPIError   ... by service: `services.transfer.NotFound` is both
        TokenRefreshError                    the access token could not be refreshed
            LoginRequired                    ... and the user must log in again
            ApplicationRefused               ... since the application's id or secret is wrong, or its registration
        TransientStorageError                a store of tokens or sessions cannot be used at the moment
        IdTokenError                         an id_token breaks a rule and must not be trusted
        PaginationStalled                    a listing or walk would never end

Every error pickles and copies, and contains no credentials.
"""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names
from .api import (
    AuthenticationFailed,
    AuthorizationRequired,
    Conflict,
    ConsentRequired,
    ErrorResponse,
    GlobusAPIError,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServiceUnavailable,
)
from .base import ClientClosedError, GlobusError, GlobusSDKUsageError, PaginationStalled, WrongEventLoopError
from .kinds import ErrorKinds
from .login import ApplicationRefused, IdTokenError, LoginRequired, TokenRefreshError
from .network import (
    Attempt,
    GlobusConnectionError,
    GlobusConnectionTimeoutError,
    GlobusTimeoutError,
    NetworkError,
    ResponseDecodeError,
    Stage,
    SubmissionUncertain,
)
from .storage import TransientStorageError
from .transient import is_transient

if TYPE_CHECKING:
    from .document import ErrorSubdocument

__all__ = (
    "ApplicationRefused",
    "Attempt",
    "AuthenticationFailed",
    "AuthorizationRequired",
    "ClientClosedError",
    "Conflict",
    "ConsentRequired",
    "ErrorKinds",
    "ErrorResponse",
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
    "Stage",
    "SubmissionUncertain",
    "TokenRefreshError",
    "TransientStorageError",
    "WrongEventLoopError",
    "is_transient",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, {"document": ("ErrorSubdocument",)})
