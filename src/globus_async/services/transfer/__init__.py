"""The Transfer service: `TransferClient`, what it sends, what it answers with, and its errors."""

from __future__ import annotations

from . import documents
from .activation import ActivationRequirementsResponse
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
from .moving import SubmittedTask, Submitting, TransferItem
from .outcomes import END_STATES, TaskEnd, TaskOutcome
from .waiting import TaskWatch
from .walk import Walk

__all__ = (
    "END_STATES",
    "ActivationRequirementsResponse",
    "AuthenticationFailed",
    "AuthorizationRequired",
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
    "Submitting",
    "SyncLevel",
    "TaskEnd",
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
