"""Where a service's clients deliberately differ from globus-sdk, for tests and documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ("Difference", "Differences")

_ABOUT: Final = (
    "Names, parameters and requests are those of globus-sdk 4, and the calls that it has removed since release 1",
    "are still there. These are the deliberate exceptions; tests compare everything else, method by method and",
    "request by request.",
)
_TITLES: Final = {"signature": "Signatures", "wire": "Requests", "behaviour": "Behaviour"}


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as globus-sdk has it, and why."""

    key: str
    """By what the tests refer to it."""
    of: Literal["signature", "wire", "behaviour"]
    where: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Differences:
    """All of a service: the one list, from which tests and documentation take it."""

    subject: str
    """What differs, with the verb: the title goes on with it."""
    module: str
    entries: tuple[Difference, ...]

    def reasons(self, *keys: str) -> str:
        """Return the reasons of some differences; unknown keys are an error."""
        known = {difference.key: difference.reason for difference in self.entries}
        return "; ".join(known[key] for key in keys)

    def page(self) -> str:
        """Write the documentation page."""
        lines = [
            f"# Where {self.subject} from globus-sdk",
            "",
            f"<!-- made by `python -m {self.module}`; a test compares -->",
            "",
            *_ABOUT,
        ]
        for kind, title in _TITLES.items():
            lines += ["", f"## {title}", "", "| Where | Here | Because |", "|---|---|---|"]
            lines += [f"| {each.where} | {each.what} | {each.reason} |" for each in self.entries if each.of == kind]
        return "\n".join(lines) + "\n"
