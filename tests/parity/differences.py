"""
The deliberate differences of a service's clients from globus-sdk, for tests and documentation.

``python -m tests.parity.differences`` writes the pages ``docs/<service>_differences.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ("Difference", "Differences")

_ABOUT: Final = (
    "Names, parameters and requests are those of globus-sdk 4, and the calls that it has removed since release 1",
    "are still there. These are the deliberate exceptions; tests compare everything else, method by method and",
    "request by request.",
)
_TITLES: Final = {
    "signature": "Signatures",
    "wire": "Requests",
    "behaviour": "Behaviour",
    "error": "Errors",
    "response": "Responses",
    "extension": "Subclasses",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A deliberate difference from globus-sdk, and its reason."""

    key: str
    """The name by which tests refer to it."""
    of: Literal["signature", "wire", "behaviour", "error", "response", "extension"]
    where: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Differences:
    """All differences of a service: the one list, which tests and documentation use."""

    subject: str
    """The subject and the verb of the title, such as ``TransferClient differs``."""
    entries: tuple[Difference, ...] = ()

    def reasons(self, *keys: str) -> str:
        """Return the reasons of some differences; unknown keys are an error."""
        known = {difference.key: difference.reason for difference in self.entries}
        return "; ".join(known[key] for key in keys)

    def page(self) -> str:
        """Write the documentation page."""
        lines = [
            f"# Where {self.subject} from globus-sdk",
            "",
            "<!-- made by `python -m tests.parity.differences`; a test compares -->",
            "",
            *_ABOUT,
        ]
        for kind, title in _TITLES.items():
            rows = [f"| {each.where} | {each.what} | {each.reason} |" for each in self.entries if each.of == kind]
            if rows:
                lines += ["", f"## {title}", "", "| Where | Here | Because |", "|---|---|---|", *rows]
        return "\n".join(lines) + "\n"


def main() -> None:
    """Write the pages of all services, and of what they have in common."""
    from tests.clients import SERVICES  # noqa: PLC0415 -- its facts import this module
    from tests.parity.core_differences import DIFFERENCES as CORE  # noqa: PLC0415 -- it imports this module
    from tests.source import ROOT  # noqa: PLC0415

    (ROOT / "docs" / "client_differences.md").write_text(CORE.page())
    for service in SERVICES:
        if service.parity.differences.entries:
            (ROOT / "docs" / f"{service}_differences.md").write_text(service.parity.differences.page())


if __name__ == "__main__":
    main()
