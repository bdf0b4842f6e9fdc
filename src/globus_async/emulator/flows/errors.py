"""The error format of Flows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from ..kit.errors import ErrorKind, ServiceError
from ..kit.ids import new_id

if TYPE_CHECKING:
    from .language.definition import Problem

__all__ = ("FlowsError", "forbidden", "not_found")

_PART: Final = re.compile(r"[^.\[\]]+")


class FlowsError(ServiceError):
    """
    An error document ``{"error": {"code", "detail"}, "debug_id"}``.

    Args:
        status: The HTTP status.
        code: ``error.code``.
        message: ``error.detail``, or ``error.message`` if there are details.
        headers: Headers of the response.
        detail: Each thing that is wrong: ``loc``, ``msg`` and ``type``.
        members: Members beside ``error``.
    """

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        ErrorKind.INVALID_PARAMETER: (422, "UNPROCESSABLE_ENTITY"),
        ErrorKind.NOT_AN_OBJECT: (422, "UNPROCESSABLE_ENTITY"),
        ErrorKind.NO_CREDENTIALS: (401, "AUTHENTICATION_ERROR"),
        ErrorKind.INVALID_TOKEN: (401, "AUTHENTICATION_ERROR"),
        ErrorKind.INSUFFICIENT_SCOPE: (403, "MISSING_SCOPE"),
    }

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        detail: Sequence[Mapping[str, Any]] = (),
        **members: Any,
    ) -> None:
        super().__init__(status, code, message, headers=headers, **members)
        self.detail: list[Mapping[str, Any]] = list(detail)

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:  # noqa: ARG002 -- the format repeats neither
        """Return the body of the response."""
        error: dict[str, Any] = {"code": self.code, "detail": self.message}
        if self.detail:
            error = {"code": self.code, "detail": self.detail, "message": self.message}
        return {**self.members, "error": error, "debug_id": new_id()}

    @classmethod
    def missing_field(cls, name: str) -> Self:
        """Return the error of a required member that a document lacks."""
        return cls.invalid([(_location(name), "field required")], type="value_error.missing")

    @classmethod
    def invalid_field(cls, name: str, expected: str) -> Self:
        """Return the error of a member with a wrong value."""
        return cls.invalid([(_location(name), f"{expected} is required")], type="type_error")

    @classmethod
    def invalid(cls, problems: Sequence[Problem], *, where: str = "body", type: str = "value_error") -> Self:
        """Return the error of a document with several problems, each with its location."""
        detail = [{"loc": list(location), "msg": message, "type": type} for location, message in problems]
        errors = f"{len(problems)} validation error{'s' * (len(problems) != 1)} in {where}."
        summary = " ".join(f"$.{'.'.join(map(str, location))}: {message}" for location, message in problems[:3])
        return cls(422, "UNPROCESSABLE_ENTITY", f"{errors} {summary}", detail=detail)


def _location(name: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in _PART.findall(name))


def not_found(kind: str, id: str) -> FlowsError:
    """Return the error of a resource that does not exist, or that the caller may not see."""
    return FlowsError(404, "NOT_FOUND", f"No {kind} exists with id value {id}")


def forbidden(permission: str, kind: str, id: str) -> FlowsError:
    """Return the error of a caller without the role that an operation requires."""
    message = (
        f"You do not have the necessary permissions to perform this action on the {kind} with id value {id}. "
        f"Missing permissions: {permission}."
    )
    return FlowsError(403, "FORBIDDEN", message)
