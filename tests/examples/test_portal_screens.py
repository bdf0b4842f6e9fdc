"""The portal on screens of all sizes, light and dark: nothing scrolls sideways, and all text is readable."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.emulator.status_browser import PROGRAM, browser
from tests.examples.portal_visit import PICTURES, Visitor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not PROGRAM, reason="no Chromium is installed; TEST_CHROMIUM can name one"),
]

SCREENS = ((320, 640), (390, 844), (768, 1024), (1280, 800))
SCHEMES = ("light", "dark")

NAMED = {"button", "checkbox", "columnheader", "combobox", "link", "progressbar", "searchbox", "textbox"}
"""The roles whose elements screen readers announce by name."""

WIDER = """
[...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > WIDTH + 1)
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

COVERED = """
(() => {
  const element = document.activeElement;
  const place = element.getBoundingClientRect();
  const top = document.elementFromPoint(place.left + place.width / 2, place.top + place.height / 2);
  const isVisible = top === null || element.contains(top) || top.contains(element);
  return isVisible ? '' : `${element.tagName} ${element.name || element.textContent}`;
})()
"""
"""The element that has the focus, if another one covers it."""


class Screens:
    """A page on each screen; keeps pictures of it."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.problems: dict[str, Any] = {}

    def check(self, name: str) -> None:
        """Record what is wrong with the page on any screen, and take its picture."""
        call, evaluate = self.visitor.page.call, self.visitor.page.evaluate
        for node in call("Accessibility.getFullAXTree")["nodes"]:
            if not node["ignored"] and node["role"]["value"] in NAMED and not node["name"]["value"].strip():
                self.problems.setdefault(name, []).append(f"a {node['role']['value']} without a name")
        for scheme in SCHEMES:
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            features.append({"name": "prefers-reduced-motion", "value": "reduce"})
            call("Emulation.setEmulatedMedia", features=features)
            for width, height in SCREENS:
                call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True)
                where = f"{name}-{width}-{scheme}"
                for problem in (evaluate(WIDER.replace("WIDTH", str(width))), evaluate(UNREADABLE)):
                    if problem:
                        self.problems.setdefault(where, []).extend(problem)
                shown = evaluate("getComputedStyle(document.body).backgroundColor")
                is_dark = sum(map(int, shown.removeprefix("rgb(").removesuffix(")").split(","))) < 3 * 64
                if is_dark != (scheme == "dark"):
                    self.problems.setdefault(where, []).append(f"the background is {shown}")
                PICTURES.mkdir(parents=True, exist_ok=True)
                picture = base64.b64decode(call("Page.captureScreenshot", format="png")["data"])
                (PICTURES / f"{where}.png").write_bytes(picture)


def test_every_page_on_every_screen(portal: str) -> None:
    """Home, collections, a folder with long names, a form with a message, transfers, errors."""
    with browser() as page:
        visitor = Visitor(page, portal)
        screens = Screens(visitor)
        screens.check("home")
        visitor.click("#login")
        visitor.see("button[value=allow]")
        visitor.click("button[value=allow]")
        visitor.see("a.card")
        screens.check("collections")
        visitor.open_collection("Beamline 7")
        visitor.see('input[value="README.txt"]')
        screens.check("browse")
        visitor.click("#start")
        visitor.see(".notice")
        screens.check("notice")
        visitor.select(["2027-03 perovskite/"], "Campus cluster", "Perovskite, " + 25 * "long")
        visitor.click("#start")
        visitor.see("li.task")
        page.wait_for("document.getElementById('live').textContent === 'live'")
        screens.check("transfers")
        page.evaluate("document.querySelector('li.task button').click()")
        page.wait_for("!!document.querySelector('li.task[data-state=CANCELED]')", seconds=20)
        screens.check("canceled")
        visitor.go("/collections/00000000-0000-4000-8000-000000000000")
        visitor.see(".problem")
        screens.check("problem")
        assert screens.problems == {}, json.dumps(screens.problems, indent=1)


@pytest.mark.parametrize("size", [(360, 640), (1280, 400)])
def test_what_has_the_focus_is_visible(portal: str, size: tuple[int, int]) -> None:
    """The bar at the top covers none of the files, also on the way back from the last one."""
    with browser() as page:
        visitor = Visitor(page, portal)
        visitor.log_in()
        visitor.open_collection("Campus cluster")
        visitor.see('input[value="climate/"]')
        page.evaluate("document.querySelector('input[value=\"climate/\"]').closest('tr').querySelector('a').click()")
        visitor.see('input[value="run-29.nc"]')
        page.call(
            "Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False
        )
        page.evaluate("document.getElementById('start').focus()")
        covered = []
        for _ in range(33):  # the three fields, and the files
            for kind in ("keyDown", "keyUp"):
                page.call(
                    "Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9, modifiers=8
                )
            covered.append(page.evaluate(COVERED))
        assert page.evaluate("document.activeElement.value") == "run-00.nc"
        assert [element for element in covered if element] == []
