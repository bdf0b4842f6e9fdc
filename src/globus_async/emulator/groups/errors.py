"""The error format of Globus Groups: code and detail, or a list of the problems of a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from ..kit.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("GroupsError",)

_PART: Final = re.compile(r"\[(\d+)\]|([^.\[]+)")


class GroupsError(ServiceError):
    """An error response of Globus Groups."""

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        ErrorKind.INVALID_JSON: (422, "json_invalid"),
        ErrorKind.NOT_AN_OBJECT: (422, "dict_type"),
        ErrorKind.INVALID_FIELD: (422, "value_error"),
        ErrorKind.INVALID_PARAMETER: (422, "value_error"),
        ErrorKind.NO_CREDENTIALS: (401, "AUTHENTICATION_ERROR"),
        ErrorKind.INVALID_TOKEN: (401, "INVALID_TOKEN"),
    }
    location: tuple[str | int, ...] | None = None
    """The place of the problem in the request, if the response lists problems."""

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:  # noqa: ARG002 -- neither is part of the format
        """Return the body of the response."""
        if self.status == 422:
            location = ("body",) if self.location is None else self.location
            return {"detail": [{"loc": [*location], "msg": self.message, "type": self.code}]}
        return {"code": self.code, "detail": self.message, **self.members}

    @classmethod
    def problem(cls, location: tuple[str | int, ...], message: str, kind: str = "value_error") -> Self:
        """
        Return the error of a request with a wrong value.

        Args:
            location: Its place: ``("body", "add", 0, "identity_id")``.
            message: What is wrong.
            kind: The type of the problem.
        """
        error = cls(422, kind, message)
        error.location = location
        return error

    @classmethod
    def missing_field(cls, name: str) -> Self:
        """Return the error of a required member that a document lacks."""
        return cls.problem(_location(name), "Field required", "missing")

    @classmethod
    def invalid_field(cls, name: str, expected: str) -> Self:
        """Return the error of a member with a wrong value."""
        return cls.problem(_location(name), f"Input should be {expected}")

    @classmethod
    def invalid_parameter(cls, name: str, value: str, expected: str) -> Self:  # noqa: ARG003 -- the format has no value
        """Return the error of a query parameter with a wrong value."""
        return cls.problem(("query", name), f"Input should be {expected}")

    @classmethod
    def forbidden(cls, detail: str, **members: Any) -> Self:
        """Return the 403 of a caller without the role, or of a token without the scope."""
        return cls(403, "FORBIDDEN", detail, **members)


def _location(name: str) -> tuple[str | int, ...]:
    """Return the place of a member that is named as ``add[0].identity_id``."""
    return ("body", *(int(index) if index else text for index, text in _PART.findall(name)))
