"""Packages whose names are imported when they are first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import pytest

PACKAGE = """
from globus_async._lazy_names import lazy_names

__getattr__, __dir__ = lazy_names(__name__, {"words": ("ONE", "TWO"), "inner.numbers": ("THREE",)})
FOUR = 4
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[ModuleType]:
    (tmp_path / "lazily" / "inner").mkdir(parents=True)
    for name, text in {
        "__init__.py": PACKAGE,
        "words.py": "ONE, TWO = [1], [2]",
        "inner/__init__.py": "",
        "inner/numbers.py": "THREE = [3]",
    }.items():
        (tmp_path / "lazily" / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("lazily")
    for name in [name for name in sys.modules if name.partition(".")[0] == "lazily"]:
        del sys.modules[name]


def test_a_module_is_imported_with_its_first_name(package: ModuleType) -> None:
    """The module of the name, and no other; the name is then one of the package's own."""
    assert not {"lazily.words", "lazily.inner"} & set(sys.modules)
    assert package.ONE == [1]
    assert "lazily.words" in sys.modules
    assert "lazily.inner" not in sys.modules
    assert vars(package)["ONE"] is package.ONE
    assert package.THREE == [3]


def test_the_names_are_listed(package: ModuleType) -> None:
    """``dir``, and so completion, has the names of modules that are not imported yet."""
    assert {"ONE", "TWO", "THREE", "FOUR", "__name__"} <= set(dir(package))
    assert "lazily.words" not in sys.modules


def test_a_name_that_no_module_has(package: ModuleType) -> None:
    """It is an `AttributeError`; a name of globus-sdk says what to write instead."""
    with pytest.raises(AttributeError, match="'lazily' has no attribute 'FIVE'"):
        _ = package.FIVE
    with pytest.raises(AttributeError, match="retries are set with"):
        _ = package.RetryConfig
    with pytest.raises(ImportError, match="retries are set with"):
        exec("from lazily import RetryConfig")
