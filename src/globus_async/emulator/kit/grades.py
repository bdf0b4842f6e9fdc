"""Grades of truth: how it is known that an operation of the real service responds like the emulated one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ("ERRORS", "MEANINGS", "Grade", "graded")

Grade: TypeAlias = Literal["recorded", "documented", "inferred"]
"""``recorded``, ``documented`` or ``inferred``; `MEANINGS` explains them."""

MEANINGS: Final[Mapping[Grade, str]] = {
    "recorded": "like responses of the real service in the fixtures and live tests of official libraries, or in logs",
    "documented": "as the documentation of the service, or of an official library, describes them",
    "inferred": "by analogy with other operations: neither a response nor a description was found",
}
"""What each grade means."""

ERRORS: Final = "errors"
"""The name of the error format among the operations."""


def graded(
    errors: Grade,
    *,
    recorded: Iterable[str] = (),
    documented: Iterable[str] = (),
    inferred: Iterable[str] = (),
) -> Mapping[str, Grade]:
    """
    Return the grades of the operations of a service, for `Service.grades`.

    Args:
        errors: The grade of the error format.
        recorded: Operations as ``GET /v1/notes/{note_id}``, with the names of the route table.
        documented: More of them.
        inferred: More of them.

    Raises:
        ValueError: An operation is named twice.
    """
    grades: dict[str, Grade] = {ERRORS: errors}
    by_grade: tuple[tuple[Grade, Iterable[str]], ...] = (
        ("recorded", recorded),
        ("documented", documented),
        ("inferred", inferred),
    )
    for grade, operations in by_grade:
        for operation in operations:
            if operation in grades:
                raise ValueError(f"{operation} has two grades")
            grades[operation] = grade
    return grades
