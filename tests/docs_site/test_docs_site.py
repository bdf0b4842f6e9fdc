"""The checks of the built documentation find what is wrong; the list of versions and the descriptions."""

from __future__ import annotations

import json

import pytest

from tests.docs_site.pages import (
    LINKS,
    SEARCHES,
    problems_of_descriptions,
    problems_of_guides,
    problems_of_pages,
    problems_of_search,
)
from tests.source import ROOT

META = '<meta name="description" content="{}" />'
VERSION = '<div id="versions">Version 0.1</div>'
FIRST = "".join(
    (
        "<article>pip<span> install</span>",
        *(f'<a href="{link}">x</a>' for link in LINKS),
        f'<div class="highlight-python"></div></article>{VERSION}',
    )
)
PAIR = '<div class="pair docutils"><p class="side-name">globus-sdk</p><p class="side-name">globus_async</p></div>'
GOOD = {"index.html": FIRST, "coming_from_globus_sdk.html": VERSION + PAIR * 6}


def test_descriptions() -> None:
    """A page without a description, one with two, and two pages with the same are found."""
    text = "A page about one thing, said in a sentence."
    good = {"a": META.format(text), "b": '<META content="Another page, about another thing." name="description">'}
    assert list(problems_of_descriptions(good)) == []
    bad = {**good, "none": "", "two": META.format(text) * 2, "same": META.format(text)}
    assert {each.partition(":")[0] for each in problems_of_descriptions(bad)} == {"a", "none", "two", "same"}


@pytest.mark.parametrize(
    ("page", "text", "problem"),
    [
        ("x.html", VERSION + '<script src="https://cdn.example/x.js"></script>', "loads from elsewhere"),
        ("x.html", VERSION + '<link rel="stylesheet" href="https://cdn.example/x.css">', "loads from elsewhere"),
        ("x.html", VERSION + '<img src="x.png">', "a picture without text"),
        ("x.html", "", "the version is not shown"),
        ("index.html", FIRST.replace("install", ""), "no installation"),
        ("index.html", FIRST.replace("api.html", ""), "no link to api.html"),
        ("coming_from_globus_sdk.html", VERSION + PAIR * 5, "5 pairs"),
        ("coming_from_globus_sdk.html", VERSION + PAIR * 5 + PAIR.replace("globus-sdk", "x"), "6 pairs"),
    ],
)
def test_pages(page: str, text: str, problem: str) -> None:
    """Each problem of a page is found."""
    assert list(problems_of_pages(GOOD)) == []
    assert any(problem in each for each in problems_of_pages({**GOOD, page: text}))


def test_guides() -> None:
    """A guide without a sentence in the index is found."""
    index = '<dt><a href="a.html">A</a></dt><dd><p>Do this and that.</p></dd><dt><a href="b.html">B</a></dt><dd></dd>'
    assert list(problems_of_guides(index, {"a", "b", "c", "index"})) == [
        "howto/index.html: no sentence about b",
        "howto/index.html: no sentence about c",
    ]


def test_search() -> None:
    """A search that does not find its page by heading and words is found."""
    index = {
        "docnames": [page for page, _ in SEARCHES.values()],
        "alltitles": {heading: [[number, None]] for number, (_, heading) in enumerate(SEARCHES.values())},
        "titleterms": {"rate": 0, "limit": [0, 2], "pagin": 1, "log": [0, 2]},
    }
    assert list(problems_of_search(index)) == []
    changed = {**index, "titleterms": {"rate": 0, "limit": 1, "pagin": 1}, "alltitles": {}}
    assert len(list(problems_of_search(changed))) == 5


def test_the_list_of_versions_in_a_build() -> None:
    """A build alone lists one version, its own: that of the package without the patch."""
    (entry,) = json.loads((ROOT / "docs/_static/versions.json").read_text())["versions"]
    written = (ROOT / "src/globus_async/_version.py").read_text()
    assert f'__version__ = "{entry["version"]}.' in written
    assert entry["url"] == "../"  # from the list, in _static
