"""
The errors of Globus Compute.

::

    ComputeAPIError
        AuthorizationRequired         log in again, with `authorization_parameters`
            ConsentRequired           ... and consent to `required_scopes`
        AuthenticationFailed          the token is missing, expired or revoked
        PermissionDenied              not your endpoint or function, or one that you may not use
        NotFound                      no such endpoint, function, task or task group
        Conflict                      the request conflicts with the endpoint's current state
        EndpointLocked                the endpoint cannot be registered until its lock expires
        TaskPayloadTooLarge           the arguments of the tasks, or the code of the function, have more than 10 MB
        RateLimited                   too many requests
        ServiceUnavailable            maintenance
    TasksUncertain                    no response to a submission: find its tasks before you submit it again
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import errors
from ..._http.json_reader import is_list, is_object
from ...errors import ErrorKinds, GlobusAPIError, NetworkError

__all__ = (
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
    "error_kinds",
)


class ComputeAPIError(GlobusAPIError):
    """Globus Compute returned an error. Problems of a document are listed, each with its place."""

    @property
    def error_args(self) -> list[Any]:
        """The values that the message is about, such as the id of an endpoint; empty if the service names none."""
        document: object = self.raw_json
        found: object = document.get("error_args") if is_object(document) else None
        return found if is_list(found) else []


class AuthenticationFailed(errors.AuthenticationFailed, ComputeAPIError): ...


class AuthorizationRequired(errors.AuthorizationRequired, ComputeAPIError): ...


class ConsentRequired(errors.ConsentRequired, AuthorizationRequired): ...


class PermissionDenied(errors.PermissionDenied, ComputeAPIError): ...


class NotFound(errors.NotFound, ComputeAPIError): ...


class Conflict(errors.Conflict, ComputeAPIError): ...


class RateLimited(errors.RateLimited, ComputeAPIError): ...


class ServiceUnavailable(errors.ServiceUnavailable, ComputeAPIError): ...


class EndpointLocked(ComputeAPIError):
    """The endpoint is locked (423): it cannot be registered or updated until the lock expires."""


class TaskPayloadTooLarge(ComputeAPIError):
    """The arguments of the tasks, or the code of the function, are larger than the service accepts (413): 10 MB."""


class TasksUncertain(NetworkError):
    """
    Tasks may or may not have been submitted, and are not submitted again. `find_submitted_tasks` finds them.

    Attributes:
        document: The submission.
        task_group_id: The task group that the tasks would be in; ``None`` if the submission named none, so that
            the service has chosen one.
    """

    document: Mapping[str, Any]
    task_group_id: str | None = None


error_kinds: ErrorKinds[ComputeAPIError] = ErrorKinds(
    ComputeAPIError,
    codes=((r"^TASK_PAYLOAD_TOO_LARGE$", TaskPayloadTooLarge),),
    statuses={413: TaskPayloadTooLarge, 423: EndpointLocked},
)
"""Makes the errors of Globus Compute."""
