"""
Globus Compute: `ComputeClientV2` and `ComputeClientV3` for endpoints, functions and tasks.

Errors are in `errors`, documents in `documents`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy_names import lazy_names
from . import documents

if TYPE_CHECKING:
    from .client import ComputeClientV2, ComputeClientV3
    from .errors import (
        AuthenticationFailed,
        AuthorizationRequired,
        ComputeAPIError,
        Conflict,
        ConsentRequired,
        EndpointLocked,
        NotFound,
        PermissionDenied,
        RateLimited,
        ServiceUnavailable,
        TaskPayloadTooLarge,
        TasksUncertain,
    )
    from .outcomes import ComputeTaskEndReason, ComputeTaskOutcome
    from .responses import EndpointRegistrationResponse, ResultConnectionResponse, TextResponse, VersionResponse

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "ComputeAPIError",
    "ComputeClientV2",
    "ComputeClientV3",
    "ComputeTaskEndReason",
    "ComputeTaskOutcome",
    "Conflict",
    "ConsentRequired",
    "EndpointLocked",
    "EndpointRegistrationResponse",
    "NotFound",
    "PermissionDenied",
    "RateLimited",
    "ResultConnectionResponse",
    "ServiceUnavailable",
    "TaskPayloadTooLarge",
    "TasksUncertain",
    "TextResponse",
    "VersionResponse",
    "documents",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "client": ("ComputeClientV2", "ComputeClientV3"),
            "errors": (
                "AuthenticationFailed",
                "AuthorizationRequired",
                "ComputeAPIError",
                "Conflict",
                "ConsentRequired",
                "EndpointLocked",
                "NotFound",
                "PermissionDenied",
                "RateLimited",
                "ServiceUnavailable",
                "TaskPayloadTooLarge",
                "TasksUncertain",
            ),
            "outcomes": ("ComputeTaskEndReason", "ComputeTaskOutcome"),
            "responses": (
                "EndpointRegistrationResponse",
                "ResultConnectionResponse",
                "TextResponse",
                "VersionResponse",
            ),
        },
    )
