"""
Transfer's errors: a class of their own for those that a caller answers in a way of their own.

::

    TransferAPIError
        AuthorizationRequired         log in again, with `authorization_parameters`
            ConsentRequired           ... and consent to `required_scopes`
        AuthenticationFailed          the token is missing, expired or revoked
        PermissionDenied              ask for a role or an access rule
        NotFound                      no such task, rule, path, ...
            EndpointNotFound          no such collection, or it was deleted
        Conflict                      the state of things forbids it
            TooManyPendingJobs        wait for tasks to end
            PathExists                there is something already
        EndpointDisconnected          the collection's computer is offline
        EndpointError                 the collection's own server failed or refused
        OperationPaused               a manager has paused the collection
        RateLimited                   slower
        ServiceUnavailable            maintenance
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ... import errors
from ..._http.json_reader import is_object
from ...errors import GlobusAPIError, GlobusError
from ...gare import to_gare

if TYPE_CHECKING:
    from ..._http.response import RawResponse
    from ...errors import Attempt
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
    "error_class_for",
    "error_for",
    "is_final",
    "may_have_been_executed",
)


class TransferAPIError(GlobusAPIError):
    """Transfer answered with an error."""


class AuthorizationRequired(TransferAPIError, errors.AuthorizationRequired):
    """The user must log in again, with the error's ``authorization_parameters``."""


class ConsentRequired(AuthorizationRequired, errors.ConsentRequired):
    """The user must consent to the error's ``required_scopes``, usually to the data access scope of a collection."""


class AuthenticationFailed(TransferAPIError, errors.AuthenticationFailed):
    """No credentials, or a token that is expired, revoked or not for Transfer."""


class PermissionDenied(TransferAPIError, errors.PermissionDenied):
    """The caller lacks a role, or the storage refuses the path."""


class NotFound(TransferAPIError, errors.NotFound):
    """There is no such task, rule, role, bookmark or path."""


class EndpointNotFound(NotFound):
    """There is no such endpoint or collection, or not any more."""


class Conflict(TransferAPIError, errors.Conflict):
    """The state of things forbids it: a task that is over, the same paths under way already, a missing feature."""


class TooManyPendingJobs(Conflict):
    """The user has as many unfinished tasks as are allowed; wait for some to end."""


class PathExists(Conflict):
    """There is a file or folder of that name already."""


class EndpointDisconnected(TransferAPIError):
    """The collection's computer is not connected to Globus."""


class EndpointError(TransferAPIError):
    """The collection's own server failed or refused; Transfer itself is well, so asking again at once does not help."""


class OperationPaused(TransferAPIError):
    """A manager of the collection has paused such operations."""


class RateLimited(TransferAPIError, errors.RateLimited):
    """Too many requests, even after waiting as the service asked."""


class ServiceUnavailable(TransferAPIError, errors.ServiceUnavailable):
    """The service is down for maintenance."""


class TaskInactive(GlobusError):
    """
    A task that was waited for is suspended until its owner acts: credentials, a consent or a session have run out.

    It goes on by itself when that is done, and fails at its deadline if not; wait again for either.

    Attributes:
        task: The task document.
    """

    task: TaskDocument

    def __init__(self, task: TaskDocument) -> None:
        reason = task.get("nice_status_short_description") or task.get("nice_status") or "no reason given"
        super().__init__(
            f"task {task.get('task_id')} is INACTIVE ({reason}): it waits for its owner to renew its access"
        )
        self.task = task


# The most telling sign first: the last part of a dotted code, then its family, then the status.
_BY_CODE: Final[tuple[tuple[re.Pattern[str], type[TransferAPIError]], ...]] = tuple(
    (re.compile(pattern), cls)
    for pattern, cls in (
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
    )
)
_BY_STATUS: Final[Mapping[int, type[TransferAPIError]]] = {
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
    503: ServiceUnavailable,
}
_FINAL: Final = re.compile(r"ExternalError|EndpointError")


def error_class_for(status: int, code: str) -> type[TransferAPIError]:
    """Choose the class of an error by its code, and by its status where the code says nothing."""
    by_code = (cls for pattern, cls in _BY_CODE if pattern.search(code) is not None)
    return next(by_code, None) or _BY_STATUS.get(status, TransferAPIError)


def error_for(answer: RawResponse, attempts: tuple[Attempt, ...] = ()) -> TransferAPIError:
    """Make the error of an answer that is no success."""
    seen = TransferAPIError(answer, attempts)
    cls = error_class_for(seen.http_status, seen.code)
    if not issubclass(cls, AuthorizationRequired) and (gare := to_gare(seen)) is not None:
        cls = ConsentRequired if gare.authorization_parameters.required_scopes else AuthorizationRequired
    return cls(answer, attempts)


def is_final(answer: RawResponse) -> bool:
    """Whether the service reports the failure of a collection's server: it will not pass by asking again at once."""
    document = answer.error_document()
    code = document.get("code") if is_object(document) else None
    return isinstance(code, str) and _FINAL.search(code) is not None


def may_have_been_executed(error: GlobusAPIError) -> bool:
    """Whether a call that ended in this error may have been carried out all the same, at this or an earlier attempt."""
    refused = 400 <= error.http_status < 500 and error.http_status not in {408, 429}
    return not refused and not _FINAL.search(error.code) and any(attempt.maybe_executed for attempt in error.attempts)
