"""The errors of the Search service, which are ``GError`` documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from ..kit.errors import ErrorKind, ServiceError
from ..kit.ids import named_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kit.service import Document

__all__ = (
    "SearchError",
    "forbidden",
    "incompatible_status",
    "limit_exceeded",
    "no_such_index",
    "not_found",
)


class SearchError(ServiceError):
    """An error of the service."""

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        ErrorKind.INVALID_JSON: (400, "BadRequest.Generic"),
        ErrorKind.INVALID_FIELD: (400, "BadRequest.ValidationError"),
        ErrorKind.INVALID_PARAMETER: (400, "BadRequest.ValidationError"),
        ErrorKind.NO_CREDENTIALS: (401, "Unauthorized.Generic"),
        ErrorKind.INVALID_TOKEN: (401, "Unauthorized.Generic"),
        ErrorKind.INSUFFICIENT_SCOPE: (403, "Forbidden.Generic"),
        ErrorKind.NOT_FOUND: (404, "NotFound.Generic"),
        ErrorKind.NOT_IMPLEMENTED: (501, "NotImplemented.Generic"),
        ErrorKind.METHOD_NOT_ALLOWED: (405, "MethodNotAllowed.Generic"),
        ErrorKind.BODY_TOO_LARGE: (413, "RequestEntityTooLarge.Generic"),
        ErrorKind.RATE_LIMITED: (429, "TooManyRequests.Generic"),
        ErrorKind.INTERNAL: (500, "InternalServerError.Generic"),
        ErrorKind.UNAVAILABLE: (503, "ServiceUnavailable.Generic"),
    }

    @classmethod
    def invalid_parameter(cls, name: str, value: str, expected: str) -> Self:  # noqa: ARG003 -- the place tells which
        """Return the error of a query parameter with a wrong value, in the form of those of documents."""
        messages = {"query": {name: [f"Must be {expected}."]}}
        status, code = cls.code_of(ErrorKind.INVALID_PARAMETER)
        return cls(status, code, "Request failed input validation.", error_data={"messages": messages})

    def document(self, *, path: str, request_id: str) -> Document:  # noqa: ARG002 -- the format has no path
        """Return the error document."""
        return {
            "@datatype": "GError",
            "@version": "2017-09-01",
            "code": self.code,
            "message": self.message,
            "status": self.status,
            "request_id": named_id("request", request_id).replace("-", ""),
            **self.members,
        }


def no_such_index(index_id: str) -> SearchError:
    """Return the error of an unknown index."""
    return SearchError(404, "NotFound.NoSuchIndex", f'There is no search index named "{index_id}"')


def not_found(what: str) -> SearchError:
    """Return the error of an unknown subject, entry, task or role, or one that the caller may not see."""
    return SearchError(404, "NotFound.Generic", f"{what} was not found")


def forbidden(operation: str, needed: str) -> SearchError:
    """
    Return the error of a missing role.

    Args:
        operation: What was to be done: ``ingest``.
        needed: The roles that allow it: ``writer or admin``.
    """
    return SearchError(
        403,
        "Forbidden.Generic",
        f"The operation '{operation}' is not permitted",
        error_data={
            "cause": f"The caller lacks the role that the operation needs on this index: {needed}.",
            "recommended_resolution": "Ask an owner or administrator of the index for the role.",
        },
    )


def incompatible_status(status: str, required: str) -> SearchError:
    """Return the error of an operation on an index that is being deleted, or of the opposite."""
    message = f"Index status ({status}) did not match required status for this operation: {required}"
    return SearchError(409, "Conflict.IncompatibleIndexStatus", message)


def limit_exceeded(message: str, *, cause: str, constraint: str) -> SearchError:
    """Return the error of a resource beyond a limit."""
    error_data = {"cause": cause, "constraint": constraint}
    return SearchError(409, "Conflict.LimitExceeded", message, error_data=error_data)
