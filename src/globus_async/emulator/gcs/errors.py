"""The error format of Managers: an envelope whose ``detail`` can be a typed document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from ..kit.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ("GCSError", "missing_role", "not_found")

_ABOUT: Final = re.compile(r"'([^']+)':? (.+)", re.DOTALL)


class GCSError(ServiceError):
    """
    An error envelope.

    Args:
        status: The HTTP status.
        code: The code of the service.
        message: The text for the user.
        headers: Headers of the response.
        detail: A text or a document of its own ``DATA_TYPE``.
        members: Further members of the envelope.
    """

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        ErrorKind.INVALID_JSON: (400, "bad_request"),
        ErrorKind.INVALID_FORM: (400, "bad_request"),
        ErrorKind.INVALID_FIELD: (422, "unprocessable_entity"),
        ErrorKind.INVALID_PARAMETER: (400, "bad_request"),
        ErrorKind.NO_CREDENTIALS: (401, "not_authorized"),
        ErrorKind.INVALID_TOKEN: (401, "not_authorized"),
        ErrorKind.INSUFFICIENT_SCOPE: (401, "not_authorized"),
        ErrorKind.NOT_FOUND: (404, "not_found"),
        ErrorKind.METHOD_NOT_ALLOWED: (405, "method_not_allowed"),
        ErrorKind.BODY_TOO_LARGE: (413, "request_too_large"),
        ErrorKind.RATE_LIMITED: (429, "too_many_requests"),
        ErrorKind.INTERNAL: (500, "internal_server_error"),
        ErrorKind.NOT_IMPLEMENTED: (501, "not_implemented"),
        ErrorKind.UNAVAILABLE: (503, "service_unavailable"),
    }

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        detail: str | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(status, code, message, headers=headers, **members)
        self.detail = detail

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:  # noqa: ARG002 -- the format repeats neither
        """Return the body of the response."""
        return {
            "DATA_TYPE": "result#1.1.0" if "authorization_parameters" in self.members else "result#1.0.0",
            "code": self.code,
            "http_response_code": self.status,
            "message": self.message,
            "detail": self.detail,
            "data": [],
            "has_next_page": False,
            "marker": "",
            **self.members,
        }

    @classmethod
    def missing_field(cls, name: str) -> Self:
        """Return the error of a required member that a document lacks."""
        return cls.invalid([f"'{name}' is a required property"])

    @classmethod
    def invalid_field(cls, name: str, expected: str) -> Self:
        """Return the error of a member with a wrong value."""
        return cls.invalid([f"'{name}': {expected} is required"])

    @classmethod
    def invalid(cls, errors: Sequence[str]) -> Self:
        """
        Return the error of a document that does not fit its schema, with all that is wrong.

        Args:
            errors: What is wrong; a text that begins with the quoted name of a property is about this property.
        """
        detail = {"DATA_TYPE": "invalid_input#1.0.0", "errors": [_problem(each) for each in errors]}
        return cls(422, "unprocessable_entity", "Data Validation Error", detail=detail)

    @classmethod
    def forbidden(cls, message: str, kind: str | None = None, /, **detail: Any) -> Self:
        """
        Return the error of an operation that is not allowed.

        Args:
            message: The text for the user.
            kind: The name of the document of the detail; none by default.
            detail: Its members.
        """
        document = None if kind is None else {"DATA_TYPE": f"{kind}#1.0.0", **detail}
        return cls(403, "permission_denied", message, detail=document)


def _problem(text: str) -> dict[str, str]:
    match = _ABOUT.fullmatch(text)
    return {"message": text} if match is None else {"property": match[1], "message": match[2]}


def missing_role(message: str, roles: Iterable[tuple[str | None, str]]) -> GCSError:
    """Return the error of a caller with none of some roles, each on a collection or, without one, on the endpoint."""
    needed = [{"collection": collection, "role": role} for collection, role in roles]
    return GCSError.forbidden(message, "missing_required_role", roles=needed)


def not_found(kind: str, id: str) -> GCSError:
    """
    Return the error of a resource that does not exist, or that the caller may not see.

    Args:
        kind: What it would be: ``storage_gateway``.
        id: Its id.
    """
    has_document = kind in {"collection", "storage_gateway"}
    detail = {"DATA_TYPE": f"{kind}_not_found#1.0.0", f"{kind}_id": id} if has_document else None
    return GCSError(404, "not_found", f"No {kind.replace('_', ' ')} with the id {id} was found", detail=detail)
