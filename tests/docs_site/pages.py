"""What is wrong with the built pages: descriptions, the search index, and the pages that readers arrive at."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, Final

from tests.source import ROOT

__all__ = ("problems", "problems_of_descriptions", "problems_of_guides", "problems_of_pages", "problems_of_search")

SEARCHES: Final = {
    "rate limit": ("howto/bulk", "Rate limiting"),
    "pagination": ("howto/listings", "Paginate results"),
    "logging": ("howto/observability", "Logging"),
}
"""What readers search for, with the page and the heading that they should find."""

LINKS: Final = ("tutorial.html", "howto/index.html", "coming_from_globus_sdk.html", "api.html")
"""The links of the first page, besides the installation and an example."""

DESCRIPTION: Final = re.compile(
    r'<meta (?:name="description" content="([^"]*)"|content="([^"]*)" name="description")', re.IGNORECASE
)
EXTERNAL: Final = re.compile(
    r'<(?:script|img|iframe|source)[^>]*\b(?:src|srcset)="(?:https?:)?//|<link[^>]*href="https?://'
)


def problems(site: Path) -> Iterator[str]:
    """Yield all problems of a site."""
    pages = {path.relative_to(site).as_posix(): path.read_text("utf-8") for path in sorted(site.rglob("*.html"))}
    yield from problems_of_descriptions(pages)
    yield from problems_of_pages(pages)
    yield from problems_of_guides(pages["howto/index.html"], {path.stem for path in (ROOT / "docs/howto").glob("*.md")})
    yield from problems_of_search(json.loads(re.findall(r"\{.*\}", (site / "searchindex.js").read_text("utf-8"))[0]))


def problems_of_descriptions(pages: dict[str, str]) -> Iterator[str]:
    """Yield the pages that have no description, a long one, or that of another page."""
    described = {
        page: [unescape("".join(found)) for found in DESCRIPTION.findall(text)] for page, text in pages.items()
    }
    number = Counter(text for texts in described.values() for text in texts)
    for page, texts in described.items():
        if len(texts) != 1 or not 30 <= len(texts[0]) <= 320:
            yield f"{page}: it has the descriptions {texts}"
        elif number[texts[0]] > 1:
            yield f"{page}: another page has its description, {texts[0]!r}"


def problems_of_pages(pages: dict[str, str]) -> Iterator[str]:
    """Yield what pages load from elsewhere, or lack."""
    for page, text in pages.items():
        yield from (f"{page}: it loads from elsewhere: {found[0]}" for found in EXTERNAL.finditer(text))
        yield from (
            f"{page}: a picture without text" for found in re.findall(r"<img[^>]*>", text) if 'alt="' not in found
        )
        if 'id="versions"' not in text:
            yield f"{page}: the version is not shown"
    first = pages["index.html"]
    article = first[first.index("<article") : first.index("</article>")]
    yield from (f"index.html: no link to {link}" for link in LINKS if f'href="{link}"' not in article)
    if "pip install" not in re.sub("<[^>]+>", "", article) or "highlight-python" not in article:
        yield "index.html: no installation, or no example"
    text = pages["coming_from_globus_sdk.html"]
    names = re.findall(r'class="side-name[^>]*>([^<]*)<', text)
    pairs = len(re.findall(r'class="pair ', text))
    if pairs < 6 or names != ["globus-sdk", "globus_async"] * pairs:
        yield f"coming_from_globus_sdk.html: {pairs} pairs with the names {names}"


def problems_of_guides(index: str, guides: set[str]) -> Iterator[str]:
    """Yield the guides that the index of guides does not describe in a sentence."""
    described = dict(re.findall(r'<dt>.*?href="(\w+)\.html".*?</dt>\s*<dd>(.*?)</dd>', index, re.DOTALL))
    for guide in sorted(guides - {"index"}):
        if len(re.sub(r"<[^>]+>", "", described.get(guide, "")).split()) < 4:
            yield f"howto/index.html: no sentence about {guide}"


def problems_of_search(index: dict[str, Any]) -> Iterator[str]:
    """
    Yield the searches that do not find their page.

    Args:
        index: The search index: the headings with their pages, and for each word the pages that have it.
    """
    for query, (page, heading) in SEARCHES.items():
        number = index["docnames"].index(page)
        if number not in [place[0] for place in index["alltitles"].get(heading, [])]:
            yield f"{query}: the index has no heading {heading} of {page}"
        for word in query.split():
            # the index has stems, such as "pagin"
            stems = [each for each in index["titleterms"] if word.startswith(each) and len(each) >= 3]
            if not any(number in _pages(index["titleterms"][stem]) for stem in stems):
                yield f"{query}: {page} is not found by the word {word} in its headings"


def _pages(entry: int | list[int]) -> list[int]:
    return [entry] if isinstance(entry, int) else entry
