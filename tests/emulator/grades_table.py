"""Write the page of the operations of the emulator and their grades: ``python -m tests.emulator.grades_table``."""

from __future__ import annotations

from typing import Any, Final

from globus_async.emulator.absent import AbsentService
from globus_async.emulator.kit.grades import ERRORS, MEANINGS
from globus_async.emulator.kit.service import Service
from globus_async.testing import GlobusEmulator
from tests.source import ROOT

__all__ = ("PAGE", "SERVICES", "page")

PAGE: Final = ROOT / "docs" / "reference" / "emulated_services.md"
SERVICES: Final = sorted(
    (each for each in GlobusEmulator().services.values() if not isinstance(each, AbsentService)),
    key=lambda each: each.name,
)


def page() -> str:
    """Return the text of the page."""
    meanings = "\n".join(f"- **{grade}**: {meaning}" for grade, meaning in MEANINGS.items())
    sections = "\n".join(map(_section, SERVICES))
    return f"""# Operations of the emulator

The operations that the emulator has, and how it is known that the real service responds like this:

{meanings}

All other operations get a `501` that says so.

{sections}"""


def _section(service: Service[Any]) -> str:
    rows = "\n".join(f"| `{name}` | {grade} |" for name, grade in service.grades.items() if name != ERRORS)
    return f"""## {service.title}

The error format is {service.grades[ERRORS]}.

| Operation | Responses |
|---|---|
{rows}
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
