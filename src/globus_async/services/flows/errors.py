"""
The errors of Globus Flows.

::

    FlowsAPIError
        AuthorizationRequired         log in again, with `authorization_parameters`
            ConsentRequired           ... and consent to `required_scopes`
        AuthenticationFailed          the token is missing, expired or revoked
        PermissionDenied              a role or a scope is missing
        NotFound                      no such flow, run, ..., or it is not visible to you
        Conflict                      the run or web input is in another state
        FlowInputError                the input of a run does not fit the flow's input schema
        RateLimited                   too many requests
        ServiceUnavailable            maintenance
    NetworkError
        RunUncertain                  a run may or may not have been started: find it before you start another
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ... import errors
from ...errors import ErrorKinds, GlobusAPIError, NetworkError

if TYPE_CHECKING:
    from datetime import datetime

__all__ = (
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
    "error_kinds",
)


class FlowsAPIError(GlobusAPIError):
    """Globus Flows returned an error."""


class AuthenticationFailed(errors.AuthenticationFailed, FlowsAPIError): ...


class AuthorizationRequired(errors.AuthorizationRequired, FlowsAPIError): ...


class ConsentRequired(errors.ConsentRequired, AuthorizationRequired): ...


class PermissionDenied(errors.PermissionDenied, FlowsAPIError): ...


class NotFound(errors.NotFound, FlowsAPIError): ...


class Conflict(errors.Conflict, FlowsAPIError): ...


class RateLimited(errors.RateLimited, FlowsAPIError): ...


class ServiceUnavailable(errors.ServiceUnavailable, FlowsAPIError): ...


class FlowInputError(FlowsAPIError):
    """The input does not fit the flow's input schema; the messages name each place."""


class RunUncertain(NetworkError):
    """
    A run may or may not have been started, and is not started again. `FlowsClient.find_runs` finds it.

    Attributes:
        flow_id: The flow.
        label: The label that the run would have; ``None`` if the call had none.
        tags: The tags that the run would have.
        called_at: The time of the call, by the clock of this machine, with time zone.
    """

    flow_id: str
    label: str | None
    tags: Sequence[str]
    called_at: datetime


error_kinds: ErrorKinds[FlowsAPIError] = ErrorKinds(
    FlowsAPIError,
    codes=(
        (r"^ConsentRequired$", ConsentRequired),
        (
            r"^(?:AUTHENTICATION_POLICY_REQUIRED|AuthenticationPolicyRequired|AuthorizationRequired)$",
            AuthorizationRequired,
        ),
        (r"^AUTHENTICATION_ERROR$", AuthenticationFailed),
        (r"^FLOW_INPUT_ERROR$", FlowInputError),
    ),
)
"""Makes the errors of Globus Flows."""
