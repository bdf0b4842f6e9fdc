"""The distributions: contents, metadata, and that their checks find what is wrong."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
import zipfile
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from tests.release.archives import (
    PACKAGE,
    build,
    metadata_of,
    problems_of_metadata,
    problems_of_sdist,
    problems_of_sources,
    problems_of_wheel,
    same_wheel,
)
from tests.source import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dist")


@pytest.fixture(scope="module")
def wheel(folder: Path) -> Path:
    return build("wheel", ROOT, folder)


@pytest.fixture(scope="module")
def sdist(folder: Path) -> Path:
    return build("sdist", ROOT, folder)


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


def test_sources_that_are_not_committed(tmp_path: Path) -> None:
    """A file that is new, or differs from the last commit, is found; an ignored one is in no distribution."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("1")
    (tmp_path / ".gitignore").write_text("dist")
    (tmp_path / "dist").write_text("")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"]):
        subprocess.run([*git, *command], check=True)
    assert list(problems_of_sources(tmp_path)) == []
    (tmp_path / "a.py").write_text("2")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "key.pem").write_text("3")
    assert [each.rpartition(" ")[2] for each in problems_of_sources(tmp_path)] == ["a.py", "new/key.pem"]


def test_contents(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    """The wheel has the package and its licence, the source distribution the project, and both give the same wheel."""
    assert list(problems_of_wheel(wheel)) == []
    assert list(problems_of_sdist(sdist)) == []
    assert same_wheel(sdist, wheel, tmp_path)


def test_metadata(wheel: Path, project: dict[str, Any]) -> None:
    """An index shows version, licence, Pythons and the README, without links to files that it does not have."""
    assert list(problems_of_metadata(metadata_of(wheel), project)) == []


def test_a_wheel_with_other_files(wheel: Path, tmp_path: Path) -> None:
    """A file too many and a file too few are found."""
    changed = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            if name != "globus_async/py.typed":
                target.writestr(name, source.read(name))
        target.writestr("tests/__init__.py", "")
    found = list(problems_of_wheel(changed))
    assert found == ["the wheel lacks globus_async/py.typed", "the wheel should not contain tests/__init__.py"]


def test_a_package_without_the_typing_marker(wheel: Path, tmp_path: Path) -> None:
    """A package that lost its marker is found although its wheel has all of its files."""
    copy = shutil.copytree(PACKAGE, tmp_path / "globus_async", ignore=shutil.ignore_patterns("py.typed"))
    assert "py.typed is missing" in next(problems_of_wheel(wheel, copy))


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("Version", "0.1", "the version is 0.1"),
        ("Summary", "", "Summary is missing"),
        ("License-Expression", "MIT", "the licence is not stated"),
        ("Provides-Extra", "emulator", "the extras are not"),
        ("Requires-Python", ">=3.9", "the oldest Python is >=3.9"),
        ("Classifier", "Typing :: Stubs Only", "Typing :: Typed is missing"),
        ("Project-URL", "Docs, http://x", "is no https URL"),
        ("Description-Content-Type", "text/plain", "the description is not the README"),
    ],
)
def test_other_metadata(wheel: Path, project: dict[str, Any], name: str, value: str, problem: str) -> None:
    """Each wrong header is found."""
    metadata = metadata_of(wheel)
    del metadata[name]
    metadata[name] = value
    assert any(problem in each for each in problems_of_metadata(metadata, project))


@pytest.mark.parametrize("line", ["[Tutorial](docs/tutorial.md)", '<img src="docs/x.svg">', "![x](x.png)"])
def test_a_link_to_a_file(wheel: Path, project: dict[str, Any], line: str) -> None:
    """A relative link in the description is found."""
    metadata: Message = metadata_of(wheel)
    metadata.set_payload(f"{metadata.get_payload()}\n{line}\n")
    assert any("links to a file" in each for each in problems_of_metadata(metadata, project))
