"""The Transfer service: `TransferClient`, its documents, and its errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy_names import lazy_names
from . import documents

if TYPE_CHECKING:
    from ..._journal.file import JournalError
    from ..._polling.repeated_poll import PollingInterval
    from .batch.documents import DocumentSubmission
    from .batch.submission import BatchSubmission, SubmittedTask
    from .client import TransferClient
    from .data import CreateTunnelData, DeleteData, SyncLevel, TransferData
    from .data.items import DeleteItem, TransferItem
    from .directory_walk import DirectoryWalk
    from .errors import (
        AuthenticationFailed,
        AuthorizationRequired,
        Conflict,
        ConsentRequired,
        EndpointDisconnected,
        EndpointError,
        EndpointNotFound,
        NotFound,
        OperationPaused,
        PathExists,
        PermissionDenied,
        RateLimited,
        ServiceUnavailable,
        TaskInactive,
        TooManyPendingJobs,
        TransferAPIError,
    )
    from .filters import TransferFilter
    from .legacy.endpoint_activation import ActivationRequirementsResponse
    from .waiting.outcomes import DONE_STATUSES, TaskEndReason, TaskOutcome
    from .waiting.task_progress import TaskProgress
    from .waiting.task_watch import TaskWatch

__all__ = (
    "DONE_STATUSES",
    "ActivationRequirementsResponse",
    "AuthenticationFailed",
    "AuthorizationRequired",
    "BatchSubmission",
    "Conflict",
    "ConsentRequired",
    "CreateTunnelData",
    "DeleteData",
    "DeleteItem",
    "DirectoryWalk",
    "DocumentSubmission",
    "EndpointDisconnected",
    "EndpointError",
    "EndpointNotFound",
    "JournalError",
    "NotFound",
    "OperationPaused",
    "PathExists",
    "PermissionDenied",
    "PollingInterval",
    "RateLimited",
    "ServiceUnavailable",
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
    "TransferItem",
    "documents",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            ".._journal.file": ("JournalError",),
            ".._polling.repeated_poll": ("PollingInterval",),
            "batch.documents": ("DocumentSubmission",),
            "batch.submission": ("BatchSubmission", "SubmittedTask"),
            "client": ("TransferClient",),
            "data": ("CreateTunnelData", "DeleteData", "SyncLevel", "TransferData"),
            "data.items": ("DeleteItem", "TransferItem"),
            "directory_walk": ("DirectoryWalk",),
            "errors": (
                "AuthenticationFailed",
                "AuthorizationRequired",
                "Conflict",
                "ConsentRequired",
                "EndpointDisconnected",
                "EndpointError",
                "EndpointNotFound",
                "NotFound",
                "OperationPaused",
                "PathExists",
                "PermissionDenied",
                "RateLimited",
                "ServiceUnavailable",
                "TaskInactive",
                "TooManyPendingJobs",
                "TransferAPIError",
            ),
            "filters": ("TransferFilter",),
            "legacy.endpoint_activation": ("ActivationRequirementsResponse",),
            "waiting.outcomes": ("DONE_STATUSES", "TaskEndReason", "TaskOutcome"),
            "waiting.task_progress": ("TaskProgress",),
            "waiting.task_watch": ("TaskWatch",),
        },
    )
