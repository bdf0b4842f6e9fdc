"""The citation file is valid by the schema of the Citation File Format 1.2.0, and says what the package is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.source import ROOT

REQUIRED = {"authors", "cff-version", "message", "title"}
ALLOWED = REQUIRED | {"abstract", "keywords", "license", "type", "version"}
"""The members of the schema that the file uses; others, such as ``doi`` and ``date-released``, come with a release."""


def members(text: str) -> dict[str, str | list[str]]:
    """Return the members of a file of scalars and lists: the YAML that a citation file of this kind needs."""
    found: dict[str, str | list[str]] = {}
    for line in text.splitlines():
        if match := re.fullmatch(r"([a-z-]+):(?: (\S.*))?", line):
            assert match[1] not in found, f"{match[1]} is repeated"
            found[match[1]] = match[2] or []
        else:
            item = re.fullmatch(r"  - (?:name: )?(\S.*)", line)
            assert item is not None, f"not understood: {line!r}"
            entries = found[next(reversed(found))]
            assert isinstance(entries, list)
            entries.append(item[1])
    return found


def problems(text: str, version: str) -> list[str]:
    """Return what a validator of the format would refuse, and a wrong version or licence."""
    found = members(text)
    wrong = [f"no {name}" for name in sorted(REQUIRED - set(found))]
    wrong += [f"unknown: {name}" for name in sorted(set(found) - ALLOWED)]
    expected = {"cff-version": "1.2.0", "type": "software", "license": "Apache-2.0", "version": version}
    wrong += [f"{name}: {found.get(name)}" for name, value in expected.items() if found.get(name) != value]
    wrong += [f"{name} has no entries" for name in ("authors", "keywords") if name in found and not found[name]]
    # a colon or a number sign would end the text of a scalar without quotes
    scalars = [value for value in found.values() if isinstance(value, str)]
    return wrong + [f"needs quotes: {value}" for value in scalars if re.search(r": | #|^[\[\]{}&*!|>%@`\"']", value)]


VERSION = re.findall(r'"(\d.*)"', Path(ROOT / "src/globus_async/_version.py").read_text())[0]
TEXT = (ROOT / "CITATION.cff").read_text()


def test_the_citation_file() -> None:
    """The file has what the schema requires, and the version of the package."""
    assert problems(TEXT, VERSION) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (r"title: \w+", "name: x", "no title"),
        (r"title: \w+", "title: a: b", "needs quotes"),
        (r"version: 0.*", "version: 9.9.9", "version: 9.9.9"),
        (r"(authors:\n).*\n", r"\1", "authors has no entries"),
        (r"license: .*", "license: GPL", "license: GPL"),
    ],
)
def test_an_invalid_file(old: str, new: str, problem: str) -> None:
    """What a validator would refuse is found."""
    changed, number = re.subn(old, new, TEXT, count=1)
    assert number == 1
    assert any(problem in each for each in problems(changed, VERSION))
