"""Rules that all modules keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.source import Module

__all__ = ("for_each",)

Rule = Callable[[Module], None]


def for_each(modules: Iterable[Module]) -> Callable[[Rule], Callable[[], None]]:
    """
    Make a rule one test of many modules, which names all that break it; thousands of tests would take a minute.

    Args:
        modules: The modules.
    """

    def decorate(rule: Rule) -> Callable[[], None]:
        def test() -> None:
            broken: list[str] = []
            for module in modules:
                try:
                    rule(module)
                except AssertionError as error:
                    broken.append(f"{module}: {error}")
            assert not broken, "\n".join(broken)

        test.__name__, test.__doc__ = rule.__name__, rule.__doc__
        return test

    return decorate
