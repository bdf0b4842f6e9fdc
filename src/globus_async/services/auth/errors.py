"""
The errors of Globus Auth.

::

    AuthAPIError
        InvalidGrant           the code or refresh token is used up, expired or revoked: log in again
        InvalidClient          the client's id, secret or type is wrong: correct the configuration
        ConsentRequired        the user must consent to `required_scopes`
        AuthenticationFailed   no token, or one that is expired or revoked
        PermissionDenied       the token lacks a scope, or the caller a role
        NotFound               the resource does not exist
        InvalidParameters      the service refused an argument
"""

from ... import errors
from ...errors import ErrorKinds, GlobusAPIError

__all__ = (
    "AuthAPIError",
    "AuthenticationFailed",
    "ConsentRequired",
    "InvalidClient",
    "InvalidGrant",
    "InvalidParameters",
    "NotFound",
    "PermissionDenied",
    "error_kinds",
)


class AuthAPIError(GlobusAPIError):
    """Globus Auth returned an error."""


class AuthenticationFailed(errors.AuthenticationFailed, AuthAPIError): ...


class ConsentRequired(errors.ConsentRequired, AuthAPIError): ...


class NotFound(errors.NotFound, AuthAPIError): ...


class PermissionDenied(errors.PermissionDenied, AuthAPIError): ...


class InvalidGrant(AuthAPIError):
    """
    The code or refresh token is used up, expired, revoked or another client's; the user must log in again.

    Attributes:
        advice: What to do about a code that was refused; ``None`` for other grants.
    """

    advice: str | None = None

    def __str__(self) -> str:
        return super().__str__() if self.advice is None else f"{super().__str__()}; {self.advice}"


class InvalidClient(AuthAPIError):
    """The client's id or secret is wrong, or clients of its type may not make this call."""

    def __str__(self) -> str:
        return (
            f"{super().__str__()}; check the client's id and secret, and that it is registered for this use at"
            " https://app.globus.org/settings/developers"
        )


class InvalidParameters(AuthAPIError):
    """The service refused an argument; the message says why."""


error_kinds: ErrorKinds[AuthAPIError] = ErrorKinds(
    AuthAPIError,
    codes=(
        (r"(?i)^invalid_grant$", InvalidGrant),
        (r"(?i)^(?:invalid|unauthorized)_client$", InvalidClient),
        (r"(?i)^(?:dependent_consent_required|ConsentRequired)$", ConsentRequired),
        (r"(?i)^invalid_parameters$", InvalidParameters),
    ),
    statuses={400: InvalidParameters, 409: InvalidParameters, 422: InvalidParameters},
)
"""Makes the errors of Globus Auth."""
