"""The two error formats of Globus Auth: OAuth 2.0 and ``/v2/api``; and the errors of the login pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from ..kit.errors import ErrorKind, ServiceError
from ..kit.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("ApiError", "AuthorizationError", "LoginPageError", "OAuthError")

_BASIC: Final = {"WWW-Authenticate": 'Basic realm="Globus Auth"'}
_BEARER: Final = {"WWW-Authenticate": 'Bearer realm="Globus Auth"'}


class OAuthError(ServiceError):
    """
    An error response of an OAuth 2.0 endpoint (RFC 6749, section 5.2).

    Args:
        error: The error code, such as ``invalid_grant``.
        status: The HTTP status.
        reason: Why the request is refused; logged, and not part of the response.
        description: The ``error_description`` of the response, if it has one.
    """

    def __init__(self, error: str, status: int = 400, *, reason: str, description: str | None = None) -> None:
        super().__init__(status, error, reason, headers=_BASIC if error == "invalid_client" else None)
        self.description = description

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:  # noqa: ARG002 -- neither is part of the format
        """Return the body of the response."""
        described = {} if self.description is None else {"error_description": self.description}
        return {"error": self.code, **described}

    @classmethod
    def of_kind(cls, kind: ErrorKind, message: str, *, headers: Mapping[str, str] | None = None) -> Self:  # noqa: ARG003 -- as above
        """Return the error of a form that cannot be read."""
        if kind is not ErrorKind.INVALID_FORM:
            raise ValueError(f"OAuth endpoints have no error for: {kind.value}")
        return cls("invalid_request", reason=message, description=message)


class ApiError(ServiceError):
    """
    An error response of ``/v2/api``: a list of errors, and two OAuth members that repeat the first one.

    Args:
        status: The HTTP status.
        code: The error code, such as ``NOT_FOUND``.
        title: The code in words.
        detail: What is wrong.
        members: Further members of the error.
    """

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        ErrorKind.INVALID_PARAMETER: (400, "INVALID_PARAMETERS"),
        ErrorKind.NOT_AN_OBJECT: (422, "UNPROCESSABLE_ENTITY"),
    }
    _TITLES: ClassVar[Mapping[str, str]] = {"INVALID_PARAMETERS": "Invalid parameters"}

    def __init__(self, status: int, code: str, title: str, detail: str, **members: Any) -> None:
        super().__init__(status, code, detail, headers=_BEARER if status == 401 else None, **members)
        self.title = title

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:  # noqa: ARG002 -- neither is part of the format
        """Return the body of the response."""
        entry = {"status": str(self.status), "id": new_id(), "code": self.code, "title": self.title}
        return {
            "errors": [{**entry, "detail": self.message, **self.members}],
            "error": self.code.lower(),
            "error_description": self.title,
        }

    @classmethod
    def of_kind(cls, kind: ErrorKind, message: str, *, headers: Mapping[str, str] | None = None) -> Self:
        """Return an error of the kit in this format."""
        status, code = cls.code_of(kind)
        error = cls(status, code, cls._TITLES.get(code) or code.replace("_", " ").title(), message)
        error.headers.update(headers or {})
        return error

    @classmethod
    def unauthorized(cls) -> Self:
        """Return the 401 of a request without an active token."""
        return cls.of_kind(ErrorKind.INVALID_TOKEN, "Call must be authenticated")

    @classmethod
    def forbidden(cls, detail: str) -> Self:
        """Return a 403."""
        return cls.of_kind(ErrorKind.INSUFFICIENT_SCOPE, detail)

    @classmethod
    def not_found(cls, resource: str) -> Self:
        """Return a 404."""
        return cls.of_kind(ErrorKind.NOT_FOUND, f"No such {resource}")

    @classmethod
    def parameters(cls, detail: str) -> Self:
        """Return the 400 of a wrong query."""
        return cls.of_kind(ErrorKind.INVALID_PARAMETER, detail)

    @classmethod
    def unprocessable(cls, detail: str) -> Self:
        """Return the 422 of a document whose values are wrong."""
        return cls.of_kind(ErrorKind.INVALID_FIELD, detail)


class AuthorizationError(Exception):
    """An error of an authorization request that is sent to the client in the redirect (RFC 6749, section 4.1.2.1)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class LoginPageError(Exception):
    """An error of an authorization request that is shown on a page, since the redirect URI cannot be trusted."""
