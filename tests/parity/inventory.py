"""Comparing a service's classes with what globus-sdk 1 and 4 had: every method, every parameter."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from tests.parity.differences import Differences
from tests.source import ROOT

__all__ = ("Case", "Inventory")

_FACTS: Final = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """A method of globus-sdk."""

    generation: str
    owner: str
    name: str
    parameters: tuple[str, ...]
    """Their names; a star stands before those that are taken by name only."""

    def __str__(self) -> str:
        return f"{self.generation}-{self.owner}.{self.name}"

    @property
    def positional(self) -> tuple[str, ...]:
        """Those that are taken by position."""
        star = self.parameters.index("*") if "*" in self.parameters else len(self.parameters)
        return self.parameters[:star]


@dataclass(frozen=True)
class Inventory:
    """
    A service's classes beside those of globus-sdk.

    Args:
        service: Its name, as files have it.
        module: Where its classes are.
        differences: What is deliberate.
        gone: Methods and parameters that are not here, and by which difference.
        by_name: Methods of which only so many parameters are positional as they are there.
    """

    service: str
    module: ModuleType
    differences: Differences
    gone: Mapping[tuple[str, str], str]
    by_name: Mapping[str, int]

    @cached_property
    def cases(self) -> list[Case]:
        """Every method, with those of both generations."""
        facts: dict[str, dict[str, dict[str, list[str]]]] = json.loads(
            (_FACTS / f"{self.service}_facts.json").read_text()
        )
        return [
            Case(generation, owner, name, tuple(parameters))
            for generation in ("seed", "upstream")
            for owner, members in facts[generation].items()
            for name, parameters in members.items()
        ]

    def count(self, generation: str) -> int:
        """Return how many methods a generation has."""
        return sum(case.generation == generation for case in self.cases)

    def check(self, case: Case) -> None:
        """See that a method is here, with the same parameters by name, and those of globus-sdk 4 by position."""
        if (case.owner, case.name) in self.gone:
            return
        member = inspect.getattr_static(getattr(self.module, case.owner), case.name)
        if isinstance(member, property):
            assert case.parameters == ()
            return
        ours, where = inspect.signature(member).parameters, f"{case.owner}.{case.name}"
        wanted = [name for name in case.parameters if name != "*" and (where, name) not in self.gone]
        assert [name for name in wanted if name not in ours] == []
        if case.generation == "upstream":
            taken = self._taken(case)[: self.by_name.get(where)]
            assert _positional(member)[: len(taken)] == taken

    def check_exceptions(self) -> None:
        """See that what is listed as gone is gone, and what is listed as taken by name is not taken by position."""
        for (owner, name), difference in self.gone.items():
            assert self.differences.reasons(difference)
            cls, _, method = owner.partition(".")
            holder = getattr(self.module, cls)
            assert name not in (inspect.signature(getattr(holder, method)).parameters if method else dir(holder))
        if self.by_name:
            assert self.differences.reasons("positional")
        for case in self.cases:
            if case.generation == "upstream" and (most := self.by_name.get(f"{case.owner}.{case.name}")) is not None:
                taken = self._taken(case)
                there = _positional(inspect.getattr_static(getattr(self.module, case.owner), case.name))
                assert there[: most + 1] != taken[: most + 1]

    def check_page(self) -> None:
        """See that the page in the documentation is the one that the list makes."""
        documented = ROOT / "docs" / f"{self.service}_differences.md"
        assert documented.read_text() == self.differences.page()

    def _taken(self, case: Case) -> list[str]:
        where = f"{case.owner}.{case.name}"
        return [name for name in case.positional if (where, name) not in self.gone]


def _positional(member: Any) -> list[str]:
    parameters = inspect.signature(member).parameters.values()
    return [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD][1:]
