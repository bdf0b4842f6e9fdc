"""What the pages have besides their text: a description for search engines, and names above programs side by side."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, Final

from docutils import nodes
from sphinx import addnodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GENERATED: Final = {
    "genindex": "All names of globus_async, from A to Z.",
    "py-modindex": "The modules of globus_async, with a sentence each.",
    "search": "Search the documentation of globus_async.",
}
MAX_LENGTH: Final = 200
MIN_LENGTH: Final = 40
SIDES: Final = ("globus-sdk", "globus_async")


def description_of(title: str, document: nodes.document) -> str:
    """Return the title and the whole sentences at the start of a page that fit into a description."""
    for paragraph in document.findall(nodes.paragraph):
        text = re.sub(r"\s+", " ", paragraph.astext()).strip()
        if len(text) >= MIN_LENGTH and not isinstance(paragraph.parent, nodes.entry):
            whole = re.match(rf".{{{MIN_LENGTH},{MAX_LENGTH}}}[.:](?= |$)", text)
            beginning = whole[0][:-1] + "." if whole else text[:MAX_LENGTH].rpartition(" ")[0] + " …"
            return f"{title}. {beginning}"
    return f"{title}: a page of the documentation of globus_async."


def sentences_of_guides(index: nodes.document) -> dict[str, str]:
    """Return the sentence about each guide in the index of guides, by the name of its page."""
    found: dict[str, str] = {}
    for item in index.findall(nodes.definition_list_item):
        for link in item.findall(addnodes.pending_xref):
            found[link["reftarget"]] = item[-1].astext()
    return found


def add_description(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], document: nodes.document | None
) -> None:
    """Add a description to a page that states none itself."""
    tags = context.get("metatags", "")
    if 'name="description"' in tags:
        return
    if document is None:
        text = GENERATED.get(page, "")
    else:
        guides = sentences_of_guides(app.env.get_doctree("howto/index"))
        text = guides.get(page) or description_of(context["title"], document)
    context["metatags"] = f'{tags}<meta name="description" content="{escape(text)}" />\n'


def add_levels(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _document: nodes.document | None
) -> None:
    """Add the level that the headings of the sidebar lack in the theme."""
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def name_sides(_app: Sphinx, document: nodes.document) -> None:
    """Put the name of its SDK above each of two programs that stand side by side."""
    for pair in document.findall(nodes.container):
        if "pair" in pair["classes"]:
            programs = list(pair.findall(nodes.literal_block))
            if len(programs) != len(SIDES):
                raise ValueError(f"line {pair.line}: a pair has {len(programs)} programs")
            names = [nodes.paragraph("", name, classes=["side-name"]) for name in SIDES]
            pair.children = [
                nodes.container("", *parts, classes=["side"]) for parts in zip(names, programs, strict=True)
            ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the functions above to the build."""
    app.connect("doctree-read", name_sides)
    app.connect("html-page-context", add_description)
    app.connect("html-page-context", add_levels, priority=900)  # the theme has 500
    return {"parallel_read_safe": True, "parallel_write_safe": True}
