"""The guards that `nox -s mutants` takes out are where the table says."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.guards import GUARDS, Guard
from tests.source import ROOT


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: f"{guard.module}: {guard.code.strip()[:40]}")
def test_it_can_be_taken_out(guard: Guard) -> None:
    """It stands there once, the module is a module without it too, and its tests are there."""
    whole = (ROOT / "src" / "globus_async" / guard.module).read_text(encoding="utf-8")
    assert whole.count(guard.code) == 1
    ast.parse(whole.replace(guard.code, guard.without))
    for name in guard.tests.split():
        assert (ROOT / "tests" / name).exists()
