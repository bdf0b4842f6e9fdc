"""The guards that `nox -s mutants` removes are where the table says, and removing one changes the code."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.mutants.guards import GUARDS
from tests.mutants.mutation import Guard, always, drop, never, swap
from tests.source import ROOT

pytestmark = pytest.mark.slow

SOURCE = """
def refuse(text, limit):
    '''Say why.'''
    # a comment
    if not text or len(
        text) > limit:
        raise ValueError("text is too long")
    check(text)
    return [each for each in text if each.isprintable()]
"""


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the code of a module, which has many guards."""
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("guard", GUARDS, ids=str)
def test_a_guard_can_be_removed(guard: Guard) -> None:
    """Its pattern matches one place, another code can replace it, and its tests exist."""
    guard.check(tree_of(guard.path))
    assert guard.tests
    for name in guard.tests.split():
        assert (ROOT / "tests" / name).exists()


@pytest.mark.parametrize(
    ("guard", "line"),
    [
        (never("m.py:refuse", r"> limit"), "if not text or False:"),
        (never("m.py:refuse", r"^not text or"), "if False:"),
        (always("m.py:refuse", r"isprintable"), "return [each for each in text if True]"),
        (drop("m.py:refuse", r"^check\("), "pass"),
        (swap("m.py:refuse", r"len\(text\)", "0"), "if not text or 0 > limit:"),
        (swap("m.py:", r"too (\w+)", r"very \1"), "raise ValueError('text is very long')"),
    ],
    ids=str,
)
def test_a_mutant(guard: Guard, line: str) -> None:
    """Line breaks and comments do not matter; only the matched condition, statement or text is replaced."""
    assert line in [each.strip() for each in guard.mutant(SOURCE).splitlines()]


@pytest.mark.parametrize(
    "guard",
    [
        never("m.py:refuse", "no such code"),
        never("m.py:absent", "limit"),
        swap("m.py:refuse", "text", "x"),
        drop("m.py:refuse", "text"),
        swap("m.py:refuse", r"len\(text\)", "len(text)"),
    ],
    ids=str,
)
def test_a_pattern_that_does_not_match_once(guard: Guard) -> None:
    """A guard that moved, or is there twice, is an error instead of a mutant without a change."""
    with pytest.raises(LookupError):
        guard.mutant(SOURCE)
