"""The Transfer service: `TransferClient`, what it sends, what it answers with, and its errors."""

from __future__ import annotations

from . import documents
from .batch.submission import BatchSubmission, SubmittedTask, TransferItem
from .client import TransferClient
from .data import CreateTunnelData, DeleteData, SyncLevel, TransferData
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
from .waiting.task_wait import TaskWatch
from .waiting.outcomes import DONE_STATUSES, TaskEndReason, TaskOutcome
from .directory_walk import DirectoryWalk

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
    "EndpointDisconnected",
    "EndpointError",
    "EndpointNotFound",
    "NotFound",
    "OperationPaused",
    "PathExists",
    "PermissionDenied",
    "RateLimited",
    "ServiceUnavailable",
    "SubmittedTask",
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
    "TransferItem",
    "DirectoryWalk",
    "documents",
)
