"""
Globus Auth's errors: a class of their own for those that a caller answers in a way of their own.

::

    AuthAPIError
        InvalidGrant           the code or refresh token is used up, expired or revoked: log in again
        InvalidClient          the client's id, secret or kind is wrong: correct the configuration
        ConsentRequired        the user must consent to `required_scopes`
        AuthenticationFailed   no token, or one that is expired or revoked
        PermissionDenied       the token lacks a scope, or the caller a role
        NotFound               there is no such thing
        InvalidParameters      the service did not like what was asked
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ... import errors
from ...errors import GlobusAPIError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._http.response import RawResponse
    from ...errors import Attempt

__all__ = (
    "AuthAPIError",
    "AuthenticationFailed",
    "ConsentRequired",
    "InvalidClient",
    "InvalidGrant",
    "InvalidParameters",
    "NotFound",
    "PermissionDenied",
    "error_for",
)


class AuthAPIError(GlobusAPIError):
    """Globus Auth answered with an error."""


class InvalidGrant(AuthAPIError):
    """The code or refresh token is used up, expired, revoked or another client's; only a new login brings another."""


class InvalidClient(AuthAPIError):
    """The client's id or secret is wrong, or a client of its kind may not do this."""


class ConsentRequired(AuthAPIError, errors.ConsentRequired):
    """The user must consent to the error's ``required_scopes``, in a new login that asks for them."""


class AuthenticationFailed(AuthAPIError, errors.AuthenticationFailed):
    """No credentials, or a token that is expired, revoked or not for Globus Auth."""


class PermissionDenied(AuthAPIError, errors.PermissionDenied):
    """The token lacks a scope, or the caller is no administrator of the thing."""


class NotFound(AuthAPIError, errors.NotFound):
    """There is no such project, client, scope, policy or identity."""


class InvalidParameters(AuthAPIError):
    """The service did not like what was asked; the message says why."""


_BY_CODE: Final[Mapping[str, type[AuthAPIError]]] = {
    "invalid_grant": InvalidGrant,
    "invalid_client": InvalidClient,
    "unauthorized_client": InvalidClient,
    "dependent_consent_required": ConsentRequired,
    "consentrequired": ConsentRequired,
    "invalid_parameters": InvalidParameters,
}
_BY_STATUS: Final[Mapping[int, type[AuthAPIError]]] = {
    400: InvalidParameters,
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    409: InvalidParameters,
    422: InvalidParameters,
}


def error_for(answer: RawResponse, attempts: tuple[Attempt, ...] = ()) -> AuthAPIError:
    """Make the error that an answer means: its code decides, then its status."""
    error = AuthAPIError(answer, attempts)
    kind = _BY_CODE.get(error.code.lower()) or _BY_STATUS.get(answer.status)
    return error if kind is None else kind(answer, attempts)
