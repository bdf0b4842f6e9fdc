"""Errors of emulated services: one base class, whose subclasses are the error formats."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("EmulatorClosed", "ErrorKind", "ServiceError")


class ErrorKind(Enum):
    """
    The errors that the kit raises on behalf of a service, with the status and code that they have by default.

    A service changes them in the ``codes`` of its `ServiceError`.
    """

    INVALID_JSON = "invalid JSON"
    """400 ``BAD_REQUEST``."""
    NOT_AN_OBJECT = "not an object"
    """JSON that is no object; by default the same error as invalid JSON."""
    INVALID_FORM = "invalid form"
    """400 ``BAD_REQUEST``."""
    INVALID_FIELD = "invalid field"
    """422 ``UNPROCESSABLE_ENTITY``."""
    UNKNOWN_FIELD = "unknown field"
    """A member that a document cannot have, where that is an error; by default the same error as an invalid field."""
    INVALID_PARAMETER = "invalid parameter"
    """400 ``BAD_REQUEST``."""
    NO_CREDENTIALS = "no credentials"
    """401 ``UNAUTHORIZED``."""
    INVALID_TOKEN = "invalid token"  # noqa: S105 -- not a password
    """401 ``UNAUTHORIZED``."""
    INSUFFICIENT_SCOPE = "insufficient scope"
    """403 ``FORBIDDEN``."""
    NOT_FOUND = "not found"
    """404 ``NOT_FOUND``."""
    NOT_IMPLEMENTED = "not implemented"
    """501 ``NOT_IMPLEMENTED``: the emulator lacks the operation, which the real service may have."""
    METHOD_NOT_ALLOWED = "method not allowed"
    """405 ``METHOD_NOT_ALLOWED``."""
    BODY_TOO_LARGE = "body too large"
    """413 ``REQUEST_TOO_LARGE``."""
    RATE_LIMITED = "rate limited"
    """429 ``TOO_MANY_REQUESTS``."""
    INTERNAL = "internal error"
    """500 ``INTERNAL_ERROR``."""
    UNAVAILABLE = "unavailable"
    """503 ``SERVICE_UNAVAILABLE``: the emulator was reset or closed while a request was handled."""


class EmulatorClosed(RuntimeError):
    """Work was started in an emulator that is closed, or in a state that was replaced by another one."""

    def __init__(self) -> None:
        super().__init__("the emulator is closed")


_DEFAULT_CODES: Final[Mapping[ErrorKind, tuple[int, str]]] = {
    ErrorKind.INVALID_JSON: (400, "BAD_REQUEST"),
    ErrorKind.INVALID_FORM: (400, "BAD_REQUEST"),
    ErrorKind.INVALID_FIELD: (422, "UNPROCESSABLE_ENTITY"),
    ErrorKind.INVALID_PARAMETER: (400, "BAD_REQUEST"),
    ErrorKind.NO_CREDENTIALS: (401, "UNAUTHORIZED"),
    ErrorKind.INVALID_TOKEN: (401, "UNAUTHORIZED"),
    ErrorKind.INSUFFICIENT_SCOPE: (403, "FORBIDDEN"),
    ErrorKind.NOT_FOUND: (404, "NOT_FOUND"),
    ErrorKind.NOT_IMPLEMENTED: (501, "NOT_IMPLEMENTED"),
    ErrorKind.METHOD_NOT_ALLOWED: (405, "METHOD_NOT_ALLOWED"),
    ErrorKind.BODY_TOO_LARGE: (413, "REQUEST_TOO_LARGE"),
    ErrorKind.RATE_LIMITED: (429, "TOO_MANY_REQUESTS"),
    ErrorKind.INTERNAL: (500, "INTERNAL_ERROR"),
    ErrorKind.UNAVAILABLE: (503, "SERVICE_UNAVAILABLE"),
}

_SAME: Final[Mapping[ErrorKind, ErrorKind]] = {
    ErrorKind.NOT_AN_OBJECT: ErrorKind.INVALID_JSON,
    ErrorKind.UNKNOWN_FIELD: ErrorKind.INVALID_FIELD,
}
"""The kinds that are other ones by default."""


class ServiceError(Exception):
    """
    An error response of a service, raised anywhere below a handler.

    A service has a subclass with its own `codes` and its own `document`; a service with two formats has two
    subclasses. A subclass with other constructor arguments overrides `of_kind` as well.

    Args:
        status: The HTTP status.
        code: The service's error code.
        message: The text for the user.
        headers: Headers of the response beside those that all responses of the service have.
        members: Further members of the error document.
    """

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {}
    """Status and code of the errors that the kit raises, where the service's differ from the default."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers: dict[str, str] = dict(headers or {})
        self.members: dict[str, Any] = members

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:  # noqa: ARG002 -- for formats that repeat them
        """
        Return the body of the response.

        Args:
            path: The path that was requested.
            request_id: The id of the request.
        """
        return {"code": self.code, "message": self.message, **self.members}

    @classmethod
    def of_kind(cls, kind: ErrorKind, message: str, *, headers: Mapping[str, str] | None = None) -> Self:
        """Return an error that the kit has found, with the service's status and code for it."""
        status, code = cls.code_of(kind)
        return cls(status, code, message, headers=headers)

    @classmethod
    def code_of(cls, kind: ErrorKind) -> tuple[int, str]:
        """Return status and code of the errors of a kind."""
        if kind not in cls.codes:
            kind = _SAME.get(kind, kind)
        return cls.codes.get(kind) or _DEFAULT_CODES[kind]

    @classmethod
    def missing_field(cls, name: str) -> Self:
        """Return the error of a required member that a document lacks."""
        return cls.of_kind(ErrorKind.INVALID_FIELD, f"Missing required field '{name}'")

    @classmethod
    def invalid_field(cls, name: str, expected: str) -> Self:
        """
        Return the error of a member with a wrong value.

        Args:
            name: The member; ``parent.name`` within an object.
            expected: The allowed values as a noun phrase: ``a boolean``.
        """
        return cls.of_kind(ErrorKind.INVALID_FIELD, f"Invalid value for field '{name}': {expected} is required")

    @classmethod
    def invalid_parameter(cls, name: str, value: str, expected: str) -> Self:
        """
        Return the error of a query parameter with a wrong value.

        Args:
            name: The parameter.
            value: The value that was sent.
            expected: The allowed values as a noun phrase: ``an integer of at least 1``.
        """
        message = f"Invalid value for parameter '{name}': '{value}', {expected} is required"
        return cls.of_kind(ErrorKind.INVALID_PARAMETER, message)
