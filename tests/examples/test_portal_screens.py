"""The portal on screens of all sizes, light and dark: nothing scrolls sideways, all can be read and reached."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files

import pytest

from tests.emulator.status_browser import Page
from tests.examples.portal_server import PortalServer, running
from tests.examples.portal_tour import tour
from tests.examples.portal_visit import Visitor

pytestmark = pytest.mark.slow

SCREENS = ((320, 640), (390, 844), (820, 1180), (1440, 900))
"""The first one is also a screen of 1280 pixels at a zoom of 400 %."""
SCHEMES = ("light", "dark")
AXE = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")

WIDER = """
[...document.querySelectorAll('body *')]
  .filter(each => each.getBoundingClientRect().right > WIDTH + 1 && !each.closest('.hidden'))
  .map(each => each.tagName + '.' + each.className).concat(
    document.documentElement.scrollWidth > WIDTH ? ['the page: ' + document.documentElement.scrollWidth] : [])
"""
"""The elements that reach beyond the right edge; a page that is too wide makes the window of a phone wider."""

UNREADABLE = """
(() => {
  const channels = color => (color.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0);
  const background = element => {
    for (let each = element; each; each = each.parentElement) {
      const color = channels(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.textContent.trim();
    if (!text || ['SCRIPT', 'NOSCRIPT', 'OPTION'].includes(element.tagName) || !element.offsetParent) continue;
    const [one, two] = [luminance(channels(getComputedStyle(element).color)), luminance(background(element))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) found.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  const ratio = (one, two) => (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  for (const field of document.querySelectorAll('input:not([type=hidden], [type=checkbox]), select')) {
    const [inside, outside] = [luminance(background(field)), luminance(background(field.parentElement))];
    const hint = ratio(luminance(channels(getComputedStyle(field, '::placeholder').color)), inside);
    if (field.placeholder && hint < 4.5) found.push(`${field.placeholder}: ${hint.toFixed(2)}`);
    const edge = ratio(luminance(channels(getComputedStyle(field).borderTopColor)), outside);
    if (Math.max(edge, ratio(inside, outside)) < 3) found.push(`edge of ${field.name}: ${edge.toFixed(2)}`);
  }
  return found;
})()
"""
"""The texts with a contrast below 4.5, which WCAG 2.2 AA requires of small text, and the fields with edges below 3."""

SMALL = """
[...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
  .filter(each => each.offsetParent && !each.matches('.skip, p > a'))  // a link in a sentence may be small
  .map(each => [each.closest('label:has(:only-child), .card') || each, each])
  .map(([target, each]) => [target.getBoundingClientRect(), each])
  .filter(([box]) => box.width < SIZE - 0.5 || box.height < SIZE - 0.5)
  .map(([box, each]) => `${each.tagName} ${each.name || each.textContent.trim()}: ${box.width} x ${box.height}`)
"""
"""The targets that are smaller than a size: 24 pixels for a mouse (WCAG 2.2 AA), 44 for a finger."""

SPACING = """
document.documentElement.style.cssText = 'line-height: 1.5'
for (const each of document.querySelectorAll('body *'))
  each.style.cssText = 'line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important'
"""
"""What readers may set (WCAG 2.2, 1.4.12)."""

CLIPPED = """
[...document.querySelectorAll('main *, header *')]
  .filter(each => each.children.length === 0 && each.textContent.trim() && !each.closest('.hidden'))
  .filter(each => getComputedStyle(each).overflowY === 'hidden' && each.scrollHeight > each.clientHeight + 1)
  .map(each => each.textContent.trim().slice(0, 30))
"""

OUTLINE = """
(() => {
  const levels = [...document.querySelectorAll('h1, h2, h3')].map(each => Number(each.tagName[1]));
  const found = levels.filter(level => level === 1).length === 1 ? [] : ['not one heading of the first level'];
  if (levels.some((level, at) => at && level > levels[at - 1] + 1)) found.push('a level of headings is left out');
  if (document.querySelectorAll('main').length !== 1) found.push('not one main landmark');
  if (!document.title.includes('Meridian')) found.push('no title');
  return found;
})()
"""

COVERED = """
(() => {
  const element = document.activeElement;
  const place = element.getBoundingClientRect();
  const top = document.elementFromPoint(place.left + place.width / 2, place.top + place.height / 2);
  const isVisible = top !== null && (element.contains(top) || top.contains(element));
  return isVisible ? '' : `${element.tagName} ${element.name || element.textContent}`;
})()
"""
"""The element that has the focus, if another one covers it."""


@pytest.fixture
def busy() -> Iterator[PortalServer]:
    """Run the portal so slowly that transfers are seen on their way."""
    with running(speed=0.3) as portal:
        yield portal


class Screens:
    """Pages on each screen."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.problems: dict[str, list[str]] = {}

    def add(self, where: str, found: list[str]) -> None:
        if found:
            self.problems.setdefault(where, []).extend(found)

    def check(self, name: str) -> None:
        """Record what is wrong with the page on any screen."""
        visitor, evaluate = self.visitor, self.visitor.page.evaluate
        self.add(name, evaluate(OUTLINE))
        for scheme in SCHEMES:
            visitor.prefer(scheme=scheme)
            for width, height in SCREENS:
                where, is_phone = f"{name}-{width}-{scheme}", width < 500
                visitor.resize(width, height, has_touch=is_phone)
                self.add(where, evaluate(WIDER.replace("WIDTH", str(width))))
                self.add(where, evaluate(SMALL.replace("SIZE", "44" if is_phone else "24")))
                if width in {390, 1440}:
                    self.add(where, evaluate(UNREADABLE))
                shown = evaluate("getComputedStyle(document.body).backgroundColor")
                is_dark = sum(map(int, shown.removeprefix("rgb(").removesuffix(")").split(","))) < 3 * 64
                self.add(where, [] if is_dark == (scheme == "dark") else [f"the background is {shown}"])
            self.add(f"{name}-{scheme}", self.violations())
        visitor.resize(390, 844)
        evaluate(SPACING)
        self.add(f"{name}-spacing", evaluate(WIDER.replace("WIDTH", "390")) + evaluate(CLIPPED))

    def violations(self) -> list[str]:
        """Return what axe finds."""
        self.visitor.page.evaluate(AXE)
        run = "axe.run({resultTypes: ['violations']}).then(found => found.violations.map(each =>"
        run += " `${each.id}: ${each.nodes.map(node => node.html.slice(0, 120)).join(' ')}`))"
        found = self.visitor.page.call("Runtime.evaluate", expression=run, awaitPromise=True, returnByValue=True)
        return list(found["result"]["value"])


def test_every_page_on_every_screen(busy: PortalServer, page: Page) -> None:
    """Sideways scrolling, contrast, sizes of targets, names, landmarks, text spacing: nothing to object to."""
    screens: Screens | None = None
    for name, visitor in tour(busy, page):
        screens = screens or Screens(visitor)
        screens.check(name)
        visitor.resize(1280, 800)
    assert screens is not None
    assert screens.problems == {}, json.dumps(screens.problems, indent=1)


SHIFT, TAB, ESCAPE, SPACE = 8, 9, 27, 32


@pytest.mark.parametrize("size", [(360, 640), (1280, 400)])
def test_what_has_the_focus_is_visible(portal: PortalServer, page: Page, size: tuple[int, int]) -> None:
    """The bars cover none of the files, also on the way back from the last one; the order is that of the page."""
    visitor = Visitor(page, portal.url)
    visitor.log_in()
    visitor.open_collection("Campus cluster")
    visitor.see('input[value="climate/"]')
    page.evaluate("document.querySelector('input[value=\"climate/\"]').closest('tr').querySelector('a').click()")
    visitor.see('input[value="run-29.nc"]')
    visitor.resize(*size)
    covered, order = [], []
    page.evaluate("document.getElementById('start').focus()")
    for _ in range(34):  # the three fields, the button of the bar on a phone, and the files
        visitor.press("Tab", code=TAB, modifiers=SHIFT)
        covered.append(page.evaluate(COVERED))
        order.append(page.evaluate("document.activeElement.value"))
    files = [f"run-{number:02}.nc" for number in range(29, -1, -1)]
    assert [value for value in order if value in files] == files
    assert [element for element in covered if element] == []
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_visit_by_keyboard(portal: PortalServer, page: Page) -> None:
    """The first stop skips the menu; a filter, a range of files, and a transfer that is started without a mouse."""
    visitor = Visitor(page, portal.url)
    visitor.log_in()
    visitor.open_collection("Campus cluster")
    visitor.see("#selected:not([hidden])")
    visitor.press("Tab", code=TAB)
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    visitor.press("Enter", code=13)
    page.wait_for("document.activeElement.id === 'main'")
    for _ in range(2):  # the breadcrumb, and the filter
        visitor.press("Tab", code=TAB)
    assert page.evaluate("document.activeElement.id") == "filter-text"
    page.call("Input.insertText", text="NOTES")
    assert visitor.text("#shown") == "1 of 3 entries shown"
    visitor.press("Tab", code=TAB)
    visitor.press(" ", code=SPACE)
    assert visitor.text("#selected") == "1 file (27 B) selected"
    page.evaluate("document.getElementById('filter-text').focus()")
    visitor.press("Escape", code=ESCAPE)
    assert page.evaluate("document.getElementById('filter-text').value") == ""
    assert visitor.text("#shown") == ""
    assert page.evaluate("document.getElementById('all').indeterminate") is True


@pytest.mark.parametrize("feature", ["forced_colors", "print"])
def test_other_media(portal: PortalServer, page: Page, feature: str) -> None:
    """High contrast keeps the progress, paper has no buttons; nothing is too wide."""
    visitor = Visitor(page, portal.url)
    visitor.log_in()
    visitor.open_collection("Campus cluster")
    visitor.see("#selected:not([hidden])")
    visitor.select(["notes.txt"], "Long-term archive", "Notes")
    visitor.click("#start")
    visitor.see("li.task")
    visitor.resize(700, 900)
    if feature == "print":
        visitor.prefer(media="print")
        assert page.evaluate("document.querySelector('.bar').offsetParent") is None
        assert page.evaluate("[...document.querySelectorAll('button, .button')].every(each => !each.offsetParent)")
    else:
        visitor.prefer(forced_colors="active")
        bar = page.evaluate("getComputedStyle(document.querySelector('progress')).borderTopStyle")
        assert bar == "solid"
        assert page.evaluate("getComputedStyle(document.querySelector('.state')).borderTopStyle") == "solid"
    assert page.evaluate(WIDER.replace("WIDTH", "700")) == []
