"""The comparison of a service's classes with those of globus-sdk 1 and 4: every method, every parameter."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from tests.clients import Service
from tests.parity.official import members_of

__all__ = ("Case", "cases", "check", "check_exceptions")


CONSTRUCTOR = frozenset({"retry_config"})
"""Constructor arguments of globus-sdk that no client here takes, for the reason of the difference "constructor"."""


@dataclass(frozen=True)
class Case:
    """A method of globus-sdk."""

    service: Service
    generation: str
    owner: str
    name: str
    parameters: tuple[str, ...]
    """Their names; a star stands before those that are passed by name only."""

    def __str__(self) -> str:
        return f"{self.generation}-{self.where}"

    @property
    def where(self) -> str:
        """The method with its class."""
        return f"{self.owner}.{self.name}"

    @property
    def positional(self) -> list[str]:
        """The parameters that globus-sdk takes by position, and that exist here."""
        star = self.parameters.index("*") if "*" in self.parameters else len(self.parameters)
        return [name for name in self.parameters[:star] if not self.is_removed(name)]

    @property
    def taken_by_position(self) -> list[str]:
        """The parameters that are taken by position here, too, by their names here."""
        facts = self.service.parity
        positions = facts.by_name if self.generation == "upstream" else facts.seed_by_name
        star = self.parameters.index("*") if "*" in self.parameters else len(self.parameters)
        names = [facts.seed_names.get((self.where, name), name) for name in self.parameters[:star]]
        return [name for name in names if not self.is_removed(name)][: positions.get(self.where)]

    def is_removed(self, parameter: str) -> bool:
        """Whether the method does not take a parameter here, deliberately."""
        common = self.name == "__init__" and parameter in CONSTRUCTOR
        return common or (self.where, parameter) in self.service.parity.removed

    @property
    def member(self) -> Any:
        """The method of the same name here."""
        owner = getattr(self.service.module, self.owner, None)
        assert owner is not None, f"{self.service.module.__name__} has no {self.owner}"
        assert hasattr(owner, self.name), (
            f"{self.owner} has no {self.name}: write it, or declare it in PARITY.removed in"
            f" tests/services/{self.service}/parity.py"
        )
        return inspect.getattr_static(owner, self.name)


def cases(service: Service) -> list[Case]:
    """Return every method that globus-sdk has or had."""
    return [
        Case(service, generation, owner, name, tuple(parameters))
        for generation in ("seed", "upstream")
        for owner, members in members_of(service, generation).items()
        for name, parameters in members.items()
    ]


def check(case: Case) -> None:
    """Check that a method is here, with the same parameters by name and by position."""
    facts = case.service.parity
    if (case.owner, case.name) in facts.removed:
        return
    member = case.member
    if isinstance(member, property):
        assert case.parameters == ()
        return
    ours = inspect.signature(member).parameters
    missing = [name for name in case.parameters if name != "*" and name not in ours and not case.is_removed(name)]
    assert not missing, f"{case.where} does not take {missing}: declare them in PARITY.removed, if that is deliberate"
    taken = case.taken_by_position
    assert _positional(member)[: len(taken)] == taken, (
        f"{case.where} takes other parameters by position: declare them in PARITY.by_name or seed_by_name, with the"
        " difference, if that is deliberate"
    )


def check_exceptions(service: Service) -> None:
    """Check that removed methods and parameters do not exist, and that by-name parameters are not positional."""
    facts = service.parity
    for (owner, name), difference in facts.removed.items():
        assert facts.differences.reasons(difference)
        cls, _, method = owner.partition(".")
        holder = getattr(service.module, cls)
        assert name not in (inspect.signature(getattr(holder, method)).parameters if method else dir(holder))
    if facts.by_name or facts.seed_by_name:
        assert facts.differences.reasons("positional")
    for case in cases(service):
        if case.name == "__init__":
            assert CONSTRUCTOR.isdisjoint(inspect.signature(case.member).parameters)
        positions = facts.by_name if case.generation == "upstream" else facts.seed_by_name
        if (most := positions.get(case.where)) is not None:
            assert _positional(case.member)[: most + 1] != case.positional[: most + 1]


def _positional(member: Any) -> list[str]:
    parameters = inspect.signature(member).parameters.values()
    return [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD][1:]
