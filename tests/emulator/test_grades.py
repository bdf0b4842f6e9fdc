"""How the responses of each operation are known: the grades, and the tables of them in the reference."""

from __future__ import annotations

from typing import Any

import pytest

from globus_async.emulator.kit.grades import ERRORS, MEANINGS, graded
from globus_async.emulator.kit.service import Service
from tests.emulator.grades_table import PAGE, SERVICES, page

each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


def operations(service: Service[Any]) -> list[str]:
    return [f"{verb} {prefix}{path}" for prefix, table in service.tables().items() for verb, path, _ in table]


@each_service
def test_every_operation_has_a_grade(service: Service[Any]) -> None:
    """And nothing else has: each operation of its tables, and the error format."""
    assert sorted(service.grades) == sorted([*operations(service), ERRORS])
    assert set(service.grades.values()) <= set(MEANINGS)


def test_two_grades_of_one_operation() -> None:
    with pytest.raises(ValueError, match="GET /a has two grades"):
        graded("recorded", recorded=["GET /a"], inferred=["GET /a"])


def test_the_page_is_current() -> None:
    """Write it anew with ``python -m tests.emulator.grades_table``."""
    assert PAGE.read_text(encoding="utf-8") == page()
