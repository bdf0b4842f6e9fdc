"""
Globus Flows: `FlowsClient` for flows, runs, their logs and web inputs; `SpecificFlowClient` starts runs of one flow.

Errors are in `errors`, documents in `documents`.
"""

from typing import TYPE_CHECKING

from ..._lazy_names import lazy_names

if TYPE_CHECKING:
    from ..._polling.repeated_poll import PollingInterval
    from . import documents
    from .client import FlowsClient
    from .data import Ids, NotificationStatus, RunActivityNotificationPolicy, Texts
    from .errors import (
        AuthenticationFailed,
        AuthorizationRequired,
        Conflict,
        ConsentRequired,
        FlowInputError,
        FlowsAPIError,
        NotFound,
        PermissionDenied,
        RateLimited,
        RunUncertain,
        ServiceUnavailable,
    )
    from .specific_flow import SpecificFlowClient
    from .waiting.outcomes import DONE_STATUSES, RunEndReason, RunOutcome
    from .waiting.run_log import FetchLog, RunLog, RunLogPosition
    from .waiting.run_watch import RunWatch

__all__ = (
    "DONE_STATUSES",
    "AuthenticationFailed",
    "AuthorizationRequired",
    "Conflict",
    "ConsentRequired",
    "FetchLog",
    "FlowInputError",
    "FlowsAPIError",
    "FlowsClient",
    "Ids",
    "NotFound",
    "NotificationStatus",
    "PermissionDenied",
    "PollingInterval",
    "RateLimited",
    "RunActivityNotificationPolicy",
    "RunEndReason",
    "RunLog",
    "RunLogPosition",
    "RunOutcome",
    "RunUncertain",
    "RunWatch",
    "ServiceUnavailable",
    "SpecificFlowClient",
    "Texts",
    "documents",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            ".._polling.repeated_poll": ("PollingInterval",),
            "client": ("FlowsClient",),
            "data": ("Ids", "NotificationStatus", "RunActivityNotificationPolicy", "Texts"),
            "errors": (
                "AuthenticationFailed",
                "AuthorizationRequired",
                "Conflict",
                "ConsentRequired",
                "FlowInputError",
                "FlowsAPIError",
                "NotFound",
                "PermissionDenied",
                "RateLimited",
                "RunUncertain",
                "ServiceUnavailable",
            ),
            "specific_flow": ("SpecificFlowClient",),
            "waiting.outcomes": ("DONE_STATUSES", "RunEndReason", "RunOutcome"),
            "waiting.run_log": ("FetchLog", "RunLog", "RunLogPosition"),
            "waiting.run_watch": ("RunWatch",),
        },
    )
