"""Errors that a service returned, and the kinds that all services have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from .base import GlobusError, escape_control_characters
from .codes import embedded_documents

if TYPE_CHECKING:
    from .authorization import ErrorInfo, GlobusAuthorizationParameters
    from .document import ErrorSubdocument
    from .network import Attempt

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "Conflict",
    "ConsentRequired",
    "ErrorResponse",
    "GlobusAPIError",
    "NotFound",
    "PermissionDenied",
    "RateLimited",
    "ServiceUnavailable",
)

_MAX_EXCERPT: Final = 2048


class ErrorResponse(Protocol):
    """The parts of an HTTP response that an error is made from; `RawResponse` has them."""

    @property
    def method(self) -> str:
        """The HTTP method of the request."""
        ...

    @property
    def path(self) -> str:
        """The path of the request, without the query."""
        ...

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def reason(self) -> str:
        """The reason phrase."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names are case-insensitive."""
        ...

    @property
    def text(self) -> str:
        """The body as text."""
        ...

    @property
    def retry_after(self) -> float | None:
        """The wait that the service requests, in seconds."""
        ...

    @property
    def body_error(self) -> str | None:
        """Why the body could not be read, and is empty; ``None`` if it was read."""
        ...

    def error_document(self) -> Any:
        """Return the decoded JSON body, or ``None`` if it is not JSON."""
        ...


class GlobusAPIError(GlobusError):
    """
    The service returned an error.

    Attributes:
        http_status: The HTTP status, such as 404.
        http_reason: The reason phrase.
        code: The service's code, such as ``"EndpointNotFound"``; ``None`` if the response has none, or several.
        message: The service's message; several messages are joined with ``"; "``. The reason phrase if there is none.
        messages: The single messages; of a problem in the request with its place, ``"body.name: Field required"``.
        errors: The entries of the document's ``errors`` list, or of the list of problems that is its ``detail``; its
            ``error`` object, or the document itself, if it has no such list.
        request_id: The service's id of the request; include it when you contact Globus support. Flows calls it debug
            id.
        headers: The headers of the response.
        raw_json: The decoded body; ``None`` if it is not JSON.
        raw_text: The body as text.
        body_error: Why the body could not be read, if so: ``raw_text`` is empty then, and the status decided alone.
        retry_after: The wait that the service requests before the next attempt, in seconds.
        attempts: All attempts, in order.
    """

    def __init__(self, response: ErrorResponse, attempts: tuple[Attempt, ...] = ()) -> None:
        from .document import ErrorDocument  # noqa: PLC0415 -- for errors only

        document = response.error_document()
        self.http_status: int = response.status
        self.http_reason: str = response.reason
        self.headers: Mapping[str, str] = response.headers
        self.content_type: str | None = response.headers.get("Content-Type")
        self.raw_text: str = response.text
        self.raw_json: Any = document
        self.body_error: str | None = response.body_error
        self.retry_after: float | None = response.retry_after
        self.attempts = attempts
        self.method: str = response.method
        self.path: str = response.path
        parts = ErrorDocument.read(document, response.headers)
        self.errors: list[ErrorSubdocument] = parts.errors
        self.code: str | None = parts.code
        self.messages: list[str] = parts.messages
        self.message: str = "; ".join(self.messages) or response.reason or "the response has no message"
        self.request_id: str | None = parts.request_id
        super().__init__(self.method, self.path, self.http_status, self.code, self.message, self.request_id)
        if not self.messages and self.raw_text:
            self.add_note(f"Response body: {escape_control_characters(self.raw_text[:_MAX_EXCERPT])}")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.raw_text

    @property
    def binary_content(self) -> bytes:
        """The body as bytes."""
        return self.raw_text.encode("utf-8", "surrogateescape")

    @property
    def info(self) -> ErrorInfo:
        """The login that the error requires; each part is false unless the error has it."""
        from .authorization import ErrorInfo  # noqa: PLC0415 -- for errors only

        return ErrorInfo.from_documents(embedded_documents(self.raw_json, self.raw_text))

    def __str__(self) -> str:
        tail = f", request id {self.request_id}" if self.request_id else ""
        if len(self.attempts) > 1:
            tail += f", {len(self.attempts)} attempts"
        if self.body_error is not None:
            tail += f"; its body was not read: {self.body_error}"
        return escape_control_characters(
            f"{self.http_status} {self.code or 'Error'}: {self.message} ({self.method} {self.path}{tail})"
        )


class AuthenticationFailed(GlobusAPIError):
    """No token, or one that is expired, revoked or for another service (401)."""


class AuthorizationRequired(GlobusAPIError):
    """The user must log in again, with the error's ``authorization_parameters``."""

    @property
    def authorization_parameters(self) -> GlobusAuthorizationParameters:
        """The parameters of the required login."""
        from .authorization import GlobusAuthorizationParameters, find_gares  # noqa: PLC0415 -- for errors only

        gare = next(find_gares(embedded_documents(self.raw_json, self.raw_text)), None)
        return GlobusAuthorizationParameters() if gare is None else gare.authorization_parameters


class ConsentRequired(AuthorizationRequired):
    """The user must consent to the error's ``required_scopes``, in a new login that requests them."""

    @property
    def required_scopes(self) -> list[str]:
        """The scopes without the user's consent, dependencies included."""
        return self.authorization_parameters.required_scopes or []

    def __str__(self) -> str:
        scopes = escape_control_characters(" ".join(self.required_scopes))
        return f"{super().__str__()}; log in again, with the scopes {scopes}" if scopes else super().__str__()


class PermissionDenied(GlobusAPIError):
    """The caller lacks a role or an access rule, or the token lacks a scope (403)."""


class NotFound(GlobusAPIError):
    """The resource does not exist (404)."""


class Conflict(GlobusAPIError):
    """The request conflicts with the resource's current state (409)."""


class RateLimited(GlobusAPIError):
    """Too many requests (429), even after the wait that the service requested."""


class ServiceUnavailable(GlobusAPIError):
    """The service is down for maintenance (503)."""
