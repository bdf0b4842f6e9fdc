"""
The errors of Globus Transfer.

::

    TransferAPIError
        AuthorizationRequired         log in again, with `authorization_parameters`
            ConsentRequired           ... and consent to `required_scopes`
        AuthenticationFailed          the token is missing, expired or revoked
        PermissionDenied              a role or an access rule is missing
        NotFound                      no such task, rule, path, ...
            EndpointNotFound          no such collection, or it was deleted
        Conflict                      the request conflicts with the resource's current state
            TooManyPendingJobs        wait for tasks to end
            PathExists                the file or directory exists already
        EndpointDisconnected          the collection's computer is offline
        EndpointError                 the collection's own server failed or refused
        OperationPaused               a manager has paused the collection
        RateLimited                   too many requests
        ServiceUnavailable            maintenance
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import errors
from ...errors import ErrorKinds, GlobusAPIError, GlobusError

if TYPE_CHECKING:
    from .documents import TaskDocument

__all__ = (
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
    "error_kinds",
    "may_have_been_executed",
)


class TransferAPIError(GlobusAPIError):
    """Globus Transfer returned an error."""


class AuthenticationFailed(errors.AuthenticationFailed, TransferAPIError): ...


class AuthorizationRequired(errors.AuthorizationRequired, TransferAPIError): ...


class ConsentRequired(errors.ConsentRequired, AuthorizationRequired): ...


class PermissionDenied(errors.PermissionDenied, TransferAPIError): ...


class NotFound(errors.NotFound, TransferAPIError): ...


class Conflict(errors.Conflict, TransferAPIError): ...


class RateLimited(errors.RateLimited, TransferAPIError): ...


class ServiceUnavailable(errors.ServiceUnavailable, TransferAPIError): ...


class EndpointNotFound(NotFound):
    """The endpoint or collection does not exist, or was deleted."""


class TooManyPendingJobs(Conflict):
    """The user has reached the limit of unfinished tasks; wait for some to end."""


class PathExists(Conflict):
    """A file or directory of that name exists already."""


class EndpointDisconnected(TransferAPIError):
    """The collection's computer is not connected to Globus."""


class EndpointError(TransferAPIError):
    """The collection's own server failed or refused; an immediate retry does not help."""


class OperationPaused(TransferAPIError):
    """A manager of the collection has paused such operations."""


class TaskInactive(GlobusError):
    """
    A task that is waited for is suspended: its owner's credentials, consent or session have expired.

    It continues when its owner renews them, and fails at its deadline otherwise; wait again for either.

    Attributes:
        task: The task document.
    """

    task: TaskDocument

    def __init__(self, task: TaskDocument) -> None:
        reason = task.get("nice_status_short_description") or task.get("nice_status") or "no reason given"
        super().__init__(f"task {task.get('task_id')} is INACTIVE ({reason}): its owner must renew its access")
        self.task = task


error_kinds: ErrorKinds[TransferAPIError] = ErrorKinds(
    TransferAPIError,
    codes=(  # the last part of a dotted code, then its family
        (r"ConsentRequired$", ConsentRequired),
        (r"(?:AuthPolicyFailed|AuthorizationRequired)$", AuthorizationRequired),
        (r"AuthenticationFailed", AuthenticationFailed),
        (r"^Endpoint(?:NotFound|Deleted)$", EndpointNotFound),
        (r"TooManyPendingJobs$", TooManyPendingJobs),
        (r"\.Exists$", PathExists),
        (r"GCDisconnected", EndpointDisconnected),
        (r"PermissionDenied$", PermissionDenied),
        (r"OperationPaused$", OperationPaused),
        (r"^ServiceUnavailable", ServiceUnavailable),
        (r"NotFound(?:\.|$)", NotFound),
        (r"Conflict(?:\.|$)|^NotSupported$|^NoCredException$", Conflict),
        (r"ExternalError|EndpointError", EndpointError),
    ),
    final_codes=r"ExternalError|EndpointError",
)
"""Makes the errors of Globus Transfer."""


def may_have_been_executed(error: GlobusAPIError) -> bool:
    """Return whether a request that ended in this error may have been executed, at this or an earlier attempt."""
    refused = 400 <= error.http_status < 500 and error.http_status not in {408, 429}
    maybe = any(attempt.maybe_executed for attempt in error.attempts)
    return maybe and not refused and not error_kinds.is_final_code(error.code)
