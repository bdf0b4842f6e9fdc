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
from .legacy.activation import ActivationRequirementsResponse
from .waiting.methods import TaskWatch
from .waiting.outcomes import END_STATES, TaskEndReason, TaskOutcome
from .walk import Walk

__all__ = (
    "END_STATES",
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
    "Walk",
    "documents",
)
