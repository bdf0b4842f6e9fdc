"""The error format of Globus Compute: the same members for all errors, with a list of problems for wrong documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from ..kit.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("ComputeError",)

_PART: Final = re.compile(r"\[(\d+)\]|([^.\[]+)")


class ComputeError(ServiceError):
    """An error response of Globus Compute."""

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        ErrorKind.INVALID_JSON: (422, "REQUEST_MALFORMED"),
        ErrorKind.NOT_AN_OBJECT: (422, "REQUEST_MALFORMED"),
        ErrorKind.INVALID_FIELD: (422, "REQUEST_MALFORMED"),
        ErrorKind.INVALID_PARAMETER: (422, "REQUEST_MALFORMED"),
        ErrorKind.NO_CREDENTIALS: (401, "USER_UNAUTHENTICATED"),
        ErrorKind.INVALID_TOKEN: (401, "USER_UNAUTHENTICATED"),
        ErrorKind.INSUFFICIENT_SCOPE: (403, "USER_UNAUTHENTICATED"),
        ErrorKind.BODY_TOO_LARGE: (413, "TASK_PAYLOAD_TOO_LARGE"),
    }
    location: tuple[str | int, ...] = ("body",)
    """The place of the problem in a wrong document."""

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:  # noqa: ARG002 -- neither is part of the format
        """Return the body of the response."""
        members = dict(self.members)
        problem = {"loc": [*self.location], "msg": self.message, "type": "value_error"}
        detail: Any = [problem] if self.status == 422 else self.message
        return {
            "status": "Failed",
            "code": self.code,
            "error_args": members.pop("error_args", []),
            "http_status_code": self.status,
            "detail": detail,
            "reason": detail,
            **members,
        }

    @classmethod
    def problem(cls, location: tuple[str | int, ...], message: str) -> Self:
        """
        Return the error of a request with a wrong value.

        Args:
            location: Its place: ``("body", "tasks", 0)``.
            message: What is wrong.
        """
        error = cls(422, "REQUEST_MALFORMED", message)
        error.location = location
        return error

    @classmethod
    def missing_field(cls, name: str) -> Self:
        """Return the error of a required member that a document lacks."""
        return cls.problem(_location(name), "Field required")

    @classmethod
    def invalid_field(cls, name: str, expected: str) -> Self:
        """Return the error of a member with a wrong value."""
        return cls.problem(_location(name), f"Input should be {expected}")

    @classmethod
    def invalid_parameter(cls, name: str, value: str, expected: str) -> Self:  # noqa: ARG003 -- the format has no value
        """Return the error of a query parameter with a wrong value."""
        return cls.problem(("query", name), f"Input should be {expected}")

    @classmethod
    def not_found(cls, kind: str, id: str) -> Self:
        """
        Return the 404 of a resource that does not exist.

        Args:
            kind: The word for it, which is part of the code: ``endpoint``.
            id: Its id.
        """
        code = kind.upper().replace(" ", "_")
        return cls(404, f"{code}_NOT_FOUND", f"{kind.capitalize()} {id} could not be resolved", error_args=[id])

    @classmethod
    def forbidden(cls, kind: str, id: str) -> Self:
        """
        Return the 403 of a resource that is not for the caller.

        Args:
            kind: As in `not_found`.
            id: Its id.
        """
        code = kind.upper().replace(" ", "_")
        return cls(403, f"{code}_ACCESS_FORBIDDEN", f"Unauthorized access to {kind} {id}", error_args=[id])


def _location(name: str) -> tuple[str | int, ...]:
    """Return the place of a member that is named as ``tasks[0].id``."""
    return ("body", *(int(index) if index else text for index, text in _PART.findall(name)))
