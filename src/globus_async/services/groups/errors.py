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
"""

from __future__ import annotations

from ... import errors
from ..._http.json_reader import is_list, is_object
from ...errors import ErrorKinds, GlobusAPIError
from ...scopes import GroupsScopes

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "Conflict",
    "GroupsAPIError",
    "InvalidParameters",
    "NotFound",
    "PermissionDenied",
    "error_kinds",
)


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
        return _texts(self.raw_json, "provided_scopes")

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
        return _texts(self.raw_json, "ambiguous_identities")


def _texts(document: object, name: str) -> list[str]:
    """Return the texts in a list of an error document; none if it has no such list."""
    found = document.get(name) if is_object(document) else None
    return [each for each in found if isinstance(each, str)] if is_list(found) else []


error_kinds: ErrorKinds[GroupsAPIError] = ErrorKinds(
    GroupsAPIError, statuses={400: InvalidParameters, 422: InvalidParameters}
)
"""Makes the errors of Globus Groups."""
