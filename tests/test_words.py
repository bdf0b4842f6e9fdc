"""Plain technical English: the words of CONTRIBUTING.md in docstrings, comments, messages and documentation."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.source import ROOT

WORDS = {
    r"\banswer(?:s|ed|ing)?\b": "response, respond, return",
    r"\bmanners?\b": "rate limit",
    r"\btroubles?\b": "fault, problem",
    r"\blook(?:s|ed|ing)?\b(?!-up|-ups| up| it up| them up)": "poll, read, check",
    r"\b(?:take off|takes off|landed)\b": "start, complete",
    r"\brenewals?\b|\brenew\w*(?: \w+){0,2} tokens?\b": "refresh",
    r"\bforg[eo]t(?:s|ten|ting)?\b": "discard, remove",
    r"\b(?:is|are|was|were|be|been) told\b": "receives, is given",
    r"\bwhoever\b": "the caller, the user, anyone",
    r"\bnobody\b(?!@)": "no one, no caller",
    r"\bgo(?:es)? out\b": "is sent",
    r"\bwhat (?:is|was) (?:over|left|there|at work)\b": "a noun",
    r"\b(?:nought|hopeless|bad weather)\b": "zero, not retryable, faults",
    r"\b(?:meanwhile|anew|thither|hence)\b": "at the same time, again, therefore",
    r"\bmost_[a-z]+\b|\bleast_[a-z]+\b": "max_..., min_...",
    r"\bstruck\b": "redacted",
}
"""The words that are not used, and what to write instead."""

ALLOWED = {
    r"\bRenewingAuthorizer\b",  # the class of globus-sdk
}

PAGES = sorted(
    [
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "examples").rglob("*.md"),
        *(ROOT / "examples").rglob("*.html"),
    ]
)
SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "examples").rglob("*.py")])


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each comment and string of a module."""
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def findings(text: str) -> list[str]:
    """Return the words of a text that have a plainer one."""
    for allowed in ALLOWED:
        text = re.sub(allowed, "", text)
    return [
        f"{match[0]!r}: write {instead}"
        for pattern, instead in WORDS.items()
        for match in re.finditer(pattern, text, re.IGNORECASE)
    ]


def test_the_words_of_a_text_are_found() -> None:
    """The test sees the words it forbids, in any case, and leaves similar ones alone."""
    assert findings("The answer was struck; have a Look") == [
        "'answer': write response, respond, return",
        "'Look': write poll, read, check",
        "'struck': write redacted",
    ]
    assert findings("look up an address; RenewingAuthorizer; overlook") == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages(path: Path) -> None:
    """Documentation uses the words of the field."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [f"{number}: {found}" for number, line in enumerate(lines, 1) for found in findings(line)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sources(path: Path) -> None:
    """Docstrings, comments and messages use the words of the field."""
    assert [f"{number}: {found}" for number, text in texts_of(path) for found in findings(text)] == []
