"""What is wrong with the wheel, the source distribution and their metadata."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

from tests.source import ROOT

__all__ = (
    "build",
    "metadata_of",
    "problems_of_metadata",
    "problems_of_sdist",
    "problems_of_sources",
    "problems_of_wheel",
    "same_wheel",
)

PACKAGE = ROOT / "src" / "globus_async"
IN_DIST_INFO = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
IN_SDIST = {
    *("CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"),
    *("noxfile.py", "pyproject.toml", "PKG-INFO"),
    *("benchmarks", "docs", "examples", "src", "tests"),
}
"""The files and directories at the root of a source distribution: all that its own tests and documentation need."""
LINK = re.compile(r"\]\((?!https?://|#)|(?:src|href)=\"(?!https?://|#)")


def build(target: str, source: Path, folder: Path) -> Path:
    """
    Build a distribution in the present environment.

    Args:
        target: ``sdist`` or ``wheel``.
        source: The project.
        folder: Where the distribution is written.
    """
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = folder.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return built


def problems_of_sources(project: Path) -> Iterator[str]:
    """Yield which files a distribution of this project would have otherwise than its last commit."""
    command = ["git", "-C", str(project), "status", "--porcelain", "--untracked-files=all", "."]
    status = subprocess.run(command, check=False, capture_output=True, text=True)  # it fails without a repository
    yield from (f"not as in the last commit: {line}" for line in status.stdout.splitlines())


def problems_of_wheel(wheel: Path, package: Path = PACKAGE) -> Iterator[str]:
    """Yield what the wheel lacks, and what it has besides the files of the package."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    info = next(name.partition("/")[0] for name in names if ".dist-info/" in name)
    expected = {f"{info}/{name}" for name in IN_DIST_INFO}
    for path in package.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            expected.add(f"globus_async/{path.relative_to(package).as_posix()}")
    if "globus_async/py.typed" not in expected:
        yield "py.typed is missing: type checkers would ignore the annotations"
    yield from (f"the wheel lacks {name}" for name in sorted(expected - names))
    yield from (f"the wheel should not contain {name}" for name in sorted(names - expected))


def problems_of_sdist(sdist: Path) -> Iterator[str]:
    """Yield what the source distribution lacks, and what it should not contain."""
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    top = {name.partition("/")[0] for name in names}
    yield from (f"the source distribution lacks {name}" for name in sorted(IN_SDIST - top))
    yield from (
        f"the source distribution should not contain {name}" for name in sorted(top - IN_SDIST - {".gitignore"})
    )
    built = {name for name in names if re.search(r"__pycache__|\.py[co]$|(^|/)(_build|dist|\.venv)/", name)}
    for name in sorted(built | (top - IN_SDIST - {".gitignore"})):
        yield f"the source distribution should not contain {name}"


def same_wheel(sdist: Path, wheel: Path, folder: Path) -> bool:
    """Return whether the source distribution, unpacked into a folder, builds the same wheel, byte for byte."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return build("wheel", source, folder).read_bytes() == wheel.read_bytes()


def metadata_of(wheel: Path) -> Message:
    """Return the metadata of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def problems_of_metadata(metadata: Message, project: dict[str, Any]) -> Iterator[str]:
    """
    Yield what an index or an installer would stumble over.

    Args:
        metadata: The metadata of a wheel.
        project: The table ``project`` of ``pyproject.toml``.
    """
    version = re.findall(r'^__version__ = "(.+)"$', (PACKAGE / "_version.py").read_text(), re.MULTILINE)
    if [metadata["Version"]] != version or re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version[0]) is None:
        yield f"the version is {metadata['Version']}, in _version.py {version}"
    for name in ("Summary", "Author", "Keywords", "Requires-Python"):
        if not metadata[name]:
            yield f"{name} is missing"
    if metadata["License-Expression"] != "Apache-2.0" or metadata.get_all("License-File") != ["LICENSE"]:
        yield "the licence is not stated"
    if set(metadata.get_all("Provides-Extra", [])) != set(project["optional-dependencies"]):
        yield "the extras are not those of pyproject.toml"
    classifiers = metadata.get_all("Classifier", [])
    pythons = [each.rpartition(" ")[2] for each in classifiers if re.search(r":: 3\.\d+$", each)]
    if not pythons or metadata["Requires-Python"] != f">={pythons[0]}":
        yield f"the oldest Python is {metadata['Requires-Python']}, in the classifiers {pythons[:1]}"
    if "Typing :: Typed" not in classifiers:
        yield "the classifier Typing :: Typed is missing"
    yield from (f"{url} is no https URL" for url in metadata.get_all("Project-URL", []) if ", https://" not in url)
    yield from problems_of_description(metadata)


def problems_of_description(metadata: Message) -> Iterator[str]:
    """Yield what the page of a package index could not show."""
    text = metadata.get_payload()
    assert isinstance(text, str)
    if metadata["Description-Content-Type"] != "text/markdown" or not text.lstrip().startswith("# globus_async"):
        yield "the description is not the README"
    if text.count("```") % 2:
        yield "the description has a block of code without an end"
    if "](" not in text:
        yield "the description has no links at all"
    for line in text.splitlines():
        if LINK.search(line):
            yield f"the description links to a file that an index does not have: {line.strip()[:100]}"
