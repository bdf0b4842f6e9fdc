"""The status page on a desk and a phone, light and dark: readable, within the screen, and steady while it refreshes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from importlib.resources import files

import httpx
import pytest

from globus_async.testing import LoopbackServer
from tests.emulator.status_browser import PROGRAM, Page, browser
from tests.emulator.status_pictures import busy_emulator, prefer, resize

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not PROGRAM, reason="no Chromium; TEST_CHROMIUM can name one")]

AXE = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
CHECK = (
    "axe.run({resultTypes: ['violations']}).then(found => {"
    "window.found = found.violations.map(each => each.id + ': ' + each.nodes.map(node => node.html))})"
)
WIDER = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def opened() -> Iterator[tuple[LoopbackServer, Page]]:
    with busy_emulator() as (_, server), browser() as page:
        page.open(f"{server.url}/")
        page.wait_for("document.querySelectorAll('tr[data-key]').length > 10")
        yield server, page


def cells(page: Page, table: str, text: str, *members: str) -> list[str]:
    """Return texts of cells of the row that has a text."""
    row = f"[...document.querySelectorAll('#{table} tr')].find(tr => tr.textContent.includes('{text}'))"
    return [str(page.evaluate(f"{row}.querySelector('td[data-member={each}]').innerText")) for each in members]


def test_screens(opened: tuple[LoopbackServer, Page]) -> None:
    """On a phone and on a desk, light and dark, nothing reaches beyond the screen, and axe finds nothing."""
    _, page = opened
    page.evaluate(AXE)
    for scheme, width in itertools.product(("light", "dark"), (390, 1280)):
        resize(page, width, 900)
        prefer(page, scheme)
        assert page.evaluate(WIDER) <= 0, (scheme, width)
        page.evaluate("window.found = null")
        page.evaluate(CHECK)
        assert page.wait_for("window.found && [window.found]") == [[]], (scheme, width)
        color = page.evaluate("getComputedStyle(document.body).backgroundColor").removeprefix("rgb(").split(",")[0]
        assert (int(color) < 60) == (scheme == "dark")


def test_what_is_shown(opened: tuple[LoopbackServer, Page]) -> None:
    """
    Sizes, speeds and times have units; collections have their files, requests their status.

    A name with tags is shown as it is, the browser runs the page's own script and no other, and the buttons copy.
    """
    server, page = opened
    resize(page, 1280, 900)
    assert cells(page, "collections", "mapped", "storage", "files", "bytes") == ["memory", "25", "2.4 MB"]
    assert cells(page, "collections", "Shared", "storage", "files") == ["guest on Beamline 7", ""]
    assert cells(page, "collections", "Field", "storage", "bytes") == ["offline", ""]
    assert cells(page, "tasks", "notes", "bytes", "speed", "seconds") == ["900 B", "900 kB/s", "< 1 s"]
    assert cells(page, "tasks", "needs", "status", "progress") == ["INACTIVE\nCONSENT_REQUIRED", "19 %"]
    assert cells(page, "tasks", "absent", "status", "progress", "faults") == ["FAILED", "", "1"]
    assert cells(page, "faults", "latency", "method", "path", "times", "after") == ["POST", "/v0.10/transfer", "1", "2"]
    assert cells(page, "recent", "bookmark", "time", "method", "status") == ["08:01:22", "GET", "503"]
    assert cells(page, "users", "Ada", "username", "login") == ["ada@example.org", "07:59:00"]
    assert cells(page, "applications", "Portal", "type", "tokens")[1] == "1"
    variables = page.evaluate("document.getElementById('variables').innerText")
    assert f"export GLOBUS_SDK_SERVICE_URL_TRANSFER={server.url}/" in variables
    assert page.evaluate("document.getElementById('address').innerText") == server.url

    refuses_html(page)
    follows_its_policy(server, page)
    copies(server, page)


def refuses_html(page: Page) -> None:
    """A name with tags is shown as it is."""
    assert cells(page, "users", "Builder", "name")[0].startswith("Bob <b>Builder</b>")
    assert page.evaluate("document.querySelectorAll('main b').length") == 0


def follows_its_policy(server: LoopbackServer, page: Page) -> None:
    """The browser runs the page's own script and no other, and no other page may frame it."""
    policy = httpx.get(server.url).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'ran = true'}))")
    assert page.evaluate("typeof ran") == "undefined"


def copies(server: LoopbackServer, page: Page) -> None:
    """The buttons copy the address, the variables and the id of a row."""
    clipboard = "{writeText: async (text) => { window.copiedText = text; }}"
    page.evaluate(f"window.copiedText = ''; Object.defineProperty(navigator, 'clipboard', {{value: {clipboard}}})")
    for button, start in (
        ("[data-copies=address]", server.url),
        ("[data-copies=variables]", "export GLOBUS_"),
        ("#users button.id", page.evaluate("document.querySelector('#users tr').dataset.key")),
    ):
        page.evaluate(f"document.querySelector('{button}').click()")
        page.wait_for(f"copiedText.startsWith('{start}')")
    assert page.wait_for("document.getElementById('copied').textContent") == "Copied"


def test_refreshing(opened: tuple[LoopbackServer, Page]) -> None:
    """
    A refresh that brings nothing new changes nothing in the document, so that selections and focus stay.

    A page without its emulator says so, and recovers.
    """
    _, page = opened
    page.evaluate(
        "window.changes = window.fetched = 0;"
        "window.watching = new MutationObserver(found => changes += found.length);"
        "watching.observe(document.querySelector('main'), {subtree: true, childList: true, attributes: true, "
        "characterData: true});"
        "window.real = fetch; window.fetch = (...all) => real(...all).finally(() => fetched++)"
    )
    page.wait_for("fetched >= 3")
    assert page.evaluate("changes") == 0
    page.evaluate("watching.disconnect(); window.fetch = () => Promise.reject(new Error('gone'))")
    page.wait_for("!document.getElementById('lost').hidden")
    page.evaluate("window.fetch = real")
    page.wait_for("document.getElementById('lost').hidden")
