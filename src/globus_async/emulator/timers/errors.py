"""The error formats of Timers: a list of problems, or an object ``error``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from ..kit.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ("Problem", "TimersError", "invalid")

Problem = tuple[str, str, str]
"""Where it is (``body.start``), the message, and the type (``value_error.missing``)."""

_PART: Final = re.compile(r"[^.\[\]]+")


class TimersError(ServiceError):
    """An error of Timers; one with ``problems`` has the form of a list."""

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        ErrorKind.INVALID_JSON: (422, "VALIDATION_ERROR"),
        ErrorKind.INVALID_PARAMETER: (422, "VALIDATION_ERROR"),
    }

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:  # noqa: ARG002 -- neither is in the response
        """Return the body of the response."""
        problems: list[Problem] | None = self.members.get("problems")
        if problems is not None:
            return {"detail": [{"loc": _location(place), "msg": text, "type": kind} for place, text, kind in problems]}
        document: dict[str, Any] = {"error": {"code": self.code, "detail": self.message, "status": self.status}}
        # an authorization requirement stands beside the error, as with Flows
        return {"code": self.code, **document, **self.members} if self.members else document

    @classmethod
    def of_problems(cls, problems: Iterable[Problem]) -> Self:
        """Return the 422 of a request with these problems."""
        listed = list(problems)
        message = "; ".join(f"{place}: {text}" for place, text, _ in listed)
        return cls(422, "VALIDATION_ERROR", message, problems=listed)

    @classmethod
    def of_kind(cls, kind: ErrorKind, message: str, *, headers: Mapping[str, str] | None = None) -> Self:
        """Return an error that the kit has found."""
        if kind in {ErrorKind.INVALID_JSON, ErrorKind.NOT_AN_OBJECT, ErrorKind.INVALID_FIELD, ErrorKind.UNKNOWN_FIELD}:
            return cls.of_problems([("body", message, "value_error")])
        return super().of_kind(kind, message, headers=headers)

    @classmethod
    def missing_field(cls, name: str) -> Self:
        """Return the error of a required member that a document lacks."""
        return cls.of_problems([(f"body.{name}", "field required", "value_error.missing")])

    @classmethod
    def invalid_field(cls, name: str, expected: str) -> Self:
        """Return the error of a member with a wrong value."""
        return cls.of_problems([(f"body.{name}", f"value is not {expected}", "value_error")])

    @classmethod
    def invalid_parameter(cls, name: str, value: str, expected: str) -> Self:  # noqa: ARG003 -- not repeated
        """Return the error of a query parameter with a wrong value."""
        return cls.of_problems([(f"query.{name}", f"value is not {expected}", "value_error")])


def invalid(place: str, message: str) -> TimersError:
    """Return the error of one wrong value."""
    return TimersError.of_problems([(place, message, "value_error")])


def _location(place: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in _PART.findall(place)]
