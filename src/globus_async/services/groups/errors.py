"""
The errors of Globus Groups.

::

    GroupsAPIError
        AuthenticationFailed          no token, or one that is expired or revoked
        AuthorizationRequired         log in again, with `authorization_parameters`: the group has high assurance
        PermissionDenied              a role is missing, or the token lacks the scope that the error names
        NotFound                      no such group, or a private one
        InvalidParameters             the service refused an argument; each message has its place
        Conflict                      the request conflicts with the group's current state
    MembershipActionError             the service did a batch, and some of its actions failed
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ... import errors
from ..._http.json_reader import is_list
from ...errors import ErrorKinds, GlobusAPIError, GlobusError
from ...scopes import GroupsScopes

if TYPE_CHECKING:
    from .batch_response import BatchResponse, MembershipResult

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "Conflict",
    "GroupsAPIError",
    "InvalidParameters",
    "MembershipActionError",
    "NotFound",
    "PermissionDenied",
    "error_kinds",
)

_SHOWN: Final = 5


class GroupsAPIError(GlobusAPIError):
    """Globus Groups returned an error."""


class AuthenticationFailed(errors.AuthenticationFailed, GroupsAPIError): ...


class AuthorizationRequired(errors.AuthorizationRequired, GroupsAPIError): ...


class NotFound(errors.NotFound, GroupsAPIError): ...


class Conflict(errors.Conflict, GroupsAPIError): ...


class PermissionDenied(errors.PermissionDenied, GroupsAPIError):
    """
    The caller lacks a role in the group, or the token a scope (403).

    By default an app requires only the scope to see one's own groups; the error says so if the token had no more.
    """

    @property
    def provided_scopes(self) -> list[str]:
        """The scopes of the token, if the service names them; empty if it does not."""
        scopes = self.raw_json.get("provided_scopes") if isinstance(self.raw_json, dict) else None
        return [each for each in scopes if isinstance(each, str)] if is_list(scopes) else []

    @property
    def required_scope(self) -> str | None:
        """The scope to ask for; ``None`` if the token had it, or the service does not say what the token had."""
        provided, needed = self.provided_scopes, str(GroupsScopes.all)
        return needed if provided and needed not in provided else None

    def __str__(self) -> str:
        if self.required_scope is None:
            return super().__str__()
        return (
            f"{super().__str__()}; the token has other scopes: request {self.required_scope}, in an app with"
            " GroupsClient(app=app, app_scopes=[GroupsScopes.all])"
        )


class InvalidParameters(GroupsAPIError):
    """The service refused an argument; the messages say which, and why."""

    @property
    def ambiguous_identities(self) -> list[str]:
        """The identities that a batch has twice; each may be in one action of it."""
        found: Any = self.raw_json.get("ambiguous_identities") if isinstance(self.raw_json, dict) else None
        return [each for each in found if isinstance(each, str)] if is_list(found) else []


class MembershipActionError(GlobusError):
    """
    The service did a batch of membership actions, and some of them failed; the others took effect.

    Attributes:
        response: The response to the batch.
        failures: The actions that failed.
    """

    response: BatchResponse
    failures: list[MembershipResult]

    def __init__(self, response: BatchResponse) -> None:
        failures, total = response.failures, len(response.results)
        shown = "; ".join(f"{each.action} {each.identity_id}: {each.code}: {each.detail}" for each in failures[:_SHOWN])
        more = f"; and {len(failures) - _SHOWN} more" if len(failures) > _SHOWN else ""
        text = f"{len(failures)} of {total} membership actions failed: {shown}{more}"
        super().__init__(errors.base.escape_control_characters(text))
        self.response, self.failures = response, failures

    @property
    def code(self) -> str | None:
        """The code of the failure, such as ``"ALREADY_ACTIVE"``; ``None`` if there are several."""
        codes = {each.code for each in self.failures}
        return codes.pop() if len(codes) == 1 else None


error_kinds: ErrorKinds[GroupsAPIError] = ErrorKinds(
    GroupsAPIError, statuses={400: InvalidParameters, 422: InvalidParameters}
)
"""Makes the errors of Globus Groups."""
