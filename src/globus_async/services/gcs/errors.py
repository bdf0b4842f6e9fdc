"""
The errors of Globus Connect Server.

::

    GCSAPIError
        AuthorizationRequired         log in again, with `authorization_parameters`
            ConsentRequired           ... and consent to `required_scopes`
        AuthenticationFailed          the token is missing, expired, or for another endpoint
        PermissionDenied              a role, a credential or a recent login is missing: `detail` says which
        NotFound                      no such collection, gateway, role, ...
        Conflict                      there is such a document already, or others depend on this one
        InvalidDocument               a member of a document is missing or has a wrong value
        RateLimited                   too many requests
        ServiceUnavailable            maintenance
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import errors
from ..._http.json_reader import is_list, is_object
from ...errors import ErrorKinds, GlobusAPIError

if TYPE_CHECKING:
    from ...errors import Attempt
    from ...errors.api import ErrorResponse

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "Conflict",
    "ConsentRequired",
    "GCSAPIError",
    "InvalidDocument",
    "NotFound",
    "PermissionDenied",
    "RateLimited",
    "ServiceUnavailable",
    "error_kinds",
)


class GCSAPIError(GlobusAPIError):
    """
    Globus Connect Server returned an error.

    Attributes:
        detail: The service's explanation: text, or a document whose members say what is missing or wrong; ``None`` if
            there is none.
        detail_data_type: The type of that document, such as ``"missing_required_role#1.0.0"``; ``None`` for text.
    """

    def __init__(self, response: ErrorResponse, attempts: tuple[Attempt, ...] = ()) -> None:
        super().__init__(response, attempts)
        detail: Any = self.raw_json.get("detail") if is_object(self.raw_json) else None
        self.detail: dict[str, Any] | str | None = detail if is_object(detail) or isinstance(detail, str) else None
        data_type = self.detail.get("DATA_TYPE") if is_object(self.detail) else None
        self.detail_data_type: str | None = data_type if isinstance(data_type, str) else None
        problems = self.detail.get("errors") if is_object(self.detail) else None
        if is_list(problems):  # of invalid_input
            self.messages.extend(text for each in problems if (text := _problem(each)))
            self.message: str = "; ".join(self.messages) or self.message
        elif self.detail_data_type is not None and self.detail_data_type not in self.message:
            roles = _roles(self.detail)
            self.message = f"{self.message} [{self.detail_data_type}{': ' * bool(roles)}{', '.join(roles)}]"


def _roles(detail: object) -> list[str]:
    """Return the roles of ``missing_required_role``, each with its collection, or without one if of the endpoint."""
    listed = detail.get("roles") if is_object(detail) else None
    roles = [each for each in listed if is_object(each)] if is_list(listed) else []
    places = [(each["role"], each.get("collection")) for each in roles if isinstance(each.get("role"), str)]
    return [f"{role} of collection {place}" if isinstance(place, str) else role for role, place in places]


def _problem(entry: object) -> str | None:
    """Return the sentence of an entry of ``invalid_input``, with the member that it is about."""
    if not is_object(entry) or not isinstance(entry.get("message"), str):
        return entry if isinstance(entry, str) else None
    where = entry.get("property")
    return f"{where}: {entry['message']}" if isinstance(where, str) and where else entry["message"]


class AuthenticationFailed(errors.AuthenticationFailed, GCSAPIError): ...


class AuthorizationRequired(errors.AuthorizationRequired, GCSAPIError): ...


class ConsentRequired(errors.ConsentRequired, AuthorizationRequired): ...


class PermissionDenied(errors.PermissionDenied, GCSAPIError): ...


class NotFound(errors.NotFound, GCSAPIError): ...


class Conflict(errors.Conflict, GCSAPIError): ...


class RateLimited(errors.RateLimited, GCSAPIError): ...


class ServiceUnavailable(errors.ServiceUnavailable, GCSAPIError): ...


class InvalidDocument(GCSAPIError):
    """A member of the document is missing, unknown or has a wrong value; the messages name each."""


error_kinds: ErrorKinds[GCSAPIError] = ErrorKinds(
    GCSAPIError,
    codes=(
        (r"^ConsentRequired$", ConsentRequired),
        (r"^unprocessable_entity$", InvalidDocument),
    ),
    statuses={422: InvalidDocument},
)
"""Makes the errors of Globus Connect Server."""
